"""compare_sharing and choose_sharing, as a user calls them."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone, is_classifier
from sklearn.dummy import DummyRegressor
from sklearn.metrics import f1_score, make_scorer
from sklearn.model_selection import GridSearchCV, ShuffleSplit
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mtlearn.ensemble import (
    MixedTaskRandomForest,
    MultiTaskRandomForestClassifier,
    MultiTaskRandomForestRegressor,
)
from mtlearn.inspection import ChosenSharingCV, choose_sharing, compare_sharing
from mtlearn.inspection.sharing_report import SharingReport
from mtlearn.linear_model import (
    MixedTaskLinear,
    MultiTaskLinearCV,
    MultiTaskRidge,
    MultiTaskSGDRegressor,
)
from mtlearn.metrics import make_multitask_scorer, multitask_score, task_scorers
from mtlearn.model_selection import (
    MultiTaskStratifiedGroupKFold,
    MultiTaskStratifiedKFold,
    MultiTaskStratifiedShuffleSplit,
)
from mtlearn.svm import MultiTaskLinearSVC

RANDOM = MultiTaskStratifiedShuffleSplit(12, test_size=0.2, random_state=0)


def numbers(signs=(1, 1, 1, -1), n=160, d=20, noise=4.0, seed=0):
    """The same question for every task, or its opposite."""
    rng = np.random.default_rng(seed)
    X, w = rng.normal(size=(n, d)), rng.normal(size=(d, 1))
    return X, X @ w @ [list(signs)] + noise * rng.normal(size=(n, len(signs)))


def labels(**options):
    X, Y = numbers(**options)
    hidden = np.random.default_rng(1).random(Y.shape) < 0.2
    return X, pd.DataFrame(np.where(hidden, None, np.where(Y > 0, "yes", "no"))).rename(
        columns=lambda t: f"q{t}"
    )


def test_who_is_helped_and_who_is_hurt():
    X, Y = numbers()
    model = MultiTaskRidge(C=0.01, structure="mean", sharing=0.8)
    report = compare_sharing(model, X, Y, cv=RANDOM)
    assert report.hurt == ["task3"]
    assert report.difference[3] < -0.2
    same = compare_sharing(model, X, Y[:, :3], cv=RANDOM)
    assert same.helped == ["task0", "task1", "task2"]
    assert same.hurt == []
    mean, low, high = same.mean_difference
    assert 0 < low < mean < high
    assert mean == pytest.approx(same.difference.mean())


def test_scores_are_those_of_the_models_on_the_folds():
    X, Y = numbers()
    Y[:60, 1] = np.nan
    model = MultiTaskRidge(C=0.1, structure="mean", sharing=0.7)
    cv = MultiTaskStratifiedKFold(3)
    report = compare_sharing(model, X, Y, cv=cv, metric="neg_mean_absolute_error")
    versions = {
        "together": model,
        "independent": MultiTaskRidge(C=0.1, structure="independent"),
        "own intercepts": MultiTaskRidge(C=0.1, structure="mean", sharing=1.0),
    }
    for k, (train, test) in enumerate(cv.split(X, Y)):
        for name, version in versions.items():
            predicted = clone(version).fit(X[train], Y[train]).predict(X[test])
            expected = multitask_score(
                Y[test], predicted, "neg_mean_absolute_error", average=None
            )
            assert_allclose(report.scores[name][:, k], expected, rtol=1e-4)
    assert list(report.scores) == [
        "together",
        "independent",
        "pooled",
        "own intercepts",
    ]
    assert report.n_labels.tolist() == [160, 100, 160, 160]


SEARCH = MultiTaskLinearCV(
    MultiTaskLinearSVC(structure="mean", label_groups="all"),
    Cs=[0.01, 0.1],
    sharings=[0, 0.8],
    cv=3,
    scoring=make_multitask_scorer("roc_auc"),
)


@pytest.mark.parametrize(
    ("model", "of_labels"),
    [
        (SEARCH, True),
        (make_pipeline(StandardScaler(), SEARCH), True),
        (
            GridSearchCV(
                make_pipeline(StandardScaler(), MultiTaskLinearSVC()),
                {"multitasklinearsvc__sharing": [0, 0.5]},
                scoring=make_multitask_scorer("f1"),
                cv=MultiTaskStratifiedKFold(2),
            ),
            True,
        ),
        (MultiTaskRandomForestClassifier(5, random_state=0), True),
        (MultiTaskRandomForestRegressor(5, random_state=0), False),
        (MultiTaskSGDRegressor(max_iter=5, tol=None, random_state=0), False),
        (KNeighborsClassifier(), None),
        (MixedTaskRandomForest(5, random_state=0), True),
        (MixedTaskLinear(), False),
    ],
    ids=lambda value: type(value).__name__ if hasattr(value, "fit") else str(value),
)
def test_every_family(model, of_labels):
    X, Y = labels() if of_labels else numbers()
    if of_labels is None:
        Y = (Y > 0).astype(int)
    report = compare_sharing(model, X, Y, cv=2)
    assert np.isfinite(report.scores["together"]).all()
    assert np.isfinite(report.scores["independent"]).all()
    for text in (str(report), report._repr_html_()):
        assert all(name in text for name in report.task_names)
    assert report.to_frame().index.tolist() == report.task_names
    assert list(report.to_dict()["rows"]) == report.task_names


def test_the_metric_is_that_of_the_search():
    X, Y = labels(n=80)
    assert compare_sharing(SEARCH, X, Y, cv=2).metric == "roc_auc"
    assert compare_sharing(SEARCH, X, Y, cv=2, metric="f1").metric == "f1"
    forest = MultiTaskRandomForestClassifier(3, random_state=0)
    assert compare_sharing(forest, X, Y, cv=2).metric == "accuracy"
    mixed = MixedTaskRandomForest(3, random_state=0)
    both = Y.assign(length=numbers(n=80)[1][:, 0])
    assert compare_sharing(mixed, X, both, cv=2).metric == "accuracy and r2"


def test_gaps_are_named_and_do_not_spread():
    X, Y = labels(signs=(1, 1, 1))
    Y.loc[:, "q1"] = ["yes"] + ["no"] * 159  # one positive: no AUC in most folds
    with pytest.warns(UserWarning, match="'q1' class 'yes' .* not in fold 1, fold 2"):
        report = compare_sharing(SEARCH, X, Y, cv=3)
    assert np.isnan(report.scores["together"][1]).sum() >= 2
    assert "left out, no score: q1 (fold" in str(report)
    assert np.isfinite(report.difference[[0, 2]]).all()
    assert np.isnan(report.p[1])
    assert np.isfinite(report.mean_difference).all()
    Y.loc[:, "q2"] = None
    with pytest.warns(UserWarning, match="'q1' class 'yes'"):
        empty = compare_sharing(SEARCH, X, Y, cv=2)
    assert np.isnan(empty.difference[2])
    assert empty.to_dict()["rows"]["q2"]["labels"] == 0


def test_groups_parallel_folds_lists_and_weights():
    X, Y = labels(n=90)
    groups = np.arange(90) // 3
    weight = np.random.default_rng(0).uniform(0.5, 2, 90)
    model = MultiTaskLinearSVC(C=0.01)
    options = {"groups": groups, "params": {"sample_weight": weight}, "cv": 3}
    one = compare_sharing(model, X, Y, **options)
    two = compare_sharing(model, X, Y, n_jobs=2, **options)
    for name in one.scores:
        assert_allclose(one.scores[name], two.scores[name])
    plain = compare_sharing(model, X, Y, groups=groups, cv=3)
    assert not np.allclose(plain.scores["together"], one.scores["together"])
    as_list = compare_sharing(model, X, Y.to_numpy().tolist(), groups=groups, cv=3)
    assert_allclose(as_list.scores["together"], plain.scores["together"])


def test_bad_input_is_explained():
    X, Y = numbers(n=40)
    ridge = MultiTaskRidge()
    with pytest.raises(ValueError, match="there is one task, 'task0'"):
        compare_sharing(ridge, X, Y[:, :1])
    with pytest.raises(ValueError, match="metric='auc' is unknown"):
        compare_sharing(ridge, X, Y, metric="auc")
    with pytest.raises(ValueError, match="scores all tasks at once"):
        compare_sharing(ridge, X, Y, metric="subset_accuracy")
    with pytest.raises(ValueError, match="cv makes 1 fold"):
        compare_sharing(ridge, X, Y, cv=ShuffleSplit(1))
    with pytest.raises(ValueError, match=r"confidence == 1\.5"):
        compare_sharing(ridge, X, Y, confidence=1.5)
    with pytest.raises(ValueError, match="unknown task 'nobody'"):
        compare_sharing(ridge, X, Y, label_groups=[["nobody"]])


def test_a_report_of_made_up_scores():
    scores = {
        "together": np.array([[0.8, 0.81, 0.79], [0.5, 0.52, 0.51], [np.nan] * 3]),
        "independent": np.array([[0.7, 0.72, 0.7], [0.51, 0.5, 0.52], [np.nan] * 3]),
    }
    report = SharingReport(
        task_names=["tie", "hat", "shoe"],
        scores=scores,
        seconds={name: np.ones(3) for name in scores},
        n_settings={"together": 6, "independent": 6},
        n_labels=np.array([10, 9, 0]),
        test_share=np.full(3, 0.1),
        metric="f1",
    )
    assert report.helped == ["tie"]
    assert report.hurt == []
    assert str(report).splitlines()[2].endswith("helped")
    assert "-" in str(report).splitlines()[4]
    assert "neither side was tuned" not in str(report)


def test_what_is_hurt_is_learned_alone():
    X, Y = numbers()
    model = MultiTaskRidge(C=0.05, structure="mean", sharing=0.9)
    chosen = choose_sharing(model, X, Y)
    assert chosen.alone_ == ["task3"]
    # The others no longer suffer from it.
    together = clone(model).fit(X, Y[:, :3]).predict(X)
    alone = MultiTaskRidge(C=0.05, structure="independent").fit(X, Y).predict(X)
    assert_allclose(chosen.predict(X)[:, :3], together[:, :3], rtol=1e-4)
    assert_allclose(chosen.predict(X)[:, 3], alone[:, 3], rtol=1e-3)
    assert list(chosen.outer_report_.scores) == ["chosen", "independent"]
    # The outer loop, not the folds of the choice, says what it was worth.
    assert chosen.outer_report_.difference[:3].mean() > 0.01
    assert abs(chosen.outer_report_.difference[3]) < 0.05
    r2 = multitask_score(Y, chosen.predict(X), "r2")
    assert chosen.score(X, Y) == pytest.approx(r2)


def test_a_choice_of_classifiers_merges_all_their_answers():
    X, Y = labels()
    model = ChosenSharingCV(
        MultiTaskLinearSVC(C=0.005, structure="mean", sharing=0.95, label_groups="all"),
        metric="roc_auc",
        cv=RANDOM,
    ).fit(X, Y)
    assert is_classifier(model)
    assert model.alone_ == ["q3"]
    scores = model.decision_function(X)
    assert_allclose(scores[0], model.together_.decision_function(X)[0])
    assert_allclose(scores[3], model.independent_.decision_function(X)[3])
    assert_array_equal(model.classes_[3], ["no", "yes"])
    assert not hasattr(model, "predict_proba")
    scorer = make_multitask_scorer("roc_auc")
    assert scorer(model, X, Y) > scorer(model.together_, X, Y)
    search = GridSearchCV(
        model.set_params(cv=2),
        {"estimator__C": [0.005, 0.05]},
        scoring=scorer,
        cv=MultiTaskStratifiedKFold(2),
        error_score="raise",
    ).fit(X, Y)
    assert np.isfinite(search.best_score_)


def test_nobody_is_hurt_by_constants():
    X, Y = numbers(n=60)
    chosen = ChosenSharingCV(DummyRegressor(), cv=2).fit(X, Y)
    assert chosen.alone_ == []
    assert chosen.independent_ is None


def test_equal_models_are_not_called_different():
    # The same C on both sides, and next to nothing shared.
    X, Y = numbers(signs=(1, 1), n=100)
    grid = {"sharing": [0, 1e-6]}
    cv = MultiTaskStratifiedKFold(3)
    search = GridSearchCV(MultiTaskRidge(C=0.03, structure="mean"), grid, cv=cv)
    report = compare_sharing(search, X, Y, cv=RANDOM)
    assert report.helped == []
    assert report.mean_difference[1] < 0


@pytest.mark.parametrize("place", ["search", "pipeline", "linear"])
def test_groups_reach_the_inner_folds_that_ask_for_them(place):
    X, Y = labels(n=90)
    groups = np.arange(90) // 3
    cv = MultiTaskStratifiedGroupKFold(2)
    svc = MultiTaskLinearSVC(C=0.01)
    model = {
        "search": GridSearchCV(svc, {"C": [0.01, 0.1]}, cv=cv),
        "pipeline": make_pipeline(
            StandardScaler(), GridSearchCV(svc, {"C": [0.01, 0.1]}, cv=cv)
        ),
        "linear": MultiTaskLinearCV(svc, Cs=[0.01, 0.1], cv=cv),
    }[place]
    options = {"groups": groups, "metric": "accuracy"}
    report = compare_sharing(model, X, Y, cv=2, **options)
    assert np.isfinite(report.difference).all()
    chosen = choose_sharing(model, X, Y, cv=2, outer_cv=2, **options)
    assert chosen.predict(X).shape == (90, 4)
    from mtlearn.inspection import TaskLearningCurveDisplay

    curve = TaskLearningCurveDisplay.from_estimator(
        model, X, Y, cv=2, train_sizes=[0.7, 1.0], draw=False, **options
    )
    assert np.isfinite(curve.scores).all()


def test_what_a_search_maximises_is_understood_or_asked_for():
    X, Y = labels(n=80)
    grid, cv = {"C": [0.01, 0.1]}, MultiTaskStratifiedKFold(2)

    def compare(scoring, refit=True, **options):
        search = GridSearchCV(
            MultiTaskLinearSVC(), grid, cv=cv, scoring=scoring, refit=refit
        )
        return compare_sharing(search, X, Y, cv=2, **options)

    per_task = task_scorers("f1", task_names=list(Y.columns))
    assert compare(per_task, refit="q1").metric == "f1"
    both = {"a": make_multitask_scorer("f1"), "b": make_multitask_scorer("recall")}
    assert compare(both, refit="b").metric == "recall"
    with pytest.raises(ValueError, match="no score per task can be made; pass metric"):
        compare(make_scorer(f1_score, average="macro"))
    with pytest.raises(ValueError, match="pass metric"):
        compare(lambda model, X, Y: 0.0)
    assert compare(lambda model, X, Y: 0.0, metric="f1").metric == "f1"


def test_masks_tuples_and_weights_of_any_form():
    X, Y = numbers(n=60)
    masked = np.ma.masked_array(Y, np.random.default_rng(0).random(Y.shape) < 0.3)
    model = MultiTaskRidge(C=0.1)
    expected = compare_sharing(model, X, masked, cv=2).n_labels
    assert_array_equal(compare_sharing(model, X, list(masked), cv=2).n_labels, expected)
    as_tuples = tuple(map(tuple, Y))
    assert compare_sharing(model, X, as_tuples, cv=2).n_labels.tolist() == [60] * 4
    forest = MultiTaskRandomForestRegressor(3, random_state=0)
    weight = pd.DataFrame(np.ones(Y.shape))
    search = GridSearchCV(forest, {"max_depth": [2, 3]}, cv=2)
    params = {"sample_weight": weight}
    report = compare_sharing(search, X, Y, cv=2, params=params)
    assert np.isfinite(report.difference).all()


def test_models_that_did_not_converge_are_counted():
    X, Y = labels(n=60)
    model = MultiTaskLinearSVC(loss="hinge", max_iter=1)
    report = compare_sharing(model, X, Y, cv=2)
    assert report.n_stopped["together"] == 2
    assert "did not converge: together in 2 folds" in str(report)
    assert "few folds" in str(report)


def test_a_choice_among_labels_and_numbers_has_a_score():
    X, Y = numbers(n=60)
    both = np.column_stack([Y[:, 0], Y[:, 1] > 0])
    model = MixedTaskLinear(task_types=["regression", "classification"])
    chosen = ChosenSharingCV(model, cv=2).fit(X, both)
    assert 0.3 < chosen.score(X, both) <= 1
