"""Small problems for trees: bins, labels of both kinds, and all that they need."""

import numpy as np

from mtlearn.tasks import TaskTargets
from mtlearn.tree import LabelsByTask, bin_features

KINDS = ["classification", "classification", "regression", "regression"]


def features(n, d, seed=0, missing=0.0, n_values=200):
    rng = np.random.default_rng(seed)
    X = rng.integers(0, n_values, size=(n, d)) / 8.0
    X[rng.random(X.shape) < missing] = np.nan
    return X.astype(np.float32)


def labels(X, kinds=KINDS, hidden=0.0, seed=1):
    """One column per task: three classes, two classes, numbers."""
    rng = np.random.default_rng(seed)
    filled = np.nan_to_num(X, nan=float(np.nanmean(X)))
    Z = (
        (filled - filled.mean(0))
        / filled.std(0)
        @ rng.normal(size=(X.shape[1], len(kinds)))
    )
    Z += rng.normal(size=Z.shape)
    Y = Z.copy()
    classes = [k for k, kind in enumerate(kinds) if kind == "classification"]
    for place, k in enumerate(classes):
        Y[:, k] = np.digitize(Z[:, k], [0] if place % 2 else [-1, 1])
    Y[rng.random(Y.shape) < hidden] = np.nan
    return Y


class Setting:
    """All forms of a problem that the functions of mtlearn.tree ask for."""

    def __init__(
        self, X, Y, kinds=KINDS, weight=None, entropy=False, max_bins=255, groups=()
    ):
        self.X, self.Y, self.kinds = X, Y, kinds
        self.bins = bin_features(X, max_bins)
        self.weight = np.ones(Y.shape) if weight is None else weight
        self.targets = TaskTargets.read(
            Y, kinds, sample_weight=weight, label_groups=groups
        )
        self.labels = LabelsByTask.of(self.targets, entropy)
        self.by_row = self.labels.by_row(len(X))
        self.all_rows = np.ones(len(X), dtype=np.int32)
        self.n_tasks = Y.shape[1]
