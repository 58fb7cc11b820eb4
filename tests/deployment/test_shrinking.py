"""Models made small: every estimator, every way to ask for it."""

import pickle

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, StandardScaler

from mtlearn.deployment.shrinking import shrink
from mtlearn.deployment.shrinking.shrink import FAMILIES
from mtlearn.ensemble import MultiTaskRandomForestClassifier
from mtlearn.exceptions import DegenerateTaskWarning
from mtlearn.linear_model import (
    MultiTaskLinearCV,
    MultiTaskLogisticRegression,
    MultiTaskSGDClassifier,
)
from mtlearn.persistence import dumps, loads
from mtlearn.svm import MultiTaskLinearSVC, MultiTaskSVC
from tests.contract import (
    Problem,
    assert_same,
    estimators,
    is_forest,
    name_of,
    outputs,
    prepare,
)

pytest.importorskip("skops.io")


def family_of(model):
    return next(module for kind, module in FAMILIES if isinstance(model, kind))


def exact_steps(model):
    return [step.name for step in family_of(model).STEPS if step.is_exact]


def fit(estimator, problem, y=None):
    model = prepare(estimator, n_estimators=8, max_samples=0.632, sharing=0.5)
    return model.fit(problem.X, problem.Y if y is None else y)


@pytest.mark.parametrize("estimator", estimators(), ids=name_of)
class TestEveryEstimator:
    def test_exact_steps_change_no_answer(self, estimator):
        problem = Problem(estimator)
        model = fit(estimator, problem)
        before = pickle.dumps(model)
        steps = exact_steps(model)
        small, report = shrink(model, problem.X, problem.Y, steps=steps)
        assert_same(model, small, problem.X, atol=1e-6)
        assert pickle.dumps(model) == before
        assert type(small) is type(model)
        assert repr(small) == repr(model)
        assert report.steps[0].name == "training"
        assert report.bytes_after < report.bytes_before
        assert report.bytes_after == len(dumps(small))
        np.testing.assert_allclose(report.lost, 0, atol=1e-6)

    def test_files_of_small_models(self, estimator):
        problem = Problem(estimator)
        model = fit(estimator, problem)
        training = (problem.X, problem.Y) if is_forest(estimator) else None
        small, report = shrink(
            model, problem.X, problem.Y, max_loss=0.2, training_set=training
        )
        assert report.lost.max() <= 0.2 + 1e-9
        for back in (loads(dumps(small)), pickle.loads(pickle.dumps(small))):
            assert_same(small, back, problem.X)
        assert_same(small, loads(dumps(loads(dumps(small)))), problem.X)
        scores = [step.bytes_after for step in report.steps]
        assert scores == sorted(scores, reverse=True)

    def test_views_of_tasks(self, estimator):
        problem = Problem(estimator)
        model = fit(estimator, problem)
        small, _ = shrink(model, problem.X, problem.Y, max_loss=0.2)
        for t in range(3):
            np.testing.assert_array_equal(
                small.task(t).predict(problem.X),
                small.predict_frame(problem.X).iloc[:, t],
            )
            np.testing.assert_allclose(
                small._scores_of(problem.X, t),
                small._task_scores(problem.X)[t],
                atol=1e-9,
            )

    def test_one_task(self, estimator):
        problem = Problem(estimator)
        seen = ~problem.missing[:, 0]
        model = prepare(estimator, None, range(1), n_estimators=4, max_samples=0.632)
        model.fit(problem.X[seen], problem.full[seen, 0])
        small, report = shrink(model, problem.X[seen], problem.full[seen, 0])
        assert small.predict(problem.X).shape == (90,)
        assert report.task_names == ["task0"]
        assert report.lost.max() <= 0.01

    def test_degenerate_tasks(self, estimator):
        problem = Problem(estimator)
        Y = problem.Y.copy()
        Y[:, 0] = np.where(np.isnan(Y[:, 0]), np.nan, 1.0)
        Y[:, 2] = np.nan
        model = prepare(estimator, n_estimators=4)
        with pytest.warns(DegenerateTaskWarning, match="is observed"):
            model.fit(problem.X, Y)
        small, _ = shrink(model, problem.X, Y, steps=exact_steps(model))
        assert_same(model, small, problem.X, atol=1e-6)

    def test_what_only_training_needs_is_gone(self, estimator):
        problem = Problem(estimator)
        model = fit(estimator, problem)
        small, _ = shrink(model, problem.X, problem.Y, steps=["training"])
        gone = set(vars(model)) - set(vars(small))
        assert gone
        gone -= {"_units"}  # a class has it, too, for models before their first batch
        assert not [name for name in gone if hasattr(small, name)]

    def test_clones_and_new_fits_are_full_models(self, estimator):
        problem = Problem(estimator)
        model = fit(estimator, problem)
        small, _ = shrink(model, problem.X, problem.Y, max_loss=0.2)
        for other in (clone(small), small):
            other.fit(problem.X, problem.Y)
            assert set(vars(other)) == set(vars(model))
            assert_same(model, other, problem.X)


