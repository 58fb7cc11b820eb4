"""Scores of rows by models that have not seen them, task by task."""

from dataclasses import dataclass

import numpy as np
from sklearn import get_config
from sklearn.base import clone

from ..base import score_by_kind, stack_columns
from ..metrics.labels import encode, plain_labels
from ..metrics.scorer import fitted_classes, fitted_task_names
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

    def fit(self, X, y, sample_weight=None, *, groups=None, **params):
        """Cross-validate, learn from that, and fit the classifier to all rows.

        Parameters
        ----------
        X : (n_samples, ...)
            What the estimator takes.
        y : labels of any form, (n_samples,) or (n_samples, n_tasks)
            May have missing labels.
        sample_weight : array-like (n_samples,) or (n_samples, n_tasks), optional
            For the estimator, and for what is learned here.
        groups : array-like (n_samples,), optional
            For ``cv``.
        **params
            Passed to ``fit`` of the estimator.

        Returns
        -------
        self : object
        """
        if sample_weight is not None:
            params = {**params, "sample_weight": sample_weight}
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
        known = outputs if isinstance(outputs, list) else [outputs]
        n_rows = len(next(part for part in known if part is not None))
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
        """Plain mean over tasks of accuracy, or of R2 for tasks of numbers."""
        kinds = [
            "regression" if known is None else "classification"
            for known in classes_of(self._fitted(), self._n_tasks)
        ]
        names = fitted_task_names(self._fitted())
        return score_by_kind(y, self.predict(X), kinds, sample_weight, names)


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
    table = LabelTable(y)
    _check_order(fitted, table)
    routed = groups is not None and get_config()["enable_metadata_routing"]
    outputs = cross_val_predict(
        estimator,
        X,
        y,
        groups=None if routed else groups,
        cv=cv,
        n_jobs=n_jobs,
        params={**params, "groups": groups} if routed else params,
        method=method,
    )
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


def _check_order(fitted, table):
    """A frozen model may have been fitted to the same tasks in another order."""
    names = fitted_task_names(fitted)
    if names and names != table.names and set(names) == set(table.names):
        raise ValueError(
            f"y has the tasks in another order, {table.names}, than the model was "
            f"fitted to, {names}"
        )


def classes_of(fitted, n_tasks):
    """``classes_`` of a fitted model, one array or None per task."""
    classes = fitted_classes(fitted, n_tasks)
    if classes is None:  # of label indicators
        classes = [np.array([0, 1])] * n_tasks
    return [None if known is None else plain_labels(known) for known in classes]


def per_task(outputs, classes, n_rows):
    """Score columns of each task, 2-D; None for tasks of numbers."""
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
    # A frozen model may not know every label.
    rows, code = rows[code < len(classes)], code[code < len(classes)]
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
