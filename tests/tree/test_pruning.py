"""Cost-complexity pruning, against all subtrees of small trees."""

import numpy as np
import pytest

from mtlearn._kernels import GAIN, NODE
from mtlearn.tree.pruning import prune


def random_tree(rng, n_splits):
    """Nodes with children after parents, and gains of two tasks."""
    n = 2 * n_splits + 1
    nodes = np.zeros(n, dtype=NODE)
    nodes["feature"] = nodes["left"] = nodes["right"] = -1
    leaves, count = [0], 1
    for _ in range(n_splits):
        i = leaves.pop(rng.integers(len(leaves)))
        nodes[i]["feature"] = 0
        nodes[i]["left"], nodes[i]["right"] = count, count + 1
        leaves += [count, count + 1]
        count += 2
    splits = np.flatnonzero(nodes["feature"] >= 0)
    gains = np.zeros(2 * n_splits, dtype=GAIN)
    gains["node"], gains["task"] = np.repeat(splits, 2), np.tile([0, 1], n_splits)
    gains["gain"] = rng.exponential(size=len(gains))
    return nodes, gains


def subtrees(nodes, i=0):
    """Sets of splits that stay, of all pruned trees below node i."""
    if nodes[i]["feature"] < 0:
        return [frozenset()]
    found = [frozenset()]
    for left in subtrees(nodes, nodes[i]["left"]):
        for right in subtrees(nodes, nodes[i]["right"]):
            found.append(left | right | {i})
    return found


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("alpha", [0.3, 1.0, 3.0, 100.0])
def test_no_subtree_is_better(seed, alpha):
    rng = np.random.default_rng(seed)
    nodes, gains = random_tree(rng, 6)
    weight = np.array([0.5, 2.0])
    fall = np.bincount(gains["node"], gains["gain"] * weight[gains["task"]], 13)

    def value(splits):
        return sum(fall[i] - alpha for i in splits)

    best = max(map(value, subtrees(nodes)))
    kept, kept_gains = prune(nodes, gains.copy(), weight, alpha)
    splits = np.flatnonzero(kept["feature"] >= 0)
    assert len(kept) == 2 * len(splits) + 1
    total = np.sum(kept_gains["gain"] * weight[kept_gains["task"]]) - alpha * len(
        splits
    )
    assert total == pytest.approx(best)
    assert set(kept_gains["node"]) == set(splits)
    assert (kept["left"][splits] > splits).all()
    assert sorted([*kept["left"][splits], *kept["right"][splits]]) == list(
        range(1, len(kept))
    )
