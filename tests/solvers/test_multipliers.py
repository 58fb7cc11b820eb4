"""Losses with kinks: the duality gap is a proof, and falls as far as one asks."""

import numpy as np
import pytest
from sklearn.svm import SVC, SVR

from mtlearn.losses import EpsilonInsensitive, Hinge, Squared
from mtlearn.solvers import LinearObjective, layouts, solve
from mtlearn.structures import Independent, Learned, Mean
from mtlearn.tasks import TaskTargets
from tests.solvers.problems import LAYOUTS, mixed_labels, mixed_targets, numbers, signs

C = 0.5
LOSSES = {"hinge": Hinge(), "epsilon_insensitive": EpsilonInsensitive(0.3)}


def problem(name, n=60):
    if name == "hinge":
        X, Y = signs(n)
        return X, Y, TaskTargets.read(Y, "classification", label_groups="all")
    X, Y = numbers(n, hidden=0.2)
    return X, Y, TaskTargets.read(Y, "regression", label_groups="all")


def run(name, tol, structure=None, sharing=0.5, dtype=np.float64, **options):
    X, _, targets = problem(name)
    made = LinearObjective(X.astype(dtype), targets, LOSSES[name], C)
    options = {"max_iter": 100, **options}
    state, _ = solve(
        made, structure or Independent(), targets, sharing, tol=tol, **options
    )
    return made, state


def primal(made, state):
    return made.value(state.Z) + np.vdot(state.V, state.W) / 2


def optimum(name):
    """Coefficients, intercepts and objective of scikit-learn, task by task."""
    X, Y, _ = problem(name)
    coef, intercept, total = [], [], 0.0
    for y in Y.T:
        seen = ~np.isnan(y)
        if name == "hinge":
            model = SVC(kernel="linear", C=C, tol=1e-9)
        else:
            model = SVR(kernel="linear", C=C, epsilon=0.3, tol=1e-9)
        w = model.fit(X[seen], y[seen]).coef_[0]
        z = X[seen] @ w + model.intercept_
        sign = 2 * y[seen] - 1 if name == "hinge" else y[seen]
        total += C * LOSSES[name].value(sign, z).sum() + w @ w / 2
        coef.append(w)
        intercept.append(model.intercept_[0])
    return np.array(coef), np.array(intercept), total


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("tol", [0.5, 0.1, 1e-2, 1e-3, 1e-4])
def test_the_gap_bounds_the_distance_to_the_optimum(name, tol):
    made, state = run(name, tol)
    best = optimum(name)[2]
    found = primal(made, state)
    assert state.converged
    assert state.gap <= tol * found
    assert -1e-9 * best <= found - best <= state.gap + 1e-9 * best


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("max_iter", [1, 2, 3])
def test_the_gap_is_true_however_early_one_stops(name, max_iter):
    """A step that stops the run leaves slopes of a problem that is far from solved."""
    best = optimum(name)[2]
    made, state = run(name, 1e-6, step=lambda state: state.n_iter == max_iter)
    assert state.stopped
    assert not state.converged
    assert 0 <= primal(made, state) - best <= state.gap


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_same_solution_as_libsvm(monkeypatch, name, layout):
    monkeypatch.setattr(layouts, "DENSE_SHARE", LAYOUTS[layout])
    made, state = run(name, 1e-7)
    coef, intercept, best = optimum(name)
    assert primal(made, state) == pytest.approx(best, rel=2e-7)
    np.testing.assert_allclose(state.W.T, coef, atol=2e-3)
    np.testing.assert_allclose(made.intercept(state.W, state.b), intercept, atol=2e-2)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("structure", [Mean(), Learned()])
def test_a_smaller_tol_gives_a_smaller_objective(name, structure):
    coarse, fine = (primal(*run(name, tol, structure, 0.7)) for tol in (1e-2, 1e-4))
    assert fine <= coarse * (1 + 1e-4)


@pytest.mark.parametrize("name", LOSSES)
def test_slopes_are_slopes_and_make_the_coefficients(name):
    made, state = run(name, 1e-7, Mean(), 0.6)
    y, a = made.y, state.slope
    least, most = np.sort([0 * y, -y], axis=0) if name == "hinge" else (-1, 1)
    assert (a >= least - 1e-6).all()
    assert (a <= most + 1e-6).all()
    dW, db = made.backward(made.losses.scale * a)
    np.testing.assert_allclose(dW, -state.V, atol=1e-2)
    np.testing.assert_allclose(db, 0, atol=1e-2)


@pytest.mark.parametrize("name", LOSSES)
def test_float32_reaches_the_default_tolerance(name):
    made, state = run(name, 1e-4, dtype=np.float32)
    assert state.converged
    assert state.W.dtype == state.slope.dtype == np.float32
    assert primal(made, state) == pytest.approx(optimum(name)[2], rel=1.2e-4)


def test_losses_with_and_without_kinks_together():
    X, Y = mixed_labels(40)
    targets = mixed_targets(Y)
    made = LinearObjective(
        X, targets, {"classification": Hinge(), "regression": Squared()}, C
    )
    options = {"tol": 1e-4, "max_iter": 100}
    state, _ = solve(made, Independent(), targets, 0.5, **options)
    assert state.converged
    # The task of numbers does not know of the others.
    alone = TaskTargets.read(Y[:, 2], "regression")
    one = LinearObjective(X, alone, Squared(), C)
    wanted, _ = solve(one, Independent(), alone, 0.5, tol=1e-9, max_iter=100)
    column = np.flatnonzero(targets.column_task == 2)
    np.testing.assert_allclose(state.W[:, column], wanted.W, atol=1e-2)


def test_without_intercepts():
    X, Y, targets = problem("hinge")
    made = LinearObjective(X, targets, Hinge(), C, fit_intercept=False)
    state, _ = solve(made, Independent(), targets, 0.5, tol=1e-5, max_iter=100)
    assert state.converged
    np.testing.assert_array_equal(state.b, 0)
    for k, y in enumerate(Y.T):
        seen = ~np.isnan(y)
        signed = X[seen] * (2 * y[seen] - 1)[:, None]
        found = _no_intercept_dual(signed)
        np.testing.assert_allclose(state.W[:, k], found, atol=2e-2)


def _no_intercept_dual(signed):
    """Hinge loss without intercept: coordinate descent on the dual, to the end."""
    a, w = np.zeros(len(signed)), np.zeros(signed.shape[1])
    for _ in range(300):
        for i, x in enumerate(signed):
            new = np.clip(a[i] + (1 - x @ w) / (x @ x), 0, C)
            w += (new - a[i]) * x
            a[i] = new
    return w
