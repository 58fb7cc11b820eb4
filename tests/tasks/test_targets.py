import tracemalloc

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy
from numpy.testing import assert_allclose, assert_array_equal

from mtlearn.tasks import TaskTargets

ARRAYS = ("indptr", "row", "value", "weight", "columns", "column_task", "column_label")


def read(Y, kind="classification", **kwargs):
    return TaskTargets.read(Y, kind, **kwargs)


def assert_equal_targets(ours, expected):
    for name in (*ARRAYS, "column_tie", "constant", "task_weight"):
        ours_, expected_ = getattr(ours, name), getattr(expected, name)
        assert_array_equal(ours_, expected_, err_msg=name)
    for labels, expected_labels in zip(ours.classes, expected.classes):
        if expected_labels is None:
            assert labels is None
        else:
            assert_array_equal(labels, expected_labels)
    assert ours.label_groups == expected.label_groups


shapes = st.tuples(st.integers(1, 12), st.integers(1, 5))


@st.composite
def labels_with_gaps(draw):
    shape = draw(shapes)
    labels = draw(st_numpy.arrays(np.int64, shape, elements=st.integers(-1, 3)))
    gaps = draw(st_numpy.arrays(np.bool_, shape))
    assume(not gaps.all())
    return labels, gaps


@settings(deadline=None)
@given(data=labels_with_gaps(), task_weight=st.sampled_from([None, "balanced"]))
def test_masked_is_nan_is_none_is_weight_zero_for_labels(data, task_weight):
    Y, gaps = data
    expected = read(np.where(gaps, np.nan, Y), task_weight=task_weight)
    forms = {
        "masked": np.ma.masked_array(Y, gaps),
        "None": np.where(gaps, None, Y),
        "list": np.where(gaps, None, Y).tolist(),
        "frame": pd.DataFrame(np.where(gaps, None, Y)).astype("Int64"),
    }
    for form in forms.values():
        assert_equal_targets(read(form, task_weight=task_weight), expected)
    weight = 1.0 - gaps
    by_weight = read(Y, sample_weight=weight, task_weight=task_weight)
    assert_equal_targets(by_weight, expected)


@settings(deadline=None)
@given(data=labels_with_gaps())
def test_masked_is_nan_is_weight_zero_for_text_and_numbers(data):
    Y, gaps = data
    names = np.array(["w", "x", "y", "z", "last"])[Y]
    expected = read(np.where(gaps, None, names))
    assert_equal_targets(read(np.ma.masked_array(names, gaps)), expected)
    assert_equal_targets(read(names, sample_weight=1.0 - gaps), expected)
    numbers = Y + 0.5
    expected = read(np.where(gaps, np.nan, numbers), "regression")
    masked = np.ma.masked_array(numbers, gaps)
    assert_equal_targets(read(masked, "regression"), expected)
    weighted = read(numbers, "regression", sample_weight=1.0 - gaps)
    assert_equal_targets(weighted, expected)


@settings(deadline=None)
@given(data=labels_with_gaps())
def test_pairs_are_the_observed_labels_in_order(data):
    Y, gaps = data
    targets = read(np.ma.masked_array(Y, gaps))
    assert targets.indptr[-1] == (~gaps).sum() == len(targets.row)
    for t in range(Y.shape[1]):
        row, code, weight = targets.pairs(t)
        assert_array_equal(row, np.flatnonzero(~gaps[:, t]))
        assert_array_equal(targets.classes[t][code], Y[row, t])
        assert_array_equal(weight, 1)
        n_classes = len(np.unique(Y[row, t]))
        owned = targets.columns[t + 1] - targets.columns[t]
        assert owned == {0: 0, 1: 0, 2: 1}.get(n_classes, n_classes)
        constant = row.size and n_classes == 1
        assert targets.constant[t] == (0 if constant else -1)


def test_zero_weight_pairs_are_gone_before_classes_are_read():
    Y = [[0, "a"], [1, "b"], [2, "c"]]
    weight = [[1, 1], [0, 1], [1, 0]]
    targets = read(Y, sample_weight=weight)
    assert [labels.tolist() for labels in targets.classes] == [[0, 2], ["a", "b"]]
    by_row = read(Y, sample_weight=[1, 1, 0])
    assert [labels.tolist() for labels in by_row.classes] == [[0, 1], ["a", "b"]]


def test_bad_labels_of_zero_weight_do_not_matter():
    targets = read([[0.5], [1.0], [2.0]], sample_weight=[0, 1, 1])
    assert targets.classes[0].tolist() == [1, 2]


