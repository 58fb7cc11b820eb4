r"""The data term of every linear model: the one place where X meets W.

.. math::
    C \sum_{(i, k)} s_{ik} \, \ell(y_{ik}, x_i' w_k + b_k)

over the observed pairs of rows i and score columns k. Scores are centred,
:math:`x_i - \bar x`, so that an intercept hardly moves with the coefficients; as it is
never penalised, that changes nothing but its own value.
"""

from collections.abc import Mapping
from copy import copy

import numpy as np

from ..blocks import project
from .layouts import make_layout
from .loss_sum import LossSum


class LinearObjective:
    """Loss of coefficients (d, K) and intercepts (K,), with its derivatives.

    Parameters
    ----------
    X : ndarray, CSR matrix or RowBlocks (n, d), float32 or float64
    targets : TaskTargets
    loss : Loss, or dict of them by kind of task
    C : float
    fit_intercept : bool

    Attributes
    ----------
    layout : see :mod:`mtlearn.solvers.layouts`
        Shape of the scores.
    losses : LossSum
        Value and derivatives in the scores.
    row_weight : ndarray (n,)
    mean : ndarray (d,)
        What features are centred by; zeros without intercepts.
    offset : ndarray or None
        Added to all scores.
    """

    offset = None

    def __init__(self, X, targets, loss, C, *, fit_intercept=True):
        self.C, self.fit_intercept = C, fit_intercept
        self.n_columns = targets.n_columns
        losses = loss_of_tasks(loss, targets)
        self.layout = make_layout(X, targets, losses)
        self.losses = LossSum(self.layout, losses, targets.columns, C)
        self.y = self.layout.y
        self.dtype = X.dtype
        self.shape = X.shape[1], self.n_columns
        self.row_weight = _row_weight(targets).astype(X.dtype)
        self.total_weight = self.row_weight.sum(dtype=np.float64)
        if fit_intercept:
            self.mean = np.asarray(self.row_weight @ X).ravel()
            self.mean /= self.mean.dtype.type(self.total_weight)
        else:
            self.mean = np.zeros(X.shape[1], dtype=X.dtype)

    def rotated(self, X, P):
        """The same objective of coefficients ``P'W``, P (d, r) orthonormal.

        Equal to this one for all W in the span of P; ``X`` is ``(X - mean) P``.
        """
        rotated, rotated.layout = copy(self), copy(self.layout)
        rotated.layout.X, rotated.mean = X, np.zeros(P.shape[1], dtype=P.dtype)
        rotated.shape = P.shape[1], self.n_columns
        return rotated

    def mapped(self, root):
        """The same objective of U, ``W = root U``; root is (d, d), or its diagonal."""
        mapped, mapped.layout = copy(self), copy(self.layout)
        root = root.astype(self.dtype)
        if root.ndim == 1:
            mapped.layout.X, mapped.mean = self.layout.X * root, self.mean * root
        else:
            # Rows are centred first: what a near singular root leaves of the mean
            # would be its rounding errors.
            mapped.layout.X = project(self.layout.X, root, self.mean @ root)
            mapped.mean = np.zeros_like(self.mean)
        return mapped

    def around(self, center):
        """The same objective of the V in ``W = center + V``, center (d, K)."""
        around = copy(self)
        around.offset = self.layout.forward(center, -self.mean @ center)
        return around

    def smoothed(self, width, slope):
        """The same with every kink of its losses rounded."""
        smoothed = copy(self)
        smoothed.losses = self.losses.smoothed(width, slope)
        return smoothed

    def forward(self, W, b):
        """Scores of all pairs."""
        return self.layout.forward(W, self.intercept(W, b))

    def backward(self, G):
        """Transpose of :meth:`forward`: (d, K) and (K,)."""
        return self._centred(*self.layout.backward(G))

    def hessian_product(self, curvature, W, b):
        """Hessian times a direction, (d, K) and (K,), after its scores.

        The scores are None where they would have to be fetched.
        """
        Z, *product = self.layout.hessian_product(curvature, W, self.intercept(W, b))
        return Z, *self._centred(*product)

    def _centred(self, dW, db):
        if not self.fit_intercept:
            return dW, np.zeros_like(db)
        dW -= np.outer(self.mean, db)
        return dW, db

    def value(self, Z):
        """C times the weighted sum of losses."""
        return self.losses.value(self._all(Z))

    def column_values(self, Z):
        """The same, of each column (K,)."""
        return self.column_sums(self.losses.values(self._all(Z)))

    def gradient(self, Z):
        """Derivative of :meth:`value` in each score."""
        return self.losses.gradient(self._all(Z))

    def curvature(self, Z):
        """Second derivative of :meth:`value` in the scores."""
        return self.losses.curvature(self._all(Z))

    def _all(self, Z):
        return Z if self.offset is None else Z + self.offset

    def column_sums(self, A):
        """Sum of scores-shaped values over the rows of each column: (K,)."""
        return self.layout.column_sums(A)

    def intercept(self, W, b):
        """Intercepts for features that are not centred."""
        return b - self.mean @ W if self.fit_intercept else b


def loss_of_tasks(loss, targets):
    """The loss of each task, by its kind and its number of columns; a list."""
    by_kind = loss if isinstance(loss, Mapping) else dict.fromkeys(targets.kinds, loss)
    found = {}
    for kind, width in zip(targets.kinds, np.diff(targets.columns)):
        if (kind, width) not in found:
            found[kind, width] = by_kind[kind].for_columns(width)
    return [found[key] for key in zip(targets.kinds, np.diff(targets.columns))]


def _row_weight(targets):
    """How much the labels of a row weigh in all, (n,); task weights left out.

    The mean and the Gram matrix of X count rows by it. So a row without labels is as
    good as absent, a row of weight 2 is as good as two rows, and neither C nor task
    weights change them.
    """
    task = np.repeat(np.arange(targets.n_tasks), np.diff(targets.indptr))
    weight = targets.weight / targets.task_weight[task]
    return np.bincount(targets.row, weight, minlength=targets.n_rows)
