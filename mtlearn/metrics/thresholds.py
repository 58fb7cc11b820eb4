"""From scores of labels to which labels a row has."""

import numpy as np

from ..validation import check_choice

THRESHOLD_METRICS = ("accuracy", "f1", "balanced_accuracy")


def tune_threshold(y_true, score, metric="f1", sample_weight=None):
    """The threshold on the scores of one label at which a metric is best.

    Scores must come from rows that the model has not seen, such as out-of-bag or
    cross-validated ones.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Whether a row has the label. NaN is a missing label.
    score : array-like of shape (n_samples,)
        Such as the probability of the label.
    metric : {"accuracy", "f1", "balanced_accuracy"}, default="f1"
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
    check_choice(metric, "metric", THRESHOLD_METRICS)
    y, score = np.asarray(y_true, dtype=float), np.asarray(score, dtype=float)
    weight = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight)
    seen = ~(np.isnan(y) | np.isnan(score))
    order = np.argsort(-score[seen], kind="stable")
    y, score, weight = (x[seen][order] for x in (y, score, weight))
    if not len(y):
        return np.nan
    # After the first k rows: those that have the label, and those that have not.
    right = np.r_[0.0, np.cumsum(weight * (y > 0))]
    wrong = np.r_[0.0, np.cumsum(weight * (y <= 0))]
    value = _METRIC[metric](right, wrong, right[-1], wrong[-1])
    bounds = np.r_[np.inf, score, -np.inf]
    value[1:-1][score[1:] == score[:-1]] = -np.inf
    best = int(np.argmax(value))
    return (bounds[best] + bounds[best + 1]) / 2


def _accuracy(right, wrong, positives, negatives):
    return right + negatives - wrong


def _f1(right, wrong, positives, negatives):
    return 2 * right / np.maximum(right + wrong + positives, 1e-300)


def _balanced_accuracy(right, wrong, positives, negatives):
    return right / max(positives, 1e-300) - wrong / max(negatives, 1e-300)


_METRIC = dict(zip(THRESHOLD_METRICS, (_accuracy, _f1, _balanced_accuracy)))


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
