"""Bins: one for each of few values, as many rows in each of many."""

import numpy as np
import pytest

from mtlearn._kernels import TREE_MISSING, find_edges
from mtlearn.tree import bin_features, binning


def test_few_values_have_a_bin_each():
    rng = np.random.default_rng(0)
    values = np.sort(rng.normal(size=255).astype(np.float32))
    X = values[rng.permutation(np.repeat(np.arange(255), 3))][:, None]
    bins = bin_features(X)
    np.testing.assert_array_equal(values[bins.by_row], X)
    np.testing.assert_array_equal(bins.lower[0, :255], values)
    np.testing.assert_array_equal(bins.upper[0, :255], values)


@pytest.mark.parametrize("max_bins", [2, 7, 64, 255])
def test_many_values_have_bins_of_as_many_rows(max_bins):
    X = np.random.default_rng(0).normal(size=(10_000, 3)).astype(np.float32)
    bins = bin_features(X, max_bins)
    for f in range(3):
        counts = np.bincount(bins.by_row[:, f])
        assert len(counts) == max_bins
        assert np.ptp(counts) <= 2


@pytest.mark.parametrize("max_bins", [2, 5, 255])
def test_bins_are_in_the_order_of_values(max_bins):
    rng = np.random.default_rng(1)
    X = rng.standard_t(1, size=(3000, 4)).astype(np.float32)
    X[:, 1] = np.round(X[:, 1])
    X[rng.random(X.shape) < 0.1] = np.nan
    bins = bin_features(X, max_bins)
    np.testing.assert_array_equal(bins.by_row.T, bins.by_column)
    for f, (x, b) in enumerate(zip(X.T, bins.by_column)):
        np.testing.assert_array_equal(b == TREE_MISSING, np.isnan(x))
        known = b != TREE_MISSING
        assert len(np.unique(b[known])) <= max_bins
        order = np.argsort(x[known], kind="stable")
        assert (np.diff(b[known][order].astype(int)) >= 0).all()
        for each in np.unique(b[known]):
            values = x[b == each]
            assert bins.lower[f, each] == values.min()
            assert bins.upper[f, each] == values.max()


def test_equal_values_stay_together():
    x = np.r_[np.zeros(5000), np.arange(1, 1001)].astype(np.float32)
    bins = bin_features(x[:, None], 10)
    assert (bins.by_row[:5000] == 0).all()
    assert bins.by_row[5000:].min() > 0
    assert len(np.unique(bins.by_row)) < 10


def test_constant_and_missing_features():
    X = np.array([[1, np.nan, np.nan], [1, np.nan, 2], [1, np.nan, 2]], np.float32)
    bins = bin_features(X).by_row
    np.testing.assert_array_equal(bins, [[0, 255, 255], [0, 255, 0], [0, 255, 0]])


def test_neighbouring_floats_are_told_apart():
    x = np.array([1], np.float32)
    for _ in range(6):
        x = np.append(x, np.nextafter(x[-1], np.float32(2)))
    x = np.append(x, [np.finfo(np.float32).max, -np.finfo(np.float32).max, 0, 1e-45])
    bins = bin_features(x[:, None].astype(np.float32)).by_column[0]
    np.testing.assert_array_equal(bins, x.argsort().argsort())


def test_threads_change_nothing():
    X = np.random.default_rng(0).normal(size=(500, 200)).astype(np.float32)
    one, two = (bin_features(X, 20, n_jobs=n_jobs) for n_jobs in (1, 3))
    for name in ("by_row", "by_column", "lower", "upper"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


def test_quantiles_of_some_rows(monkeypatch):
    X = np.random.default_rng(0).normal(size=(4000, 2)).astype(np.float32)
    monkeypatch.setattr(binning, "MAX_ROWS_FOR_EDGES", 500)
    bins = bin_features(X, 16)
    for f in range(2):
        counts = np.bincount(bins.by_row[:, f], minlength=16)
        assert counts.min() > 100
        for b in range(16):
            values = X[bins.by_row[:, f] == b, f]
            assert (bins.lower[f, b], bins.upper[f, b]) == (values.min(), values.max())


@pytest.mark.parametrize("max_bins", [1, 256])
def test_impossible_numbers_of_bins(max_bins):
    room = np.empty((3, 256), np.float32)
    with pytest.raises(ValueError, match="2 to 255"):
        find_edges(np.zeros(3, np.float32), max_bins, *room)
