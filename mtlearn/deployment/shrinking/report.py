"""What each step of making a model small has saved, and what it has cost."""

from dataclasses import dataclass

import numpy as np

from ...metrics import Table


@dataclass(frozen=True)
class StepReport:
    """One step that was taken.

    Attributes
    ----------
    name : str
    setting : float or None
        How far the step went, where it has a dial: the share that is left.
    bytes_before, bytes_after : int
        Of the model file.
    scores_before, scores_after : ndarray (n_tasks,)
    """

    name: str
    setting: object
    bytes_before: int
    bytes_after: int
    scores_before: np.ndarray
    scores_after: np.ndarray

    @property
    def label(self):
        return self.name if self.setting is None else f"{self.name} {self.setting:g}"


@dataclass(frozen=True)
class ShrinkReport:
    """Bytes and scores before and after; printed, it is a table.

    Attributes
    ----------
    task_names : list of str
    metric : str
    steps : list of StepReport
        Those taken, in their order.
    bytes_before, bytes_after : int
    scores_before, scores_after : ndarray (n_tasks,)
        On the rows given; NaN where the metric is undefined.
    """

    task_names: list
    metric: str
    steps: list
    bytes_before: int
    bytes_after: int
    scores_before: np.ndarray
    scores_after: np.ndarray

    @property
    def lost(self):
        """By how much each task scores less than before, (n_tasks,)."""
        return self.scores_before - self.scores_after

    def table(self):
        """A row per step: bytes, mean score, and the mean and the worst loss so far."""
        rows = [["full model", self.bytes_before, _mean(self.scores_before), 0.0, 0.0]]
        for step in self.steps:
            lost = self.scores_before - step.scores_after
            rows.append(
                [step.label, step.bytes_after, _mean(step.scores_after), _mean(lost),
                 _worst(lost)]
            )  # fmt: skip
        columns = ["step", "bytes", self.metric, "lost", "lost by the worst task"]
        return Table(columns, rows)

    def per_task(self):
        """A row per task: its score before, after, and what it lost."""
        rows = [
            [str(name), *map(float, scores)]
            for name, *scores in zip(
                self.task_names, self.scores_before, self.scores_after, self.lost
            )
        ]
        return Table(["task", "before", "after", "lost"], rows)

    def __str__(self):
        return str(self.table())

    __repr__ = __str__

    def _repr_html_(self):
        return self.table()._repr_html_()


def _mean(scores):
    return float(np.nanmean(scores)) if not np.isnan(scores).all() else np.nan


def _worst(lost):
    return float(np.nanmax(lost)) if not np.isnan(lost).all() else np.nan
