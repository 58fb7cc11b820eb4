"""Triangle codes of the patches of an image, added up in cells."""

import numpy as np


cdef extern from "patches.h" nogil:
    void patches_add_triangle(Py_ssize_t n_centres, float *products, float square,
                              const float *centre_squares, float *cell)


def add_triangles(
    float[:, ::1] products,
    const float[::1] squares,
    const float[::1] centre_squares,
    const Py_ssize_t[::1] cell_of,
    float[:, ::1] codes,
):
    """Add the codes ``max(0, mean of z - z_k)`` of patches; the GIL is released.

    Parameters
    ----------
    products : (n_patches, n_centres) array of float32
        IN, and overwritten. Patches times centres.
    squares, centre_squares : (n_patches,), (n_centres,) arrays of float32
        IN. Squared lengths.
    cell_of : (n_patches,) array of intp
        IN. Row of ``codes`` of each patch.
    codes : (n_cells, n_centres) array of float32
        IN and OUT. Is added to.
    """
    cdef Py_ssize_t i, n = products.shape[0], n_centres = products.shape[1]
    if squares.shape[0] != n or cell_of.shape[0] != n:
        raise ValueError("every patch must have a square and a cell")
    if centre_squares.shape[0] != n_centres or codes.shape[1] != n_centres:
        raise ValueError("every centre must have a square and a code")
    if n == 0 or n_centres == 0:
        return
    if np.min(cell_of) < 0 or np.max(cell_of) >= codes.shape[0]:
        raise ValueError("cells must be rows of codes")
    with nogil:
        for i in range(n):
            patches_add_triangle(n_centres, &products[i, 0], squares[i],
                                 &centre_squares[0], &codes[cell_of[i], 0])
