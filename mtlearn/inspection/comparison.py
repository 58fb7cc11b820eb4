"""Whether learning tasks together helped, and whom."""

import time
import warnings
from collections.abc import Mapping
from contextlib import contextmanager

import numpy as np
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, UndefinedMetricWarning
from sklearn.model_selection import check_cv

from ..exceptions import DegenerateTaskWarning
from ..metrics import make_multitask_scorer
from ..metrics.scorer import MultiTaskScorer
from ..model_selection import MultiTaskStratifiedGroupKFold, MultiTaskStratifiedKFold
from ..model_selection.cross_validation import cut_params, take_rows
from ..tasks import LabelTable, read_label_groups
from ..validation import check_number
from .rivals import (
    count_settings,
    dissect,
    groups_for_search,
    independent,
    pooled,
)
from .sharing_report import SharingReport
from .task_scoring import TaskScoring


def compare_sharing(
    estimator,
    X,
    Y,
    *,
    metric=None,
    cv=None,
    groups=None,
    Cs=None,
    label_groups=None,
    confidence=0.95,
    params=None,
    n_jobs=None,
):
    """Fit tasks together, apart and as one on the same folds, and say who gained.

    The rival of the estimator is a model per task, which chooses its own settings for
    each task, from as many as the estimator's search has and by the same inner folds:
    so a difference is not one of tuning. Differences are given with the interval of the
    corrected resampled t, and a task is called helped or hurt if its p-value, adjusted
    by Holm for the number of tasks, is below ``1 - confidence``.

    Parameters
    ----------
    estimator : estimator of many tasks, Pipeline that ends in one, or search around it
        GridSearchCV, RandomizedSearchCV or MultiTaskLinearCV, also as last step of a
        Pipeline. Without a search neither side is tuned.
    X : (n_samples, ...)
        What the estimator takes.
    Y : labels of any form, (n_samples, n_tasks)
        May have missing labels.
    metric : str or callable, default=None
        See :func:`mtlearn.metrics.multitask_score`. Default: what the search maximises,
        else accuracy of labels and R2 of numbers.
    cv : int, splitter or iterable, default=None
        Outer folds. ``None`` and an int are that many (5), stratified over all tasks,
        and by ``groups`` if given. Ten random splits
        (:class:`~mtlearn.model_selection.MultiTaskStratifiedShuffleSplit`) see smaller
        differences than five folds.
    groups : array-like (n_samples,), optional
        For ``cv``, and for the folds of the search if they ask for groups.
    Cs : list of float, optional
        Strengths (``C``, or ``alpha``) from which the rival chooses for each task.
        Default: those of the search and, where that has more settings, others between
        a tenth of the least and ten times the greatest, until there are as many.
    label_groups : "all" or list of lists of task names, optional
        Tasks that ask the same question, so that one model for all of them makes sense
        and is compared, too. Default: those of the estimator.
    confidence : float in (0, 1), default=0.95
    params : dict, optional
        Passed to ``fit``, arrays cut to the rows of the fold.
    n_jobs : int, default=None
        Folds that run in parallel.

    Returns
    -------
    SharingReport

    Notes
    -----
    *Independent* linear models have ``structure="independent"``; other models are
    fitted once per task to the rows with its labels, forests with ``n_estimators``
    trees each.
    *Pooled* is one model for the stacked pairs of row and label of a group, or of a
    forest ``sharing=1``; *own intercepts* are linear models alike in all but that.

    References
    ----------
    C. Nadeau and Y. Bengio (2003), "Inference for the generalization error", Machine
    Learning 52.

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.inspection import compare_sharing
    >>> from mtlearn.linear_model import MultiTaskRidge
    >>> from mtlearn.model_selection import MultiTaskStratifiedShuffleSplit
    >>> rng = np.random.default_rng(0)
    >>> X, w = rng.normal(size=(200, 30)), rng.normal(size=(30, 1))
    >>> Y = X @ w + 5 * rng.normal(size=(200, 4))  # four times the same question
    >>> model = MultiTaskRidge(C=0.01, structure="mean", sharing=0.9)
    >>> cv = MultiTaskStratifiedShuffleSplit(20, test_size=0.2, random_state=0)
    >>> compare_sharing(model, X, Y, cv=cv).helped
    ['task0', 'task1', 'task2', 'task3']
    """
    check_number(confidence, "confidence", 0, 1, open_low=True)
    Y = as_table(Y)
    anatomy = dissect(estimator)
    scoring = read_scoring(metric, anatomy, Y)
    tuning = read_tuning(scoring, anatomy, Y)
    ties = _read_groups(label_groups, anatomy.model, Y, scoring)
    versions = {
        "together": estimator,
        "independent": independent(anatomy, tuning, Cs),
        **pooled(anatomy, ties, tuning, Cs),
    }
    params = {**groups_for_search(anatomy, groups), **(params or {})}
    folds = list(read_folds(cv, groups).split(X, Y, groups))
    return compare_versions(
        versions,
        X,
        Y,
        folds,
        scoring,
        params=dict.fromkeys(versions, params),
        confidence=confidence,
        n_jobs=n_jobs,
    )


