"""Labels by row: both layouts against a slow loop over the observed pairs."""

import numpy as np
import pytest

from mtlearn.solvers.descent import RowLabels, batches
from mtlearn.tasks import TaskTargets
from tests.solvers.problems import mixed_labels, mixed_targets

LAYOUTS = {"dense": -1.0, "sparse": 2.0}  # by the DENSE_SHARE that selects them


@pytest.fixture(params=LAYOUTS)
def layout(request, monkeypatch):
    monkeypatch.setattr(batches, "DENSE_SHARE", LAYOUTS[request.param])
    return request.param


def weighted(n=30, hidden=0.6, **options):
    _, Y = mixed_labels(n, hidden=hidden)
    Y[4:7] = np.nan
    weight = np.random.default_rng(1).uniform(0.5, 2, size=Y.shape)
    return mixed_targets(Y, sample_weight=weight, **options)


def slow(targets, rows):
    """Values and weights of all tasks, (B, T), by looking at every pair."""
    value, weight = np.zeros((2, len(rows), targets.n_tasks))
    for t in range(targets.n_tasks):
        if targets.constant[t] >= 0 or targets.columns[t] == targets.columns[t + 1]:
            continue
        for i, v, w in zip(*targets.pairs(t)):
            for at in np.flatnonzero(np.asarray(rows) == i):
                value[at, t], weight[at, t] = v, w
    return value, weight


def assert_labels(found, targets, rows):
    """Equal where there is a label, and weightless everywhere else."""
    value, weight = slow(targets, rows)
    shape = len(rows), len(found.tasks)
    assert found.value.shape == found.weight.shape == shape
    others = np.setdiff1d(np.arange(targets.n_tasks), found.tasks)
    assert not weight[:, others].any()
    np.testing.assert_array_equal(found.weight, weight[:, found.tasks])
    labelled = found.weight > 0
    np.testing.assert_array_equal(
        found.value[labelled], value[:, found.tasks][labelled]
    )


ROWS = {
    "in order": [0, 1, 2, 3],
    "any order": [21, 3, 17, 0, 29],
    "some without labels": [5, 20, 4, 6, 2],
    "a row twice": [9, 2, 9],
    "one": [11],
    "all": list(range(30)),
}


@pytest.mark.parametrize("rows", ROWS.values(), ids=ROWS)
def test_equal_to_the_loop(layout, rows):
    targets = weighted()
    labels = RowLabels(targets, np.float64)
    assert labels.dense == (layout == "dense")
    assert_labels(labels.take(np.array(rows)), targets, rows)


@pytest.mark.parametrize(("start", "stop"), [(0, 30), (2, 9), (29, 30), (4, 7)])
def test_a_slice_is_its_rows(layout, start, stop):
    targets = weighted()
    labels, rows = RowLabels(targets, np.float64), np.arange(start, stop)
    found, wanted = labels.take(slice(start, stop)), labels.take(rows)
    for name in ("tasks", "value", "weight"):
        np.testing.assert_array_equal(getattr(found, name), getattr(wanted, name))
    assert_labels(found, targets, rows)


def test_rows_are_those_with_labels_to_learn_from(layout):
    targets = weighted()
    found = RowLabels(targets, np.float64).rows
    wanted = np.flatnonzero(slow(targets, range(30))[1].any(axis=1))
    np.testing.assert_array_equal(found, wanted)
    assert not {4, 5, 6} & set(found)


def test_rows_without_labels(layout):
    found = RowLabels(weighted(), np.float64).take(np.array([4, 5, 6]))
    assert not found.weight.any()
    assert found.value.shape == (3, 4 if layout == "dense" else 0)


def test_rare_labels_name_only_their_tasks(monkeypatch):
    monkeypatch.setattr(batches, "DENSE_SHARE", LAYOUTS["sparse"])
    Y = np.full((6, 5), np.nan)
    Y[0, 3], Y[1, [1, 4]], Y[4], Y[5] = 2.0, [3.0, -1.0], 0.0, 1.0
    labels = RowLabels(TaskTargets.read(Y, "regression"), np.float64)
    np.testing.assert_array_equal(labels.take(slice(0, 2)).tasks, [1, 3, 4])
    np.testing.assert_array_equal(labels.take(slice(0, 1)).value, [[2]])
    np.testing.assert_array_equal(labels.take(slice(0, 5)).tasks, range(5))


def mute_tasks(label_groups):
    """Task 0 has one class, task 1 no labels, tasks 2 and 3 something to learn."""
    Y = np.full((8, 4), np.nan)
    Y[:2, 0] = 1
    Y[2:6, 2] = [0, 1, 1, 0]
    Y[5:, 3] = [1, 0, 1]
    return TaskTargets.read(Y, "classification", label_groups=label_groups)


@pytest.mark.parametrize("label_groups", [(), "all"])
def test_tasks_of_one_class_or_without_labels_weigh_nothing(layout, label_groups):
    targets = mute_tasks(label_groups)
    # Tied to others, a task of one class has a column, alone it has none.
    assert np.diff(targets.columns)[0] == (label_groups == "all")
    labels = RowLabels(targets, np.float64)
    np.testing.assert_array_equal(labels.rows, np.arange(2, 8))
    assert_labels(labels.take(slice(0, 8)), targets, range(8))
    assert not labels.take(np.array([0, 1])).weight.any()


def test_the_denser_half_is_a_matrix():
    Y = np.full((16, 4), np.nan)
    Y[:8, 0] = np.arange(8)  # an eighth of the pairs
    assert not RowLabels(TaskTargets.read(Y, "regression"), np.float64).dense
    Y[8, 1] = 1
    assert RowLabels(TaskTargets.read(Y, "regression"), np.float64).dense


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype(layout, dtype):
    found = RowLabels(weighted(), dtype).take(slice(0, 9))
    assert found.value.dtype == found.weight.dtype == dtype
