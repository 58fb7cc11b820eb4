"""Histograms of oriented gradients as a graph: the stages of ``hog_stages.h``."""

import numpy as np

from ..._kernels import hog_bin_slopes
from ...image.grid import read_pair
from .images import features, pixels


def convert_hog(g, step, value):
    """As :class:`mtlearn.image.HOG`."""
    cells = step._cells()
    # The type of the pixels, and that of the arithmetic.
    pixel = step._pixel_type(value.dtype, np.max(cells))
    real = np.float32 if pixel == np.uint8 else np.float64
    x = pixels(g, value, np.float32 if pixel == np.uint8 else pixel)
    if step.transform_sqrt:  # rounded once: some roots of float32 are off by a digit
        x = g.cast(g.op("Sqrt", g.cast(x, np.float64)), pixel)
    votes = Votes(g, x, value.shape, real, step.orientations, pixel != np.float64)
    parts = [_features(g, step, votes, cell) for cell in cells]
    joined = parts[0] if len(parts) == 1 else g.op("Concat", *parts, axis=1)
    return features(g, joined, step, value.shape)


def _features(g, step, votes, cell):
    down, across, *_ = step._shape_of(votes.shape, cell)
    block = read_pair(step.cells_per_block, "cells_per_block")
    rows, columns = (votes.shape[i] // cell[i] for i in (0, 1))
    shares = [_cells(g, vote, (rows, columns), cell, votes.real) for vote in votes.bins]
    # (n, cells, bins), then the cells of each block.
    cells = g.op("Concat", *(g.reshape(s, rows * columns, 1) for s in shares), axis=2)
    number = np.arange(rows * columns).reshape(rows, columns)
    window = np.lib.stride_tricks.sliding_window_view(number, block)
    window = window.reshape(down * across, -1)
    blocks = g.op("Gather", cells, window, axis=1)
    size = window.shape[1] * step.orientations
    blocks = _normalised(
        g, g.reshape(blocks, len(window), size), step.block_norm, votes.real
    )
    return g.reshape(blocks, len(window) * size)


class Votes:
    """Magnitudes of the pixels of each bin, ``bins``: (n, height, width) each."""

    def __init__(self, g, x, shape, real, n_bins, float_strength):
        self.shape, self.real = shape, real
        u, v, magnitude = _gradient(g, x, shape, real, float_strength)
        zero = real(0)
        turned = g.op("Where", g.op("Less", v, zero), g.op("Neg", u), u)
        u = g.op("Where", g.op("Equal", v, zero), g.op("Abs", u), turned)
        v = g.op("Abs", v)
        # Each magnitude is passed up from bound to bound, see the kernel.
        self.bins, left = [], magnitude
        for slope in hog_bin_slopes(n_bins).astype(real):
            beyond = g.op("LessOrEqual", u, g.op("Mul", v, slope))
            above = g.op("Where", beyond, left, zero)
            self.bins.append(g.op("Sub", left, above))
            left = above
        self.bins.append(left)


def _gradient(g, x, shape, real, float_strength):
    """Gradient of the strongest channel, and its magnitude, (n, height, width)."""
    gx, gy = (difference(g, x, axis, shape[axis - 1]) for axis in (2, 1))
    n_channels = shape[2] if len(shape) == 3 else 1
    best = None
    for c in range(n_channels):
        u, v = (g.cast(g.op("Gather", d, np.int64(c), axis=3), real) for d in (gx, gy))
        size = g.op("Sqrt", g.op("Add", g.op("Mul", u, u), g.op("Mul", v, v)))
        strength = size
        if n_channels > 1:
            strength = (
                g.cast(size, np.float32) if float_strength else _hypot(g, u, v, size)
            )
        found = (u, v, size, strength)
        if best is not None:
            stronger = g.op("Greater", strength, best[3])
            found = tuple(g.op("Where", stronger, *pair) for pair in zip(found, best))
        best = found
    return best[:3]


def _hypot(g, u, v, size):
    """Lengths of (u, v) rounded as ``hypot`` rounds: it decides which channels tie.

    From ``size``, the root of the sum of squares, by the correction of Borges, "An
    improved algorithm for hypot(a, b)", 2019.
    """

    def add(a, b):
        return g.op("Add", a, b)

    def sub(a, b):
        return g.op("Sub", a, b)

    def mul(a, b):
        return g.op("Mul", a, b)

    two, four = np.float64(2), np.float64(4)
    u, v = g.op("Abs", u), g.op("Abs", v)
    x, y = g.op("Max", u, v), g.op("Min", u, v)
    d = sub(size, y)
    near = add(mul(x, sub(mul(two, d), x)), mul(sub(d, mul(two, sub(x, y))), d))
    e = sub(size, x)
    far = mul(mul(two, e), sub(x, mul(two, y)))
    far = add(far, add(mul(sub(mul(four, e), y), y), mul(e, e)))
    excess = g.op("Where", g.op("LessOrEqual", size, mul(two, y)), near, far)
    none = g.op("Equal", size, np.float64(0))
    divisor = g.op("Where", none, np.float64(1), mul(two, size))
    return sub(size, g.op("Div", excess, divisor))


def difference(g, x, axis, length):
    """Centred differences of (n, height, width, channels), 0 on the border."""
    if length < 3:
        return g.op("Sub", x, x)
    inner = g.op("Sub", g.slice(x, 2, length, axis), g.slice(x, 0, length - 2, axis))
    pads = np.zeros(8, dtype=np.int64)
    pads[[axis, axis + 4]] = 1
    return g.op("Pad", inner, pads)


def _cells(g, vote, counts, cell, real):
    """Mean vote per cell, (n, rows, columns)."""
    (rows, columns), (height, width) = counts, cell
    vote = g.slice(g.slice(vote, 0, rows * height, 1), 0, columns * width, 2)
    vote = g.sum(g.reshape(vote, rows * height, columns, width), 3)
    vote = g.sum(g.reshape(vote, rows, height, columns), 2)
    return g.op("Mul", vote, real(1) / real(height * width))


def _normalised(g, blocks, norm, real):
    """Blocks (n, blocks, numbers) divided by their norms."""
    eps = real(1e-5)
    if norm in ("L1", "L1-sqrt"):
        size = g.op("Add", g.sum(blocks, 2, keepdims=1), eps)
        shares = g.op("Div", blocks, size)
        return g.op("Sqrt", shares) if norm == "L1-sqrt" else shares
    shares = _by_length(g, blocks, eps)
    if norm == "L2":
        return shares
    return _by_length(g, g.op("Min", shares, real(0.2)), eps)


def _by_length(g, blocks, eps):
    square = g.sum(g.op("Mul", blocks, blocks), 2, keepdims=1)
    return g.op("Div", blocks, g.op("Sqrt", g.op("Add", square, eps * eps)))
