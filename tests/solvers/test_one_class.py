"""The intercept of a task that has seen one class."""

import numpy as np
import pytest

from mtlearn.losses import SquaredHinge
from mtlearn.solvers import LinearObjective, one_class_intercept
from mtlearn.tasks import TaskTargets


@pytest.mark.parametrize("only", [0.0, 1.0])
@pytest.mark.parametrize("scale", [0.1, 5.0])
def test_is_the_best_with_one_row_at_the_shares_of_the_group(only, scale):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 3)) + 2
    Y = np.column_stack([rng.random(30) < 0.3, np.full(30, only)]).astype(float)
    Y[10:, 1] = np.nan
    targets = TaskTargets.read(Y, "classification", label_groups="all")
    made = LinearObjective(X, targets, SquaredHinge(), 1.0)
    coef = scale * rng.normal(size=(2, 3))
    found = one_class_intercept(made, targets, coef, 1)

    z, y = X[:10] @ coef[1], 2 * only - 1
    share = (Y[:, 0].sum() + 10 * only) / 40

    def loss(b):
        own = np.sum(np.maximum(0, 1 - y * (z + b)) ** 2)
        middle = z.mean() + b
        positive, negative = max(0, 1 - middle), max(0, 1 + middle)
        return own + share * positive**2 + (1 - share) * negative**2

    near = found + np.linspace(-3, 3, 601)
    assert loss(found) <= min(map(loss, near)) + 1e-6