def compare_versions(
    versions, X, Y, folds, scoring, *, params, confidence=0.95, n_jobs=None
):
    """Score estimators by name on the same folds; the first two are compared.

    ``params`` has the parameters of ``fit`` by the same names.
    """
    if len(folds) < 2:
        raise ValueError(f"cv makes {len(folds)} fold; a comparison needs two")
    found = Parallel(n_jobs=n_jobs)(
        delayed(_fit_and_score)(model, X, Y, train, test, scoring, params[name])
        for train, test in folds
        for name, model in versions.items()
    )
    scores, seconds, converged = zip(*found)
    shape = len(folds), len(versions)
    scores = np.array(scores).reshape(*shape, -1)
    seconds = np.array(seconds).reshape(shape)
    converged = np.array(converged).reshape(shape)
    observed = np.column_stack([c.observed for c in LabelTable(Y).columns()])
    return SharingReport(
        task_names=scoring.names,
        scores={name: scores[:, i].T for i, name in enumerate(versions)},
        seconds={name: seconds[:, i] for i, name in enumerate(versions)},
        n_stopped=dict(zip(versions, (~converged).sum(axis=0).tolist())),
        n_settings={name: count_settings(model) for name, model in versions.items()},
        n_labels=observed.sum(axis=0),
        test_share=_test_shares(observed, folds),
        metric=scoring.title,
        confidence=confidence,
    )


def as_table(Y):
    """Labels as a frame or an array, whose columns can be taken."""
    return LabelTable(Y).data


def read_folds(cv, groups=None):
    """A splitter; of a number, stratified over all tasks, and by groups if given."""
    if cv is None or isinstance(cv, int | np.integer):
        n_splits = 5 if cv is None else int(cv)
        if groups is not None:
            return MultiTaskStratifiedGroupKFold(n_splits)
        return MultiTaskStratifiedKFold(n_splits)
    return check_cv(cv)


def read_scoring(metric, anatomy, Y):
    """What is compared: what was asked for, else what the search maximises."""
    response = None
    if metric is None and anatomy.search is not None:
        metric = _metric_of_search(anatomy.search)
    if isinstance(metric, MultiTaskScorer):
        metric, response = metric.metric, metric.response_method
    if metric is not None:
        make_multitask_scorer(metric)  # an unknown name is explained here
    return TaskScoring.of(metric, Y, anatomy.model, response)


def _metric_of_search(search):
    """A name, a MultiTaskScorer, or None for the estimator's own score."""
    scoring, refit = search.scoring, getattr(search, "refit", None)
    if isinstance(scoring, Mapping) and len(scoring):
        scoring = scoring.get(refit, next(iter(scoring.values())))
    if scoring is None or isinstance(scoring, str | MultiTaskScorer):
        return scoring
    raise ValueError(
        f"the search maximises {scoring!r}, of which no score per task can be made; "
        "pass metric=..."
    )


def read_tuning(scoring, anatomy, Y):
    """What the rivals are tuned by: what the search maximises, if that is per task."""
    if anatomy.search is None:
        return scoring
    try:
        return read_scoring(None, anatomy, Y)
    except ValueError:
        return scoring


def _read_groups(label_groups, model, Y, scoring):
    """Names of the tasks of each group."""
    if label_groups is None:
        label_groups = model.get_params(deep=False).get("label_groups")
    table = LabelTable(Y)
    categories = [column.categories for column in table.columns()]
    groups = read_label_groups(label_groups, table.names, scoring.kinds, categories)
    return [[table.names[t] for t in group] for group in groups]


def _fit_and_score(model, X, Y, train, test, scoring, params):
    """Scores of the tasks on one fold, seconds of fitting, and whether it converged."""
    n_rows = X.shape[0] if hasattr(X, "shape") else len(X)
    given = cut_params(params, train, n_rows)
    with quiet_about_folds() as told:
        start = time.perf_counter()
        model = clone(model).fit(take_rows(X, train), take_rows(Y, train), **given)
        seconds = time.perf_counter() - start
        scores = scoring(model, take_rows(X, test), take_rows(Y, test))
    return scores, seconds, not any(issubclass(c, ConvergenceWarning) for c in told)


# What the report says of folds, in its own way.
NOTED = (DegenerateTaskWarning, UndefinedMetricWarning, ConvergenceWarning)


@contextmanager
def quiet_about_folds():
    """No warnings of what a fold lacks, which shows as a gap, nor of convergence.

    Yields a list that has the categories of all warnings in the end.
    """
    categories = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield categories
    for warning in caught:
        categories.append(warning.category)
        known = issubclass(warning.category, NOTED)
        if not known and "some parts lack classes" not in str(warning.message):
            warnings.warn_explicit(
                warning.message, warning.category, warning.filename, warning.lineno
            )


def _test_shares(observed, folds):
    """Number of test labels over that of training labels, in the mean, per task."""
    test, train = (
        np.mean([observed[rows].sum(axis=0) for rows in parts], axis=0)
        for parts in zip(*((test, train) for train, test in folds))
    )
    return np.divide(test, train, out=np.zeros(len(test)), where=train > 0)
