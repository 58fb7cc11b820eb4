"""Intercepts for a task that has seen one class only."""

import numpy as np
from scipy.optimize import minimize

from ..blocks import RowBlocks


def one_class_intercept(loss, X, targets, coef, t, shares=None):
    """Intercepts of task t, which has one class but shares its coefficients.

    Its own rows would drive the intercepts anywhere beyond the margin, so one more row,
    at their mean scores, holds them: with the class shares of the task's label group.

    Parameters
    ----------
    loss : Loss
        Of the task.
    X : array, CSR matrix or RowBlocks (n, d)
    targets : TaskTargets
    coef : ndarray (c, d)
        Of the columns of task t.
    t : int
    shares : ndarray (n_classes,), optional
        Of the classes in the group, if its other tasks are not among ``targets``.

    Returns
    -------
    ndarray (c,)
    """
    row, code, weight = targets.pairs(t)
    # Of blocks the scores of all rows are less than some of the rows.
    scores = (X @ coef.T)[row] if isinstance(X, RowBlocks) else X[row] @ coef.T
    scores = np.asarray(scores, dtype=np.float64)
    labels = targets.column_label[targets.columns[t] : targets.columns[t + 1]]
    shares = targets.label_shares(t) if shares is None else shares
    # The pseudo-row counts once for each class, by the share of that class.
    code = np.concatenate([code, np.arange(len(shares))])
    weight = np.concatenate([weight, shares])[:, None]
    scores = np.vstack([scores, np.tile(scores.mean(axis=0), (len(shares), 1))])
    y = np.where(code[:, None] == labels, 1.0, 0.0 if loss.is_multiclass else -1.0)
    held = minimize(
        lambda b: np.sum(weight * loss.value(y, scores + b)),
        -scores.mean(axis=0),
        method="Nelder-Mead" if len(labels) < 3 else "Powell",
        options={"xatol": 1e-6, "fatol": 1e-9} if len(labels) < 3 else {},
    )
    return held.x
