import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from sklearn import metrics as sk
from sklearn.exceptions import UndefinedMetricWarning

from mtlearn.metrics import METRICS, multitask_score
from mtlearn.metrics.registry import find_metric

LABEL_METRICS = {
    "accuracy": sk.accuracy_score,
    "balanced_accuracy": sk.balanced_accuracy_score,
    "f1": sk.f1_score,
    "precision": sk.precision_score,
    "recall": sk.recall_score,
    "matthews_corrcoef": sk.matthews_corrcoef,
}
AVERAGED = ("f1", "precision", "recall")
NUMBER_METRICS = {
    "r2": sk.r2_score,
    "neg_mean_squared_error": lambda *a, **k: -sk.mean_squared_error(*a, **k),
    "neg_root_mean_squared_error": lambda *a, **k: -sk.root_mean_squared_error(*a, **k),
    "neg_mean_absolute_error": lambda *a, **k: -sk.mean_absolute_error(*a, **k),
}
SCORE_METRICS = ("average_precision", "roc_auc", "neg_log_loss")


def hide(Y, missing):
    """Y as floats with NaN where ``missing``."""
    return np.where(missing, np.nan, Y.astype(float))


def problem(rng, n=60, n_classes=(2, 3, 4)):
    """Labels, predictions and probabilities of tasks, every class in the labels."""
    Y = np.column_stack([rng.permutation(np.arange(n) % k) for k in n_classes])
    predicted = np.where(rng.random(Y.shape) < 0.6, Y, rng.permuted(Y, axis=0))
    proba = [rng.dirichlet(np.ones(k), n) for k in n_classes]
    return Y, predicted, proba


def sklearn_score(name, y, predicted, proba, **weight):
    """The metric of one task without missing labels, by scikit-learn."""
    binary = proba.shape[1] == 2
    if name in LABEL_METRICS:
        kind = {"average": "binary" if binary else "macro"} if name in AVERAGED else {}
        return LABEL_METRICS[name](y, predicted, **kind, **weight)
    if name == "neg_log_loss":
        return -sk.log_loss(y, proba, labels=range(proba.shape[1]), **weight)
    if name == "roc_auc":
        scores = proba[:, 1] if binary else proba
        return sk.roc_auc_score(y, scores, multi_class="ovr", **weight)
    return sk.average_precision_score(y, proba[:, 1] if binary else proba, **weight)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", [*LABEL_METRICS, *SCORE_METRICS])
def test_complete_labels_score_as_in_scikit_learn(name, weighted):
    rng = np.random.default_rng(0)
    Y, predicted, proba = problem(rng)
    weight = {"sample_weight": rng.uniform(0.1, 2, len(Y))} if weighted else {}
    given = proba if METRICS[name].takes_scores else predicted
    expected = [
        sklearn_score(name, Y[:, t], predicted[:, t], proba[t], **weight)
        for t in range(3)
    ]
    got = multitask_score(Y, given, name, average=None, **weight)
    assert_allclose(got, expected)
    assert_allclose(multitask_score(Y, given, name, **weight), np.mean(expected))
    assert_allclose(multitask_score(Y, given, name, task=-1, **weight), expected[2])


@pytest.mark.parametrize("name", NUMBER_METRICS)
def test_numbers_score_as_in_scikit_learn(name):
    rng = np.random.default_rng(0)
    Y = rng.normal(size=(30, 3))
    predicted = Y + rng.normal(size=Y.shape)
    missing = rng.random(Y.shape) < 0.3
    expected = [
        NUMBER_METRICS[name](Y[~m, t], predicted[~m, t])
        for t, m in enumerate(missing.T)
    ]
    got = multitask_score(hide(Y, missing), predicted, name, average=None)
    assert_allclose(got, expected)


def forms_of_missing(Y, missing):
    """The same labels in every form, with ``missing`` pairs left out."""
    gaps = np.where(missing, None, Y)
    yield "NaN", hide(Y, missing)
    yield "None", gaps
    yield "list", gaps.tolist()
    yield "masked", np.ma.masked_array(Y, missing)
    yield "frame", pd.DataFrame(gaps).astype("Int64")


