"""What every estimator inherits; the promises themselves are in tests/contract.py."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.base import is_regressor
from sklearn.exceptions import NotFittedError, UndefinedMetricWarning
from sklearn.utils import get_tags

from mtlearn.base import (
    MultiTaskEstimator,
    MultiTaskRegressorMixin,
    stack_columns,
)
from mtlearn.exceptions import DegenerateTaskWarning
from mtlearn.svm import MultiTaskLinearSVC


def problem(n=60, T=3):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 4))
    return X, (X @ rng.normal(size=(4, T)) > 0).astype(float)


@pytest.mark.parametrize(
    "call",
    [
        lambda model, X: model.predict(X),
        lambda model, X: model.decision_function(X),
        lambda model, X: model.predict_frame(X),
        lambda model, X: model.task(0),
        lambda model, X: model.score(X, X[:, 0] > 0),
    ],
)
def test_nothing_before_fit(call):
    with pytest.raises(NotFittedError):
        call(MultiTaskLinearSVC(), problem()[0])


def test_tags():
    tags = get_tags(MultiTaskLinearSVC())
    assert tags.estimator_type == "classifier"
    assert tags.target_tags.multi_output
    assert not tags.classifier_tags.multi_label
    assert tags.target_tags.required
    assert tags.input_tags.sparse


# Text, numbers, bools side by side.


@pytest.mark.parametrize(
    ("columns", "dtype"),
    [
        ([np.array([1, 2]), np.array([0.5, np.nan])], np.float64),
        ([np.array([1, 2]), np.array([3, 4])], np.int64),
        ([np.array(["a", "b"]), np.array(["long", "c"])], "<U4"),
        ([np.array([True, False]), np.array([1, 2])], object),
        ([np.array(["a", "b"]), np.array([1, 2])], object),
    ],
)
def test_predictions_side_by_side(columns, dtype):
    stacked = stack_columns(columns)
    assert stacked.dtype == dtype
    for t, column in enumerate(columns):
        np.testing.assert_array_equal(stacked[:, t].astype(column.dtype), column)


def test_predict_frame_keeps_each_tasks_type():
    X, Y = problem()
    frame = pd.DataFrame({"n": Y[:, 0].astype(int), "s": np.where(Y[:, 1], "x", "y")})
    predicted = MultiTaskLinearSVC().fit(X, frame).predict_frame(X)
    assert predicted["n"].dtype.kind == "i"
    assert set(predicted["s"]) == {"x", "y"}
    assert predicted.index.tolist() == list(range(60))


def test_predict_frame_of_one_task():
    X, Y = problem()
    series = pd.Series(Y[:, 0], name="sunny")
    predicted = MultiTaskLinearSVC().fit(X, series).predict_frame(X)
    assert predicted.columns.tolist() == ["sunny"]


# Warnings name the tasks, but not hundreds of them.


def test_warning_of_many_tasks_is_short():
    X, Y = problem(T=9)
    Y[:, :7] = np.nan
    with pytest.warns(DegenerateTaskWarning) as caught:
        MultiTaskLinearSVC().fit(X, Y)
    message = str(caught[0].message)
    assert "tasks 'task0', " in message
    assert "'task4' and 2 more" in message
    assert "task5" not in message


def test_both_kinds_of_degenerate_tasks_are_named():
    X, Y = problem()
    Y[:, 0], Y[:, 1] = np.nan, 1
    with pytest.warns(DegenerateTaskWarning) as caught:
        MultiTaskLinearSVC().fit(X, Y)
    messages = [str(warning.message) for warning in caught]
    assert len(messages) == 2
    assert (
        "no label is observed, or none of positive weight, for task 'task0'"
        in messages[0]
    )
    assert "only one class is observed for task 'task1'" in messages[1]


# The view of one task.


def test_view_of_a_single_task_model():
    X, Y = problem()
    model = MultiTaskLinearSVC().fit(X, Y[:, 0])
    view = model.task(0)
    assert view.classes_.tolist() == [0, 1]
    np.testing.assert_array_equal(view.predict(X), model.predict(X))
    np.testing.assert_array_equal(view.decision_function(X), model.decision_function(X))
    assert not hasattr(view, "predict_proba")


@pytest.mark.parametrize("name", ["task3", 3, -1, None, 0.0, "0"])
def test_there_is_no_such_task(name):
    X, Y = problem()
    with pytest.raises(ValueError, match=r"there is no task .*'task2'"):
        MultiTaskLinearSVC().fit(X, Y).task(name)


def test_view_is_never_refitted():
    X, Y = problem()
    view = MultiTaskLinearSVC().fit(X, Y).task("task1")
    before = view.predict(X)
    assert view.fit(X, 1 - Y[:, 1]) is view
    np.testing.assert_array_equal(view.predict(X), before)
    assert view.score(X, Y[:, 1]) > 0.9
    assert view.n_features_in_ == 4


# Scores.


def test_score_counts_observed_labels_by_sample_weight():
    X, Y = problem()
    model = MultiTaskLinearSVC().fit(X, Y)
    wrong = Y.copy()
    wrong[:30] = 1 - wrong[:30]
    first = np.repeat([1.0, 0.0], 30)
    assert model.score(X, Y, sample_weight=first) > 0.9
    assert model.score(X, wrong, sample_weight=first) < 0.1
    wrong[:30] = np.nan
    assert model.score(X, wrong) == pytest.approx(model.score(X[30:], Y[30:]))


# Any pattern of missing labels.


@st.composite
def labels(draw):
    n_tasks = draw(st.integers(1, 4))
    kinds = st.sampled_from([-1, 0, 1, 2])  # -1 is missing
    rows = st.lists(kinds, min_size=n_tasks, max_size=n_tasks)
    Y = np.array(draw(st.lists(rows, min_size=12, max_size=12)), dtype=float)
    Y[Y < 0] = np.nan
    return Y


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(Y=labels(), structure=st.sampled_from(["learned", "mean", "independent"]))
def test_any_pattern_of_labels(Y, structure):
    X = np.random.default_rng(0).normal(size=(12, 3))
    groups = "all" if structure == "mean" else None
    model = MultiTaskLinearSVC(structure=structure, label_groups=groups)
    if np.isnan(Y).all():
        with pytest.raises(ValueError, match="no label is observed"):
            model.fit(X, Y)
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DegenerateTaskWarning)
        warnings.filterwarnings("ignore", message=".*nothing says.*")
        model.fit(X, Y)
        hidden = np.ma.masked_invalid(Y)
        again = MultiTaskLinearSVC(structure=structure, label_groups=groups)
        again.fit(X, hidden)
    predicted = model.predict(X)
    assert predicted.shape == Y.shape
    np.testing.assert_array_equal(predicted, again.predict(X))
    for t, column in enumerate(Y.T):
        seen = set(column[~np.isnan(column)])
        if not seen:
            assert np.isnan(predicted[:, t].astype(float)).all()
        elif len(seen) == 1:
            assert set(predicted[:, t]) == seen
        elif structure != "mean":
            assert set(predicted[:, t]) <= seen
            assert set(model.classes_[t]) == seen
    assert len(model.coef_) == model.columns_[-1]
    assert np.isfinite(model.coef_).all()
    assert np.isfinite(model.intercept_).all()


class LeastSquares(MultiTaskRegressorMixin, MultiTaskEstimator):
    """The least that a regressor needs: labels of each task on their own."""

    def __init__(self, *, task_weight=None):
        self.task_weight = task_weight

    def fit(self, X, y, sample_weight=None):
        X, targets = self._read(X, y, sample_weight)
        self.coef_ = np.zeros((targets.n_columns, X.shape[1]))
        for k, t in enumerate(targets.column_task):
            row, value, _ = targets.pairs(t)
            self.coef_[k] = np.linalg.lstsq(X[row], value, rcond=None)[0]
        self.task_weight_ = targets.task_weight
        return self

    def _null_loss(self, kind, values, weight):
        assert kind == "regression"
        mean = np.average(values, weights=weight)
        return np.average((values - mean) ** 2, weights=weight)

    def _scores(self, X):
        return X @ self.coef_.T


def test_a_regressor_meets_the_same_promises():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    Y = X @ rng.normal(size=(3, 3)) * [1, 10, 1]
    Y[::2, 0] = np.nan
    Y[:, 2] = np.nan
    with pytest.warns(DegenerateTaskWarning, match="task2"):
        model = LeastSquares(task_weight="null_loss").fit(X, Y)
    np.testing.assert_allclose(model.predict(X)[:, 1], Y[:, 1])
    assert np.isnan(model.predict(X)[:, 2]).all()
    assert model.task_weight_[0] > 20 * model.task_weight_[1]
    with pytest.warns(UndefinedMetricWarning, match="task2"):
        assert model.score(X, Y) == pytest.approx(1)
    assert is_regressor(model.task("task1"))
    np.testing.assert_array_equal(model.task(1).predict(X), model.predict(X)[:, 1])
    assert model.fit(X, Y[:, 1]).predict(X).shape == (60,)
