import numpy as np
import pandas as pd
import pytest

from mtlearn.tasks import LabelTable
from mtlearn.tasks.kinds import read_task_types

LABELS, NUMBERS = "classification", "regression"


def kinds(task_types, Y):
    return read_task_types(task_types, LabelTable(Y))


def frame():
    return pd.DataFrame({"sort": ["a", "b"], "size": [0.5, 2.0], "on": [True, False]})


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (["a", "b", None], LABELS),
        ([True, False, None], LABELS),
        ([0, 1, np.nan], LABELS),
        ([-1.0, 1.0, 7.0], LABELS),
        ([0.5, 1.0, 2.0], NUMBERS),
        (np.arange(20), LABELS),
        (np.arange(21), NUMBERS),
        ([*range(20), 0, 0, 3], LABELS),
        ([np.nan, np.nan], NUMBERS),
        (pd.Series([1.5, 2.5], dtype="category"), LABELS),
        (pd.Series(np.arange(50), dtype="category"), LABELS),
        (pd.Series([1, None, 3], dtype="Int64"), LABELS),
        (np.ma.masked_array([0.5, 1, 2], [1, 0, 0]), LABELS),
    ],
)
def test_auto(column, expected):
    assert kinds("auto", column) == [expected]


def test_auto_looks_at_every_task():
    assert kinds("auto", frame()) == [LABELS, NUMBERS, LABELS]


@pytest.mark.parametrize("kind", [LABELS, NUMBERS])
def test_one_kind_for_all(kind):
    assert kinds(kind, np.eye(3)) == [kind] * 3


def test_list():
    given = [LABELS, NUMBERS, NUMBERS]
    assert kinds(given, frame()) == given
    assert kinds(tuple(given), frame()) == given
    assert kinds(np.array(given), frame()) == given


def test_dict_decides_for_those_it_names_only():
    assert kinds({"on": NUMBERS}, frame()) == [LABELS, NUMBERS, NUMBERS]
    assert kinds({}, frame()) == [LABELS, NUMBERS, LABELS]
    years = pd.DataFrame({2020: [1, 2], 2021: [0.5, 2]})
    assert kinds({2020: NUMBERS}, years) == [NUMBERS, NUMBERS]


@pytest.mark.parametrize(
    ("task_types", "match"),
    [
        ("labels", "task_types holds 'labels'.*'classification' or 'regression'"),
        (None, "task_types holds None"),
        (3, "task_types holds 3"),
        ([LABELS, NUMBERS], "2 entries for 3 tasks"),
        ([LABELS, NUMBERS, "auto"], "task_types holds 'auto'"),
        ({"on": "number"}, "task_types holds 'number'"),
        ({"off": LABELS}, r"unknown tasks \['off'\]; the tasks are \['sort', 'size'"),
    ],
)
def test_bad_task_types(task_types, match):
    with pytest.raises(ValueError, match=match):
        kinds(task_types, frame())