@pytest.mark.parametrize("name", [*LABEL_METRICS, *SCORE_METRICS])
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), share=st.floats(0, 0.8))
def test_missing_labels_are_dropped_rows_in_any_form(name, seed, share):
    rng = np.random.default_rng(seed)
    Y, predicted, proba = problem(rng)
    missing = rng.random(Y.shape) < share
    given = proba if METRICS[name].takes_scores else predicted
    classes = [np.arange(k) for k in (2, 3, 4)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UndefinedMetricWarning)
        expected = np.empty(3)
        for t in range(3):
            seen = ~missing[:, t]
            part = proba[t] if METRICS[name].takes_scores else predicted[:, t]
            expected[t] = multitask_score(
                Y[seen, t], part[seen], name, classes=classes[t]
            )
        for form, labels in forms_of_missing(Y, missing):
            got = multitask_score(labels, given, name, average=None, classes=classes)
            assert_allclose(got, expected, err_msg=form)
        got = multitask_score(
            Y, given, name, average=None, classes=classes, sample_weight=1.0 - missing
        )
        assert_allclose(got, expected, err_msg="weight 0")


UNDEFINED = {
    "roc_auc": [0, 0, 0, 0],
    "average_precision": [1, 1, 1, 1],
    "f1": [0, 0, 0, 0],
    "precision": [0, 0, 0, 0],
    "recall": [0, 0, 0, 0],
    "matthews_corrcoef": [1, 1, 1, 1],
    "r2": [2.5, 2.5, 2.5, 2.5],
}


@pytest.mark.parametrize("name", UNDEFINED)
@pytest.mark.parametrize("predicted", [[0, 0, 0, 0], [0, 1, 1, 0]])
def test_undefined_task_is_left_out_whatever_was_predicted(name, predicted):
    good = [0, 1, 0, 1]
    Y = pd.DataFrame({"good": good, "odd": UNDEFINED[name]})
    given = np.column_stack([good, predicted])
    with pytest.warns(UndefinedMetricWarning, match="1 of 2 tasks.*'odd'") as caught:
        assert multitask_score(Y, given, name) == 1.0
    assert len(caught) == 1
    with pytest.warns(UndefinedMetricWarning):
        each = multitask_score(Y, given, name, average=None)
    assert_allclose(each, [1.0, np.nan])
    with pytest.warns(UndefinedMetricWarning):
        assert np.isnan(multitask_score(Y, given, name, task="odd"))


@pytest.mark.parametrize("name", METRICS)
def test_tasks_without_labels_are_left_out(name):
    Y = np.array([[1, np.nan], [2, np.nan], [1, np.nan], [2, np.nan]])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        score = multitask_score(Y, np.array([[0.9, 0.1]] * 4).round(), name)
    assert np.isfinite(score)
    if find_metric(name).kind != "label sets" and find_metric(name).of_columns is None:
        assert "'task1'" in str(caught[0].message)
    with pytest.warns(UndefinedMetricWarning, match="2 of 2"):
        assert np.isnan(multitask_score(Y * np.nan, np.zeros((4, 2)), name))


def test_no_pair_with_weight_is_nan_with_a_warning():
    with pytest.warns(UndefinedMetricWarning):
        assert np.isnan(multitask_score([0, 1], [0, 1], sample_weight=[0, 0]))


def test_r2_of_one_row_is_undefined():
    with pytest.warns(UndefinedMetricWarning, match="'task1'"):
        score = multitask_score([[1, 2], [2, None]], [[1, 2], [2, 2]], "r2")
    assert score == 1.0


@pytest.mark.parametrize(
    ("labels", "expected"), [([1, 1], 1.0), ([True, True], 1.0), ([0, 0], None)]
)
def test_the_only_class_is_positive_if_it_is_1(labels, expected):
    if expected is None:
        with pytest.warns(UndefinedMetricWarning):
            assert np.isnan(multitask_score(labels, labels, "f1"))
    else:
        assert multitask_score(labels, labels, "f1") == expected


