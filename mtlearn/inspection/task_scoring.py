"""One score per task of a fitted model."""

import warnings
from dataclasses import dataclass, field

import numpy as np
from sklearn.base import is_classifier, is_regressor
from sklearn.exceptions import UndefinedMetricWarning

from ..metrics import make_multitask_scorer, multitask_score
from ..metrics.registry import find_metric
from ..metrics.scorer import fitted_classes
from ..tasks import LabelTable
from ..tasks.kinds import read_task_types

USUAL = {"classification": "accuracy", "regression": "r2"}


@dataclass(frozen=True)
class TaskScoring:
    """How tasks are scored.

    Attributes
    ----------
    metric : str, callable or None
        None is accuracy for labels and R2 for numbers.
    names : list of str
    kinds : list of {"classification", "regression"}
    """

    metric: object
    names: list
    kinds: list
    response_method: object = field(default=None)

    @classmethod
    def of(cls, metric, Y, estimator, response_method=None):
        """Read what the tasks hold, as the estimator will."""
        table = LabelTable(Y)
        if table.n_tasks < 2:
            raise ValueError(
                f"there is one task, {table.names[0]!r}: nothing can be shared"
            )
        if isinstance(metric, TaskScoring):
            return metric
        if metric is not None and find_metric(metric).kind == "label sets":
            raise ValueError(
                f"metric={metric!r} scores all tasks at once; comparing tasks needs a "
                "metric of each, such as 'f1'"
            )
        kinds = read_task_types(_task_types(estimator), table)
        return cls(metric, table.names, kinds, response_method)

    @property
    def title(self):
        """What is scored, in words."""
        if self.metric is not None:
            return find_metric(self.metric).name
        return " and ".join(USUAL[kind] for kind in sorted(set(self.kinds)))

    def __call__(self, model, X, Y):
        """Scores (n_tasks,); NaN where the true labels leave the metric undefined."""
        each = np.full(len(self.names), np.nan)
        by_metric = {}
        for t, kind in enumerate(self.kinds):
            by_metric.setdefault(self.metric or USUAL[kind], []).append(t)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UndefinedMetricWarning)
            for metric, tasks in by_metric.items():
                each[tasks] = self._score(model, X, Y, metric, tasks)
        return each

    def _score(self, model, X, Y, metric, tasks):
        scorer = make_multitask_scorer(metric, response_method=self.response_method)
        response = getattr(model, scorer.method_of(model))(X)
        shared = {
            "classes": fitted_classes(model, len(self.names)),
            "task_names": self.names,
        }
        return [multitask_score(Y, response, metric, task=t, **shared) for t in tasks]


def _task_types(estimator):
    if hasattr(estimator, "_task_types"):
        return estimator._task_types()
    given = estimator.get_params(deep=False).get("task_types")
    if given is not None:
        return given
    if is_classifier(estimator):
        return "classification"
    return "regression" if is_regressor(estimator) else "auto"
