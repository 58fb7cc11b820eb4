"""Rows of a mini-batch, centred without being copied."""

import numpy as np
from scipy import sparse


class CentredRows:
    """``X - 1 c'``, for products.

    Parameters
    ----------
    X : ndarray or CSR matrix (B, d)
    center : ndarray (d,)
    """

    def __init__(self, X, center):
        self.X, self.center, self.shape = X, center, X.shape

    def times(self, A):
        """Product with A, (d,) or (d, k)."""
        A = A.astype(self.X.dtype, copy=False)
        product = np.asarray(self.X @ A)
        product -= self.center @ A
        return product

    def gradient(self, G):
        """``G' (X - 1 c')``, (d,) or (k, d), of G (B,) or (B, k)."""
        G = G.astype(self.X.dtype, copy=False)
        if sparse.issparse(self.X):
            product = np.asarray(self.X.T @ G).T
        else:
            product = G.T @ self.X
        total = G.sum(axis=0)
        product -= np.multiply.outer(total, self.center)
        return product

    def mean_squared_norm(self):
        X = self.X
        squares = X.multiply(X).sum() if sparse.issparse(X) else np.vdot(X, X)
        mean = np.asarray(X.mean(axis=0)).ravel()
        cross = 2 * mean @ self.center - self.center @ self.center
        return max(float(squares) / self.shape[0] - float(cross), 0.0)
