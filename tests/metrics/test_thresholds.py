"""From scores to label sets."""

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    f1_score,
    jaccard_score,
    matthews_corrcoef,
)

from mtlearn.metrics import THRESHOLD_METRICS, never_empty, tune_threshold

METRICS = {
    "accuracy": accuracy_score,
    "f1": f1_score,
    "balanced_accuracy": balanced_accuracy_score,
    "jaccard": jaccard_score,
    "matthews_corrcoef": matthews_corrcoef,
}


@pytest.mark.parametrize("metric", THRESHOLD_METRICS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_no_threshold_is_better(metric, weighted, seed):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, 60)
    score = np.round(0.3 * y + rng.random(60), 1)  # with ties
    weight = rng.integers(1, 4, 60) if weighted else None
    found = tune_threshold(y, score, metric, weight)
    best = METRICS[metric](y, score > found, sample_weight=weight)
    for threshold in np.r_[np.unique(score), -1]:
        value = METRICS[metric](y, score > threshold, sample_weight=weight)
        assert best >= value - 1e-12
    assert found not in score


def test_missing_labels_and_scores_do_not_count():
    y, score = np.array([0, 1, np.nan, 1.0]), np.array([0.0, 0.5, 9.0, np.nan])
    assert tune_threshold(y, score) == tune_threshold(y[:2], score[:2]) == 0.25
    assert np.isnan(tune_threshold([np.nan], [0.3]))


def test_labels_of_one_kind():
    assert tune_threshold([0, 0], [0.2, 0.4], "accuracy") == np.inf
    assert tune_threshold([1, 1], [0.2, 0.4], "accuracy") == -np.inf
    with pytest.raises(ValueError, match="metric='auc' is unknown"):
        tune_threshold([0, 1], [0, 1], "auc")


def test_never_empty():
    margin = np.random.default_rng(0).normal(size=(50, 3)) - 0.5
    labels = never_empty(margin)
    assert labels.any(axis=1).all()
    some = (margin > 0).any(axis=1)
    np.testing.assert_array_equal(labels[some], margin[some] > 0)
    np.testing.assert_array_equal(labels[~some].sum(axis=1), 1)
    assert labels[~some][np.arange((~some).sum()), margin[~some].argmax(axis=1)].all()
    assert never_empty(np.zeros((2, 0))).shape == (2, 0)


def test_masks_bad_weights_and_text():
    masked = np.ma.masked_array([0, 1, 1], [False, False, True])
    assert tune_threshold(masked, [0.1, 0.2, 0.05]) == pytest.approx(0.15)
    assert tune_threshold([False, True], [0.1, 0.2]) == pytest.approx(0.15)
    with pytest.raises(ValueError, match="sample_weight"):
        tune_threshold([0, 1, 1], [0.1, 0.2, 0.3], sample_weight=[1, np.nan, 1])
    for y, score in (([0, 1], [0.1]), (["a", "b"], [0.1, 0.2])):
        with pytest.raises(ValueError, match="y_true must say"):
            tune_threshold(y, score)
