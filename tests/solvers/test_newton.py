"""Newton's method: optimality, and the same solution on every path through the code."""

import numpy as np
import pytest
from scipy import sparse

from mtlearn.losses import SquaredHinge
from mtlearn.solvers import GramPreconditioner, LinearObjective, newton_cg
from mtlearn.solvers import layouts as layouts_module
from mtlearn.solvers import preconditioner as preconditioner_module
from mtlearn.solvers.newton import (
    State,
    _NewtonSystem,
    _stalled,
    conjugate_gradients,
    line_search,
)
from mtlearn.structures import STRUCTURES
from mtlearn.tasks import TaskTargets
from tests.reference import linear

SHAPES = {"tall": (60, 8), "wide": (20, 40)}


def problem(shape, hidden=0.2, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=shape) + 0.5
    Z = X[:, :3] @ rng.normal(size=(3, 3)) + rng.normal(size=(shape[0], 3))
    Y = np.digitize(Z, [-0.5, 1.5]).astype(float)
    Y[:, :2] = Z[:, :2] > 0
    Y[rng.random(Y.shape) < hidden] = np.nan
    return X, Y


def parts(X, Y, structure="mean", sharing=0.6, **options):
    targets = TaskTargets.read(Y, "classification", label_groups=[[0, 1]])
    made = LinearObjective(X, targets, SquaredHinge(), 0.5, **options)
    covariance = STRUCTURES[structure]().start(targets, sharing)
    gram = GramPreconditioner(X, made.row_weight, made.mean)
    return made, covariance, gram


def run(X, Y, tol=1e-9, max_iter=100, **options):
    made, covariance, gram = parts(X, Y, **options)
    state = State.zero(made)
    newton_cg(made, covariance, gram, state, tol=tol, max_iter=max_iter)
    return made, covariance, state


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("sharing", [0.0, 0.6, 1.0])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_against_a_general_optimiser(shape, sharing, fit_intercept):
    X, Y = problem(shape)
    made, covariance, state = run(X, Y, sharing=sharing, fit_intercept=fit_intercept)
    signs, seen = linear.all_columns(Y)
    M = covariance.toarray()
    W, b = linear.fit(X, signs, seen, 0.5, M, fit_intercept)
    best = linear.objective(X, signs, seen, W, b, 0.5, M)
    assert state.history[-1] == pytest.approx(best, rel=1e-9)
    np.testing.assert_allclose(state.W, W, atol=2e-4)
    np.testing.assert_allclose(made.intercept(state.W, state.b), b, atol=2e-4)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("sharing", [0.0, 0.6, 1.0])
def test_optimality(shape, sharing):
    """``V + X' G = 0`` in the metric of M, with the slopes G found by loops."""
    X, Y = problem(shape)
    made, covariance, state = run(X, Y, sharing=sharing)
    assert state.converged
    signs, seen = linear.all_columns(Y)
    b = made.intercept(state.W, state.b)
    _, dW, db = linear.data_term(X, signs, seen, state.W, b, 0.5)
    zero = linear.data_term(X, signs, seen, 0 * state.W, 0 * b, 0.5)[1]
    M = covariance.toarray()
    assert np.abs(db).max() < 1e-6
    assert np.abs((state.V + dW) @ M).max() < 1e-6 * np.abs(zero).max()
    np.testing.assert_allclose(state.V @ M, state.W, atol=1e-10)


def _variants(monkeypatch, X, Y):
    """Name -> coefficients, found on another path through the code."""
    yield "plain", run(X, Y)[2]
    yield "sparse", run(sparse.csr_array(X), Y)[2]
    monkeypatch.setattr(layouts_module, "DENSE_SHARE", 2.0)
    yield "by task", run(X, Y)[2]
    yield "by task, sparse", run(sparse.csr_array(X), Y)[2]
    monkeypatch.setattr(preconditioner_module, "FULL_SIZE", 3)
    yield "large sparse", run(sparse.csr_array(X), Y)[2]
    monkeypatch.setattr(preconditioner_module, "N_LEADING", 4)
    yield "large dense", run(X, Y)[2]


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_every_path_finds_the_same_solution(monkeypatch, shape):
    X, Y = problem(shape)
    found = dict(_variants(monkeypatch, X, Y))
    assert len(found) == 6
    for name, state in found.items():
        assert state.converged, name
        np.testing.assert_allclose(state.W, found["plain"].W, atol=1e-7, err_msg=name)