def test_weights_are_multiplied():
    Y = [[0, 1], [1, np.nan]]
    targets = read(Y, sample_weight=[[1, 2], [3, 4]], task_weight={"task0": 5})
    assert_array_equal(targets.weight, [5, 15, 2])
    balanced = read(Y, task_weight="balanced")
    assert_allclose(balanced.task_weight, [2 / 3, 4 / 3])
    # Balance counts the weighted labels: 6 in one task, 2 in the other.
    weighted = read(Y, sample_weight=[[3, 2], [3, 4]], task_weight="balanced")
    assert_allclose(weighted.task_weight, [0.5, 1.5])


def test_null_loss_is_asked_of_the_estimator():
    def variance(kind, values, weights):
        assert kind == "regression"
        return np.average((values - np.average(values)) ** 2, weights=weights)

    Y = np.array([[0.0, 0.0], [2.0, 4.0]])
    targets = read(Y, "regression", task_weight="null_loss", null_loss=variance)
    assert_allclose(targets.task_weight, [1.6, 0.4])


def test_in_units():
    Y = np.array([[1, 10.0, 0], [0, 30.0, 1], [1, np.nan, 0]])
    kinds = ["classification", "regression", "classification"]
    targets = read(Y, kinds)
    center, scale = np.array([9.0, 20.0, 9.0]), np.array([5.0, 10.0, 5.0])
    scaled = targets.in_units(center, scale)
    assert_array_equal(scaled.pairs(1)[1], [-1, 1])
    for t in (0, 2):  # labels have no unit
        assert_array_equal(scaled.pairs(t)[1], targets.pairs(t)[1])
    assert_array_equal(targets.pairs(1)[1], [10, 30])


def test_tasks_of_a_column_are_of_one_unit():
    assert TaskTargets.from_column([0, 1, 0], [1.5, 2, 3], "regression").one_unit
    assert not read([[1.5, 2], [3, 4]], "regression").one_unit


def test_every_task_its_own_kind():
    Y = pd.DataFrame({"sort": ["a", "b", "c"], "size": [1.5, 2, None], "on": [0, 1, 1]})
    targets = read(Y, "auto")
    assert targets.kinds == ["classification", "regression", "classification"]
    assert targets.classes[1] is None
    assert_array_equal(targets.columns, [0, 3, 4, 5])
    assert_array_equal(read(Y, {"on": "regression"}).columns, [0, 3, 4, 5])
    assert read(Y, {"on": "regression"}).classes[2] is None


def test_class_weight_multiplies_the_weights_of_its_labels():
    Y = [[0, 1], [1, 1], [1, 0], [1, 1]]
    plain = read(Y, sample_weight=[1, 2, 3, 4], task_weight=[1, 10])
    heavy = read(
        Y, sample_weight=[1, 2, 3, 4], task_weight=[1, 10], class_weight={1: 5}
    )
    assert_array_equal(plain.weight, [1, 2, 3, 4, 10, 20, 30, 40])
    assert_array_equal(heavy.weight, [1, 10, 15, 20, 50, 100, 30, 200])
    balanced = read(Y, class_weight="balanced")
    for t in (0, 1):
        _, code, weight = balanced.pairs(t)
        assert_allclose(np.bincount(code, weight), [2, 2])
    tied = TaskTargets.from_column(
        [0, 0, 1, 1], [0, 1, 1, 2], "classification", class_weight={1: 3}
    )
    assert_array_equal(tied.weight, [1, 3, 3, 1])


def test_task_of_weight_zero_has_no_pairs():
    targets = read([[0, 1], [1, 0]], task_weight={"task1": 0})
    assert_array_equal(targets.indptr, [0, 2, 2])
    assert [len(labels) for labels in targets.classes] == [2, 0]


def test_label_groups_have_the_union_of_labels():
    Y = [["a", "c", "x"], ["b", "c", "y"], [None, "d", None]]
    targets = read(Y, label_groups=[[0, 1]])
    assert [labels.tolist() for labels in targets.classes] == [
        ["a", "b", "c", "d"],
        ["a", "b", "c", "d"],
        ["x", "y"],
    ]
    assert targets.label_groups == [(0, 1)]
    assert targets.n_columns == 9
    # Equal labels of the two tasks are tied, the third task's to nobody.
    ties = targets.column_tie
    assert_array_equal(ties[:4], ties[4:8])
    assert len(set(ties)) == 5
    assert_allclose(targets.label_shares(1), [0.2, 0.2, 0.4, 0.2])
    assert targets.group_of(2) == (2,)


def test_task_without_labels_stays_empty_in_its_group():
    targets = read([[0, np.nan], [1, np.nan]], label_groups="all")
    assert [len(labels) for labels in targets.classes] == [2, 0]


def test_one_class_in_a_group_keeps_a_column():
    targets = read([[0, 1], [1, 1]], label_groups="all")
    assert_array_equal(targets.constant, [-1, 1])
    assert_array_equal(targets.columns, [0, 1, 2])
    assert len(set(targets.column_tie)) == 1


