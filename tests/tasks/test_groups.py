import numpy as np
import pytest

from mtlearn.tasks import read_label_groups

NAMES = ["a", "b", "c", "d"]
LABELS = ["classification"] * 4
NUMBERS = ["regression"] * 4
UNKNOWN = [None] * 4


def read(groups, kinds=LABELS, categories=UNKNOWN):
    return read_label_groups(groups, NAMES, kinds, categories)


def test_regression_tasks_are_tied_and_labels_are_not():
    assert read(None, NUMBERS) == [(0, 1, 2, 3)]
    assert read(None) == []
    assert read((), NUMBERS) == []


def test_equal_categories_are_tied():
    small, large = np.array(["no", "yes"]), np.array(["no", "perhaps", "yes"])
    assert read(None, categories=[small, None, small.copy(), large]) == [(0, 2)]


def test_the_order_of_categories_is_part_of_them():
    one, other = np.array(["no", "yes"]), np.array(["yes", "no"])
    assert read(None, categories=[one, other, None, None]) == []


def test_groups_by_name_and_index():
    assert read([["c", "a"], [1, 3]]) == [(0, 2), (1, 3)]
    assert read("all") == [(0, 1, 2, 3)]
    assert read([["a"], ["b", "c"]]) == [(1, 2)]


@pytest.mark.parametrize(
    ("groups", "match"),
    [
        ("every", "'every' is unknown"),
        ([["a", "z"]], r"unknown task 'z'; tasks are \['a'"),
        ([[0, 4]], "unknown task 4"),
        ([["a", "b"], ["b", "c"]], r"two groups: \['b'\]"),
        ([["a", "a"]], r"two groups: \['a'\]"),
    ],
)
def test_bad_groups(groups, match):
    with pytest.raises(ValueError, match=match):
        read(groups)


def test_labels_are_not_tied_to_numbers():
    kinds = ["classification", "regression"] * 2
    with pytest.raises(ValueError, match=r"regression tasks: \['a', 'b'\]"):
        read([["a", "b"]], kinds)
