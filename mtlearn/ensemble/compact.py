"""A forest that only predicts, and what it looks like in a file: a few arrays."""

from dataclasses import dataclass, replace

import numpy as np

from .._kernels import NODE
from ..tree.leaves import LeafTable
from ..tree.tree import Tree
from .forest import DERIVED, Forest


@dataclass
class CompactForest(Forest):
    """Trees without what training and inspection need.

    Its state is a few arrays for all trees together. Nodes stand level by level there,
    so that the i-th split has the children 2 i + 1 and 2 i + 2, and entries of leaves
    stand one after the other: neither children nor offsets are kept.

    Attributes
    ----------
    half : bool
        Whether the values of leaves are such that float16 holds them.
    """

    half: bool = False

    def __post_init__(self):
        # Weights are as they were, to the last bit.
        self._count_sources()

    def __getstate__(self):
        derived = {"trees", "_counts", *DERIVED}
        state = {k: v for k, v in vars(self).items() if k not in derived}
        return {**state, "packed": _pack(self.trees, self.half)}

    def __setstate__(self, state):
        vars(self).update({k: v for k, v in state.items() if k != "packed"})
        n_levels = self.source_weights.shape[-1]
        self.trees = _unpack(state["packed"], self.columns, n_levels)
        owners = self.owners
        if not ((owners >= -1) & (owners < self.columns.n_tasks)).all():
            raise ValueError("a tree belongs to no task")
        self._count_sources()

    @classmethod
    def of(cls, forest):
        """The same answers to the last bit; trees keep their ``n_rows``.

        Parameters
        ----------
        forest : Forest
        """
        trees = [compact_tree(tree) for tree in forest.trees]
        return cls(trees, forest.columns, forest.source_weights,
                   forest.own_trees_answer_all)  # fmt: skip


def compact_tree(tree):
    """The tree with its nodes level by level, and thresholds that float32 holds."""
    order = level_order(tree.nodes)
    number = np.empty(len(order), dtype=np.int32)
    number[order] = np.arange(len(order))
    nodes = tree.nodes[order]
    split = nodes["feature"] >= 0
    for side in ("left", "right"):
        nodes[side][split] = number[nodes[side][split]]
        nodes[side][~split] = -1
    # Of float32 values, as many are up to the float32 below a threshold.
    nodes["threshold"] = np.where(split, _below(nodes["threshold"]), 0.0)
    nodes["cut_bin"] = 0
    nodes["missing_left"][~split] = 0
    n_rows = None if tree.n_rows is None else tree.n_rows[order]
    groups = tree.table.groups
    table = _in_order(tree.table, order)
    table.groups = None if groups is None else _in_order(groups, order)
    return Tree(nodes, table, tree.own, 0.0, None, None, n_rows)


def for_prediction(forest):
    """The compact forest without the numbers of rows, all that a file holds."""
    trees = [replace(tree, n_rows=None) for tree in forest.trees]
    return replace(forest, trees=trees)


def level_order(nodes):
    """Numbers of the nodes, level by level."""
    level, found = np.zeros(1, dtype=np.int32), []
    while len(level):
        found.append(level)
        inner = level[nodes["feature"][level] >= 0]
        level = np.stack([nodes["left"][inner], nodes["right"][inner]], axis=1).ravel()
    return np.concatenate(found)


def _below(threshold):
    """The greatest float32 that is no greater."""
    with np.errstate(over="ignore"):
        near = threshold.astype(np.float32)
    low = np.nextafter(near, np.float32(-np.inf))
    return np.where(near > threshold, low, near)


def _in_order(table, order):
    """The entries of nodes in another order, their values one after the other."""
    counts = np.diff(table.start)
    entry = _ranges(table.start[:-1][order], counts[order])
    lengths = np.diff(np.append(table.offset, len(table.values)))[entry]
    return LeafTable(
        _starts(counts[order]),
        table.task[entry],
        _starts(lengths)[:-1],
        table.values[_ranges(table.offset[entry], lengths)],
    )


