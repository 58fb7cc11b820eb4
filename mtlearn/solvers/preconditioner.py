r"""One eigendecomposition of X serves all tasks, all weights and every sharing.

The Hessian of a linear model is :math:`M^{-1} \otimes I` plus a block
:math:`X' A_k X` per column. With the curvatures :math:`A_k` of the rows replaced by
their mean :math:`D_k`, and :math:`X'X = P S P'`, it separates: the rows of
:math:`P'W` do not meet, and each is a K-dimensional system that the column covariance
solves (``damping``).
"""

from copy import copy

import numpy as np
from scipy import sparse
from scipy.linalg import eigh
from sklearn.utils.extmath import randomized_svd

from ..blocks import RowBlocks

# Up to this size the smaller Gram matrix is decomposed in full: 3,000^3 operations are
# seconds. Beyond it, dense X gives its leading directions by a randomised
# decomposition, and sparse X its diagonal only.
FULL_SIZE = 3000
N_LEADING = 300
BLOCK_ROWS = 4096
# Turning X into the eigenvectors' coordinates costs as much as this many products with
# X per row and score column save, where the preconditioner becomes a mere division.
# Wide X always is turned: it shrinks, and what float32 holds outside the eigenvectors
# is rounding errors.
ROWS_PER_COLUMN = 60


class GramPreconditioner:
    """Eigenvectors P (d, r) and eigenvalues S (r,) of the weighted, centred ``X'X``.

    Parameters
    ----------
    X : ndarray, CSR matrix or RowBlocks (n, d)
    weight : ndarray (n,)
        Of the rows.
    mean : ndarray (d,)
        Weighted mean row, or zeros for a model without intercepts.

    Attributes
    ----------
    P : ndarray (d, r) or None
        None stands for the identity, S then is the diagonal of ``X'X``.
    S : ndarray (r,)
    tail : float
        Eigenvalue taken for the directions that P leaves out.
    """

    def __init__(self, X, weight, mean):
        n, d = X.shape
        self.tail = 0.0
        in_blocks = isinstance(X, RowBlocks)
        self._shape, self._stays = X.shape, sparse.issparse(X) or in_blocks
        # A Gram matrix of the rows needs them all at once.
        if min(n, d) <= FULL_SIZE and not (in_blocks and d > FULL_SIZE):
            decompose = _tall if d <= n or in_blocks else _wide
            self.P, self.S = decompose(X, weight, mean)
        elif self._stays:
            self.P, self.S = None, _diagonal(X, weight, mean)
        else:
            self.P, self.S, self.tail = _leading(X, weight, mean)

    @property
    def largest(self):
        """Greatest eigenvalue, or about that."""
        return float(self.S.max(initial=0))

    def basis(self, n_columns):
        """Orthonormal P (d, r) that spans the rows of X, if it pays to rotate by it."""
        n, d = self._shape
        if self._stays or min(n, d) > FULL_SIZE:
            return None
        if n >= d and n > ROWS_PER_COLUMN * n_columns:
            return None
        # Of wide X, rounding leaves directions of small eigenvalues a little oblique.
        return self.P if d <= n else np.linalg.qr(self.P)[0]

    def rotated(self):
        """The preconditioner for X in the coordinates of its eigenvectors."""
        rotated = copy(self)
        rotated.P = None
        return rotated

    def solve(self, R, damp):
        """The V = W M^-1 that solves ``W M^-1 + (X'X) W D = R`` approximately.

        Parameters
        ----------
        R : ndarray (d, K)
        damp : callable
            ``covariance.damping(D)``, D being the mean curvature of each column; see
            :mod:`mtlearn.structures.covariance`.
        """
        if self.P is None:
            return damp(R, self.S)
        T = self.P.T @ R
        V = damp(T, self.S)
        if self.P.shape[1] == self.P.shape[0]:
            return self.P @ V
        # Directions outside P see the tail of the spectrum only.
        if self.tail == 0:
            return R + self.P @ (V - T)
        tail = np.full(1, self.tail, dtype=R.dtype)
        V -= damp(T, tail)
        return damp(R, tail) + self.P @ V


def _tall(X, weight, mean):
    """More rows than features: decompose the (d, d) matrix ``X'X``."""
    gram = _weighted_gram(X, weight)
    gram -= weight.sum() * np.outer(mean, mean)
    S, P = _eigh(gram)
    return P, np.maximum(S, 0)


def _weighted_gram(X, weight):
    if sparse.issparse(X):
        return (X.T @ X.multiply(weight[:, None])).toarray()
    if isinstance(X, RowBlocks):
        return X.total(_weighted_gram, X.split(weight)).astype(X.dtype)
    if np.ptp(weight) == 0:
        return weight[0] * (X.T @ X)
    gram = np.zeros((X.shape[1], X.shape[1]), dtype=X.dtype)
    root = np.sqrt(weight)[:, None]
    for start in range(0, len(X), BLOCK_ROWS):
        block = slice(start, start + BLOCK_ROWS)
        rows = root[block] * X[block]
        gram += rows.T @ rows
    return gram


def _wide(X, weight, mean):
    """More features than rows: the (n, n) matrix ``XX'`` has the same spectrum.

    In double: small eigenvalues matter here, and float32 would lose them.
    """
    root = np.sqrt(weight.astype(np.float64))[:, None]
    if sparse.issparse(X):
        X = X.astype(np.float64)
        cross = np.asarray(X @ mean)
        gram = (X @ X.T).toarray() - (cross[:, None] + cross - mean @ mean)
    else:
        X, mean = X.astype(np.float64) - mean, np.zeros(len(mean))
        gram = X @ X.T
    S, U = _eigh(root * gram * root.T)
    keep = S > len(S) * np.finfo(S.dtype).eps * max(S[-1], 0)
    S, U = S[keep], root * U[:, keep] / np.sqrt(S[keep])
    P = np.asarray(X.T @ U) - np.outer(mean, U.sum(axis=0))
    return P.astype(weight.dtype), S.astype(weight.dtype)


def _eigh(gram):
    # SciPy before 1.13 fails on one row and column with the fastest driver.
    driver = "evd" if len(gram) > 1 else "ev"
    return eigh(gram, check_finite=False, overwrite_a=True, driver=driver)


def _diagonal(X, weight, mean):
    squares = X.mapped(np.square) if isinstance(X, RowBlocks) else X.multiply(X)
    diagonal = np.asarray(weight @ squares).ravel() - weight.sum() * mean**2
    return np.maximum(diagonal, 0).astype(X.dtype)


def _leading(X, weight, mean):
    """Leading eigenpairs, and the mean of the eigenvalues that are left."""
    rows = np.sqrt(weight)[:, None] * (X - mean)
    _, singular, Pt = randomized_svd(rows, N_LEADING, n_iter=2, random_state=0)
    S = singular**2
    rest = max(float(np.vdot(rows, rows)) - float(S.sum()), 0.0)
    return np.ascontiguousarray(Pt.T), S, rest / max(1, X.shape[1] - len(S))
