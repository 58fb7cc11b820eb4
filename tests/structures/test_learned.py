"""The learned covariance: its formula, its limits, its smoothing."""

import numpy as np
import pytest

from mtlearn.structures import Learned
from tests.reference.columns import columns


def coef(K=4, d=7):
    return np.random.default_rng(0).normal(size=(K, d)) * np.array([[3], [1], [1], [2]])


def first_revision(W, sharing):
    structure, targets = Learned(), columns(np.arange(len(W)))
    return structure.revise(W, targets, sharing, structure.start(targets, sharing))


@pytest.mark.parametrize("sharing", [0.2, 0.9, 1.0])
def test_formula(sharing):
    W = coef()
    M = first_revision(W, sharing)
    values, vectors = np.linalg.eigh(W @ W.T)
    root = (vectors * np.sqrt(values + M.smoothing**2)) @ vectors.T
    omega = 4 * root / np.trace(root)
    wanted = (1 - sharing) * np.eye(4) + sharing * np.linalg.inv(omega)
    np.testing.assert_allclose(np.linalg.inv(M.toarray()), wanted, rtol=1e-9)
    offset = sharing / 2 * M.smoothing**2 * np.trace(np.linalg.inv(omega))
    assert M.offset == pytest.approx(offset)


def test_omega_has_trace_K_at_sharing_1():
    assert np.trace(first_revision(coef(), 1.0).toarray()) == pytest.approx(4)


def test_smoothing_halves_and_the_matrix_tends_to_the_root_of_WW():
    structure, W, targets = Learned(), coef(), columns(np.arange(4))
    covariance = structure.start(targets, 1.0)
    smoothing = []
    for _ in range(40):
        covariance = structure.revise(W, targets, 1.0, covariance)
        smoothing.append(covariance.smoothing)
    np.testing.assert_allclose(np.divide(smoothing[1:], smoothing[:-1]), 0.5)
    M = covariance.toarray()
    np.testing.assert_allclose(M @ M / np.sum(M**2), W @ W.T / np.sum(W**2), atol=1e-8)


def test_the_revision_is_the_best_covariance():
    """No other Omega of trace K lowers ``tr((W'W + eps^2 I) Omega^-1)``."""
    W, rng = coef(), np.random.default_rng(3)
    M = first_revision(W, 1.0)
    inner = W @ W.T + M.smoothing**2 * np.eye(4)
    best = np.trace(inner @ np.linalg.inv(M.toarray()))
    for _ in range(200):
        root = rng.normal(size=(4, 4))
        omega = root @ root.T
        for other in (omega, M.toarray() + 0.01 * omega):
            other = 4 * other / np.trace(other)
            assert np.trace(inner @ np.linalg.inv(other)) >= best - 1e-9


def test_no_coefficients_no_revision():
    assert first_revision(np.zeros((4, 7)), 0.5) is None


def test_float32_coefficients_are_revised_in_float64():
    one, two = coef(), coef().astype(np.float32)
    wanted = first_revision(one, 0.5).toarray()
    assert first_revision(two, 0.5).toarray().dtype == np.float64
    np.testing.assert_allclose(first_revision(two, 0.5).toarray(), wanted, rtol=1e-5)
