"""The decompositions of X, and the system they solve, against dense matrices."""

import numpy as np
import pytest
from scipy import sparse

from mtlearn.solvers import preconditioner
from mtlearn.solvers.preconditioner import GramPreconditioner
from mtlearn.structures.covariance import (
    DenseCovariance,
    IdentityCovariance,
    TiedCovariance,
)

K = 4
VECTORS = np.linalg.qr(np.random.default_rng(5).normal(size=(K, K)))[0]
COVARIANCES = {
    "identity": IdentityCovariance(K),
    "tied": TiedCovariance(np.array([0, 1, 0, 0]), 0.8),
    "pooled": TiedCovariance(np.array([0, 0, 0, 0]), 1.0),
    "dense": DenseCovariance(VECTORS, np.array([0.1, 0.5, 1.4, 2.0])),
}
SHAPES = {"tall": (60, 9), "square": (12, 12), "wide": (9, 40)}


def rows(shape, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=shape) * np.geomspace(0.1, 3, shape[1]) + 0.5


def weights(n, kind):
    return np.ones(n) if kind == "uniform" else np.arange(n) % 3 + 0.5


def centred_gram(X, weight, mean):
    return (X - mean).T * weight @ (X - mean)


def apply(system, gram, M, D):
    """``W M^-1 + gram W D`` of a given V = W M^-1."""
    return system + gram @ (system @ M) * D


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("kind", ["uniform", "unequal"])
@pytest.mark.parametrize("as_sparse", [False, True])
@pytest.mark.parametrize("centred", [True, False])
def test_full_decomposition(shape, kind, as_sparse, centred):
    X, weight = rows(shape), weights(shape[0], kind)
    mean = np.average(X, axis=0, weights=weight) * centred
    given = sparse.csr_array(X) if as_sparse else X
    made = GramPreconditioner(given, weight, mean)
    wanted = centred_gram(X, weight, mean)
    np.testing.assert_allclose((made.P * made.S) @ made.P.T, wanted, atol=1e-9)
    np.testing.assert_allclose(made.P.T @ made.P, np.eye(len(made.S)), atol=1e-9)
    assert (made.S >= 0).all()


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("name", COVARIANCES)
def test_solve_is_exact(shape, name):
    covariance = COVARIANCES[name]
    X, weight = rows(shape), weights(shape[0], "unequal")
    mean = np.average(X, axis=0, weights=weight)
    made = GramPreconditioner(X, weight, mean)
    D = np.array([0.1, 1, 2, 5])
    R = np.random.default_rng(1).normal(size=(shape[1], K))
    V = made.solve(R, covariance.damping(D))
    gram = centred_gram(X, weight, mean)
    np.testing.assert_allclose(apply(V, gram, covariance.toarray(), D), R, atol=1e-8)


def test_rows_in_blocks(monkeypatch):
    X, weight, mean = rows((60, 9)), weights(60, "unequal"), np.zeros(9)
    whole = GramPreconditioner(X, weight, mean)
    monkeypatch.setattr(preconditioner, "BLOCK_ROWS", 7)
    blocks = GramPreconditioner(X, weight, mean)
    np.testing.assert_allclose(whole.S, blocks.S, rtol=1e-10)


@pytest.mark.parametrize("name", COVARIANCES)
def test_large_sparse_solves_for_the_diagonal(monkeypatch, name):
    monkeypatch.setattr(preconditioner, "FULL_SIZE", 5)
    covariance = COVARIANCES[name]
    X, weight = rows((60, 9)), weights(60, "unequal")
    mean = np.average(X, axis=0, weights=weight)
    made = GramPreconditioner(sparse.csr_array(X), weight, mean)
    assert made.P is None
    D = np.array([0.1, 1, 2, 5])
    R = np.random.default_rng(1).normal(size=(9, K))
    V = made.solve(R, covariance.damping(D))
    diagonal = np.diag(np.diag(centred_gram(X, weight, mean)))
    np.testing.assert_allclose(apply(V, diagonal, covariance.toarray(), D), R)


@pytest.mark.parametrize("name", COVARIANCES)
def test_large_dense_solves_for_leading_directions_and_a_flat_rest(monkeypatch, name):
    monkeypatch.setattr(preconditioner, "FULL_SIZE", 5)
    monkeypatch.setattr(preconditioner, "N_LEADING", 6)
    covariance = COVARIANCES[name]
    X, weight = rows((60, 9)), weights(60, "unequal")
    mean = np.average(X, axis=0, weights=weight)
    made = GramPreconditioner(X, weight, mean)
    assert made.P.shape == (9, 6)
    gram = centred_gram(X, weight, mean)
    exact = np.linalg.eigvalsh(gram)[::-1]
    np.testing.assert_allclose(made.S, exact[:6], rtol=1e-2)
    assert made.tail == pytest.approx(exact[6:].mean(), rel=0.05)
    inside = made.P @ made.P.T
    stand_in = (made.P * made.S) @ made.P.T + made.tail * (np.eye(9) - inside)
    D = np.array([0.1, 1, 2, 5])
    R = np.random.default_rng(1).normal(size=(9, K))
    V = made.solve(R, covariance.damping(D))
    M = covariance.toarray()
    np.testing.assert_allclose(apply(V, stand_in, M, D), R, atol=1e-8)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_float32_is_kept(shape):
    X = rows(shape).astype(np.float32)
    made = GramPreconditioner(X, np.ones(len(X), np.float32), X.mean(axis=0))
    D = np.ones(K, np.float32)
    V = made.solve(X.T[:, :K], COVARIANCES["dense"].damping(D))
    assert V.dtype == made.P.dtype == made.S.dtype == np.float32


def test_duplicated_rows_in_wide_data_leave_no_spurious_directions():
    X = np.repeat(rows((4, 30)), 3, axis=0)
    made = GramPreconditioner(X, np.ones(12), X.mean(axis=0))
    assert len(made.S) == 3


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_basis_spans_the_centred_rows(shape):
    X = rows(shape)
    made = GramPreconditioner(X, np.ones(len(X)), X.mean(axis=0))
    P = made.basis(n_columns=len(X))
    np.testing.assert_allclose(P.T @ P, np.eye(P.shape[1]), atol=1e-12)
    centred = X - X.mean(axis=0)
    np.testing.assert_allclose(centred @ P @ P.T, centred, atol=1e-9)
    R = np.random.default_rng(1).normal(size=(shape[1], K))
    damp = COVARIANCES["tied"].damping(np.ones(K))
    inside = P.T @ made.solve(P @ P.T @ R, damp)
    np.testing.assert_allclose(made.rotated().solve(P.T @ R, damp), inside, atol=1e-9)


def test_basis_is_not_offered_where_it_does_not_pay(monkeypatch):
    X = rows((60, 9))
    made = GramPreconditioner(X, np.ones(60), X.mean(axis=0))
    monkeypatch.setattr(preconditioner, "ROWS_PER_COLUMN", 10)
    assert made.basis(n_columns=5) is None
    assert made.basis(n_columns=6) is not None
    thin = GramPreconditioner(sparse.csr_array(X), np.ones(60), X.mean(axis=0))
    assert thin.basis(n_columns=6) is None
    monkeypatch.setattr(preconditioner, "FULL_SIZE", 5)
    assert made.basis(n_columns=6) is None
