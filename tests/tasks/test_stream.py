"""Batches of labels: what was announced once is how all batches are read."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from mtlearn.tasks import TaskTargets, announce, check_announced, read_batch

ARRAYS = ("indptr", "row", "value", "weight", "columns", "column_task", "column_label")
LABELS = [[0, "a"], [1, "b"], [1, None], [None, "c"], [0, "a"]]
CLASSES = [[0, 1], ["a", "b", "c"]]


def tasks_of(Y, classes=None, kinds="classification", **kwargs):
    return announce(Y, kinds, classes, **kwargs)


def known(tasks):
    return [None if labels is None else labels.tolist() for labels in tasks.classes]


def assert_same(ours, expected):
    for name in (*ARRAYS, "column_tie", "constant", "task_weight"):
        assert_array_equal(getattr(ours, name), getattr(expected, name), err_msg=name)
    assert known(ours) == known(expected)
    for name in ("names", "kinds", "ndim", "n_rows", "label_groups"):
        assert getattr(ours, name) == getattr(expected, name)


# What is announced.


def test_nothing_but_classes_is_known_beforehand():
    tasks = tasks_of(LABELS, CLASSES)
    assert known(tasks) == [[0, 1], ["a", "b", "c"]]
    assert tasks.n_rows == len(tasks.row) == tasks.indptr[-1] == 0
    assert_array_equal(tasks.columns, [0, 1, 4])
    assert_array_equal(tasks.constant, [-1, -1])


def test_labels_of_the_first_batch_do_not_matter():
    few, all_ = tasks_of(LABELS[:1], CLASSES), tasks_of(LABELS, CLASSES)
    assert_same(few, all_)


def test_repeated_and_unordered_classes_are_sorted_once():
    tasks = tasks_of(LABELS, [[1, 0, 1], ["c", "a", "b", "a"]])
    assert known(tasks) == [[0, 1], ["a", "b", "c"]]
    assert_same(tasks, tasks_of(LABELS, CLASSES))


def test_one_array_for_a_1d_y():
    tasks = tasks_of([2, 1], [1, 2, 3])
    assert known(tasks) == [[1, 2, 3]]
    assert tasks.ndim == 1
    assert_array_equal(read_batch(tasks, [3, 1, 2]).value, [2, 0, 1])


@pytest.mark.parametrize("classes", [CLASSES, {"y": ["a", "b", "c"], "x": [0, 1]}])
def test_lists_and_dicts_by_name(classes):
    Y = pd.DataFrame(LABELS, columns=["x", "y"])
    tasks = tasks_of(Y, classes)
    assert tasks.names == ["x", "y"]
    assert known(tasks) == CLASSES


def test_dicts_know_arrays_by_the_names_they_get():
    assert known(tasks_of(LABELS, {"task1": ["a"], "task0": [0, 1]})) == [
        [0, 1], ["a"]
    ]  # fmt: skip


def test_categoricals_announce_themselves():
    colours = pd.CategoricalDtype(["blue", "green", "red"])
    Y = pd.DataFrame({"hat": ["red"], "shoe": [None]}).astype(colours)
    tasks = tasks_of(Y)
    assert known(tasks) == [["blue", "green", "red"]] * 2
    # They ask the same question, so they are tied.
    assert known(tasks_of(Y, label_groups=None)) == known(tasks)
    assert tasks_of(Y, label_groups=None).label_groups == [(0, 1)]
    batch = read_batch(tasks, Y)
    assert_array_equal(batch.value, [2])


def test_classes_go_before_categories():
    Y = pd.DataFrame({"hat": pd.Categorical(["b"], ["a", "b"]), "on": [1]})
    tasks = tasks_of(Y, {"hat": ["a", "b", "c"], "on": [0, 1]})
    assert known(tasks) == [["a", "b", "c"], [0, 1]]
    tasks = tasks_of(Y, {"on": [0, 1]})
    assert known(tasks) == [["a", "b"], [0, 1]]


def test_groups_have_the_union_of_classes():
    Y = [["a", "c", "x"]]
    classes = [["a", "b"], ["b", "c"], ["x", "y"]]
    tasks = tasks_of(Y, classes, label_groups=[[0, 1]])
    assert known(tasks) == [["a", "b", "c"], ["a", "b", "c"], ["x", "y"]]
    assert tasks.label_groups == [(0, 1)]
    ties = tasks.column_tie
    assert_array_equal(ties[:3], ties[3:6])
    assert len(set(ties)) == 4
    batch = read_batch(tasks, [["c", "a", "y"]])  # of the other task's labels
    assert_array_equal(batch.value, [2, 0, 1])


def test_auto_takes_tasks_with_classes_for_labels():
    Y = [[0, 1, 2.5]]
    tasks = tasks_of(Y, [[0, 1], None, None], kinds="auto")
    assert tasks.kinds == ["classification", "regression", "regression"]
    assert known(tasks) == [[0, 1], None, None]
    tasks = tasks_of(Y, {"task1": [1, 2]}, kinds="auto")
    assert tasks.kinds == ["regression", "classification", "regression"]
    named = ["regression", "classification", "regression"]
    assert tasks_of(Y, {"task1": [1, 2]}, kinds=named).kinds == named


def test_auto_takes_categoricals_for_labels():
    Y = pd.DataFrame({"hat": pd.Categorical(["b"], ["a", "b"]), "price": [1]})
    tasks = tasks_of(Y, kinds="auto")
    assert known(tasks) == [["a", "b"], None]


def test_numbers_need_no_classes():
    tasks = tasks_of([[1.5, 2]], kinds="regression")
    assert known(tasks) == [None, None]
    assert_array_equal(read_batch(tasks, [[0.5, np.nan], [np.nan, 7]]).value, [0.5, 7])


# Batches are read as all rows are.


@pytest.mark.parametrize(
    "kwargs",
    [
        {},
        {"sample_weight": [1, 2, 0, 4, 5]},
        {"sample_weight": [[1, 2], [3, 0], [5, 6], [7, 8], [0.5, 1]]},
        {"class_weight": {"task1": {"a": 3}}},
        {"class_weight": {"task0": {0: 2, 1: 0.5}}, "sample_weight": [1, 2, 3, 4, 5]},
    ],
)
@pytest.mark.parametrize("task_weight", [None, [2, 0.5], {"task1": 4}])
def test_a_batch_of_all_rows_is_all_rows(kwargs, task_weight):
    Y = [*LABELS, [1, "b"], [0, "c"]]
    if "sample_weight" in kwargs:
        more = np.ones_like(kwargs["sample_weight"][:2])
        kwargs = {**kwargs, "sample_weight": [*kwargs["sample_weight"], *more]}
    tasks = tasks_of(Y, CLASSES, task_weight=task_weight)
    batch = read_batch(tasks, Y, **kwargs)
    expected = TaskTargets.read(Y, "classification", task_weight=task_weight, **kwargs)
    assert_same(batch, expected)


@pytest.mark.parametrize("label_groups", [(), "all", [["top", "shoe"]]])
def test_frames_and_groups_are_read_alike(label_groups):
    sizes = pd.CategoricalDtype(["l", "m", "s"])
    Y = pd.DataFrame({"top": ["l", "s", None, "m"], "shoe": ["m", "l", "s", None]})
    Y = Y.astype(sizes)
    batch = read_batch(tasks_of(Y, label_groups=label_groups), Y)
    assert_same(batch, TaskTargets.read(Y, "classification", label_groups=label_groups))


def test_ordered_categories_keep_their_order():
    sizes = pd.CategoricalDtype(["small", "medium", "large"], ordered=True)
    Y = pd.DataFrame({"top": ["large", "small", "medium"]}).astype(sizes)
    batch = read_batch(tasks_of(Y), Y)
    assert_same(batch, TaskTargets.read(Y, "classification"))


def test_numbers_and_labels_are_read_alike():
    rng = np.random.default_rng(0)
    Y = np.column_stack([rng.normal(size=20), rng.integers(0, 3, size=20)])
    Y[rng.random(Y.shape) < 0.3] = np.nan
    kinds = ["regression", "classification"]
    batch = read_batch(tasks_of(Y, {"task1": [0, 1, 2]}, kinds), Y)
    assert_same(batch, TaskTargets.read(Y, kinds))


@pytest.mark.parametrize(
    "form",
    [np.array, lambda Y: np.ma.masked_invalid(Y), lambda Y: pd.DataFrame(Y)],
)
def test_missing_labels_in_any_form(form):
    Y = np.array([[0, np.nan], [np.nan, 1], [1, np.nan]])
    batch = read_batch(tasks_of(form(Y), [[0, 1], [0, 1]]), form(Y))
    assert_array_equal(batch.indptr, [0, 2, 3])
    assert_array_equal(batch.row, [0, 2, 1])
    assert_array_equal(batch.value, [0, 1, 1])


def test_a_batch_that_lacks_a_task_or_a_class_has_the_same_columns():
    tasks = tasks_of(LABELS, CLASSES)
    batch = read_batch(tasks, [[None, "c"], [None, "b"]])
    assert_array_equal(batch.columns, tasks.columns)
    assert_array_equal(batch.indptr, [0, 0, 2])
    assert_array_equal(batch.value, [2, 1])
    assert known(batch) == CLASSES


def test_batches_add_up():
    tasks = tasks_of(LABELS, CLASSES)
    whole = read_batch(tasks, LABELS)
    parts = [read_batch(tasks, LABELS[:2]), read_batch(tasks, LABELS[2:])]
    for t in (0, 1):
        values = np.concatenate([part.pairs(t)[1] for part in parts])
        assert_array_equal(values, whole.pairs(t)[1])


def test_bools_and_numbers_are_equal_labels():
    tasks = tasks_of([[0], [1]], [[0, 1]])
    assert_array_equal(read_batch(tasks, [[True], [False]]).value, [1, 0])
    assert_array_equal(read_batch(tasks, [[1.0], [0.0]]).value, [1, 0])


def test_a_task_of_weight_zero_has_no_pairs_but_its_columns():
    tasks = tasks_of(LABELS, CLASSES, task_weight={"task1": 0})
    batch = read_batch(tasks, LABELS)
    assert_array_equal(batch.indptr, [0, 4, 4])
    assert_array_equal(batch.columns, [0, 1, 4])


def test_the_only_class_of_fit_stays_so_until_another_comes():
    tasks = TaskTargets.read([[0, 1], [1, 1]], "classification", label_groups="all")
    assert_array_equal(tasks.constant, [-1, 1])
    same = read_batch(tasks, [[0, 1], [1, np.nan]])
    assert_array_equal(same.constant, [-1, 1])
    assert_array_equal(read_batch(same, [[0, np.nan]]).constant, [-1, 1])
    assert_array_equal(read_batch(same, [[0, 0]]).constant, [-1, -1])


# Errors.


@pytest.mark.parametrize(
    ("Y", "classes", "match"),
    [
        (LABELS, None, r"classes must be passed on the first call.*'task0'"),
        (LABELS, [[0, 1], None], r"classes must be passed.*'task1'"),
        (LABELS, {"task0": [0, 1]}, r"classes must be passed.*'task1'"),
        (LABELS, {"z": [0]}, r"unknown tasks \['z'\]; the tasks are \['task0'"),
        (LABELS, [[0, 1]], r"list of 2 arrays.*'task0', 'task1'.*dict.*\[\[0, 1\]\]"),
        (LABELS, [0, 1], r"list of 2 arrays.*got \[0, 1\]"),
        (LABELS, ["ab", "cd"], "list of 2 arrays.*got"),
        (LABELS, [[0, 1], []], r"classes of task 'task1' are \[\].*at least one"),
    ],
)
def test_classes_that_say_too_little(Y, classes, match):
    with pytest.raises(ValueError, match=match):
        tasks_of(Y, classes)


@pytest.mark.parametrize(
    ("Y", "match"),
    [
        (
            [[2, "a"]],
            r"label 2 of task 'task0' is not among its classes \[0, 1\]: announce all "
            r"labels with classes= in the first call of partial_fit",
        ),
        ([[0, "a"], [0, "z"]], r"label 'z' of task 'task1' .*\['a', 'b', 'c'\]"),
        ([["a", "a"]], r"label 'a' of task 'task0' is not among.*\[0, 1\]"),
        ([[0, 1]], r"label 1 of task 'task1' is not among.*'a'"),
        ([[0, "a", 1]], r"shape \(n, 2\), as before.*'task1'.*3 columns"),
        ([0, 1], r"shape \(n, 2\).*1 columns and 1 dimensions"),
        ([[None, None], [None, np.nan]], "no label is observed in any task"),
    ],
)
def test_batches_that_do_not_fit(Y, match):
    with pytest.raises(ValueError, match=match):
        read_batch(tasks_of(LABELS, CLASSES), Y)


def test_a_batch_of_other_names():
    Y = pd.DataFrame(LABELS, columns=["x", "y"])
    tasks = tasks_of(Y, CLASSES)
    for other in (Y.rename(columns={"y": "z"}), Y[["y", "x"]]):
        with pytest.raises(ValueError, match=r"before they were \['x', 'y'\]"):
            read_batch(tasks, other)
    read_batch(tasks, np.array(LABELS, dtype=object))  # no names are no other names


def test_weights_that_leave_nothing():
    tasks = tasks_of(LABELS, CLASSES)
    weight = np.zeros((5, 2))
    weight[2, 1] = weight[3, 0] = 1  # of missing labels
    with pytest.raises(ValueError, match="every entry of Y is missing or has weight 0"):
        read_batch(tasks, LABELS, weight)
    with pytest.raises(ValueError, match="sample_weight"):
        read_batch(tasks, LABELS, np.ones(4))


def test_bad_labels_of_weight_zero_do_not_matter():
    tasks = tasks_of(LABELS, CLASSES)
    batch = read_batch(tasks, [[7, "a"], [1, "b"]], [[0, 1], [1, 1]])
    assert_array_equal(batch.value, [1, 0, 1])


def test_text_where_numbers_were():
    tasks = tasks_of([[1.5]], kinds="regression")
    with pytest.raises(ValueError, match=r"'task0' has the label 'a'.*needs numbers"):
        read_batch(tasks, [["a"]])


def test_a_task_without_numbers_in_fit_cannot_get_some():
    tasks = TaskTargets.read([[1.5, np.nan]], "regression")
    with pytest.raises(ValueError, match=r"'task1' had no number in fit.*fit anew"):
        read_batch(tasks, [[1.5, 2]])


# Classes, said again.


@pytest.mark.parametrize(
    "classes",
    [None, CLASSES, [[1, 0], ["c", "b", "a"]], [[1], None], {"task1": ["a"]}],
)
def test_the_same_classes_may_be_said_again(classes):
    check_announced(classes, tasks_of(LABELS, CLASSES))


@pytest.mark.parametrize(
    ("classes", "match"),
    [
        ([[0, 1, 2], ["a"]], r"'task0' are \[0, 1, 2\].*were \[0, 1\]"),
        ({"task1": ["a", "d"]}, r"'task1' are \['a', 'd'\].*'c'"),
    ],
)
def test_other_classes_later(classes, match):
    with pytest.raises(ValueError, match=match):
        check_announced(classes, tasks_of(LABELS, CLASSES))


def test_classes_for_numbers_later():
    tasks = tasks_of([[1.5]], kinds="regression")
    with pytest.raises(ValueError, match=r"'task0'.*were none: it has numbers"):
        check_announced([[1, 2]], tasks)


@pytest.mark.parametrize("classes", [{"z": [0, 1]}, [[0, 1]]])
def test_classes_of_other_tasks_later(classes):
    with pytest.raises(ValueError, match="classes"):
        check_announced(classes, tasks_of(LABELS, CLASSES))
