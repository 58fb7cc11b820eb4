"""What the leaves of a tree answer."""

from dataclasses import dataclass

import numpy as np

from .._kernels import leaf_table


@dataclass
class LeafTable:
    """Answers by node; a leaf that has none for a task answers as its nearest ancestor.

    Node i has the entries ``start[i]:start[i + 1]``, each for one task, whose values
    begin at ``offset``: one per strength and column of the task.
    """

    start: np.ndarray
    task: np.ndarray
    offset: np.ndarray
    values: np.ndarray

    @classmethod
    def fill(cls, nodes, labels, leaf, bag, strengths):
        """From the labels of the rows in the bag.

        Parameters
        ----------
        nodes : structured array of NODE
        labels : LabelsByTask
        leaf, bag : ndarray of int32 (n,)
            The leaf of each row, and how often the row counts.
        strengths : ndarray (L,)
            How many rows the value of the parent counts in that of a node.
        """
        return cls(
            *leaf_table(
                nodes.view(np.uint8), labels, labels.first, labels.prior, leaf, bag,
                np.asarray(strengths, dtype=np.float64),
            )
        )  # fmt: skip


@dataclass
class OutOfBagVotes:
    """Answers for every label by trees that did not see its row.

    Attributes
    ----------
    place : ndarray of intp (n_labels,)
        Where the values of a label begin: one per strength and column of its task.
    n_strengths : int
    sums : ndarray of float32 (3, n_places)
        Over shared trees, trees of the label's own task, and trees of other tasks.
    counts : ndarray of int32 (3, n_labels)
        Of the trees.
    """

    place: np.ndarray
    n_strengths: int
    sums: np.ndarray
    counts: np.ndarray

    @classmethod
    def none(cls, by_row, first, n_strengths):
        """Before the first tree.

        Parameters
        ----------
        by_row : LabelsByRow
        first : ndarray of intp (T + 1,)
            Columns of each task.
        n_strengths : int
        """
        lengths = np.diff(first)[by_row.task] * n_strengths
        place = np.concatenate([[0], np.cumsum(lengths)]).astype(np.intp)
        sums = np.zeros((3, place[-1]), dtype=np.float32)
        counts = np.zeros((3, len(lengths)), dtype=np.int32)
        return cls(place[:-1], n_strengths, sums, counts)
