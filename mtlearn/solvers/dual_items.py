"""The dual of a kernel machine as bounded items, each at a row of a score column."""

from dataclasses import dataclass

import numpy as np


@dataclass
class DualItems:
    r"""Coefficients :math:`\beta` between bounds, and what each is worth.

    The dual of ``C sum s loss(y, f + b) + 1/2 |f|^2`` is

    .. math::
        \min_\beta \tfrac12 \sum_{kl} M_{kl} \beta_k' K \beta_l - \sum target \, \beta,
        \quad low \le \beta \le high, \quad \sum \beta = 0 \text{ in every column.}

    Attributes
    ----------
    start : ndarray of intp (K + 1,)
        Column k owns the items ``start[k]:start[k + 1]``.
    row : ndarray of int32 (n_items,)
    target, low, high : ndarray (n_items,)
    column : ndarray of intp (n_items,)
    """

    start: np.ndarray
    row: np.ndarray
    target: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def __post_init__(self):
        sizes = np.diff(self.start)
        self.column = np.repeat(np.arange(len(sizes)), sizes)

    @classmethod
    def of_columns(cls, columns):
        """From a list of (row, target, low, high) of each column."""
        empty = [np.zeros(0)] * 4
        row, *others = (np.concatenate(part) for part in zip(empty, *columns))
        start = np.cumsum([0, *(len(column[0]) for column in columns)])
        return cls(start.astype(np.intp), row.astype(np.int32), *others)

    def losses(self, slack):
        """The weighted sum of all losses.

        Parameters
        ----------
        slack : ndarray (n_items,)
            Target less score and intercept.
        """
        up, down = np.maximum(slack, 0), np.maximum(-slack, 0)
        return float(self.high @ up - self.low @ down)


def hinge_items(targets, C):
    """Items of hinge losses: one for each label, each class against the rest."""
    columns = []
    for task, label in zip(targets.column_task, targets.column_label):
        row, code, weight = targets.pairs(task)
        sign = np.where(code == label, 1.0, -1.0)
        bound = C * weight
        low, high = np.where(sign > 0, 0, -bound), np.where(sign > 0, bound, 0)
        columns.append((row, sign, low, high))
    return DualItems.of_columns(columns)


def tube_items(targets, C, epsilon):
    """Items of epsilon-insensitive losses: one for each side of the tube."""
    columns = []
    for task in targets.column_task:
        row, value, weight = targets.pairs(task)
        bound, none = C * weight, np.zeros(len(row))
        sides = (value - epsilon, none, bound), (value + epsilon, -bound, none)
        both = [np.concatenate(each) for each in zip(*sides)]
        columns.append((np.concatenate([row, row]), *both))
    return DualItems.of_columns(columns)
