"""A grid of cells over an image."""

from numbers import Integral

import numpy as np

from ..validation import check_number


def read_pair(value, name):
    """(rows, columns) from one integer or two."""
    pair = (value, value) if np.ndim(value) == 0 else tuple(value)
    if len(pair) != 2:
        raise ValueError(f"{name} must be an integer or a pair, got {value!r}.")
    for part in pair:
        check_number(part, name, 1, kind=Integral)
    return pair


def read_grid(value, shape):
    """(rows, columns) of cells; every cell needs a pixel."""
    grid = read_pair(value, "grid")
    if grid[0] > shape[0] or grid[1] > shape[1]:
        raise ValueError(
            f"Images of {shape[0]} x {shape[1]} pixels are smaller than "
            f"grid={grid}: they need at least {grid[0]} x {grid[1]}."
        )
    return grid


def cell_edges(length, n_cells):
    """Where cells of a line begin, and the end; about equal: intp (n_cells + 1,)."""
    return -(-np.arange(n_cells + 1) * length // n_cells)


def cell_means(values, grid):
    """Means over the cells of a grid.

    Parameters
    ----------
    values : ndarray (n, height, width, channels)
    grid : (rows, columns)

    Returns
    -------
    ndarray (n, rows, columns, channels)
    """
    for axis, n_cells in ((1, grid[0]), (2, grid[1])):
        edges = cell_edges(values.shape[axis], n_cells)
        sums = np.add.reduceat(values, edges[:-1], axis=axis)
        counts = np.diff(edges).reshape([-1 if a == axis else 1 for a in range(4)])
        values = sums / counts
    return values
