"""Thresholds and calibrated probabilities per task."""

import warnings

import numpy as np
import pandas as pd
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone, is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import make_classification, make_multilabel_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, fbeta_score
from sklearn.model_selection import GridSearchCV, GroupKFold, StratifiedKFold
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from mtlearn.exceptions import DegenerateTaskWarning
from mtlearn.linear_model import MixedTaskLinear, MultiTaskLogisticRegression
from mtlearn.metrics import (
    make_multitask_scorer,
    multitask_score,
    task_report,
    tune_threshold,
)
from mtlearn.model_selection import (
    MultiTaskCalibratedClassifierCV,
    MultiTaskStratifiedGroupKFold,
    MultiTaskStratifiedKFold,
    MultiTaskTunedThresholdClassifierCV,
    cross_val_predict,
)
from mtlearn.svm import MultiTaskLinearSVC

CV = StratifiedKFold(4)


@pytest.fixture
def problem():
    """Three unbalanced labels, one task of three classes, one of numbers; gaps."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 6))
    scores = X @ rng.normal(size=(6, 5)) + rng.normal(size=(300, 5))
    Y = pd.DataFrame(
        {
            "rare": np.where(scores[:, 0] > 2.5, "yes", "no"),
            "common": scores[:, 1] > -1,
            "half": (scores[:, 2] > 0).astype(float),
            "size": np.digitize(scores[:, 3], [-1, 1]),
            "weight": scores[:, 4],
        }
    ).astype(object)
    hidden = rng.random(Y.shape) < 0.2
    return X, Y.mask(hidden, None)


def test_thresholds_are_best_on_rows_that_models_have_not_seen(problem):
    X, Y = problem
    model = MultiTaskLogisticRegression()
    Y = Y.iloc[:, :4]
    cv = MultiTaskStratifiedKFold(4)
    tuned = MultiTaskTunedThresholdClassifierCV(model, cv=cv).fit(X, Y)
    proba = cross_val_predict(model, X, Y, cv=cv, method="predict_proba")
    positive = ["yes", True, 1.0]
    for t, label in enumerate(positive):
        y = Y.iloc[:, t]
        seen = y.notna().to_numpy()
        score, truth = proba[t][seen, 1], (y[seen] == label).to_numpy()
        cuts = np.r_[-1, np.sort(score)]
        best = max(f1_score(truth, score > cut) for cut in cuts)
        found = f1_score(truth, score > tuned.thresholds_[t])
        assert found == best
        assert found >= f1_score(truth, score > 0.5)
    assert np.isnan(tuned.thresholds_[3])
    plain = clone(model).fit(X, Y)
    predicted = tuned.predict(X)
    assert_array_equal(predicted[:, 3], plain.predict(X)[:, 3])
    expected = np.where(
        plain.predict_proba(X)[0][:, 1] > tuned.thresholds_[0], "yes", "no"
    )
    assert_array_equal(predicted[:, 0], expected)
    assert_allclose(tuned.predict_proba(X)[1], plain.predict_proba(X)[1])
    assert list(tuned.task_names_in_) == list(Y.columns)


def test_other_metrics_and_callables():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 60)
    score = y * 0.4 + rng.random(60)

    def f2(y_true, y_pred, sample_weight=None):
        return fbeta_score(y_true, y_pred, beta=2, sample_weight=sample_weight)

    for metric, value in ((f2, f2), ("cohen_kappa", None)):
        cut = tune_threshold(y, score, metric)
        value = value or (lambda t, p: multitask_score(t, p, "cohen_kappa"))
        best = max(value(y, 1 * (score > c)) for c in np.r_[-1, np.sort(score)[:-1]])
        assert value(y, 1 * (score > cut)) == pytest.approx(best)
    for metric in ("roc_auc", "r2", "subset_accuracy"):
        with pytest.raises(ValueError, match="no threshold can be tuned"):
            tune_threshold(y, score, metric)


def test_no_row_is_empty():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 4))
    Y = (X[:, :3] + rng.normal(size=(200, 3)) > 1.5).astype(int)
    plain = MultiTaskTunedThresholdClassifierCV(
        MultiTaskLinearSVC(), metric="accuracy"
    ).fit(X, Y)
    never = clone(plain).set_params(never_empty=True).fit(X, Y)
    rows = plain.predict(X).sum(axis=1)
    assert rows.min() == 0
    assert never.predict(X).sum(axis=1).min() == 1
    assert_array_equal(never.predict(X)[rows > 0], plain.predict(X)[rows > 0])


@pytest.mark.parametrize(
    "model",
    [LinearSVC(), LogisticRegression(), RandomForestClassifier(5, random_state=0)],
)
@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_one_task_is_calibrated_as_by_scikit_learn(model, method, n_classes):
    X, y = make_classification(
        150, n_informative=5, n_classes=n_classes, random_state=0, flip_y=0.2
    )
    X = StandardScaler().fit_transform(X)
    theirs = CalibratedClassifierCV(model, method=method, cv=CV, ensemble=False)
    ours = MultiTaskCalibratedClassifierCV(model, method=method, cv=CV).fit(X, y)
    expected = theirs.fit(X, y).predict_proba(X)
    assert_allclose(ours.predict_proba(X), expected, atol=1e-6)
    assert_array_equal(ours.predict(X), theirs.classes_[expected.argmax(axis=1)])
    assert ours.score(X, y) == np.mean(ours.predict(X) == y)


def test_every_task_is_calibrated_on_its_own_labels(problem):
    X, Y = problem
    Y = Y.iloc[:, :4]
    model, cv = MultiTaskLinearSVC(C=0.1), MultiTaskStratifiedKFold(4)
    ours = MultiTaskCalibratedClassifierCV(model, cv=cv).fit(X, Y)
    scores = cross_val_predict(model, X, Y, cv=cv, method="decision_function")
    for t, classes in enumerate(ours.classes_):
        assert_array_equal(classes, model.fit(X, Y).classes_[t])
        proba = ours.predict_proba(X)[t]
        assert proba.shape == (300, len(classes))
        assert_allclose(proba.sum(axis=1), 1)
    # The mean probability of a calibrated label is its share, where scores are new.
    seen = Y["rare"].notna().to_numpy()
    fresh = ours.calibrators_[0].predict_proba(scores[0][seen][:, None])[:, 1]
    assert fresh.mean() == pytest.approx((Y["rare"][seen] == "yes").mean(), abs=0.01)


def test_mixed_tasks_keep_their_numbers(problem):
    X, Y = problem
    kinds = ["classification"] * 4 + ["regression"]
    model = MixedTaskLinear(task_types=kinds)
    plain = clone(model).fit(X, Y)
    tuned = MultiTaskTunedThresholdClassifierCV(model, cv=3).fit(X, Y)
    calibrated = MultiTaskCalibratedClassifierCV(model, cv=3).fit(X, Y)
    for outer in (tuned, calibrated):
        numbers = outer.predict(X)[:, 4].astype(float)
        assert_allclose(numbers, plain.predict(X)[:, 4].astype(float))
    assert calibrated.predict_proba(X)[4] is None
    assert np.isnan(tuned.thresholds_[4])


def test_weights_are_repetitions():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    Y = (X[:, :2] + rng.normal(size=(60, 2)) > 0.5).astype(int)
    weight = rng.integers(1, 3, 60)
    twice = np.repeat(np.arange(60), weight)
    parts = np.arange(60) % 3
    folds = [(np.flatnonzero(parts != k), np.flatnonzero(parts == k)) for k in range(3)]
    parts = parts[twice]
    more = [(np.flatnonzero(parts != k), np.flatnonzero(parts == k)) for k in range(3)]
    model = MultiTaskLogisticRegression(tol=1e-8)
    for outer in (
        MultiTaskTunedThresholdClassifierCV(model),
        MultiTaskCalibratedClassifierCV(model),
    ):
        one = clone(outer).set_params(cv=folds).fit(X, Y, sample_weight=weight)
        two = clone(outer).set_params(cv=more).fit(X[twice], Y[twice])
        assert_array_equal(one.predict(X), two.predict(X))
        for a, b in zip(one.predict_proba(X), two.predict_proba(X)):
            assert_allclose(a, b, atol=1e-4)


@pytest.mark.parametrize(
    "outer", [MultiTaskTunedThresholdClassifierCV, MultiTaskCalibratedClassifierCV]
)
def test_degenerate_tasks(outer):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    Y = np.full((60, 4), np.nan)
    Y[:, 0] = X[:, 0] > 0
    Y[:, 1] = 1  # one class
    Y[:, 3] = 0
    Y[7, 3] = 1  # one positive, so most folds never see one
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        model = outer(MultiTaskLinearSVC(), cv=3).fit(X, Y)
    predicted = model.predict(X)
    assert set(predicted[:, 0]) == {0, 1}
    assert set(predicted[:, 1]) == {1}
    assert np.isnan(predicted[:, 2].astype(float)).all()
    if outer is MultiTaskCalibratedClassifierCV:
        assert [p.shape[1] for p in model.predict_proba(X)] == [2, 1, 0, 2]
        assert np.isfinite(model.predict_proba(X)[3]).all()
    else:
        assert np.isnan(model.thresholds_[[1, 2]]).all()


@pytest.mark.parametrize(
    "outer", [MultiTaskTunedThresholdClassifierCV, MultiTaskCalibratedClassifierCV]
)
def test_pipelines_searches_groups_and_frozen_models(outer, problem):
    X, Y = problem
    Y = Y.iloc[:, :3]
    pipeline = make_pipeline(StandardScaler(), MultiTaskLinearSVC())
    groups = np.arange(300) // 3
    model = outer(pipeline, cv=GroupKFold(3)).fit(X, Y, groups=groups)
    assert is_classifier(model)
    assert model.predict(X).shape == (300, 3)
    search = GridSearchCV(
        outer(pipeline, cv=3),
        {"estimator__multitasklinearsvc__sharing": [0, 0.5]},
        scoring=make_multitask_scorer("balanced_accuracy"),
        cv=MultiTaskStratifiedKFold(2),
        error_score="raise",
    ).fit(X, Y)
    assert np.isfinite(search.best_score_)
    frozen = FrozenEstimator(pipeline.fit(X[:150], Y[:150]))
    late = outer(frozen).fit(X[150:], Y[150:])
    assert_array_equal(late.estimator_[-1].coef_, pipeline[-1].coef_)
    with pytest.raises(NotFittedError):
        outer(pipeline).predict(X)
    with pytest.raises(ValueError, match="response_method='predict'"):
        outer(pipeline, response_method="predict").fit(X, Y)
    with pytest.raises(ValueError, match="gives no scores"):
        outer(pipeline, response_method="predict_proba").fit(X, Y)


def test_thresholds_raise_what_they_are_tuned_for(problem):
    X, Y = problem
    Y = Y.iloc[:, :3]
    half = np.arange(300) % 2 == 0
    scorer = make_multitask_scorer("balanced_accuracy")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DegenerateTaskWarning)
        plain = MultiTaskLinearSVC().fit(X[half], Y[half])
        tuned = MultiTaskTunedThresholdClassifierCV(plain, metric="balanced_accuracy")
        tuned.fit(X[half], Y[half])
    assert scorer(tuned, X[~half], Y[~half]) > scorer(plain, X[~half], Y[~half]) + 0.02


def test_groups_and_weights_are_routed():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    Y = (X[:, :2] + rng.normal(size=(60, 2)) > 0).astype(int)
    groups, weight = np.arange(60) // 2, rng.uniform(0.5, 2, 60)
    for outer in (MultiTaskTunedThresholdClassifierCV, MultiTaskCalibratedClassifierCV):
        plain = outer(MultiTaskLinearSVC(), cv=MultiTaskStratifiedGroupKFold(3))
        plain.fit(X, Y, weight, groups=groups)
        with sklearn.config_context(enable_metadata_routing=True):
            asking = MultiTaskLinearSVC().set_fit_request(sample_weight=True)
            routed = outer(asking, cv=MultiTaskStratifiedGroupKFold(3))
            routed.set_fit_request(sample_weight=True)
            routed.fit(X, Y, weight, groups=groups)
        assert_array_equal(routed.predict(X), plain.predict(X))


def test_a_frozen_model_keeps_its_order_and_its_labels(problem):
    X, Y = problem
    Y = Y.iloc[:, :3]
    frozen = FrozenEstimator(MultiTaskLogisticRegression().fit(X, Y))
    for outer in (MultiTaskTunedThresholdClassifierCV, MultiTaskCalibratedClassifierCV):
        with pytest.raises(ValueError, match="tasks in another order"):
            outer(frozen, cv=2).fit(X, Y[["half", "common", "rare"]])
        strange = Y.assign(rare=Y["rare"].replace({"no": "never"}))
        strange.iloc[:40, 0] = "no"
        assert outer(frozen, cv=2).fit(X, strange).predict(X).shape == (300, 3)


def test_models_of_label_indicators_and_log_probabilities():
    X, Y = make_multilabel_classification(80, n_classes=3, random_state=0)
    network = MLPClassifier((8,), max_iter=400, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        tuned = MultiTaskTunedThresholdClassifierCV(network, cv=2).fit(X, Y)
        assert tuned.predict(X).shape == (80, 3)
    model = MultiTaskCalibratedClassifierCV(MultiTaskLogisticRegression(), cv=2)
    model.fit(X, Y)
    for log, proba in zip(model.predict_log_proba(X), model.predict_proba(X)):
        assert_allclose(np.exp(log), proba)


def test_scores_of_mixed_tasks(problem):
    X, Y = problem
    kinds = ["classification"] * 4 + ["regression"]
    model = MixedTaskLinear(task_types=kinds).fit(X, Y)
    scorer = make_multitask_scorer("roc_auc", task="common")
    assert 0.5 < scorer(model, X, Y) <= 1
    report = task_report(
        Y, model.predict(X), scores=model.predict_proba(X), task_types=kinds,
        classes=model.classes_,
    )  # fmt: skip
    assert np.isfinite(report.to_dict()["rows"]["size"]["roc_auc"])
    with pytest.raises(ValueError, match="'weight'"):
        make_multitask_scorer("roc_auc")(model, X, Y)
    tuned = MultiTaskTunedThresholdClassifierCV(model, cv=3).fit(X, Y)
    assert 0 < tuned.score(X, Y) <= 1
