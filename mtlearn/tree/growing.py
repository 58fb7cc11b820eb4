"""One tree: where it splits, and what its leaves answer."""

from dataclasses import asdict, dataclass

import numpy as np
from scipy.sparse import coo_array

from .._kernels import GAIN, NODE, apply_bins, grow_tree
from .leaves import LeafTable
from .tree import Tree

# What a tree costs beside its growth, in the same unit: to be handled at all, to send a
# row down, and to keep an answer. Without these, tasks of few labels would get
# thousands of trees for the price of a hundred.
WORK_PER_TREE, WORK_PER_ROW, WORK_PER_ANSWER = 150_000, 60, 120


@dataclass
class GrowthSettings:
    """When and how nodes are split.

    Attributes
    ----------
    max_features : int
        Features tried in a node; constant ones do not count.
    max_depth, max_leaves : int
        -1: no limit.
    min_split, min_leaf : int
        Rows of a node that is split, and of a leaf.
    min_gain : float
        Least fall of the impurity, as a share of that of the root, in the weighted sum
        over tasks.
    entropy, random_cuts : bool
    """

    max_features: int
    max_depth: int = -1
    max_leaves: int = -1
    min_split: int = 2
    min_leaf: int = 1
    min_gain: float = 0.0
    entropy: bool = False
    random_cuts: bool = False


def grow(bins, labels, by_row, weight, bag, settings, seed, strengths, own=-1):
    """Grow a tree, and let its leaves answer for all tasks.

    Parameters
    ----------
    bins : BinnedFeatures
    labels, by_row : LabelsByTask, LabelsByRow
        The same labels.
    weight : ndarray (T,)
        What each task counts in the choice of splits.
    bag : ndarray of int32 (n,)
        How often each row takes part.
    settings : GrowthSettings
    seed : int
        Of the features drawn.
    strengths : ndarray (L,)
        How many rows a parent's value counts, see :class:`LeafTable`.
    own : int
        The task whose tree this is, -1 for several.

    Returns
    -------
    Tree
    """
    counts = labels.impurity > 0
    gain = np.divide(weight, labels.impurity, out=np.zeros(len(weight)), where=counts)
    rows = by_row.rows_of(gain > 0)
    rows = np.repeat(rows, bag[rows])
    if len(rows):
        nodes, gains, work = grow_tree(
            bins, by_row, gain, rows, seed=seed, **asdict(settings)
        )
    else:
        nodes, gains, work = _single_leaf(), np.zeros(0, GAIN), 0.0
    leaf = np.empty(len(bag), dtype=np.int32)
    apply_bins(nodes.view(np.uint8), bins.by_row, leaf)
    table = LeafTable.fill(nodes, labels, leaf, bag, strengths)
    work += WORK_PER_TREE + WORK_PER_ROW * len(bag) + WORK_PER_ANSWER * len(table.task)
    return Tree(nodes, table, own, work, _importances(nodes, gains, labels, bins))


def _importances(nodes, gains, labels, bins):
    """By how much splits by each feature lower each task's impurity, CSR (T, d)."""
    feature, task = nodes["feature"][gains["node"]], gains["task"]
    shape = labels.n_tasks, bins.by_row.shape[1]
    shares = gains["gain"] / labels.impurity[task]
    return coo_array((shares, (task, feature)), shape=shape).tocsr()


def _single_leaf():
    nodes = np.zeros(1, dtype=NODE)
    nodes["feature"] = nodes["left"] = nodes["right"] = -1
    return nodes
