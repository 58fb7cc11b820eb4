"""What every estimator of mtlearn promises: predict, score, one task, tags."""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import ClassifierTags, RegressorTags

from .exceptions import DegenerateTaskWarning
from .metrics import multitask_score
from .task_view import SingleTaskClassifier, SingleTaskRegressor
from .tasks import TaskTargets
from .validation import (
    CallbackSupportMixin,
    check_array_state,
    check_is_fitted,
    validate_rows,
    validate_X,
    warn_user,
)


class MultiTaskEstimator(CallbackSupportMixin, BaseEstimator):
    """Base of all multi-task estimators.

    A subclass stores its parameters and defines two things over checked arrays:
    ``_fit(X, targets)``, and ``_scores(X)``, the raw scores (n_samples, n_columns),
    where task t owns the columns ``columns_[t]:columns_[t + 1]``.

    Y has one column per task; a 1-D y is one task, and then every output is 1-D, as in
    scikit-learn.
    """

    # Made by :func:`mtlearn.deployment.shrinking.shrink`: it can predict, no more.
    _is_small = False

    def _task_types(self):
        """How to read the columns of Y, see :func:`mtlearn.tasks.read_task_types`."""
        return self._kind

    def _fixed_task_weight(self):
        """What is known of the task weights before the fit."""
        return self.task_weight

    def _read(self, X, Y, sample_weight, label_groups=()):
        """Check X and turn Y into task arrays; remember what outputs look like."""
        targets = TaskTargets.read(
            Y,
            self._task_types(),
            sample_weight=sample_weight,
            task_weight=self._fixed_task_weight(),
            null_loss=self._null_loss,
            label_groups=label_groups,
            class_weight=getattr(self, "class_weight", None),
        )
        X = validate_X(self, X, reset=True)
        validate_rows(X, targets.n_rows)
        self._remember(targets)
        if targets.ndim == 2:
            _warn_of_degenerate_tasks(targets)
        return X, targets

    def _remember(self, targets):
        vars(self).pop("_is_small", None)
        self.n_tasks_ = targets.n_tasks
        self.task_names_in_ = np.array(targets.names, dtype=object)
        self.columns_ = targets.columns
        self.label_groups_ = [
            [targets.names[t] for t in group] for group in targets.label_groups
        ]
        self._ndim = targets.ndim

    def _lower(self, outputs):
        """A list with one array per task; for a 1-D y, its only array."""
        return outputs[0] if self._ndim == 1 else outputs

    def _scores_of(self, X, t):
        """Raw scores of one task for checked rows, (n, columns of t)."""
        return self._scores(X)[:, self.columns_[t] : self.columns_[t + 1]]

    def _task_scores(self, X):
        """Raw scores of each task, a list of (n, columns of t) views."""
        check_is_fitted(self)
        X = validate_X(self, X, reset=False)
        scores = self._scores(X)
        return [
            scores[:, self.columns_[t] : self.columns_[t + 1]]
            for t in range(self.n_tasks_)
        ]

    def _decoded(self, X):
        """What is predicted for each task, a list of arrays (n,)."""
        return [self._decode(t, Z) for t, Z in enumerate(self._task_scores(X))]

    def predict(self, X):
        """Predict every task.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_tasks)
            In the labels' own type, object where tasks differ. A task that had no
            label in ``fit`` predicts NaN among numbers, else None.
        """
        tasks = self._decoded(X)
        return tasks[0] if self._ndim == 1 else stack_columns(tasks)

    def predict_frame(self, X):
        """Predict every task as a pandas DataFrame with the tasks' names.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The index of a DataFrame is kept.
        """
        import pandas as pd

        tasks = self._decoded(X)
        index = getattr(X, "index", None)
        return pd.DataFrame(dict(zip(self.task_names_in_, tasks)), index=index)

    def _check_state(self):
        """Raise ValueError if the parts of a loaded model do not fit each other."""
        for name in ("n_tasks_", "n_features_in_"):
            count = getattr(self, name, 1)
            if type(count) is not int and not isinstance(count, np.integer):
                raise ValueError(f"{name} must be a whole number")
            if count < 1:
                raise ValueError(f"{name} must be at least 1")
        if not hasattr(self, "columns_"):
            return
        T = self.n_tasks_
        check_array_state(self.columns_, "columns_", (T + 1,))
        start = self.columns_
        falls = (start[1:] < start[:-1]).any()
        if start.dtype.kind != "i" or start[0] != 0 or falls:
            raise ValueError("columns_ must be starts of slices")
        if len(self.task_names_in_) != T:
            raise ValueError(f"a model of {T} tasks must have as many names")
        classes = getattr(self, "classes_", None)
        if classes is not None and self._ndim == 2 and len(classes) != T:
            raise ValueError(f"a model of {T} tasks must have classes of each")
        for t in range(T) if classes is not None else ():
            self._check_classes(t)

    def _check_classes(self, t):
        known, width = self._task_classes(t), np.diff(self.columns_)[t]
        if known is None:
            return
        if width not in (0, len(known) if len(known) > 2 else 1):
            raise ValueError(f"task {t} has {len(known)} classes in {width} columns")
        if not -1 <= self._constant[t] < max(len(known), 1):
            raise ValueError(f"task {t} has one class that is none of its classes")

    def task(self, name):
        """Single-task scikit-learn view of this fitted model.

        Parameters
        ----------
        name : str or int
            Name of a task, or its number.

        Returns
        -------
        SingleTaskClassifier or SingleTaskRegressor
            Whatever expects one task (displays, calibration, permutation importance,
            SHAP) works on it.
        """
        check_is_fitted(self)
        return self._view(_task_number(self, name))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.required = True
        tags.input_tags.sparse = True
        return tags


