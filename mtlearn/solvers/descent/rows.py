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

    def squared_norms(self):
        """Of the rows, (B,)."""
        X = self.X
        if sparse.issparse(X):
            squares = np.asarray(X.multiply(X).sum(axis=1)).ravel()
        else:
            squares = np.einsum("ij,ij->i", X, X)
        squares = squares - 2 * (X @ self.center) + self.center @ self.center
        return np.maximum(squares, 0).astype(np.float64)
