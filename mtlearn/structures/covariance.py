r"""Prior covariances of the score columns, as operators.

A solver needs two things of M, and neither of them inverts it, so both stay finite
where M is singular (sharing 1). With rows as vectors over the K columns:

``times(V)``
    :math:`W = V M`.
``divide(W)``
    The V with :math:`W = V M`, or nearly so where M is singular. Needed once, to start
    from coefficients that are known.
``damping(D)``
    A function ``damp(T, s)`` that returns the V with :math:`V (I + s_i M D) = T` in
    each row i, that is :math:`V = W M^{-1}` for the W that solves
    :math:`W M^{-1} + s_i W D = T`: the Newton equation once the features are
    rotated to the eigenvectors of their Gram matrix. What depends on D alone is done
    once, not at every call.
"""

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu


class IdentityCovariance:
    """M = variance I: every column on its own.

    Parameters
    ----------
    n_columns : int
    variance : float > 0
    offset : float
        What a smoothing adds to the objective.
    """

    smoothing = None

    def __init__(self, n_columns, variance=1.0, offset=0.0):
        self.n_columns, self.variance, self.offset = n_columns, variance, offset

    def times(self, V):
        return V if self.variance == 1 else V.dtype.type(self.variance) * V

    def divide(self, W):
        return W / W.dtype.type(self.variance)

    def damping(self, D):
        D = self.variance * D
        return lambda T, s: T / (1 + s[:, None] * D)

    def toarray(self):
        return self.variance * np.eye(self.n_columns)


class TiedCovariance:
    """M = (1 - a) I + a 11' inside each tie; never forms the K x K matrix.

    Parameters
    ----------
    tie : ndarray of int (K,)
        Columns with equal numbers are tied.
    a : float in [0, 1]
        Correlation of tied columns.
    """

    smoothing = None
    offset = 0.0

    def __init__(self, tie, a):
        self.n_columns = len(tie)
        self._order = np.argsort(tie, kind="stable")
        self._back = np.argsort(self._order)
        self._starts = np.flatnonzero(np.diff(tie[self._order], prepend=-1))
        self._sizes = np.diff([*self._starts, len(tie)])
        self.tie, self.a = tie, float(a)

    def _tie_sums(self, T):
        """Sum over the columns of each tie, repeated for every member: (r, K)."""
        sums = np.add.reduceat(T[:, self._order], self._starts, axis=1)
        return np.repeat(sums, self._sizes, axis=1)[:, self._back]

    def times(self, V):
        return (1 - self.a) * V + self.a * self._tie_sums(V)

    def divide(self, W):
        sums = self._tie_sums(W)
        if self.a == 1:
            return sums / self._tie_sums(np.ones_like(W[:1])) ** 2
        n = self._tie_sums(np.ones_like(W[:1]))
        return (W - self.a / (1 - self.a + self.a * n) * sums) / (1 - self.a)

    def damping(self, D):
        a = self.a

        def damp(T, s):
            # Sherman-Morrison: I + sMD is a diagonal plus one rank per tie.
            sD = s[:, None] * D
            diagonal = 1 + (1 - a) * sD
            total = self._tie_sums(T / diagonal)
            total /= 1 + self._tie_sums(a * sD / diagonal)
            return (T - a * sD * total) / diagonal

        return damp

    def toarray(self):
        tied = self.tie[:, None] == self.tie
        return (1 - self.a) * np.eye(self.n_columns) + self.a * tied


class DenseCovariance:
    """M as a full K x K matrix, given by its eigenvectors and eigenvalues.

    Parameters
    ----------
    vectors : ndarray (K, K)
    spectrum : ndarray (K,), >= 0
    smoothing : float
        Of the structure that learned the matrix, for its next round.
    offset : float
        What that smoothing adds to the objective.
    """

    def __init__(self, vectors, spectrum, smoothing=None, offset=0.0):
        self.vectors, self.spectrum = vectors, spectrum
        self.matrix = (vectors * spectrum) @ vectors.T
        self.n_columns = len(spectrum)
        self.smoothing = smoothing
        self.offset = offset

    @classmethod
    def from_matrix(cls, matrix):
        """Of a positive semidefinite matrix (K, K)."""
        spectrum, vectors = np.linalg.eigh(matrix)
        return cls(vectors, np.maximum(spectrum, 0))

    def times(self, V):
        return V @ self.matrix.astype(V.dtype)

    def divide(self, W):
        floor = 1e-10 * self.spectrum.max()
        inverse = np.where(
            self.spectrum > floor, 1 / np.maximum(self.spectrum, floor), 0
        )
        return (W @ ((self.vectors * inverse) @ self.vectors.T)).astype(W.dtype)

    def damping(self, D):
        # A column that no row speaks for has no curvature: any tiny one will do.
        root = np.sqrt(np.maximum(D, 1e-12 * max(D.max(), 1e-30)).astype(np.float64))
        L, Q = np.linalg.eigh(root[:, None] * self.matrix * root)
        into = (Q / root[:, None]).astype(D.dtype)
        back = (Q * root[:, None]).T.astype(D.dtype)
        L = np.maximum(L, 0).astype(D.dtype)
        return lambda T, s: ((T @ into) / (1 + s[:, None] * L)) @ back

    def toarray(self):
        return self.matrix


