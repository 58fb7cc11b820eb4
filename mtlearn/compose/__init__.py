"""Estimators around others: tasks with their own rows, augmentation without a leak."""

from .augmented import AugmentedClassifier, AugmentedRegressor
from .keep_task import keep_task
from .task_column import TaskColumnClassifier, TaskColumnRegressor
from .task_rows import TaskRows, stack_tasks

__all__ = [
    "AugmentedClassifier",
    "AugmentedRegressor",
    "TaskColumnClassifier",
    "TaskColumnRegressor",
    "TaskRows",
    "keep_task",
    "stack_tasks",
]
