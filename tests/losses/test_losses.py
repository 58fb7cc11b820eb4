"""Losses of single scores: derivatives, null loss, dtypes."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from mtlearn.losses import LOSSES, Huber, Multinomials, SquaredEpsilonInsensitive

STEP = 1e-6
ALL = {
    **{name: loss() for name, loss in LOSSES.items()},
    "narrow huber": Huber(0.4),
    "wide tube": LOSSES["epsilon_insensitive"](0.6),
    "wide squared tube": SquaredEpsilonInsensitive(0.6),
}
OF_ONE_SCORE = {name: loss for name, loss in ALL.items() if not loss.is_multiclass}
SMOOTH = {name: loss for name, loss in OF_ONE_SCORE.items() if loss.differentiable}
CLASSIFIERS = {n: loss for n, loss in ALL.items() if loss.kind == "classification"}
REGRESSORS = {n: loss for n, loss in ALL.items() if loss.kind == "regression"}


def each(losses):
    return pytest.mark.parametrize("loss", losses.values(), ids=losses)


def pairs(loss):
    """Targets and raw scores on both sides of every kink, none of them on it."""
    z = np.tile(np.linspace(-3, 3, 41) + 0.0123, 2)
    y = np.where(np.arange(82) % 3 == 0, 1.0, -1.0)
    return y * 0.8 if loss.kind == "regression" else y, z


def test_there_are_nine():
    assert len(LOSSES) == 9


@each(SMOOTH)
def test_gradient_is_the_finite_difference(loss):
    y, z = pairs(loss)
    slope = (loss.value(y, z + STEP) - loss.value(y, z - STEP)) / (2 * STEP)
    np.testing.assert_allclose(loss.gradient(y, z), slope, atol=1e-7)


@each(SMOOTH)
def test_curvature_is_the_finite_difference_of_the_gradient(loss):
    y, z = pairs(loss)
    slope = (loss.gradient(y, z + STEP) - loss.gradient(y, z - STEP)) / (2 * STEP)
    np.testing.assert_allclose(loss.curvature(y, z), slope, atol=1e-7)
    assert (loss.curvature(y, z) >= 0).all()


@each(OF_ONE_SCORE)
def test_convex(loss):
    y, z = pairs(loss)
    far = z[::-1]
    for share in (0.2, 0.5, 0.9):
        between = loss.value(y, share * z + (1 - share) * far)
        chord = share * loss.value(y, z) + (1 - share) * loss.value(y, far)
        assert (between <= chord + 1e-12).all()


@each(OF_ONE_SCORE)
def test_zero_or_more_and_less_on_the_right_side(loss):
    y, z = pairs(loss)
    assert (loss.value(y, z) >= 0).all()
    assert (loss.value(y, y * 0.5) < loss.value(y, -y * 0.5)).all()


@each(OF_ONE_SCORE)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_extreme_scores_are_finite(loss, dtype):
    y = np.array([1, -1, 1, -1], dtype=dtype)
    z = np.array([1e4, 1e4, -1e4, -1e4], dtype=dtype)
    assert np.isfinite(loss.value(y, z)).all()
    assert loss.value(y, z).max() >= 1e3
    if loss.differentiable:
        assert np.isfinite(loss.gradient(y, z)).all()
        assert np.isfinite(loss.curvature(y, z)).all()


def methods(loss):
    if loss.differentiable:
        return [loss.value, loss.gradient, loss.curvature]
    return [loss.value, lambda y, z: loss.prox(y, z, 0.5)[0], loss.conjugate]


@each(OF_ONE_SCORE)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(0,), (3,), (4, 2)])
def test_shape_dtype_and_inputs_are_kept(loss, dtype, shape):
    y, z = np.ones(shape, dtype), np.full(shape, 0.25, dtype)
    for method in methods(loss):
        result = method(y, z)
        assert result.shape == shape
        assert result.dtype == dtype
    np.testing.assert_array_equal(y, 1)
    np.testing.assert_array_equal(z, 0.25)


@each({n: loss for n, loss in CLASSIFIERS.items() if n != "multinomial"})
@pytest.mark.parametrize("share", [0.5, 0.1, 0.93, 1.0])
def test_null_loss_of_two_classes_is_the_best_constant(loss, share):
    def mean_loss(constant):
        z = np.array([constant])
        positive, negative = loss.value(np.ones(1), z), loss.value(-np.ones(1), z)
        return (share * positive + (1 - share) * negative).item()

    best = minimize_scalar(mean_loss, bounds=(-30, 30), method="bounded")
    shares = np.array([1 - share, share])
    assert loss.null_loss(shares) == pytest.approx(best.fun, abs=1e-5)


@pytest.mark.parametrize("name", ["hinge", "squared_hinge"])
def test_null_loss_of_three_classes_is_the_sum_over_columns(name):
    loss, shares = LOSSES[name](), np.array([0.2, 0.5, 0.3])
    columns = [loss.null_loss(np.array([1 - share, share])) for share in shares]
    assert loss.null_loss(shares) == pytest.approx(sum(columns))


@each(REGRESSORS)
@pytest.mark.parametrize("weighted", [True, False])
def test_null_loss_of_numbers_is_the_best_constant(loss, weighted):
    rng = np.random.default_rng(0)
    values = rng.exponential(size=60) * 3
    weight = rng.random(60) if weighted else np.ones(60)
    constants = np.linspace(-1, values.max() + 1, 3001)
    each_loss = loss.value(values, np.repeat(constants[:, None], 60, axis=1))
    best = np.average(each_loss, axis=1, weights=weight).min()
    assert loss.null_loss(values, weight) == pytest.approx(best, rel=1e-4)


@each(REGRESSORS)
def test_null_loss_of_equal_numbers_is_zero(loss):
    assert loss.null_loss(np.full(3, 7.1), np.array([1, 2, 0.1])) <= 1e-28


@each(ALL)
def test_facts(loss):
    for fact in ("differentiable", "is_multiclass", "is_likelihood"):
        assert isinstance(getattr(loss, fact), bool)
    assert loss.kind in ("classification", "regression")
    has_derivatives = hasattr(loss, "gradient") and hasattr(loss, "curvature")
    has_proximal_map = hasattr(loss, "prox") and hasattr(loss, "conjugate")
    assert (has_derivatives, has_proximal_map) == (
        loss.differentiable,
        not loss.differentiable,
    )


def test_logistic_of_several_columns_is_multinomial():
    assert LOSSES["logistic"]().for_columns(3).is_multiclass
    for loss in OF_ONE_SCORE.values():
        assert loss.for_columns(1) is loss


def test_probabilities_of_two_classes():
    logistic = LOSSES["logistic"]()
    z = np.array([[0.0], [2.0], [-800.0], [800.0]], dtype=np.float32)
    found = logistic.probability(z)
    p = 1 / (1 + np.exp(-2))
    np.testing.assert_allclose(found, [[0.5, 0.5], [1 - p, p], [1, 0], [0, 1]], 1e-5)
    assert found.dtype == np.float32


@each({name: loss for name, loss in OF_ONE_SCORE.items() if not loss.differentiable})
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_gradient_of_a_kinked_loss_is_a_subgradient(loss, dtype):
    """Its line through a score is nowhere above the loss; at the kinks too."""
    z = np.linspace(-3, 3, 61).astype(dtype)
    for y in (-1.0, 1.0):
        # To both sides of these there is cost on one side only, or on both.
        kinks = [y, y - getattr(loss, "epsilon", 0), y + getattr(loss, "epsilon", 0)]
        for at in [*kinks, *z]:
            at = np.full_like(z, at)
            slope = loss.gradient(np.full_like(z, y), at)
            assert slope.dtype == dtype
            line = loss.value(np.full_like(z, y), at) + slope * (z - at)
            assert (line <= loss.value(np.full_like(z, y), z) + 1e-5).all()


@each({name: loss for name, loss in OF_ONE_SCORE.items() if not loss.differentiable})
def test_gradient_of_a_kinked_loss_is_its_slope_off_the_kinks(loss):
    y, z = pairs(loss)
    slope = (loss.value(y, z + STEP) - loss.value(y, z - STEP)) / (2 * STEP)
    np.testing.assert_allclose(loss.gradient(y, z), slope, atol=1e-7)
    assert loss.curvature_bound == 1


@each(SMOOTH)
def test_curvature_bound_is_the_greatest_curvature(loss):
    z = np.linspace(-50, 50, 20_001)
    found = [loss.curvature(np.full_like(z, y), z).max() for y in (-1.0, 1.0)]
    np.testing.assert_allclose(found, loss.curvature_bound)


def test_curvature_bound_of_softmax_is_its_greatest_eigenvalue():
    loss, greatest = LOSSES["multinomial"](), []
    rng = np.random.default_rng(0)
    scores = [np.array([0, 0, -50.0, -50]), *(5 * rng.normal(size=(200, 4)))]
    for z in scores:
        p = np.repeat(loss.probability(z[None]), 4, axis=0)
        H = loss.hessian(p, np.eye(4))
        greatest.append(np.linalg.eigvalsh(H)[-1])
        assert np.diag(H).max() <= loss.curvature_bound + 1e-12
    assert greatest[0] == pytest.approx(loss.curvature_bound)
    assert max(greatest) <= loss.curvature_bound + 1e-12


def softmax_tasks(widths, dtype=np.float64, n=8):
    """Multinomials, and targets and scores of all its columns."""
    start, rng = np.cumsum([0, *widths[:-1]]), np.random.default_rng(0)
    y = np.hstack([np.eye(c)[rng.integers(c, size=n)] for c in widths]).astype(dtype)
    z = (3 * rng.normal(size=y.shape)).astype(dtype)
    z[0], z[1] = 700 * np.sign(z[0]), 0
    return Multinomials(start, np.array(widths)), y, z


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("widths", [[3], [3, 3], [4, 3, 5], [3, 2, 6, 3]])
def test_multinomials_are_multinomial_task_by_task(widths, dtype):
    loss, y, z = softmax_tasks(widths, dtype)
    one, kept = LOSSES["multinomial"](), (y.copy(), z.copy())
    value, gradient = loss.value_and_gradient(y, z)
    rtol = 1e-5 if dtype == np.float32 else 1e-12
    for a, c in zip(loss.start, widths):
        own = y[:, a : a + c], z[:, a : a + c]
        for found, wanted in (
            (value, one.value(*own)),
            (loss.value(y, z), one.value(*own)),
            (gradient, one.gradient(*own)),
            (loss.gradient(y, z), one.gradient(*own)),
            (loss.curvature(y, z), one.curvature(*own)),
            (loss.probability(z), one.probability(own[1])),
        ):
            assert found.dtype == dtype
            np.testing.assert_allclose(found[:, a : a + c], wanted, rtol, atol=rtol)
    np.testing.assert_array_equal(y, kept[0])
    np.testing.assert_array_equal(z, kept[1])


def test_multinomials_of_no_rows():
    loss, y, z = softmax_tasks([3, 4])
    for part in loss.value_and_gradient(y[:0], z[:0]):
        assert part.shape == (0, 7)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("c", [1, 2, 3, 5])
def test_probability_of_modified_huber_sums_to_one(c, dtype):
    loss, rng = LOSSES["modified_huber"](), np.random.default_rng(0)
    z = (2 * rng.normal(size=(50, c))).astype(dtype)
    z[0], z[1], z[2] = -3, 3, -1
    before = z.copy()
    found = loss.probability(z)
    assert found.shape == (50, max(c, 2))
    assert found.dtype == dtype
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(z, before)


def test_probabilities_of_modified_huber_by_hand():
    loss = LOSSES["modified_huber"]()
    z = np.array([[-2.0], [-1], [-0.5], [0], [1], [7]])
    wanted = np.array([0, 0, 0.25, 0.5, 1, 1])
    found = loss.probability(z)
    np.testing.assert_allclose(found, np.column_stack([1 - wanted, wanted]))
    z = np.array([[-2.0, -1, -5], [0, -1, 0], [1, 0, -0.5]])
    thirds = [[1 / 3] * 3, [0.5, 0, 0.5], [4 / 7, 2 / 7, 1 / 7]]
    np.testing.assert_allclose(loss.probability(z), thirds)


@pytest.mark.parametrize("z", [-0.6, 0.0, 0.8])
def test_probability_of_modified_huber_is_where_its_mean_loss_is_least(z):
    loss = LOSSES["modified_huber"]()
    share = loss.probability(np.array([[z]]))[0, 1]
    slopes = [loss.gradient(y, np.array([z])) for y in (np.ones(1), -np.ones(1))]
    np.testing.assert_allclose(
        share * slopes[0] + (1 - share) * slopes[1], 0, 1e-12, 1e-12
    )
