import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse

from mtlearn.tasks import LabelTable

NAN, NONE, NA, MASKED = np.nan, None, pd.NA, np.ma.masked


def observed_labels(Y, t=0):
    column = LabelTable(Y).column(t)
    return column.values[column.observed].tolist(), column.observed.tolist()


FORMS = {
    "ints": np.array([[0, 1], [1, 0], [1, 1]]),
    "floats": np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]),
    "bools": np.array([[False, True], [True, False], [True, True]]),
    "list": [[0, 1], [1, 0], [1, 1]],
    "tuples": ((0, 1), (1, 0), (1, 1)),
    "rows of arrays": [np.array([0, 1]), np.array([1, 0]), np.array([1, 1])],
    "objects": np.array([[0, 1], [1, 0], [1, 1]], dtype=object),
    "masked": np.ma.masked_array([[0, 1], [1, 0], [1, 1]]),
    "masked rows": [np.ma.masked_array(row) for row in ([0, 1], [1, 0], [1, 1])],
    "frame": pd.DataFrame({"a": [0, 1, 1], "b": [1, 0, 1]}),
    "nullable frame": pd.DataFrame({"a": [0, 1, 1], "b": [1, 0, 1]}).astype("Int8"),
    "object frame": pd.DataFrame({"a": [0, 1, 1], "b": [1, 0, 1]}).astype(object),
}


@pytest.mark.parametrize("form", FORMS)
def test_complete_labels_of_every_form(form):
    table = LabelTable(FORMS[form])
    assert (table.ndim, table.n_rows, table.n_tasks) == (2, 3, 2)
    for t, expected in enumerate(([0, 1, 1], [1, 0, 1])):
        column = table.column(t)
        assert column.observed.all()
        assert_array_equal(column.values, expected)
        assert column.values.dtype.kind in "biuf"


@pytest.mark.parametrize(
    "y",
    [
        np.array([1, 0]),
        [1, 0],
        (1.0, 0.0),
        pd.Series([1, 0]),
        np.ma.masked_array([1, 0]),
        np.array([1, 0], dtype=object),
    ],
    ids=lambda y: type(y).__name__,
)
def test_one_dimension_is_one_task(y):
    table = LabelTable(y)
    assert (table.ndim, table.n_rows, table.n_tasks) == (1, 2, 1)
    assert table.names == ["task0"]
    assert observed_labels(y) == ([1, 0], [True, True])
    assert LabelTable(np.zeros((3, 1))).ndim == 2


GAPS = {
    "NaN": np.array([1.0, NAN, 0.0]),
    "NaN in list": [1, NAN, 0],
    "NaN among objects": np.array([1, NAN, 0], dtype=object),
    "float32 NaN": np.array([1, np.float32(NAN), 0], dtype=object),
    "None": np.array([1, NONE, 0]),
    "None in list": [1, NONE, 0],
    "pandas.NA": np.array([1, NA, 0]),
    "pandas.NaT": np.array([1, pd.NaT, 0], dtype=object),
    "mask": np.ma.masked_array([1, 7, 0], [0, 1, 0]),
    "mask over NaN": np.ma.masked_array([1, NAN, 0], [0, 1, 0]),
    "NaN beside a mask": np.ma.masked_array([1, NAN, 0], [0, 0, 0]),
    "mask of objects": np.ma.masked_array(np.array([1, "x", 0], object), [0, 1, 0]),
    "Series": pd.Series([1, NONE, 0]),
    "object Series": pd.Series([1, NA, 0], dtype=object),
    "Int64": pd.Series([1, NA, 0], dtype="Int64"),
    "Float64": pd.Series([1, NA, 0], dtype="Float64"),
    "boolean": pd.Series([True, NA, False], dtype="boolean"),
    "category": pd.Series([1, NONE, 0], dtype="category"),
}


@pytest.mark.parametrize("form", GAPS)
def test_missing_markers(form):
    labels, observed = observed_labels(GAPS[form])
    assert labels == [1, 0]
    assert observed == [True, False, True]


@pytest.mark.parametrize(
    "y",
    [
        ["a", NONE, "b"],
        ["a", NAN, "b"],
        np.array(["a", NA, "b"], dtype=object),
        np.ma.masked_array(["a", "zzz", "b"], [0, 1, 0]),
        pd.Series(["a", NONE, "b"]),
        pd.Series(["a", NONE, "b"], dtype="string"),
        pd.Series(["a", NONE, "b"], dtype=object),
        pd.Series(["a", NONE, "b"], dtype="category"),
    ],
    ids=lambda y: f"{type(y).__name__} {getattr(y, 'dtype', '')}",
)
def test_missing_text(y):
    assert observed_labels(y) == (["a", "b"], [True, False, True])


