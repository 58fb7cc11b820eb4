"""Every metric against scikit-learn's scorer of its name, or by hand."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import get_scorer, get_scorer_names

from mtlearn.metrics import METRICS, make_multitask_scorer, multitask_score
from mtlearn.metrics.registry import find_metric

# What scikit-learn gives for a 2-D Y is something else: the share of rows without any
# wrong label, and losses of a distribution over the labels.
NOT_BY_COLUMN = (
    "accuracy",
    "neg_log_loss",
    "neg_brier_score",
    "d2_log_loss_score",
    "d2_brier_score",
    "roc_auc_ovr_weighted",
    "roc_auc_ovo_weighted",
)
OURS = {
    "cohen_kappa",
    "label_ranking_average_precision",
    "linear_kappa",
    "neg_coverage_error",
    "neg_hamming_loss",
    "neg_label_ranking_loss",
    "neg_ordinal_error",
    "quadratic_kappa",
    "subset_accuracy",
}


class Parrot:
    """A classifier that says what it was told to."""

    _estimator_type = "classifier"

    def __init__(self, classes, labels, proba):
        self.classes_, self.labels, self.proba = classes, labels, proba

    def __sklearn_tags__(self):
        return sk.DistanceMetric  # never asked for

    def fit(self, X, y):
        return self

    def predict(self, X):
        return self.labels

    def predict_proba(self, X):
        return self.proba


def classification(n_classes, n=80, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n) % n_classes)
    predicted = np.where(rng.random(n) < 0.6, y, rng.permutation(y))
    return y, predicted, rng.dirichlet(np.ones(n_classes), n)


def score_by_scikit_learn(name, y, predicted, proba):
    scorer = get_scorer(name)
    arguments = dict(scorer._kwargs)
    given = predicted
    if find_metric(name).takes_scores:
        given = proba[:, 1] if np.ndim(y) == 1 and proba.shape[1] == 2 else proba
        if name == "neg_log_loss":
            arguments["labels"] = np.unique(y)
    return scorer._sign * scorer._score_func(y, given, **arguments)


def defined_for(name, y, predicted, proba):
    """scikit-learn's score, or None where it refuses these labels."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return score_by_scikit_learn(name, y, predicted, proba)
        except ValueError:
            return None


def test_every_scorer_of_scikit_learn_is_there():
    assert set(get_scorer_names()) <= set(METRICS)
    # Older versions of scikit-learn lack some of them.
    assert OURS <= set(METRICS) - set(get_scorer_names())


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("name", get_scorer_names())
def test_one_task_scores_as_in_scikit_learn(name, n_classes):
    metric = find_metric(name)
    y, predicted, proba = classification(n_classes)
    if metric.kind == "numbers":
        rng = np.random.default_rng(1)
        y, predicted = rng.uniform(0.5, 2, 40), rng.uniform(0.5, 2, 40)
    expected = defined_for(name, y, predicted, proba)
    given = proba if metric.takes_scores else predicted
    if expected is None:
        assert any(
            part in name
            for part in ("jaccard", "f1", "precision", "recall", "roc_auc", "samples")
            if n_classes > 2 or part == "samples"
        ) or ("likelihood" in name or "brier" in name)
        return
    if name == "top_k_accuracy" and n_classes == 2:
        expected = 1.0
    got = multitask_score(y, given, name)
    np.testing.assert_allclose(got, expected, rtol=1e-6)


@pytest.mark.parametrize("name", sorted(set(get_scorer_names()) - {*NOT_BY_COLUMN}))
def test_label_indicators_score_as_in_scikit_learn(name):
    metric = find_metric(name)
    rng = np.random.default_rng(0)
    Y = (rng.random((60, 5)) < [0.2, 0.3, 0.4, 0.5, 0.6]).astype(int)
    Y[:2] = [[0] * 5, [1] * 5]
    predicted = np.where(rng.random(Y.shape) < 0.7, Y, 1 - Y)
    proba = np.clip(Y * 0.3 + rng.random(Y.shape) * 0.7, 0, 1)
    given = proba if metric.takes_scores else predicted
    expected = defined_for(name, Y, given, proba)
    if expected is not None and metric.kind != "numbers":
        np.testing.assert_allclose(multitask_score(Y, given, name), expected)


