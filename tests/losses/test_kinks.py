"""Losses with a kink: proximal map, conjugate, and the smooth neighbour."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from mtlearn.losses import LOSSES, EpsilonInsensitive, MoreauEnvelope
from mtlearn.losses.envelope import FLOOR

KINKED = {
    **{name: loss() for name, loss in LOSSES.items() if not loss.differentiable},
    "wide tube": EpsilonInsensitive(0.6),
}
STEP = 1e-6


@pytest.fixture(params=KINKED, ids=str)
def loss(request):
    return KINKED[request.param]


def pairs(loss):
    z = np.tile(np.linspace(-3, 3, 41) + 0.0123, 2)
    y = np.repeat([1.0, -1.0], 41)
    return y * 0.8 if loss.kind == "regression" else y, z


def slopes(loss, y):
    """Slopes that the loss has somewhere, one for each target."""
    share = np.random.default_rng(0).random(len(y))
    return -y * share if loss.kind == "classification" else 2 * share - 1


def envelope(loss, y, width, known):
    slope = slopes(loss, y) if known else np.zeros_like(y)
    return MoreauEnvelope(loss, width, slope)


def test_there_are_two():
    assert {"hinge", "epsilon_insensitive"} == set(KINKED) - {"wide tube"}


@pytest.mark.parametrize("width", [0.05, 0.7, 3.0])
def test_prox_is_the_minimiser(loss, width):
    y, z = pairs(loss)
    found, at_kink = loss.prox(y, z, width)
    for one, start, u, kink in zip(y, z, found, at_kink):

        def cost(v, one=one, start=start):
            return width * loss.value(one, v) + (start - v) ** 2 / 2

        best = minimize_scalar(
            cost, bounds=(-8, 8), method="bounded", options={"xatol": 1e-9}
        )
        assert cost(u) <= best.fun + 1e-12
        assert u == pytest.approx(best.x, abs=1e-6)
        # At the kink, other scores nearby have the same minimiser.
        near = loss.prox(one, np.array([start + STEP]), width)[0].item()
        assert kink == (abs(near - u) < STEP / 2)


def test_conjugate_is_the_maximum(loss):
    y, _ = pairs(loss)
    z = np.append(np.linspace(-9, 9, 3601), [-1.4, -0.2, 0.2, 1.4])  # and the kinks
    for a in [
        slopes(loss, y),
        0 * y,
        -y if loss.kind == "classification" else 0 * y + 1,
    ]:
        tangents = a[:, None] * z - loss.value(y[:, None], z)
        np.testing.assert_allclose(
            loss.conjugate(y, a), tangents.max(axis=1), atol=1e-9
        )


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("width", [0.05, 0.7, 3.0])
def test_envelope_is_the_least_of_its_definition(loss, width, known):
    y, z = pairs(loss)
    smooth = envelope(loss, y, width, known)
    kinks = y + np.array([[-0.6], [0.0], [0.6]])
    u = np.vstack([np.repeat(np.linspace(-9, 9, 6001)[:, None], len(y), 1), kinks])
    costs = loss.value(y, u) + smooth.slope * (z - u) + (z - u) ** 2 / (2 * width)
    found = smooth.value(y, z)
    assert (found <= costs.min(axis=0) + 1e-12).all()
    np.testing.assert_allclose(found, costs.min(axis=0), atol=1e-4)
    assert (found <= loss.value(y, z) + 1e-12).all()


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("width", [0.05, 0.7])
def test_derivatives_of_the_envelope(loss, width, known):
    y, z = pairs(loss)
    smooth = envelope(loss, y, width, known)
    slope = (smooth.value(y, z + STEP) - smooth.value(y, z - STEP)) / (2 * STEP)
    np.testing.assert_allclose(smooth.gradient(y, z), slope, atol=1e-7)
    bend = (smooth.gradient(y, z + STEP) - smooth.gradient(y, z - STEP)) / (2 * STEP)
    floored = np.maximum(bend, FLOOR / width)
    np.testing.assert_allclose(smooth.curvature(y, z), floored, atol=1e-6)


@pytest.mark.parametrize("known", [True, False])
def test_slopes_of_the_envelope_are_slopes_of_the_loss(loss, known):
    y, z = pairs(loss)
    a = envelope(loss, y, 0.7, known).gradient(y, z)
    least, most = (-1, 1) if loss.kind == "regression" else np.sort([0 * y, -y], axis=0)
    assert (a >= least - 1e-12).all()
    assert (a <= most + 1e-12).all()


def test_envelope_tends_to_the_loss(loss):
    y, z = pairs(loss)
    far = [
        np.abs(envelope(loss, y, width, False).value(y, z) - loss.value(y, z)).max()
        for width in (1.0, 1e-2, 1e-4)
    ]
    assert far[0] > 10 * far[1] > 100 * far[2]
    # Slopes are at most 1, so it is never off by more than width / 2.
    assert far[2] <= 0.5e-4 + 1e-12


@pytest.mark.parametrize("width", [0.05, 3.0])
def test_at_the_kink_the_known_slope_stays(loss, width):
    """So the smooth problem has the solution of the true one, however wide it is."""
    y, _ = pairs(loss)
    slope = np.abs(slopes(loss, y)) * -np.sign(y)
    tube = getattr(loss, "epsilon", None)
    kink = y if tube is None else y - tube * np.sign(y)
    smooth = MoreauEnvelope(loss, width, slope)
    np.testing.assert_allclose(smooth.gradient(y, kink), slope, atol=1e-12)
    np.testing.assert_allclose(smooth.value(y, kink), loss.value(y, kink), atol=1e-12)


def test_float32_is_kept(loss):
    y, z = (array.astype(np.float32) for array in pairs(loss))
    smooth = MoreauEnvelope(loss, 0.3, np.zeros_like(z))
    for method in (smooth.value, smooth.gradient, smooth.curvature):
        assert method(y, z).dtype == np.float32


def test_the_envelope_is_of_the_same_kind(loss):
    smooth = MoreauEnvelope(loss, 0.3, 0.0)
    assert (smooth.kind, smooth.differentiable) == (loss.kind, True)
