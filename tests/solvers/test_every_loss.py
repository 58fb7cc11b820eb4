"""Every loss with every covariance: the solution is that of a general optimiser."""

import numpy as np
import pytest

from mtlearn.losses import (
    LOSSES,
    EpsilonInsensitive,
    Hinge,
    Huber,
    Logistic,
    ModifiedHuber,
    Multinomial,
    Squared,
    SquaredEpsilonInsensitive,
    SquaredHinge,
)
from mtlearn.solvers import LinearObjective, layouts, solve
from mtlearn.structures import Clustered, Graph, Independent, Mean
from mtlearn.tasks import TaskTargets
from tests.reference import linear
from tests.solvers.problems import LAYOUTS, numbers, signs

C = 0.6
SMOOTH = {
    "squared_hinge": (SquaredHinge(), linear.squared_hinge),
    "modified_huber": (ModifiedHuber(), linear.modified_huber),
    "logistic": (Logistic(), linear.logistic),
    "squared": (Squared(), linear.squared),
    "huber": (Huber(0.3), linear.huber(0.3)),
    "squared_epsilon_insensitive": (
        SquaredEpsilonInsensitive(0.2),
        linear.squared_tube(0.2),
    ),
}
KINKED = {
    "hinge": (Hinge(), linear.hinge_pieces),
    "epsilon_insensitive": (
        EpsilonInsensitive(0.2),
        lambda Y: linear.tube_pieces(Y, 0.2),
    ),
}
STRUCTURES = {
    "independent": (Independent(), 0.5),
    "mean": (Mean(), 0.6),
    "pooled": (Mean(), 1.0),
    "graph": (Graph([[0, 1, 0], [1, 0, 2], [0, 2, 0]]), 0.7),
    "clustered": (Clustered(clusters=[0, 1, 0]), 0.8),
}


def test_no_loss_is_left_out():
    assert {*SMOOTH, *KINKED, "multinomial"} == set(LOSSES)


def problem(loss, n=40):
    """X, Y with the signs or numbers of each column, and weights."""
    make = signs if loss.kind == "classification" else numbers
    X, Y = make(n, 3, hidden=0.2)
    weight = np.random.default_rng(1).random(Y.shape) + 0.5
    targets = TaskTargets.read(Y, loss.kind, sample_weight=weight, label_groups="all")
    seen = ~np.isnan(Y)
    Y = np.where(seen, Y, 0)
    return X, targets, Y * 2 - 1 if loss.kind == "classification" else Y, weight * seen


def fit(X, targets, loss, structure, sharing, tol=1e-9):
    made = LinearObjective(X, targets, loss, C)
    options = {"tol": tol, "max_iter": 100}
    state, covariance = solve(made, structure, targets, sharing, **options)
    assert state.converged
    return state, made.intercept(state.W, state.b), covariance.toarray()


@pytest.mark.parametrize("name", SMOOTH)
@pytest.mark.parametrize("structure", STRUCTURES)
def test_smooth_losses(name, structure):
    loss, reference = SMOOTH[name]
    X, targets, Y, weight = problem(loss)
    state, b, M = fit(X, targets, loss, *STRUCTURES[structure])
    W, wanted_b = linear.fit(X, Y, weight, C, M, loss=reference)
    np.testing.assert_allclose(state.W, W, atol=2e-5)
    np.testing.assert_allclose(b, wanted_b, atol=2e-5)
    best = linear.objective(X, Y, weight, W, wanted_b, C, M, reference)
    assert state.history[-1] == pytest.approx(best, rel=1e-9)


@pytest.mark.parametrize("name", KINKED)
@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_losses_with_kinks(monkeypatch, name, structure, layout):
    monkeypatch.setattr(layouts, "DENSE_SHARE", LAYOUTS[layout])
    loss, pieces = KINKED[name]
    X, targets, Y, weight = problem(loss, n=14)
    state, _, M = fit(X, targets, loss, *STRUCTURES[structure], tol=1e-7)
    W, _, best = linear.fit_pieces(X, pieces(Y), weight, C, M)
    np.testing.assert_allclose(state.W, W, atol=2e-3)
    assert state.gap <= 1.01e-7 * best
    assert state.history[-1] == pytest.approx(best, rel=1e-5)


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_softmax(monkeypatch, structure, layout):
    monkeypatch.setattr(layouts, "DENSE_SHARE", LAYOUTS[layout])
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 3))
    labels = np.digitize(X[:, :1] + rng.normal(size=(40, 3)), [-0.5, 0.5]).astype(float)
    labels[rng.random(labels.shape) < 0.2] = np.nan
    targets = TaskTargets.read(labels, "classification", label_groups="all")
    state, b, M = fit(X, targets, Logistic(), *STRUCTURES[structure])
    Y = (labels[:, :, None] == np.arange(3)).reshape(40, 9).astype(float)
    weight = np.repeat(~np.isnan(labels), 3, axis=1).astype(float)
    W, wanted_b = linear.fit(X, Y, weight, C, M, loss=linear.softmax(3))
    np.testing.assert_allclose(state.W, W, atol=2e-5)
    # An intercept for all classes of a task changes nothing.
    centred = [
        v.reshape(3, 3) - v.reshape(3, 3).mean(1, keepdims=True) for v in (b, wanted_b)
    ]
    np.testing.assert_allclose(*centred, atol=2e-5)
    assert isinstance(Logistic().for_columns(3), Multinomial)