def test_label_sets_that_scikit_learn_scores_without_a_scorer():
    rng = np.random.default_rng(0)
    Y = rng.integers(0, 2, (50, 6))
    predicted = np.where(rng.random(Y.shape) < 0.7, Y, 1 - Y)
    scores = (Y * 0.3 + rng.random(Y.shape)).round(1)  # with ties
    weight = rng.uniform(0.5, 2, 50)
    for given, name, function, sign in (
        (predicted, "subset_accuracy", sk.accuracy_score, 1),
        (predicted, "neg_hamming_loss", sk.hamming_loss, -1),
        (
            scores,
            "label_ranking_average_precision",
            sk.label_ranking_average_precision_score,
            1,
        ),
        (scores, "neg_label_ranking_loss", sk.label_ranking_loss, -1),
        (scores, "neg_coverage_error", sk.coverage_error, -1),
    ):
        expected = sign * function(Y, given)
        np.testing.assert_allclose(multitask_score(Y, given, name), expected)
        expected = sign * function(Y, given, sample_weight=weight)
        got = multitask_score(Y, given, name, sample_weight=weight)
        np.testing.assert_allclose(got, expected)


LABEL_SETS = [
    name
    for name, metric in METRICS.items()
    if "label sets" in (metric.kind, getattr(metric.of_columns, "kind", None))
]


@pytest.mark.parametrize("name", LABEL_SETS)
def test_unknown_labels_are_out_of_the_sets(name):
    # Three rows lack the last label: as if they were a problem of two labels.
    rng = np.random.default_rng(0)
    Y = rng.integers(0, 2, (40, 3)).astype(float)
    metric = find_metric(name)
    metric = metric.of_columns or metric
    given = (
        rng.random(Y.shape)
        if metric.takes_scores
        else 1.0 * (rng.random(Y.shape) < 0.5)
    )
    gappy = Y.copy()
    gappy[20:, 2] = np.nan
    weight = np.ones(Y.shape)
    weight[20:, 2] = 0
    got = multitask_score(gappy, given, name)
    assert got == multitask_score(Y, given, name, sample_weight=weight)
    changed = given.copy()
    changed[20:, 2] = 1 - changed[20:, 2]
    assert got == multitask_score(gappy, changed, name)
    if "micro" in name or "weighted" in name:
        return
    parts = [
        multitask_score(Y[:20], given[:20], name),
        multitask_score(Y[20:, :2], given[20:, :2], name),
    ]
    sizes = [60, 40] if name == "neg_hamming_loss" else [20, 20]
    np.testing.assert_allclose(got, np.average(parts, weights=sizes))


@pytest.mark.parametrize("name", LABEL_SETS)
def test_rows_and_labels_without_any_label_change_nothing(name):
    rng = np.random.default_rng(0)
    Y = rng.integers(0, 2, (30, 3)).astype(float)
    metric = find_metric(name)
    metric = metric.of_columns or metric
    given = (
        rng.random(Y.shape)
        if metric.takes_scores
        else 1.0 * (rng.random(Y.shape) < 0.5)
    )
    expected = multitask_score(Y, given, name)
    more = np.full((40, 4), np.nan)
    more[:30, :3] = Y
    answers = rng.integers(0, 2, (40, 4)).astype(float)
    answers[:30, :3] = given
    np.testing.assert_allclose(multitask_score(more, answers, name), expected)
    with pytest.warns(UndefinedMetricWarning):
        assert np.isnan(multitask_score(Y * np.nan, given, name))


def test_sets_of_many_classes():
    Y = [["a", 0], ["b", 1], ["c", 1], ["a", None]]
    said = [["a", 0], ["b", 0], ["a", 1], ["a", 1]]
    assert multitask_score(Y, said, "subset_accuracy") == 0.5
    assert multitask_score(Y, said, "neg_hamming_loss") == pytest.approx(-2 / 7)
    # a: 2 of 3 said, 2 of 2 true; b: 1, 1; c: none of 1; flag: 1 of 1 said, 1 of 2 true
    assert multitask_score(Y, said, "precision_micro") == pytest.approx(4 / 5)
    assert multitask_score(Y, said, "recall_micro") == pytest.approx(4 / 6)
    # What a model cannot say is wrong, also where the true label is the negative one.
    said[0][1] = None
    assert multitask_score(Y, said, "neg_hamming_loss") == pytest.approx(-3 / 7)
    with pytest.raises(ValueError, match="'task0' has 3 classes"):
        multitask_score(Y, [np.eye(3)[[0, 1, 2, 0]], np.ones(4)], "neg_coverage_error")
    with pytest.raises(ValueError, match="no score per task"):
        multitask_score(Y, said, "subset_accuracy", average=None)
    assert multitask_score(Y, said, "subset_accuracy", task="task0") == 0.75


