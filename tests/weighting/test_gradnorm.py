"""GradNorm: its step by hand, and norms of gradients of what tasks share."""

import numpy as np
import pytest

from mtlearn.solvers.descent import Labels
from mtlearn.structures.parametrizations import Factorized
from mtlearn.weighting import GradNorm
from mtlearn.weighting.gradnorm import _GradNormRun
from tests.weighting.problems import label_tasks, model


def test_by_hand():
    run = GradNorm(asymmetry=1.0, rate=0.1).start(2, 3, False)
    labels = Labels(np.arange(2), np.zeros((1, 2)), np.ones((1, 2)))
    run.learn(None, labels, np.array([[0.5, 1.0]]), lambda: np.array([3.0, 1.0]), 1.0)
    # Pulls 3 and 1, mean 2; targets 2 * 2/3 and 2 * 4/3; steps 0.1 * norm / 2.
    moved = np.array([1 - 0.15, 1 + 0.05])
    np.testing.assert_allclose(run.weight, moved * 2 / moved.sum())


def test_weights_balance_pulls():
    """With asymmetry 0 all tasks pull equally hard in the end."""
    run = GradNorm(asymmetry=0.0, rate=0.005).start(3, 3, False)
    labels = Labels(np.arange(3), np.zeros((1, 3)), np.ones((1, 3)))
    norms = np.array([4.0, 2.0, 1.0])
    for _ in range(2000):
        run.learn(None, labels, np.ones((1, 3)), lambda: norms, 1.0)
    pull = run.weight * norms
    np.testing.assert_allclose(pull, pull.mean(), rtol=0.05)


def norms_of_a_fit(monkeypatch, **params):
    """Norms of the first mini-batches, and all that they should follow from."""
    seen, learn = [], _GradNormRun.learn

    def spy(self, X, labels, losses, shared_norms, largest):
        seen.append((X.X - X.center, labels, shared_norms()))
        learn(self, X, labels, losses, shared_norms, largest)

    monkeypatch.setattr(_GradNormRun, "learn", spy)
    X, Y = label_tasks(n=100, hidden=0.3)
    fitted = model(
        task_weight="gradnorm", batch_size=100, max_iter=1, fit_intercept=True, **params
    ).fit(X, Y)
    share = np.nanmean(Y, axis=0)
    null = -share * np.log(share) - (1 - share) * np.log(1 - share)
    return *seen[0], null, fitted


def slopes(rows, labels, null, scores):
    """Gradients of relative mean losses in the coefficients of each task, (T, d)."""
    slope = (1 / (1 + np.exp(-scores)) - labels.value) * labels.weight
    return (slope / (labels.weight.sum(axis=0) * null)).T @ rows


@pytest.mark.parametrize("sharing", [0.5, 0.2])
def test_norms_with_a_shared_mean(monkeypatch, sharing):
    rows, labels, norms, null, _ = norms_of_a_fit(monkeypatch, sharing=sharing)
    gradient = slopes(rows, labels, null, np.zeros((len(rows), 3)))
    expected = np.sqrt(sharing) * np.linalg.norm(gradient, axis=1)
    np.testing.assert_allclose(norms, expected)


def test_norms_with_shared_components(monkeypatch):
    starts, start = [], Factorized.start

    def keep(self, *arguments):
        blocks = start(self, *arguments)
        blocks[1][...] = np.random.default_rng(0).normal(size=blocks[1].shape)
        starts.append([block.copy() for block in blocks])
        return blocks

    monkeypatch.setattr(Factorized, "start", keep)
    rows, labels, norms, null, _ = norms_of_a_fit(
        monkeypatch, structure="low_rank", n_components=2, label_groups=None
    )
    A, B = next(each for each in starts if each[0].shape == (2, 5))
    gradient = slopes(rows, labels, null, rows @ (B @ A).T)
    expected = [np.linalg.norm(np.outer(b, g)) for b, g in zip(B, gradient)]
    np.testing.assert_allclose(norms, expected)
    assert min(expected) > 0


@pytest.mark.parametrize(
    "params",
    [
        {"structure": "independent"},
        {"structure": "learned"},
        {"structure": "graph", "task_graph": np.ones((3, 3)) - np.eye(3)},
        {"structure": "low_rank"},
        {"structure": "mean", "sharing": 0.0, "label_groups": "all"},
    ],
)
def test_refused_where_nothing_is_shared(params):
    params = {"label_groups": None, **params}
    with pytest.raises(ValueError, match=r"task_weight: GradNorm .*structure='mean'"):
        model(task_weight="gradnorm", **params).fit(*label_tasks())
