"""Multi-task models whose X says in one column to which task a row belongs."""

from itertools import pairwise

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone
from sklearn.utils import column_or_1d, get_tags
from sklearn.utils.metaestimators import available_if

from ..base import MultiTaskEstimator
from ..linear_model import MultiTaskLogisticRegression, MultiTaskRidge
from ..metrics import multitask_score
from ..tasks import LabelTable, OwnRows, task_name
from ..validation import check_choice, check_is_fitted, validate_rows, validate_X
from .keep_task import UNKNOWN_TASK, task_codes
from .task_rows import TaskRows, split_task


def _inner_has(method):
    return available_if(lambda outer: hasattr(outer._estimator(), method))


class _TaskColumn:
    """What classifiers and regressors with a task column share."""

    def __init__(self, estimator=None, *, task_column=None, unknown_task="error"):
        self.estimator = estimator
        self.task_column = task_column
        self.unknown_task = unknown_task

    def fit(self, X, y, sample_weight=None):
        """Fit all tasks together.

        Parameters
        ----------
        X : array or DataFrame (n_samples, n_columns), or TaskRows
            With the task of each row in ``task_column``. Or with the ids beside the
            rows, which is for images that a step before has turned into features.
        y : array-like (n_samples,)
            The label of each row; it may be missing.
        sample_weight : array-like (n_samples,), optional

        Returns
        -------
        self : object
        """
        check_choice(self.unknown_task, "unknown_task", UNKNOWN_TASK)
        estimator = self._estimator()
        if not (isinstance(estimator, MultiTaskEstimator) and self._suits(estimator)):
            raise TypeError(
                f"estimator={estimator!r} must be a multi-task {self._kind} of mtlearn "
                "itself, not one around others; transform features in the steps "
                "before, with keep_task"
            )
        if len(getattr(y, "shape", ())) == 2:
            y = column_or_1d(y, warn=True)
        if self.task_column is None and not isinstance(X, TaskRows | tuple):
            self.estimator_ = clone(estimator).fit(X, y, sample_weight=sample_weight)
            self.tasks_ = None
        else:
            rest, ids = split_task(X, self.task_column)
            self.estimator_ = clone(estimator).fit(
                rest, OwnRows(ids, y), sample_weight=sample_weight
            )
            self.tasks_ = np.unique(ids)
        self._remember_columns(X)
        return self

    def _remember_columns(self, X):
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(self, name):
                delattr(self, name)
        inside = self.estimator_.n_features_in_
        of_pairs = isinstance(X, TaskRows | tuple)
        self.n_features_in_ = inside + (self.tasks_ is not None and not of_pairs)
        if hasattr(X, "columns") and all(isinstance(c, str) for c in X.columns):
            self.feature_names_in_ = np.asarray(X.columns, dtype=object)

    def _has_one_task(self, X):
        check_is_fitted(self, "estimator_")
        if self.tasks_ is None and isinstance(X, TaskRows | tuple):
            raise ValueError("X has task ids, but fit had one task without an id")
        return self.tasks_ is None

    def _estimator(self):
        return self._default() if self.estimator is None else self.estimator

    def _groups_of_rows(self, X):
        """Checked features and, for each task that is asked, its number and rows."""
        rest, ids = split_task(X, self.task_column)
        code = task_codes(ids, self.tasks_, self.unknown_task)
        rest = validate_X(self.estimator_, rest, reset=False)
        groups = [(t, np.flatnonzero(code == t)) for t in np.unique(code)]
        return rest, groups

    def _by_task(self, X, answer, shared):
        """Answers of the rows' own tasks, put in the order of the rows.

        Parameters
        ----------
        answer : callable (t, scores) -> array (m, ...)
        shared : callable (rows) -> array (m, ...)
            For rows of tasks that nobody knows.
        """
        rest, groups = self._groups_of_rows(X)
        parts = []
        for t, rows in groups:
            if t < 0:
                parts.append(shared(rest[rows]))
            else:
                parts.append(answer(t, self.estimator_._scores_of(rest[rows], t)))
        order = np.concatenate([rows for _, rows in groups])
        joined = np.concatenate(parts)
        out = np.empty_like(joined)
        out[order] = joined
        return out

    def add_task(self, X, y, sample_weight=None):
        """Learn one more task, with what the others share as it is.

        The other tasks and the shared part do not change. Linear models with
        ``structure="mean"`` can do so: the new task's coefficients are the shared ones
        plus its own, which the penalty holds near zero.

        Parameters
        ----------
        X : as in ``fit``
            Rows of one task, whose id is new.
        y : array-like (n_samples,)
        sample_weight : array-like (n_samples,), optional

        Returns
        -------
        self : object
        """
        check_is_fitted(self, "estimator_")
        if self.tasks_ is None:
            raise ValueError("add_task needs task_column, which is None: one task")
        if not hasattr(self.estimator_, "_add_task"):
            raise TypeError(
                f"{type(self.estimator_).__name__} has no shared part that a new task "
                "could start from; use MultiTaskLogisticRegression, MultiTaskLinearSVC "
                "or another linear model with structure='mean', or fit anew"
            )
        rest, ids = split_task(X, self.task_column)
        new = self._check_new_task(np.unique(ids))
        rest = validate_X(self.estimator_, rest, reset=False)
        validate_rows(rest, LabelTable(y).n_rows)
        place = int(np.searchsorted(self.tasks_, new))
        self.estimator_._add_task(rest, y, task_name(new), place, sample_weight)
        kind = np.result_type(self.tasks_, np.asarray(new))
        self.tasks_ = np.insert(self.tasks_.astype(kind), place, new)
        return self

    def _check_new_task(self, new):
        """The only id among those of some rows."""
        if len(new) != 1 or np.isin(new, self.tasks_).any():
            raise ValueError(
                "add_task takes the rows of one new task; its ids are "
                f"{new[:10].tolist()}, and fit has seen {self.tasks_[:10].tolist()}"
            )
        families = ["n" if a.dtype.kind in "iuf" else a.dtype.kind
                    for a in (new, self.tasks_)]  # fmt: skip
        if families[0] != families[1]:
            raise ValueError(
                f"the id {new.tolist()[0]!r} of the new task is not of the type of the "
                f"others, {self.tasks_[:3].tolist()}"
            )
        if families[0] == "n" and new[0] == -1:
            raise ValueError(
                "the task -1 is what keep_task calls all tasks that it does not know; "
                "add_task needs an estimator that reads the ids themselves"
            )
        return new[0]

    def score(self, X, y, sample_weight=None):
        """Accuracy, or R2, over all rows that have a label.

        Parameters
        ----------
        X : as in ``fit``
        y : array-like (n_samples,)
        sample_weight : array-like (n_samples,), optional

        Returns
        -------
        float
        """
        return multitask_score(
            y, self.predict(X), self._metric, sample_weight=sample_weight
        )

    @property
    def task_names_in_(self):
        return self.estimator_.task_names_in_

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        inner = get_tags(self._estimator())
        tags.input_tags = inner.input_tags
        # A matrix with a column for the task is none between rows; TaskRows are.
        tags.input_tags.pairwise &= self.task_column is None
        tags.target_tags.required = True
        return tags