def test_masked_constants_in_nested_lists():
    Y = [[1, MASKED], [MASKED, 0]]
    assert observed_labels(Y, 0) == ([1], [True, False])
    assert observed_labels(Y, 1) == ([0], [False, True])


def test_variable_width_strings():
    if not hasattr(np.dtypes, "StringDType"):
        pytest.skip("NumPy 1 has no variable-width strings")
    y = np.array(["a", NAN, "b"], dtype=np.dtypes.StringDType(na_object=NAN))
    assert observed_labels(y) == (["a", "b"], [True, False, True])


def test_column_without_any_label():
    for Y in ([[NAN], [NAN]], [[NONE], [NONE]], pd.DataFrame({"a": [NA, NA]})):
        assert observed_labels(Y) == ([], [False, False])
    empty = pd.Series([NONE, NONE], dtype="category")
    assert observed_labels(empty) == ([], [False, False])


def test_columns_of_a_mixed_array_keep_their_own_types():
    Y = np.array([["cat", 1, 0.5, True], ["dog", 2, NONE, False]], dtype=object)
    kinds = [column.values.dtype.kind for column in LabelTable(Y).columns()]
    assert kinds == ["U", "i", "f", "b"]
    listed = [["cat", 1], [NAN, 2]]
    assert observed_labels(listed, 0) == (["cat"], [True, False])
    assert observed_labels(listed, 1) == ([1, 2], [True, True])


def test_names():
    assert LabelTable(np.zeros((2, 3))).names == ["task0", "task1", "task2"]
    frame = pd.DataFrame({"collar": [0], 7: [1]})
    assert LabelTable(frame).names == ["collar", "7"]
    assert LabelTable(pd.Series([0], name="collar")).names == ["collar"]
    with pytest.raises(ValueError, match=r"same name: \['7'\]"):
        LabelTable(pd.DataFrame({"7": [0], 7: [1]}))


def test_categories_keep_their_order():
    sizes = pd.CategoricalDtype(["small", "medium", "large"], ordered=True)
    y = pd.Series(["large", NONE, "small"], dtype=sizes)
    column = LabelTable(y).column(0)
    assert column.categories.tolist() == ["small", "medium", "large"]
    assert column.values[column.observed].tolist() == ["large", "small"]
    assert LabelTable([1, 2]).column(0).categories is None


@pytest.mark.parametrize(
    ("y", "match"),
    [
        (["a", 1], "'task0' mixes text and number, for example 'a' and 1"),
        ([1, NONE, "b"], "mixes number and text, for example 1 and 'b'"),
        ([True, 2], "mixes bool and number, for example True and 2"),
        (pd.Series([1, "b"], name="collar"), "'collar' mixes number and text"),
        (pd.Series([1, "b"], name="collar", dtype="category"), "'collar' mixes"),
        ([b"a", b"b"], "bytes values such as b'a'"),
        ([{"a": 1}, {"b": 2}], "dict values"),
        (np.array(["2020-01-01"], dtype="datetime64[D]"), r"datetime64\[D\] values"),
        ([1.0, np.inf], "contains infinity.*'task0'"),
    ],
)
def test_columns_that_are_no_labels(y, match):
    with pytest.raises(ValueError, match=match):
        LabelTable(y).column(0)


def test_infinity_under_a_mask_does_not_matter():
    y = np.ma.masked_array([1.0, np.inf], [0, 1])
    assert observed_labels(y) == ([1.0], [True, False])


@pytest.mark.parametrize("text", ["", "nan", "NaN", "None", "<NA>"])
def test_text_that_looks_like_missing_is_warned_about(text):
    with pytest.warns(UserWarning, match=f"'task0' has the text '{text}' as a label"):
        labels, _ = observed_labels(["a", text, NONE])
    assert labels == ["a", text]


def test_missing_text_is_not_warned_about():
    observed_labels(["a", NONE, NAN])


@pytest.mark.parametrize(
    "make", [sparse.csr_matrix, sparse.coo_array, sparse.lil_array]
)
def test_sparse_is_refused_with_the_remedy(make):
    with pytest.raises(ValueError, match=r"zeros negatives or missing.*Y\.toarray\(\)"):
        LabelTable(make(np.eye(3)))


@pytest.mark.parametrize(
    ("Y", "match"),
    [
        (None, "y is None"),
        (5, r"shape \(\)"),
        ("abc", r"shape \(\)"),
        (np.zeros((2, 2, 2)), r"shape \(2, 2, 2\)"),
        (np.zeros((2, 0)), r"shape \(2, 0\)"),
        ([[1, 2], [3]], "row 1 has 1 labels, row 0 has 2. Write None"),
        ([[1, 2], NONE], "row 1 has 0 labels"),
    ],
)
def test_what_is_no_table(Y, match):
    with pytest.raises(ValueError, match=match):
        LabelTable(Y)
