"""Curvature: its numbers against NumPy, and steps of one over it never go up."""

import numpy as np
import pytest

from mtlearn.losses import LOSSES, Huber
from mtlearn.solvers.descent import CentredRows, RowLabels, ScoreLosses
from mtlearn.solvers.descent.curvature import Curvature
from mtlearn.solvers.objective import loss_of_tasks
from mtlearn.structures import (
    Graph,
    Independent,
    JointSparse,
    Learned,
    LowRank,
    Mean,
    SharedPlusLowRank,
    SharedPlusSparse,
)
from mtlearn.structures.parametrizations import Factorized
from mtlearn.tasks import TaskTargets
from tests.solvers.problems import mixed_labels, numbers, signs

SMOOTH = {name: loss() for name, loss in LOSSES.items() if loss.differentiable}
SMOOTH["narrow huber"] = Huber(0.3)
CHAIN = np.diag([1.0, 1.0], 1) + np.diag([1.0, 1.0], -1)
FORMS = {
    "own": lambda targets: Independent().parametrization(targets, 0),
    "mean": lambda targets: Mean().parametrization(targets, 0.7),
    "mean at 0": lambda targets: Mean().parametrization(targets, 0.0),
    "mean at 1": lambda targets: Mean().parametrization(targets, 1.0),
    "graph": lambda targets: Graph(CHAIN).parametrization(targets, 0.8),
    "learned": lambda targets: Learned().parametrization(targets, 0.5),
    "factorized": lambda targets: Factorized(2),
    "low rank": lambda targets: LowRank().parametrization(targets, 0),
    "joint sparse": lambda targets: JointSparse().parametrization(targets, 0),
    "two parts": lambda targets: SharedPlusSparse().parametrization(targets, 0.5),
    "tied part": lambda targets: SharedPlusLowRank().parametrization(targets, 0.5),
}


def seen(X, weight=None, bounds=1.0):
    """What one batch of one task says."""
    made = Curvature(np.array([bounds]), np.array([0]), 1)
    weight = np.ones((len(X), 1)) if weight is None else weight
    made.see(CentredRows(X, np.zeros(X.shape[1])), weight, np.array([0]))
    return made


@pytest.mark.parametrize("shape", [(40, 6), (6, 40), (30, 1)])
@pytest.mark.parametrize("scale", [1.0, 1e-3])
def test_largest_eigenvalue(shape, scale):
    X = scale * np.random.default_rng(0).normal(size=shape)
    wanted = np.linalg.eigvalsh(X.T @ X / len(X))[-1]
    assert wanted <= seen(X).largest <= 1.1001 * wanted


def test_largest_is_of_centred_rows():
    X = np.random.default_rng(0).normal(size=(40, 6)) + 3
    center = X.mean(axis=0)
    made = Curvature(np.ones(1), np.array([0]), 1)
    made.see(CentredRows(X, center), np.ones((40, 1)), np.array([0]))
    assert made.largest == pytest.approx(seen(X - center).largest)
    assert made.noise == pytest.approx(seen(X - center).noise)


def test_noise_of_single_rows():
    X = np.random.default_rng(0).normal(size=(40, 6))
    made, squares = seen(X), np.sum(X**2, axis=1)
    assert made.noise == pytest.approx(np.sum(squares**2) / squares.sum() / 40)
    assert made.longest == pytest.approx(squares.max() / 40)
    steady = made.largest - made.noise
    for inertia in (1, 10):
        wanted = steady + inertia * made.noise
        assert made.bound(inertia) == pytest.approx(wanted)
        worst = steady + inertia * made.longest
        assert made.damping(inertia) == pytest.approx(wanted / worst)


def test_noise_is_of_all_batches():
    X = np.random.default_rng(0).normal(size=(40, 6))
    made = seen(X[:20])
    for start in (20, 0, 20):
        batch = CentredRows(X[start : start + 20], np.zeros(6))
        made.see(batch, np.ones((20, 1)), np.array([0]))
    squares = np.sum(X**2, axis=1)
    assert made.noise == pytest.approx(np.sum(squares**2) / squares.sum() / 20)
    batches = [np.linalg.eigvalsh(part.T @ part / 20)[-1] for part in (X[:20], X[20:])]
    assert max(batches) <= made.largest <= 1.1001 * max(batches)


