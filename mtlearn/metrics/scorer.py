"""Scorers for ``scoring=`` of scikit-learn's searches and cross-validation."""

from collections.abc import Mapping

import numpy as np
from sklearn import get_config
from sklearn.utils.metadata_routing import MetadataRequest

from ..validation import ScorerProtocol
from .registry import find_metric
from .score import multitask_score


def make_multitask_scorer(metric, *, task=None, average="macro", response_method=None):
    """Make a scorer for estimators of several tasks, with missing labels in ``Y``.

    Parameters
    ----------
    metric : str or callable
        See :func:`multitask_score`.
    task : str or int, optional
        Score this task only.
    average : {"macro", "weighted", "worst"}, default="macro"
        Plain mean over the tasks, mean by their numbers of labels, or the least score.
    response_method : str, optional
        What is scored: "predict", "decision_function" or "predict_proba". Default: what
        the metric is made for; rankings take ``decision_function`` if the estimator has
        it, else ``predict_proba``. A callable metric gets ``predict`` by default.

    Returns
    -------
    scorer : callable (estimator, X, Y, sample_weight=None) -> float
        A greater score is better. With metadata routing, request weights by
        ``scorer.set_score_request(sample_weight=True)``.

    Examples
    --------
    >>> from sklearn.datasets import make_multilabel_classification
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from mtlearn.metrics import make_multitask_scorer
    >>> X, Y = make_multilabel_classification(n_classes=3, random_state=0)
    >>> search = GridSearchCV(
    ...     KNeighborsClassifier(),
    ...     {"n_neighbors": [1, 5]},
    ...     scoring=make_multitask_scorer("roc_auc"),
    ... )
    >>> search.fit(X, Y).best_params_
    {'n_neighbors': 5}
    """
    return MultiTaskScorer(metric, task, average, response_method)


def task_scorers(metric, *, n_tasks=None, task_names=None):
    """One scorer per task, for multi-metric search: a column of ``cv_results_`` each.

    Parameters
    ----------
    metric : str or callable
        See :func:`multitask_score`.
    n_tasks : int, optional
        The scorers are then named task0, task1, ...
    task_names : list of str, optional
        Of all tasks, in their order, if ``Y`` is an array. One of the two must be
        given.

    Returns
    -------
    TaskScorers
        A dict from task name to scorer that predicts once for all tasks.

    Examples
    --------
    >>> from mtlearn.metrics import task_scorers
    >>> list(task_scorers("roc_auc", task_names=["collar", "sleeve"]))
    ['collar', 'sleeve']
    """
    if (n_tasks is None) == (task_names is None):
        raise ValueError("task_scorers needs n_tasks or task_names, and not both")
    if task_names is None:
        task_names = [f"task{t}" for t in range(n_tasks)]
        tasks = range(n_tasks)
    else:
        tasks = task_names = [str(name) for name in task_names]
    return TaskScorers(
        (name, MultiTaskScorer(metric, task, task_names=task_names))
        for name, task in zip(task_names, tasks)
    )


class _ScoreRequest(ScorerProtocol):
    """Which metadata a scorer asks for, by scikit-learn's rules for scorers."""

    _requests: Mapping = {}

    def set_score_request(self, **requests):
        """Ask for metadata, as in scikit-learn's ``set_score_request``.

        Parameters
        ----------
        sample_weight : bool, str or None

        Returns
        -------
        self
        """
        if not get_config()["enable_metadata_routing"]:
            raise RuntimeError(
                "set_score_request is only available when metadata routing is enabled: "
                "sklearn.set_config(enable_metadata_routing=True)"
            )
        unknown = sorted(set(requests) - {"sample_weight"})
        if unknown:
            raise TypeError(f"a scorer takes sample_weight, not {unknown}")
        self._requests = requests
        return self

    def get_metadata_routing(self):
        """What was asked for, as scikit-learn's MetadataRequest."""
        request = MetadataRequest(owner=self)
        for name, alias in self._requests.items():
            request.score.add_request(param=name, alias=alias)
        return request


_SHOWN = {"task": None, "average": "macro", "response_method": None}


