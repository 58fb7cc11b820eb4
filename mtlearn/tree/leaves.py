"""What the leaves of a tree answer."""

from dataclasses import dataclass

import numpy as np

from .._kernels import leaf_table
from ..validation import check_plain_arrays


@dataclass
class Shrinkage:
    """How many rows count in a leaf that are not there.

    Attributes
    ----------
    strengths : tuple of float
        Of the value of the parent, from node to node down from the prior; one answer
        for each.
    pooled : float
        Of the task's prior plus the deviation of its group in the leaf.
    """

    strengths: tuple = (0.0, 10.0)
    pooled: float = 10.0

    def n_levels(self, columns):
        """How many answers there are for each column."""
        return len(self.strengths) + (columns.n_groups > 0)


@dataclass
class LeafTable:
    """Answers by node; a leaf that has none for a task answers as its nearest ancestor.

    Node i has the entries ``start[i]:start[i + 1]``, each for one task, whose values
    begin at ``offset``: one per level and column of the task. Levels are the strengths
    of shrinkage, and last, where tasks ask the same question, the pooled value.

    Attributes
    ----------
    start, task, offset, values : ndarray
    groups : LeafTable, or None
        By how much the labels of a group of tasks are above their priors.
    """

    start: np.ndarray
    task: np.ndarray
    offset: np.ndarray
    values: np.ndarray
    groups: "LeafTable" = None

    @classmethod
    def fill(cls, nodes, labels, leaf, bag, shrinkage, only=-1):
        """From the labels of the rows in the bag.

        Parameters
        ----------
        nodes : structured array of NODE
        labels : LabelsByTask
        leaf, bag : ndarray of int32 (n,)
            The leaf of each row, and how often the row counts.
        shrinkage : Shrinkage
        only : int
            The one task to answer, -1 for all.
        """
        columns = labels.columns
        table, groups = leaf_table(
            nodes.view(np.uint8), labels, columns, leaf, bag,
            np.asarray(shrinkage.strengths, dtype=np.float64), shrinkage.pooled,
            only,
        )  # fmt: skip
        return cls(*table, groups=cls(*groups) if columns.n_groups else None)

    def check_state(self, n_nodes, lengths):
        """Raise ValueError unless every entry is of a task, and has all its values.

        Parameters
        ----------
        n_nodes : int
        lengths : ndarray of int
            How many values an entry of each task has.
        """
        check_plain_arrays(self, ("start", "task", "offset", "values"))
        n_entries = len(self.task)
        fits = (
            self.start.shape == (n_nodes + 1,)
            and self.start[0] == 0
            and self.start[-1] == n_entries
            and (self.start[1:] >= self.start[:-1]).all()
            and self.task.shape == self.offset.shape == (n_entries,)
            and self.values.ndim == 1
            and (self.task >= 0).all()
            and (self.task < len(lengths)).all()
        )
        if fits:
            last = len(self.values) - np.asarray(lengths)[self.task]
            fits = (self.offset >= 0).all() and (self.offset <= last).all()
        if not fits:
            raise ValueError("the answers of a tree do not fit its nodes and tasks")


@dataclass
class OutOfBagVotes:
    """Answers for every label by trees that did not see its row, in two halves.

    Every second tree of a kind is of the other half: their difference tells what more
    trees would change.

    Attributes
    ----------
    place : ndarray of intp (n_labels,)
        Where the values of a label begin: one per level and column of its task.
    n_levels : int
    sums : ndarray of float32 (2, 3, n_places)
        Over shared trees, trees of the label's own task, and trees of other tasks.
    counts : ndarray of int32 (2, 3, n_labels)
        Of the trees.
    """

    place: np.ndarray
    n_levels: int
    sums: np.ndarray
    counts: np.ndarray

    @classmethod
    def none(cls, by_row, columns, n_levels):
        """Before the first tree.

        Parameters
        ----------
        by_row : LabelsByRow
        columns : AnswerColumns
        n_levels : int
        """
        lengths = np.diff(columns.first)[by_row.task] * n_levels
        place = np.concatenate([[0], np.cumsum(lengths)]).astype(np.intp)
        sums = np.zeros((2, 3, place[-1]), dtype=np.float32)
        counts = np.zeros((2, 3, len(lengths)), dtype=np.int32)
        return cls(place[:-1], n_levels, sums, counts)
