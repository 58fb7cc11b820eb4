"""Tasks that are learned apart, or as one."""

from collections.abc import Mapping

import numpy as np
from sklearn.base import clone, is_regressor
from sklearn.dummy import DummyClassifier

from ..base import stack_columns
from ..model_selection.cross_validation import take_rows
from ..model_selection.delegation import available_if_inner_has
from ..tasks import LabelTable, read_sample_weight
from ..validation import check_is_fitted
from .taskwise import TaskwiseEstimator


class SeparateModels(TaskwiseEstimator):
    """A model of its own for each task, or for each group of tasks.

    The tasks of a group are stacked: their model learns one row per pair of row and
    observed label, and answers the same for all of them.

    Parameters
    ----------
    estimator : estimator of one task
    groups : list of lists of task names, default=()
        Tasks that are left out are alone.

    Attributes
    ----------
    models_ : list of estimators
    model_of_task_ : list of int (n_tasks,)
        -1 for a task without labels.
    classes_ : list of ndarray, or absent
    task_names_in_ : ndarray of str
    """

    def __init__(self, estimator, groups=()):
        self.estimator = estimator
        self.groups = groups

    def fit(self, X, y, sample_weight=None):
        """Fit each model to the rows that have labels of its tasks."""
        table = LabelTable(y)
        self._task_names = np.array(table.names, dtype=object)
        observed = [column.observed for column in table.columns()]
        weights = None
        if sample_weight is not None:
            shape = table.n_rows, table.n_tasks
            weights = np.broadcast_to(read_sample_weight(sample_weight, *shape), shape)
            observed = [seen & (w > 0) for seen, w in zip(observed, weights.T)]
        self.models_, self.model_of_task_ = [], [-1] * table.n_tasks
        for tasks in self._read_groups(table.names):
            tasks = [t for t in tasks if observed[t].any()]
            if tasks:
                model = self._fit_one(X, y, tasks, observed, weights)
                for t in tasks:
                    self.model_of_task_[t] = len(self.models_)
                self.models_.append(model)
        return self

    def _read_groups(self, names):
        groups = [[names.index(task) for task in group] for group in self.groups]
        grouped = {t for group in groups for t in group}
        return groups + [[t] for t in range(len(names)) if t not in grouped]

    def _fit_one(self, X, y, tasks, observed, weights):
        rows = [np.flatnonzero(observed[t]) for t in tasks]
        labels = _join([_take_column(y, r, t) for r, t in zip(rows, tasks)])
        each_row = np.concatenate(rows)
        X = take_rows(X, each_row)
        if not is_regressor(self.estimator) and _has_one_class(labels):
            return DummyClassifier().fit(np.zeros((len(labels), 1)), labels)
        weight = {}
        if weights is not None:
            joined = np.concatenate([weights[r, t] for r, t in zip(rows, tasks)])
            weight = {"sample_weight": joined}
        names = list(self.task_names_in_)
        return _of_one_task(self.estimator, tasks[0], names).fit(X, labels, **weight)

    @property
    def classes_(self):
        known = [getattr(model, "classes_", None) for model in self.models_]
        if all(classes is None for classes in known):
            raise AttributeError("models of numbers have no classes_")
        return [np.zeros(0) if m < 0 else known[m] for m in self.model_of_task_]

    def _answers(self, method, X):
        check_is_fitted(self, "models_")
        each = [getattr(model, method)(X) for model in self.models_]
        n_rows = X.shape[0] if hasattr(X, "shape") else len(X)
        return [
            self._nothing(method, n_rows) if m < 0 else np.asarray(each[m])
            for m in self.model_of_task_
        ]

    def _nothing(self, method, n_rows):
        """What is answered for a task without labels."""
        if method == "predict_proba":
            return np.zeros((n_rows, 0))
        if method == "predict" and not is_regressor(self.estimator):
            return np.full(n_rows, None)
        return np.full(n_rows, np.nan)

    def predict(self, X):
        """Predictions, (n_samples, n_tasks)."""
        return stack_columns(self._answers("predict", X))

    @available_if_inner_has("predict_proba")
    def predict_proba(self, X):
        """Class probabilities of each task."""
        return self._answers("predict_proba", X)

    @available_if_inner_has("decision_function")
    def decision_function(self, X):
        """Scores of each task."""
        check_is_fitted(self, "models_")
        n_rows = X.shape[0] if hasattr(X, "shape") else len(X)
        each = [
            np.zeros(n_rows)
            if isinstance(model, DummyClassifier)
            else np.asarray(model.decision_function(X))
            for model in self.models_
        ]
        nothing = self._nothing("decision_function", n_rows)
        return [nothing if m < 0 else each[m] for m in self.model_of_task_]


def _of_one_task(model, t, names):
    """A clone with what its parameters say of one task."""
    given = model.get_params(deep=False)
    changes = {
        name: None
        for name in ("task_weight", "label_groups", "task_graph")
        if given.get(name) is not None
    }
    for name in ("task_types", "class_weight"):
        value = given.get(name)
        if isinstance(value, Mapping) and set(map(str, value)) <= set(names):
            by_name = {str(key): of_task for key, of_task in value.items()}
            usual = "auto" if name == "task_types" else None
            changes[name] = by_name.get(names[t], usual)
        elif isinstance(value, list | tuple) and len(value) == len(names):
            changes[name] = value[t]
    return clone(model).set_params(**changes)


def _take_column(Y, rows, t):
    """Labels of one task, in the form that the user gave them."""
    if hasattr(Y, "iloc"):
        return Y.iloc[rows] if Y.ndim == 1 else Y.iloc[rows, t]
    values = LabelTable(Y).column(t).values
    return values[rows]


def _join(parts):
    if len(parts) == 1:
        return parts[0]
    if hasattr(parts[0], "iloc"):
        import pandas as pd

        return pd.concat([part.rename(None) for part in parts], ignore_index=True)
    return np.concatenate(parts)


def _has_one_class(labels):
    values = np.asarray(labels)
    return len(np.unique(values.astype(str) if values.dtype == object else values)) < 2
