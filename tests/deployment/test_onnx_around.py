"""What is around a model in onnxruntime: searches, thresholds, views; and refusals."""

import numpy as np
import pytest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mtlearn.compose import TaskColumnClassifier, TaskColumnRegressor
from mtlearn.deployment.onnx import to_onnx
from mtlearn.inspection import ChosenSharingCV
from mtlearn.linear_model import MultiTaskLinearCV, MultiTaskLogisticRegression
from mtlearn.model_selection import (
    MultiTaskCalibratedClassifierCV,
    MultiTaskTunedThresholdClassifierCV,
)
from mtlearn.persistence import dumps, loads
from mtlearn.svm import MultiTaskLinearSVC, MultiTaskSVC
from tests.deployment.onnx_runtime import assert_agrees, run, session_of


def test_around_models(data):
    X, Y = data
    folds = KFold(2)
    svm, logistic = MultiTaskLinearSVC(), MultiTaskLogisticRegression()
    pipe = make_pipeline(StandardScaler(), svm)
    grid = {"multitasklinearsvc__C": [0.1, 1.0]}
    hurt = Y.copy()
    hurt[:, 2] = np.random.default_rng(1).integers(0, 2, len(Y))
    for model in (
        pipe,
        GridSearchCV(pipe, grid, cv=folds),
        make_pipeline(StandardScaler(), GridSearchCV(svm, {"C": [0.1, 1]}, cv=folds)),
        MultiTaskLinearCV(svm, Cs=(0.1, 1), cv=folds),
        ChosenSharingCV(logistic, cv=folds),
        FrozenEstimator(logistic.fit(X, Y)),
    ):
        assert_agrees(model.fit(X, hurt), X)


def test_tasks_that_are_learned_alone(data):
    X, Y = data
    model = ChosenSharingCV(MultiTaskLogisticRegression(), cv=KFold(2)).fit(X, Y)
    model._is_alone[:] = [False, True, False]
    model.independent_ = MultiTaskLogisticRegression(C=1e-3).fit(X, Y)
    assert_agrees(model, X)


@pytest.mark.parametrize("never_empty", [False, True])
@pytest.mark.parametrize("response", ["predict_proba", "decision_function"])
def test_tuned_thresholds(data, never_empty, response):
    X, Y = data
    Y = np.column_stack([Y, Y[:, 0] + (X[:, 1] > 0.5)])  # a task of three classes
    model = MultiTaskTunedThresholdClassifierCV(
        make_pipeline(StandardScaler(), MultiTaskLogisticRegression()), cv=KFold(2),
        never_empty=never_empty, response_method=response, metric="precision",
    )  # fmt: skip
    model.fit(X, Y)
    model.thresholds_[0] += 0.2  # so that some rows would be empty
    labels = model.predict(X)[:, :3]
    assert labels.any(axis=1).all() == never_empty
    assert_agrees(model, X)


def test_one_task_of_many(data):
    X, Y = data
    view = MultiTaskLogisticRegression().fit(X, Y).task("task1")
    assert list(assert_agrees(view, X)) == ["task1", "task1_probability"]


def test_a_loaded_model_converts_the_same(data):
    pytest.importorskip("skops.io")
    X, Y = data
    model = make_pipeline(StandardScaler(), MultiTaskSVC()).fit(X, Y)
    one, two = (run(session_of(m, X), X) for m in (model, loads(dumps(model))))
    for name, values in one.items():
        np.testing.assert_array_equal(values, two[name])


@pytest.mark.parametrize(
    "model",
    [
        MultiTaskCalibratedClassifierCV(MultiTaskLogisticRegression(), cv=KFold(2)),
        LogisticRegression(),
    ],
    ids=lambda model: type(model).__name__,
)
def test_what_is_refused_is_named(data, model):
    X, Y = data
    model.fit(X, Y[:, 0])
    with pytest.raises(NotImplementedError, match=f"^{type(model).__name__} cannot"):
        to_onnx(model, X)


@pytest.mark.parametrize("cls", [TaskColumnClassifier, TaskColumnRegressor])
def test_task_columns_are_refused(data, cls):
    X, Y = data
    X = np.column_stack([X, Y[:, 1]])
    with pytest.raises(NotImplementedError, match=f"^{cls.__name__} cannot.*estimator"):
        to_onnx(cls(task_column=6).fit(X, Y[:, 0]), X)


def test_a_model_of_the_users_own_is_refused(data):
    class Mine(MultiTaskLogisticRegression):
        __module__ = "mine"

    X, Y = data
    with pytest.raises(NotImplementedError, match=r"^Mine cannot"):
        to_onnx(Mine().fit(X, Y), X)
