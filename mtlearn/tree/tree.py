"""A grown tree."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array

from .._kernels import add_out_of_bag, add_votes, apply_bins, apply_values
from .leaves import LeafTable


@dataclass
class Tree:
    """Nodes, in an order in which children come after their parents, and answers.

    Attributes
    ----------
    nodes : structured array of NODE
    table : LeafTable
    own : int
        The task whose splits these are, -1 for several.
    work : float
        Deterministic measure of the time that growth took.
    importances : CSR array (T, d)
        By how much splits by a feature lower a task's impurity, as a share of that at
        the root.
    """

    nodes: np.ndarray
    table: LeafTable
    own: int
    work: float
    importances: csr_array

    @property
    def is_leaf(self):
        return self.nodes["feature"] < 0

    @cached_property
    def parent(self):
        """The parent of each node, -1 for the root, (n_nodes,) of int32."""
        parent = np.full(len(self.nodes), -1, dtype=np.int32)
        inner = np.flatnonzero(~self.is_leaf).astype(np.int32)
        parent[self.nodes["left"][inner]] = inner
        parent[self.nodes["right"][inner]] = inner
        return parent

    def apply(self, X):
        """The leaf of each row of X, float32 (n, d), or uint8 for bins."""
        leaf = np.empty(len(X), dtype=np.int32)
        send = apply_bins if X.dtype == np.uint8 else apply_values
        send(self.nodes.view(np.uint8), X, leaf)
        return leaf

    def add_votes(self, leaf, first, weight, out):
        """Add what the leaves of some rows answer, for all tasks.

        Parameters
        ----------
        leaf : ndarray of int32 (n,)
        first : ndarray of intp (T + 1,)
            Columns of each task.
        weight : ndarray (T, n_strengths)
            What the values of each strength count.
        out : ndarray of float64 (n, n_columns)
        """
        seen = np.empty(len(first) - 1, dtype=np.intp)
        add_votes(self.table, self.parent, first, leaf, weight, out, seen)

    def add_out_of_bag(self, leaf, bag, by_row, first, votes, start, stop):
        """Add what is answered for the labels of rows ``start:stop`` not in the bag.

        Parameters
        ----------
        leaf, bag : ndarray of int32 (n,)
        by_row : LabelsByRow
        first : ndarray of intp (T + 1,)
        votes : OutOfBagVotes
        """
        add_out_of_bag(
            self.table, self.parent, first, leaf, bag, start, stop, by_row, votes.place,
            votes.n_strengths, self.own, votes.sums, votes.counts,
        )  # fmt: skip
