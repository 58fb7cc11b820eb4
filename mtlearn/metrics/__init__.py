"""Scores of several tasks with missing labels.

:func:`multitask_score` scores predictions, :func:`make_multitask_scorer` and
:func:`task_scorers` make scorers for scikit-learn's searches. :data:`METRICS` holds
the metrics known by name, :func:`task_report` is a table of several.
:func:`tune_threshold` and :func:`never_empty` make label sets of scores.
"""

from .metric import Metric
from .registry import METRICS
from .report import task_report
from .score import multitask_score
from .scorer import TaskScorers, make_multitask_scorer, task_scorers
from .table import Table
from .thresholds import THRESHOLD_METRICS, never_empty, tune_threshold

__all__ = [
    "METRICS",
    "THRESHOLD_METRICS",
    "Metric",
    "Table",
    "TaskScorers",
    "make_multitask_scorer",
    "multitask_score",
    "never_empty",
    "task_report",
    "task_scorers",
    "tune_threshold",
]