class _ScoreMixin:
    def score(self, X, y, sample_weight=None):
        """Plain mean over tasks of accuracy, or R2, over the observed labels.

        Never weighted by ``task_weight``: a tuned weight must not score itself.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks)

        Returns
        -------
        float
        """
        return multitask_score(
            y,
            self.predict(X),
            self._score_metric,
            sample_weight=sample_weight,
            task_names=list(self.task_names_in_),
        )


class MultiTaskClassifierMixin(_ScoreMixin, ClassifierMixin):
    """Every column of Y holds labels of any type, two or more classes."""

    _kind = "classification"
    _score_metric = "accuracy"

    def _view(self, t):
        return SingleTaskClassifier(self, t)

    def _remember(self, targets):
        super()._remember(targets)
        self.classes_ = self._lower(targets.classes)
        self._constant = targets.constant

    def _task_classes(self, t):
        return self.classes_ if self._ndim == 1 else self.classes_[t]

    def _decode(self, t, Z):
        return _labels_of_scores(Z, self._task_classes(t), self._constant[t])


class MultiTaskRegressorMixin(_ScoreMixin, RegressorMixin):
    """Every column of Y holds numbers."""

    _kind = "regression"
    _score_metric = "r2"

    def _view(self, t):
        return SingleTaskRegressor(self, t)

    def _decode(self, t, Z):
        return _numbers_of_scores(Z)


class MixedTaskMixin:
    """Each column of Y holds labels or numbers, see ``task_types``."""

    def _task_types(self):
        return self.task_types

    def _remember(self, targets):
        super()._remember(targets)
        self.task_types_ = list(targets.kinds)
        self.classes_ = self._lower(targets.classes)
        self._constant = targets.constant

    def _task_classes(self, t):
        return self.classes_ if self._ndim == 1 else self.classes_[t]

    def _decode(self, t, Z):
        classes = self._task_classes(t)
        if classes is None:
            return _numbers_of_scores(Z)
        return _labels_of_scores(Z, classes, self._constant[t])

    def _view(self, t):
        labels = self.task_types_[t] == "classification"
        return (SingleTaskClassifier if labels else SingleTaskRegressor)(self, t)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags = ClassifierTags()
        tags.regressor_tags = RegressorTags()
        return tags

    def score(self, X, y, sample_weight=None):
        """Plain mean over tasks, of accuracy or R2, over the observed labels.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks)

        Returns
        -------
        float
        """
        return score_by_kind(
            y,
            self.predict(X),
            self.task_types_,
            sample_weight,
            list(self.task_names_in_),
        )