def test_ordered_categories():
    sizes = pd.CategoricalDtype(["small", "medium", "large"], ordered=True)
    Y = pd.DataFrame({"top": ["large", "small"], "shoe": ["medium", None]}).astype(
        sizes
    )
    apart = read(Y)
    assert apart.classes[0].tolist() == ["small", "large"]
    assert_array_equal(apart.pairs(0)[1], [1, 0])
    tied = read(Y, label_groups=None)
    assert tied.classes[1].tolist() == ["small", "medium", "large"]


@pytest.mark.parametrize(
    ("Y", "kwargs", "match"),
    [
        ([[np.nan], [np.nan]], {}, "no label is observed in any task"),
        ([[1, np.nan]], {"sample_weight": [[0, 1]]}, "no label is observed"),
        ([[1], [2]], {"sample_weight": [0, 0]}, "must not all be zero"),
        ([[0.5], [1]], {}, "Unknown label type: continuous.*'task0' has the label 0.5"),
        ([["a", 1]], {"label_groups": "all"}, "ties tasks with text"),
        ([[np.inf]], {}, "infinity"),
    ],
)
def test_labels_that_cannot_be_learned(Y, kwargs, match):
    with pytest.raises(ValueError, match=match):
        read(Y, **kwargs)


def test_text_is_no_number():
    with pytest.raises(ValueError, match=r"'task1' has the label 'a'.*needs numbers"):
        read([[1, "a"]], "regression")


@settings(deadline=None)
@given(data=labels_with_gaps())
def test_one_row_per_label_is_the_same_as_columns_of_one_group(data):
    Y, gaps = data
    row, task = np.nonzero(~gaps)
    tasks = np.unique(task)
    ours = TaskTargets.from_column(
        task, Y[row, task], "classification", label_groups="all"
    )
    stacked = np.full((len(row), len(tasks)), np.nan)
    stacked[np.arange(len(row)), np.searchsorted(tasks, task)] = Y[row, task]
    expected = read(stacked, label_groups="all")
    assert_equal_targets(ours, expected)
    assert ours.names == [str(t) for t in tasks]
    assert ours.ndim == 2


def test_tasks_without_a_common_label_are_of_other_alphabets():
    ids = ["greek", "greek", "latin", "latin", "french", "french"]
    targets = TaskTargets.from_column(ids, list("αβabbé"), "classification")
    assert targets.names == ["french", "greek", "latin"]
    assert targets.label_groups == [(0, 2)]
    assert targets.classes[0].tolist() == ["a", "b", "é"]
    assert targets.classes[1].tolist() == ["α", "β"]


def test_task_ids_of_any_type():
    ids = pd.Series(["north", "south", "north"], dtype="category")
    targets = TaskTargets.from_column(ids, [1.5, 2.5, 3.5], "regression")
    assert targets.names == ["north", "south"]
    assert_array_equal(targets.pairs(0)[1], [1.5, 3.5])


def test_bad_task_ids():
    with pytest.raises(ValueError, match="3 labels need as many task ids, not 2"):
        TaskTargets.from_column([0, 1], [0, 1, 1], "classification")
    with pytest.raises(ValueError, match="row 1 has no task id"):
        TaskTargets.from_column([0, None, 1], [0, 1, 1], "classification")


def test_memory_grows_with_the_labels_and_not_with_rows_times_tasks():
    n_tasks, n_each = 10_000, 10
    n_labels = n_tasks * n_each
    ids = np.repeat(np.arange(n_tasks), n_each)
    y = np.arange(n_labels) % 2
    tracemalloc.start()
    try:
        targets = TaskTargets.from_column(ids, y, "classification")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert targets.n_tasks == n_tasks
    # One byte for each (row, task) would be 1 GB.
    assert peak < 300 * n_labels


def test_rows_with_labels():
    Y = np.array([[1, np.nan], [np.nan, np.nan], [0, 1], [np.nan, np.nan], [np.nan, 0]])
    targets = TaskTargets.read(Y, "classification", task_weight=[2.0, 3.0])
    rows, kept = targets.of_labelled_rows()
    assert rows.tolist() == [0, 2, 4]
    assert kept.n_rows == 3
    for t in range(2):
        before, after = targets.pairs(t), kept.pairs(t)
        np.testing.assert_array_equal(rows[after[0]], before[0])
        np.testing.assert_array_equal(after[1], before[1])
    full, same = TaskTargets.read(Y[[0, 2]], "classification").of_labelled_rows()
    assert full.tolist() == [0, 1]
    assert same.n_rows == 2


def test_sample_weights_without_task_weights():
    Y = np.array([[1.0, 0.0], [0.0, 1.0]])
    sample_weight = np.array([[0.5, 4.0], [2.0, 1.0]])
    targets = TaskTargets.read(
        Y, "classification", sample_weight=sample_weight, task_weight=[2.0, 0.1]
    ).without_task_weight()
    np.testing.assert_allclose(targets.weight, sample_weight.T.ravel())
