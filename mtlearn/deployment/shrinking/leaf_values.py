"""What every leaf of a tree answers, as one row of numbers, and back."""

import numpy as np

from ...tree.leaves import LeafTable


def tree_values(tree, columns, weight):
    """One answer of each node for all tasks, its levels weighed into one.

    Parameters
    ----------
    tree : Tree
        Its nodes level by level, see CompactForest.
    columns : AnswerColumns
    weight : ndarray (T, n_levels)
        What the levels count.

    Returns
    -------
    ndarray of float64 (n_nodes, n_columns)
        NaN where neither the node nor one above it answers; a task that nothing counts
        for has no answer at all.
    """
    total = weight.sum(axis=1, keepdims=True)
    share = np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)
    known = np.repeat(total[:, 0] > 0, np.diff(columns.first))
    n_nodes, levels = len(tree.nodes), level_bounds(tree.nodes)
    own = _entries(tree.table, columns.first, share, n_nodes)
    own[:, ~known] = np.nan
    if tree.table.groups is None:
        return _handed_down(tree, own, levels)
    # Where a group says more than an ancestor does, the last level is the group's.
    rest = share.copy()
    rest[:, -1] = 0
    values = _handed_down(tree, own, levels)
    pooled = _pooled(tree, columns, levels, n_nodes)
    others = _handed_down(
        tree, _entries(tree.table, columns.first, rest, n_nodes), levels
    )
    last = np.repeat(share[:, -1], np.diff(columns.first))
    listens = np.isnan(own) & ~np.isnan(pooled) & ~np.isnan(values)
    values[listens] = (others + last * pooled)[listens]
    # Nothing can be said above the leaves any more.
    inner = np.flatnonzero(~tree.is_leaf)
    grouped = np.repeat(columns.group >= 0, np.diff(columns.first))
    values[np.ix_(inner, grouped)] = np.nan
    return values


def table_of(tree, values, columns):
    """The LeafTable with as few entries as say the same.

    Parameters
    ----------
    tree : Tree
    values : ndarray of float32 (n_nodes, n_columns)
        See :func:`tree_values`.
    columns : AnswerColumns
    """
    values, widths = values.copy(), np.diff(columns.first)
    tasks = np.flatnonzero(widths)
    levels = level_bounds(tree.nodes)
    _forget_unused(tree, values, columns.first[tasks], levels)
    above = np.full_like(values, np.nan)
    above[1:] = values[tree.parent[1:]]
    says = (values != above) & ~np.isnan(values)
    if len(tasks):
        says = np.logical_or.reduceat(says, columns.first[tasks], axis=1)
    node, which = np.nonzero(says)
    lengths = widths[tasks][which]
    return LeafTable(
        np.searchsorted(node, np.arange(len(values) + 1)).astype(np.intp),
        tasks[which].astype(np.int32),
        (np.cumsum(lengths) - lengths).astype(np.intp),
        values[np.repeat(says, widths[tasks], axis=1)],
    )


def level_bounds(nodes):
    """Where levels of nodes begin and end, from the root down."""
    bounds, start, stop = [], 0, 1
    split = nodes["feature"] >= 0
    while start < stop:
        bounds.append((start, stop))
        start, stop = stop, stop + 2 * int(np.count_nonzero(split[start:stop]))
    return bounds


def _entries(table, first, share, n_nodes):
    """Weighed answers that nodes have themselves, (n_nodes, n_columns), others NaN."""
    widths = np.diff(first)[table.task]
    entry = np.repeat(np.arange(len(table.task)), widths)
    k = np.arange(len(entry)) - np.repeat(np.cumsum(widths) - widths, widths)
    task, place = table.task[entry], table.offset[entry] + k
    weighed = np.zeros(len(entry))
    for level in range(share.shape[1]):
        weighed += share[task, level] * table.values[place + level * widths[entry]]
    values = np.full((n_nodes, first[-1]), np.nan)
    node = np.repeat(np.arange(n_nodes), np.diff(table.start))
    values[node[entry], first[task] + k] = weighed
    return values


def _handed_down(tree, own, levels):
    """Each node without an answer has its parent's."""
    values = own.copy()
    for start, stop in levels[1:]:
        above = values[tree.parent[start:stop]]
        its = values[start:stop]
        values[start:stop] = np.where(np.isnan(its), above, its)
    return values


def _pooled(tree, columns, levels, n_nodes):
    """Priors plus what the groups of tasks are above them, NaN for other tasks."""
    n_groups = columns.n_groups
    deviation = _handed_down(
        tree,
        _entries(tree.table.groups, columns.group_first, np.ones((n_groups, 1)),
                 n_nodes),
        levels,
    )  # fmt: skip
    pooled = np.full((n_nodes, columns.first[-1]), np.nan)
    for t in np.flatnonzero(columns.group >= 0):
        g = columns.group[t]
        its = slice(*columns.first[t : t + 2])
        group = slice(*columns.group_first[g : g + 2])
        value = columns.prior[its] + deviation[:, group]
        if columns.n_classes[t]:
            value = np.clip(value, 0, 1)
            if value.shape[1] > 1:
                total = value.sum(axis=1, keepdims=True)
                value = np.divide(value, total, out=value, where=total > 0)
        pooled[:, its] = value
    return pooled


def _forget_unused(tree, values, first, levels):
    """Inner nodes that no leaf below listens to say what is said above them."""
    if not len(first):
        return
    used = np.repeat(tree.is_leaf[:, None], len(first), axis=1)
    for start, stop in reversed(levels[1:]):
        parents = tree.parent[start:stop]
        same = np.logical_and.reduceat(
            values[start:stop] == values[parents], first, axis=1
        )
        np.logical_or.at(used, parents, same & used[start:stop])
    widths = np.diff(np.append(first, values.shape[1]))
    used = np.repeat(used, widths, axis=1)
    values[0] = np.where(used[0], values[0], np.nan)
    for start, stop in levels[1:]:
        above = values[tree.parent[start:stop]]
        values[start:stop] = np.where(used[start:stop], values[start:stop], above)