def score_by_kind(Y, predicted, kinds, sample_weight=None, task_names=None):
    """Plain mean over tasks of accuracy or R2, as they hold labels or numbers.

    Parameters
    ----------
    kinds : list of {"classification", "regression"}
    """
    metrics = {"classification": "accuracy", "regression": "r2"}
    each = [
        multitask_score(
            Y,
            predicted,
            metrics[kind],
            task=t,
            sample_weight=sample_weight,
            task_names=task_names,
        )
        for t, kind in enumerate(kinds)
    ]
    return float(np.nanmean(each)) if not np.isnan(each).all() else np.nan


class DecisionFunctionMixin:
    """Signed scores of classifiers."""

    def decision_function(self, X):
        """Signed distances to the classes' borders.

        Returns
        -------
        ndarray, or list of n_tasks ndarrays if Y was 2-D
            (n_samples,) for two classes, (n_samples, n_classes) for more. A task of
            one class has zeros, a task without labels NaN, a task of numbers is None.
        """
        return self._lower(
            [self._decision(t, Z) for t, Z in enumerate(self._task_scores(X))]
        )

    def _decision(self, t, Z):
        if self._task_classes(t) is None:
            return None
        if Z.shape[1] == 0:
            empty = len(self._task_classes(t)) == 0
            return np.full(len(Z), np.nan if empty else 0.0, dtype=Z.dtype)
        return Z[:, 0] if Z.shape[1] == 1 else Z


class ProbabilityMixin:
    """``predict_proba`` of classifiers; a subclass has ``_probability(t, scores)``."""

    def predict_proba(self, X):
        """Probabilities of the classes.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or list of n_tasks of them
            A list if Y was 2-D. Columns as in ``classes_``; a task without labels has
            no columns, a task of numbers is None.
        """
        return self._lower(
            [self._probability(t, Z) for t, Z in enumerate(self._task_scores(X))]
        )

    def predict_log_proba(self, X):
        """Logarithms of the probabilities of the classes.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or list of n_tasks of them
        """
        with np.errstate(divide="ignore"):
            logs = [
                p if p is None else np.log(p)
                for p in map(self._probability, *zip(*enumerate(self._task_scores(X))))
            ]
        return self._lower(logs)


def _labels_of_scores(Z, classes, constant):
    """Labels of one task, (n,); ``constant`` is the code of its only class, or -1."""
    if len(classes) == 0:
        missing = np.nan if classes.dtype.kind in "biuf" else None
        return np.full(len(Z), missing)
    if constant >= 0:
        return np.repeat(classes[constant], len(Z))
    if Z.shape[1] == 1:
        return classes[(Z[:, 0] > 0).astype(int)]
    return classes[Z.argmax(axis=1)]


def _numbers_of_scores(Z):
    return Z[:, 0] if Z.shape[1] else np.full(len(Z), np.nan)


def _task_number(estimator, name):
    names = list(estimator.task_names_in_)
    if str(name) in names:  # a DataFrame's column 0 is the task "0"
        return names.index(str(name))
    if isinstance(name, int | np.integer) and 0 <= name < len(names):
        return int(name)
    raise ValueError(f"there is no task {name!r}; the tasks are {names}")


def stack_columns(tasks):
    """(n, T) in the tasks' common type: numbers, or text, or else object."""
    families = {"number" if a.dtype.kind in "iuf" else a.dtype.kind for a in tasks}
    if len(families) == 1:
        return np.stack(tasks, axis=1)
    stacked = np.empty((len(tasks[0]), len(tasks)), dtype=object)
    for t, column in enumerate(tasks):
        stacked[:, t] = column
    return stacked


def _warn_of_degenerate_tasks(targets):
    n_labels = np.diff(targets.indptr)
    empty = [targets.names[t] for t in np.flatnonzero(n_labels == 0)]
    single = [targets.names[t] for t in np.flatnonzero(targets.constant >= 0)]
    if empty:
        warn_user(
            "no label is observed, or none of positive weight, for "
            f"{_quoted(empty)}: predictions are missing",
            DegenerateTaskWarning,
        )
    if single:
        warn_user(
            f"only one class is observed for {_quoted(single)}: it is always predicted",
            DegenerateTaskWarning,
        )


def _quoted(names, most=5):
    shown = ", ".join(repr(name) for name in names[:most])
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"task{'s' if len(names) > 1 else ''} {shown}{more}"
