r"""The data term of every linear model: the one place where X meets W.

.. math::
    C \sum_{(i, k)} s_{ik} \, \ell(y_{ik}, x_i' w_k + b_k)

over the observed pairs of rows i and score columns k. Scores are centred,
:math:`x_i - \bar x`, so that an intercept hardly moves with the coefficients; as it is
never penalised, that changes nothing but its own value.
"""

from copy import copy

import numpy as np

# Above this share of observed (row, task) pairs, one matrix product for all tasks
# beats one per task.
DENSE_SHARE = 1 / 8


class LinearObjective:
    """Loss of coefficients (d, K) and intercepts (K,), with its derivatives.

    Scores are kept in the shape of the data's layout: (n, K), or one flat array with
    a block per task where few pairs are observed. ``forward`` and ``backward`` are the
    only methods that know which.

    Parameters
    ----------
    X : ndarray or CSR matrix (n, d), float32 or float64
    targets : TaskTargets
    loss : an entry of :data:`mtlearn.losses.LOSSES`
    C : float
    fit_intercept : bool
    """

    def __init__(self, X, targets, loss, C, *, fit_intercept=True):
        self.loss, self.C, self.fit_intercept = loss, C, fit_intercept
        self.n_columns = targets.n_columns
        share = len(targets.row) / (targets.n_rows * targets.n_tasks)
        self.layout = (_Aligned if share > DENSE_SHARE else _ByTask)(X, targets)
        self.y, self.weight = self.layout.y, self.layout.weight
        self.dtype = X.dtype
        self.shape = X.shape[1], self.n_columns
        self.row_weight = _row_weight(targets).astype(X.dtype)
        self.total_weight = self.row_weight.sum(dtype=np.float64)
        if fit_intercept:
            self.mean = np.asarray(self.row_weight @ X).ravel()
            self.mean /= self.mean.dtype.type(self.total_weight)
        else:
            self.mean = np.zeros(X.shape[1], dtype=X.dtype)

    def rotated(self, P):
        """The same objective of coefficients ``P'W``, P (d, r) orthonormal.

        Equal to this one for all W in the span of P; its features are centred.
        """
        rotated, layout = copy(self), copy(self.layout)
        layout.X = (layout.X - self.mean) @ P
        rotated.layout, rotated.mean = layout, np.zeros(P.shape[1], dtype=P.dtype)
        rotated.shape = P.shape[1], self.n_columns
        return rotated

    def forward(self, W, b):
        """Scores of all pairs."""
        return self.layout.forward(W, self.intercept(W, b))

    def backward(self, G):
        """Transpose of :meth:`forward`: (d, K) and (K,)."""
        dW, db = self.layout.backward(G)
        if not self.fit_intercept:
            return dW, np.zeros_like(db)
        dW -= np.outer(self.mean, db)
        return dW, db

    def value(self, Z):
        """C times the weighted sum of losses."""
        return self.C * float(np.vdot(self.weight, self.loss.value(self.y, Z)))

    def gradient(self, Z):
        """Derivative of :meth:`value` in each score."""
        G = self.loss.gradient(self.y, Z)
        G *= self.C * self.weight
        return G

    def curvature(self, Z):
        """Second derivative of :meth:`value` in each score."""
        A = self.loss.curvature(self.y, Z)
        A *= self.C * self.weight
        return A

    def column_sums(self, A):
        """Sum of scores-shaped values over the rows of each column: (K,)."""
        return self.layout.column_sums(A)

    def intercept(self, W, b):
        """Intercepts for features that are not centred."""
        return b - self.mean @ W if self.fit_intercept else b


def _row_weight(targets):
    """How much the labels of a row weigh in all, (n,); task weights left out.

    The mean and the Gram matrix of X count rows by it. So a row without labels is as
    good as absent, a row of weight 2 is as good as two rows, and neither C nor task
    weights change them.
    """
    task = np.repeat(np.arange(targets.n_tasks), np.diff(targets.indptr))
    weight = targets.weight / targets.task_weight[task]
    return np.bincount(targets.row, weight, minlength=targets.n_rows)


class _Aligned:
    """Scores of every row and column, unobserved pairs with weight 0."""

    def __init__(self, X, targets):
        self.X = X
        shape = targets.n_rows, targets.n_columns
        self.y = np.full(shape, -1, dtype=X.dtype)
        self.weight = np.zeros(shape, dtype=X.dtype)
        for k, t in enumerate(targets.column_task):
            row, y, weight = _column(targets, t, k)
            self.y[row, k] = y
            self.weight[row, k] = weight
        self._ones = np.ones(targets.n_rows, dtype=X.dtype)

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


class _ByTask:
    """Scores of the observed pairs only, a block of (rows, columns) per task."""

    def __init__(self, X, targets):
        self.blocks, y, weight, start = [], [], [], 0
        for t in range(targets.n_tasks):
            columns = range(targets.columns[t], targets.columns[t + 1])
            row = targets.pairs(t)[0]
            if not columns:
                continue
            stop = start + len(row) * len(columns)
            span = slice(columns[0], columns[-1] + 1)
            shape = len(row), len(columns)
            self.blocks.append((_rows(row), span, slice(start, stop), shape))
            parts = [_column(targets, t, k)[1:] for k in columns]
            y.append(np.stack([part[0] for part in parts], axis=1).ravel())
            weight.append(np.stack([part[1] for part in parts], axis=1).ravel())
            start = stop
        self.X = X
        self.y = np.concatenate(y or [np.zeros(0)]).astype(X.dtype)
        self.weight = np.concatenate(weight or [np.zeros(0)]).astype(X.dtype)
        self._n_columns = targets.n_columns

    def forward(self, W, b):
        Z = np.empty_like(self.y)
        for rows, columns, part, shape in self.blocks:
            block = Z[part].reshape(shape)
            block[:] = self.X[rows] @ W[:, columns]
            block += b[columns]
        return Z

    def backward(self, G):
        dW = np.zeros((self.X.shape[1], self._n_columns), dtype=self.X.dtype)
        for rows, columns, part, shape in self.blocks:
            dW[:, columns] = self.X[rows].T @ G[part].reshape(shape)
        return dW, self.column_sums(G)

    def column_sums(self, A):
        sums = np.zeros(self._n_columns, dtype=A.dtype)
        for _, columns, part, shape in self.blocks:
            sums[columns] = A[part].reshape(shape).sum(axis=0)
        return sums


def _column(targets, t, k):
    """Rows, targets in {-1, +1} or numbers, and weights of one score column.

    A one-class task would pull its column to infinity and say nothing about the
    features: its labels have weight 0, so ties alone decide its coefficients.
    """
    row, value, weight = targets.pairs(t)
    if targets.classes[t] is None:
        return row, value, weight
    y = np.where(value == targets.column_label[k], 1.0, -1.0)
    return row, y, weight if targets.constant[t] < 0 else np.zeros(len(row))


def _rows(row):
    """A slice where the rows follow each other, so that indexing X makes no copy."""
    if len(row) and row[-1] - row[0] + 1 == len(row):
        return slice(int(row[0]), int(row[-1]) + 1)
    return row