def test_classes_tell_the_positive_class():
    y, predicted = ["yes", "yes"], ["yes", "no"]
    assert multitask_score(y, predicted, "recall", classes=["no", "yes"]) == 0.5
    with pytest.warns(UndefinedMetricWarning):
        multitask_score(y, predicted, "recall", classes=["yes", "zebra"])


def test_ordered_categories_tell_the_positive_class():
    ordered = pd.CategoricalDtype(["low", "high"], ordered=True)
    y = pd.Series(["low", "high", "high", "high"]).astype(ordered)
    assert multitask_score(y, ["low", "low", "low", "high"], "recall") == pytest.approx(
        1 / 3
    )


@pytest.mark.parametrize("name", LABEL_METRICS)
def test_missing_prediction_is_a_wrong_label(name):
    Y = np.array([[0, 0], [1, 1], [0, 2], [1, 2]])
    right = Y.astype(object)
    wrong = right.copy()
    wrong[2:, :] = None
    assert multitask_score(Y, right, name) == 1
    assert multitask_score(Y, wrong, name) < 0.9
    nothing = np.full(Y.shape, np.nan)
    assert multitask_score(Y, nothing, name) == 0


def test_missing_numbers_count_as_the_mean():
    y = np.array([1.0, 2.0, 6.0])
    assert multitask_score(y, [np.nan] * 3, "r2") == 0
    weight = np.array([1.0, 2.0, 1.0])
    nothing = [None] * 3
    assert multitask_score(y, nothing, "r2", sample_weight=weight) == pytest.approx(0)


def test_missing_scores_rank_as_chance():
    Y = np.array([[0, 1], [1, 1], [0, 0], [1, 0]])
    scores = [np.array([0.0, 1.0, 0.0, 1.0]), np.full(4, np.nan)]
    assert_allclose(multitask_score(Y, scores, "roc_auc", average=None), [1, 0.5])
    assert_allclose(
        multitask_score(Y, scores, "average_precision", average=None), [1, 0.5]
    )
    proba = [np.eye(2)[Y[:, 0]], np.zeros((4, 0))]
    classes = [np.array([0, 1]), np.array([])]
    loss = multitask_score(Y, proba, "neg_log_loss", average=None, classes=classes)
    assert_allclose(loss, [0, -np.log(2)], atol=1e-12)


@pytest.mark.parametrize("name", [*LABEL_METRICS, *SCORE_METRICS])
def test_label_unknown_to_the_model_counts_as_wrong(name):
    y = np.array(["a", "b", "a", "b", "new", "new"])
    known = np.array(["a", "b"])
    right = np.where(y == "new", "a", y)
    proba = np.column_stack([right == "a", right == "b"]) * 0.8 + 0.1
    given = proba if METRICS[name].takes_scores else right
    with_new = multitask_score(y, given, name, classes=known)
    without = multitask_score(y[:4], given[:4], name, classes=known)
    assert np.isfinite(with_new)
    assert with_new < without


def test_decision_values_of_all_shapes():
    y = np.array([0, 1, 2, 0, 1, 2])
    wide = np.eye(3)[y]
    assert multitask_score(y, wide, "roc_auc") == 1
    # The model knew two classes only: one column, the second is its positive.
    two = np.array([-1.0, 1.0, 0.0, -1.0, 1.0, 0.0])
    assert multitask_score(y, two, "roc_auc", classes=[0, 1]) == pytest.approx(2.5 / 3)
    # One class, one column of zeros.
    one = np.zeros(6)
    assert multitask_score(y, one, "roc_auc", classes=np.array([1])) == 0.5
    assert multitask_score([0, 1], [3.0, 4.0], "roc_auc", classes=np.array([0])) == 1