# Budgets.


@pytest.fixture(scope="module")
def linear():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 80))
    X[:, 40:] *= 0.01
    W = rng.normal(size=(80, 6))
    Y = (X @ W + 0.5 * rng.normal(size=(400, 6)) > 0).astype(int)
    model = MultiTaskLogisticRegression().fit(X[:200], Y[:200])
    return model, X[200:], Y[200:]


def test_a_budget_is_met_by_the_least_costly_steps(linear):
    model, X, Y = linear
    _, most = shrink(model, X, Y, max_loss=0.05)
    sizes = {step.name: step.bytes_after for step in most.steps}
    small, report = shrink(model, X, Y, budget=sizes["training"])
    assert [step.name for step in report.steps] == ["training"]
    assert len(dumps(small)) <= sizes["training"]
    small, report = shrink(model, X, Y, budget=sizes["training"] - 1)
    assert [step.name for step in report.steps] == ["training", "float16"]
    same, report = shrink(model, X, Y, budget=10**6)
    assert report.steps == []
    assert report.bytes_after == report.bytes_before == len(dumps(same))
    assert same is not model


def test_the_same_model_is_the_same_bytes(linear):
    model, X, Y = linear
    small, _ = shrink(model, X, Y)
    for one in (model, small):
        assert dumps(one) == dumps(pickle.loads(pickle.dumps(one)))
        assert dumps(one) == dumps(loads(dumps(one)))


def test_a_budget_that_cannot_be_met(linear):
    model, X, Y = linear
    with pytest.raises(ValueError, match=r"budget=1000 bytes cannot .* reached has \d"):
        shrink(model, X, Y, budget=1000)
    with pytest.raises(ValueError, match=r"budget=3500 .*max_loss=0"):
        shrink(model, X, Y, budget=3500, max_loss=0)


def test_losses_are_those_of_the_result(linear):
    model, X, Y = linear
    small, report = shrink(
        model, X, Y, steps={"training": None, "int8": None, "weak features": 0.06},
        max_loss=np.inf,
    )  # fmt: skip
    assert [step.label for step in report.steps] == [
        "training", "int8", "weak features 0.06",
    ]  # fmt: skip
    before = (model.predict(X) == Y).mean(axis=0)
    after = (small.predict(X) == Y).mean(axis=0)
    np.testing.assert_allclose(report.lost, before - after)
    assert report.lost.max() > 0.05
    assert np.count_nonzero(np.asarray(small.coef_).any(axis=0)) == 5
    _, other = shrink(model, X, Y, steps=["weak features"], max_loss=0.02)
    assert other.lost.max() <= 0.02


def test_weak_features_are_those_that_move_scores_least(linear):
    model, X, Y = linear
    small, report = shrink(model, X, Y, steps={"weak features": 0.5}, max_loss=np.inf)
    assert not np.asarray(small.coef_)[:, 40:].any()
    assert report.lost.max() < 0.03


def test_quantized_coefficients(linear):
    model, X, Y = linear
    for kind, size in (("float16", 2.0**-11), ("int8", 0.5 / 127)):
        small, _ = shrink(model, X, Y, steps=["training", kind])
        assert small.coef_.values.dtype == kind
        largest = abs(model.coef_).max(axis=1, keepdims=True)
        assert (
            abs(np.asarray(small.coef_) - model.coef_) <= 1.01 * size * largest
        ).all()
        assert small.decision_function(X)[0].dtype == model.coef_.dtype
        assert small.coef_.shape == model.coef_.shape
        assert small.coef_.dtype == model.coef_.dtype
        np.testing.assert_array_equal(small.coef_[:2], np.asarray(small.coef_)[:2])


def test_small_models_can_be_asked_again(linear):
    model, X, Y = linear
    forest = MultiTaskRandomForestClassifier(8, random_state=0).fit(X, Y)
    for full in (model, MultiTaskSVC().fit(X, Y), forest):
        small, report = shrink(full, X, Y, max_loss=0.02)
        again, more = shrink(small, X, Y, max_loss=0.02)
        assert more.bytes_before == report.bytes_after
        assert more.bytes_after <= more.bytes_before
        assert again.predict(X).shape == Y.shape
        assert not hasattr(again, "_covariance" if full is not forest else "_grown")