class TaskColumnClassifier(_TaskColumn, ClassifierMixin, BaseEstimator):
    """A multi-task classifier for tasks that have their own rows.

    One column of X holds the task of each row, y and all predictions are 1-D, so
    pipelines, ``cross_validate`` and searches treat it as any classifier, and a row
    never loses its task. Inside is one multi-task model of all tasks.

    Parameters
    ----------
    estimator : multi-task classifier, default=None
        Linear, kernel, gradient descent or forest. None is
        ``MultiTaskLogisticRegression(structure="mean")``.
    task_column : int, str or None, default=None
        Number of the column, or in a DataFrame its name. None: all rows are of one
        task, unless X is a :class:`TaskRows`, which carries the ids beside the rows.
    unknown_task : {"error", "shared"}, default="error"
        For rows of a task that ``fit`` has not seen: raise a ValueError that names it,
        or answer by the mean score of all tasks, which is what they share.

    Attributes
    ----------
    classes_ : ndarray
        Labels of all tasks. Tasks that have a label in common, or are linked by others
        that do, are of one alphabet. Structures that tie by ``label_groups``, and
        forests, let them know all of its labels; others, those that they have seen. A
        label that a task does not know gets probability 0.
    tasks_ : ndarray
        Ids, in order.
    estimator_ : the fitted multi-task model, its tasks in the order of ``tasks_``
    n_features_in_ : int
        With the task column.

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.compose import TaskColumnClassifier
    >>> from mtlearn.svm import MultiTaskSVC
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(300, 3))
    >>> X[:, 0] = rng.integers(0, 5, 300)  # five places
    >>> y = X[:, 1] + 0.2 * X[:, 0] * X[:, 2] > 0
    >>> model = TaskColumnClassifier(MultiTaskSVC(structure="mean"), task_column=0)
    >>> bool(model.fit(X, y).score(X, y) > 0.9)
    True
    """

    _kind, _metric = "classifier", "accuracy"

    def _default(self):
        return MultiTaskLogisticRegression(structure="mean")

    def _suits(self, estimator):
        return isinstance(estimator, ClassifierMixin)

    def fit(self, X, y, sample_weight=None):
        super().fit(X, y, sample_weight)
        if self.tasks_ is None:
            self.classes_ = self.estimator_.classes_
        else:
            self._learn_classes()
        return self

    fit.__doc__ = _TaskColumn.fit.__doc__

    def _learn_classes(self):
        known = [labels for labels in self.estimator_.classes_ if len(labels)]
        self.classes_ = np.unique(np.concatenate(known))

    def add_task(self, X, y, sample_weight=None):
        super().add_task(X, y, sample_weight)
        self._learn_classes()
        return self

    add_task.__doc__ = _TaskColumn.add_task.__doc__

    def predict(self, X):
        """The label of each row, by its own task.

        Returns
        -------
        ndarray (n_samples,)
        """
        if self._has_one_task(X):
            return self.estimator_.predict(X)

        def shared(rows):
            has_proba = hasattr(self.estimator_, "predict_proba")
            answer = self._shared_proba if has_proba else self._shared_scores
            return self.classes_[answer(rows).argmax(axis=1)]

        return self._by_task(X, self.estimator_._decode, shared)

    @_inner_has("predict_proba")
    def predict_proba(self, X):
        """Probabilities of ``classes_``, 0 for labels of another alphabet.

        Returns
        -------
        ndarray (n_samples, n_classes)
        """
        if self._has_one_task(X):
            return self.estimator_.predict_proba(X)

        return self._by_task(X, self._class_proba, self._shared_proba)

    def _class_proba(self, t, Z):
        return self._at_classes(t, self.estimator_._probability(t, Z), 0.0)

    def _shared_proba(self, rows):
        """Mean probabilities over all tasks."""
        each = [self._class_proba(t, Z) for t, Z in self._scores_of_all(rows)]
        return np.mean(each, axis=0)

    @_inner_has("predict_proba")
    def predict_log_proba(self, X):
        """Logarithms of the probabilities."""
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    @_inner_has("decision_function")
    def decision_function(self, X):
        """Scores of ``classes_``, (n_samples, n_classes); (n_samples,) for two.

        A label that the row's task does not know has minus infinity.
        """
        if self._has_one_task(X):
            return self.estimator_.decision_function(X)
        scores = self._by_task(X, self._class_scores, self._shared_scores)
        if len(self.classes_) != 2:
            return scores
        # Of a task that knows one of the two, the other has minus infinity.
        return np.where(np.isinf(scores[:, 0]), np.inf, scores[:, 1])

    def _class_scores(self, t, Z):
        """Scores of all classes from the columns of a task, (m, n_classes)."""
        n_labels = len(self.estimator_.classes_[t])
        if Z.shape[1] == 0:  # one label, or none
            Z = np.zeros((len(Z), n_labels))
        elif n_labels == 2:
            Z = np.hstack([-Z, Z])
        return self._at_classes(t, Z, -np.inf)

    def _at_classes(self, t, values, fill):
        labels = self.estimator_.classes_[t]
        out = np.full((len(values), len(self.classes_)), fill, dtype=values.dtype)
        out[:, np.searchsorted(self.classes_, labels)] = values
        return out

    def _scores_of_all(self, rows):
        scores, columns = self.estimator_._scores(rows), self.estimator_.columns_
        for t, (start, stop) in enumerate(pairwise(columns)):
            if len(self.estimator_.classes_[t]):
                yield t, scores[:, start:stop]

    def _shared_scores(self, rows):
        """Mean score of each label over the tasks that know it."""
        total = np.zeros((rows.shape[0], len(self.classes_)))
        times = np.zeros(len(self.classes_))
        for t, Z in self._scores_of_all(rows):
            known = np.searchsorted(self.classes_, self.estimator_.classes_[t])
            total[:, known] += self._class_scores(t, Z)[:, known]
            times[known] += 1
        return total / np.maximum(times, 1)


