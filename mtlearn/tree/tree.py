"""A grown tree."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array, eye_array

from .._kernels import NODE, add_out_of_bag, add_votes, apply_bins, apply_values
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
    top_gains : ndarray of float32 (n_splits, T), or None
        The same of the best splits of a tree of several tasks.
    n_rows : ndarray of int32 (n_nodes,)
        Of each leaf, those in the bag; 0 for other nodes.

    Of a tree that only predicts, the last three are None.
    """

    nodes: np.ndarray
    table: LeafTable
    own: int
    work: float
    importances: csr_array
    top_gains: np.ndarray
    n_rows: np.ndarray

    def __getstate__(self):
        return {k: v for k, v in vars(self).items() if k != "parent"}

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

    def check_state(self, columns, n_features, n_levels):
        """Raise ValueError unless compiled code can walk this tree and read it.

        Parameters
        ----------
        columns : AnswerColumns
        n_features, n_levels : int
        """
        # What is derived is derived anew, not believed.
        vars(self).pop("parent", None)
        if type(self.table) is not LeafTable:
            raise ValueError("a tree has no answers")
        nodes = self.nodes
        if (
            type(nodes) is not np.ndarray
            or nodes.dtype != NODE
            or nodes.ndim != 1
            or not len(nodes)
        ):
            raise ValueError("a tree's nodes are not an array of nodes")
        inner = np.flatnonzero(~self.is_leaf)
        children = np.concatenate([nodes[side][inner] for side in ("left", "right")])
        # Children come after their parents, and every node but the root is one child.
        forward = (children > np.tile(inner, 2)).all()
        once = np.array_equal(np.sort(children), np.arange(1, len(nodes)))
        if not (forward and once):
            raise ValueError("a tree's nodes do not make a tree")
        if (nodes["feature"] >= n_features).any():
            raise ValueError(f"a tree asks for more than the {n_features} features")
        if not -1 <= self.own < columns.n_tasks:
            raise ValueError("a tree belongs to no task")
        self.table.check_state(len(nodes), n_levels * np.diff(columns.first))
        if columns.n_groups:
            if type(self.table.groups) is not LeafTable:
                raise ValueError("a tree lacks what it knows of label groups")
            self.table.groups.check_state(len(nodes), np.diff(columns.group_first))

    def apply(self, X):
        """The leaf of each row of X, float32 (n, d), or uint8 for bins."""
        leaf = np.empty(len(X), dtype=np.int32)
        send = apply_bins if X.dtype == np.uint8 else apply_values
        send(self.nodes.view(np.uint8), X, leaf)
        return leaf

    def add_up(self, values):
        """Sums over the leaves below each node; what is given for others is ignored."""
        total = np.where(self.is_leaf.reshape(-1, *[1] * (values.ndim - 1)), values, 0)
        for node in range(len(total) - 1, 0, -1):
            total[self.parent[node]] += total[node]
        return total

    def paths(self):
        """For each node 1 at itself and all nodes above, CSR (n_nodes, n_nodes)."""
        n = len(self.nodes)
        child = np.flatnonzero(self.parent >= 0)
        up = csr_array((np.ones(len(child)), (child, self.parent[child])), shape=(n, n))
        reached = paths = eye_array(n, format="csr")
        while (reached := csr_array(reached @ up)).nnz:
            paths = paths + reached
        return csr_array(paths)

    def add_votes(self, leaf, columns, weight, out):
        """Add what the leaves of some rows answer, for all tasks.

        Parameters
        ----------
        leaf : ndarray of int32 (n,)
        columns : AnswerColumns
        weight : ndarray (T, n_levels)
            What the values of each level count.
        out : ndarray of float64 (n, n_columns)
        """
        seen = np.empty(columns.n_tasks, dtype=np.intp)
        add_votes(self.table, self.parent, columns, leaf, weight, out, seen)

    def add_out_of_bag(self, leaf, bag, by_row, columns, votes, half, start, stop):
        """Add what is answered for the labels of rows ``start:stop`` not in the bag.

        Parameters
        ----------
        leaf, bag : ndarray of int32 (n,)
        by_row : LabelsByRow
        columns : AnswerColumns
        votes : OutOfBagVotes
        half : {0, 1}
        """
        add_out_of_bag(
            self.table, self.parent, columns, leaf, bag, start, stop, self.own, by_row,
            votes.place, votes.n_levels, votes.sums[half], votes.counts[half],
        )  # fmt: skip
