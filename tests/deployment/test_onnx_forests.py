"""Forests in onnxruntime: which way rows go, and what leaves add up to."""

import numpy as np
import pytest
from sklearn.base import clone

from mtlearn.ensemble import (
    MixedTaskExtraTrees,
    MixedTaskRandomForest,
    MultiTaskExtraTreesClassifier,
    MultiTaskExtraTreesRegressor,
    MultiTaskRandomForestClassifier,
    MultiTaskRandomForestRegressor,
)
from tests.deployment.onnx_runtime import (
    assert_agrees,
    by_task,
    run,
    session_of,
    tasks_of,
)

FORESTS = [
    MixedTaskExtraTrees,
    MixedTaskRandomForest,
    MultiTaskExtraTreesClassifier,
    MultiTaskExtraTreesRegressor,
    MultiTaskRandomForestClassifier,
    MultiTaskRandomForestRegressor,
]


def problem(cls, n=300, seed=0):
    """Rows in float64; tasks of two and four classes, or of numbers."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 5))
    Z = X @ rng.normal(size=(5, 3)) + 0.5 * rng.normal(size=(n, 3))
    labels = np.floor(np.clip(Z, -1, 0.9)) + 1
    labels[:, 1] += 2 * (X[:, 0] > 0)
    Y = Z.copy() if "Regressor" in cls.__name__ else labels
    if "Mixed" in cls.__name__:
        Y[:, 2] = 100 * Z[:, 2] + 1000
    Y[rng.random(Y.shape) < 0.2] = np.nan
    return X, Y


def far_from_thresholds(forest, X, distance=1e-5):
    """Rows whose features are further than that from all thresholds on their path."""
    far = np.ones(len(X), dtype=bool)
    for tree in forest._forest.trees:
        nodes = tree.nodes
        at = np.zeros(len(X), dtype=int)
        while (nodes["feature"][at] >= 0).any():
            inner = np.flatnonzero(nodes["feature"][at] >= 0)
            node = nodes[at[inner]]
            value = X[inner, node["feature"]]
            far[inner] &= np.abs(value - node["threshold"]) > distance
            left = value.astype(np.float32) <= node["threshold"]
            at[inner] = np.where(left, node["left"], node["right"])
    return far


def beside_thresholds(forest, X):
    """Rows with a feature that is a threshold, or within 1e-8 of it."""
    rng = np.random.default_rng(0)
    nodes = np.concatenate([tree.nodes for tree in forest._forest.trees])
    nodes = rng.choice(nodes[nodes["feature"] >= 0], len(X))
    X = X.copy()
    noise = rng.choice([-1e-8, -1e-12, 0, 1e-12, 1e-8], len(X))
    X[np.arange(len(X)), nodes["feature"]] = nodes["threshold"] + noise
    return X


@pytest.mark.parametrize("cls", FORESTS)
def test_the_same_answers(cls):
    X, Y = problem(cls)
    forest = cls(n_estimators=30, random_state=0).fit(X, Y)
    rows, _ = problem(cls, n=5000, seed=1)
    rows[:1000] = beside_thresholds(forest, rows[:1000])
    far = far_from_thresholds(forest, rows)
    assert 100 < np.count_nonzero(~far) < 1000
    assert_agrees(forest, rows[far])
    # More than was asked for: comparisons are the same, however near.
    assert_agrees(forest, rows[~far])
    session = session_of(forest, rows)
    found, predicted = run(session, rows), by_task(forest.predict(rows))
    for task, ours in zip(tasks_of(session), predicted):
        theirs = found[task["outputs"][0]]
        same = np.isclose(theirs, np.array(ours.tolist()), rtol=1e-6, atol=1e-5)
        assert same.mean() >= 0.999


@pytest.mark.parametrize("cls", FORESTS)
def test_missing_values_go_their_way(cls):
    X, Y = problem(cls)
    X[np.random.default_rng(1).random(X.shape) < 0.3] = np.nan
    forest = cls(n_estimators=10, random_state=0).fit(X, Y)
    nodes = np.concatenate([tree.nodes for tree in forest._forest.trees])
    ways = nodes["missing_left"][nodes["feature"] >= 0]
    assert 0 < ways.mean() < 1
    assert_agrees(forest, X)


@pytest.mark.parametrize(
    "settings",
    [
        {"sharing": 0},
        {"sharing": 0.5},
        {"sharing": 1, "max_depth": 1},
        {"label_groups": [["task0", "task2"]], "sharing": 0.5},
        {"threshold": "f1"},
        {"never_empty": True},
        {"threshold": "jaccard", "never_empty": True},
        {"class_weight": "balanced", "bootstrap": True},
        {"max_depth": 2, "max_bins": 3},
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "cls", [MultiTaskRandomForestClassifier, MixedTaskRandomForest]
)
def test_settings(cls, settings):
    X, Y = problem(cls)
    if "Mixed" in cls.__name__ and "label_groups" in settings:
        settings = {**settings, "label_groups": None}
    forest = cls(n_estimators=10, random_state=0, **settings).fit(X, Y)
    assert_agrees(forest, problem(cls, n=1000, seed=1)[0])


def test_one_task_and_trees_that_are_added():
    X, Y = problem(MultiTaskRandomForestClassifier)
    known = ~np.isnan(Y[:, 1])
    forest = MultiTaskExtraTreesClassifier(5, random_state=0, warm_start=True)
    assert_agrees(forest.fit(X[known], Y[known, 1]), X)
    forest.set_params(n_estimators=8).fit(X[known], Y[known, 1])
    assert_agrees(forest, X)


def test_a_forest_that_has_not_split():
    X, Y = problem(MultiTaskRandomForestRegressor)
    forest = MultiTaskRandomForestRegressor(3, min_samples_leaf=len(X), random_state=0)
    assert_agrees(forest.fit(X, Y), X)
    classifier = MultiTaskRandomForestClassifier(3, max_depth=1, random_state=0)
    assert_agrees(clone(classifier).fit(X[:, :1], (Y > 0).astype(int)), X[:, :1])


def test_large_numbers_keep_the_digits_of_float32():
    X, Y = problem(MultiTaskRandomForestRegressor)
    forest = MultiTaskRandomForestRegressor(10, random_state=0).fit(X, 1e6 + 1e-3 * Y)
    found = run(session_of(forest, X), X)
    spread = 1e-3 * np.nanstd(Y[:, 0])
    np.testing.assert_allclose(
        found["task0"], forest.predict(X)[:, 0], rtol=0, atol=1e-6 * spread + 1e-9
    )
