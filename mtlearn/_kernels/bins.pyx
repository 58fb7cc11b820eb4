"""Features as bytes."""

from libc.stdint cimport uint8_t


cdef extern from "tree_bins.h" nogil:
    enum: TREE_BINS, TREE_MISSING

    void tree_bin_features(const float *X, Py_ssize_t n_rows, Py_ssize_t n_features,
                           Py_ssize_t start, Py_ssize_t stop, const float *edges,
                           uint8_t *by_row, uint8_t *by_column, float *lower,
                           float *upper, int widen)
    int tree_find_edges(const float *values, Py_ssize_t n, int max_bins, float *edges,
                        float *lower, float *upper)

N_BINS, MISSING_BIN = TREE_BINS, TREE_MISSING


def find_edges(
    const float[::1] values,
    int max_bins,
    float[::1] edges,
    float[::1] lower,
    float[::1] upper,
):
    """Where sorted values part into bins of about as many; returns how many edges.

    Parameters
    ----------
    values : (n,) array of float32
        IN. Ascending, without NaN.
    max_bins : int
        IN. At most MISSING_BIN. No more different values have a bin each.
    edges : (N_BINS,) array of float32
        OUT. The first so many are set. A bin is the number of edges below a value.
    lower, upper : (N_BINS,) arrays of float32
        OUT. Least and greatest value of each bin.
    """
    cdef int n_edges
    if not 2 <= max_bins <= MISSING_BIN or edges.shape[0] < TREE_BINS or (
        lower.shape[0] < TREE_BINS or upper.shape[0] < TREE_BINS
    ):
        raise ValueError("max_bins must be 2 to 255, and edges have room for them")
    if values.shape[0] == 0:
        return 0
    with nogil:
        n_edges = tree_find_edges(&values[0], values.shape[0], max_bins, &edges[0],
                                  &lower[0], &upper[0])
    return n_edges


def bin_features(
    const float[:, ::1] X,
    Py_ssize_t start,
    Py_ssize_t stop,
    const float[:, ::1] edges,
    uint8_t[:, ::1] by_row,
    uint8_t[:, ::1] by_column,
    float[:, ::1] lower,
    float[:, ::1] upper,
    bint widen,
):
    """Bins of the features ``start:stop``; the GIL is released.

    Parameters
    ----------
    X : (n, d) array of float32
        IN. NaN is missing, and has the bin MISSING_BIN.
    start, stop : int
        IN. Which features.
    edges : (d, N_BINS) array of float32
        IN. Ascending, +inf after the last.
    by_row, by_column : (n, d) and (d, n) arrays of uint8
        OUT. The bins.
    lower, upper : (d, N_BINS) arrays of float32
        INOUT. Least and greatest value of each bin.
    widen : bool
        IN. Whether there may be others than the edges were made of.
    """
    cdef Py_ssize_t n = X.shape[0], d = X.shape[1]
    if not 0 <= start <= stop <= d:
        raise ValueError("features must be among those of X")
    if edges.shape[0] != d or lower.shape[0] != d or upper.shape[0] != d or (
        edges.shape[1] != TREE_BINS or lower.shape[1] != TREE_BINS
        or upper.shape[1] != TREE_BINS
    ):
        raise ValueError("edges and values of bins must be (d, N_BINS)")
    if by_row.shape[0] != n or by_row.shape[1] != d or (
        by_column.shape[0] != d or by_column.shape[1] != n
    ):
        raise ValueError("bins must have the shape of X, and of its transpose")
    if n == 0 or start == stop:
        return
    with nogil:
        tree_bin_features(&X[0, 0], n, d, start, stop, &edges[0, 0], &by_row[0, 0],
                          &by_column[0, 0], &lower[0, 0], &upper[0, 0],
                          widen)
