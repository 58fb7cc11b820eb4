"""An intercept for a task that has seen one class only."""

import numpy as np
from scipy.optimize import minimize_scalar


def one_class_intercept(objective, targets, coef, k):
    """Intercept of column k, whose task has one class but shares its coefficients.

    Its own rows would drive the intercept anywhere beyond the margin, so one more row,
    at their mean score, holds it: with the class shares of the task's label group.

    Parameters
    ----------
    objective : LinearObjective
    targets : TaskTargets
    coef : ndarray (K, d)
    k : int

    Returns
    -------
    float
    """
    t, label = targets.column_task[k], targets.column_label[k]
    row, code, weight = targets.pairs(t)
    scores = np.asarray(objective.layout.X[row] @ coef[k], dtype=np.float64)
    share = targets.label_shares(t)[label]
    y = np.where(code == label, 1.0, -1.0)
    y, z = np.append(y, [1.0, -1.0]), np.append(scores, [scores.mean()] * 2)
    weight = np.concatenate([weight, [share, 1 - share]])

    def loss(b):
        return weight @ objective.loss.value(y, z + b)

    reach = 2 + np.ptp(scores)
    middle = -scores.mean()
    return minimize_scalar(
        loss, bounds=(middle - reach, middle + reach), method="bounded"
    ).x
