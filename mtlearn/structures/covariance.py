r"""Prior covariances of the score columns, as operators.

A solver needs two things of M, and neither of them inverts it, so both stay finite
where M is singular (sharing 1). With rows as vectors over the K columns:

``times(V)``
    :math:`W = V M`.
``damping(D)``
    A function ``damp(T, s)`` that returns the V with :math:`V (I + s_i M D) = T` in
    each row i, that is :math:`V = W M^{-1}` for the W that solves
    :math:`W M^{-1} + s_i W D = T`: the Newton equation once the features are
    rotated to the eigenvectors of their Gram matrix. What depends on D alone is done
    once, not at every call.
"""

import numpy as np


class IdentityCovariance:
    """M = I: every column on its own."""

    smoothing = None
    offset = 0.0

    def __init__(self, n_columns):
        self.n_columns = n_columns

    def times(self, V):
        return V

    def damping(self, D):
        return lambda T, s: T / (1 + s[:, None] * D)

    def toarray(self):
        return np.eye(self.n_columns)


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
    spectrum : ndarray (K,), positive
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

    def times(self, V):
        return V @ self.matrix.astype(V.dtype)

    def divide(self, W):
        """W M^-1, needed once, when a covariance takes the place of another."""
        inverse = (self.vectors / self.spectrum) @ self.vectors.T
        return (W @ inverse).astype(W.dtype)

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
