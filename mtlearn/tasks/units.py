"""Units in which regression tasks are fitted: their own standard deviations."""

import numpy as np


def target_units(targets, *, scale_targets, fit_intercept):
    """Center and scale of each task's numbers; 0 and 1 where nothing is to be done.

    Without scaling, a task measured in thousandths of the unit would weigh a million
    times more in a squared loss, and what tasks share would depend on units.

    Parameters
    ----------
    targets : TaskTargets
        If its tasks are of one unit, so is the scale.
    scale_targets, fit_intercept : bool
        Centering changes nothing but rounding errors, and needs an intercept.

    Returns
    -------
    center, scale : ndarray (T,)
    """
    center, variance = np.zeros(targets.n_tasks), np.ones(targets.n_tasks)
    total = np.zeros(targets.n_tasks)
    numbers = [
        t
        for t in range(targets.n_tasks)
        if targets.classes[t] is None and len(targets.pairs(t)[0])
    ]
    for t in numbers:
        _, value, weight = targets.pairs(t)
        total[t] = weight.sum()
        center[t] = np.average(value, weights=weight)
        variance[t] = np.average((value - center[t]) ** 2, weights=weight)
    if targets.one_unit and numbers:
        middle = np.average(center[numbers], weights=total[numbers])
        spread = variance[numbers] + (center[numbers] - middle) ** 2
        variance[numbers] = np.average(spread, weights=total[numbers])
    scale = np.ones(targets.n_tasks)
    if scale_targets and numbers:
        scale[numbers] = _roots(variance[numbers], center[numbers])
    return center if fit_intercept else np.zeros(targets.n_tasks), scale


def _roots(variance, center):
    """Standard deviations; a task of one value has the others' mean unit."""
    # Rounding errors are no variance.
    varies = variance > (1e-12 * np.abs(center)) ** 2
    common = np.sqrt(variance[varies].mean()) if varies.any() else 1.0
    return np.where(varies, np.sqrt(variance), common)
