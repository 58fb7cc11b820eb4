"""Small problems that tests of several solvers use."""

import numpy as np

from mtlearn.losses import Huber, Logistic
from mtlearn.tasks import TaskTargets

LAYOUTS = {"aligned": -1.0, "own rows": 2.0}  # by the DENSE_SHARE that selects them
MIXED = ["classification", "classification", "regression", "classification"]
MIXED_LOSSES = {"classification": Logistic(), "regression": Huber(0.8)}


def mixed_labels(n=24, d=4, hidden=0.3, seed=0):
    """X, and tasks of 2 and 3 classes, of numbers and of 4 classes: 9 columns."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d)) + 0.5
    Z = X[:, :1] + rng.normal(size=(n, 4))
    Y = np.column_stack(
        [
            Z[:, 0] > 0.5,
            np.digitize(Z[:, 1], [0, 1]),
            Z[:, 2],
            np.digitize(Z[:, 3], [-0.5, 0.5, 1.5]),
        ]
    ).astype(float)
    Y[rng.random(Y.shape) < hidden] = np.nan
    return X, Y


def mixed_targets(Y, **options):
    return TaskTargets.read(Y, MIXED, **options)


def numbers(n=40, d=6, T=3, hidden=0.0, seed=0):
    """X, and regression tasks that have the first features in common."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    W = np.zeros((d, T))
    W[:2] = rng.normal(size=(2, 1)) + 0.5 * rng.normal(size=(2, T))
    Y = X @ W + 0.3 * rng.normal(size=(n, T))
    Y[rng.random(Y.shape) < hidden] = np.nan
    return X, Y


def signs(n=40, d=4, T=3, hidden=0.2, seed=0):
    """X, and tasks of two classes that can not be told apart without errors."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    Z = X @ (rng.normal(size=(d, 1)) + 0.5 * rng.normal(size=(d, T)))
    Y = (Z + rng.normal(size=(n, T)) > 0.3).astype(float)
    Y[rng.random(Y.shape) < hidden] = np.nan
    return X, Y
