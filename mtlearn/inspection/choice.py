"""Tasks that sharing hurts, learned alone."""

import warnings

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import UndefinedMetricWarning

from ..base import score_by_kind, stack_columns
from ..exceptions import DegenerateTaskWarning
from ..model_selection.delegation import available_if_inner_has
from ..validation import check_is_fitted
from .comparison import (
    as_table,
    compare_versions,
    read_folds,
    read_scoring,
    read_tuning,
)
from .rivals import dissect, groups_for_search, independent, is_shared
from .taskwise import TaskwiseEstimator

# Differences below this are none.
ROUNDING = 1e-9


class ChosenSharingCV(TaskwiseEstimator):
    """Estimator of many tasks that learns alone the tasks that sharing hurts.

    In :meth:`fit` all tasks are learned together and apart on the same folds. A task
    that is worse together by more than one corrected standard error is learned by a
    model of its own from then on, the others together, without it.

    Parameters
    ----------
    estimator : estimator of many tasks, Pipeline that ends in one, or search around it
    metric : str or callable, default=None
    cv : int, splitter or iterable, default=None
    Cs : list of float, optional
        These three as in :func:`compare_sharing`.
    n_jobs : int, default=None
        Folds that run in parallel.

    Attributes
    ----------
    alone_ : list of str
        Tasks that are learned alone.
    report_ : SharingReport
        On the folds of the choice. It flatters: see :func:`choose_sharing`.
    together_ : fitted estimator
    independent_ : fitted estimator, or None if no task is alone
    task_names_in_ : ndarray of str
    """

    def __init__(self, estimator, *, metric=None, cv=None, Cs=None, n_jobs=None):
        self.estimator = estimator
        self.metric = metric
        self.cv = cv
        self.Cs = Cs
        self.n_jobs = n_jobs

    def fit(self, X, y, *, groups=None, **params):
        """Compare on the folds, choose, and fit to all rows.

        Parameters
        ----------
        X : (n_samples, ...)
        y : labels of any form, (n_samples, n_tasks)
        groups : array-like (n_samples,), optional
            For ``cv``.
        **params
            Passed to ``fit`` of the estimators.

        Returns
        -------
        self : object
        """
        Y = as_table(y)
        anatomy = dissect(self.estimator)
        scoring = read_scoring(self.metric, anatomy, Y)
        rival = independent(anatomy, read_tuning(scoring, anatomy, Y), self.Cs)
        params = {**groups_for_search(anatomy, groups), **params}
        folds = list(read_folds(self.cv, groups).split(X, Y, groups))
        self.report_ = compare_versions(
            {"together": self.estimator, "independent": rival},
            X,
            Y,
            folds,
            scoring,
            params={"together": params, "independent": params},
            n_jobs=self.n_jobs,
        )
        self._task_names = np.array(scoring.names, dtype=object)
        self._is_alone = self.report_.difference < -(self.report_.error + ROUNDING)
        self.alone_ = self.task_names_in_[self._is_alone].tolist()
        with warnings.catch_warnings():
            # Labels of tasks that are alone are hidden from the others.
            warnings.simplefilter("ignore", DegenerateTaskWarning)
            warnings.simplefilter("ignore", UndefinedMetricWarning)
            together = clone(self.estimator)
            if is_shared(anatomy.model) and not self._is_alone.all():
                self.together_ = together.fit(X, self._hide_alone(Y), **params)
            else:
                self.together_ = together.fit(X, Y, **params)
        self.independent_ = clone(rival).fit(X, Y, **params) if self.alone_ else None
        return self

    def _hide_alone(self, Y):
        """A copy without the labels of the tasks that are learned alone."""
        if hasattr(Y, "iloc"):
            Y = Y.copy()
            for t in np.flatnonzero(self._is_alone):
                Y.isetitem(t, [None] * len(Y))
            return Y
        hidden = np.ma.getmaskarray(Y) | self._is_alone
        return np.ma.masked_array(np.ma.getdata(Y), hidden)

    def _merged(self, each_of):
        """A list of T answers, from a function of a fitted estimator."""
        check_is_fitted(self, "together_")
        together = each_of(self.together_)
        if self.independent_ is None:
            return list(together)
        alone = each_of(self.independent_)
        return [
            alone[t] if is_alone else together[t]
            for t, is_alone in enumerate(self._is_alone)
        ]

    def predict(self, X):
        """Predictions, (n_samples, n_tasks)."""
        columns = self._merged(lambda model: list(np.asarray(model.predict(X)).T))
        return stack_columns(columns)

    @available_if_inner_has("predict_proba")
    def predict_proba(self, X):
        """Class probabilities of each task."""
        return self._merged(lambda model: model.predict_proba(X))

    @available_if_inner_has("decision_function")
    def decision_function(self, X):
        """Scores of each task."""
        return self._merged(lambda model: model.decision_function(X))

    @property
    def classes_(self):
        return self._merged(lambda model: model.classes_)

    def score(self, X, y, sample_weight=None):
        """Plain mean over tasks of accuracy, or of R2 for tasks of numbers."""
        kinds = read_scoring(None, dissect(self.together_), as_table(y)).kinds
        return score_by_kind(y, self.predict(X), kinds, sample_weight)


def choose_sharing(
    estimator,
    X,
    Y,
    *,
    metric=None,
    cv=None,
    outer_cv=None,
    groups=None,
    Cs=None,
    params=None,
    n_jobs=None,
):
    """Learn together what gains from it, and alone what is hurt.

    Parameters
    ----------
    estimator, X, Y, metric, cv, groups, Cs, params, n_jobs
        See :func:`compare_sharing`.
    outer_cv : int, splitter or iterable, default=None
        Folds in which the whole procedure, choice included, is repeated and scored.

    Returns
    -------
    ChosenSharingCV
        Fitted to all rows, with ``outer_report_``: what the choice is worth against
        independent models. ``report_``, on the folds of the choice, flatters it.

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.inspection import choose_sharing
    >>> from mtlearn.linear_model import MultiTaskRidge
    >>> rng = np.random.default_rng(0)
    >>> X, w = rng.normal(size=(200, 30)), rng.normal(size=(30, 1))
    >>> Y = X @ w @ [[1, 1, 1, -1]] + 5 * rng.normal(size=(200, 4))
    >>> model = MultiTaskRidge(C=0.1, structure="mean", sharing=0.9)  # ties all four
    >>> chosen = choose_sharing(model, X, Y)
    >>> chosen.alone_
    ['task3']
    """
    Y, params = as_table(Y), params or {}
    chooser = ChosenSharingCV(estimator, metric=metric, cv=cv, Cs=Cs)
    anatomy = dissect(estimator)
    scoring = read_scoring(metric, anatomy, Y)
    folds = list(read_folds(outer_cv, groups).split(X, Y, groups))
    rival = independent(anatomy, read_tuning(scoring, anatomy, Y), Cs)
    versions = {"chosen": chooser, "independent": rival}
    inner = groups_for_search(anatomy, groups)
    of_rival = {**inner, **params}
    of_chooser = params if groups is None else {**params, "groups": np.asarray(groups)}
    report = compare_versions(
        versions,
        X,
        Y,
        folds,
        scoring,
        params={"chosen": of_chooser, "independent": of_rival},
        n_jobs=n_jobs,
    )
    chosen = clone(chooser).set_params(n_jobs=n_jobs).fit(X, Y, **of_chooser)
    chosen.outer_report_ = report
    return chosen
