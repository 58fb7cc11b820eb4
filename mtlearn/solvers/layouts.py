"""Where the scores of a linear model lie, and the products with X that make them.

Scores are kept in the shape of a layout: (n, K), or one flat array with a block (rows,
columns) per task, one after the other, where few pairs are observed. Nothing but the
classes here knows which.
"""

import numpy as np
from scipy import sparse

from .._kernels import segment_backward, segment_forward
from ..blocks import RowBlocks

# Above this share of observed (row, task) pairs, one matrix product for all tasks
# beats one per task.
DENSE_SHARE = 1 / 8


def make_layout(X, targets, losses):
    """The layout that fits the share of observed pairs.

    Parameters
    ----------
    X : ndarray, CSR matrix or RowBlocks (n, d)
    targets : TaskTargets
    losses : list of Loss
        Of each task.
    """
    if isinstance(X, RowBlocks):
        return InBlocks(X, targets, losses)
    share = len(targets.row) / (targets.n_rows * targets.n_tasks)
    if share > DENSE_SHARE:
        return Aligned(X, targets, losses)
    return (OwnRowsSparse if sparse.issparse(X) else OwnRows)(X, targets, losses)


class Layout:
    """What all layouts can do with a Hessian."""

    def hessian_product(self, curvature, W, b):
        """The scores of W and b, or None, and the Hessian's products (d, K), (K,)."""
        Z = self.forward(W, b)
        return Z, *self.backward(curvature.times(Z))


class Aligned(Layout):
    """Scores of every row and column, unobserved pairs with weight 0."""

    def __init__(self, X, targets, losses):
        self.X = X
        shape = targets.n_rows, targets.n_columns
        self.y = np.zeros(shape, dtype=X.dtype)
        self.weight = np.zeros(shape, dtype=X.dtype)
        for t in range(targets.n_tasks):
            columns = slice(*targets.columns[t : t + 2])
            row, y, weight = task_columns(targets, t, losses[t])
            self.y[row, columns] = y
            self.weight[row, columns] = weight[:, None]
        self._ones = np.ones(targets.n_rows, dtype=X.dtype)

    def spread(self, values):
        """One value per column, repeated for every score; broadcasts with scores."""
        return values

    def view(self, Z, start, stop):
        """Scores (rows, columns) of the columns from start to stop."""
        return Z[:, start:stop]

    def forward(self, W, b):
        if self.X.dtype == np.float64 and isinstance(self.X, np.ndarray):
            # A third faster in BLAS than X @ W; in float32 it is not.
            Z = np.ascontiguousarray((W.T @ self.X.T).T)
        else:
            Z = np.asarray(self.X @ W)
        Z += b
        return Z

    def backward(self, G):
        # (G.T @ X).T is a third faster in BLAS than X.T @ G.
        return np.asarray(G.T @ self.X).T, self._ones @ G

    def column_sums(self, A):
        return self._ones @ A


class InBlocks(Aligned):
    """The same for X in blocks, each of which is read once for a Hessian product.

    Scores of the direction would have to travel for every product; only those of the
    step that is made of them are asked for.
    """

    def hessian_product(self, curvature, W, b):
        if curvature.parts is None:
            parts = [curvature.of_rows(rows) for rows in self.X.slices]
            curvature.parts = self.X.spread(parts)
        product = self.X.total(_hessian_product, curvature.parts, shared=(W, b))
        product = product.astype(self.X.dtype)
        return None, product[:-1], product[-1]


