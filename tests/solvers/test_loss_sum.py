"""Losses of all scores together, against dense finite differences."""

import numpy as np
import pytest

from mtlearn.losses import Hinge, Logistic, MoreauEnvelope, Squared, SquaredHinge
from mtlearn.solvers import LinearObjective, layouts
from mtlearn.solvers.objective import loss_of_tasks
from tests.solvers.problems import (
    LAYOUTS,
    MIXED,
    MIXED_LOSSES,
    mixed_labels,
    mixed_targets,
)

STEP = 1e-6


@pytest.fixture(params=LAYOUTS, ids=str)
def made(request, monkeypatch):
    """Loss sum of a binary, a multinomial, a number and another multinomial task."""
    monkeypatch.setattr(layouts, "DENSE_SHARE", LAYOUTS[request.param])
    return make()


def make(losses=MIXED_LOSSES, C=0.7):
    X, Y = mixed_labels(n=14)
    weight = np.arange(1.0, 15)
    targets = mixed_targets(Y, sample_weight=weight, task_weight=[1, 2, 3, 4])
    return LinearObjective(X, targets, losses, C).losses


def scores(made):
    return np.random.default_rng(0).normal(size=made.y.shape)


def unit_moves(Z):
    for unit in np.eye(Z.size):
        yield unit.reshape(Z.shape)


def test_value_is_the_weighted_sum_over_tasks(made):
    Z, total = scores(made), 0.0
    targets = mixed_targets(mixed_labels(n=14)[1])
    losses = loss_of_tasks(MIXED_LOSSES, targets)
    for t, loss in enumerate(losses):
        start, stop = targets.columns[t : t + 2]
        y, z, _ = (made.layout.view(a, start, stop) for a in (made.y, Z, Z))
        if Z.ndim == 2:
            y, z = y[targets.pairs(t)[0]], z[targets.pairs(t)[0]]
        weight = (t + 1) * (targets.pairs(t)[0] + 1)
        total += 0.7 * np.sum(weight[:, None] * loss.value(y, z.reshape(y.shape)))
    assert made.value(Z) == pytest.approx(total)


def test_gradient_is_the_finite_difference(made):
    Z = scores(made)
    slope = [
        (made.value(Z + STEP * move) - made.value(Z - STEP * move)) / (2 * STEP)
        for move in unit_moves(Z)
    ]
    np.testing.assert_allclose(made.gradient(Z).ravel(), slope, atol=1e-6)


def test_curvature_is_the_finite_difference_of_the_gradient(made):
    Z = scores(made)
    curvature = made.curvature(Z)
    hessian = []
    for move in unit_moves(Z):
        ahead, behind = made.gradient(Z + STEP * move), made.gradient(Z - STEP * move)
        hessian.append(((ahead - behind) / (2 * STEP)).ravel())
        np.testing.assert_allclose(
            curvature.times(move).ravel(), hessian[-1], atol=1e-6
        )
    np.testing.assert_allclose(curvature.diagonal.ravel(), np.diag(hessian), atol=1e-6)
    off_diagonal = np.array(hessian) - np.diag(np.diag(hessian))
    assert np.abs(off_diagonal).max() > 0.1  # or nothing is tested


def test_curvature_leaves_its_input_alone(made):
    Z = scores(made)
    V = Z.copy()
    made.curvature(Z).times(V)
    np.testing.assert_array_equal(V, Z)


def test_scores_without_labels_do_not_matter(monkeypatch):
    monkeypatch.setattr(layouts, "DENSE_SHARE", -1.0)
    made = make()
    Z = scores(made)
    other = np.where(made.scale == 0, 77.0, Z)
    assert made.value(other) == made.value(Z)
    np.testing.assert_array_equal(made.gradient(other), made.gradient(Z))


def test_neighbours_of_one_loss_are_one_part(made):
    hinge = make({"classification": SquaredHinge(), "regression": Squared()})
    assert [(start, stop) for _, start, stop in hinge.parts] == [(0, 4), (4, 5), (5, 9)]
    assert [(start, stop) for _, start, stop in made.parts] == [
        (0, 1), (1, 4), (4, 5), (5, 9),
    ]  # fmt: skip


def test_each_task_has_the_loss_of_its_kind_and_width():
    _, Y = mixed_labels()
    losses = loss_of_tasks(MIXED_LOSSES, mixed_targets(Y))
    assert [loss.kind for loss in losses] == MIXED
    assert [loss.is_multiclass for loss in losses] == [False, True, False, True]
    same = loss_of_tasks(Squared(), mixed_targets(Y))
    assert {type(loss) for loss in same} == {Squared}
    one = Logistic()
    assert (
        loss_of_tasks({**MIXED_LOSSES, "classification": one}, mixed_targets(Y))[0]
        is one
    )


def test_smoothed_rounds_kinks_and_nothing_else(made):
    kinked = make({"classification": Hinge(), "regression": Squared()})
    assert made.differentiable
    assert not kinked.differentiable
    Z = scores(kinked)
    smooth = kinked.smoothed(1e-7, np.zeros_like(Z))
    assert smooth.differentiable
    assert [type(loss) for loss, _, _ in smooth.parts] == [
        MoreauEnvelope, Squared, MoreauEnvelope,
    ]  # fmt: skip
    assert smooth.value(Z) == pytest.approx(kinked.value(Z), rel=1e-5)
    assert not kinked.differentiable
    slope = [
        (smooth.value(Z + STEP * move) - smooth.value(Z - STEP * move)) / (2 * STEP)
        for move in unit_moves(Z)
    ]
    np.testing.assert_allclose(smooth.gradient(Z).ravel(), slope, atol=1e-5)