def test_rows_of_any_form(linear):
    model, X, Y = linear
    pipe = make_pipeline(MaxAbsScaler(), MultiTaskLinearSVC()).fit(X, Y)
    for form in (sparse.coo_array, sparse.csr_matrix, pd.DataFrame, list):
        for one in (model, pipe):
            small, _ = shrink(one, form(X), Y, budget=10**5)
            np.testing.assert_array_equal(small.predict(X), one.predict(X))
            shrink(one, form(X), Y, max_loss=0.05)


def test_reports_can_be_read(linear):
    model, X, Y = linear
    _, report = shrink(model, X, Y, scoring="roc_auc")
    text = repr(report)
    assert "roc_auc" in text
    assert "full model" in text
    assert "training" in text
    assert "<table>" in report._repr_html_()
    rows = report.per_task().to_dict()["rows"]
    assert list(rows) == report.task_names
    assert rows["task0"]["lost"] == report.lost[0]


# What is given.


def test_searches_are_unwrapped(linear):
    _, X, Y = linear
    grid = GridSearchCV(
        make_pipeline(StandardScaler(), MultiTaskLinearSVC()),
        {"multitasklinearsvc__C": [0.1, 1.0]}, cv=KFold(2),
    ).fit(X, Y)  # fmt: skip
    small, _ = shrink(grid, X, Y, steps=["training", "scaler"])
    np.testing.assert_array_equal(small.predict(X), grid.predict(X))
    assert list(small.named_steps) == ["multitasklinearsvc"]
    inner = make_pipeline(
        StandardScaler(), MultiTaskLinearCV(MultiTaskLinearSVC(), cv=2, Cs=(0.1, 1))
    ).fit(X, Y)
    small, _ = shrink(inner, X, Y, steps=["training"])
    assert isinstance(small[-1], MultiTaskLinearSVC)
    np.testing.assert_array_equal(small.predict(X), inner.predict(X))


def test_wrong_input(linear):
    model, X, Y = linear
    with pytest.raises(ValueError, match="has no dial, give None"):
        shrink(model, X, Y, steps={"float16": 0.5})
    with pytest.raises(ValueError, match="training_set has 1 parts"):
        shrink(model, X, Y, training_set=(X,))
    with pytest.raises(TypeError, match="budget=True"):
        shrink(model, X, Y, budget=True)
    with pytest.raises(NotFittedError):
        shrink(MultiTaskLinearSVC(), X, Y)
    with pytest.raises(NotFittedError):
        shrink(make_pipeline(StandardScaler(), MultiTaskLinearSVC()), X, Y)
    with pytest.raises(TypeError, match=r"takes a fitted model .* LogisticRegression"):
        shrink(LogisticRegression().fit(X, Y[:, 0]), X, Y)
    with pytest.raises(ValueError, match="budget == 0, must be >= 1"):
        shrink(model, X, Y, budget=0)
    with pytest.raises(TypeError, match="budget must be an instance of int"):
        shrink(model, X, Y, budget=1e5)
    with pytest.raises(ValueError, match="max_loss == -1"):
        shrink(model, X, Y, max_loss=-1)
    with pytest.raises(ValueError, match="give a budget, or steps"):
        shrink(model, X, Y, max_loss=np.inf)
    with pytest.raises(ValueError, match=r"features, but .* expecting 80"):
        shrink(model, X[:, :7], Y)
    with pytest.raises(ValueError, match="200"):
        shrink(model, X, Y[:50])
    with pytest.raises(ValueError, match="must be a list of some of"):
        shrink(model, X, Y, steps=["trees"])
    with pytest.raises(ValueError, match="must be a list of some of"):
        shrink(model, X, Y, steps="int8")
    with pytest.raises(ValueError, match="weak features"):
        shrink(model, X, Y, steps={"weak features": 2})
    with pytest.raises(ValueError, match="nonsense"):
        shrink(model, X, Y, scoring="nonsense")


# What a small model refuses.