def test_one_array_of_positive_scores_for_binary_tasks():
    rng = np.random.default_rng(0)
    Y, scores = rng.integers(0, 2, (40, 3)), rng.random((40, 3))
    expected = sk.roc_auc_score(Y, scores)
    assert_allclose(multitask_score(Y, scores, "roc_auc"), expected)
    assert_allclose(multitask_score(Y, list(scores.T), "roc_auc"), expected)
    pairs = [np.column_stack([1 - s, s]) for s in scores.T]
    assert_allclose(multitask_score(Y, pairs, "roc_auc"), expected)
    assert_allclose(multitask_score(Y, np.array(pairs), "roc_auc"), expected)


def test_one_task_in_one_or_two_dimensions():
    y, predicted = np.array([0, 1, 1]), np.array([0, 1, 0])
    for true in (y, y[:, None]):
        for pred in (predicted, predicted[:, None]):
            assert multitask_score(true, pred) == pytest.approx(2 / 3)
            assert multitask_score(true, pred, "roc_auc") == 0.75
            assert multitask_score(true, [pred], "roc_auc") == 0.75
    assert multitask_score(y, predicted, average=None).shape == (1,)


def test_extreme_and_infinite_scores_keep_their_order():
    y = [0, 1, 0, 1]
    scores = [np.finfo(float).min, np.inf, -np.inf, 0.0]
    assert multitask_score(y, scores, "roc_auc") == 1


def test_callable_gets_observed_labels_of_one_task():
    def count(y_true, y_pred):
        assert len(y_true) == len(y_pred)
        return len(y_true) + (y_true == y_pred).all() / 2

    Y = [["a", 1.5], ["b", None], [None, 2.5]]
    same = [["a", 1.5], ["b", 0.0], ["b", 2.5]]
    assert_allclose(multitask_score(Y, same, count, average=None), [2.5, 2.5])
    nothing = [[None, None]] * 3
    assert_allclose(multitask_score(Y, nothing, count, average=None), [2, 2])
    score = multitask_score(Y, same, sk.accuracy_score, task=0, sample_weight=[1, 3, 1])
    assert score == 1


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"metric": "acc"}, "unknown.*'accuracy', .*'r2'"),
        ({"average": "micro"}, "average='micro'"),
        ({"task": "task9"}, r"task='task9' is unknown.*\['task0', 'task1'\]"),
        ({"task": 2}, "task=2 is unknown"),
        ({"task_names": ["a"]}, "1 names for 2 tasks"),
        ({"Y_pred": np.zeros((3, 2))}, "2 rows and 2 tasks, Y_pred 3 and 2"),
        ({"Y_pred": [["a", "a"]] * 2}, "true labels are numbers, .* text"),
        ({"Y_pred": [[0.5, 1]] * 2}, "continuous numbers such as 0.5"),
        ({"Y_true": [[0.5, 1]] * 2}, "'task0' holds continuous.*'r2'"),
        ({"Y_true": [["a", "b"]] * 2, "metric": "r2"}, "needs numbers"),
        ({"metric": "roc_auc", "Y_pred": [np.zeros(2)]}, "list of 2 arrays"),
        ({"metric": "roc_auc", "Y_pred": [np.zeros((2, 3))] * 2}, "2 classes, but"),
        ({"classes": [[0, 1]] * 3}, "3 arrays for 2 tasks"),
        ({"classes": [["a", "b"]] * 2}, "numbers, classes text"),
        ({"sample_weight": [1.0, -1.0]}, "negative weight"),
    ],
)
def test_bad_input_is_explained(changes, match):
    arguments = {"Y_true": [[0, 1], [1, 0]], "Y_pred": [[0, 1], [1, 1]], **changes}
    with pytest.raises(ValueError, match=match):
        multitask_score(**arguments)


def test_frames_with_tasks_in_another_order_are_refused():
    Y = pd.DataFrame({"a": [0, 1], "b": [1, 1]})
    with pytest.raises(ValueError, match="another order"):
        multitask_score(Y, Y[["b", "a"]])
    assert multitask_score(Y, Y) == 1
