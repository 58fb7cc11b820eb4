"""Losses of the scores of a mini-batch: all columns of all tasks at once."""

import numpy as np

from ...losses import Multinomials


class ScoreLosses:
    """Which loss each score column has, and what its targets are.

    Parameters
    ----------
    losses : list of Loss
        Of each task.
    targets : TaskTargets
        For its columns.

    Attributes
    ----------
    curvature : ndarray (K,)
        What the second derivative in a column's score never exceeds.
    """

    def __init__(self, losses, targets):
        self.column_start = targets.columns
        self.column_task, self.label = targets.column_task, targets.column_label
        self.losses, of_task = _distinct(losses)
        self.loss_of_column = of_task[self.column_task]
        self.multiclass = np.array([each.is_multiclass for each in self.losses])
        bounds = np.array([each.curvature_bound for each in self.losses])
        self.curvature = bounds[self.loss_of_column]
        self.is_number = np.array(
            [targets.classes[t] is None for t in self.column_task], dtype=bool
        )
        self._all = None

    def of_tasks(self, tasks):
        """The columns of some tasks: a :class:`TaskColumns`."""
        if len(tasks) < len(self.column_start) - 1:
            return TaskColumns(self, tasks)
        if self._all is None:
            self._all = TaskColumns(self, tasks)
        return self._all


class TaskColumns:
    """The score columns of the tasks of a mini-batch.

    Attributes
    ----------
    columns : ndarray of int (k,), or a slice if all
    task : ndarray of int (k,)
        Position among the tasks.
    """

    def __init__(self, losses, tasks):
        width = np.diff(losses.column_start)[tasks]
        self.task = np.repeat(np.arange(len(tasks)), width)
        first = losses.column_start[tasks] - np.cumsum(width) + width
        columns = np.repeat(first, width) + np.arange(len(self.task))
        self.width, self.n_tasks = width, len(tasks)
        self._start = np.cumsum(width) - width
        self._one_each, self._some_each = (width == 1).all(), (width > 0).all()
        self._label = losses.label[columns]
        self._is_number = losses.is_number[columns]
        self._has_numbers = self._is_number.any()
        of_column = losses.loss_of_column[columns]
        # What the column of another class than a row's is asked to be.
        self._low = np.where(losses.multiclass[of_column], 0, -1)
        self._parts = [
            self._part(losses.losses[each], of_column == each)
            for each in np.unique(of_column)
        ]
        everything = len(columns) == len(losses.column_task)
        self.columns = slice(None) if everything else columns

    def _part(self, loss, its):
        columns = slice(None) if its.all() else np.flatnonzero(its)
        if loss.is_multiclass:
            width = np.bincount(self.task[columns], minlength=self.n_tasks)
            width = width[width > 0]
            loss = Multinomials(np.cumsum(width) - width, width)
        return loss, columns

    def targets(self, value):
        """What the scores should be, (B, k), given labels (B, m)."""
        value = value[:, self.task]
        low = self._low.astype(value.dtype)
        y = np.where(value == self._label, value.dtype.type(1), low)
        return np.where(self._is_number, value, y) if self._has_numbers else y

    def value_and_gradient(self, y, z):
        """Losses and their slopes, both (B, k)."""
        if len(self._parts) == 1:
            return _value_and_gradient(self._parts[0][0], y, z)
        values, slopes = np.empty_like(z), np.empty_like(z)
        for loss, columns in self._parts:
            values[:, columns], slopes[:, columns] = _value_and_gradient(
                loss, y[:, columns], z[:, columns]
            )
        return values, slopes

    def by_task(self, values):
        """Sums over the columns of each task: (B, m) of (B, k), or (m,) of (k,)."""
        if self._one_each:
            return values
        if self._some_each:
            return np.add.reduceat(values, self._start, axis=-1)
        sums = np.zeros((*values.shape[:-1], self.n_tasks), dtype=values.dtype)
        has = self.width > 0
        if has.any():
            sums[..., has] = np.add.reduceat(values, self._start[has], axis=-1)
        return sums


def _value_and_gradient(loss, y, z):
    if hasattr(loss, "value_and_gradient"):
        return loss.value_and_gradient(y, z)
    return loss.value(y, z), loss.gradient(y, z)


def _distinct(losses):
    """Distinct losses, and which of them each task has."""
    # Of several classes, each number of them has a loss of its own: one will do.
    keys = ["softmax" if loss.is_multiclass else id(loss) for loss in losses]
    found = dict(zip(keys, losses))
    number = {key: i for i, key in enumerate(found)}
    return list(found.values()), np.array([number[key] for key in keys], dtype=int)
