"""Dynamic weight average: the published formula, by hand."""

import numpy as np
import pytest

from mtlearn.weighting import DynamicWeightAverage
from tests.weighting.problems import label_tasks, model


@pytest.mark.parametrize("temperature", [2.0, 0.5])
def test_by_hand(temperature):
    run = DynamicWeightAverage(temperature=temperature).start(2, 3, False)
    np.testing.assert_array_equal(run.weight, 1)
    run.end_epoch(np.array([1.0, 0.8]))
    np.testing.assert_array_equal(run.weight, 1)
    run.end_epoch(np.array([0.5, 0.8]))
    power = np.exp(np.array([0.5, 1.0]) / temperature)
    np.testing.assert_allclose(run.weight, 2 * power / power.sum())
    run.end_epoch(np.array([0.45, 0.2]))
    power = np.exp(np.array([0.9, 0.25]) / temperature)
    np.testing.assert_allclose(run.weight, 2 * power / power.sum())


def test_epoch_without_labels_keeps_the_ratio():
    run = DynamicWeightAverage().start(2, 3, False)
    for losses in ([1.0, 1.0], [0.5, 1.0]):
        run.end_epoch(np.array(losses))
    before = run.weight.copy()
    run.end_epoch(np.array([np.nan, 1.0]))
    np.testing.assert_allclose(run.weight, before)


def test_any_ratio_stays_finite():
    run = DynamicWeightAverage(temperature=1e-3).start(2, 3, False)
    run.end_epoch(np.array([1e-9, 1.0]))
    run.end_epoch(np.array([1.0, 1.0]))
    assert np.isfinite(run.weight).all()


def test_formula_in_a_fit():
    """Weights that two epochs of losses give; equal before."""
    X, Y = label_tasks()
    ours = model(task_weight="dwa").fit(X, Y)
    np.testing.assert_array_equal(ours.task_weights_[0], 1)
    power = np.exp(ours.loss_curve_[-1] / ours.loss_curve_[-2] / 2)
    np.testing.assert_allclose(ours._gate[0].weight, 3 * power / power.sum())
    fixed = model(task_weight="null_loss", max_iter=2).fit(X, Y)
    two = model(task_weight="dwa", max_iter=2).fit(X, Y)
    np.testing.assert_allclose(two.coef_, fixed.coef_)