def learned_spectrum(values, smoothing, sharing):
    """Eigenvalues of the learned M, given those of W'W, see :class:`Learned`."""
    omega = learned_omega(values, smoothing)
    return omega / ((1 - sharing) * omega + sharing)


def learned_omega(values, smoothing):
    root = np.sqrt(np.maximum(values, 0) + smoothing**2)
    return len(values) * root / root.sum()


class FeatureCovariance:
    r"""The penalty ``1/2 tr(W' D^-1 W)``, by a root of D (d, d) among the features.

    A penalty of the singular values of W is one among columns as well as among
    features. Where there are more columns than features it must be the latter: W is V
    M, so a singular M holds it in the directions that it already has. The solver maps
    the features by the root, after which the columns are independent.

    Parameters
    ----------
    root : ndarray (d,) or (d, d)
        Of a diagonal, or symmetric.
    coef, sharing : ndarray (K, d) and float, optional
        What the root was learned from, for ``toarray``.
    smoothing, offset : see :class:`DenseCovariance`
    """

    def __init__(self, root, coef=None, sharing=None, smoothing=None, offset=0.0):
        self.root, self._coef, self._sharing = root, coef, sharing
        self.smoothing, self.offset = smoothing, offset

    def enter(self, W):
        """The U with ``W = root U``."""
        if self.root.ndim == 1:
            return W / self.root[:, None].astype(W.dtype)
        return np.linalg.solve(self.root, W).astype(W.dtype)

    def leave(self, U):
        root = self.root.astype(U.dtype)
        return root[:, None] * U if root.ndim == 1 else root @ U

    def toarray(self):
        """The covariance of the columns (K, K) that stands for the same."""
        values, vectors = np.linalg.eigh(self._coef @ self._coef.T)
        spectrum = learned_spectrum(values, self.smoothing, self._sharing)
        return (vectors * spectrum) @ vectors.T


class SparseCovariance:
    """M of a graph too large for a dense matrix, by a sparse factorisation.

    ``D^-1/2 (I + eta L)^-1 D^-1/2``, see :class:`mtlearn.structures.Graph`.

    Parameters
    ----------
    laplacian : CSR matrix (K, K)
    sharing : float in [0, 1]
    """

    smoothing = None
    offset = 0.0
    # At sharing 1, M is singular and has no precision matrix: that much is held back.
    MOST = 1 - 1e-6
    CHUNK = 256

    def __init__(self, laplacian, sharing):
        s = min(sharing, self.MOST)
        self.n_columns = K = laplacian.shape[0]
        self._precision = sparse.csc_array(
            (1 - s) * sparse.eye_array(K) + s * laplacian
        )
        self._solve = splu(self._precision).solve
        diagonal = [
            np.einsum("ij,ij->j", block, self._solve(block))
            for block in map(self._unit_columns, range(0, K, self.CHUNK))
        ]
        self._root = np.sqrt(np.concatenate(diagonal))

    def _unit_columns(self, start):
        return np.eye(self.n_columns, min(self.CHUNK, self.n_columns - start), -start)

    def times(self, V):
        scaled = np.asarray(V / self._root, dtype=np.float64)
        return (self._solve(np.ascontiguousarray(scaled.T)).T / self._root).astype(
            V.dtype
        )

    def divide(self, W):
        scaled = (self._precision @ (W * self._root).T).T * self._root
        return scaled.astype(W.dtype)

    def damping(self, D):
        # It only preconditions: M is taken for its own diagonal.
        return IdentityCovariance(self.n_columns).damping(D)

    def toarray(self):
        return self.times(np.eye(self.n_columns))
