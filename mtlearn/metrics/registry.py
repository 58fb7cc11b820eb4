"""All metrics by name."""

from .label_sets import LABEL_SET_METRICS
from .metric import Metric, of_callable
from .of_labels import LABEL_METRICS
from .of_numbers import NUMBER_METRICS
from .of_scores import SCORE_METRICS

METRICS = {
    metric.name: metric
    for metrics in (LABEL_METRICS, SCORE_METRICS, NUMBER_METRICS, LABEL_SET_METRICS)
    for metric in metrics
}


def find_metric(metric, response_method=None):
    """The :class:`Metric` of a name, or one around ``metric(y_true, y_pred)``."""
    if isinstance(metric, Metric):
        found = metric
    elif callable(metric):
        return of_callable(metric, response_method)
    elif isinstance(metric, str) and metric in METRICS:
        found = METRICS[metric]
    else:
        raise ValueError(
            f"metric={metric!r} is unknown; use a callable metric(y_true, y_pred) or "
            f"one of {sorted(METRICS)}"
        )
    if response_method not in (None, *found.responses):
        raise ValueError(
            f"metric={found.name!r} scores {' or '.join(found.responses)}, not "
            f"{response_method!r}"
        )
    return found
