"""The histograms of part-based detectors as a graph, in float32 as the features."""

import numpy as np

from ...image.felzenszwalb import (
    CLIP,
    EPS,
    N_DIRECTIONS,
    TEXTURE,
    centre_weights,
)
from .hog import difference
from .images import features, means, pixels


def convert_felzenszwalb(g, step, value):
    """As :class:`mtlearn.image.FelzenszwalbHOG`."""
    x = pixels(g, value, np.float32)
    cell = step.pixels_per_cell
    down, across = (centre_weights(side, cell) for side in value.shape[:2])
    cells = [means(g, votes, 1, down, across) for votes in _votes(g, x, value.shape)]
    h = g.op("Concat", *cells, axis=3)
    rows, columns = len(down), len(across)
    return features(g, _normalised(g, h, rows, columns), step, value.shape)


def _votes(g, x, shape):
    """Magnitudes of the pixels of each of the directions, (n, height, width) each."""
    u, v, strength = _strongest(g, x, shape)
    folded_u = g.op("Where", g.op("Less", v, np.float32(0)), g.op("Neg", u), u)
    level = g.op("Equal", v, np.float32(0))
    below = g.op("Or", g.op("Less", v, np.float32(0)),
                 g.op("And", level, g.op("Less", u, np.float32(0))))  # fmt: skip
    folded_u = g.op("Where", level, g.op("Abs", u), folded_u)
    wide_u = g.cast(folded_u, np.float64)
    wide_v = g.cast(g.op("Abs", v), np.float64)
    number = g.op("Where", below, np.int64(N_DIRECTIONS), np.int64(0))
    for k in range(N_DIRECTIONS):
        bound = np.pi * (k + 0.5) / N_DIRECTIONS
        passed = _passed(g, wide_u, wide_v, bound, below)
        number = g.op("Add", number, g.cast(passed, np.int64))
    number = g.op("Mod", number, np.int64(2 * N_DIRECTIONS))
    for k in range(2 * N_DIRECTIONS):
        here = g.op("Equal", number, np.int64(k))
        yield g.op("Where", here, strength, np.float32(0))


def _passed(g, u, v, bound, below):
    """Whether an angle of the upper half plane is nearer to what is after a bound."""
    if not np.isclose(bound, np.pi / 2):
        return g.op("LessOrEqual", u, g.op("Mul", v, np.float64(1 / np.tan(bound))))
    # Upright gradients are half way between two directions, to the last digit: rint
    # takes the even one.
    before = g.op("Less", u, np.float64(0))
    return g.op("Or", before, g.op("And", below, g.op("Equal", u, np.float64(0))))


def _strongest(g, x, shape):
    """Gradient of the strongest channel, the first on ties, and its magnitude."""
    gx, gy = (difference(g, x, axis, shape[axis - 1]) for axis in (2, 1))
    best = None
    for c in range(shape[2] if len(shape) == 3 else 1):
        u, v = (g.op("Gather", d, np.int64(c), axis=3) for d in (gx, gy))
        square = g.op("Add", g.op("Mul", u, u), g.op("Mul", v, v))
        found = (u, v, square)
        if best is not None:
            stronger = g.op("Greater", square, best[2])
            found = tuple(g.op("Where", stronger, *pair) for pair in zip(found, best))
        best = found
    return best[0], best[1], g.op("Sqrt", best[2])


def _normalised(g, h, rows, columns):
    """31 numbers of the inner cells, from 18 of all (n, rows, columns, 18)."""

    def part(x, top, bottom, left, right):
        return g.slice(g.slice(x, top, bottom, 1), left, right, 2)

    u = g.op("Add", g.slice(h, 0, N_DIRECTIONS, 3),
             g.slice(h, N_DIRECTIONS, 2 * N_DIRECTIONS, 3))  # fmt: skip
    energy = g.sum(g.op("Mul", u, u), 3, keepdims=1)
    square = g.op("Sum", *(
        part(energy, down, rows - 1 + down, across, columns - 1 + across)
        for down in (0, 1) for across in (0, 1)
    ))  # fmt: skip
    h, u = (part(x, 1, rows - 1, 1, columns - 1) for x in (h, u))
    signed, unsigned, texture = [], [], []
    for down in (0, 1):
        for across in (0, 1):
            own = part(square, down, rows - 2 + down, across, columns - 2 + across)
            norm = g.op("Add", g.op("Sqrt", own), np.float32(EPS))
            signed.append(g.op("Min", g.op("Div", h, norm), np.float32(CLIP)))
            unsigned.append(g.op("Min", g.op("Div", u, norm), np.float32(CLIP)))
            texture.append(g.op("Mul", g.sum(signed[-1], 3, 1), np.float32(TEXTURE)))
    halves = [
        g.op("Mul", g.op("Sum", *cut), np.float32(0.5)) for cut in (signed, unsigned)
    ]
    return g.op("Concat", *halves, *texture, axis=3)
