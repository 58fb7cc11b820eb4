"""Centred rows: products equal those of rows that are centred in memory."""

import numpy as np
import pytest
from scipy import sparse

from mtlearn.solvers.descent import CentredRows

FORMS = {"dense": np.asarray, "csr": sparse.csr_matrix, "csr array": sparse.csr_array}


@pytest.fixture(params=FORMS)
def form(request):
    return FORMS[request.param]


@pytest.fixture(params=[np.float32, np.float64], ids=["float32", "float64"])
def dtype(request):
    return request.param


def both(form, dtype, n=9, d=5):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, d)) * (rng.random((n, d)) < 0.6)
    center = rng.normal(size=d)
    rows = CentredRows(form(X.astype(dtype)), center.astype(dtype))
    return rows, X - center, rng


def tol(dtype):
    return 1e-5 if dtype == np.float32 else 1e-12


@pytest.mark.parametrize("shape", [(5,), (5, 1), (5, 3)])
def test_times(form, dtype, shape):
    rows, X, rng = both(form, dtype)
    A = rng.normal(size=shape)
    found = rows.times(A)
    assert found.dtype == dtype
    np.testing.assert_allclose(found, X @ A, atol=tol(dtype))


@pytest.mark.parametrize("shape", [(9,), (9, 1), (9, 3)])
def test_gradient(form, dtype, shape):
    rows, X, rng = both(form, dtype)
    G = rng.normal(size=shape)
    found = rows.gradient(G)
    assert found.dtype == dtype
    np.testing.assert_allclose(found, G.T @ X, atol=tol(dtype))


def test_squared_norms(form, dtype):
    rows, X, _ = both(form, dtype)
    found = rows.squared_norms()
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, np.sum(X**2, axis=1), atol=10 * tol(dtype))


def test_a_row_at_the_centre_has_no_negative_square(form):
    center = np.full(7, 1e3) + np.linspace(0, 1, 7)
    X = np.repeat(center[None], 4, axis=0)
    found = CentredRows(form(X), center).squared_norms()
    assert (found >= 0).all()
    np.testing.assert_allclose(found, 0, atol=1e-8)


def test_rows_and_centre_are_kept(form):
    rows, _, _ = both(form, np.float64)
    X, center = rows.X.copy(), rows.center.copy()
    rows.times(np.ones((5, 2)))
    rows.gradient(np.ones((9, 2)))
    rows.squared_norms()
    assert abs(rows.X - X).max() == 0
    np.testing.assert_array_equal(rows.center, center)
    assert rows.shape == (9, 5)
