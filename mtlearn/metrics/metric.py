"""What a metric is, and the names it can be found by."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

PREDICT = ("predict",)
RANKING = ("decision_function", "predict_proba")
PROBABILITY = ("predict_proba",)
KINDS = ("labels", "two labels", "ordered labels", "numbers", "any", "label sets")


def never(y_true, n_labels):
    """The metric has a meaning whatever the true labels are."""
    return False


def one_class(y_true, n_labels):
    """The metric needs two different true labels, or numbers."""
    return (y_true == y_true[0]).all()


def no_positive(y_true, n_labels):
    """The metric needs a positive row, if the task is binary."""
    return n_labels == 2 and not (y_true == 1).any()


@dataclass(frozen=True)
class Metric:
    """How to score one task, or the label sets of all tasks; greater is better.

    Labels arrive as codes: 0 to ``n_labels - 1`` for the labels a task can have (1 is
    the positive class of a binary task), others for a prediction outside them, -1 for
    a missing one.

    Attributes
    ----------
    name : str
    function : callable (y_true, y_pred, sample_weight, n_labels) -> float
        Of kind "label sets": callable (:class:`~mtlearn.metrics.label_sets.LabelSets`)
        -> float.
    responses : tuple of str
        Methods of an estimator whose output is scored; the first it has is used.
    kind : {"labels", "two labels", "ordered labels", "numbers", "any", "label sets"}
        What a task must hold.
    undefined : callable (y_true, n_labels) -> bool
        Whether the true labels alone leave the metric without a meaning; it never sees
        a prediction, so a task drops out for all candidates of a search alike.
    of_columns : Metric or None
        What the name means for a 2-D Y, if that is not the mean over its columns.
    """

    name: str
    function: Callable
    responses: tuple = PREDICT
    kind: str = "labels"
    undefined: Callable = never
    of_columns: Any = None

    @property
    def takes_scores(self):
        return self.responses != PREDICT


def of_callable(function, response_method=None):
    """The metric around a user's ``metric(y_true, y_pred)``."""
    name = getattr(function, "__name__", type(function).__name__)
    return Metric(name, _Callable(function), (response_method or "predict",), "any")


@dataclass(frozen=True)
class _Callable:
    """The user's function, given weights only where they differ."""

    function: Callable

    def __call__(self, y_true, y_pred, sample_weight, n_labels):
        if sample_weight is None or (sample_weight == sample_weight[0]).all():
            return self.function(y_true, y_pred)
        return self.function(y_true, y_pred, sample_weight=sample_weight)


def weights_or_ones(sample_weight, y_true):
    """Weights as an array."""
    return np.ones(len(y_true)) if sample_weight is None else sample_weight
