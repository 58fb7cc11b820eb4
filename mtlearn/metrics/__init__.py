"""Scores of several tasks with missing labels.

:func:`multitask_score` scores predictions, :func:`make_multitask_scorer` and
:func:`task_scorers` make scorers for scikit-learn's searches. :data:`METRICS` holds
the metrics known by name.
"""

from .score import multitask_score
from .scorer import TaskScorers, make_multitask_scorer, task_scorers
from .single_task import METRICS, Metric

__all__ = [
    "METRICS",
    "Metric",
    "TaskScorers",
    "make_multitask_scorer",
    "multitask_score",
    "task_scorers",
]
