"""The common skin of linear models: checks, calls, keeps."""

import warnings

import numpy as np
import pytest

from mtlearn.linear_model import MultiTaskLinearModel
from mtlearn.svm import MultiTaskLinearSVC


def problem():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 4))
    Y = (X[:, [0, 0, 1]] + 0.5 * rng.normal(size=(60, 3)) > 0).astype(int)
    return X, Y


def test_linear_svc_is_one():
    assert issubclass(MultiTaskLinearSVC, MultiTaskLinearModel)


@pytest.mark.parametrize("sharing", [0.0, 0.4, 1.0])
def test_parts_add_up(sharing):
    X, Y = problem()
    model = MultiTaskLinearSVC(
        structure="mean", sharing=sharing, label_groups=[[0, 1]]
    ).fit(X, Y)
    assert model.coef_shared_.shape == (1, 4)
    tied = model.coef_task_[:2] + model.coef_shared_
    np.testing.assert_allclose(tied, model.coef_[:2])
    np.testing.assert_array_equal(model.coef_task_[2], model.coef_[2])
    weights = model.coef_[:2].sum(axis=0) * sharing / (1 + sharing)
    np.testing.assert_allclose(model.coef_shared_[0], weights, atol=1e-12)


def test_arrays_are_contiguous_and_independent():
    X, Y = problem()
    model = MultiTaskLinearSVC().fit(X, Y)
    assert model.coef_.flags.c_contiguous
    before = model.predict(X)
    model.coef_task_[:] = 0
    np.testing.assert_array_equal(model.predict(X), before)


def test_refitting_forgets():
    X, Y = problem()
    model = MultiTaskLinearSVC().fit(X, Y)
    model.fit(X[:, :2], Y[:, :2])
    assert model.coef_.shape == (2, 2)
    assert (model.n_tasks_, model.n_features_in_) == (2, 2)
    fresh = MultiTaskLinearSVC().fit(X[:, :2], Y[:, :2])
    np.testing.assert_array_equal(model.coef_, fresh.coef_)
    assert len(model.objective_path_) == model.n_iter_ == fresh.n_iter_


def test_constant_features_get_no_coefficient():
    X, Y = problem()
    X = np.column_stack([X, np.full(60, 3.0)])
    coef = MultiTaskLinearSVC(tol=1e-8).fit(X, Y).coef_
    np.testing.assert_allclose(coef[:, -1], 0, atol=1e-10)


def test_a_shift_of_the_features_changes_the_intercepts_only():
    X, Y = problem()
    one = MultiTaskLinearSVC(tol=1e-9).fit(X, Y)
    two = MultiTaskLinearSVC(tol=1e-9).fit(X + 100, Y)
    np.testing.assert_allclose(one.coef_, two.coef_, atol=1e-6)
    np.testing.assert_array_equal(one.predict(X), two.predict(X + 100))


def test_fewer_features_at_predict_are_refused():
    X, Y = problem()
    model = MultiTaskLinearSVC().fit(X, Y)
    with pytest.raises(ValueError, match=r"3 features.*expecting 4"):
        model.predict(X[:, :3])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("loss", ["hinge", "squared_hinge"])
@pytest.mark.parametrize("structure", ["learned", "independent"])
@pytest.mark.parametrize("max_iter", [1, 2, 100])
def test_any_number_of_iterations_can_be_run(loss, structure, max_iter):
    X, Y = problem()
    model = MultiTaskLinearSVC(loss=loss, structure=structure, max_iter=max_iter)
    model.set_params(sharing=0.5, tol=1e-6).fit(X, Y)
    assert len(model.objective_path_) == model.n_iter_


def test_warnings_point_at_the_line_that_called_fit():
    X = np.random.default_rng(0).normal(size=(30, 3))
    Y = np.column_stack([X[:, 0] > 0, np.ones(30)]).astype(int)
    model = MultiTaskLinearSVC(structure="mean", max_iter=1, tol=1e-12)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(X, Y)
    assert len(caught) == 3
    assert {warning.filename for warning in caught} == {__file__}
