"""The labels and answers of one task, as metrics take them."""

from dataclasses import dataclass, replace

import numpy as np

from ..tasks.labels import LabelColumn
from .labels import (
    check_labels,
    check_numbers,
    check_same_family,
    encode,
    known_labels,
    merge_labels,
)
from .metric import PROBABILITY
from .scores import one_column_per_label


@dataclass(frozen=True)
class TaskAnswers:
    """One task: its true labels, what a model says, what the model calls its columns.

    Attributes
    ----------
    name : str
    truth : LabelColumn
    answer : LabelColumn, or ndarray of scores
    classes : ndarray or None
    weight : ndarray (n_rows,) or None
    """

    name: str
    truth: LabelColumn
    answer: object
    classes: np.ndarray | None
    weight: np.ndarray | None

    def used(self):
        """Rows whose label is observed and counts."""
        seen = self.truth.observed
        return seen if self.weight is None else seen & (self.weight > 0)

    def take(self, rows):
        """The same for some rows."""
        truth, answer = (
            replace(part, values=part.values[rows], observed=part.observed[rows])
            if isinstance(part, LabelColumn)
            else (None if part is None else part[rows])
            for part in (self.truth, self.answer)
        )
        weight = None if self.weight is None else self.weight[rows]
        return TaskAnswers(self.name, truth, answer, self.classes, weight)


def score_task(metric, task):
    """A float, or None where the true labels leave the metric undefined."""
    used = task.used()
    if not used.any():
        return None
    task = task.take(used)
    y_true, n_labels, read_answer = _read_truth(metric, task)
    if metric.undefined(y_true, n_labels):
        return None
    answer = read_answer()
    try:
        return float(metric.function(y_true, answer, task.weight, n_labels))
    except ValueError as error:
        raise ValueError(f"{metric.name!r} of task {task.name!r}: {error}") from error


def _read_truth(metric, task):
    """True labels as the metric takes them, their number, and how to read answers."""
    y_true = task.truth.values
    if metric.kind == "numbers":
        y_true = check_numbers(task.name, metric.name, y_true)
        return y_true, None, lambda: _numbers(metric, task)
    if metric.kind == "any":
        return y_true, None, lambda: _as_given(metric, task)
    labels, offset = labels_of(metric, task)
    n_labels = max(2, len(labels) + offset)
    if metric.kind == "two labels" and n_labels > 2:
        raise ValueError(
            f"{metric.name!r} is for two labels, but task {task.name!r} has {n_labels}"
        )
    y_true = encode(y_true, labels, offset)
    return y_true, n_labels, lambda: read_answer(metric, task, labels, offset)


def labels_of(metric, task):
    """The labels a task can have, see :func:`~mtlearn.metrics.labels.known_labels`."""
    check_labels(task.name, metric.name, task.truth.values)
    classes = () if task.classes is None else task.classes
    if task.classes is not None:
        check_same_family(task.name, task.truth.values, classes, "classes")
    if metric.kind == "ordered labels":
        classes = merge_labels(classes, _in_order(metric, task))
    seen = task.truth.values[task.truth.observed]
    return known_labels(seen, classes, task.truth.categories)


def _in_order(metric, task):
    """Labels that were predicted, checked to have an order."""
    if task.truth.values.dtype.kind in "US" and not task.truth.ordered:
        raise ValueError(
            f"{metric.name!r} needs labels in an order, but task {task.name!r} holds "
            f"the text {str(task.truth.values[0])!r}; use numbers, or an ordered "
            "Categorical"
        )
    found = task.answer.values[task.answer.observed]
    check_same_family(task.name, task.truth.values, found, "the predicted ones")
    if task.truth.categories is not None:
        return task.truth.categories
    return np.unique(found)


def read_answer(metric, task, labels, offset):
    """Codes of the predicted labels, -1 where missing; or scores (n, n_labels)."""
    if not metric.takes_scores:
        return _read_labels(metric, task, labels, offset)
    if task.answer is None:
        raise ValueError(
            f"{metric.name!r}: the model gives no scores for task {task.name!r}; "
            "task=... picks others"
        )
    # Without ``classes`` the true labels name the columns.
    classes = labels if task.classes is None else task.classes
    is_probability = metric.responses == PROBABILITY
    return one_column_per_label(
        task.answer, classes, labels, offset, task.name, is_probability
    )


def _read_labels(metric, task, labels, offset):
    codes = np.full(len(task.answer.values), -1)
    found = task.answer.values[task.answer.observed]
    check_same_family(task.name, labels, found, "the predicted ones")
    if len(found):
        check_labels(task.name, metric.name, found)
        codes[task.answer.observed] = encode(found, labels, offset)
    return codes


def _numbers(metric, task):
    """Predicted numbers, NaN where missing."""
    values = check_numbers(task.name, metric.name, task.answer.values)
    return np.where(task.answer.observed, values, np.nan)


def _as_given(metric, task):
    """What the user's function gets; a missing prediction becomes a wrong one."""
    predicted, y_true = task.answer, task.truth.values
    if metric.takes_scores or predicted.observed.all():
        return predicted if metric.takes_scores else predicted.values
    if y_true.dtype.kind in "US":
        wrong = "(missing)"
    elif y_true.dtype.kind == "f" and (y_true != np.floor(y_true)).any():
        wrong = y_true.mean()
    else:
        wrong = y_true.max() + 1
    found = predicted.values if predicted.observed.any() else y_true
    return np.where(predicted.observed, found, wrong)