def test_preconditioner_is_exact_when_all_rows_act_alike():
    """At zero every row is inside the margin: one step of CG solves the system."""
    X, Y = problem((60, 8), hidden=0.0)
    for structure, sharing in [("independent", 0), ("mean", 0.6), ("mean", 1.0)]:
        made, covariance, gram = parts(X, Y, structure, sharing)
        state = State.zero(made)
        Z = made.forward(state.W, state.b)
        system = _NewtonSystem(made, covariance, gram, Z)
        gW, gb = made.backward(made.gradient(Z))
        p = conjugate_gradients(system, -gW, -gb, 1e-8)
        assert p.n_products == 1
        hW, hb = system.multiply(p)
        np.testing.assert_allclose(hW, -gW, atol=1e-8 * np.abs(gW).max())
        np.testing.assert_allclose(hb, -gb, atol=1e-8 * np.abs(gb).max())


def test_few_products_are_needed():
    X, Y = problem((400, 30))
    _, _, state = run(X, Y, tol=1e-4)
    assert state.n_iter <= 8
    assert state.n_products <= 40


def test_objective_falls_at_every_step():
    X, Y = problem((60, 8))
    made, _, state = run(X, Y)
    start = made.value(made.forward(0 * state.W, 0 * state.b))
    assert (np.diff([start, *state.history]) <= 1e-10).all()
    assert len(state.history) == state.n_iter


def test_line_search_zeroes_the_slope():
    X, Y = problem((60, 8))
    made, covariance, _ = parts(X, Y)
    state = State.zero(made)
    state.Z = made.forward(state.W, state.b)
    gW, gb = made.backward(made.gradient(state.Z))
    for scale in (1e-3, 1.0, 50.0):  # directions far too short, and far too long
        V = -scale * gW / np.linalg.norm(gW)
        p = State(covariance.times(V), V, 0 * gb)
        p.Z = made.forward(p.W, p.b)
        slope = float(np.vdot(p.W, gW))
        size = line_search(made, state, p, slope)
        G = made.gradient(state.Z + size * p.Z)
        after = size * np.vdot(p.V, p.W) + np.vdot(G, p.Z)
        assert abs(after) <= 0.05 * abs(slope)


def test_max_iter_and_min_iter():
    X, Y = problem((60, 8))
    made, covariance, gram = parts(X, Y)
    state = State.zero(made)
    newton_cg(made, covariance, gram, state, tol=1e-9, max_iter=2)
    assert (state.n_iter, state.converged) == (2, False)
    newton_cg(made, covariance, gram, state, tol=1e-9, max_iter=100)
    steps = state.n_iter
    assert state.converged
    newton_cg(made, covariance, gram, state, tol=1e-9, max_iter=100)
    assert state.n_iter == steps
    newton_cg(made, covariance, gram, state, tol=1e-9, max_iter=100, min_iter=1)
    assert state.n_iter == steps + 1


def test_a_true_step_stops_the_run():
    X, Y = problem((60, 8))
    made, covariance, gram = parts(X, Y)
    state, calls = State.zero(made), []

    def step(state):
        calls.append(len(calls))
        return len(calls) == 2

    newton_cg(made, covariance, gram, state, tol=1e-9, max_iter=50, step=step)
    assert (state.n_iter, len(calls), state.stopped) == (2, 2, True)


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ([2.0, 1.0], False),
        ([3.0, 1.0, 1.0], False),
        ([1.0, 1.0 + 1e-7, 1.0], True),
        ([1.0, 1.0, 1.1], False),
        ([1.0, 1.1, 1.2], False),
    ],
)
def test_only_changes_of_rounding_size_are_a_standstill(history, expected):
    assert _stalled(history, np.float32) == expected
