"""Tasks with their own rows: both products equal the slow twin, within rounding."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtlearn._kernels import (
    SEGMENT_INSTRUCTION_SETS,
    segment_backward,
    segment_forward,
)
from tests.reference import segments as reference

DTYPES = st.sampled_from([np.float32, np.float64])
SETS = st.sampled_from([None, *SEGMENT_INSTRUCTION_SETS])
# Rows and columns of a task: past a tile of each, past a block of rows, and none.
TASKS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 7)), max_size=6)


def problem(tasks, n_features, dtype=np.float32, n_rows=50, seed=0):
    """X, row, row_start, column_start, W, G of tasks (rows, columns)."""
    rng = np.random.default_rng(seed)
    counts = np.array(tasks, dtype=np.intp).reshape(-1, 2)
    row_start, column_start = (np.append(0, np.cumsum(c)) for c in counts.T)
    row = rng.integers(n_rows, size=row_start[-1], dtype=np.int32)
    X = rng.normal(size=(n_rows, n_features)).astype(dtype)
    W = rng.normal(size=(column_start[-1], n_features)).astype(dtype)
    G = rng.normal(size=counts.prod(axis=1).sum()).astype(dtype)
    return X, row, row_start, column_start, W, G


def forward(X, row, row_start, column_start, W, size, instructions=None):
    """Scores, which nothing before or after their array was written for."""
    guarded = np.full(size + 2, np.nan, dtype=X.dtype)
    segment_forward(
        *(X, row, row_start, column_start, W, guarded[1:-1]),
        instructions=instructions,
    )
    assert np.isnan(guarded[[0, -1]]).all()
    return guarded[1:-1]


def backward(X, row, row_start, column_start, G, instructions=None):
    guarded = np.full((column_start[-1] + 2, X.shape[1]), np.nan, dtype=X.dtype)
    segment_backward(
        *(X, row, row_start, column_start, G, guarded[1:-1]),
        instructions=instructions,
    )
    assert np.isnan(guarded[[0, -1]]).all()
    return guarded[1:-1]


def assert_products_match(X, row, row_start, column_start, W, G, instructions=None):
    """Errors are at most 8 units of rounding of the sum of the terms' magnitudes."""
    places = row, row_start, column_start
    rounding = 8 * np.finfo(X.dtype).eps
    Z = forward(X, *places, W, len(G), instructions)
    error = np.abs(Z - reference.forward(X, *places, W))
    assert (error <= rounding * reference.forward(abs(X), *places, abs(W))).all()
    dW = backward(X, *places, G, instructions)
    error = np.abs(dW - reference.backward(X, *places, G))
    assert (error <= rounding * reference.backward(abs(X), *places, abs(G))).all()


