"""Scores of rows by models that have not seen them, task by task."""

from dataclasses import dataclass

import numpy as np

from ..metrics.labels import encode, plain_labels
from ..metrics.scores import split_by_task
from ..tasks import LabelTable, read_sample_weight
from .cross_validation import cross_val_predict

# Beyond this a decision value says that the training part lacked a class.
ABSENT = 1e30


@dataclass(frozen=True)
class TaskScores:
    """What is known of one task.

    Attributes
    ----------
    classes : ndarray
        Of the model that is fitted to all rows; empty if it has learned nothing.
    rows : ndarray of int
        Rows with a label and a score.
    code : ndarray of int
        Class of each of those rows.
    scores : ndarray (n, 1) of the second of two classes, or (n, n_classes)
    weight : ndarray (n,) or None
    """

    classes: np.ndarray
    rows: np.ndarray
    code: np.ndarray
    scores: np.ndarray
    weight: np.ndarray | None


def choose_method(estimator, method, order):
    """The first method of ``order`` that the estimator has, or the one asked for."""
    if method not in ("auto", *order):
        raise ValueError(
            f"response_method={method!r} is unknown; use 'auto' or one of {list(order)}"
        )
    for name in order if method == "auto" else (method,):
        if hasattr(estimator, name):
            return name
    raise ValueError(
        f"{type(estimator).__name__} has no "
        f"{' or '.join(order if method == 'auto' else (method,))}: it gives no scores"
    )


def out_of_fold_scores(estimator, X, y, fitted, method, cv, groups, n_jobs, params):
    """Cross-validated scores of every task that has two classes or more.

    Parameters
    ----------
    fitted : estimator
        Fitted to all rows; tells the classes.
    params : dict
        Passed to ``fit``; "sample_weight" among them also weighs the labels.

    Returns
    -------
    list of TaskScores or None, length T
        None for tasks of numbers, and of fewer than two classes.
    """
    outputs = cross_val_predict(
        estimator,
        X,
        y,
        groups=groups,
        cv=cv,
        n_jobs=n_jobs,
        params=params,
        method=method,
    )
    table = LabelTable(y)
    weights = params.get("sample_weight")
    if weights is not None:
        shape = table.n_rows, table.n_tasks
        weights = np.broadcast_to(read_sample_weight(weights, *shape), shape)
    known = classes_of(fitted, table.n_tasks)
    return [
        None
        if classes is None or len(classes) < 2
        else _of_task(
            part,
            table.column(t),
            classes,
            None if weights is None else weights[:, t],
        )
        for t, (part, classes) in enumerate(
            zip(per_task(outputs, known, table.n_rows), known)
        )
    ]


def classes_of(fitted, n_tasks):
    """``classes_`` of a fitted model, one array or None per task."""
    classes = fitted.classes_
    if n_tasks == 1 and (len(classes) != 1 or np.ndim(classes[0]) == 0):
        classes = [classes]
    return [None if known is None else plain_labels(known) for known in classes]


def per_task(outputs, classes, n_rows):
    """Score columns of each task, 2-D; None for tasks of numbers."""
    if isinstance(outputs, list) and any(part is None for part in outputs):
        parts = outputs
    else:
        parts = split_by_task(outputs, len(classes), n_rows)
    return [
        None if part is None else _second_of_two(np.asarray(part), known)
        for part, known in zip(parts, classes)
    ]


def _second_of_two(part, classes):
    if part.ndim == 1:
        return part[:, None]
    return part[:, 1:] if len(classes) == 2 and part.shape[1] == 2 else part


def _of_task(scores, column, classes, weight):
    scores = _within_reach(scores)
    seen = column.observed & np.isfinite(scores).all(axis=1)
    if weight is not None:
        seen &= weight > 0
    rows = np.flatnonzero(seen)
    code = encode(column.values[rows], classes)
    return TaskScores(
        classes, rows, code, scores[rows], None if weight is None else weight[rows]
    )


def _within_reach(scores):
    """Where a fold's model did not know a class: the extreme of those that did."""
    scores = np.array(scores, dtype=float)
    known = np.where(np.abs(scores) < ABSENT, scores, np.nan)
    for column, seen in zip(scores.T, known.T):
        if np.isfinite(seen).any():
            column[column > ABSENT] = np.nanmax(seen)
            column[column < -ABSENT] = np.nanmin(seen)
        else:
            column[:] = np.nan
    return scores
