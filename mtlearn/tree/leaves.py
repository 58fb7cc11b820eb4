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