class OwnRows(Layout):
    """Scores of the observed pairs only, a block of (rows, columns) per task."""

    def __init__(self, X, targets, losses):
        self.X = X
        self._row = np.ascontiguousarray(targets.row, dtype=np.int32)
        self._row_start = np.asarray(targets.indptr, dtype=np.intp)
        self._column_start = np.asarray(targets.columns, dtype=np.intp)
        widths, heights = np.diff(targets.columns), np.diff(targets.indptr)
        self._start = np.cumsum([0, *(widths * heights)])
        parts = [
            task_columns(targets, t, losses[t])[1:] for t in range(targets.n_tasks)
        ]
        self.y = np.concatenate([y.ravel() for y, _ in parts]).astype(X.dtype)
        weight = [np.repeat(w, width) for (_, w), width in zip(parts, widths)]
        self.weight = np.concatenate(weight).astype(X.dtype)
        own = [
            np.tile(np.arange(*targets.columns[t : t + 2]), height)
            for t, height in enumerate(heights)
        ]
        self._column = np.concatenate(own).astype(np.intp)
        self._n_columns = targets.n_columns
        # Which task each column belongs to.
        self._task = np.repeat(np.arange(targets.n_tasks), widths)

    def spread(self, values):
        """One value per column, repeated for every score."""
        return values[self._column]

    def view(self, Z, start, stop):
        """Scores of the columns from start to stop: (rows, columns) for one task."""
        first, last = self._task[start], self._task[stop - 1]
        part = Z[self._start[first] : self._start[last + 1]]
        return part if first != last else part.reshape(-1, stop - start)

    def forward(self, W, b):
        Z = np.empty_like(self.y)
        self._multiply(np.ascontiguousarray(W.T), Z)
        Z += self.spread(b)
        return Z

    def backward(self, G):
        dW = np.zeros((self._n_columns, self.X.shape[1]), dtype=self.X.dtype)
        self._multiply_transposed(np.ascontiguousarray(G), dW)
        return dW.T, self.column_sums(G)

    def column_sums(self, A):
        sums = np.bincount(self._column, A, minlength=self._n_columns)
        return sums.astype(A.dtype)

    def _multiply(self, Wt, Z):
        X = self._contiguous()
        segment_forward(X, self._row, self._row_start, self._column_start, Wt, Z)

    def _multiply_transposed(self, G, dWt):
        X = self._contiguous()
        segment_backward(X, self._row, self._row_start, self._column_start, G, dWt)

    def _contiguous(self):
        self.X = np.ascontiguousarray(self.X)
        return self.X


class OwnRowsSparse(OwnRows):
    """The same for sparse X, by a product per task."""

    def _blocks(self):
        for t in range(len(self._row_start) - 1):
            part = slice(self._start[t], self._start[t + 1])
            if part.start < part.stop:
                rows = self._row[self._row_start[t] : self._row_start[t + 1]]
                columns = slice(*self._column_start[t : t + 2])
                yield self.X[rows], columns, part

    def _multiply(self, Wt, Z):
        for X, columns, part in self._blocks():
            Z[part] = (X @ Wt[columns].T).ravel()

    def _multiply_transposed(self, G, dWt):
        for X, columns, part in self._blocks():
            dWt[columns] = (X.T @ G[part].reshape(X.shape[0], -1)).T


def _hessian_product(block, curvature, W, b):
    """Of one block, (d + 1, K): of coefficients, and last of intercepts."""
    G = curvature.times(block @ W + b)
    return np.vstack([block.T @ G, G.sum(axis=0)])


def task_columns(targets, t, loss):
    """Rows (m,), targets (m, c) and weights (m,) of the columns of one task.

    Targets are numbers; or -1 and +1, or for a loss of several classes 0 and 1, where a
    column's label is a row's. A one-class task would pull its columns to infinity and
    say nothing about the features: its labels have weight 0, so ties alone decide its
    coefficients.
    """
    row, value, weight = targets.pairs(t)
    columns = slice(*targets.columns[t : t + 2])
    if targets.classes[t] is None:
        return row, value[:, None][:, : columns.stop - columns.start], weight
    hit = value[:, None] == targets.column_label[columns]
    y = np.where(hit, 1.0, 0.0 if loss.is_multiclass else -1.0)
    return row, y, weight if targets.constant[t] < 0 else np.zeros(len(row))
