"""Units of the numbers of each task."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from mtlearn.tasks import TaskTargets
from mtlearn.tasks.units import target_units

Y = np.array([[0, 1000.0, 1], [2, 5000.0, 3], [4, np.nan, 3]])
BOTH = {"scale_targets": True, "fit_intercept": True}


def units(targets, **options):
    return target_units(targets, **{**BOTH, **options})


def test_each_task_has_its_own():
    center, scale = units(TaskTargets.read(Y, "regression"))
    assert_allclose(center, [2, 3000, 7 / 3])
    assert_allclose(scale, [np.sqrt(8 / 3), 2000, np.sqrt(8) / 3])


def test_weights_count():
    targets = TaskTargets.read(Y[:, :1], "regression", sample_weight=[1, 1, 2])
    center, scale = units(targets)
    assert_allclose(center, 2.5)
    assert_allclose(scale, np.sqrt((6.25 + 0.25 + 2 * 2.25) / 4))


def test_task_weights_do_not():
    plain = units(TaskTargets.read(Y, "regression"))
    heavy = units(TaskTargets.read(Y, "regression", task_weight=[1, 7, 0.1]))
    assert_allclose(heavy, plain)


def test_one_scale_for_tasks_of_one_unit():
    ids, y = [0, 0, 1, 1, 1], np.array([0.0, 2, 10, 12, 14])
    center, scale = units(TaskTargets.from_column(ids, y, "regression"))
    assert_allclose(center, [1, 12])
    assert_allclose(scale, [y.std(), y.std()])


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("scale_targets", [True, False])
def test_what_is_switched_off(fit_intercept, scale_targets):
    targets = TaskTargets.read(Y, "regression")
    options = {"fit_intercept": fit_intercept, "scale_targets": scale_targets}
    center, scale = units(targets, **options)
    assert_allclose(center, [2, 3000, 7 / 3] if fit_intercept else 0)
    assert_allclose(
        scale, [np.sqrt(8 / 3), 2000, np.sqrt(8) / 3] if scale_targets else 1
    )


def test_labels_have_none():
    targets = TaskTargets.read(Y[:, [0, 1]], ["classification", "regression"])
    center, scale = units(targets)
    assert_allclose(center, [0, 3000])
    assert_allclose(scale, [1, 2000])


def test_a_task_of_one_value_has_the_mean_unit_of_the_others():
    equal = np.column_stack([Y[:2, :2], [0.1, 0.1]])
    _, scale = units(TaskTargets.read(equal, "regression"))
    assert_allclose(scale, [1, 2000, np.sqrt((1 + 2000**2) / 2)])


@pytest.mark.parametrize("value", [0.1, 1e8 + 0.1, -3e-9])
def test_equal_numbers_everywhere_keep_their_unit(value):
    center, scale = units(TaskTargets.read(np.full((7, 1), value), "regression"))
    assert_allclose(center, value)
    assert_allclose(scale, 1)
