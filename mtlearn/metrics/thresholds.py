"""From scores of labels to which labels a row has."""

import numpy as np

from ..tasks import LabelTable, read_sample_weight
from .registry import METRICS, find_metric

MOST_TRIED = 100


def tune_threshold(y_true, score, metric="f1", sample_weight=None):
    """The threshold on the scores of one label at which a metric is best.

    Scores must come from rows that the model has not seen, such as out-of-bag or
    cross-validated ones.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Whether a row has the label: bools or numbers. NaN, None and masked entries are
        missing labels.
    score : array-like of shape (n_samples,)
        Such as the probability of the label.
    metric : str or callable, default="f1"
        One of :data:`THRESHOLD_METRICS` is maximised over all thresholds. Any other
        metric of labels in :data:`mtlearn.metrics.METRICS`, or ``metric(y_true,
        y_pred)`` on labels 0 and 1, over 100 of them.
    sample_weight : array-like of shape (n_samples,), optional

    Returns
    -------
    float
        A row has the label where its score is greater. Of thresholds that are as good,
        the middle of the highest interval; infinite where no row or every row should
        have the label.

    Examples
    --------
    >>> from mtlearn.metrics import tune_threshold
    >>> float(tune_threshold([0, 0, 1, 0, 1], [0.0, 0.125, 0.25, 0.5, 0.75]))
    0.1875
    """
    check_threshold_metric(metric)
    column = LabelTable(y_true).column(0)
    y, score = column.values, np.asarray(score, dtype=float)
    if y.dtype.kind in "US" or score.shape != y.shape:
        raise ValueError(
            f"y_true must say of each row whether it has the label, and score have as "
            f"many numbers; they are {y.dtype} of shape {y.shape} and {score.shape}"
        )
    weight = np.ones(len(y))
    if sample_weight is not None:
        weight = read_sample_weight(sample_weight, len(y), 1).reshape(len(y))
    seen = column.observed & ~np.isnan(score)
    order = np.argsort(-score[seen], kind="stable")
    y, score, weight = (x[seen][order] for x in (y, score, weight))
    if not len(y):
        return np.nan
    # After the first k rows: those that have the label, and those that have not.
    right = np.r_[0.0, np.cumsum(weight * (y > 0))]
    wrong = np.r_[0.0, np.cumsum(weight * (y <= 0))]
    bounds = np.r_[np.inf, score, -np.inf]
    different = np.r_[True, score[1:] != score[:-1], True]
    if isinstance(metric, str) and metric in _METRIC:
        value = _METRIC[metric](right, wrong, right[-1], wrong[-1])
    else:
        value = _try_some(find_metric(metric), y, weight, np.flatnonzero(different))
    best = int(np.argmax(np.where(different, value, -np.inf)))
    return (bounds[best] + bounds[best + 1]) / 2


def check_threshold_metric(metric):
    """Refuse what does not score the labels of one task."""
    found = find_metric(metric)
    usable = found.kind in ("labels", "two labels", "ordered labels", "any")
    if found.takes_scores or not usable:
        known = sorted(name for name, one in METRICS.items() if one.kind == "labels")
        raise ValueError(
            f"metric={metric!r} does not compare predicted labels of one task, so no "
            f"threshold can be tuned for it; use one of {known} or a callable"
        )


def _accuracy(right, wrong, positives, negatives):
    return right + negatives - wrong


def _f1(right, wrong, positives, negatives):
    return 2 * right / np.maximum(right + wrong + positives, 1e-300)


def _balanced_accuracy(right, wrong, positives, negatives):
    return right / max(positives, 1e-300) - wrong / max(negatives, 1e-300)


def _matthews_corrcoef(right, wrong, positives, negatives):
    said, n = right + wrong, positives + negatives
    spread = said * (n - said) * positives * negatives
    return (right * n - said * positives) / np.sqrt(np.maximum(spread, 1e-300))


_METRIC = {
    "accuracy": _accuracy,
    "f1": _f1,
    "jaccard": _f1,  # the one grows with the other
    "balanced_accuracy": _balanced_accuracy,
    "matthews_corrcoef": _matthews_corrcoef,
}
THRESHOLD_METRICS = tuple(_METRIC)


def _try_some(metric, y, weight, cuts):
    """The metric if the first k rows have the label, for 100 of the k in ``cuts``."""
    value = np.full(len(y) + 1, -np.inf)
    chosen = np.linspace(0, len(cuts) - 1, min(MOST_TRIED, len(cuts))).astype(int)
    true = (y > 0).astype(int)
    for k in cuts[chosen]:
        said = (np.arange(len(y)) < k).astype(int)
        found = metric.function(true, said, weight, 2)
        value[k] = -np.inf if np.isnan(found) else found
    return value


def never_empty(margin):
    """Labels above their thresholds; the nearest to it where there would be none.

    Parameters
    ----------
    margin : array-like of shape (n_samples, n_labels)
        Scores less thresholds.

    Returns
    -------
    ndarray of bool, shape (n_samples, n_labels)
        With one label in every row at least.

    Examples
    --------
    >>> from mtlearn.metrics import never_empty
    >>> never_empty([[0.3, 0.1], [-0.2, -0.1]]).tolist()
    [[True, True], [False, True]]
    """
    margin = np.asarray(margin, dtype=float)
    labels = margin > 0
    empty = ~labels.any(axis=1)
    if labels.shape[1]:
        labels[empty, margin[empty].argmax(axis=1)] = True
    return labels
