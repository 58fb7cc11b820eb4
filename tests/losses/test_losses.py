"""Every loss of the registry: derivatives, null loss, dtypes."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from mtlearn.losses import LOSSES

STEP = 1e-6


@pytest.fixture(params=LOSSES, ids=str)
def loss(request):
    return LOSSES[request.param]()


def pairs():
    """Targets and raw scores on both sides of every kink, none of them on it."""
    z = np.linspace(-3, 3, 41) + 0.0123
    y = np.where(np.arange(41) % 3 == 0, 1.0, -1.0)
    return np.concatenate([y, -y]), np.concatenate([z, z])


def test_gradient_is_the_finite_difference(loss):
    y, z = pairs()
    slope = (loss.value(y, z + STEP) - loss.value(y, z - STEP)) / (2 * STEP)
    np.testing.assert_allclose(loss.gradient(y, z), slope, atol=1e-7)


def test_curvature_is_the_finite_difference_of_the_gradient(loss):
    y, z = pairs()
    slope = (loss.gradient(y, z + STEP) - loss.gradient(y, z - STEP)) / (2 * STEP)
    np.testing.assert_allclose(loss.curvature(y, z), slope, atol=1e-7)
    assert (loss.curvature(y, z) >= 0).all()


def test_loss_is_zero_or_more_and_falls_with_the_margin(loss):
    y, z = pairs()
    assert (loss.value(y, z) >= 0).all()
    assert (loss.value(y, y * 0.5) < loss.value(y, -y * 0.5)).all()


@pytest.mark.parametrize("share", [0.5, 0.1, 0.93, 1.0])
def test_null_loss_is_the_best_constant(loss, share):
    def mean_loss(constant):
        z = np.array([constant])
        positive, negative = loss.value(np.ones(1), z), loss.value(-np.ones(1), z)
        return (share * positive + (1 - share) * negative).item()

    best = minimize_scalar(mean_loss, bounds=(-30, 30), method="bounded")
    shares = np.array([1 - share, share])
    assert loss.null_loss(shares) == pytest.approx(best.fun, abs=1e-5)


def test_null_loss_of_three_classes_is_the_sum_over_columns(loss):
    if loss.is_multiclass:
        pytest.skip("one column per class, each against the rest")
    shares = np.array([0.2, 0.5, 0.3])
    columns = [loss.null_loss(np.array([1 - share, share])) for share in shares]
    assert loss.null_loss(shares) == pytest.approx(sum(columns))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(0,), (3,), (4, 2)])
def test_shape_dtype_and_inputs_are_kept(loss, dtype, shape):
    y, z = np.ones(shape, dtype), np.full(shape, 0.25, dtype)
    for method in (loss.value, loss.gradient, loss.curvature):
        result = method(y, z)
        assert result.shape == shape
        assert result.dtype == dtype
    np.testing.assert_array_equal(y, 1)
    np.testing.assert_array_equal(z, 0.25)


def test_facts(loss):
    for fact in ("differentiable", "is_multiclass", "is_likelihood"):
        assert isinstance(getattr(loss, fact), bool)
