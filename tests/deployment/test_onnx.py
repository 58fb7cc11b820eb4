"""Models as ONNX graphs: every estimator agrees in onnxruntime, or is refused."""

import importlib
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mtlearn.deployment.onnx import models, to_onnx
from mtlearn.ensemble import MultiTaskRandomForestClassifier
from mtlearn.exceptions import DegenerateTaskWarning
from mtlearn.linear_model import (
    MixedTaskLinear,
    MultiTaskLinearCV,
    MultiTaskLogisticRegression,
    MultiTaskRidge,
    MultiTaskSGDClassifier,
)
from mtlearn.losses import Logistic
from mtlearn.svm import KERNELS, MultiTaskLinearSVC, MultiTaskSVC, MultiTaskSVR
from tests.contract import Problem, estimators, has_kink, is_forest, name_of, prepare
from tests.deployment.onnx_runtime import assert_agrees, run, session_of, tasks_of


@pytest.mark.parametrize("estimator", estimators(), ids=name_of)
def test_every_estimator_agrees(estimator):
    problem = Problem(estimator)
    model = prepare(estimator).fit(problem.X, problem.Y)
    atol = 1e-6 if is_forest(estimator) else 1e-10
    outputs = assert_agrees(model, problem.X, atol)
    several = session_of(model, problem.X)
    for rows in (problem.X[:1], problem.X[:0]):
        for name, values in run(several, rows).items():
            np.testing.assert_allclose(
                values, outputs[name][: len(rows)], rtol=1e-6, atol=1e-12
            )


@pytest.mark.parametrize("estimator", estimators(), ids=name_of)
def test_every_estimator_agrees_in_float32(estimator):
    problem = Problem(estimator)
    X = problem.X.astype(np.float32)
    tol = {"tol": 1e-3} if has_kink(estimator) else {}
    assert_agrees(prepare(estimator, **tol).fit(X, problem.Y), X)


def public_models():
    """Every class of mtlearn that predicts."""
    packages = ("compose", "ensemble", "inspection", "linear_model", "model_selection",
                "svm")  # fmt: skip
    for package in packages:
        module = importlib.import_module(f"mtlearn.{package}")
        for name in module.__all__:
            entry = getattr(module, name)
            if isinstance(entry, type) and hasattr(entry, "predict"):
                yield entry


@pytest.mark.parametrize("cls", list(public_models()), ids=lambda cls: cls.__name__)
def test_no_model_falls_between(cls):
    known = [*models.FAMILIES, *models.AROUND, *models.REFUSED, MultiTaskLinearCV]
    assert any(issubclass(cls, kind) for kind in known)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("approximation", [None, "nystroem"])
def test_kernels(data, kernel, approximation):
    X, Y = data
    X = np.abs(X) if kernel in ("chi2", "intersection") else X + 3
    X[:5, 0] = 0  # where chi2 divides nothing by nothing
    model = MultiTaskSVC(
        kernel=kernel, approximation=approximation, n_components=20, degree=2,
        coef0=0.5, gamma=0.1,
    )  # fmt: skip
    assert_agrees(model.fit(X, Y), X, atol=1e-10)
    X = X.astype(np.float32)
    # Of numbers near 1000, where float32 has seven digits.
    assert_agrees(model.fit(X, Y), X, atol=1e-3 if kernel == "poly" else 3e-4)


def test_kernels_without_a_name_are_refused(data):
    X, Y = data
    given = MultiTaskSVC(kernel=lambda A, B: A @ B.T).fit(X, Y)
    ready = MultiTaskSVC(kernel="precomputed").fit(X @ X.T, Y)
    for model, rows in ((given, X), (ready, X @ X.T)):
        with pytest.raises(NotImplementedError, match="MultiTaskSVC with kernel="):
            to_onnx(model, rows)


def test_a_machine_without_support_rows(data):
    X, _ = data
    model = MultiTaskSVR(epsilon=10.0).fit(X, X[:, :2])
    assert len(model.support_vectors_) == 0
    assert_agrees(model, X)


LABELS = {
    "int8": np.array([3, 5, 7], dtype=np.int8),
    "float": np.array([1.0, 2.0, 5.0], dtype=np.float32),
    "bool": np.array([False, True]),
    "text": np.array(["long", "none", "short"]),
    "object": np.array(["a b", "c", "ä"], dtype=object),
}


@pytest.mark.parametrize("kind", LABELS)
@pytest.mark.parametrize("one_task", [False, True])
def test_labels_keep_their_type(data, kind, one_task):
    X, Y = data
    labels = LABELS[kind]
    Y = labels[(Y[:, :2] + (X[:, :2] > 1)) % len(labels)]
    Y = Y[:, 0] if one_task else Y
    model = MultiTaskLogisticRegression().fit(X, Y)
    found = assert_agrees(model, X)["task0"]
    is_text = labels.dtype.kind in "UO"
    assert found.dtype == (object if is_text else model.predict(X).dtype)
    assert tasks_of(session_of(model, X))[0]["classes"] == labels.tolist()


def test_labels_that_onnx_has_not(data):
    X, Y = data
    model = MultiTaskLogisticRegression().fit(X, np.array([b"no", b"yes"])[Y])
    with pytest.raises(NotImplementedError, match=r"'task0' of MultiTaskLog.*S3"):
        to_onnx(model, X)


