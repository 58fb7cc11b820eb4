r"""Minimal cost-complexity pruning.

Of all trees that pruning leaves of a grown one, the smallest of those with the least

.. math:: \text{impurity of the leaves} + \alpha \cdot \text{number of leaves},

impurity being the weighted sum over tasks, as shares of the roots' own. A split stays
if it, and those below that stay, lower the impurity by more than they cost.

Breiman, Friedman, Olshen and Stone, "Classification and Regression Trees", 1984,
chapter 3.
"""

import numpy as np


def prune(nodes, gains, gain_weight, ccp_alpha):
    """Take out splits that do not pay.

    Parameters
    ----------
    nodes : structured array of NODE
        Children after their parents.
    gains : structured array of GAIN
        By how much each split lowers each task's impurity times labels.
    gain_weight : ndarray (T,)
        What each of these counts.
    ccp_alpha : float
        What a leaf costs.

    Returns
    -------
    nodes, gains
        Those that stay.
    """
    n = len(nodes)
    fall = np.bincount(
        gains["node"], gains["gain"] * gain_weight[gains["task"]], minlength=n
    )
    splits = np.flatnonzero(nodes["feature"] >= 0).tolist()
    left, right = nodes["left"].tolist(), nodes["right"].tolist()
    worth = [0.0] * n
    for i, gain in zip(reversed(splits), (fall[splits] - ccp_alpha)[::-1].tolist()):
        worth[i] = max(gain + worth[left[i]] + worth[right[i]], 0.0)
    stays = np.zeros(n, dtype=bool)
    stays[0] = True
    for i in splits:
        if stays[i] and worth[i]:
            stays[left[i]] = stays[right[i]] = True
    splits = stays & (np.array(worth) > 0)
    number = np.cumsum(stays) - 1
    kept = nodes[stays]
    leaf = ~splits[stays]
    kept["feature"][leaf] = -1
    for side in ("left", "right"):
        kept[side] = np.where(leaf, -1, number[kept[side]])
    gains = gains[splits[gains["node"]]]
    gains["node"] = number[gains["node"]]
    return kept, gains
