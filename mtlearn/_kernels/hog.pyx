"""Histograms of oriented gradients of a batch of images of one size."""

import numpy as np


cdef extern from "hog.h" nogil:
    ctypedef struct hog_plan:
        Py_ssize_t height, width, channels
        Py_ssize_t cell_height, cell_width
        Py_ssize_t block_height, block_width
        Py_ssize_t cells_down, cells_across
        int bins, norm

    enum:
        HOG_MAX_BINS

    Py_ssize_t hog_work_size(const hog_plan *plan)
    int hog_best_set()
    void hog_u8(const hog_plan *plan, const unsigned char *image, const float *slopes,
                float *work, float *features, int set)
    void hog_f4(const hog_plan *plan, const float *image, const double *slopes,
                double *work, float *features, int set)
    void hog_f8(const hog_plan *plan, const double *image, const double *slopes,
                double *work, float *features, int set)


ctypedef unsigned char uchar

ctypedef fused pixel:
    uchar
    float
    double

MAX_ORIENTATIONS = HOG_MAX_BINS
BLOCK_NORMS = ("L1", "L1-sqrt", "L2", "L2-Hys")
# Those that this processor can run, slowest first.
INSTRUCTION_SETS = ("plain", "vector", "avx2")[: hog_best_set() + 1]


def bin_slopes(int orientations):
    """Cotangents of the bounds 180 k / orientations degrees between bins.

    Exact at 45, 90 and 135 degrees, where whole-number gradients meet a bound.
    """
    k = np.arange(1, orientations)
    slopes = 1 / np.tan(np.pi * k / orientations)
    slopes[4 * k == orientations] = 1
    slopes[2 * k == orientations] = 0
    slopes[4 * k == 3 * orientations] = -1
    return slopes


def hog_features(
    const pixel[:, :, :, ::1] images,
    float[:, ::1] features,
    *,
    orientations,
    pixels_per_cell,
    cells_per_block,
    block_norm,
    instructions=None,
):
    """HOG features of every image; the GIL is released.

    Parameters
    ----------
    images : (n, height, width, channels) array of uint8, float32 or float64
        IN. One or three channels, C order, finite.
    features : (n, n_features) array of float32
        OUT. n_features = blocks down * blocks across * cells per block * orientations.
    orientations : int
        Number of bins over 180 degrees, at most MAX_ORIENTATIONS.
    pixels_per_cell, cells_per_block : (int, int)
        Rows and columns.
    block_norm : str
        One of BLOCK_NORMS.
    instructions : str, default=None
        One of INSTRUCTION_SETS; None is the fastest. On x86 all give the same bits.
    """
    cdef hog_plan plan
    cdef int code = hog_best_set()
    cdef Py_ssize_t i, n = images.shape[0]
    cdef float[::1] slopes4, work4
    cdef double[::1] slopes8, work8

    if instructions is not None:
        code = INSTRUCTION_SETS.index(instructions)
    plan.height = images.shape[1]
    plan.width = images.shape[2]
    plan.channels = images.shape[3]
    plan.cell_height, plan.cell_width = pixels_per_cell
    plan.block_height, plan.block_width = cells_per_block
    plan.bins = orientations
    plan.norm = BLOCK_NORMS.index(block_norm)
    _check_plan(&plan)
    if features.shape[0] != n or features.shape[1] != _n_features(&plan):
        raise ValueError("features must be (n, n_features)")
    if n == 0:
        return

    # One spare slope, so that a single bin has something to point at.
    slopes = np.append(bin_slopes(orientations), 0.0)
    if pixel is uchar:
        slopes4 = slopes.astype(np.float32)
        work4 = np.empty(hog_work_size(&plan), dtype=np.float32)
    else:
        slopes8 = slopes
        work8 = np.empty(hog_work_size(&plan))
    with nogil:
        for i in range(n):
            if pixel is uchar:
                hog_u8(&plan, &images[i, 0, 0, 0], &slopes4[0], &work4[0],
                       &features[i, 0], code)
            elif pixel is float:
                hog_f4(&plan, &images[i, 0, 0, 0], &slopes8[0], &work8[0],
                       &features[i, 0], code)
            else:
                hog_f8(&plan, &images[i, 0, 0, 0], &slopes8[0], &work8[0],
                       &features[i, 0], code)


cdef int _check_plan(hog_plan *plan) except -1:
    """Fill in the cells; refuse what the C code cannot run."""
    if plan.channels != 1 and plan.channels != 3:
        raise ValueError("images need one or three channels")
    if plan.bins < 1 or plan.bins > HOG_MAX_BINS:
        raise ValueError("orientations must be between 1 and MAX_ORIENTATIONS")
    if min(plan.cell_height, plan.cell_width) < 1:
        raise ValueError("cells must have pixels")
    if min(plan.block_height, plan.block_width) < 1:
        raise ValueError("blocks must have cells")
    plan.cells_down = plan.height // plan.cell_height
    plan.cells_across = plan.width // plan.cell_width
    if plan.cells_down < plan.block_height or plan.cells_across < plan.block_width:
        raise ValueError("images must hold one block")
    return 0


cdef Py_ssize_t _n_features(const hog_plan *plan) noexcept:
    return (
        (plan.cells_down - plan.block_height + 1)
        * (plan.cells_across - plan.block_width + 1)
        * plan.block_height * plan.block_width * plan.bins
    )
