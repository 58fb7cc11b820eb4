"""A tuned multi-task model beside one tuned model per task."""

import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from tempfile import TemporaryDirectory

import numpy as np
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.utils import compute_sample_weight

from ..metrics import make_multitask_scorer, task_scorers
from ..svm import MultiTaskLinearSVC
from ..tasks import LabelTable
from ..validation import progress_bar
from .console import note, user_errors
from .features import LEARNED, make_features

GRID = {
    "svm__sharing": [0.0, 0.5, 0.9],
    "svm__C": [0.02, 0.1, 0.5],
    "svm__task_weight": [None, "balanced"],
}
# The rival picks its own C for every task, from as many settings as the grid has.
RIVAL_C = np.logspace(-3, 0.5, int(np.prod([len(values) for values in GRID.values()])))


@dataclass
class Result:
    """What a run found.

    Attributes
    ----------
    search : GridSearchCV
        Fitted; ``best_estimator_`` is the multi-task pipeline.
    rival : Pipeline
        One model per task, each with its own C.
    scores : dict of {metric: {"independent" or "multi-task": ndarray (T,)}}
        On the held-out rows.
    """

    metric: str
    search: GridSearchCV
    rival: Pipeline
    scores: dict


def make_pipeline(shape, features=None, memory=None, **parameters):
    """Features and a linear SVM for pictures of ``shape`` (height, width[, 3])."""
    svm = MultiTaskLinearSVC(**parameters)
    steps = [("features", make_features(features, shape)), ("svm", svm)]
    return Pipeline(steps, memory=memory)


def check_features(images, features=None):
    """Refuse pictures that are too small, too few or too grey for the features."""
    with user_errors(ValueError):
        learned = set(features or ()) & set(LEARNED)
        make_features(features, images.shape[1:]).fit(images if learned else images[:1])


@contextmanager
def pipelines(shape, features=None):
    """Yields :func:`make_pipeline` for these; learned features are kept meanwhile."""
    if not set(features or ()) & set(LEARNED):
        yield partial(make_pipeline, shape, features)
        return
    with TemporaryDirectory() as folder:
        yield partial(make_pipeline, shape, features, folder)


def tune_multi_task(data, metric, pipeline, n_jobs=None):
    """Search sharing, C and task weights together; one setting for all tasks."""
    search = GridSearchCV(
        pipeline(),
        GRID,
        scoring=make_multitask_scorer(metric),
        cv=data.folds(),
        n_jobs=n_jobs,
    )
    _fit(search, data)
    search.best_estimator_.memory = None  # the folder is there for the search only
    if not search.best_estimator_["svm"].converged_:
        note("the multi-task model was not solved to its tolerance")
    return search


def tune_independent(data, metric, pipeline, n_jobs=None):
    """One model per task: the best C of each, on the same folds.

    At ``structure="independent"`` a task's weight is its own C, so all models are
    fitted in one.
    """
    search = GridSearchCV(
        pipeline(structure="independent"),
        {"svm__C": RIVAL_C},
        scoring=task_scorers(metric, n_tasks=len(data.task_names)),
        cv=data.folds(),
        n_jobs=n_jobs,
        refit=False,
    )
    _fit(search, data)
    best = {}
    for t in range(len(data.task_names)):
        scores = search.cv_results_[f"mean_test_task{t}"]
        known = not np.isnan(scores).all()
        best[f"task{t}"] = float(RIVAL_C[np.nanargmax(scores)]) if known else 0.1
    rival = pipeline(structure="independent", task_weight=best)
    return rival.fit(data.images, data.labels, svm__sample_weight=_balance(data))


def _fit(search, data):
    missing_bar = progress_bar(search)
    if missing_bar:
        note(missing_bar)
    with warnings.catch_warnings():
        # Each fold and setting would repeat them; the rival's last fit shows them.
        warnings.simplefilter("ignore")
        search.fit(data.images, data.labels, svm__sample_weight=_balance(data))
    if hasattr(search, "set_callbacks"):
        search.set_callbacks()


def _balance(data):
    """Weights (n, T) by which every class of a task counts the same."""
    weights = np.ones(data.labels.shape)
    for t, column in enumerate(LabelTable(data.labels).columns()):
        seen = column.observed
        weights[seen, t] = compute_sample_weight("balanced", column.values[seen])
    return weights


def score(data, metric, search, rival):
    """Both models on the held-out rows, per task, by several metrics."""
    models = {"independent": rival, "multi-task": search.best_estimator_}
    scores = {}
    for name in dict.fromkeys([metric, "balanced_accuracy"]):
        scorers = task_scorers(name, n_tasks=len(data.task_names))
        scores[name] = {
            model: np.array(
                list(scorers(pipeline, data.test_images, data.test_labels).values())
            )
            for model, pipeline in models.items()
        }
    return Result(metric, search, rival, scores)


def n_labels(data):
    """Number of known training labels and of classes, per task."""
    columns = [
        column.values[column.observed] for column in LabelTable(data.labels).columns()
    ]
    return [len(values) for values in columns], [
        len(np.unique(values)) for values in columns
    ]
