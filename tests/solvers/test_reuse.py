"""One decomposition for many fits, told apart by what X contains."""

import numpy as np
import pytest
from scipy import sparse

from mtlearn.solvers import reuse
from mtlearn.solvers.preconditioner import GramPreconditioner
from mtlearn.solvers.reuse import decomposition
from mtlearn.svm import MultiTaskLinearSVC


@pytest.fixture(autouse=True)
def nothing_is_kept(monkeypatch):
    monkeypatch.setattr(reuse, "_entries", type(reuse._entries)())
    monkeypatch.setattr(reuse, "_signatures", type(reuse._signatures)(maxlen=16))


def rows(n=500, d=8, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d))


def decompose(X, memory=None):
    return decomposition(X, np.ones(X.shape[0]), np.zeros(X.shape[1]), memory)


def assert_is_of(made, X):
    fresh = GramPreconditioner(X, np.ones(X.shape[0]), np.zeros(X.shape[1]))
    np.testing.assert_allclose(made.S, fresh.S)


def test_kept_from_the_second_time_on():
    X = rows()
    first, second, third = decompose(X), decompose(X), decompose(X.copy())
    assert first is not second
    assert second is third
    assert_is_of(third, X)


@pytest.mark.parametrize("entry", [(0, 0), (0, 1), (400, 5)])
@pytest.mark.parametrize("form", [np.asarray, np.asfortranarray, sparse.csr_array])
def test_X_changed_in_place_is_another_X(entry, form):
    """Whether or not the entry is one of those that the cheap signature looks at."""
    X = form(rows())
    for _ in range(3):
        decompose(X)
    X[entry] = 100.0
    for _ in range(3):
        assert_is_of(decompose(X), X)


def test_other_weights_and_means_are_another_problem():
    X, ones, zeros = rows(), np.ones(500), np.zeros(8)
    for _ in range(2):
        plain = decomposition(X, ones, zeros)
    weight = ones.copy()
    weight[1] = 50.0
    for _ in range(2):
        assert not np.allclose(decomposition(X, weight, zeros).S, plain.S)
        assert not np.allclose(decomposition(X, ones, X.mean(axis=0)).S, plain.S)
    assert decomposition(X, ones, zeros).S == pytest.approx(plain.S)


def test_a_transposed_square_is_another_X():
    X = rows(8, 8)
    for made in (X, X.T, sparse.csr_array(X), sparse.csr_array(X.T)):
        for _ in range(3):
            decompose(made)
            assert_is_of(decompose(made), made)


def test_dtypes_are_told_apart():
    for dtype in (np.float64, np.float32):
        X = np.zeros((4, 3), dtype)
        for _ in range(3):
            args = X, np.ones(4, dtype), np.zeros(3, dtype)
            assert decomposition(*args).S.dtype == dtype


def test_at_most_two_are_kept():
    many = [rows(seed=seed) for seed in range(4)]
    for X in many:
        for _ in range(3):
            decompose(X)
        assert len(reuse._entries) <= 2
    kept = decompose(many[3])
    assert decompose(many[3]) is kept
    assert decompose(many[2]) is decompose(many[2])
    assert_is_of(decompose(many[0]), many[0])


def test_on_disk(tmp_path, monkeypatch):
    X = rows()
    made = decompose(X, str(tmp_path))
    assert any(tmp_path.rglob("*.pkl"))

    def refuse(*args):
        raise AssertionError("decomposed again")

    with monkeypatch.context() as patch:
        patch.setattr(GramPreconditioner, "__init__", refuse)
        again = decompose(X.copy(), str(tmp_path))
    np.testing.assert_array_equal(again.S, made.S)
    np.testing.assert_array_equal(again.P, made.P)
    X[0, 1] = 100.0
    assert_is_of(decompose(X, str(tmp_path)), X)
    assert not reuse._entries


@pytest.mark.parametrize("on_disk", [True, False])
def test_an_estimator_sees_X_change_in_place(tmp_path, on_disk):
    X = rows(60, 4)
    Y = (X[:, [0, 1]] > 0).astype(int)
    model = MultiTaskLinearSVC(memory=str(tmp_path) if on_disk else None)
    for _ in range(3):
        before = model.fit(X, Y).coef_
    X[:, 2] = -3 * X[:, 0]
    after = model.fit(X, Y).coef_
    assert np.abs(after - before).max() > 0.1
    fresh = MultiTaskLinearSVC().fit(X.copy(), Y).coef_
    np.testing.assert_allclose(after, fresh, atol=1e-10)
