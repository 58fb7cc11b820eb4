"""Fits that follow a fit: warm starts, what is remembered of X, interrupts."""

import builtins
import os

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from mtlearn.svm import MultiTaskLinearSVC, MultiTaskLinearSVR
from tests.contract import tying

MODELS = {
    "squared_hinge": MultiTaskLinearSVC(structure="independent"),
    "learned": MultiTaskLinearSVC(),
    "hinge": MultiTaskLinearSVC(loss="hinge", structure="independent"),
    "mean": MultiTaskLinearSVC(sharing=1, **tying("mean")),
    "low_rank": MultiTaskLinearSVC(structure="low_rank"),
    "shared_plus_sparse": MultiTaskLinearSVC(structure="shared_plus_sparse"),
    "regression": MultiTaskLinearSVR(structure="independent"),
    "squared": MultiTaskLinearSVR(
        loss="squared_epsilon_insensitive", **tying("clustered")
    ),
}


def problem(n=80, d=5, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d)) + 0.5
    W = rng.normal(size=(d, 1)) + 0.5 * rng.normal(size=(d, 3))
    return X, (X @ W + rng.normal(size=(n, 3)) > 0.5).astype(float)


def same(model, other, atol):
    np.testing.assert_allclose(model.coef_, other.coef_, atol=atol)
    np.testing.assert_allclose(model.intercept_, other.intercept_, atol=atol)


# warm_start


@pytest.mark.parametrize("name", MODELS)
def test_a_warm_start_takes_fewer_steps_to_the_same_end(name):
    X, Y = problem()
    cold = clone(MODELS[name]).fit(X, Y)
    model = clone(MODELS[name]).set_params(warm_start=True).fit(X, Y)
    assert model.n_iter_ == cold.n_iter_
    model.fit(X, Y)
    assert model.n_iter_ < max(cold.n_iter_, 2)
    assert model.converged_
    same(model, cold, atol=0.02)


@pytest.mark.parametrize("name", MODELS)
def test_a_warm_start_at_another_C_ends_where_a_cold_one_does(name):
    X, Y = problem()
    exact = clone(MODELS[name]).set_params(tol=1e-7, max_iter=1000)
    warm = clone(exact).set_params(warm_start=True, C=0.01).fit(X, Y)
    warm.set_params(C=1.0).fit(X, Y)
    # The rounds of "learned" end when one brings little.
    same(warm, exact.fit(X, Y), atol=0.02 if name == "learned" else 2e-3)


def test_other_shapes_start_afresh():
    X, Y = problem()
    model = MultiTaskLinearSVC(warm_start=True).fit(X, Y)
    for features, tasks in [
        (X[:, :3], Y),
        (X, Y[:, :2]),
        (X, Y[:, 0]),
        (X[:40], Y[:40]),
    ]:
        same(
            model.fit(features, tasks), MultiTaskLinearSVC().fit(features, tasks), 0.01
        )


def test_without_it_nothing_is_remembered():
    X, Y = problem()
    model = MultiTaskLinearSVC().fit(*problem(seed=1)).fit(X, Y)
    np.testing.assert_array_equal(model.coef_, MultiTaskLinearSVC().fit(X, Y).coef_)


# memory, and what the process remembers without it


@pytest.mark.parametrize("where", ["path", "process"])
def test_X_changed_in_place_gives_the_new_answer(where, tmp_path):
    X, Y = problem()
    memory = str(tmp_path) if where == "path" else None
    model = MultiTaskLinearSVC(memory=memory, tol=1e-9)
    for _ in range(3):
        model.fit(X, Y)
    X[:, 0] *= 3
    for entry in (0, 40, -1):
        X[entry, 1] += 1.0  # a single number
        again = model.fit(X, Y).coef_
        fresh = MultiTaskLinearSVC(tol=1e-9, memory=str(tmp_path / str(entry)))
        np.testing.assert_allclose(again, fresh.fit(X.copy(), Y).coef_, atol=1e-8)


def test_row_weights_are_part_of_what_is_remembered(tmp_path):
    X, Y = problem()
    weight = np.arange(len(X)) % 3.0
    model = MultiTaskLinearSVC(memory=str(tmp_path), tol=1e-9).fit(X, Y)
    weighted = model.fit(X, Y, sample_weight=weight)
    kept = weight > 0
    other = MultiTaskLinearSVC(tol=1e-9).fit(X[kept], Y[kept], weight[kept])
    same(weighted, other, 1e-7)


def test_memory_inside_a_search(tmp_path):
    X, Y = problem()
    grid = {"model__C": [0.1, 1.0], "model__sharing": [0.0, 0.6]}
    found = {}
    for memory in (None, str(tmp_path)):
        model = MultiTaskLinearSVC(memory=memory, tol=1e-8)
        pipe = Pipeline([("scale", StandardScaler()), ("model", model)])
        found[memory] = GridSearchCV(pipe, grid, cv=KFold(2)).fit(X, Y)
    one, two = found.values()
    np.testing.assert_allclose(
        one.cv_results_["mean_test_score"], two.cv_results_["mean_test_score"]
    )
    np.testing.assert_allclose(
        one.best_estimator_["model"].coef_,
        two.best_estimator_["model"].coef_,
        atol=1e-6,
    )
    kept = [folder for folder, _, files in os.walk(tmp_path) if "output.pkl" in files]
    assert len(kept) == 3  # two folds and all rows, for four settings


# Interrupts


@pytest.mark.parametrize("name", MODELS)
def test_an_interrupt_stops_at_once(name, monkeypatch):
    X, Y = problem()
    model = clone(MODELS[name]).set_params(verbose=1, tol=1e-6, max_iter=1000)
    lines = []

    def interrupted(line):
        lines.append(line)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(builtins, "print", interrupted)
        with pytest.raises(KeyboardInterrupt):
            model.fit(X, Y)
    assert len(lines) == 1
    model.set_params(verbose=0).fit(X, Y)
    np.testing.assert_array_equal(
        model.coef_, clone(model).fit(X, Y).coef_
    )  # nothing is left of the first try
