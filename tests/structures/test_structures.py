"""Every structure of the registry: the scale of M, the two ends of sharing."""

import numpy as np
import pytest

from mtlearn.structures import STRUCTURES

TIE = np.array([0, 1, 0, 2, 1, 0])  # three columns, two, and one alone
SHARING = [0.0, 0.3, 0.9, 1.0]


def random_coef(K=6, d=9):
    return np.random.default_rng(1).normal(size=(K, d))


def covariances(name, sharing, W=None):
    """The covariance to begin with, and those that follow."""
    structure = STRUCTURES[name]()
    W = random_coef() if W is None else W
    found = [structure.start(TIE, sharing)]
    for _ in range(structure.max_rounds - 1):
        revised = structure.revise(W, sharing, found[-1])
        if revised is None:
            break
        found.append(revised)
    return found


@pytest.mark.parametrize("name", STRUCTURES)
@pytest.mark.parametrize("sharing", SHARING)
def test_covariance_is_one(name, sharing):
    for covariance in covariances(name, sharing):
        M = covariance.toarray()
        assert covariance.n_columns == 6
        np.testing.assert_allclose(M, M.T, atol=1e-12)
        assert np.linalg.eigvalsh(M).min() > -1e-12


@pytest.mark.parametrize("name", STRUCTURES)
def test_sharing_0_is_no_tie(name):
    for covariance in covariances(name, 0.0):
        np.testing.assert_array_equal(covariance.toarray(), np.eye(6))


@pytest.mark.parametrize("name", ["independent", "mean"])
@pytest.mark.parametrize("sharing", SHARING)
def test_trace_is_the_number_of_columns(name, sharing):
    for covariance in covariances(name, sharing):
        assert np.trace(covariance.toarray()) == pytest.approx(6)


@pytest.mark.parametrize("sharing", SHARING)
def test_trace_of_learned_is_at_most_that(sharing):
    """tr Omega = K; the harmonic mean of Omega and I, which is M, has no more."""
    for covariance in covariances("learned", sharing):
        assert np.trace(covariance.toarray()) < 6 + 1e-9


@pytest.mark.parametrize("name", STRUCTURES)
def test_one_column_is_never_tied(name):
    structure = STRUCTURES[name]()
    covariance = structure.start(np.array([0]), 0.7)
    np.testing.assert_array_equal(covariance.toarray(), [[1.0]])
    assert structure.revise(random_coef(1), 0.7, covariance) is None


@pytest.mark.parametrize("name", STRUCTURES)
def test_first_covariance_has_no_offset(name):
    assert STRUCTURES[name]().start(TIE, 0.5).offset == 0
