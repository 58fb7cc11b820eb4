"""What the tests of weightings share: small problems of unequal tasks."""

import numpy as np

from mtlearn.linear_model import MultiTaskSGDClassifier


def label_tasks(n=400, d=5, T=3, hidden=0.0, seed=0):
    """Binary tasks around a common truth, the later the noisier; NaN where hidden."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d)) + 0.3
    W = rng.normal(size=(d, 1)) + 0.3 * rng.normal(size=(d, T))
    Y = (X @ W + np.arange(T) * rng.normal(size=(n, T)) > 0).astype(float)
    Y[rng.random((n, T)) < hidden] = np.nan
    Y[np.isnan(Y).all(axis=1), 0] = 1
    return X, Y


def model(**params):
    """A classifier of tied tasks, of 8 epochs."""
    common = {"structure": "mean", "label_groups": "all", "max_iter": 8, "tol": None}
    return MultiTaskSGDClassifier(**{**common, "random_state": 0, **params})
