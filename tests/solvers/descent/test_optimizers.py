"""Optimizers: their docstrings in NumPy, and where they come to rest."""

import numpy as np
import pytest
from sklearn.linear_model import Lasso, MultiTaskLasso

from mtlearn.losses import Squared
from mtlearn.solvers import LinearObjective, solve
from mtlearn.solvers.descent import (
    OPTIMIZERS,
    SGD,
    AdaGrad,
    Adam,
    Cosine,
    Descent,
    InverseScaling,
    RowLabels,
    ScoreLosses,
    Settings,
)
from mtlearn.solvers.descent.optimizers import coarsen
from mtlearn.structures import LowRank
from mtlearn.structures.parametrizations import SumOfParts
from mtlearn.structures.penalties import EntryNorm, RowNorm, TraceNorm
from mtlearn.tasks import TaskTargets
from tests.solvers.problems import numbers

ALL = {
    "plain": SGD(momentum=0),
    "heavy ball": SGD(momentum=0.7, nesterov=False),
    "nesterov": SGD(momentum=0.7),
    "adagrad": AdaGrad(),
    "adam": Adam(),
    "quick adam": Adam(beta_1=0.5, beta_2=0.8),
}
PENALTIES = {"lasso": EntryNorm, "group lasso": RowNorm, "trace norm": TraceNorm}
ALPHA, SHAPE = 0.1, (3, 5)


def gradients(n=6, shape=SHAPE):
    return np.random.default_rng(0).normal(size=(n, *shape))


def steps(optimizer, granularity="entry", all_gradients=None):
    """What the optimizer would do after each gradient."""
    all_gradients = gradients() if all_gradients is None else all_gradients
    memory = optimizer.start(np.zeros_like(all_gradients[0]))
    found = []
    for gradient in all_gradients:
        step, metric = optimizer.direction(memory, gradient.copy(), granularity)
        # The step may be part of the memory, which the next one changes.
        found.append((step.copy(), metric))
    return found


def coarse(array, granularity):
    """The mean of what the penalty cannot tell apart, the slow way."""
    array = array.copy()
    if granularity == "whole":
        array[:] = array.mean()
    if granularity == "feature":
        for j in range(array.shape[1]):
            array[:, j] = array[:, j].mean()
    return array


def test_plain_descent_is_the_gradient():
    for (step, metric), gradient in zip(steps(SGD(momentum=0)), gradients()):
        np.testing.assert_array_equal(step, gradient)
        assert metric == 1


@pytest.mark.parametrize("nesterov", [True, False])
def test_momentum(nesterov):
    mu, v, n = 0.8, np.zeros(SHAPE), 0.0
    found = steps(SGD(momentum=mu, nesterov=nesterov))
    for (step, metric), g in zip(found, gradients()):
        v, n = mu * v + g, mu * n + 1
        np.testing.assert_allclose(step, g + mu * v if nesterov else v)
        assert metric == pytest.approx(1 + mu * n if nesterov else n)


@pytest.mark.parametrize("granularity", ["entry", "feature", "whole"])
def test_adagrad(granularity):
    squares = np.zeros(SHAPE)
    for (step, metric), g in zip(steps(AdaGrad(0.01), granularity), gradients()):
        squares += g**2
        scale = 1 / (np.sqrt(coarse(squares, granularity)) + 0.01)
        np.testing.assert_allclose(step, scale * g)
        np.testing.assert_allclose(np.broadcast_to(metric, SHAPE), scale)


@pytest.mark.parametrize("granularity", ["entry", "feature", "whole"])
def test_adam(granularity):
    first, second = np.zeros((2, *SHAPE))
    found = steps(Adam(0.8, 0.9, 0.01), granularity)
    for n, ((step, metric), g) in enumerate(zip(found, gradients()), 1):
        first = 0.8 * first + 0.2 * g
        second = 0.9 * second + 0.1 * g**2
        root = np.sqrt(coarse(second, granularity) / (1 - 0.9**n))
        np.testing.assert_allclose(step, first / (1 - 0.8**n) / (root + 0.01))
        np.testing.assert_allclose(np.broadcast_to(metric, SHAPE), 1 / (root + 0.01))


@pytest.mark.parametrize("name", ALL)
def test_penalties_are_filtered_as_gradients_are(name):
    """So that they cancel where they should, whatever the sizes of batches."""
    shares = np.random.default_rng(0).uniform(0.1, 1, size=30)
    slope, memory = gradients(1)[0], ALL[name].start(np.zeros(SHAPE))
    for share in shares:
        step, metric = ALL[name].direction(memory, share * slope, "entry", share)
        np.testing.assert_allclose(step, metric * slope, rtol=1e-12)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_gradients_are_kept_and_so_is_float32(name):
    all_gradients = gradients().astype(np.float32)
    before = all_gradients.copy()
    optimizer = OPTIMIZERS[name]()
    memory = optimizer.start(np.zeros(SHAPE, np.float32))
    for gradient in all_gradients:
        assert optimizer.direction(memory, gradient, "feature")[0].dtype == np.float32
    np.testing.assert_array_equal(all_gradients, before)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_gradients_of_zero_go_nowhere(name):
    for step, metric in steps(OPTIMIZERS[name](), all_gradients=np.zeros((3, 2, 2))):
        np.testing.assert_array_equal(step, 0)
        assert np.isfinite(metric).all()


