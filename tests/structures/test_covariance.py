"""The covariance operators against dense linear algebra."""

import numpy as np
import pytest

from mtlearn.structures.covariance import (
    DenseCovariance,
    IdentityCovariance,
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


COVARIANCES = {
    "identity": IdentityCovariance(K),
    **{f"tied {s}": TiedCovariance(TIE, s) for s in SHARING},
    "dense": dense(np.geomspace(1e-4, 3, K)),
    "dense, nearly singular": dense([1e-12, 1e-9, 1, 1, 1, 2, 2]),
}


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


@pytest.mark.parametrize("D", CURVATURES.values(), ids=CURVATURES)
def test_damping(covariance, D):
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
    assert covariance.damping(D)(T, s).dtype == np.float32


def test_dense_divide_undoes_times():
    W = rows()
    covariance = COVARIANCES["dense"]
    np.testing.assert_allclose(covariance.divide(covariance.times(W)), W, rtol=1e-9)


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
