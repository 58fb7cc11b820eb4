r"""One eigendecomposition of X serves all tasks, all weights and every sharing.

The Hessian of a linear model is :math:`M^{-1} \otimes I + \sum_k X' A_k X`. With the
row curvatures :math:`A_k` replaced by their mean :math:`D_k`, and
:math:`X'X = P S P'`, it separates: the rows of :math:`P'W` do not meet, and each is a
K-dimensional system that the column covariance solves (``damp``).
"""

import numpy as np
from scipy import sparse
from scipy.linalg import eigh
from sklearn.utils.extmath import randomized_svd

from .objective import centred_gram

# Up to this size the smaller Gram matrix is decomposed in full: 3,000^3 operations are
# seconds. Beyond it, dense X gives its leading directions by a randomised
# decomposition, and sparse X its diagonal only.
FULL_SIZE = 3000
N_LEADING = 300


class GramPreconditioner:
    """Eigenvectors P (d, r) and eigenvalues S (r,) of the centred ``X'X``.

    Parameters
    ----------
    X : ndarray or CSR matrix (n, d)
    centred : bool
        Whether the model has intercepts.
    """

    def __init__(self, X):
        self.P, self.S, self.tail = _decompose(X)

    def solve(self, R, covariance, D):
        """The V = W M^-1 that solves ``W M^-1 + (X'X) W D = R`` approximately.

        Parameters
        ----------
        R : ndarray (d, K)
        covariance : see :mod:`mtlearn.structures.covariance`
        D : ndarray (K,)
            Mean curvature of each column's rows, over all n rows.
        """
        if self.P is None:
            return covariance.damp(R, self.S, D)
        T = self.P.T @ R
        V = covariance.damp(T, self.S, D)
        if self.P.shape[1] == self.P.shape[0]:
            return self.P @ V
        # Directions outside P see the tail of the spectrum only.
        if self.tail == 0:
            return R + self.P @ (V - T)
        tail = np.full(1, self.tail, dtype=R.dtype)
        V -= covariance.damp(T, tail, D)
        return covariance.damp(R, tail, D) + self.P @ V


def _decompose(X):
    n, d = X.shape
    if min(n, d) <= FULL_SIZE:
        S, U = eigh(centred_gram(X), check_finite=False, overwrite_a=True, driver="evd")
        if d <= n:
            return U, np.maximum(S, 0), 0.0
        keep = max(S[-1], 0) * n * np.finfo(X.dtype).eps < S
        S, U = S[keep], U[:, keep]
        U /= np.sqrt(S)
        # Columns of U are orthogonal to 1, as the Gram matrix is centred; making it
        # exact keeps the mean of X out of the directions.
        U -= U.mean(axis=0)
        return np.asarray(X.T @ U), S, 0.0
    if sparse.issparse(X):
        square = np.asarray(X.multiply(X).mean(axis=0)).ravel()
        mean = np.asarray(X.mean(axis=0)).ravel()
        return None, (n * np.maximum(square - mean**2, 0)).astype(X.dtype), 0.0
    centred = X - X.mean(axis=0)
    total = float(np.vdot(centred, centred))
    _, singular, Pt = randomized_svd(centred, N_LEADING, n_iter=2, random_state=0)
    S = singular**2
    return Pt.T.copy(), S, max(total - float(S.sum()), 0.0) / (d - len(S))
