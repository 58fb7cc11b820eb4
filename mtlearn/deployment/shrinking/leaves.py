"""Leaves that are made one: those that say the same, and those that nearly do."""

from dataclasses import replace

import numpy as np

from .leaf_values import level_bounds, table_of


def twins(tree, values):
    """Splits all of whose leaves say the same.

    Parameters
    ----------
    tree : Tree
    values : ndarray of float32 (n_nodes, n_columns)

    Returns
    -------
    splits : ndarray of bool (n_nodes,)
    says : ndarray (n_nodes, n_columns)
        What the leaves below them say.
    """
    same, says = tree.is_leaf.copy(), values.copy()
    for start, stop in reversed(level_bounds(tree.nodes)):
        inner = start + np.flatnonzero(~tree.is_leaf[start:stop])
        left, right = tree.nodes["left"][inner], tree.nodes["right"][inner]
        equal = (says[left] == says[right]) | np.isnan(says[left] + says[right])
        same[inner] = same[left] & same[right] & equal.all(axis=1)
        says[inner] = np.where(same[inner, None], says[left], says[inner])
    return same & ~tree.is_leaf, says


def merging_costs(tree, values, weight):
    r"""What it costs to make the leaves below each split one, (n_nodes,).

    That is :math:`n_l n_r / (n_l + n_r) \sum_k w_k^2 (a_{lk} - a_{rk})^2` for the rows
    n and the mean answers a on either side, and no less than the cost of any split
    below, which must go first.

    Parameters
    ----------
    tree : Tree
        With ``n_rows``.
    values : ndarray (n_nodes, n_columns)
    weight : ndarray (n_columns,)
        What the tree counts for each column.

    Returns
    -------
    costs : ndarray (n_nodes,)
        Infinite for leaves.
    means : ndarray (n_nodes, n_columns)
        Of the leaves below, by their rows.
    """
    n_rows = np.where(tree.is_leaf, np.maximum(tree.n_rows, 1), 0).astype(float)
    costs = np.where(tree.is_leaf, 0.0, np.inf)
    means = values.astype(np.float64)
    for start, stop in reversed(level_bounds(tree.nodes)):
        inner = start + np.flatnonzero(~tree.is_leaf[start:stop])
        left, right = tree.nodes["left"][inner], tree.nodes["right"][inner]
        n_left, n_right = n_rows[left], n_rows[right]
        n_rows[inner] = n = n_left + n_right
        share = (n_left / n)[:, None]
        means[inner] = share * means[left] + (1 - share) * means[right]
        apart = weight**2 * (means[left] - means[right]) ** 2
        cost = n_left * n_right / n * np.nansum(apart, axis=1)
        costs[inner] = np.maximum(cost, np.maximum(costs[left], costs[right]))
    return np.where(tree.is_leaf, np.inf, costs), means


def collapse(tree, goes, says, values, columns):
    """The tree with some splits made leaves.

    Parameters
    ----------
    tree : Tree
    goes : ndarray of bool (n_nodes,)
        Splits that become leaves; so do all below them.
    says : ndarray (n_nodes, n_columns)
        What the new leaves answer.
    values : ndarray (n_nodes, n_columns)
        What the nodes have answered.
    columns : AnswerColumns
    """
    if not goes.any():
        return tree
    stays = np.ones(len(goes), dtype=bool)
    for start, stop in level_bounds(tree.nodes)[1:]:
        parents = tree.parent[start:stop]
        stays[start:stop] = stays[parents] & ~goes[parents]
    n_rows = tree.add_up(tree.n_rows)[stays]
    number = np.cumsum(stays) - 1
    nodes, leaf = tree.nodes[stays], (goes | tree.is_leaf)[stays]
    values = np.where(goes[:, None], says, values).astype(np.float32)[stays]
    for side in ("left", "right"):
        nodes[side] = np.where(leaf, -1, number[nodes[side]])
    nodes["feature"][leaf] = -1
    nodes["threshold"][leaf], nodes["missing_left"][leaf] = 0.0, 0
    small = replace(tree, nodes=nodes, n_rows=np.where(leaf, n_rows, 0))
    return replace(small, table=table_of(small, values, columns))