def _ranges(first, counts):
    """``first[i]``, ``first[i] + 1``, ..., so many for each i, after another."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    return np.repeat(first - (ends - counts), counts) + np.arange(total)


def _starts(counts):
    return np.concatenate([[0], np.cumsum(counts, dtype=np.intp)]).astype(np.intp)


# In a file.


def _pack(trees, half):
    """A dict of arrays, each for all trees."""
    nodes = np.concatenate([tree.nodes for tree in trees])
    split = nodes["feature"] >= 0
    packed = {
        "own": np.array([tree.own for tree in trees], dtype=np.int32),
        "n_nodes": np.array([len(tree.nodes) for tree in trees], dtype=np.int32),
        "feature": _narrow(nodes["feature"]),
        "threshold": nodes["threshold"][split].astype(np.float32),
        "missing_left": np.packbits(nodes["missing_left"][split]),
        "answers": _pack_tables([tree.table for tree in trees], half),
    }
    if trees[0].n_rows is not None:
        packed["n_rows"] = np.concatenate([tree.n_rows for tree in trees])
    if trees[0].table.groups is not None:
        groups = [tree.table.groups for tree in trees]
        packed["groups"] = _pack_tables(groups, half)
    return packed


def _pack_tables(tables, half):
    counts = np.concatenate([np.diff(table.start) for table in tables])
    values = np.concatenate([table.values for table in tables])
    return {
        "counts": _narrow(counts),
        "task": _narrow(np.concatenate([table.task for table in tables])),
        "values": values.astype(np.float16) if half else values,
    }


def _narrow(numbers):
    """In the smallest type of whole numbers."""
    if not len(numbers):
        return numbers.astype(np.int8)
    low, high = np.min_scalar_type(numbers.min()), np.min_scalar_type(numbers.max())
    return numbers.astype(np.result_type(low, high))


def _unpack(packed, columns, n_levels):
    """Trees of what was packed, which is not believed."""
    split = packed["feature"] >= 0
    nodes = np.zeros(len(split), dtype=NODE)
    nodes["feature"] = packed["feature"]
    nodes["left"] = nodes["right"] = -1
    nodes["threshold"][split] = packed["threshold"]
    n_splits = int(np.count_nonzero(split))
    bits = np.unpackbits(packed["missing_left"])
    if not n_splits <= len(bits) < n_splits + 8:
        raise ValueError("the splits of a forest do not fit its trees")
    nodes["missing_left"][split] = bits[:n_splits]
    ends = np.cumsum(packed["n_nodes"], dtype=np.int64)[:-1]
    parts = np.split(nodes, ends)
    for its in parts:
        its_splits = its["feature"] >= 0
        first = 2 * np.arange(np.count_nonzero(its_splits)) + 1
        its["left"][its_splits], its["right"][its_splits] = first, first + 1
    lengths = n_levels * np.diff(columns.first)
    tables = _unpack_tables(packed["answers"], ends, lengths)
    if "groups" in packed:
        lengths = np.diff(columns.group_first)
        for table, its in zip(
            tables, _unpack_tables(packed["groups"], ends, lengths), strict=True
        ):
            table.groups = its
    n_rows = [None] * len(parts)
    if "n_rows" in packed:
        n_rows = np.split(packed["n_rows"], ends)
    return [
        Tree(np.ascontiguousarray(its), table, int(own), 0.0, None, None, rows)
        for its, table, own, rows in zip(
            parts, tables, packed["own"], n_rows, strict=True
        )
    ]


def _unpack_tables(packed, ends, lengths):
    """LeafTables of trees whose nodes end there."""
    counts = np.split(packed["counts"].astype(np.intp), ends)
    task = packed["task"].astype(np.int32)
    values = packed["values"].astype(np.float32)
    tables, entry, value = [], 0, 0
    for its in counts:
        start = _starts(its)
        tasks = task[entry : entry + start[-1]]
        offset = _starts(lengths[tasks])
        tables.append(
            LeafTable(
                start, tasks.copy(), offset[:-1], values[value : value + offset[-1]]
            )
        )
        entry, value = entry + start[-1], value + offset[-1]
    if entry != len(task) or value != len(values):
        raise ValueError("the answers of a forest do not fit its trees")
    return tables