class TaskColumnRegressor(_TaskColumn, RegressorMixin, BaseEstimator):
    """Multi-task regression for tasks that have their own rows.

    See :class:`TaskColumnClassifier`: one column of X holds the task of each row.

    Parameters
    ----------
    estimator : multi-task regressor, default=None
        None is ``MultiTaskRidge(structure="mean")``.
    task_column, unknown_task : see :class:`TaskColumnClassifier`

    Attributes
    ----------
    tasks_ : ndarray
        Ids, in order.
    estimator_ : the fitted multi-task model, its tasks in the order of ``tasks_``
    n_features_in_ : int
        With the task column.

    Examples
    --------
    Exam marks in schools; tomorrow a new school comes with twelve pupils.

    >>> import numpy as np
    >>> from mtlearn.compose import TaskColumnRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(400, 6))
    >>> X[:, 0] = school = rng.integers(0, 20, 400)
    >>> slopes = [1.0, 2.0, 0.0, -1.0, 1.0] + 0.2 * rng.normal(size=(21, 5))
    >>> y = np.sum(X[:, 1:] * slopes[school], axis=1) + 0.3 * rng.normal(size=400)
    >>> model = TaskColumnRegressor(task_column=0).fit(X, y)
    >>> new = rng.normal(size=(12, 6))
    >>> new[:, 0] = 20
    >>> model = model.add_task(new, new[:, 1:] @ slopes[20])
    >>> model.tasks_[-1]
    np.float64(20.0)
    >>> bool(model.score(new, new[:, 1:] @ slopes[20]) > 0.95)
    True
    """

    _kind, _metric = "regressor", "r2"

    def _default(self):
        return MultiTaskRidge(structure="mean")

    def _suits(self, estimator):
        return isinstance(estimator, RegressorMixin)

    def predict(self, X):
        """The number of each row, by its own task.

        Returns
        -------
        ndarray (n_samples,)
        """
        if self._has_one_task(X):
            return self.estimator_.predict(X)

        def own(t, Z):
            decoded = self.estimator_._decode(t, Z)
            return decoded.astype(np.float64)

        def shared(rows):
            scores = self.estimator_._scores(rows)
            return scores.mean(axis=1, dtype=np.float64)

        return self._by_task(X, own, shared)
