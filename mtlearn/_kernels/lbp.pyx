"""Histograms of local binary patterns of a batch of images."""

import numpy as np


cdef extern from "lbp.h" nogil:
    enum: LBP_BAND, LBP_COPIES

    ctypedef struct lbp_plan:
        Py_ssize_t height, width, pad
        int n_points
        const double *rows
        const double *cols
        const int *bits
        const int *labels
        const Py_ssize_t *row_edges
        const Py_ssize_t *col_edges
        Py_ssize_t cells_down, cells_across, n_cells, n_patterns
        unsigned char *bytes
        unsigned char *byte_codes

    Py_ssize_t lbp_work_size(const lbp_plan *plan)
    void lbp_load_u8(const lbp_plan *plan, const unsigned char *image, double *work)
    void lbp_load_f8(const lbp_plan *plan, const double *image, double *work)
    void lbp_count(const lbp_plan *plan, double *work, unsigned *codes,
                   unsigned *tally, float *counts)

ctypedef unsigned char uchar

ctypedef fused pixel:
    uchar
    double


def lbp_histograms(
    const pixel[:, :, ::1] images,
    const double[::1] rows,
    const double[::1] cols,
    const int[::1] bits,
    const int[::1] labels,
    const Py_ssize_t[::1] row_edges,
    const Py_ssize_t[::1] col_edges,
    float[:, :, ::1] counts,
):
    """Count the patterns in every cell of every image; the GIL is released.

    Parameters
    ----------
    images : (n, height, width) array of uint8 or float64
        IN. C order, finite.
    rows, cols : (n_points,) arrays of float64
        IN. Offsets of the neighbours; at most 16.
    bits : (n_points,) array of int32
        IN. Bit of each neighbour. The fastest order has equal ``cols`` side by side.
    labels : (2 ** n_points,) array of int32
        IN. From the bits of a pixel to its pattern.
    row_edges, col_edges : (rows + 1,), (columns + 1,) arrays of intp
        IN. Where the rows and columns of cells begin, and the end.
    counts : (n, n_cells, n_patterns) array of float32
        IN and OUT. Is added to.
    """
    cdef Py_ssize_t i, n_padded, n = images.shape[0]
    cdef lbp_plan plan
    cdef double[::1] work
    cdef unsigned[::1] codes, tally
    cdef uchar[::1] frame
    plan.height, plan.width = images.shape[1], images.shape[2]
    plan.n_points = <int>rows.shape[0]
    plan.cells_down, plan.cells_across = row_edges.shape[0] - 1, col_edges.shape[0] - 1
    plan.n_cells, plan.n_patterns = counts.shape[1], counts.shape[2]
    if not 1 <= plan.n_points <= 16 or labels.shape[0] != 1 << plan.n_points:
        raise ValueError("labels must have one entry per pattern of bits, at most 2^16")
    if cols.shape[0] != rows.shape[0] or sorted(bits) != list(range(plan.n_points)):
        raise ValueError("every neighbour must have an offset and a bit of its own")
    _check_edges(np.asarray(row_edges), plan.height)
    _check_edges(np.asarray(col_edges), plan.width)
    if counts.shape[0] != n or plan.n_cells != plan.cells_down * plan.cells_across:
        raise ValueError("counts must be (n, n_cells, n_patterns)")
    if n == 0 or plan.height == 0 or plan.width == 0:
        return
    if np.max(labels) >= plan.n_patterns or np.min(labels) < 0:
        raise ValueError("labels must be patterns")
    plan.rows, plan.cols, plan.bits = &rows[0], &cols[0], &bits[0]
    plan.labels = &labels[0]
    plan.row_edges, plan.col_edges = &row_edges[0], &col_edges[0]
    plan.pad = int(np.ceil(max(np.abs(rows).max(), np.abs(cols).max()))) + 1
    work = np.zeros(lbp_work_size(&plan))
    plan.bytes = plan.byte_codes = NULL
    if pixel is uchar and plan.n_points <= 8:
        n_padded = (plan.height + 2 * plan.pad) * (plan.width + 2 * plan.pad)
        frame = np.zeros(n_padded + LBP_BAND * plan.width, dtype=np.uint8)
        plan.bytes, plan.byte_codes = &frame[0], &frame[n_padded]
    codes = np.empty(LBP_BAND * plan.width, dtype=np.uintc)
    tally = np.empty(LBP_COPIES * plan.n_cells * plan.n_patterns, dtype=np.uintc)
    with nogil:
        for i in range(n):
            if pixel is uchar:
                lbp_load_u8(&plan, &images[i, 0, 0], &work[0])
            else:
                lbp_load_f8(&plan, &images[i, 0, 0], &work[0])
            lbp_count(&plan, &work[0], &codes[0], &tally[0], &counts[i, 0, 0])


def _check_edges(edges, length):
    if len(edges) < 2 or edges[0] != 0 or edges[len(edges) - 1] != length or (
        np.diff(edges).min() < 0
    ):
        raise ValueError("every pixel must have a cell")
