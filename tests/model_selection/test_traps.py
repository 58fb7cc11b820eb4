"""What scikit-learn refuses or gets wrong with gaps in Y, and the way through."""

import numpy as np
import pytest
from sklearn.datasets import make_multilabel_classification
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    cross_validate,
    train_test_split,
)

from mtlearn.ensemble import MultiTaskRandomForestClassifier
from mtlearn.metrics import make_multitask_scorer, task_scorers
from mtlearn.model_selection import (
    MultiTaskStratifiedGroupKFold,
    MultiTaskStratifiedKFold,
    MultiTaskStratifiedShuffleSplit,
)
from mtlearn.svm import MultiTaskLinearSVC
from tests.metrics.per_task import PerTaskClassifier

GRID = {"C": [0.01, 1.0]}


@pytest.fixture
def hidden():
    X, Y = make_multilabel_classification(120, n_classes=3, random_state=0)
    gaps = np.random.default_rng(0).random(Y.shape) < 0.3
    return X, np.where(gaps, np.nan, Y), np.ma.masked_array(Y, gaps)


@pytest.mark.filterwarnings("ignore:invalid value encountered in cast")
def test_an_integer_cv_fails_on_nan_and_a_splitter_does_not(hidden):
    X, Y, _ = hidden
    scoring = make_multitask_scorer("roc_auc")
    with pytest.raises(ValueError, match="NaN"):
        GridSearchCV(PerTaskClassifier(), GRID, scoring=scoring, cv=3).fit(X, Y)
    cv = MultiTaskStratifiedKFold(3)
    search = GridSearchCV(PerTaskClassifier(), GRID, scoring=scoring, cv=cv).fit(X, Y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_a_masked_array_keeps_its_mask(n_jobs, hidden):
    X, Y, masked = hidden
    options = {
        "scoring": make_multitask_scorer("average_precision"),
        "cv": MultiTaskStratifiedKFold(3),
        "error_score": "raise",
    }
    expected = cross_validate(PerTaskClassifier(), X, Y, **options)["test_score"]
    got = cross_validate(PerTaskClassifier(), X, masked, n_jobs=n_jobs, **options)
    np.testing.assert_allclose(got["test_score"], expected)
    GridSearchCV(PerTaskClassifier(), GRID, **{**options, "cv": 3}).fit(X, masked)
    assert np.ma.is_masked(train_test_split(masked, random_state=0)[1])


@pytest.mark.filterwarnings("ignore:invalid value encountered in cast")
@pytest.mark.parametrize("scoring", ["accuracy", "roc_auc", "f1_macro"])
def test_scikit_learns_own_scorers_refuse(scoring, hidden):
    X, Y, _ = hidden
    cv = MultiTaskStratifiedKFold(3)
    with pytest.raises(ValueError, match=r"NaN|multiclass-multioutput|dtype|numbers"):
        cross_validate(
            PerTaskClassifier(), X, Y, cv=cv, scoring=scoring, error_score="raise"
        )


def test_halving_search_with_an_integer_of_resources(hidden):
    X, Y, _ = hidden
    search = HalvingGridSearchCV(
        PerTaskClassifier(),
        GRID,
        min_resources=60,
        factor=2,
        cv=MultiTaskStratifiedKFold(3),
        scoring=make_multitask_scorer("roc_auc"),
        error_score="raise",
    ).fit(X, Y)
    assert search.best_params_["C"] in GRID["C"]


def test_randomized_search(hidden):
    X, Y, _ = hidden
    search = RandomizedSearchCV(
        PerTaskClassifier(),
        {"C": np.logspace(-3, 3)},
        n_iter=3,
        random_state=0,
        cv=MultiTaskStratifiedKFold(3),
        scoring=make_multitask_scorer("neg_log_loss"),
        error_score="raise",
    ).fit(X, Y)
    assert np.isfinite(search.best_score_)


def test_halving_search_without_one_refuses(hidden):
    X, Y, _ = hidden
    search = HalvingGridSearchCV(
        PerTaskClassifier(),
        GRID,
        cv=MultiTaskStratifiedKFold(3),
        scoring=make_multitask_scorer("roc_auc"),
    )
    with pytest.raises(ValueError, match="y should be a 1d array"):
        search.fit(X, Y)


@pytest.fixture
def many_classes():
    """Tasks of two, three and four classes, with gaps: multiclass-multioutput."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 5))
    scores = X @ rng.normal(size=(5, 3)) + rng.normal(size=(120, 3))
    Y = np.column_stack(
        [
            np.digitize(s, np.quantile(s, np.arange(1, k) / k))
            for s, k in zip(scores.T, (2, 3, 4))
        ]
    ).astype(float)
    Y[rng.random(Y.shape) < 0.2] = np.nan
    return X, Y


@pytest.mark.parametrize(
    "model", [MultiTaskLinearSVC(), MultiTaskRandomForestClassifier(5, random_state=0)]
)
@pytest.mark.parametrize(
    "metric", ["accuracy", "f1_macro", "f1_micro", "roc_auc", "subset_accuracy"]
)
def test_metrics_of_many_multiclass_tasks(model, metric, many_classes):
    X, Y = many_classes
    search = GridSearchCV(
        model,
        {"sharing": [0, 0.5]},
        scoring=make_multitask_scorer(metric),
        cv=MultiTaskStratifiedKFold(3),
        error_score="raise",
    ).fit(X, Y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_a_weight_per_pair_of_row_and_task(n_jobs, many_classes):
    X, Y = many_classes
    rng = np.random.default_rng(1)
    weight = rng.uniform(0.2, 2, Y.shape)
    weight[:, 1] *= 50
    cv = MultiTaskStratifiedKFold(3)
    scorer = make_multitask_scorer("neg_log_loss", response_method="predict_proba")
    search = GridSearchCV(
        MultiTaskRandomForestClassifier(5, random_state=0, sharing=1),
        {"max_depth": [2, 4]},
        scoring=scorer,
        cv=cv,
        n_jobs=n_jobs,
        error_score="raise",
    ).fit(X, Y, sample_weight=weight)
    train, test = next(cv.split(X, Y))
    alone = MultiTaskRandomForestClassifier(5, random_state=0, sharing=1, max_depth=2)
    alone.fit(X[train], Y[train], sample_weight=weight[train])
    found = search.cv_results_["split0_test_score"][0]
    # From version 1.9 on scikit-learn hands the weights to the scorer, too.
    expected = [scorer(alone, X[test], Y[test], w) for w in (None, weight[test])]
    assert min(abs(found - value) for value in expected) < 1e-9
    unweighted = alone.fit(X[train], Y[train])
    others = [scorer(unweighted, X[test], Y[test], w) for w in (None, weight[test])]
    assert min(abs(found - value) for value in others) > 1e-6


def test_a_score_per_task_and_the_one_that_decides(many_classes):
    X, Y = many_classes
    scorers = task_scorers("accuracy", task_names=["a", "b", "c"])
    scorers["mean"] = make_multitask_scorer("accuracy")
    search = GridSearchCV(
        MultiTaskLinearSVC(),
        {"task_weight": [None, (5.0, 1.0, 1.0), (1.0, 1.0, 5.0)], "C": [1e-3, 1.0]},
        scoring=scorers,
        refit="b",
        cv=MultiTaskStratifiedShuffleSplit(2, test_size=0.3, random_state=0),
        error_score="raise",
    ).fit(X, Y)
    results = search.cv_results_
    each = np.array([results[f"mean_test_{name}"] for name in "abc"])
    np.testing.assert_allclose(each.mean(axis=0), results["mean_test_mean"])
    assert search.best_index_ == results["mean_test_b"].argmax()
    assert search.best_score_ == results["mean_test_b"].max()


@pytest.mark.filterwarnings("ignore::mtlearn.exceptions.DegenerateTaskWarning")
def test_one_bad_fold_or_task_does_not_decide_a_search(many_classes):
    X, Y = many_classes
    Y = np.where(Y > 1, 1.0, Y)
    Y[:, 0] = np.nan
    Y[:30, 0] = 0
    Y[5, 0] = 1  # one positive: no ranking of this task in most folds
    groups = np.arange(len(X)) // 2
    cv = MultiTaskStratifiedGroupKFold(4)
    with pytest.warns(UserWarning, match="lack classes|undefined") as caught:
        search = GridSearchCV(
            MultiTaskLinearSVC(),
            {"C": [0.01, 1]},
            scoring=make_multitask_scorer("roc_auc"),
            cv=cv,
            error_score="raise",
        ).fit(X, Y, groups=groups)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    told = [str(w.message) for w in caught if "some parts lack" in str(w.message)]
    assert len(told) == 1
    assert "task 'task0' class 1.0 (1 row) is not in fold" in told[0]
