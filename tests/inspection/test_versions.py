"""The independent and the pooled versions of an estimator."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import loguniform
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.multioutput import ClassifierChain
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from mtlearn.ensemble import MixedTaskRandomForest, MultiTaskRandomForestClassifier
from mtlearn.inspection.own_settings import OwnSettingsCV, fit_settings
from mtlearn.inspection.rivals import count_settings, dissect, independent, pooled
from mtlearn.inspection.separate import SeparateModels
from mtlearn.inspection.task_scoring import TaskScoring
from mtlearn.linear_model import (
    MultiTaskLinearCV,
    MultiTaskLogisticRegression,
    MultiTaskRidge,
    MultiTaskSGDClassifier,
)
from mtlearn.model_selection import MultiTaskStratifiedKFold
from mtlearn.svm import MultiTaskLinearSVC


@pytest.fixture
def problem():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(90, 6))
    Y = X @ rng.normal(size=(6, 3)) + rng.normal(size=(90, 3))
    Y[rng.random(Y.shape) < 0.3] = np.nan
    return X, Y


def labels_of(Y):
    return np.where(np.isnan(Y), np.nan, Y > 0)


def test_separate_models_learn_their_own_rows(problem):
    X, Y = problem
    models = SeparateModels(Ridge()).fit(X, Y)
    for t, y in enumerate(Y.T):
        seen = ~np.isnan(y)
        expected = Ridge().fit(X[seen], y[seen]).predict(X)
        assert_allclose(models.predict(X)[:, t], expected)
    weight = np.random.default_rng(0).uniform(0.1, 2, Y.shape)
    weight[:40, 1] = 0
    models.fit(X, Y, sample_weight=weight)
    seen = ~np.isnan(Y[:, 1]) & (weight[:, 1] > 0)
    expected = Ridge().fit(X[seen], Y[seen, 1], weight[seen, 1]).predict(X)
    assert_allclose(models.predict(X)[:, 1], expected)


def test_a_group_is_one_model_of_all_its_pairs(problem):
    X, Y = problem
    models = SeparateModels(Ridge(), [["task0", "task2"]]).fit(X, Y)
    rows = [np.flatnonzero(~np.isnan(Y[:, t])) for t in (0, 2)]
    stacked = np.concatenate([X[r] for r in rows])
    values = np.concatenate([Y[r, t] for r, t in zip(rows, (0, 2))])
    expected = Ridge().fit(stacked, values).predict(X)
    for t in (0, 2):
        assert_allclose(models.predict(X)[:, t], expected)
    assert models.model_of_task_ == [0, 1, 0]


def test_separate_classifiers_with_empty_and_single_classes(problem):
    X, Y = problem
    L = labels_of(Y).astype(object)
    L[:, 1] = None
    L[:, 2] = "only"
    models = SeparateModels(LogisticRegression()).fit(X, L)
    predicted = models.predict(X)
    assert set(predicted[:, 1]) == {None}
    assert set(predicted[:, 2]) == {"only"}
    assert [p.shape[1] for p in models.predict_proba(X)] == [2, 0, 1]
    assert [len(c) for c in models.classes_] == [2, 0, 1]
    scores = models.decision_function(X)
    assert_array_equal(scores[2], np.zeros(90))
    assert np.isnan(scores[1]).all()
    assert not hasattr(SeparateModels(Ridge()).fit(X, Y), "classes_")
    assert not hasattr(SeparateModels(Ridge()), "predict_proba")


def test_ordered_categories_stay_ordered(problem):
    X, Y = problem
    kind = pd.CategoricalDtype(["small", "large"], ordered=True)
    sizes = np.where(np.isnan(Y[:, :2]), None, np.where(Y[:, :2] > 0, "large", "small"))
    frame = pd.DataFrame(sizes, columns=["a", "b"]).astype(kind)
    for groups in ((), [["a", "b"]]):
        models = SeparateModels(MultiTaskLinearSVC(), groups).fit(X, frame)
        assert models.classes_[1].tolist() == ["small", "large"]


FOLDS = MultiTaskStratifiedKFold(3)


@pytest.mark.parametrize(
    ("model", "grid"),
    [
        (MultiTaskRidge(structure="independent"), "C"),
        (SeparateModels(Ridge()), "estimator__alpha"),
    ],
)
def test_every_task_has_the_setting_that_suits_it(model, grid, problem):
    X, Y = problem
    values = (1e-4, 1e-2, 1.0) if grid == "C" else (1.0, 30.0, 1000.0)
    settings = [{grid: value} for value in values]
    search = OwnSettingsCV(model, settings, metric="r2", cv=FOLDS).fit(X, Y)
    scoring = TaskScoring.of("r2", Y, MultiTaskRidge())
    table = np.zeros((3, 3))
    for i, setting in enumerate(settings):
        for train, test in FOLDS.split(X, Y):
            fitted = clone(model).set_params(**setting).fit(X[train], Y[train])
            table[i] += scoring(fitted, X[test], Y[test]) / 3
    assert len(set(table.argmax(axis=0))) > 1
    for t, best in enumerate(table.argmax(axis=0)):
        assert search.chosen_[t] == settings[best]
        alone = clone(model).set_params(**settings[best]).fit(X, Y)
        assert_allclose(search.predict(X)[:, t], alone.predict(X)[:, t], rtol=1e-3)
    together = clone(search).set_params(per_task=False).fit(X, Y)
    best = table.mean(axis=1).argmax()
    assert together.chosen_ == [settings[best]] * 3


def test_features_are_made_once_if_no_setting_changes_them(problem):
    X, Y = problem
    fits = []

    class Counting(StandardScaler):
        def fit(self, X, y=None, sample_weight=None):
            fits.append(len(X))
            return super().fit(X, y)

    model = make_pipeline(Counting(), MultiTaskRidge(structure="independent"))
    settings = [{"multitaskridge__C": C} for C in (0.01, 0.1, 1)]
    train, test = np.arange(60), np.arange(60, 90)
    scoring = TaskScoring.of(None, Y, MultiTaskRidge())
    found = [
        scoring(fitted, X_test, Y[test])
        for fitted, X_test in fit_settings(model, settings, X, Y, train, test, {})
    ]
    assert fits == [60]
    for setting, scores in zip(settings, found):
        whole = clone(model).set_params(**setting).fit(X[train], Y[train])
        assert_allclose(scores, scoring(whole, X[test], Y[test]), rtol=1e-3)
    deeper = [{"counting__with_mean": flag} for flag in (True, False)]
    fits.clear()
    assert len(list(fit_settings(model, deeper, X, Y, train, test, {}))) == 2
    assert fits == [60, 60]


def grid_search(model, **grid):
    return GridSearchCV(model, grid, cv=FOLDS)


SVC = MultiTaskLinearSVC()
PIPELINE = make_pipeline(StandardScaler(), SVC)
LAST = "multitasklinearsvc"


@pytest.mark.parametrize(
    ("estimator", "n_given", "n_rival", "kind"),
    [
        (SVC, 1, 1, MultiTaskLinearSVC),
        (PIPELINE, 1, 1, MultiTaskLinearSVC),
        (grid_search(SVC, C=[0.1, 1], sharing=[0, 0.5, 0.9]), 6, 6, MultiTaskLinearSVC),
        (
            grid_search(PIPELINE, **{f"{LAST}__sharing": [0, 0.5], f"{LAST}__C": [1]}),
            2,
            2,
            MultiTaskLinearSVC,
        ),
        (
            grid_search(
                PIPELINE,
                **{
                    "standardscaler__with_std": [True, False],
                    f"{LAST}__sharing": [0, 0.5],
                    f"{LAST}__task_weight": [None, "balanced"],
                },
            ),
            8,
            8,
            MultiTaskLinearSVC,
        ),
        (MultiTaskLinearCV(SVC, cv=3), 12, 12, MultiTaskLinearSVC),
        (make_pipeline(StandardScaler(), MultiTaskLinearCV(SVC)), 12, 12, type(SVC)),
        (
            RandomizedSearchCV(SVC, {"C": [1, 2, 3], "sharing": [0, 1]}, n_iter=4),
            4,
            4,
            MultiTaskLinearSVC,
        ),
        (
            RandomizedSearchCV(
                SVC, {"C": loguniform(0.1, 1), "tol": loguniform(1e-5, 1e-3)}, n_iter=5
            ),
            5,
            5,
            MultiTaskLinearSVC,
        ),
        (
            grid_search(MultiTaskSGDClassifier(), alpha=[1e-3], sharing=[0, 0.5]),
            2,
            2,
            MultiTaskSGDClassifier,
        ),
        (
            grid_search(
                MultiTaskRandomForestClassifier(), max_depth=[2, 3], sharing=[0, 1]
            ),
            4,
            2,  # a forest has no strength to add
            SeparateModels,
        ),
        (KNeighborsClassifier(), 1, 1, SeparateModels),
    ],
)
def test_the_rival_shares_nothing_and_has_as_many_settings(
    estimator, n_given, n_rival, kind
):
    anatomy = dissect(estimator)
    rival = independent(anatomy, TaskScoring(None, ["a", "b"], ["classification"] * 2))
    assert count_settings(estimator) == n_given
    # At least as many; a few more where strengths are added at both ends.
    assert n_rival <= count_settings(rival) <= n_rival + 4
    inside = dissect(rival).model
    if kind is not SeparateModels:
        assert inside.structure == "independent"
    search = dissect(rival).search
    assert isinstance(search, OwnSettingsCV)
    for setting in search.settings:
        model = clone(search.estimator).set_params(**setting)  # all names exist
        assert not any("sharing" in name or "weight" in name for name in setting)
    body = model.steps[-1][1] if hasattr(model, "steps") else model
    assert isinstance(body, kind)


def test_strengths_reach_beyond_the_search_or_are_given():
    anatomy = dissect(grid_search(SVC, C=[0.1, 1], sharing=[0, 0.5, 0.9]))
    scoring = TaskScoring(None, ["a", "b"], ["classification"] * 2)
    found = [s["C"] for s in independent(anatomy, scoring).settings]
    assert {0.1, 1} < set(found)  # what was searched stays
    assert len(found) >= 6
    assert_allclose([min(found), max(found)], [0.01, 10])
    ragged = [
        {"C": [0.003, 0.01, 0.03, 0.1]},
        {"C": [0.03], "loss": ["hinge"], "sharing": [0, 0.5]},
    ]
    given = dissect(GridSearchCV(SVC, ragged))
    found = independent(given, scoring).settings
    assert all({"C": C} in found for C in (0.003, 0.01, 0.03, 0.1))
    assert len(found) >= 6
    assert [s["C"] for s in independent(anatomy, scoring, [1, 2]).settings] == [1, 2]
    forest = dissect(MultiTaskRandomForestClassifier())
    with pytest.raises(ValueError, match=r"Cs=\[1\] means nothing"):
        independent(forest, scoring, [1])


def test_pooled_versions():
    scoring = TaskScoring(None, ["a", "b", "c"], ["classification"] * 3)
    linear = pooled(dissect(MultiTaskLinearCV(SVC)), [["a", "c"]], scoring)
    assert list(linear) == ["pooled", "own intercepts"]
    own = dissect(linear["own intercepts"]).model
    assert (own.structure, own.sharing, own.label_groups) == ("mean", 1.0, [["a", "c"]])
    assert {count_settings(version) for version in linear.values()} == {12}
    assert pooled(dissect(SVC), [], scoring) == {}
    forest = pooled(dissect(MultiTaskRandomForestClassifier()), [], scoring)
    assert dissect(forest["pooled"]).model.sharing == 1.0
    assert pooled(dissect(KNeighborsRegressor()), [], scoring) == {}
    assert list(pooled(dissect(KNeighborsRegressor()), [["a", "b"]], scoring)) == [
        "pooled"
    ]


def test_a_search_over_models_is_refused():
    scoring = TaskScoring(None, ["a", "b"], ["classification"] * 2)
    search = grid_search(PIPELINE, **{LAST: [SVC, MultiTaskLinearSVC(loss="hinge")]})
    with pytest.raises(ValueError, match="tries other models, multitasklinearsvc="):
        independent(dissect(search), scoring)
    with pytest.raises(ValueError, match="ClassifierChain is made of other models"):
        dissect(ClassifierChain(LogisticRegression()))


def test_what_parameters_say_of_a_task_goes_to_its_model(problem):
    X, Y = problem
    L = pd.DataFrame(labels_of(Y), columns=["a", "b", "c"]).astype(object)
    forest = MultiTaskRandomForestClassifier(
        5,
        random_state=0,
        min_samples_leaf=20,
        task_weight={"a": 2.0},
        class_weight={"b": {1.0: 1000.0}},
        label_groups=[["a", "b"]],
    )
    predicted = SeparateModels(forest).fit(X, L).predict(X)
    assert (predicted[:, 1] == 1).all()
    assert (predicted[:, [0, 2]] == 0).any(axis=0).all()
    mixed = MixedTaskRandomForest(
        5, random_state=0, task_types=["regression", "classification", "regression"]
    )
    both = np.column_stack([Y[:, 0], labels_of(Y)[:, 1], Y[:, 2]])
    models = SeparateModels(mixed).fit(X, both)
    assert len(np.unique(models.predict(X)[:, 0])) > 10
    assert set(models.predict(X)[:, 1]) <= {0, 1}


def test_features_of_steps_without_any_state(problem):
    X, Y = problem
    double = FunctionTransformer(lambda X: 2 * X)
    model = make_pipeline(double, "passthrough", MultiTaskRidge())
    settings = [{"multitaskridge__C": C} for C in (0.1, 1)]
    rows = np.arange(60), np.arange(60, 90)
    for fitted, X_test in fit_settings(model, settings, X, Y, *rows, {}):
        assert_array_equal(X_test, 2 * X[60:])
        assert fitted.predict(X_test).shape == (30, 3)


@pytest.mark.parametrize("model", [MultiTaskSGDClassifier(max_iter=3, tol=None)])
def test_settings_of_gradient_descent(model, problem):
    X, Y = problem
    settings = [{"alpha": 1e-4}, {"alpha": 1e-2}]
    search = OwnSettingsCV(model, settings, cv=FOLDS).fit(X, labels_of(Y))
    assert search.predict(X).shape == (90, 3)


def test_a_search_in_a_search_is_refused():
    with pytest.raises(ValueError, match="not a search in a search"):
        dissect(grid_search(grid_search(SVC, C=[1]), estimator__sharing=[0]))


def test_weights_of_pairs_reach_the_models_of_the_tasks(problem):
    X, Y = problem
    weight = np.random.default_rng(0).uniform(0.1, 2, Y.shape)
    settings = [{"estimator__alpha": a} for a in (1e-3, 10.0)]
    search = OwnSettingsCV(SeparateModels(Ridge()), settings, cv=FOLDS)
    search.fit(X, Y, sample_weight=weight)
    for t, setting in enumerate(search.chosen_):
        seen = ~np.isnan(Y[:, t])
        alone = Ridge(alpha=setting["estimator__alpha"])
        alone.fit(X[seen], Y[seen, t], weight[seen, t])
        assert_allclose(search.predict(X)[:, t], alone.predict(X))


def test_probabilities_of_models_chosen_apart(problem):
    X, Y = problem
    L = labels_of(Y)
    model = MultiTaskLogisticRegression(structure="independent")
    search = OwnSettingsCV(model, [{"C": 1e-3}, {"C": 1.0}], cv=FOLDS).fit(X, L)
    for t, setting in enumerate(search.chosen_):
        alone = clone(model).set_params(**setting).fit(X, L)
        assert_allclose(
            search.predict_proba(X)[t], alone.predict_proba(X)[t], rtol=1e-3
        )
        assert_array_equal(search.classes_[t], alone.classes_[t])
    assert search.decision_function(X)[0].shape == (90,)
