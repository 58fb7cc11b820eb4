"""Trees, the slow way: every cut of every feature is tried, with sums made anew."""

import numpy as np


def impurity(y, w, n_classes, entropy=False):
    """Impurity of some labels times their weight."""
    total = w.sum()
    if total == 0:
        return 0.0
    if n_classes == 0:
        mean = np.average(y, weights=w)
        return float(np.sum(w * (y - mean) ** 2))
    counts = np.bincount(y.astype(int), w, minlength=n_classes)
    shares = counts[counts > 0] / total
    if entropy:
        return float(-total * np.sum(shares * np.log(shares)))
    return float(total * (1 - np.sum(shares**2)))


class Problem:
    """Bins (n, d), Y (n, T) with NaN, weights alike, and what each task counts."""

    def __init__(self, bins, Y, weight, n_classes, gain, *, min_leaf=1, entropy=False):
        self.bins, self.Y, self.weight = bins, Y, weight
        self.n_classes, self.gain = n_classes, gain
        self.min_leaf, self.entropy = min_leaf, entropy

    def rows_with_labels(self):
        seen = ~np.isnan(self.Y[:, self.gain > 0])
        return np.flatnonzero(seen.any(axis=1))

    def cost(self, rows):
        """Impurity of some rows, over all tasks."""
        total = 0.0
        for t in np.flatnonzero(self.gain):
            its = rows[~np.isnan(self.Y[rows, t])]
            total += self.gain[t] * impurity(
                self.Y[its, t], self.weight[its, t], self.n_classes[t], self.entropy
            )
        return total

    def is_pure(self, rows):
        """Whether no task has two labels that differ."""
        for t in np.flatnonzero(self.gain):
            y = self.Y[rows, t]
            if len(np.unique(y[~np.isnan(y)])) > 1:
                return False
        return True

    def fall(self, rows, left):
        """By how much a split lowers the cost."""
        return self.cost(rows) - self.cost(rows[left]) - self.cost(rows[~left])

    def cuts(self, rows):
        """Every split of some rows that leaves enough on both sides."""
        for f in range(self.bins.shape[1]):
            bins = self.bins[rows, f]
            missing = bins == 255
            values = np.unique(bins[~missing])
            for value in values:
                for left in (bins <= value) & ~missing, (bins <= value) | missing:
                    if min(left.sum(), (~left).sum()) >= max(self.min_leaf, 1):
                        yield left

    def best_fall(self, rows):
        return max((self.fall(rows, left) for left in self.cuts(rows)), default=None)


def goes_left(node, bins):
    return np.where(bins == 255, node["missing_left"] > 0, bins <= node["cut_bin"])


def rows_of_nodes(nodes, bins, rows):
    """Which rows reach each node, by walking down from the root."""
    found = {0: rows}
    for i, node in enumerate(nodes):
        if node["feature"] >= 0:
            left = goes_left(node, bins[found[i], node["feature"]])
            found[int(node["left"])] = found[i][left]
            found[int(node["right"])] = found[i][~left]
    return found


def deviations(nodes, rows, Y, w, n_classes, priors):
    """By how much the labels of a group of tasks are above their priors, in each node.

    Shrunk towards the parent by one row; a node without labels has its parent's.
    """
    width = len(priors[0])
    values, parent = np.zeros((len(nodes), width)), {0: None}
    for i, node in enumerate(nodes):
        above = np.zeros(width) if parent[i] is None else values[parent[i]]
        total, n = np.zeros(width), 0.0
        for t, prior in enumerate(priors):
            its = rows[i][~np.isnan(Y[rows[i], t])]
            n += w[its, t].sum()
            total += _sum(Y[its, t], w[its, t], n_classes, width)
            total -= w[its, t].sum() * prior
        values[i] = (total + above) / (n + 1)
        if node["feature"] >= 0:
            parent[int(node["left"])] = parent[int(node["right"])] = i
    return values


def pooled_values(nodes, rows, y, w, n_classes, strength, prior, deviation):
    """What leaves answer that listen to a group of tasks."""
    values = np.zeros((len(nodes), len(prior)))
    for i in range(len(nodes)):
        target = prior + deviation[i]
        if n_classes:
            target = np.clip(target, 0, 1)
            target = target / target.sum() if len(prior) > 1 else target
        its = rows[i][~np.isnan(y[rows[i]])]
        total = _sum(y[its], w[its], n_classes, len(prior))
        values[i] = (total + strength * target) / (w[its].sum() + strength)
    return values


def _sum(y, w, n_classes, width):
    if n_classes == 0:
        return np.array([np.sum(w * y)])
    return np.bincount(y.astype(int), w, minlength=n_classes)[-width:]


def leaf_values(nodes, rows, y, w, n_classes, strength, prior):
    """Value of every node for one task; ``rows[i]`` are those in the bag in node i."""
    width = len(prior)
    values = np.zeros((len(nodes), width))
    parent = {0: None}
    for i, node in enumerate(nodes):
        above = prior if parent[i] is None else values[parent[i]]
        its = rows[i][~np.isnan(y[rows[i]])]
        n = w[its].sum()
        total = _sum(y[its], w[its], n_classes, width)
        values[i] = (
            above if n + strength == 0 else (total + strength * above) / (n + strength)
        )
        if node["feature"] >= 0:
            parent[int(node["left"])] = parent[int(node["right"])] = i
    return values