def test_ordered_labels():
    size = pd.CategoricalDtype(["small", "medium", "large"], ordered=True)
    y = pd.Series(["small", "large", "medium", "large"], dtype=size)
    said = pd.Series(["medium", "small", "medium", None], dtype=size)
    # Steps: 1, 2, 0, and from the median label, large, 0.
    assert multitask_score(y, said, "neg_ordinal_error") == -0.75
    codes, answers = [0, 2, 1, 2], [1, 0, 1, 2]
    for name in ("linear", "quadratic"):
        expected = sk.cohen_kappa_score(codes, answers, weights=name)
        assert multitask_score(y, said, f"{name}_kappa") == pytest.approx(expected)
        assert multitask_score(codes, answers, f"{name}_kappa") == pytest.approx(
            expected
        )
    assert multitask_score(codes, [1, 0, 3, 2], "neg_ordinal_error") == -5 / 4
    for text in (["small", "large"], pd.Series(["small", "large"], dtype="category")):
        with pytest.raises(ValueError, match="ordered Categorical"):
            multitask_score(text, ["small", "small"], "linear_kappa")


def test_numbers_outside_of_a_domain_lose_and_do_not_fail():
    y = np.array([1.0, 2.0, 3.0])
    for name in (
        "neg_mean_poisson_deviance",
        "neg_mean_gamma_deviance",
        "neg_mean_squared_log_error",
    ):
        bad = multitask_score(y, [1.0, -5.0, 3.0], name)
        assert np.isfinite(bad)
        assert bad < multitask_score(y, [1.0, 4.0, 3.0], name)


def test_numbers_outside_of_a_domain_name_their_task():
    with pytest.raises(ValueError, match="'neg_mean_gamma_deviance' of task 'task1'"):
        multitask_score([[1.0, -1], [2, 1]], np.ones((2, 2)), "neg_mean_gamma_deviance")


def test_a_ratio_of_likelihoods_needs_two_labels():
    with pytest.raises(ValueError, match="'task0' has 3"):
        multitask_score([0, 1, 2], [0, 1, 2], "positive_likelihood_ratio")
    weight = np.array([1, 2, 1, 1])
    y, said = np.array([0, 1, 0, 1]), np.array([0, 1, 1, 0])
    repeated = [np.repeat(a, weight) for a in (y, said)]
    for name in ("positive_likelihood_ratio", "neg_negative_likelihood_ratio"):
        got = multitask_score(y, said, name, sample_weight=weight)
        assert got == pytest.approx(multitask_score(*repeated, name))


def test_averages_over_tasks():
    Y = np.array([[0, 1], [1, np.nan], [1, np.nan], [0, 0]])
    said = np.array([[0, 1], [1, 0], [1, 0], [1, 1]])
    each = multitask_score(Y, said, average=None)
    np.testing.assert_allclose(each, [0.75, 0.5])
    assert multitask_score(Y, said) == 0.625
    assert multitask_score(Y, said, average="worst") == 0.5
    assert multitask_score(Y, said, average="weighted") == pytest.approx(4 / 6)
    weight = [2, 1, 1, 0]
    assert multitask_score(
        Y, said, average="weighted", sample_weight=weight
    ) == pytest.approx(1.0)
    model = Parrot([np.array([0, 1])] * 2, said, None)
    worst = make_multitask_scorer("accuracy", average="worst")
    assert worst(model, Y, Y) == 0.5
    assert repr(worst) == "make_multitask_scorer('accuracy', average='worst')"
    with pytest.raises(ValueError, match="average=None"):
        make_multitask_scorer("accuracy", average=None)
