"""Clusters of tasks that are found while fitting."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from mtlearn.linear_model import MultiTaskLogisticRegression, MultiTaskRidge
from mtlearn.solvers.clusters import in_order
from mtlearn.structures import Clustered
from mtlearn.svm import MultiTaskLinearSVC
from mtlearn.tasks import TaskTargets

TRUTH = np.array([0, 1, 0, 1, 1, 0, 0, 1])


def problem(n=200, d=4, seed=0, kind="regression", hidden=0.5):
    """Eight tasks around two opposite vectors."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    centers = 1.5 * rng.normal(size=(2, d))
    W = centers[TRUTH] + 0.2 * rng.normal(size=(len(TRUTH), d))
    Y = X @ W.T + rng.normal(size=(n, len(TRUTH)))
    if kind == "binary":
        Y = (Y > 0).astype(float)
    elif kind == "three":
        Y = np.digitize(Y, [-1, 1]).astype(float)
    Y[rng.random(Y.shape) < hidden] = np.nan
    return X, Y


@pytest.mark.parametrize("sharing", [0.5, 0.97, 1.0])
@pytest.mark.parametrize("hidden", [0.0, 0.5, 0.9])
def test_the_clusters_are_found(sharing, hidden):
    X, Y = problem(hidden=hidden)
    model = MultiTaskRidge(structure="clustered", sharing=sharing).fit(X, Y)
    assert adjusted_rand_score(TRUTH, model.task_labels_) == 1
    M = model.column_covariance_
    np.testing.assert_allclose(M[0, 1:3], [0, sharing])


@pytest.mark.parametrize("estimator", [MultiTaskLinearSVC, MultiTaskLogisticRegression])
@pytest.mark.parametrize("kind", ["binary", "three"])
def test_of_labels_too(estimator, kind):
    X, Y = problem(kind=kind)
    model = estimator(structure="clustered", label_groups="all", sharing=0.9)
    labels = model.fit(X, Y).task_labels_
    assert adjusted_rand_score(TRUTH, labels) == 1


def test_hinge_too():
    X, Y = problem(kind="binary")
    model = MultiTaskLinearSVC(structure="clustered", label_groups="all", loss="hinge")
    assert adjusted_rand_score(TRUTH, model.fit(X, Y).task_labels_) == 1


def test_the_end_is_the_solution_for_the_clusters_found():
    X, Y = problem()
    found = MultiTaskRidge(structure="clustered", sharing=0.8, tol=1e-9).fit(X, Y)
    given = Clustered(clusters=found.task_labels_)
    alone = MultiTaskRidge(structure=given, sharing=0.8, tol=1e-9).fit(X, Y)
    np.testing.assert_allclose(found.coef_, alone.coef_, atol=1e-6)
    np.testing.assert_allclose(found.coef_shared_, alone.coef_shared_, atol=1e-6)
    np.testing.assert_array_equal(found.task_labels_, alone.task_labels_)
    # No other place for any one task would be better.
    for t in range(len(TRUTH)):
        labels = found.task_labels_.copy()
        labels[t] = 1 - labels[t]
        moved = MultiTaskRidge(
            structure=Clustered(clusters=labels), sharing=0.8, tol=1e-9
        ).fit(X, Y)
        assert moved.objective_path_[-1] > alone.objective_path_[-1]


def test_number_of_clusters():
    X, Y = problem()
    one = MultiTaskRidge(structure=Clustered(n_clusters=1), sharing=0.8, tol=1e-9)
    mean = MultiTaskRidge(structure="mean", sharing=0.8, tol=1e-9).fit(X, Y)
    np.testing.assert_allclose(one.fit(X, Y).coef_, mean.coef_, atol=1e-6)
    many = MultiTaskRidge(structure=Clustered(n_clusters=50)).fit(X, Y)
    assert many.task_labels_.max() < len(TRUTH)
    with pytest.raises(ValueError, match="n_clusters=0"):
        MultiTaskRidge(structure=Clustered(n_clusters=0)).fit(X, Y)


def test_it_is_reproducible_and_a_refit_agrees():
    X, Y = problem()
    model = MultiTaskRidge(structure="clustered", warm_start=True).fit(X, Y)
    coef, labels = model.coef_, model.task_labels_
    model.fit(X, Y)
    np.testing.assert_array_equal(model.task_labels_, labels)
    np.testing.assert_allclose(model.coef_, coef, atol=1e-3)


def test_tasks_with_their_own_rows():
    X, Y = problem()
    rows, task = np.nonzero(~np.isnan(Y))
    targets = TaskTargets.from_column(task, Y[rows, task], "regression")
    model = MultiTaskRidge(structure="clustered", sharing=0.9)
    model._remember(targets)
    model._fit(X[rows], targets)
    assert adjusted_rand_score(TRUTH, model.task_labels_) == 1


def test_tasks_that_nobody_tied_are_left_alone():
    X, Y = problem()
    model = MultiTaskRidge(
        structure="clustered", sharing=1.0, label_groups=[[0, 1, 2, 3]], tol=1e-9
    ).fit(X, Y)
    alone = MultiTaskRidge(structure="independent", tol=1e-9).fit(X, Y)
    np.testing.assert_allclose(model.coef_[4:], alone.coef_[4:], atol=1e-6)
    assert adjusted_rand_score(TRUTH[:4], model.task_labels_[:4]) == 1


def test_in_order():
    np.testing.assert_array_equal(in_order(np.array([5, 2, 5, 0])), [0, 1, 0, 2])
