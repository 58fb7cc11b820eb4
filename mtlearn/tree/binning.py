"""Features as bytes: done once, for all trees."""

from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed

from .._kernels import TREE_BINS, find_edges
from .._kernels import bin_features as fill_bins

# Quantiles of more rows than this hardly differ.
MAX_ROWS_FOR_EDGES = 200_000
FEATURES_PER_CALL = 64


@dataclass
class BinnedFeatures:
    """What trees see of the features.

    Attributes
    ----------
    by_row, by_column : ndarray of uint8, (n, d) and (d, n)
        The same bins in both layouts; 255 is missing.
    lower, upper : ndarray of float32 (d, 256)
        Least and greatest value of each bin.
    """

    by_row: np.ndarray
    by_column: np.ndarray
    lower: np.ndarray
    upper: np.ndarray


def bin_features(X, max_bins=255, n_jobs=None, seed=0):
    """Put the values of each feature into bins of about as many rows.

    A feature of no more than ``max_bins`` different values has a bin for each, so that
    its splits are those of a tree without bins.

    Parameters
    ----------
    X : ndarray of float32 (n, d)
        In C order; NaN is missing.
    max_bins : int
        2 to 255.
    n_jobs : int, optional
        Threads.
    seed : int
        Of the rows that quantiles are taken of, where there are many.

    Returns
    -------
    BinnedFeatures
    """
    n, d = X.shape
    shape = d, TREE_BINS
    lower, upper = np.full(shape, np.inf, "f4"), np.full(shape, -np.inf, "f4")
    by_row, by_column = np.empty((n, d), np.uint8), np.empty((d, n), np.uint8)
    sample = X
    if n > MAX_ROWS_FOR_EDGES:
        rng = np.random.default_rng(seed)
        sample = X[np.sort(rng.choice(n, MAX_ROWS_FOR_EDGES, replace=False))]

    edges = np.full(shape, np.inf, "f4")

    def fill(start, stop):
        columns = np.array(sample[:, start:stop].T, order="C")
        columns.sort(axis=1)  # NaN come last
        known = np.count_nonzero(columns == columns, axis=1)
        for f, (column, n_known) in enumerate(zip(columns, known), start):
            find_edges(column[:n_known], max_bins, edges[f], lower[f], upper[f])
        fill_bins(
            X, start, stop, edges, by_row, by_column, lower, upper, sample is not X
        )

    Parallel(n_jobs=n_jobs, require="sharedmem")(
        delayed(fill)(start, min(start + FEATURES_PER_CALL, d))
        for start in range(0, d, FEATURES_PER_CALL)
    )
    return BinnedFeatures(by_row, by_column, lower, upper)