def test_rows_of_zeros():
    made = seen(np.zeros((5, 3)))
    assert (made.largest, made.noise, made.longest) == (0, 0, 0)
    assert made.bound(1) > 0
    assert made.damping(10) == 1


def test_loads_and_greatest_weights_by_task():
    made = Curvature(np.array([0.25, 0.5, 0.5]), np.array([0, 2, 2]), 3)
    rows = CentredRows(np.ones((4, 2)), np.zeros(2))
    weight = np.array([[1.0, 0.5], [0, 0.5], [0, 0], [3, 0]])
    made.see(rows, weight, np.array([0, 2]))
    np.testing.assert_allclose(made.load, [1, 0, 0.25])
    np.testing.assert_allclose(made.top, [3, 1, 1])
    assert made.most == 3  # row 0 has both tasks, of one and of two columns
    made.see(rows, np.full((4, 1), 2.0), np.array([1]))
    np.testing.assert_allclose(made.load, [0.5, 1, 0.125])
    np.testing.assert_allclose(made.top, [3, 2, 1])


def test_blocks_by_the_formula():
    """c (mean weight (largest - noise) + m greatest weight noise), see the module."""
    rng = np.random.default_rng(0)
    X, weight = rng.normal(size=(30, 4)), rng.uniform(0, 3, size=(30, 1))
    made = seen(X, weight, 0.25)
    own = FORMS["own"](None)
    found, of_b = made.of_blocks(own, own.start(1, 4, float, None), 5)
    steady = made.largest - made.noise
    wanted = 0.25 * (weight.mean() * steady + 5 * weight.max() * made.noise)
    np.testing.assert_allclose(found[0], [[wanted]])
    np.testing.assert_allclose(of_b, [0.25 * (weight.mean() + 5 * weight.max() / 30)])


def problem(loss, hidden):
    if loss.kind == "regression":
        X, Y = numbers(40, 5, hidden=hidden)
        X, Y = X + 0.5, 2 * Y
    elif loss.is_multiclass:
        X, Y = mixed_labels(40, 5, hidden=hidden)
        Y = Y[:, [1, 1, 1]]
    else:
        X, Y = signs(40, 5, hidden=hidden)
    return X, TaskTargets.read(Y, loss.kind, label_groups="all")


def directions(form, K, d, rng):
    """Blocks to start from: any, of small and of large coefficients."""
    for scale in (0.0, 0.3, 3.0):
        blocks = form.start(K, d, np.float64, rng)
        yield [block + scale * rng.normal(size=block.shape) for block in blocks]


@pytest.mark.parametrize("hidden", [0.0, 0.4])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", SMOOTH)
def test_a_full_step_of_one_over_the_curvature_never_goes_up(name, form, hidden):
    loss, alpha = SMOOTH[name], 0.05
    X, targets = problem(loss, hidden)
    n, d = X.shape
    form, labels = FORMS[form](targets), RowLabels(targets, np.float64)
    made = ScoreLosses(loss_of_tasks(loss, targets), targets)
    labels = labels.take(slice(0, n))
    its = made.of_tasks(labels.tasks)
    weight, y = labels.weight[:, its.task], its.targets(labels.value)
    rows = CentredRows(X, X.mean(axis=0))

    def cost(blocks, b):
        Z = rows.times(form.coefficients(blocks).T) + b
        values, G = its.value_and_gradient(y, Z)
        value = np.sum(weight * values) / n
        value += alpha * form.decay / 2 * sum(np.sum(block**2) for block in blocks)
        return value, weight * G / n

    rng = np.random.default_rng(0)
    for blocks in directions(form, targets.n_columns, d, rng):
        curvature = Curvature(made.curvature, made.column_task, targets.n_tasks)
        curvature.see(rows, labels.weight, labels.tasks)
        b = rng.normal(size=targets.n_columns)
        for _ in range(8):
            before, G = cost(blocks, b)
            of_blocks, of_b = curvature.of_blocks(form, blocks, 1)
            slopes = form.pull_back(blocks, rows.gradient(G))
            decay = alpha * form.decay
            blocks = [
                block - (slope + decay * block) / (each + decay)
                for block, slope, each in zip(blocks, slopes, of_blocks)
            ]
            b = b - G.sum(axis=0) / of_b
            assert cost(blocks, b)[0] <= before + 1e-12
