"""Rounds of solving and revising the covariance."""

import numpy as np
import pytest

from mtlearn.losses import LOSSES, SquaredHinge
from mtlearn.solvers import LinearObjective, layouts, preconditioner, solve
from mtlearn.structures import Independent, Learned, Mean
from mtlearn.tasks import TaskTargets
from tests.reference import linear


def problem(n=80, d=6, T=5, rank=1, seed=0):
    """Binary tasks whose true coefficients have few directions."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    W = rng.normal(size=(d, rank)) @ rng.normal(size=(rank, T))
    Y = (X @ W + 0.5 * rng.normal(size=(n, T)) > 0).astype(float)
    Y[rng.random((n, T)) < 0.4] = np.nan
    return X, Y


def run(structure, sharing, *, data=None, tol=1e-7, step=None, fit_intercept=True):
    X, Y = problem() if data is None else data
    targets = TaskTargets.read(Y, "classification", label_groups="all")
    made = LinearObjective(X, targets, SquaredHinge(), 1.0, fit_intercept=fit_intercept)
    options = {"tol": tol, "max_iter": 100, "step": step}
    state, covariance = solve(made, structure, targets, sharing, **options)
    return made, state, covariance


@pytest.mark.parametrize("sharing", [0.05, 0.5, 0.95, 1.0])
@pytest.mark.parametrize("tol", [1e-2, 1e-7])
@pytest.mark.parametrize("seed", range(3))
def test_the_learned_objective_never_rises(sharing, tol, seed):
    data = problem(seed=seed, rank=seed + 1)
    _, state, _ = run(Learned(), sharing, data=data, tol=tol)
    path = np.array(state.history)
    assert len(path) == state.n_iter >= 4
    assert np.diff(path).max() <= 1e-9 * path[0]


@pytest.mark.parametrize("name", ["logistic", "squared", "huber"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("dense_share", [-1.0, 2.0])
def test_nor_does_it_with_other_losses(monkeypatch, name, dtype, dense_share):
    monkeypatch.setattr(layouts, "DENSE_SHARE", dense_share)
    loss = LOSSES[name]()
    X, Y = problem(rank=2)
    targets = TaskTargets.read(Y, loss.kind)
    made = LinearObjective(X.astype(dtype), targets, loss, 1.0)
    options = {"tol": 1e-4, "max_iter": 100}
    state, _ = solve(made, Learned(), targets, 0.7, **options)
    start = state.W, state.b
    warm, _ = solve(made, Learned(), targets, 0.7, start=start, **options)
    for path in (state.history, warm.history):
        assert len(path) >= 1
        assert np.diff(path).max(initial=0) <= 30 * np.finfo(dtype).eps * path[0]


@pytest.mark.parametrize("sharing", [0.3, 0.8, 1.0])
def test_learned_comes_close_to_the_best_of_its_objective(sharing):
    X, Y = problem()
    made, state, _ = run(Learned(), sharing)
    signs, seen = linear.all_columns(Y)

    def value(W, b):
        return linear.learned_objective(X, signs, seen, W, b, 1.0, sharing)

    found = value(state.W, made.intercept(state.W, state.b))
    best = value(*linear.fit_learned(X, signs, seen, 1.0, sharing))
    alone = value(*linear.fit(X, signs, seen, 1.0, np.eye(5)))
    assert best * (1 - 1e-6) <= found <= best * 1.005
    assert found < alone


def test_learned_finds_that_tasks_of_one_direction_are_alike():
    covariance = run(Learned(), 1.0)[2]
    values = np.linalg.eigvalsh(covariance.toarray())
    assert values[-1] > 0.7 * values.sum()
    unrelated = run(Learned(), 1.0, data=problem(rank=5, d=20, n=300))[2]
    assert np.linalg.eigvalsh(unrelated.toarray())[-1] < 0.6 * 5


def test_learned_at_sharing_0_is_one_solve_of_independent_tasks():
    one, two = run(Learned(), 0.0)[1], run(Independent(), 0.5)[1]
    np.testing.assert_array_equal(one.W, two.W)
    assert one.n_iter == two.n_iter


@pytest.mark.parametrize("structure", [Independent(), Mean()])
def test_fixed_covariances_need_one_round(structure):
    _, state, covariance = run(structure, 0.5)
    M = covariance.toarray()
    assert state.converged
    np.testing.assert_allclose(state.V @ M, state.W, atol=1e-10)


def test_at_most_max_rounds():
    structure = Learned()
    seen = []

    class Counting(Learned):
        def revise(self, W, targets, sharing, previous):
            seen.append(1)
            return super().revise(W, targets, sharing, previous)

    assert 2 <= structure.max_rounds <= 12
    run(Counting(), 1.0)
    assert 2 <= len(seen) <= structure.max_rounds


def test_each_round_takes_a_step():
    """However coarse the tolerance, no round is skipped as converged already."""
    coarse = run(Learned(), 0.9, tol=0.9)[1]
    assert coarse.n_iter >= 3


def test_a_true_step_stops_all_rounds():
    calls = []

    def step(state):
        calls.append(1)
        return True

    _, state, _ = run(Learned(), 0.5, step=step)
    assert len(calls) == state.n_iter == 1
    assert state.stopped


@pytest.mark.parametrize("shape", [(60, 6), (25, 50)])
@pytest.mark.parametrize("dense_share", [-1.0, 2.0])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("structure", [Learned(), Mean()])
def test_rotating_X_changes_nothing(
    monkeypatch, shape, dense_share, fit_intercept, structure
):
    monkeypatch.setattr(layouts, "DENSE_SHARE", dense_share)
    found = []
    for rows_per_column in (0, 10_000):
        monkeypatch.setattr(preconditioner, "ROWS_PER_COLUMN", rows_per_column)
        options = {"data": problem(*shape), "fit_intercept": fit_intercept}
        found.append(run(structure, 0.6, tol=1e-10, **options))
    (made, plain, _), (_, turned, _) = found
    assert turned.W.shape == made.shape
    np.testing.assert_allclose(plain.W, turned.W, atol=1e-7)
    one, two = (made.intercept(state.W, state.b) for state in (plain, turned))
    np.testing.assert_allclose(one, two, atol=1e-7)


@pytest.mark.parametrize("shape", [(12, 3), (12, 30)])
def test_features_that_say_nothing(shape):
    _, Y = problem(12, T=3)
    made, state, _ = run(Learned(), 0.5, data=(np.ones(shape), Y))
    assert state.converged
    np.testing.assert_allclose(state.W, 0, atol=1e-12)
    shares = np.nanmean(Y, axis=0)
    np.testing.assert_allclose(
        made.intercept(state.W, state.b), 2 * shares - 1, atol=1e-6
    )
