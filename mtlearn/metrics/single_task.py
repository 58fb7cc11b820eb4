"""scikit-learn's metrics on the observed labels of one task.

A metric is a function of ``(y_true, y_pred, sample_weight, n_labels)``. Labels arrive
as codes: 0 to ``n_labels - 1`` for the labels a task can have (1 is the positive class
of a binary task), others for a prediction outside them, -1 for a missing one.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    f1_score,
    log_loss,
    matthews_corrcoef,
    mean_absolute_error,
    mean_squared_error,
    precision_score,
    r2_score,
    recall_score,
    roc_auc_score,
    root_mean_squared_error,
)

PREDICT = ("predict",)
RANKING = ("decision_function", "predict_proba")
PROBABILITY = ("predict_proba",)


@dataclass(frozen=True)
class Metric:
    """How to score one task; a greater score is better.

    Attributes
    ----------
    name : str
    function : callable (y_true, y_pred, sample_weight, n_labels) -> float
    responses : tuple of str
        Methods of an estimator whose output is scored; the first it has is used.
    kind : {"labels", "numbers", "any"}
        What the task must hold.
    undefined : callable (y_true, n_labels) -> bool
        Whether the true labels alone leave the metric without a meaning; it never sees
        a prediction, so a task drops out for all candidates of a search alike.
    """

    name: str
    function: Callable
    responses: tuple
    kind: str
    undefined: Callable

    @property
    def takes_scores(self):
        return self.responses != PREDICT


def _never(y_true, n_labels):
    return False


def _one_class(y_true, n_labels):
    return (y_true == y_true[0]).all()


def _no_positive(y_true, n_labels):
    return n_labels == 2 and not (y_true == 1).any()


def _accuracy(y_true, y_pred, sample_weight, n_labels):
    return accuracy_score(y_true, y_pred, sample_weight=sample_weight)


def _balanced_accuracy(y_true, y_pred, sample_weight, n_labels):
    # balanced_accuracy_score is this, and warns of labels that were only predicted.
    return recall_score(
        y_true,
        y_pred,
        labels=np.unique(y_true),
        average="macro",
        sample_weight=sample_weight,
    )


def _of_positive_class(function):
    """Of the positive class; for a multiclass task the mean over its classes."""

    def score(y_true, y_pred, sample_weight, n_labels):
        if n_labels == 2:
            return function(
                y_true == 1,
                y_pred == 1,
                sample_weight=sample_weight,
                zero_division=0.0,
            )
        seen = np.union1d(y_true, y_pred)
        return function(
            y_true,
            y_pred,
            labels=seen[seen >= 0],
            average="macro",
            sample_weight=sample_weight,
            zero_division=0.0,
        )

    return score


def _matthews_corrcoef(y_true, y_pred, sample_weight, n_labels):
    return matthews_corrcoef(y_true, y_pred, sample_weight=sample_weight)


def _one_vs_rest(function):
    """On scores (n, n_labels): binary, or the mean over the classes in ``y_true``."""

    def score(y_true, scores, sample_weight, n_labels):
        scores = _ties_for_missing(scores)
        positives = [1] if n_labels == 2 else np.unique(y_true)
        each = [
            function(y_true == c, scores[:, c], sample_weight=sample_weight)
            for c in positives
        ]
        return np.mean(each)

    return score


def _ties_for_missing(scores):
    """Missing scores all become one value, so that they rank as chance does."""
    missing = np.isnan(scores)
    if missing.any():
        known = scores[~missing]
        scores = np.where(missing, np.median(known) if len(known) else 0.0, scores)
    return np.nan_to_num(scores)


def _neg_log_loss(y_true, proba, sample_weight, n_labels):
    missing = np.isnan(proba).any(axis=1, keepdims=True)
    proba = np.where(missing, np.asarray(1 / n_labels, dtype=proba.dtype), proba)
    labels = np.arange(n_labels)
    return -log_loss(y_true, proba, labels=labels, sample_weight=sample_weight)


def _of_numbers(function, sign=-1):
    def score(y_true, y_pred, sample_weight, n_labels):
        # A task without labels in training is predicted missing: it scores like the
        # best constant, R2 = 0, as a missing ranking scores like chance.
        constant = np.average(y_true, weights=sample_weight)
        y_pred = np.where(np.isnan(y_pred), constant, y_pred)
        return sign * function(y_true, y_pred, sample_weight=sample_weight)

    return score


METRICS = {
    metric.name: metric
    for metric in (
        Metric("accuracy", _accuracy, PREDICT, "labels", _never),
        Metric("balanced_accuracy", _balanced_accuracy, PREDICT, "labels", _never),
        Metric("f1", _of_positive_class(f1_score), PREDICT, "labels", _no_positive),
        Metric(
            "precision",
            _of_positive_class(precision_score),
            PREDICT,
            "labels",
            _no_positive,
        ),
        Metric(
            "recall", _of_positive_class(recall_score), PREDICT, "labels", _no_positive
        ),
        Metric("matthews_corrcoef", _matthews_corrcoef, PREDICT, "labels", _one_class),
        Metric(
            "average_precision",
            _one_vs_rest(average_precision_score),
            RANKING,
            "labels",
            _one_class,
        ),
        Metric("roc_auc", _one_vs_rest(roc_auc_score), RANKING, "labels", _one_class),
        Metric("neg_log_loss", _neg_log_loss, PROBABILITY, "labels", _never),
        Metric("r2", _of_numbers(r2_score, 1), PREDICT, "numbers", _one_class),
        *(
            Metric(f"neg_{name}", _of_numbers(function), PREDICT, "numbers", _never)
            for name, function in (
                ("mean_squared_error", mean_squared_error),
                ("root_mean_squared_error", root_mean_squared_error),
                ("mean_absolute_error", mean_absolute_error),
            )
        ),
    )
}


def find_metric(metric, response_method=None):
    """The :class:`Metric` of a name, or one around ``metric(y_true, y_pred)``."""
    if isinstance(metric, Metric):
        found = metric
    elif callable(metric):
        name = getattr(metric, "__name__", type(metric).__name__)
        responses = (response_method or "predict",)
        return Metric(name, _Callable(metric), responses, "any", _never)
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


@dataclass(frozen=True)
class _Callable:
    """The user's ``metric(y_true, y_pred)``, weights given only where they differ."""

    function: Callable

    def __call__(self, y_true, y_pred, sample_weight, n_labels):
        if sample_weight is None or (sample_weight == sample_weight[0]).all():
            return self.function(y_true, y_pred)
        return self.function(y_true, y_pred, sample_weight=sample_weight)
