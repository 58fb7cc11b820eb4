import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.utils.class_weight import compute_class_weight

from mtlearn.tasks import TaskTargets
from mtlearn.tasks.weights import class_weights

NAMES = ["sort", "on", "size"]
CLASSES = [np.array(["a", "b", "c"]), np.array([0, 1]), None]
CODES = [np.array([0, 0, 1, 2, 2, 2]), np.array([0, 1, 1, 1]), np.array([0.5, 3])]
WEIGHTS = [np.ones(6), np.ones(4), np.ones(2)]
BALANCED = [[1, 2, 2 / 3], [2, 2 / 3], None]


def weights(class_weight, weights=WEIGHTS):
    return class_weights(class_weight, NAMES, CLASSES, CODES, weights)


@pytest.mark.parametrize(
    ("class_weight", "expected"),
    [
        (None, [None, None, None]),
        ("balanced", BALANCED),
        ({}, [[1, 1, 1], [1, 1], None]),
        ({"a": 3, "b": 1, "c": 0.5, 1: 2.0}, [[3, 1, 0.5], [1, 2], None]),
        ({"a": 3}, [[3, 1, 1], [1, 1], None]),
        ({"sort": {"c": 4}}, [[1, 1, 4], None, None]),
        ({"sort": "balanced", "on": {0: 5, 1: 1}}, [BALANCED[0], [5, 1], None]),
        ({"sort": None, "on": "balanced"}, [None, BALANCED[1], None]),
    ],
)
def test_forms(class_weight, expected):
    found = weights(class_weight)
    assert len(found) == 3
    for one, wanted in zip(found, expected):
        if wanted is None:
            assert one is None
        else:
            assert_allclose(one, wanted)


def test_balanced_is_that_of_sklearn():
    found = weights("balanced")
    for t in (0, 1):
        labels = CLASSES[t][CODES[t]]
        wanted = compute_class_weight("balanced", classes=CLASSES[t], y=labels)
        assert_allclose(found[t], wanted)


def test_balanced_counts_weights():
    heavy = [np.array([1, 1, 2, 1, 1, 2.0]), *WEIGHTS[1:]]
    assert_allclose(weights("balanced", heavy)[0], [8 / 6, 8 / 6, 8 / 12])


def test_balanced_counts_the_classes_seen():
    """A task of a label group may never have seen some of the group's labels."""
    codes = [np.array([0, 0, 2]), CODES[1], CODES[2]]
    found = class_weights("balanced", NAMES, CLASSES, codes, [np.ones(3), *WEIGHTS[1:]])
    assert_allclose(found[0], [0.75, 1, 1.5])


def test_task_names_are_text():
    found = class_weights(
        {7: "balanced"}, ["7"], CLASSES[1:2], CODES[1:2], WEIGHTS[1:2]
    )
    assert_allclose(found[0], BALANCED[1])


@pytest.mark.parametrize(
    ("class_weight", "match"),
    [
        ("even", "class_weight='even' is unknown"),
        (2.0, "class_weight is 2.0"),
        ([1, 2], r"class_weight is \[1, 2\]"),
        ({"sort": "even"}, "class_weight='even' is unknown"),
        ({"sort": "balanced", "on": 3}, "class_weight is 3"),
        ({"off": "balanced"}, r"unknown tasks \['off'\]; the tasks are \['sort', 'on'"),
        ({"a": 0}, r"task 'sort' must be finite and > 0, got \{'a': 0\}"),
        ({"on": {1: -1}}, "task 'on' must be finite and > 0"),
        ({"a": np.nan}, "finite"),
        ({"z": 2}, "every task has the label 'z', which is not among the labels"),
        ({"on": {"1": 2}}, r"task 'on' has the label '1', .* \[0, 1\]"),
    ],
)
def test_bad_class_weight(class_weight, match):
    with pytest.raises(ValueError, match=match):
        weights(class_weight)


def test_a_label_that_is_missing_in_a_fold_may_be_named():
    found = weights({"on": {0: 2, 1: 3, 2: 4}})
    assert_allclose(found[1], [2, 3])


def test_of_targets_without_labels():
    targets = TaskTargets.read(
        [[0, np.nan], [1, np.nan]], "classification", class_weight="balanced"
    )
    assert_allclose(targets.weight, [1, 1])
