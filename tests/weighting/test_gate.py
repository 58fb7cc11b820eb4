"""Gate: its objective, its ends, and rows whose task is unknown."""

import numpy as np
import pytest
from scipy.special import softmax
from scipy.stats import spearmanr
from sklearn.linear_model import LogisticRegression

from mtlearn.solvers.descent import CentredRows, Labels
from mtlearn.weighting import Gate
from tests.weighting.problems import label_tasks, model


@pytest.mark.parametrize("hidden", [0.0, 0.3])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_infinite_tau_is_equal_weights(hidden, dtype):
    X, Y = label_tasks(hidden=hidden)
    X = X.astype(dtype)
    gated = model(task_weight=Gate(tau=np.inf)).fit(X, Y)
    fixed = model(task_weight="null_loss").fit(X, Y)
    np.testing.assert_array_equal(gated.coef_, fixed.coef_)
    np.testing.assert_array_equal(gated.intercept_, fixed.intercept_)
    np.testing.assert_array_equal(gated.task_weights_, 1)


# The objective, by finite differences.


def objective(coef, intercept, X, losses, observed, tau, kappa, prior):
    """The gate's objective divided by the number of rows."""
    count, total = observed.sum(axis=1), 0.0
    alphas, even = np.zeros(observed.shape), observed / count[:, None]
    for i, own in enumerate(observed):
        alphas[i, own] = softmax((coef @ X[i] + intercept)[own])
        total += count[i] * alphas[i, own] @ losses[i, own]
        total += tau * alphas[i, own] @ np.log(alphas[i, own] * count[i])
    pi = even.mean(axis=0) * prior
    mean, pi = alphas.mean(axis=0), pi / pi.sum()
    return total / len(X) + kappa * mean @ np.log(mean / pi)


@pytest.mark.parametrize("prior", [None, [1.0, 3.0, 2.0, 1.0]])
@pytest.mark.parametrize(("tau", "kappa"), [(0.7, 3.0), (0.0, 3.0), (2.0, 0.0)])
def test_gradient_is_that_of_the_objective(tau, kappa, prior, monkeypatch):
    rng = np.random.default_rng(0)
    n, d, T = 12, 3, 4
    X, losses = rng.normal(size=(n, d)), rng.exponential(size=(n, T))
    observed = rng.random((n, T)) < 0.7
    observed[~observed.any(axis=1)] = True
    run = Gate(tau=tau, kappa=kappa, prior=prior).start(T, d, False)
    run.coef, run.intercept = rng.normal(size=(T, d)), rng.normal(size=T)
    steps = []
    monkeypatch.setattr(
        run, "_step", lambda X, slope, *_: steps.append((slope, X.gradient(slope)))
    )
    labels = Labels(np.arange(T), np.zeros((n, T)), observed.astype(float))
    run.learn(CentredRows(X, np.zeros(d)), labels, losses, None, 1.0)
    ((slope, found),) = steps
    prior = np.ones(T) if prior is None else np.array(prior)

    def value(theta):
        coef, intercept = theta[: T * d].reshape(T, d), theta[T * d :]
        return objective(coef, intercept, X, losses, observed, tau, kappa, prior)

    theta = np.concatenate([run.coef.ravel(), run.intercept])
    moves = 1e-6 * np.eye(len(theta))
    expected = [(value(theta + m) - value(theta - m)) / 2e-6 for m in moves]
    ours = np.concatenate([found.ravel(), slope.sum(axis=0)])
    np.testing.assert_allclose(ours, expected, atol=1e-7)


def test_factors_are_shares_of_the_row():
    run = Gate().start(3, 2, False)
    run.intercept[:] = [0.0, 1.0, 2.0]
    observed = np.array([[1, 1, 0], [0, 1, 0], [1, 1, 1.0]])
    labels = Labels(np.arange(3), np.zeros((3, 3)), observed)
    factors = run.factors(CentredRows(np.ones((3, 2)), np.zeros(2)), labels)
    np.testing.assert_allclose(factors[0, :2], 2 * softmax([0, 1]))
    np.testing.assert_array_equal(factors[1], 1)
    np.testing.assert_allclose(factors[2], 3 * softmax([0, 1, 2]))


# What keeps it from giving all rows to the easiest task.


def beside_a_trivial_task(**params):
    """Mean alpha over rows, with complete labels; the first task is trivial."""
    X, Y = label_tasks(n=800)
    X[:, 0] += np.sign(X[:, 0])  # a margin
    Y[:, 0] = X[:, 0] > 0
    Y[:, 2] = np.random.default_rng(1).integers(2, size=len(X))
    ours = model(task_weight=Gate(**params), max_iter=40).fit(X, Y)
    return ours.predict_task_proba(X).mean(axis=0)


@pytest.mark.parametrize(
    ("kappa", "prior"), [(10.0, None), (30.0, [1.0, 2.0, 1.0]), (300.0, None)]
)
def test_mean_stays_near_the_prior(kappa, prior):
    pi = np.ones(3) if prior is None else np.array(prior)
    mean = beside_a_trivial_task(kappa=kappa, prior=prior)
    np.testing.assert_allclose(mean, pi / pi.sum(), atol=0.05)


def test_without_kappa_it_collapses():
    assert beside_a_trivial_task(kappa=0.0)[0] > 0.6


# One task per row.


def regions(n=1500, seed=0):
    """Each row has one of three tasks, by where it lies; they disagree on labels."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 4))
    task = (X[:, :3] + 0.5 * rng.normal(size=(n, 3))).argmax(axis=1)
    sign = np.array([1, -1, 1])[task]
    Y = np.full((n, 3), np.nan)
    Y[np.arange(n), task] = sign * X[:, 3] > 0
    return X, Y, task


def test_gate_becomes_a_model_of_the_task():
    X, Y, task = regions()
    new, _, truth = regions(seed=1)
    ours = model(task_weight="gate", max_iter=30).fit(X, Y)
    peer = LogisticRegression(C=1e4).fit(X, task)
    shares, theirs = ours.predict_task_proba(new), peer.predict_proba(new)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    right = shares.argmax(axis=1) == truth, theirs.argmax(axis=1) == truth
    assert abs(right[0].mean() - right[1].mean()) < 0.02
    for own, other in zip(shares.T, theirs.T):
        assert spearmanr(own, other).statistic > 0.99
    np.testing.assert_array_equal(ours.task_weights_, 1)


def test_mixture_beats_the_pooled_model():
    X, Y, _ = regions()
    new, truth, task = regions(seed=1)
    truth = truth[np.arange(len(new)), task]
    ours = model(task_weight="gate", max_iter=30, sharing=0.1).fit(X, Y)
    pooled = LogisticRegression().fit(X, np.nansum(Y, axis=1))
    accuracy = np.mean(ours.predict_mixture(new) == truth)
    assert accuracy > np.mean(pooled.predict(new) == truth) + 0.05


def test_mixture_needs_tasks_of_one_question():
    X, Y, _ = regions(n=300)
    ours = model(task_weight="gate", structure="learned", label_groups=None).fit(X, Y)
    with pytest.raises(ValueError, match="label_groups='all'"):
        ours.predict_mixture(X)


def test_nothing_to_ask_without_a_gate():
    X, Y = label_tasks(n=100)
    ours = model(task_weight="null_loss").fit(X, Y)
    for name in ("predict_task_proba", "predict_mixture"):
        with pytest.raises(AttributeError):
            getattr(ours, name)
