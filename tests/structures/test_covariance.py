"""The covariance operators against dense linear algebra."""

import numpy as np
import pytest
from scipy import sparse

from mtlearn.structures.covariance import (
    DenseCovariance,
    IdentityCovariance,
    SparseCovariance,
    TiedCovariance,
)

TIE = np.array([4, 1, 4, 7, 1, 4, 4])
K = len(TIE)
CURVATURES = {
    "equal": np.full(K, 0.7),
    "unequal": np.geomspace(1e-3, 5, K),
    "one column without rows": np.array([1, 2, 0, 3, 0.5, 1, 2.0]),
    "no rows at all": np.zeros(K),
}
SHARING = [0.0, 0.3, 0.9, 1.0]


def dense(spectrum):
    vectors = np.linalg.qr(np.random.default_rng(0).normal(size=(K, K)))[0]
    return DenseCovariance(vectors, np.asarray(spectrum))


def ring(sharing):
    L = 2 * np.eye(K) - np.roll(np.eye(K), 1, axis=0) - np.roll(np.eye(K), -1, axis=0)
    return SparseCovariance(sparse.csr_array(L), sharing)


COVARIANCES = {
    "identity": IdentityCovariance(K),
    **{f"tied {s}": TiedCovariance(TIE, s) for s in SHARING},
    "dense": dense(np.geomspace(1e-4, 3, K)),
    "dense, nearly singular": dense([1e-12, 1e-9, 1, 1, 1, 2, 2]),
    "dense, singular": dense([0, 0, 1, 1, 1, 2, 2]),
    **{f"sparse {s}": ring(s) for s in (0.3, 0.9)},
}
NONSINGULAR = ["identity", "tied 0.0", "tied 0.3", "tied 0.9", "dense", "sparse 0.3"]
EXACT = {n: c for n, c in COVARIANCES.items() if not isinstance(c, SparseCovariance)}


@pytest.fixture(params=COVARIANCES, ids=str)
def covariance(request):
    return COVARIANCES[request.param]


def rows(n=5, dtype=np.float64):
    return np.random.default_rng(2).normal(size=(n, K)).astype(dtype)


def test_times(covariance):
    V = rows()
    np.testing.assert_allclose(
        covariance.times(V), V @ covariance.toarray(), rtol=1e-12, atol=1e-12
    )


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("D", CURVATURES.values(), ids=CURVATURES)
def test_damping(name, D):
    covariance = EXACT[name]
    T, s = rows(), np.array([0, 1e-3, 1, 40, 1e3])
    M = covariance.toarray()
    V = covariance.damping(D)(T, s)
    for i in range(len(T)):
        wanted = T[i] @ np.linalg.inv(np.eye(K) + s[i] * M * D)
        np.testing.assert_allclose(V[i], wanted, rtol=1e-6, atol=1e-7)


def test_damping_of_any_number_of_rows(covariance):
    damp = covariance.damping(np.arange(1.0, K + 1))
    T, s = rows(5), np.array([0, 0.5, 2, 3, 9])
    all_at_once = damp(T, s)
    for i in range(5):
        np.testing.assert_allclose(damp(T[i : i + 1], s[i : i + 1])[0], all_at_once[i])
    one_for_all = damp(T, np.array([2.0]))
    np.testing.assert_allclose(one_for_all[2], all_at_once[2])


def test_float32_stays_float32(covariance):
    T = rows(dtype=np.float32)
    s, D = np.ones(5, np.float32), np.ones(K, np.float32)
    assert covariance.times(T).dtype == np.float32
    assert covariance.divide(T).dtype == np.float32
    assert covariance.damping(D)(T, s).dtype == np.float32


@pytest.mark.parametrize("D", CURVATURES.values(), ids=CURVATURES)
def test_sparse_damping_takes_the_matrix_for_its_diagonal(D):
    T, s = rows(), np.array([0, 1e-3, 1, 40, 1e3])
    wanted = T / (1 + s[:, None] * D)
    np.testing.assert_allclose(COVARIANCES["sparse 0.9"].damping(D)(T, s), wanted)


@pytest.mark.parametrize("name", NONSINGULAR)
def test_times_and_divide_undo_each_other(name):
    covariance, W = COVARIANCES[name], rows()
    np.testing.assert_allclose(covariance.divide(covariance.times(W)), W, rtol=1e-8)
    np.testing.assert_allclose(covariance.times(covariance.divide(W)), W, rtol=1e-8)
    assert covariance.divide(W) is not W


@pytest.mark.parametrize("name", ["tied 1.0", "dense, singular"])
def test_divide_of_a_singular_covariance(name):
    """Coefficients that the covariance allows come back; others are projected."""
    covariance, W = COVARIANCES[name], rows()
    allowed = covariance.times(W)
    np.testing.assert_allclose(covariance.times(covariance.divide(allowed)), allowed)
    once = covariance.times(covariance.divide(W))
    np.testing.assert_allclose(covariance.times(covariance.divide(once)), once)
    np.testing.assert_allclose(np.vdot(W - once, once), 0, atol=1e-12)


def test_tied_at_1_divides_to_the_mean():
    covariance, W = COVARIANCES["tied 1.0"], rows()
    pooled = covariance.times(covariance.divide(W))
    np.testing.assert_allclose(pooled[:, 0], W[:, TIE == 4].mean(axis=1))


def test_dense_toarray():
    spectrum = np.geomspace(1e-4, 3, K)
    values = np.linalg.eigvalsh(dense(spectrum).toarray())
    np.testing.assert_allclose(values, spectrum, rtol=1e-9)


@pytest.mark.parametrize("sharing", SHARING)
def test_tied_by_hand(sharing):
    M = TiedCovariance(TIE, sharing).toarray()
    for j in range(K):
        for k in range(K):
            same = TIE[j] == TIE[k]
            assert M[j, k] == (1.0 if j == k else sharing * same)