def test_coarsen():
    block = np.array([[1.0, 5, 3], [3, 1, 2]])
    assert coarsen(block, "entry", np.mean) is block
    np.testing.assert_array_equal(coarsen(block, "feature", np.mean), [[2, 3, 2.5]])
    np.testing.assert_array_equal(coarsen(block, "feature", np.min), [[1, 1, 2]])
    np.testing.assert_array_equal(coarsen(block[:, :1], "feature", np.max), [[3]])
    assert coarsen(block, "whole", np.max) == 5
    for granularity in ("entry", "feature", "whole"):
        assert coarsen(0.5, granularity, np.min) == 0.5


def lasso_problem():
    """X, Y without intercepts, and the gradient in W of their least squares."""
    X, Y = numbers(40, 5)
    X, Y = X - X.mean(axis=0), Y - Y.mean(axis=0)
    return X, Y, lambda W: (W @ X.T - Y.T) @ X / len(X)


def minimiser(penalty):
    """(K, d): of mean losses plus ALPHA times the penalty, by another solver."""
    X, Y, _ = lasso_problem()
    if penalty == "trace norm":
        targets = TaskTargets.read(Y, "regression")
        C = 1 / (ALPHA * len(X))
        objective = LinearObjective(X, targets, Squared(), C, fit_intercept=False)
        state, _ = solve(objective, LowRank(), targets, 0.5, tol=1e-11, max_iter=5000)
        return state.W.T
    options = {"alpha": ALPHA, "tol": 1e-14, "max_iter": 100_000}
    if penalty == "lasso":
        return np.array([Lasso(**options).fit(X, y).coef_ for y in Y.T])
    return MultiTaskLasso(**options).fit(X, Y).coef_


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("name", ALL)
def test_the_minimiser_is_a_fixed_point(name, penalty):
    """Once the memory is full of the gradient there, prox steps stay there."""
    _, _, slope = lasso_problem()
    norm, W = PENALTIES[penalty](), minimiser(penalty)
    assert (W == 0).any() or np.linalg.matrix_rank(W) < 3
    found = steps(ALL[name], norm.granularity, np.repeat(slope(W)[None], 60, axis=0))
    step, metric = found[-1]
    for rate in (0.02, 0.5):
        threshold = np.transpose(rate * metric * ALPHA)
        moved = norm.prox((W - rate * step).T, threshold).T
        np.testing.assert_allclose(moved, W, atol=1e-6)


def descent(optimizer, schedule, eta0, penalty):
    X, Y, _ = lasso_problem()
    targets = TaskTargets.read(Y, "regression")
    settings = Settings(optimizer, schedule, eta0, ALPHA, False, 0, None, False)
    made = Descent(
        SumOfParts([PENALTIES[penalty]()]), ScoreLosses([Squared()] * 3, targets),
        settings, X.shape[1], np.float64, np.ones(3), np.random.RandomState(0),
    )  # fmt: skip
    return made, X, RowLabels(targets, np.float64).take(slice(0, len(X)))


WAYS = {
    "sgd": (SGD(), InverseScaling(delay=1e9), 1.0, 200),
    "heavy ball": (SGD(0.8, nesterov=False), InverseScaling(delay=1e9), 1.0, 200),
    "adagrad": (AdaGrad(), InverseScaling(delay=1e9), 1.0, 500),
    "adam": (Adam(), Cosine(), 0.05, 600),
}


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("way", WAYS)
def test_descent_converges_to_the_minimiser(way, penalty):
    *way, n_steps = WAYS[way]
    made, X, labels = descent(*way, penalty)
    made.n_all = n_steps
    for _ in range(n_steps):
        made.step(X, labels)
    W, _ = made.coefficients()
    np.testing.assert_allclose(W, minimiser(penalty), atol=1e-4)


@pytest.mark.parametrize(
    "optimizer",
    [
        SGD(momentum=1),
        SGD(momentum=-0.1),
        SGD(momentum=np.nan),
        AdaGrad(epsilon=0),
        Adam(beta_1=1),
        Adam(beta_2=-1),
        Adam(epsilon=-1),
    ],
    ids=repr,
)
def test_wrong_parameters(optimizer):
    with pytest.raises(ValueError, match="must be"):
        optimizer.check()


@pytest.mark.parametrize("name", ALL)
def test_parameters_of_the_registry_pass(name):
    ALL[name].check()
