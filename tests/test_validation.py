"""The one file that depends on scikit-learn's version."""

import numbers

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator

from mtlearn import validation
from mtlearn.validation import (
    check_choice,
    check_number,
    progress_bar,
    progress_steps,
    validate_rows,
    validate_X,
)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array, sparse.csc_array])
def test_floats_are_kept(dtype, form):
    X = validate_X(BaseEstimator(), form(np.eye(3, dtype=dtype)), reset=True)
    assert X.dtype == dtype
    if sparse.issparse(X):
        assert X.format == "csr"


@pytest.mark.parametrize("dtype", [int, bool, np.uint8, np.float16])
def test_everything_else_becomes_float64(dtype):
    X = validate_X(BaseEstimator(), np.eye(3).astype(dtype), reset=True)
    assert X.dtype == np.float64


def test_features_are_learned_once_and_compared_later():
    estimator = BaseEstimator()
    validate_X(estimator, np.eye(3), reset=True)
    assert estimator.n_features_in_ == 3
    with pytest.raises(ValueError, match="2 features"):
        validate_X(estimator, np.eye(2), reset=False)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_holes_in_X_are_refused(bad):
    with pytest.raises(ValueError, match="X contains"):
        validate_X(BaseEstimator(), np.full((2, 2), bad), reset=True)


def test_rows():
    validate_rows(np.zeros((4, 2)), 4)
    with pytest.raises(ValueError, match="X has 4 rows, Y has 5"):
        validate_rows(np.zeros((4, 2)), 5)


@pytest.mark.parametrize(
    ("value", "low", "high", "open_low", "good"),
    [
        (0, 0, 1, False, True),
        (1, 0, 1, False, True),
        (1.01, 0, 1, False, False),
        (-0.01, 0, 1, False, False),
        (0, 0, 1, True, False),
        (1, 0, 1, True, True),
        (0, 0, None, False, True),
        (0, 0, None, True, False),
        (1e300, 0, None, True, True),
        (np.inf, 0, None, True, False),
        (np.nan, 0, None, False, False),
        (np.nan, 0, 1, False, False),
        (np.float32(0.5), 0, 1, False, True),
    ],
)
def test_number(value, low, high, open_low, good):
    if good:
        check_number(value, "C", low, high, open_low=open_low)
    else:
        with pytest.raises(ValueError, match=r"^C"):
            check_number(value, "C", low, high, open_low=open_low)


@pytest.mark.parametrize("value", ["1", None, [1], 1.5])
def test_number_of_another_type(value):
    with pytest.raises(TypeError, match="max_iter"):
        check_number(value, "max_iter", 1, kind=numbers.Integral)


def test_choice():
    check_choice("b", "letter", {"a": 1, "b": 2})
    with pytest.raises(
        ValueError, match="letter='c' is unknown; choose one of 'a', 'b'"
    ):
        check_choice("c", "letter", {"a": 1, "b": 2})


# Progress, with and without callbacks in scikit-learn.


def test_steps_without_callbacks_say_go_on():
    class Silent(BaseEstimator):
        verbose = 0

    with progress_steps(Silent(), None, None, 3, "step") as step:
        assert [step(None) for _ in range(5)] == [False] * 5


def test_no_bar_without_callbacks(monkeypatch):
    monkeypatch.setattr(validation, "ProgressBar", None)
    assert "needs scikit-learn >= 1.9" in progress_bar(BaseEstimator())


class Watched:
    def set_callbacks(self, *callbacks):
        self.callbacks = callbacks


def test_no_bar_without_rich(monkeypatch):
    def bar(max_propagation_depth):
        raise ImportError("rich")

    monkeypatch.setattr(validation, "ProgressBar", bar)
    assert "needs rich (pip install" in progress_bar(Watched())


def test_bar(monkeypatch):
    monkeypatch.setattr(validation, "ProgressBar", lambda max_propagation_depth: "bar")
    watched = Watched()
    assert progress_bar(watched, depth=1) is None
    assert watched.callbacks == ("bar",)
