"""A grown tree."""

from dataclasses import dataclass

import numpy as np

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
    gains : Importances
    """

    nodes: np.ndarray
    table: LeafTable
    own: int
    work: float
    gains: "Importances"

    @property
    def is_leaf(self):
        return self.nodes["feature"] < 0

    @property
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

    def importances(self, n_features, n_tasks):
        """By how much splits by a feature lower a task's impurity, (n_tasks, d).

        As a share of the task's impurity at the root.
        """
        total = np.zeros((n_tasks, n_features))
        total[self.gains.task, self.gains.feature] = self.gains.gain
        return total


@dataclass
class Importances:
    """What splits by each feature did for each task, where they did anything.

    Attributes
    ----------
    task, feature : ndarray of int32
        Every pair once.
    gain : ndarray of float64
    """

    task: np.ndarray
    feature: np.ndarray
    gain: np.ndarray

    @classmethod
    def of(cls, nodes, gains, labels):
        """From what every split did.

        Parameters
        ----------
        nodes : structured array of NODE
        gains : structured array of GAIN
        labels : LabelsByTask
        """
        feature = nodes["feature"][gains["node"]]
        pairs = np.stack([gains["task"], feature])
        pairs, where = np.unique(pairs, axis=1, return_inverse=True)
        share = gains["gain"] / labels.impurity[gains["task"]]
        return cls(*pairs, np.bincount(where.ravel(), share, minlength=pairs.shape[1]))
