"""Every structure of the registry: the scale of M, the two ends of sharing."""

import numpy as np
import pytest
from sklearn.base import clone

from mtlearn.structures import (
    STRUCTURES,
    Clustered,
    CovarianceStructure,
    Graph,
    PenaltyStructure,
)
from tests.reference.columns import columns

TIE = np.array([0, 1, 0, 2, 1, 0])  # three columns, two, and one alone
SHARING = [0.0, 0.3, 0.9, 1.0]
CLUSTERS = np.array([0, 1, 1, 0, 1, 0])
RING = np.eye(6, k=1) + np.eye(6, k=-1) + np.eye(6, k=5) + np.eye(6, k=-5)

WITH_COVARIANCE = [
    name for name in STRUCTURES if issubclass(STRUCTURES[name], CovarianceStructure)
]
WITH_PENALTIES = [
    name for name in STRUCTURES if issubclass(STRUCTURES[name], PenaltyStructure)
]


def make(name, n_tasks=6):
    if name == "graph":
        return Graph(RING[:n_tasks, :n_tasks])
    if name == "clustered":
        return Clustered(clusters=CLUSTERS[:n_tasks])
    return STRUCTURES[name]()


def random_coef(K=6, d=9):
    return np.random.default_rng(1).normal(size=(K, d))


def covariances(name, sharing):
    """The covariance to begin with, and those that follow."""
    structure, targets = make(name), columns(TIE)
    found = [structure.start(targets, sharing)]
    for _ in range(structure.max_rounds - 1):
        revised = structure.revise(random_coef(), targets, sharing, found[-1])
        if revised is None:
            break
        found.append(revised)
    return found


def test_every_structure_has_a_covariance_or_penalties():
    assert set(WITH_COVARIANCE) | set(WITH_PENALTIES) == set(STRUCTURES)
    assert not set(WITH_COVARIANCE) & set(WITH_PENALTIES)


@pytest.mark.parametrize("name", STRUCTURES)
def test_facts(name):
    structure = make(name)
    assert isinstance(structure.uses_label_groups, bool)
    assert isinstance(structure.has_sharing, bool)
    clone(structure)
    structure.check(columns(TIE))


@pytest.mark.parametrize("name", WITH_COVARIANCE)
@pytest.mark.parametrize("sharing", SHARING)
def test_covariance_is_one(name, sharing):
    for covariance in covariances(name, sharing):
        M = covariance.toarray()
        assert covariance.n_columns == 6
        np.testing.assert_allclose(M, M.T, atol=1e-12)
        assert np.linalg.eigvalsh(M).min() > -1e-12


@pytest.mark.parametrize("name", WITH_COVARIANCE)
def test_sharing_0_is_no_tie(name):
    for covariance in covariances(name, 0.0):
        np.testing.assert_array_equal(covariance.toarray(), np.eye(6))


@pytest.mark.parametrize("name", ["independent", "mean", "graph", "clustered"])
@pytest.mark.parametrize("sharing", SHARING)
def test_unit_diagonal_hence_trace_K(name, sharing):
    for covariance in covariances(name, sharing):
        np.testing.assert_allclose(np.diag(covariance.toarray()), 1, rtol=1e-12)


@pytest.mark.parametrize("name", ["mean", "graph", "clustered"])
@pytest.mark.parametrize("sharing", SHARING)
def test_only_equal_ties_are_tied(name, sharing):
    apart = TIE[:, None] != TIE
    for covariance in covariances(name, sharing):
        np.testing.assert_array_equal(covariance.toarray()[apart], 0)


@pytest.mark.parametrize("sharing", SHARING)
def test_trace_of_learned_is_at_most_K(sharing):
    """tr Omega = K; the harmonic mean of Omega and I, which is M, has no more."""
    for covariance in covariances("learned", sharing):
        assert np.trace(covariance.toarray()) < 6 + 1e-9


@pytest.mark.parametrize("name", WITH_COVARIANCE)
def test_one_column_is_never_tied(name):
    structure, targets = make(name, n_tasks=1), columns([0])
    covariance = structure.start(targets, 0.7)
    np.testing.assert_array_equal(covariance.toarray(), [[1.0]])
    assert structure.revise(random_coef(1), targets, 0.7, covariance) is None


@pytest.mark.parametrize("name", WITH_COVARIANCE)
def test_first_covariance_has_no_offset(name):
    assert make(name).start(columns(TIE), 0.5).offset == 0


@pytest.mark.parametrize("name", WITH_PENALTIES)
@pytest.mark.parametrize("sharing", SHARING)
def test_penalties_have_a_value_and_a_proximal_map(name, sharing):
    for penalty in make(name).penalties(columns(TIE), sharing):
        W = random_coef().T
        P = penalty.prox(W, 0.1)
        assert P.shape == W.shape
        assert penalty.value(0 * W) == 0
        assert isinstance(penalty.value(W), float)
        assert isinstance(penalty.rotation_invariant, bool)


@pytest.mark.parametrize("name", STRUCTURES)
def test_label_groups_mean_something_or_nothing(name):
    structure = make(name)
    wanted = [["a", "b"]] if structure.uses_label_groups else ()
    assert structure.label_groups([["a", "b"]], list("abcdef")) == wanted
