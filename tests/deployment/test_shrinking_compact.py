"""Rows in few bytes: what is lost, and that numpy sees what they stand for."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from mtlearn.linear_model.compact import CompactRows, wide

ERROR = {"float32": 2.0**-24, "float16": 2.0**-11, "int8": 0.5 / 127}
ROWS = arrays(
    np.float64,
    array_shapes(min_dims=2, max_dims=2, max_side=6),
    elements=st.floats(-1e30, 1e30),
)


@pytest.mark.parametrize("kind", ERROR)
@settings(max_examples=60, deadline=None)
@given(rows=ROWS)
def test_errors_are_a_small_share_of_the_largest_number_of_a_row(kind, rows):
    compact = CompactRows.of(rows, kind)
    largest = abs(rows).max(axis=1, keepdims=True)
    limit = 1.001 * ERROR[kind] * largest + 1e-40
    assert (abs(compact.wide - rows) <= limit).all()
    assert (compact.wide[rows == 0] == 0).all()
    # Twice is once.
    again = CompactRows.of(compact, kind)
    np.testing.assert_allclose(again.wide, compact.wide, rtol=1e-6)


@pytest.mark.parametrize("kind", ERROR)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rows_are_read_as_what_they_were(kind, dtype):
    rows = np.random.default_rng(0).normal(size=(5, 7)).astype(dtype)
    compact = CompactRows.of(rows, kind)
    assert compact.values.dtype == kind
    assert compact.dtype == dtype
    assert compact.shape == rows.shape
    assert len(compact) == 5
    assert np.asarray(compact).dtype == dtype
    np.testing.assert_array_equal(compact[1:3], wide(compact)[1:3])
    part = compact.take(slice(1, 4), np.array([0, 6]))
    np.testing.assert_array_equal(part.wide, compact.wide[1:4][:, [0, 6]])
    back = pickle.loads(pickle.dumps(compact))
    assert "wide" not in vars(back)
    np.testing.assert_array_equal(back.wide, compact.wide)
    assert repr(compact) == f"CompactRows(5 x 7 of {kind}, read as {np.dtype(dtype)})"


def test_numbers_that_do_not_fit():
    with pytest.raises(ValueError, match="float32 does not hold"):
        CompactRows.of(np.array([[1e300]]), "float32")
    assert CompactRows.of(np.array([[1e300]]), "int8").wide == pytest.approx(1e300)
    assert CompactRows.of(np.array([[5e-324, 0.0]]), "int8").wide.tolist() == [[0, 0]]


@pytest.mark.parametrize(
    ("values", "scale", "read_as"),
    [
        (np.zeros((2, 3), np.int16), np.ones(2), "float64"),
        (np.zeros((2, 3), np.int8), np.ones(3), "float64"),
        (np.zeros((2, 3), np.int8), np.ones(2), "object"),
        (np.zeros(3, np.int8), np.ones(3), "float64"),
        (np.full((2, 3), np.nan, np.float16), np.ones(2), "float64"),
        (np.zeros((2, 3), np.int8), np.full(2, np.inf), "float64"),
    ],
)
def test_states_that_are_refused(values, scale, read_as):
    with pytest.raises(ValueError, match="compact"):
        CompactRows(values, scale, read_as)._check_state()
