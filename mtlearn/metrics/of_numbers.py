"""Metrics of the numbers that were predicted for one task."""

import numpy as np
from sklearn import metrics as sk

from .metric import Metric, never, one_class

# Just inside the open border of a domain.
NUDGE = 1e-10


def _of_numbers(function, sign, least):
    """``least``: the border of what may be predicted, if there is one."""

    def score(y_true, y_pred, sample_weight, n_labels):
        # A task without labels in training is predicted missing: it scores like the
        # best constant, R2 = 0, as a missing ranking scores like chance.
        constant = np.average(y_true, weights=sample_weight)
        y_pred = np.where(np.isnan(y_pred), constant, y_pred)
        if least is not None:
            # A bad model must lose a search, not end it.
            y_pred = np.maximum(y_pred, least + NUDGE)
        return sign * function(y_true, y_pred, sample_weight=sample_weight)

    return score


def _max_error(y_true, y_pred, sample_weight):
    return sk.max_error(y_true, y_pred)


NUMBER_METRICS = [
    Metric(
        name, _of_numbers(function, sign, least), kind="numbers", undefined=undefined
    )
    for name, function, sign, least, undefined in (
        ("r2", sk.r2_score, 1, None, one_class),
        ("explained_variance", sk.explained_variance_score, 1, None, one_class),
        ("d2_absolute_error_score", sk.d2_absolute_error_score, 1, None, one_class),
        ("neg_max_error", _max_error, -1, None, never),
        *(
            (f"neg_{name}", getattr(sk, name), -1, least, never)
            for name, least in (
                ("mean_squared_error", None),
                ("root_mean_squared_error", None),
                ("mean_absolute_error", None),
                ("median_absolute_error", None),
                ("mean_absolute_percentage_error", None),
                ("mean_squared_log_error", -1.0),
                ("root_mean_squared_log_error", -1.0),
                ("mean_poisson_deviance", 0.0),
                ("mean_gamma_deviance", 0.0),
            )
        ),
    )
]
