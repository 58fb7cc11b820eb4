"""One tree: where it splits, and what its leaves answer."""

from dataclasses import asdict, dataclass

import numpy as np
from scipy.sparse import coo_array, csr_array

from .._kernels import GAIN, NODE, apply_bins, grow_tree
from .leaves import LeafTable
from .pruning import prune
from .tree import Tree

# What a tree costs beside its growth, in the same unit: to be handled at all, to send a
# row down, and to keep an answer. Without these, tasks of few labels would get
# thousands of trees for the price of a hundred.
WORK_PER_TREE, WORK_PER_ROW, WORK_PER_ANSWER = 150_000, 60, 120
# The splits that a tree remembers for the affinity of tasks: those near the root tell.
N_TOP_SPLITS = 64
# Tasks times features that are summed up without sorting.
MAX_DENSE = 1 << 18


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


def grow(
    bins, labels, by_row, weight, bag, settings, seed, shrinkage, own=-1,
    ccp_alpha=0.0, answers_all=True,
):  # fmt: skip
    """Grow a tree, and let its leaves answer.

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
    shrinkage : Shrinkage
    own : int
        The task whose tree this is, -1 for several.
    ccp_alpha : float
        See :func:`~mtlearn.tree.pruning.prune`.
    answers_all : bool
        Whether the tree of one task answers for the others, too.

    Returns
    -------
    tree : Tree
    leaf : ndarray of int32 (n,)
        Of every row, in the bag or not.
    """
    counts = labels.impurity > 0
    gain = np.divide(weight, labels.impurity, out=np.zeros(len(weight)), where=counts)
    rows = labels.rows_of(own) if own >= 0 else by_row.rows_of(gain > 0)
    rows = np.repeat(rows, bag[rows])
    if len(rows) and gain.any():
        nodes, gains, work = grow_tree(
            bins, by_row, gain, rows, seed=seed, **asdict(settings)
        )
    else:
        nodes, gains, work = _single_leaf(), np.zeros(0, GAIN), 0.0
    if ccp_alpha > 0:
        nodes, gains = prune(nodes, gains, gain, ccp_alpha)
    gains["gain"] /= labels.impurity[gains["task"]]
    leaf = np.empty(len(bag), dtype=np.int32)
    apply_bins(nodes.view(np.uint8), bins.by_row, leaf)
    only = -1 if answers_all else own
    table = LeafTable.fill(nodes, labels, leaf, bag, shrinkage, only)
    work += WORK_PER_TREE + WORK_PER_ROW * len(bag) + WORK_PER_ANSWER * len(table.task)
    tree = Tree(
        nodes, table, own, work,
        importances=_importances(nodes, gains, labels, bins),
        top_gains=_top_gains(gains, weight) if own < 0 else None,
        n_rows=np.bincount(leaf, bag, minlength=len(nodes)).astype(np.int32),
    )  # fmt: skip
    return tree, leaf


def _importances(nodes, gains, labels, bins):
    """By how much splits by each feature lower each task's impurity, CSR (T, d)."""
    feature, task = nodes["feature"][gains["node"]], gains["task"]
    T, d = labels.n_tasks, bins.by_row.shape[1]
    if T * d > MAX_DENSE:
        return coo_array((gains["gain"], (task, feature)), shape=(T, d)).tocsr()
    place = task * np.intp(d) + feature
    return csr_array(np.bincount(place, gains["gain"], T * d).reshape(T, d))


def _top_gains(gains, weight):
    """What the best splits do for each task, float32 (at most N_TOP_SPLITS, T)."""
    is_next = np.diff(gains["node"], prepend=-1) != 0  # those of a split are together
    split = np.cumsum(is_next) - 1
    total = np.bincount(split, gains["gain"] * weight[gains["task"]])
    best = np.argsort(-total, kind="stable")[:N_TOP_SPLITS]
    rank = np.full(len(total), -1)
    rank[best] = np.arange(len(best))
    top = np.zeros((len(best), len(weight)), dtype=np.float32)
    its = rank[split] >= 0
    top[rank[split[its]], gains["task"][its]] = gains["gain"][its]
    return top


def _single_leaf():
    nodes = np.zeros(1, dtype=NODE)
    nodes["feature"] = nodes["left"] = nodes["right"] = -1
    return nodes