FAMILIES = {
    "linear": MultiTaskLinearSVC(),
    "logistic": MultiTaskLogisticRegression(),
    "kernel": MultiTaskSVC(),
    "forest": MultiTaskRandomForestClassifier(n_estimators=3, random_state=0),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_tasks_of_one_class_or_none(data, name):
    X, Y = data
    Y = Y.astype(float)
    Y[:, 1], Y[:, 2] = 7, np.nan
    with pytest.warns(DegenerateTaskWarning):
        model = FAMILIES[name].fit(X, Y)
    session = session_of(model, X)
    found = run(session, X)
    assert (found["task1"] == 7).all()
    assert np.isnan(found["task2"]).all()
    assert (found["task0"] == model.predict(X)[:, 0]).all()
    assert "task2_probability" not in found
    if hasattr(model, "predict_proba"):
        assert (found["task1_probability"] == 1).all()
    else:
        assert np.isnan(found["task2_scores"]).all()
    with pytest.warns(DegenerateTaskWarning):
        model.fit(X, Y[:, 1:])
    assert (run(session_of(model, X), X)["task0"] == 7).all()
    answers = pd.Categorical([None] * len(X), categories=["no", "yes"])
    with pytest.warns(DegenerateTaskWarning):
        model.fit(X, pd.DataFrame({"task0": Y[:, 0], "task1": answers}))
    with pytest.raises(NotImplementedError, match="task 'task1' of MultiTask"):
        to_onnx(model, X)


def test_tasks_of_numbers_without_any(data):
    X, _ = data
    Y = np.column_stack([X[:, 0], np.full(len(X), np.nan)])
    with pytest.warns(DegenerateTaskWarning):
        model = MultiTaskRidge().fit(X, Y)
    assert np.isnan(run(session_of(model, X), X)["task1"]).all()


@pytest.mark.parametrize("loss", ["logistic", "modified_huber", "hinge"])
def test_losses_of_labels(data, loss):
    X, Y = data
    three = Y[:, 0] + (X[:, 1] > 0.5)
    model = MultiTaskSGDClassifier(loss=loss, random_state=0, max_iter=5, tol=None)
    Y = np.column_stack([three, Y[:, 1]])
    # Rows far off have no probability under modified_huber, and those of no class are
    # even.
    assert_agrees(model.fit(X, Y), 5 * X)
    assert_agrees(model.sparsify(), X)


def test_a_likelihood_that_is_unknown_is_refused(data):
    class Steep(Logistic):
        def probability(self, z):
            return super().probability(2 * z)

    X, Y = data
    model = MixedTaskLinear(
        classification_loss=Steep(), task_types=["classification"] * 3
    )
    with pytest.raises(NotImplementedError, match="Steep"):
        to_onnx(model.fit(X, Y), X)


def test_names_of_outputs(data):
    X, Y = data
    names = ["sleeve length", "2nd", "sleeve_length"]
    model = MultiTaskLinearSVC().fit(X, pd.DataFrame(Y, columns=names))
    session = session_of(model, X)
    found = tasks_of(session)
    assert [task["task"] for task in found] == names
    assert [task["outputs"] for task in found] == [
        ["sleeve_length", "sleeve_length_scores"],
        ["_2nd", "_2nd_scores"],
        ["sleeve_length_2", "sleeve_length_2_scores"],
    ]
    in_order = [name for task in found for name in task["outputs"]]
    assert [output.name for output in session.get_outputs()] == in_order
    for taken in (
        ["X", "", "ä"],
        ["X", "X_scores", "X_2"],
        ["constant_0", "MatMul_1", "Add_2"],
    ):
        model.fit(X, pd.DataFrame(Y, columns=taken))
        every = [o.name for o in session_of(model, X).get_outputs()]
        assert len(set(every)) == 6
        assert "X" not in every


def test_wrong_inputs(data):
    X, Y = data
    model = MultiTaskLogisticRegression().fit(X, Y)
    with pytest.raises(ValueError, match=r"6 features, rows of X have shape \(5,\)"):
        to_onnx(model, X[:, :5])
    with pytest.raises(ValueError, match=r"rows .* or images"):
        to_onnx(model, X[0])
    with pytest.raises(ValueError, match="must be numbers"):
        to_onnx(model, X.astype(str))
    for opset in (17, 999, 18.5):
        with pytest.raises(ValueError, match=f"target_opset={opset} must be"):
            to_onnx(model, X, target_opset=opset)


def test_types_of_rows(data):
    X, Y = data
    whole = np.rint(5 * X)
    for dtype in (np.int64, np.int16, np.float16, np.float64):
        rows = whole.astype(dtype)
        assert_agrees(MultiTaskLogisticRegression().fit(rows, Y), rows, atol=1e-7)
    found = to_onnx(MultiTaskLogisticRegression().fit(X, Y), X, target_opset=20)
    assert found.opset_import[0].version == 20


def test_without_the_extra(data, monkeypatch):
    X, Y = data
    model = make_pipeline(StandardScaler(), MultiTaskLogisticRegression()).fit(X, Y)
    monkeypatch.setitem(sys.modules, "skl2onnx", None)
    with pytest.raises(ImportError, match=r"scikit-mtlearn\[onnx\]"):
        to_onnx(model, X)
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r"scikit-mtlearn\[onnx\]"):
        to_onnx(model, X)


def test_nothing_of_the_extra_is_imported_before_it_is_needed():
    code = (
        "import sys, mtlearn.deployment.onnx; "
        "print({'onnx', 'skl2onnx', 'onnxruntime'} & set(sys.modules))"
    )
    command = [sys.executable, "-c", code]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "set()"