def test_training_goes_on_with_the_full_model_only(linear):
    _, X, Y = linear
    model = MultiTaskSGDClassifier(random_state=0).partial_fit(
        X, Y, classes=[[0, 1]] * 6
    )
    small, _ = shrink(model, X, Y)
    with pytest.raises(ValueError, match=r"shrink\(\) has dropped what training"):
        small.partial_fit(X, Y)
    for method in ("sparsify", "densify"):
        with pytest.raises(ValueError, match="ask the full model"):
            getattr(small, method)()
    with pytest.raises(AttributeError, match=r"shrink\(\) has dropped the covariance"):
        small.task_similarity_  # noqa: B018
    with pytest.raises(AttributeError, match="shrink"):
        small.loss_curve_  # noqa: B018


def test_sparse_coefficients_stay_sparse(linear):
    _, X, Y = linear
    model = MultiTaskSGDClassifier(
        structure="independent", penalty="l1", alpha=0.02, random_state=0
    )
    model.fit(X, Y).sparsify()
    small, report = shrink(model, X, Y)
    assert [step.name for step in report.steps] == ["training"]
    assert_same(model, small, X)


def test_gates_are_kept():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 4))
    task = (X[:, 0] > 0).astype(int)
    y = np.where(task == 1, X[:, 1] > 0, X[:, 1] < 0).astype(float)
    Y = np.full((120, 2), np.nan)
    Y[np.arange(120), task] = y
    model = MultiTaskSGDClassifier(
        task_weight="gate", label_groups="all", structure="mean", max_iter=30,
        learning_rate="cosine", random_state=0,
    )  # fmt: skip
    model.fit(X, Y)
    small, _ = shrink(model, X, Y, steps=["training"])
    back = loads(dumps(small))
    np.testing.assert_array_equal(
        back.predict_task_proba(X), model.predict_task_proba(X)
    )
    np.testing.assert_array_equal(back.predict_mixture(X), model.predict_mixture(X))


# Kernel machines.


@pytest.mark.parametrize("kernel", ["rbf", "linear", "poly", "laplacian", "chi2"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_kernels_see_the_same_rows(kernel, dtype):
    rng = np.random.default_rng(0)
    X = rng.random((150, 60)).astype(dtype)
    Y = (X[:, :2] + 0.2 * rng.normal(size=(150, 2)) > 0.5).astype(int)
    for params in ({}, {"approximation": "nystroem", "n_components": 30}):
        model = MultiTaskSVC(kernel=kernel, random_state=0, **params).fit(X, Y)
        small, report = shrink(model, X, Y, max_loss=0.02)
        assert report.steps[-1].name == "float16"
        assert report.bytes_after < 0.6 * report.bytes_before
        for one, two in zip(model.decision_function(X), small.decision_function(X)):
            assert two.dtype == one.dtype or params
            np.testing.assert_allclose(one, two, atol=0.02)


def test_precomputed_kernels(linear):
    _, X, Y = linear
    K = X @ X.T
    model = MultiTaskSVC(kernel="precomputed").fit(K, Y)
    small, _ = shrink(model, K, Y)
    assert (small.predict(K) == model.predict(K)).mean() > 0.99
    assert_same(small, loads(dumps(small)), K)


def test_support_rows_that_count_for_nobody_are_left_out(linear):
    _, X, Y = linear
    model = MultiTaskSVC().fit(X, Y)
    model._mixed[:10] = 0
    small, report = shrink(model, X, Y, steps=["training", "rows"])
    assert len(small.support_vectors_) == len(model.support_vectors_) - 10
    assert_same(model, small, X, atol=1e-9)
    assert report.steps[-1].name == "rows"


def test_landmarks_become_support_rows(linear):
    _, X, Y = linear
    model = MultiTaskSVC(approximation="nystroem", n_components=50, random_state=0)
    model.fit(X, Y)
    small, report = shrink(model, X, Y, steps=["training", "landmarks"])
    assert small.support_vectors_.shape == (50, 80)
    assert report.bytes_after < report.bytes_before
    assert_same(model, small, X, atol=1e-6)


def test_outputs_of_wide_and_compact_models_have_the_same_form(linear):
    model, X, Y = linear
    small, _ = shrink(model, X, Y)
    for one, two in zip(outputs(model, X), outputs(small, X)):
        assert one.shape == two.shape
        assert one.dtype == two.dtype


def test_forests_in_pipelines_report_their_trees(linear):
    _, X, Y = linear
    pipe = make_pipeline(
        StandardScaler(), MultiTaskRandomForestClassifier(10, random_state=0)
    ).fit(X, Y)
    small, report = shrink(pipe, X, Y, steps=["training", "levels", "twins"])
    np.testing.assert_array_equal(small.predict(X), pipe.predict(X))
    assert report.bytes_after < report.bytes_before / 2
