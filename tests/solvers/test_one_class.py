"""The intercept of a task that has seen one class."""

import numpy as np
import pytest
from scipy import sparse

from mtlearn.losses import LOSSES
from mtlearn.solvers import one_class_intercept
from mtlearn.tasks import TaskTargets


def problem(only, n_classes=2):
    """Two tied tasks, of which the second has seen one class, in ten rows."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 3)) + 2
    other = rng.choice(
        n_classes, size=30, p=[0.7, *[0.3 / (n_classes - 1)] * (n_classes - 1)]
    )
    Y = np.column_stack([other, np.full(30, only)]).astype(float)
    Y[10:, 1] = np.nan
    return X, TaskTargets.read(Y, "classification", label_groups="all")


@pytest.mark.parametrize("only", [0.0, 1.0])
@pytest.mark.parametrize("scale", [0.1, 5.0])
@pytest.mark.parametrize("name", ["squared_hinge", "hinge", "logistic"])
def test_is_the_best_with_one_row_at_the_shares_of_the_group(name, only, scale):
    X, targets = problem(only)
    function = LOSSES[name]()
    coef = scale * np.random.default_rng(1).normal(size=(1, 3))
    found = one_class_intercept(function, X, targets, coef, 1)
    assert found.shape == (1,)

    z, y = X[:10] @ coef[0], 2 * only - 1
    zeros, share = (targets.pairs(0)[1] == 0).sum(), targets.label_shares(1)[1]
    assert share == pytest.approx((30 - zeros + 10 * only) / 40)

    def loss(b):
        own = np.sum(function.value(y, z + b))
        middle = np.full(2, z.mean() + b)
        positive, negative = function.value(np.array([1, -1]), middle)
        return own + share * positive + (1 - share) * negative

    near = found[0] + np.linspace(-3, 3, 601)
    assert loss(found[0]) <= min(map(loss, near)) + 1e-6


@pytest.mark.parametrize("only", [0.0, 2.0])
@pytest.mark.parametrize("name", ["squared_hinge", "logistic"])
def test_of_three_classes(name, only):
    X, targets = problem(only, 3)
    loss = LOSSES[name]().for_columns(3)
    coef = np.random.default_rng(1).normal(size=(3, 3))
    found = one_class_intercept(loss, X, targets, coef, 1)
    assert found.shape == (3,)
    scores = np.vstack(
        [X[:10] @ coef.T, np.tile((X[:10] @ coef.T).mean(axis=0), (3, 1))]
    )
    code = np.concatenate([np.full(10, int(only)), np.arange(3)])
    weight = np.concatenate([np.ones(10), targets.label_shares(1)])
    y = np.eye(3)[code] if loss.is_multiclass else 2 * np.eye(3)[code] - 1

    def cost(b):
        return weight @ loss.value(y, scores + b).sum(axis=1)

    for move in np.vstack([np.eye(3), -np.eye(3), np.ones(3)]):
        for size in (1e-2, 0.3, 2.0):
            assert cost(found) <= cost(found + size * move) + 1e-4


def test_sparse_rows():
    X, targets = problem(1.0)
    args = LOSSES["logistic"](), X, targets, np.ones((1, 3)), 1
    thin = one_class_intercept(args[0], sparse.csr_array(X), *args[2:])
    np.testing.assert_allclose(thin, one_class_intercept(*args), atol=1e-5)
