"""The mean structure: its matrix, and the shared vector."""

import numpy as np
import pytest

from mtlearn.structures import Mean
from mtlearn.structures.mean import tie_means
from tests.reference.columns import columns


def test_matrix():
    M = Mean().start(columns([0, 0, 0, 1]), 0.25).toarray()
    wanted = [[1, 0.25, 0.25, 0], [0.25, 1, 0.25, 0], [0.25, 0.25, 1, 0], [0, 0, 0, 1]]
    np.testing.assert_array_equal(M, wanted)


@pytest.mark.parametrize("sharing", [0.1, 0.5, 0.95])
def test_tie_means_minimises_the_penalty_of_both_parts(sharing):
    """Given W, ``lambda/2 sum |w_t - w_s|^2 + gamma/2 |w_s|^2`` is least at it."""
    coef = np.random.default_rng(0).normal(size=(5, 3))
    tie = np.array([0, 3, 0, 0, 3])
    lambda_, gamma = sharing, 1 - sharing
    shared, member = tie_means(coef, tie, sharing)
    assert shared.shape == (2, 3)
    for row, own in [(0, [0, 2, 3]), (1, [1, 4])]:
        assert (member[own] == row).all()
        slope = lambda_ * (shared[row] - coef[own]).sum(axis=0)
        np.testing.assert_allclose(slope + gamma * shared[row], 0, atol=1e-12)


def test_tie_means_at_the_two_ends():
    coef = np.random.default_rng(0).normal(size=(3, 4))
    tie = np.zeros(3, dtype=int)
    np.testing.assert_array_equal(tie_means(coef, tie, 0.0)[0], np.zeros((1, 4)))
    np.testing.assert_allclose(tie_means(coef, tie, 1.0)[0][0], coef.mean(axis=0))


def test_columns_tied_to_nobody_share_nothing():
    shared, member = tie_means(np.ones((3, 2)), np.array([0, 1, 1]), 0.5)
    assert shared.shape == (1, 2)
    assert member.tolist() == [-1, 0, 0]
