"""The squared hinge at its kink and beyond the margin."""

import numpy as np

from mtlearn.losses import SquaredHinge


def test_by_hand():
    y = np.array([1.0, 1, 1, -1, -1, -1])
    z = np.array([0.0, 1, 2, 0, -1, 2])
    loss = SquaredHinge()
    np.testing.assert_array_equal(loss.value(y, z), [1, 0, 0, 1, 0, 9])
    np.testing.assert_array_equal(loss.gradient(y, z), [-2, 0, 0, 2, 0, 6])


def test_no_curvature_at_the_kink():
    y, z = np.ones(3), np.array([np.nextafter(1, 0), 1, np.nextafter(1, 2)])
    np.testing.assert_array_equal(SquaredHinge().curvature(y, z), [2, 0, 0])