@given(TASKS, st.integers(0, 70), DTYPES, SETS, st.integers(0, 99))
def test_matches_the_twin(tasks, n_features, dtype, instructions, seed):
    assert_products_match(
        *problem(tasks, n_features, dtype, seed=seed), instructions=instructions
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("instructions", SEGMENT_INSTRUCTION_SETS)
@pytest.mark.parametrize("n_features", [9, 30, 900, 2001])
def test_matches_the_twin_on_real_sizes(n_features, instructions, dtype):
    tasks = [(200, 1), (15, 10), (0, 3), (33, 0), (1, 2), (129, 4)]
    arrays = problem(tasks, n_features, dtype, n_rows=150)
    assert_products_match(*arrays, instructions=instructions)


@pytest.mark.parametrize("instructions", SEGMENT_INSTRUCTION_SETS)
@pytest.mark.parametrize("n_features", [1, 5, 9, 30, 45])
def test_is_exact_where_nothing_is_rounded(n_features, instructions):
    """Small whole numbers: a lane done twice or left out cannot hide in rounding."""
    tasks = [
        (n, c) for n in (1, 2, 3, 4, 5, 31, 32, 33, 65) for c in (1, 2, 3, 4, 5, 9)
    ]
    *arrays, W, G = problem(tasks, n_features, n_rows=300)
    arrays[0], W, G = (np.rint(3 * a) for a in (arrays[0], W, G))
    Z = forward(*arrays, W, len(G), instructions)
    np.testing.assert_array_equal(Z, reference.forward(*arrays, W))
    dW = backward(*arrays, G, instructions)
    np.testing.assert_array_equal(dW, reference.backward(*arrays, G))


@given(st.integers(1, 40), st.integers(1, 7), st.integers(1, 70), DTYPES, SETS)
def test_a_score_does_not_depend_on_the_other_rows(n, c, d, dtype, instructions):
    X, row, row_start, column_start, W, G = problem([(n, c)], d, dtype)
    Z = forward(X, row, row_start, column_start, W, len(G), instructions)
    back = np.ascontiguousarray(row[::-1])
    reverse = forward(X, back, row_start, column_start, W, len(G), instructions)
    np.testing.assert_array_equal(reverse.reshape(n, c)[::-1], Z.reshape(n, c))


@pytest.mark.parametrize("instructions", SEGMENT_INSTRUCTION_SETS)
@pytest.mark.parametrize("value", [np.inf, np.nan])
def test_what_is_not_finite_stays_in_its_place(value, instructions):
    """Also where the last vector reaches back over it."""
    for n_features in (9, 20, 30):
        X, *places, W, G = problem([(6, 3), (5, 2)], n_features)
        X[:], places[0] = 1, np.arange(11, dtype=np.int32)
        for j in range(n_features):
            W[:] = 1
            W[1, j] = value
            Z = forward(X, *places, W, len(G), instructions)
            expected = np.full(len(G), float(n_features))
            expected[1:18:3] = value
            np.testing.assert_array_equal(Z, expected)
            X[2, j] = value
            dW = backward(X, *places, np.ones_like(G), instructions)
            expected = np.full_like(W, 6)
            expected[3:] = 5
            expected[:3, j] = value
            np.testing.assert_array_equal(dW, expected)
            X[2, j] = 1


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sums_do_not_drift(dtype):
    """Many equal terms, which one running sum would round all in one direction."""
    n, d = 20_000, 2000
    X = np.full((1, d), 0.1, dtype=dtype)
    row = np.zeros(n, dtype=np.int32)
    places = row, np.array([0, n]), np.array([0, 1])
    Z = forward(X, *places, np.ones_like(X), n)
    dW = backward(X, *places, np.ones(n, dtype=dtype))
    rtol = 100 * np.finfo(dtype).eps
    np.testing.assert_allclose(Z, d * np.float64(X[0, 0]), rtol=rtol)
    np.testing.assert_allclose(dW, n * np.float64(X[0, 0]), rtol=rtol)


def test_reads_what_is_read_only():
    *arrays, W, G = problem([(5, 2), (3, 1)], 9)
    for array in (*arrays, W, G):
        array.flags.writeable = False
    assert_products_match(*arrays, W, G)


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (1, [0, 1, 2, 3, 50], "row numbers"),
        (1, [0, 1, 2, 3, -1], "row numbers"),
        (1, [0, 1, 2, 3, 2**31 - 1], "row numbers"),
        (1, [0, 1, 2, 3, -(2**31)], "row numbers"),
        (1, [0, 1, 2, 3], "row_start must rise from 0"),
        (2, [0, 3, 4], "row_start must rise from 0"),
        (2, [1, 3, 5], "row_start must rise from 0"),
        (2, [0, 6, 5], "row_start must rise from 0"),
        (2, [0, -1, 5], "row_start must rise from 0"),
        (2, [0, 5], r"must have T \+ 1 entries"),
        (2, [], r"must have T \+ 1 entries"),
        (3, [0, 2, 2], "column_start must rise from 0"),
        (3, [0, 4, 3], "column_start must rise from 0"),
        (3, [0, 1, 3], "scores must have one entry"),
    ],
)
def test_refuses_what_does_not_fit(place, value, message):
    *arrays, W, G = problem([(3, 2), (2, 1)], 9)
    arrays[place] = np.array(value, dtype=arrays[place].dtype)
    with pytest.raises(ValueError, match=message):
        segment_forward(*arrays, W, np.empty_like(G))
    with pytest.raises(ValueError, match=message):
        segment_backward(*arrays, G, np.empty_like(W))


def test_refuses_arrays_of_other_sizes():
    *arrays, W, G = problem([(3, 2), (2, 1)], 9)
    for scores in (np.append(G, G[:1]), G[:-1], G[:0]):
        with pytest.raises(ValueError, match="scores must have one entry"):
            segment_forward(*arrays, W, scores.copy())
        with pytest.raises(ValueError, match="scores must have one entry"):
            segment_backward(*arrays, scores, W)
    wide = np.zeros((len(W), 10), dtype=W.dtype)
    with pytest.raises(ValueError, match="same number of features"):
        segment_forward(*arrays, wide, G)
    with pytest.raises(ValueError, match="same number of features"):
        segment_backward(*arrays, G, wide)
    with pytest.raises(ValueError, match="column_start must rise"):
        segment_forward(*arrays, W[:-1], G)


def test_refuses_a_size_that_overflows():
    """2**60 columns of no features are no memory; times 16 rows they are 0 scores."""
    places = np.zeros(16, dtype=np.int32), np.array([0, 16]), np.array([0, 2**60])
    X, W = (np.zeros((n, 0), dtype=np.float32) for n in (1, 2**60))
    with pytest.raises(ValueError, match="scores must have one entry"):
        segment_forward(X, *places, W, np.zeros(0, dtype=np.float32))


def test_refuses_mixed_types_and_other_orders():
    *arrays, W, G = problem([(3, 2), (2, 1)], 9)
    with pytest.raises(ValueError, match="dtype mismatch"):
        segment_forward(*arrays, W.astype(float), G)
    with pytest.raises(ValueError, match="dtype mismatch"):
        segment_forward(arrays[0], arrays[1].astype(np.int64), *arrays[2:], W, G)
    with pytest.raises(ValueError, match="not C-contiguous"):
        segment_forward(*arrays, np.asfortranarray(W), G)
