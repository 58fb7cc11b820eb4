"""Promises of all learned weightings, through the models that take them."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.utils.estimator_checks import check_no_attributes_set_in_init

from mtlearn.linear_model import MixedTaskSGD
from mtlearn.weighting import (
    WEIGHTINGS,
    DynamicWeightAverage,
    Gate,
    GradNorm,
    Uncertainty,
)
from tests.weighting.problems import label_tasks, model

every = pytest.mark.parametrize("name", list(WEIGHTINGS))
SUM = {"rtol": 1e-9}


@every
@pytest.mark.parametrize("hidden", [0.0, 0.4])
def test_weights_are_positive_and_sum_to_the_number_of_tasks(name, hidden):
    weights = model(task_weight=name).fit(*label_tasks(hidden=hidden)).task_weights_
    assert weights.shape == (8, 3)
    assert (weights > 0).all()
    np.testing.assert_allclose(weights.sum(axis=1), 3, **SUM)
    assert np.ptp(weights[-1]) > 1e-3


@every
def test_permuted_tasks_permute_weights(name):
    X, Y = label_tasks(hidden=0.2)
    order = [2, 0, 1]
    ours = model(task_weight=name).fit(X, Y)
    theirs = model(task_weight=name).fit(X, Y[:, order])
    np.testing.assert_allclose(
        theirs.task_weights_, ours.task_weights_[:, order], rtol=1e-6
    )
    np.testing.assert_allclose(theirs.coef_, ours.coef_[order], atol=1e-6)


@every
def test_same_seed_same_result(name):
    X, Y = label_tasks(hidden=0.2)
    first, again, other = (
        model(task_weight=name, random_state=seed).fit(X, Y) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first.coef_, again.coef_)
    np.testing.assert_array_equal(first.task_weights_, again.task_weights_)
    assert (first.coef_ != other.coef_).any()


@every
def test_stream(name):
    X, Y = label_tasks(hidden=0.2)
    stream = model(task_weight=name)
    for rows in np.split(np.arange(len(X)), 4):
        stream.partial_fit(X[rows], Y[rows], classes=[[0, 1]] * 3)
    assert stream.task_weights_.shape == (4, 3)
    np.testing.assert_allclose(stream.task_weights_.sum(axis=1), 3, **SUM)
    assert np.ptp(stream.task_weights_[-1]) > 1e-3


@every
def test_task_without_labels_yet_keeps_weight(name):
    X, Y = label_tasks()
    Y[:, 2] = np.nan
    stream = model(task_weight=name).partial_fit(X, Y, classes=[[0, 1]] * 3)
    assert (stream.task_weights_ > 0).all()
    np.testing.assert_allclose(stream.task_weights_.sum(axis=1), 3, **SUM)


@every
def test_weights_act_on_relative_losses(name):
    """A task of numbers in other units has the same weight."""
    X, Y = label_tasks()
    Y = Y + 0.1 * X[:, :3]
    kinds = dict.fromkeys(["task_0", "task_1", "task_2"], "regression")
    common = {"structure": "low_rank", "n_components": 2, "task_weight": name}
    found = [
        MixedTaskSGD(
            task_types=list(kinds.values()), max_iter=4, tol=None, random_state=0,
            **common,
        ).fit(X, Y * unit).task_weights_
        for unit in ([1, 1, 1], [1, 100, 0.01])
    ]  # fmt: skip
    np.testing.assert_allclose(found[1], found[0], rtol=1e-6)


@every
def test_labels_and_numbers_together(name):
    X, Y = label_tasks(hidden=0.2)
    Y[:, 1] += 0.3 * X[:, 0]
    mixed = MixedTaskSGD(
        structure="low_rank", n_components=2, task_weight=name, max_iter=8, tol=None,
        task_types=["classification", "regression", "classification"], random_state=0,
    ).fit(X, Y)  # fmt: skip
    np.testing.assert_allclose(mixed.task_weights_.sum(axis=1), 3, **SUM)
    assert np.ptp(mixed.task_weights_[-1]) > 1e-3


@every
def test_clone_and_parameters(name):
    weighting = WEIGHTINGS[name]()
    check_no_attributes_set_in_init(name, weighting)
    copy = clone(weighting)
    assert copy.get_params() == weighting.get_params()
    fitted = model(task_weight=weighting).fit(*label_tasks())
    assert vars(weighting) == vars(copy)
    assert clone(fitted).task_weight is not weighting


@every
def test_name_and_object_are_the_same(name):
    X, Y = label_tasks()
    named, given = (
        model(task_weight=each).fit(X, Y) for each in (name, WEIGHTINGS[name]())
    )
    np.testing.assert_array_equal(named.coef_, given.coef_)


def test_grid_search():
    X, Y = label_tasks()
    grid = [{"task_weight": ["gate", Gate(tau=3.0)]}]
    search = GridSearchCV(model(), grid, cv=2, error_score="raise").fit(X, Y)
    assert len(search.cv_results_["params"]) == 2
    grid = {"task_weight__tau": [0.1, np.inf]}
    search = GridSearchCV(
        model(task_weight=Gate()), grid, cv=2, error_score="raise", refit=False,
        scoring=lambda fitted, X, Y: np.abs(fitted.coef_).sum(),
    ).fit(X, Y)  # fmt: skip
    assert len(set(search.cv_results_["mean_test_score"])) == 2


@pytest.mark.parametrize(
    ("weighting", "name"),
    [
        (Uncertainty(floor=0), "floor"),
        (DynamicWeightAverage(temperature=0), "temperature"),
        (GradNorm(asymmetry=-1), "asymmetry"),
        (GradNorm(rate=0), "rate"),
        (Gate(tau=-1), "tau"),
        (Gate(tau=np.nan), "tau"),
        (Gate(kappa=-1), "kappa"),
        (Gate(prior=[1, 1]), "prior"),
        (Gate(prior=[1, 0, 1]), "prior"),
    ],
)
def test_wrong_parameters_are_named(weighting, name):
    with pytest.raises(ValueError, match=f"needs {name} "):
        model(task_weight=weighting).fit(*label_tasks())
