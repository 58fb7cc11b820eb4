"""Losses of all score columns at once: equal to a loop over tasks."""

import numpy as np
import pytest

from mtlearn.losses import LOSSES, Multinomial
from mtlearn.solvers.descent import ScoreLosses
from mtlearn.solvers.objective import loss_of_tasks
from mtlearn.tasks import TaskTargets
from tests.solvers.problems import MIXED_LOSSES, mixed_labels, mixed_targets

SUBSETS = [[0, 1, 2, 3], [1, 3], [0, 2], [1], [2, 3], [0], [3, 0], []]
STEP = 1e-6


def problem(losses, targets, B=7, seed=0):
    """A ScoreLosses, its losses by task, and labels of B rows."""
    of_task = loss_of_tasks(losses, targets)
    rng = np.random.default_rng(seed)
    classes = [None if known is None else len(known) for known in targets.classes]
    value = [
        rng.normal(size=B) if c is None else rng.integers(max(c, 1), size=B)
        for c in classes
    ]
    value = np.column_stack(value)
    return ScoreLosses(of_task, targets), of_task, value.astype(float)


def targets_of(loss, n_columns, value):
    """What scores of one task should be, from labels: (B, n_columns)."""
    if loss.kind == "regression":
        return value[:, None]
    if n_columns == 1:
        return np.where(value == 1, 1.0, -1.0)[:, None]
    low = 0.0 if loss.is_multiclass else -1.0
    return np.where(value[:, None] == np.arange(n_columns), 1.0, low)


def by_loop(losses, targets, tasks, value, Z):
    """Values and slopes, (B, k), of the columns of some tasks, one after the other."""
    V, G, sums, start = np.empty_like(Z), np.empty_like(Z), [], 0
    for t in tasks:
        its = slice(start, start + targets.columns[t + 1] - targets.columns[t])
        loss, start = losses[t], its.stop
        y = targets_of(loss, its.stop - its.start, value[:, t])
        if its.stop > its.start:
            V[:, its], G[:, its] = loss.value(y, Z[:, its]), loss.gradient(y, Z[:, its])
        sums.append(V[:, its].sum(axis=1))
    return V, G, np.reshape(sums, (len(tasks), len(Z))).T


def assert_equal_to_loop(made, losses, targets, tasks, value):
    its = made.of_tasks(np.array(tasks, dtype=int))
    columns = np.arange(targets.n_columns)[its.columns]
    wanted = [np.flatnonzero(targets.column_task == t) for t in tasks]
    np.testing.assert_array_equal(columns, np.concatenate([*wanted, []]))
    Z = 2 * np.random.default_rng(1).normal(size=(len(value), len(columns)))
    V, G, sums = by_loop(losses, targets, tasks, value, Z)
    found = its.value_and_gradient(its.targets(value[:, tasks]), Z.copy())
    np.testing.assert_allclose(found[0], V, atol=1e-12)
    np.testing.assert_allclose(found[1], G, atol=1e-12)
    np.testing.assert_allclose(its.by_task(found[0]), sums, atol=1e-12)
    np.testing.assert_allclose(its.by_task(found[0][0]), sums[0], atol=1e-12)


@pytest.mark.parametrize("tasks", SUBSETS, ids=str)
def test_mixed_problem(tasks):
    """Logistic, softmax of 3 and of 4 classes, and Huber in between."""
    targets = mixed_targets(mixed_labels()[1])
    made, losses, value = problem(MIXED_LOSSES, targets)
    assert_equal_to_loop(made, losses, targets, tasks, value)


def of_each_loss(loss):
    if loss.kind == "regression":
        Y = np.random.default_rng(0).normal(size=(20, 3))
        return TaskTargets.read(Y, "regression")
    Y = mixed_labels()[1]
    softmax = isinstance(loss, Multinomial)
    return TaskTargets.read(Y[:, [1, 3] if softmax else [0, 1, 3]], "classification")


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss(name):
    loss = LOSSES[name]()
    targets = of_each_loss(loss)
    made, losses, value = problem(loss, targets)
    everything = list(range(targets.n_tasks))
    for tasks in (everything, everything[1:], everything[:1]):
        assert_equal_to_loop(made, losses, targets, tasks, value)


@pytest.mark.parametrize("name", LOSSES)
def test_gradient_is_the_finite_difference_of_the_sum(name):
    loss = LOSSES[name]()
    targets = of_each_loss(loss)
    made, _, value = problem(loss, targets)
    its = made.of_tasks(np.arange(targets.n_tasks))
    y = its.targets(value)
    Z = np.random.default_rng(1).normal(size=y.shape)

    def total(Z):
        return its.value_and_gradient(y, Z)[0].sum(axis=1)

    for k in range(Z.shape[1]):
        move = np.zeros_like(Z)
        move[:, k] = STEP
        slope = (total(Z + move) - total(Z - move)) / (2 * STEP)
        found = its.value_and_gradient(y, Z.copy())[1][:, k]
        np.testing.assert_allclose(found, slope, atol=1e-7)


def test_tasks_without_columns_cost_nothing():
    Y = mixed_labels()[1]
    Y[:, 1] = np.nan
    Y[:, 3] = np.where(np.isnan(Y[:, 3]), np.nan, 1)
    targets = mixed_targets(Y)
    np.testing.assert_array_equal(np.diff(targets.columns), [1, 0, 1, 0])
    made, losses, value = problem(MIXED_LOSSES, targets)
    for tasks in ([0, 1, 2, 3], [1, 2], [1, 3], [0, 3]):
        assert_equal_to_loop(made, losses, targets, tasks, value)


def test_curvature_bounds_of_columns():
    made = problem(MIXED_LOSSES, mixed_targets(mixed_labels()[1]))[0]
    np.testing.assert_array_equal(made.curvature, [0.25] + 3 * [0.5] + [1] + 4 * [0.5])


def test_inputs_are_kept_and_so_is_float32():
    targets = mixed_targets(mixed_labels()[1])
    made, _, value = problem(MIXED_LOSSES, targets)
    for tasks in ([0, 1, 2, 3], [1, 3], [0]):
        its = made.of_tasks(np.array(tasks))
        y = its.targets(value[:, tasks].astype(np.float32))
        Z = np.random.default_rng(1).normal(size=y.shape).astype(np.float32)
        before = y.copy(), Z.copy()
        found = its.value_and_gradient(y, Z)
        assert {y.dtype, *(part.dtype for part in found)} == {np.dtype(np.float32)}
        assert its.by_task(found[0]).dtype == np.float32
        np.testing.assert_array_equal(y, before[0])
        np.testing.assert_array_equal(Z, before[1])
