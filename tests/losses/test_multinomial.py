"""The softmax loss sees a whole row at once."""

import numpy as np
import pytest
from scipy.optimize import minimize

from mtlearn.losses import Logistic, Multinomial

LOSS = Multinomial()
STEP = 1e-6


def rows(n=12, c=4, dtype=np.float64):
    rng = np.random.default_rng(0)
    y = np.eye(c, dtype=dtype)[rng.integers(c, size=n)]
    return y, (3 * rng.normal(size=(n, c))).astype(dtype)


def of_rows(y, z):
    return LOSS.value(y, z).sum(axis=1)


def test_gradient_is_the_finite_difference_in_each_score_of_a_row():
    y, z = rows()
    for k in range(4):
        move = np.zeros(4)
        move[k] = STEP
        slope = (of_rows(y, z + move) - of_rows(y, z - move)) / (2 * STEP)
        np.testing.assert_allclose(LOSS.gradient(y, z)[:, k], slope, atol=1e-7)


def test_hessian_is_the_finite_difference_of_the_gradient():
    y, z = rows()
    p = LOSS.probability(z)
    for k in range(4):
        move = np.zeros_like(z)
        move[:, k] = 1.0
        ahead, behind = (
            LOSS.gradient(y, z + STEP * move),
            LOSS.gradient(y, z - STEP * move),
        )
        slope = (ahead - behind) / (2 * STEP)
        np.testing.assert_allclose(LOSS.hessian(p, move), slope, atol=1e-7)
        np.testing.assert_allclose(LOSS.curvature(y, z)[:, k], slope[:, k], atol=1e-7)


def test_convex():
    y, z = rows()
    far = z[::-1] * 2
    for share in (0.2, 0.5, 0.9):
        between = of_rows(y, share * z + (1 - share) * far)
        chord = share * of_rows(y, z) + (1 - share) * of_rows(y, far)
        assert (between <= chord + 1e-12).all()


def test_only_differences_of_scores_matter():
    y, z = rows()
    np.testing.assert_allclose(LOSS.value(y, z + 7), LOSS.value(y, z))
    np.testing.assert_allclose(LOSS.gradient(y, z).sum(axis=1), 0, atol=1e-14)


def test_two_classes_are_logistic():
    z = np.linspace(-4, 4, 9)[:, None]
    for label, sign in [(0, -1.0), (1, 1.0)]:
        y = np.eye(2)[np.full(9, label)]
        wanted = Logistic().value(np.full((9, 1), sign), z)[:, 0]
        np.testing.assert_allclose(of_rows(y, np.hstack([0 * z, z])), wanted)
    both = LOSS.probability(np.hstack([0 * z, z]))
    np.testing.assert_allclose(Logistic().probability(z), both)


@pytest.mark.parametrize("shares", [[0.2, 0.5, 0.3], [0.98, 0.01, 0.01]])
@pytest.mark.parametrize("loss", [LOSS, Logistic()])
def test_null_loss_is_the_best_constant(loss, shares):
    def mean_loss(z):
        return np.asarray(shares) @ of_rows(np.eye(3), np.tile(z, (3, 1)))

    best = minimize(mean_loss, np.zeros(3)).fun
    assert loss.null_loss(np.array(shares)) == pytest.approx(best, abs=1e-6)
    assert loss.null_loss(np.array([1.0, 0, 0])) == 0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [0, 5])
def test_shape_dtype_and_inputs_are_kept(dtype, n):
    y, z = rows(n, dtype=dtype)
    before = y.copy(), z.copy()
    results = [method(y, z) for method in (LOSS.value, LOSS.gradient, LOSS.curvature)]
    results += [LOSS.probability(z), LOSS.hessian(LOSS.probability(z), z)]
    for result in results:
        assert result.shape == (n, 4)
        assert result.dtype == dtype
    np.testing.assert_array_equal(y, before[0])
    np.testing.assert_array_equal(z, before[1])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_extreme_scores_are_finite(dtype):
    z = np.array([[1e4, -1e4, 0], [-1e4, -1e4, 1e4]], dtype=dtype)
    for y in (np.eye(3, dtype=dtype)[[0, 2]], np.eye(3, dtype=dtype)[[1, 0]]):
        for method in (LOSS.value, LOSS.gradient, LOSS.curvature):
            assert np.isfinite(method(y, z)).all()
    np.testing.assert_array_equal(LOSS.value(y, z).sum(axis=1), 2e4)
