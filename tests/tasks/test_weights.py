import numpy as np
import pytest
from numpy.testing import assert_allclose

from mtlearn.tasks import read_sample_weight, resolve_task_weight

NAMES = ["a", "b", "c"]
N_LABELS = np.array([10.0, 20.0, 40.0])


@pytest.mark.parametrize(
    ("weight", "shape"),
    [
        ([1, 2], (2, 1)),
        (np.array([[1], [2]]), (2, 1)),
        (np.ones((2, 3)), (2, 3)),
        (2.0, (2, 1)),
        ([True, False], (2, 1)),
    ],
)
def test_sample_weight_shapes(weight, shape):
    read = read_sample_weight(weight, 2, 3)
    assert read.shape == shape
    assert read.dtype == np.float64


def test_no_sample_weight():
    assert read_sample_weight(None, 2, 3) is None


@pytest.mark.parametrize(
    ("weight", "match"),
    [
        ([1, 2, 3], r"shape == \(3,\), expected \(2,\) or \(2, 3\)"),
        (np.ones((3, 2)), "expected"),
        ([1, -1], "negative weight, -1.0"),
        ([1, np.nan], "NaN or infinity"),
        ([1, np.inf], "NaN or infinity"),
        ([0, 0], "must not all be zero"),
    ],
)
def test_bad_sample_weight(weight, match):
    with pytest.raises(ValueError, match=match):
        read_sample_weight(weight, 2, 3)


@pytest.mark.parametrize(
    ("weight", "expected"),
    [
        (None, [1, 1, 1]),
        ("balanced", np.array([4, 2, 1]) / 7 * 3),
        ("null_loss", np.array([1, 2, 1]) / 4 * 3),
        ({"b": 3}, [1, 3, 1]),
        ({}, [1, 1, 1]),
        ({"a": 0, "c": 2.5}, [0, 1, 2.5]),
        ([2, 1, 0], [2, 1, 0]),
        ((2.0, 1.0, 0.5), [2, 1, 0.5]),
        (np.array([2, 1, 1]), [2, 1, 1]),
    ],
)
def test_task_weight_forms(weight, expected):
    losses = np.array([0.5, 0.25, 0.5])
    assert_allclose(resolve_task_weight(weight, NAMES, N_LABELS, losses), expected)


@pytest.mark.parametrize("weight", ["balanced", "null_loss"])
def test_tasks_without_labels_or_loss_do_not_disturb_the_mean(weight):
    amount = np.array([10.0, 0.0, 40.0])
    resolved = resolve_task_weight(weight, NAMES, amount, amount)
    assert_allclose(resolved, [1.6, 1, 0.4])


@pytest.mark.parametrize(
    ("weight", "match"),
    [
        ("equal", "'equal' is unknown.*'balanced', 'null_loss'"),
        ({"d": 1}, r"unknown tasks \['d'\]; the tasks are \['a', 'b', 'c'\]"),
        ([1, 2], r"shape \(2,\).* 3 tasks"),
        ([1, -1, 1], ">= 0"),
        ([1, np.nan, 1], "finite"),
        ([0, 0, 0], "not all zero"),
        ({"a": 0, "b": 0, "c": 0}, "not all zero"),
    ],
)
def test_bad_task_weight(weight, match):
    with pytest.raises(ValueError, match=match):
        resolve_task_weight(weight, NAMES, N_LABELS)
