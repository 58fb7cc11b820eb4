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

from mtlearn.metrics import make_multitask_scorer
from mtlearn.model_selection import MultiTaskStratifiedKFold
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
