"""Scores of rows by models that have not seen them, task by task."""

from dataclasses import dataclass

import numpy as np
from sklearn.base import clone

from ..base import stack_columns
from ..metrics import multitask_score
from ..metrics.labels import encode, plain_labels
from ..metrics.scorer import fitted_task_names
from ..metrics.scores import split_by_task
from ..tasks import LabelTable, read_sample_weight
from .cross_validation import cross_val_predict
from .delegation import DelegatingEstimator

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


class OutOfFoldClassifier(DelegatingEstimator):
    """Classifier that learns something from scores of rows its models have not seen.

    A subclass has the parameters ``estimator``, ``response_method``, ``cv`` and
    ``n_jobs``, ``_responses``, the methods that give scores in the order of preference,
    and ``_learn(tasks)``.
    """

    def fit(self, X, y, *, groups=None, **params):
        """Cross-validate, learn from that, and fit the classifier to all rows.

        Parameters
        ----------
        X : (n_samples, ...)
            What the estimator takes.
        y : labels of any form, (n_samples,) or (n_samples, n_tasks)
            May have missing labels.
        groups : array-like (n_samples,), optional
            For ``cv``.
        **params
            Passed to ``fit`` of the estimator. ``sample_weight`` among them also weighs
            the rows here.

        Returns
        -------
        self : object
        """
        self._response = self._choose_response()
        self.estimator_ = clone(self.estimator).fit(X, y, **params)
        self._ndim = 1 if np.ndim(y) < 2 else 2
        found = out_of_fold_scores(
            self.estimator,
            X,
            y,
            self.estimator_,
            self._response,
            self.cv,
            groups,
            self.n_jobs,
            params,
        )
        self._learn(found)
        return self

    def _choose_response(self):
        """The first usable method, or the one asked for."""
        asked = self.response_method
        if asked not in ("auto", *self._responses):
            raise ValueError(
                f"response_method={asked!r} is unknown; use 'auto' or one of "
                f"{list(self._responses)}"
            )
        wanted = self._responses if asked == "auto" else (asked,)
        for name in wanted:
            if hasattr(self.estimator, name):
                return name
        raise ValueError(
            f"{type(self.estimator).__name__} has no {' or '.join(wanted)}: it gives "
            "no scores"
        )

    def _scores(self, X):
        """Score columns of each task, None for numbers, and their classes."""
        outputs = getattr(self._fitted(), self._response)(X)
        n_rows = len(outputs[0] if isinstance(outputs, list) else outputs)
        classes = classes_of(self._fitted(), self._n_tasks)
        return per_task(outputs, classes, n_rows), classes

    def _filled(self, tasks, X):
        """Predictions (n_samples, n_tasks), from the model itself where None."""
        if any(task is None for task in tasks):
            answers = np.asarray(self._fitted().predict(X))
            answers = answers.reshape(len(answers), -1)
            tasks = [a if task is None else task for task, a in zip(tasks, answers.T)]
        return tasks[0] if self._ndim == 1 else stack_columns(tasks)

    def score(self, X, y, sample_weight=None):
        """Plain mean over tasks of the accuracy."""
        names = fitted_task_names(self._fitted())
        return multitask_score(
            y, self.predict(X), sample_weight=sample_weight, task_names=names
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
