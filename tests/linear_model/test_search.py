"""Paths over settings, and the cross-validated choice among them."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mtlearn.linear_model import (
    MixedTaskLinear,
    MultiTaskLinearCV,
    MultiTaskLogisticRegression,
    MultiTaskRidge,
    fit_path,
)
from mtlearn.metrics import make_multitask_scorer
from mtlearn.model_selection import MultiTaskStratifiedKFold
from mtlearn.svm import MultiTaskLinearSVC, MultiTaskLinearSVR

MODELS = {
    "svc": MultiTaskLinearSVC(structure="mean", label_groups="all", tol=1e-9),
    "svr": MultiTaskLinearSVR(structure="mean", tol=1e-7, max_iter=1000),
    "logistic": MultiTaskLogisticRegression(structure="independent", tol=1e-9),
    "ridge": MultiTaskRidge(structure="mean", tol=1e-9),
    "low_rank": MultiTaskRidge(structure="low_rank", tol=1e-8, max_iter=1000),
    "clustered": MultiTaskRidge(structure="clustered", tol=1e-9),
}
SETTINGS = [{"C": C, "task_weight": w} for w in (None, [4, 1, 1]) for C in (0.01, 1.0)]


def problem(regression=False, n=60, hidden=0.3):
    rng = np.random.default_rng(3)
    X = rng.normal(size=(n, 5)) + 1
    Z = X @ (rng.normal(size=(5, 1)) + 0.3 * rng.normal(size=(5, 3)))
    Z += rng.normal(size=Z.shape)
    Y = Z if regression else (Z > np.median(Z, axis=0)).astype(float)
    Y[rng.random(Y.shape) < hidden] = np.nan
    return X, Y


@pytest.mark.parametrize("name", MODELS)
def test_a_path_is_one_fit_after_the_other(name):
    model = MODELS[name]
    X, Y = problem(is_regressor(model))
    for setting, found in zip(SETTINGS, fit_path(model, X, Y, SETTINGS), strict=True):
        alone = clone(model).set_params(**setting).fit(X, Y)
        atol = 3e-3 if name == "svr" else 1e-5  # of a gap of 1e-7
        np.testing.assert_allclose(found.coef_, alone.coef_, atol=atol)
        np.testing.assert_allclose(found.intercept_, alone.intercept_, atol=atol)
        assert found.get_params() == alone.get_params()
    assert not hasattr(model, "coef_")


def test_a_path_through_structures_and_weights_of_rows():
    """What was known of X is forgotten where rows weigh otherwise."""
    X, Y = problem()
    model = MultiTaskLinearSVC(tol=1e-9, structure="independent")
    settings = [{}, {"class_weight": "balanced"}, {"class_weight": {1.0: 20.0}}]
    for setting, found in zip(settings, fit_path(model, X, Y, settings), strict=True):
        alone = clone(model).set_params(**setting).fit(X, Y)
        np.testing.assert_allclose(found.coef_, alone.coef_, atol=1e-6)
        np.testing.assert_allclose(found.intercept_, alone.intercept_, atol=1e-6)


@pytest.mark.parametrize("first", [True, False])
def test_a_path_through_intercepts(first):
    X, Y = problem(regression=True)
    settings = [{"fit_intercept": first}, {"fit_intercept": not first}]
    for setting, found in zip(
        settings, fit_path(MODELS["ridge"], X, Y, settings), strict=True
    ):
        alone = clone(MODELS["ridge"]).set_params(**setting).fit(X, Y)
        np.testing.assert_allclose(found.coef_, alone.coef_, atol=1e-7)
        np.testing.assert_allclose(found.intercept_, alone.intercept_, atol=1e-7)


def test_a_path_takes_fewer_steps():
    X, Y = problem()
    model, settings = MODELS["svc"], [{"C": C} for C in (1.0, 1.1, 1.2)]
    path = list(fit_path(model, X, Y, settings))
    alone = [clone(model).set_params(**s).fit(X, Y) for s in settings]
    assert path[0].n_iter_ == alone[0].n_iter_
    assert path[2].n_iter_ < alone[2].n_iter_


@pytest.mark.parametrize("name", ["svc", "ridge"])
def test_the_search_finds_what_a_grid_search_finds(name):
    model = MODELS[name]
    X, Y = problem(is_regressor(model))
    cv = MultiTaskStratifiedKFold(3)
    grid = {
        "C": [0.01, 0.1, 1.0],
        "sharing": [0.0, 0.9],
        "task_weight": [None, (2, 1, 1)],
    }
    ours = MultiTaskLinearCV(
        model,
        Cs=grid["C"],
        sharings=grid["sharing"],
        task_weights=grid["task_weight"],
        cv=cv,
    ).fit(X, Y)
    theirs = GridSearchCV(model, grid, cv=cv).fit(X, Y)
    assert ours.best_score_ == pytest.approx(theirs.best_score_)
    for params, mean, rank in zip(
        theirs.cv_results_["params"],
        theirs.cv_results_["mean_test_score"],
        theirs.cv_results_["rank_test_score"],
    ):
        i = ours.cv_results_["params"].index(params)
        assert ours.cv_results_["mean_test_score"][i] == pytest.approx(mean)
        assert ours.cv_results_["rank_test_score"][i] == rank
        assert ours.cv_results_["param_C"][i] == params["C"]
    assert ours.n_splits_ == 3
    assert pd.DataFrame(ours.cv_results_).shape == (12, 10)


def test_weights_of_rows_are_split_with_them():
    X, Y = problem(hidden=0)
    cv, model = KFold(3), MODELS["ridge"]
    twice = np.ones(len(X))
    twice[::2] = 2
    ours = MultiTaskLinearCV(model, Cs=[1.0], sharings=[0.5], cv=cv)
    ours.fit(X, Y, sample_weight=twice)
    for i, (train, test) in enumerate(cv.split(X)):
        alone = clone(model).fit(X[train], Y[train], sample_weight=twice[train])
        score = alone.score(X[test], Y[test], sample_weight=twice[test])
        assert ours.cv_results_[f"split{i}_test_score"][0] == pytest.approx(score)


def test_predictions_are_those_of_the_best():
    X, Y = problem()
    model = MODELS["logistic"]
    search = MultiTaskLinearCV(model, Cs=[0.1, 1.0], cv=3).fit(X, Y)
    best = clone(model).set_params(**search.best_params_).fit(X, Y)
    np.testing.assert_array_equal(search.predict(X), best.predict(X))
    for ours, theirs in zip(search.predict_proba(X), best.predict_proba(X)):
        np.testing.assert_array_equal(ours, theirs)
    assert len(search.decision_function(X)) == len(search.predict_log_proba(X)) == 3
    np.testing.assert_array_equal(
        search.task(1).predict(X), best.task("task1").predict(X)
    )
    assert search.predict_frame(X).shape == (60, 3)
    assert search.score(X, Y) == best.score(X, Y)
    assert [list(known) for known in search.classes_] == [[0, 1]] * 3
    assert search.n_features_in_ == 5
    assert list(search.task_names_in_) == ["task0", "task1", "task2"]
    assert is_classifier(search)
    assert is_regressor(MultiTaskLinearCV(MultiTaskRidge()))
    assert not hasattr(MultiTaskLinearCV(MultiTaskRidge()), "predict_proba")


def test_scoring_and_several_processes():
    X, Y = problem()
    scoring = make_multitask_scorer("roc_auc")
    one = MultiTaskLinearCV(MODELS["svc"], Cs=[0.1, 1.0], scoring=scoring, cv=3)
    two = clone(one).set_params(n_jobs=2)
    assert one.fit(X, Y).best_score_ == two.fit(X, Y).best_score_
    assert one.score(X, Y) == scoring(one.best_estimator_, X, Y)


def test_inputs_of_other_forms():
    X, Y = problem()
    model, grid = MODELS["svc"], {"Cs": [0.1, 1.0], "sharings": [0.0, 0.9], "cv": 3}
    plain = MultiTaskLinearCV(model, **grid).fit(X, Y)
    frame = pd.DataFrame(X, columns=list("abcde"))
    names = pd.DataFrame(Y, columns=["x", "y", "z"])
    for other, labels in (
        (frame, names),
        (sparse.coo_array(X), Y),
        (sparse.csc_matrix(X), np.ma.masked_invalid(Y)),
        (X.tolist(), Y.tolist()),
    ):
        search = MultiTaskLinearCV(model, **grid).fit(other, labels)
        assert search.best_params_ == plain.best_params_
        assert search.best_score_ == pytest.approx(plain.best_score_)


def test_a_structure_without_a_dial_is_searched_over_C():
    X, Y = problem(regression=True)
    search = MultiTaskLinearCV(MultiTaskRidge(structure="low_rank"), Cs=[0.1, 1], cv=3)
    assert len(search.fit(X, Y).cv_results_["params"]) == 2
    assert search.best_estimator_.rank_ >= 1


def test_inside_a_pipeline_and_a_search():
    X, Y = problem()
    search = MultiTaskLinearCV(MODELS["svc"], Cs=[0.1], sharings=[0.5], cv=3)
    pipe = make_pipeline(StandardScaler(), search)
    grid = {"multitasklinearcv__estimator__fit_intercept": [True, False]}
    outer = GridSearchCV(pipe, grid, cv=KFold(2)).fit(X, Y)
    assert outer.best_estimator_.predict(X).shape == (60, 3)


def test_bad_settings_name_the_argument():
    X, Y = problem()
    for name, value in [("Cs", []), ("Cs", 1.0), ("sharings", "0.5")]:
        with pytest.raises(ValueError, match=f"{name}=.* must be a list"):
            MultiTaskLinearCV(MODELS["svc"], **{name: value}).fit(X, Y)
    with pytest.raises(ValueError, match="C == -1"):
        MultiTaskLinearCV(MODELS["svc"], Cs=[-1], cv=3).fit(X, Y)
    with pytest.raises(ValueError, match=r"sharing=0\.3 means nothing"):
        MultiTaskLinearCV(MultiTaskRidge(structure="low_rank"), sharings=[0.3]).fit(
            *problem(regression=True)
        )


# Labels and numbers together.


def test_mixed_columns_are_each_fitted_with_their_own_loss():
    X, Z = problem(regression=True)
    Y = pd.DataFrame(
        {"class": np.where(Z[:, 0] > 0, "yes", "no"), "number": 100 * Z[:, 1]}
    )
    Y.loc[np.isnan(Z[:, 0]), "class"] = None
    mixed = MixedTaskLinear(structure="independent", tol=1e-9).fit(X, Y)
    labels = MultiTaskLogisticRegression(structure="independent", tol=1e-9)
    labels.fit(X, Y[["class"]])
    numbers = MultiTaskRidge(structure="independent", tol=1e-9).fit(X, Y[["number"]])
    assert mixed.task_types_ == ["classification", "regression"]
    np.testing.assert_allclose(mixed.coef_[:1], labels.coef_, atol=1e-7)
    np.testing.assert_allclose(mixed.coef_[1:], numbers.coef_, atol=1e-5)
    assert mixed.predict_proba(X)[1] is None
    assert mixed.decision_function(X)[1] is None
    assert mixed.classes_[1] is None
    assert mixed.predict_frame(X).dtypes["number"].kind == "f"
    assert mixed.score(X, Y) == pytest.approx(
        (labels.score(X, Y[["class"]]) + numbers.score(X, Y[["number"]])) / 2
    )
    assert is_classifier(mixed.task("class"))
    assert is_regressor(mixed.task("number"))


@pytest.mark.parametrize("structure", ["learned", "low_rank", "joint_sparse"])
def test_mixed_columns_share(structure):
    X, Z = problem(regression=True)
    Y = Z.copy()
    Y[:, 0] = np.where(np.isnan(Z[:, 0]), np.nan, Z[:, 0] > 0)
    model = MixedTaskLinear(structure=structure, C=0.1).fit(X, Y)
    assert model.task_types_ == ["classification", "regression", "regression"]
    assert model.score(X, Y) > 0.5


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"classification_loss": "squared"}, "classification_loss='squared'"),
        ({"regression_loss": "hinge"}, "regression_loss='hinge'"),
        ({"task_types": ["regression"]}, "task_types has 1 entries for 3 tasks"),
        ({"task_types": {"x": "regression"}}, r"task_types names unknown .*'x'"),
        ({"task_types": "numbers"}, "task_types holds 'numbers'"),
    ],
)
def test_bad_parameters_of_mixed_tasks(parameters, message):
    with pytest.raises(ValueError, match=message):
        MixedTaskLinear(**parameters).fit(*problem())


def test_only_a_likelihood_has_probabilities():
    X, Y = problem()
    assert hasattr(MixedTaskLinear().fit(X, Y), "predict_proba")
    assert not hasattr(
        MixedTaskLinear(classification_loss="hinge").fit(X, Y), "predict_proba"
    )
