"""A few values and slopes of every loss, worked out by hand."""

import numpy as np
import pytest

from mtlearn.losses import (
    EpsilonInsensitive,
    Hinge,
    Huber,
    Logistic,
    Multinomial,
    Squared,
    SquaredEpsilonInsensitive,
    SquaredHinge,
)

LOG2 = np.log(2)
SIGNS = ([1, 1, 1, -1, -1], [0, 1, -2, 0, 2])
NUMBERS = ([1, 1, 1, 1, -1], [1, 3, 1.5, -4, -1.5])
CASES = {
    "hinge": (Hinge(), SIGNS, [1, 0, 3, 1, 3], None),
    "squared hinge": (SquaredHinge(), SIGNS, [1, 0, 9, 1, 9], [-2, 0, -6, 2, 6]),
    "logistic": (
        Logistic(),
        ([1, -1, 1], [0, 0, np.log(3)]),
        [LOG2, LOG2, np.log(4 / 3)],
        [-0.5, 0.5, -0.25],
    ),
    "squared": (Squared(), NUMBERS, [0, 2, 0.125, 12.5, 0.125], [0, 2, 0.5, -5, -0.5]),
    "huber": (Huber(1.0), NUMBERS, [0, 1.5, 0.125, 4.5, 0.125], [0, 1, 0.5, -1, -0.5]),
    "tube": (EpsilonInsensitive(0.5), NUMBERS, [0, 1.5, 0, 4.5, 0], None),
    "no tube": (EpsilonInsensitive(), NUMBERS, [0, 2, 0.5, 5, 0.5], None),
    "squared tube": (
        SquaredEpsilonInsensitive(0.5),
        NUMBERS,
        [0, 2.25, 0, 20.25, 0],
        [0, 3, 0, -9, 0],
    ),
    "multinomial": (
        Multinomial(),
        ([[1, 0, 0], [0, 0, 1]], [[0, 0, 0], [np.log(2), 0, 0]]),
        [[np.log(3), 0, 0], [0, 0, np.log(4)]],
        [[-2 / 3, 1 / 3, 1 / 3], [0.5, 0.25, -0.75]],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_by_hand(name):
    loss, (y, z), value, gradient = CASES[name]
    y, z = np.array(y, dtype=float), np.array(z, dtype=float)
    np.testing.assert_allclose(loss.value(y, z), value, atol=1e-15)
    if gradient is not None:
        np.testing.assert_allclose(loss.gradient(y, z), gradient, atol=1e-15)


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (Hinge(), 0.5),  # min(p, 1 - p), twice, p = 1/4
        (SquaredHinge(), 0.75),  # 4 p (1 - p)
        (Logistic(), 0.75 * np.log(4 / 3) + 0.25 * np.log(4)),
        (Multinomial(), 0.75 * np.log(4 / 3) + 0.25 * np.log(4)),
    ],
)
def test_null_loss_of_shares(loss, expected):
    assert loss.null_loss(np.array([0.75, 0.25])) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (Squared(), 1.0),  # half of the variance of 0, 0, 2, 2, .. about 1: 2 / 2
        (EpsilonInsensitive(), np.sqrt(2)),
        (EpsilonInsensitive(1.0), np.sqrt(2) - 1),
        (SquaredEpsilonInsensitive(), 2.0),
        (Huber(100.0), 1.0),
    ],
)
def test_null_loss_of_two_numbers_of_variance_2(loss, expected):
    values = np.sqrt(2) * np.array([-1.0, 1.0]) + 5
    assert loss.null_loss(values, np.ones(2)) == pytest.approx(expected, rel=1e-6)
