"""Labels by row, for mini-batches: what TaskTargets keeps by task."""

from dataclasses import dataclass

import numpy as np

from ..layouts import DENSE_SHARE


@dataclass
class Labels:
    """Labels of a mini-batch.

    Attributes
    ----------
    tasks : ndarray of int (m,)
        The tasks that have labels here, all of them if labels are not rare.
    value : ndarray (B, m)
        Codes of classes, or numbers.
    weight : ndarray (B, m)
        0 where there is no label.
    """

    tasks: np.ndarray
    value: np.ndarray
    weight: np.ndarray


class RowLabels:
    """Labels of all rows, to be taken batch by batch.

    A matrix (rows, tasks) where more than an eighth of the pairs is observed, else the
    pairs sorted by row.

    Parameters
    ----------
    targets : TaskTargets
    dtype : float dtype
        Of values and weights.

    Attributes
    ----------
    rows : ndarray of int
        The rows that have any label to learn from.
    """

    def __init__(self, targets, dtype):
        self.dtype, self.all_tasks = dtype, np.arange(targets.n_tasks)
        task = np.repeat(self.all_tasks, np.diff(targets.indptr))
        weight = targets.weight.astype(dtype)
        # A one-class task says nothing about the features, see ``task_columns``.
        mute = (targets.constant >= 0) | (np.diff(targets.columns) == 0)
        weight[mute[task]] = 0
        self.rows = np.unique(targets.row[~mute[task]])
        count = np.bincount(targets.row, minlength=targets.n_rows)
        n_pairs = targets.n_rows * targets.n_tasks
        self.dense = len(task) > DENSE_SHARE * n_pairs
        if self.dense:
            shape = targets.n_rows, targets.n_tasks
            self.value, self.weight = np.zeros(shape, dtype), np.zeros(shape, dtype)
            self.value[targets.row, task] = targets.value
            self.weight[targets.row, task] = weight
            return
        order = np.argsort(targets.row, kind="stable")
        self.task, self.weight = task[order], weight[order]
        self.value = targets.value[order].astype(dtype)
        self.indptr = np.cumsum([0, *count])

    def take(self, rows):
        """Labels of some rows, an array or a slice."""
        if self.dense:
            return Labels(self.all_tasks, self.value[rows], self.weight[rows])
        if isinstance(rows, slice):
            rows = np.arange(rows.start, rows.stop)
        start, count = self.indptr[rows], np.diff(self.indptr)[rows]
        row = np.repeat(np.arange(len(rows)), count)
        first = np.repeat(start - np.cumsum(count) + count, count)
        pair = first + np.arange(len(row))
        tasks, at = np.unique(self.task[pair], return_inverse=True)
        shape = len(rows), len(tasks)
        value, weight = np.zeros(shape, self.dtype), np.zeros(shape, self.dtype)
        value[row, at], weight[row, at] = self.value[pair], self.weight[pair]
        return Labels(tasks, value, weight)
