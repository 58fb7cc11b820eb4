"""Uncertainty: one over the noise, and only where a loss is a likelihood."""

import numpy as np
import pytest

from mtlearn.weighting import Uncertainty
from tests.weighting.problems import label_tasks, model


def fitted(**params):
    X, Y = label_tasks(n=600)
    Y[:, 0] = X[:, 0] > 0.3  # falls below the floor below
    return X, Y, model(max_iter=60, batch_size=100, **params).fit(X, Y)


@pytest.mark.parametrize("floor", [0.05, 0.4])
def test_variance_is_the_mean_relative_loss(floor):
    X, Y, ours = fitted(task_weight=Uncertainty(floor=floor))
    probability = np.column_stack([p[:, 1] for p in ours.predict_proba(X)])
    loss = -np.log(np.where(Y == 1, probability, 1 - probability)).mean(axis=0)
    share = Y.mean(axis=0)
    null = -share * np.log(share) - (1 - share) * np.log(1 - share)
    variance = np.maximum(loss / null, floor)
    if floor == 0.4:
        assert loss[0] / null[0] < floor
    found = ours._gate[0].variance
    np.testing.assert_allclose(found, variance, rtol=0.05)
    assert (found >= floor).all()
    expected = 1 / found
    np.testing.assert_allclose(ours.task_weights_[-1], expected * 3 / expected.sum())


def test_variance_minimises_the_objective():
    run = Uncertainty().start(3, 2, False)
    run.loss.see(np.arange(3), np.array([0.3, 0.9, 0.01]))

    def cost(v):
        return run.loss.mean / (2 * v) + np.log(v) / 2

    for factor in (1.01, 0.99):
        near = np.maximum(run.variance * factor, 0.05)
        assert (cost(run.variance) <= cost(near)).all()


@pytest.mark.parametrize("loss", ["hinge", "squared_hinge", "modified_huber"])
def test_refused_where_there_is_no_likelihood(loss):
    with pytest.raises(ValueError, match=r"task_weight: Uncertainty .*loss='logistic'"):
        model(loss=loss, task_weight="uncertainty").fit(*label_tasks())