class MultiTaskScorer(_ScoreRequest):
    """What :func:`make_multitask_scorer` returns.

    ``task_names`` names the columns where neither ``Y`` nor the estimator does.
    """

    def __init__(
        self,
        metric,
        task=None,
        average="macro",
        response_method=None,
        task_names=None,
    ):
        if average not in ("macro", "weighted", "worst"):
            raise ValueError(
                f"average={average!r}: a scorer returns one number, so 'macro', "
                "'weighted' or 'worst'; task_scorers(...) gives one scorer per task"
            )
        self.metric = metric
        self.task = task
        self.average = average
        self.response_method = response_method
        self.task_names = task_names
        find_metric(metric, response_method)

    def __repr__(self):
        shown = [getattr(self.metric, "__name__", repr(self.metric))]
        for name, default in _SHOWN.items():
            value = getattr(self, name)
            if value != default:
                shown.append(f"{name}={value!r}")
        return f"make_multitask_scorer({', '.join(shown)})"

    def __call__(self, estimator, X, Y, sample_weight=None):
        """Score ``estimator`` on ``X`` and ``Y``: a float, greater is better."""
        response = getattr(estimator, self.method_of(estimator))(X)
        return self.score_response(estimator, response, Y, sample_weight)

    def method_of(self, estimator):
        """Name of the method of ``estimator`` whose output is scored."""
        responses = find_metric(self.metric, self.response_method).responses
        if self.response_method is not None:
            responses = (self.response_method,)
        for method in responses:
            if hasattr(estimator, method):
                return method
        raise AttributeError(
            f"{type(estimator).__name__} has no {' or '.join(responses)}, which "
            f"{self!r} scores"
        )

    def score_response(self, estimator, response, Y, sample_weight=None):
        """Score what the method of :meth:`method_of` has returned."""
        names = fitted_task_names(estimator)
        if self.task_names is not None and set(names or ()) != set(self.task_names):
            names = self.task_names  # a model of plain arrays calls them task0, ...
        if hasattr(Y, "columns") and set(names or ()) != {str(c) for c in Y.columns}:
            names = None  # Y names its columns itself
        n_tasks = 1 if np.ndim(Y) < 2 else np.shape(Y)[1]
        return multitask_score(
            Y,
            response,
            find_metric(self.metric, self.response_method),
            task=self.task,
            average=self.average,
            sample_weight=sample_weight,
            classes=fitted_classes(estimator, n_tasks),
            task_names=names if names is None or len(names) == n_tasks else None,
        )


class TaskScorers(_ScoreRequest, dict):
    """Dict from task name to scorer; called, it predicts once and scores every task.

    scikit-learn takes it as a callable that returns a dict of scores, so ``refit=`` is
    a task's name. More scorers may be put in.
    """

    def __call__(self, estimator, X, Y, sample_weight=None):
        """Scores of ``estimator`` on ``X`` and ``Y`` by name."""
        responses, scores = {}, {}
        for name, scorer in self.items():
            if isinstance(scorer, MultiTaskScorer):
                method = scorer.method_of(estimator)
                if method not in responses:
                    responses[method] = getattr(estimator, method)(X)
                scores[name] = scorer.score_response(
                    estimator, responses[method], Y, sample_weight
                )
            else:
                scores[name] = scorer(estimator, X, Y)
        return scores


def final_estimator(estimator):
    """The fitted model inside pipelines and searches."""
    while True:
        if hasattr(estimator, "best_estimator_"):
            estimator = estimator.best_estimator_
        elif hasattr(estimator, "steps"):
            estimator = estimator.steps[-1][1]
        else:
            return estimator


def fitted_task_names(estimator):
    """``task_names_in_`` as a list of str, or None."""
    names = getattr(final_estimator(estimator), "task_names_in_", None)
    return None if names is None else [str(name) for name in names]


def fitted_classes(estimator, n_tasks):
    """``classes_`` as a list of one array per task, or None if there is none such."""
    classes = getattr(estimator, "classes_", None)
    if classes is None or len(classes) == 0:
        return None
    listed = isinstance(classes, list | tuple) and np.ndim(classes[0]) == 1
    if n_tasks == 1:
        return list(classes) if listed and len(classes) == 1 else [classes]
    # Models of label indicators list their columns there, which are no classes.
    return list(classes) if listed and len(classes) == n_tasks else None
