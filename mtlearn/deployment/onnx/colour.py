"""Colours as a graph, in double as in :mod:`mtlearn.image.colour`."""

import numpy as np
from skimage import color

from ...image.colour import SPACES
from ...image.grid import cell_edges
from .images import features, means, pixels


def convert_histogram(g, step, value):
    """As :class:`mtlearn.image.ColourHistogram`."""
    height, width = value.shape[:2]
    grid, bins = step._check(value.shape), step._bins()
    _, limits = SPACES[step.space]
    codes = [
        _bin(g, channel, *limits[c], bins[c])
        for c, channel in enumerate(_channels(g, step, value))
    ]
    if step.joint:
        code = g.op("Add", g.op("Mul", codes[0], np.int64(bins[1])), codes[1])
        code = g.op("Add", g.op("Mul", code, np.int64(bins[2])), codes[2])
        shares = _cell_shares(g, code, int(np.prod(bins)), grid, (height, width))
    else:
        parts = [
            _cell_shares(g, code, n, grid, (height, width))
            for code, n in zip(codes, bins)
        ]
        shares = g.op("Concat", *parts, axis=2)
    return features(g, shares, step, value.shape)


def convert_moments(g, step, value):
    """As :class:`mtlearn.image.ColourMoments`."""
    grid = step._check(value.shape)
    x = g.op("Concat", *(g.op("Unsqueeze", c, np.array([1]))
                         for c in _channels(g, step, value)), axis=1)  # fmt: skip
    down, across = (_cell_averages(*side) for side in zip(value.shape, grid))
    mean = means(g, x, 3, down, across)
    square = means(g, g.op("Mul", x, x), 3, down, across)
    spread = g.op("Sub", square, g.op("Mul", mean, mean))
    spread = g.op("Max", spread, np.float64(0))
    return features(g, g.op("Concat", mean, spread, axis=3), step, value.shape)


def _cell_averages(length, n_cells):
    """(n_cells, length) matrix of means over the cells of a line."""
    sizes = np.diff(cell_edges(length, n_cells))
    return np.repeat(np.diag(1 / sizes), sizes, axis=1)


def _bin(g, values, low, high, n_bins):
    """Number of the bin of each value, int64."""
    if low:
        values = g.op("Sub", values, np.float64(low))
    scaled = g.op("Mul", values, np.float64(n_bins / (high - low)))
    code = g.cast(scaled, np.int64)
    return g.op("Max", g.op("Min", code, np.int64(n_bins - 1)), np.int64(0))


def _cell_shares(g, code, n_codes, grid, shape):
    """Share of the pixels of a cell that have each code, (n, cells, n_codes)."""
    sizes = [np.diff(cell_edges(*side)) for side in zip(shape, grid)]
    row, column = (np.repeat(np.arange(len(s)), s) for s in sizes)
    first = (row[:, None] * grid[1] + column) * n_codes
    place = g.reshape(g.op("Add", code, first), first.size)
    n_cells = grid[0] * grid[1]
    share = np.repeat(1 / np.outer(*sizes).ravel(), n_codes).reshape(n_cells, n_codes)
    size = g.op("Concat", g.n_rows(code), np.array([n_cells * n_codes]), axis=0)
    none = g.op("Expand", np.float64(0), size)
    one = g.op("Expand", np.float64(1), g.op("Shape", place))
    counts = g.op("ScatterElements", none, place, one, axis=1, reduction="add")
    return g.op("Mul", g.reshape(counts, n_cells, n_codes), share)


def _channels(g, step, value):
    """Three channels (n, height, width) in the colour space of a step."""
    x = g.op("Div", pixels(g, value, np.float64), np.float64(step.white))
    x = g.op("Max", g.op("Min", x, np.float64(1)), np.float64(0))
    if step.space in ("lab", "luv"):
        x = _xyz(g, x)
    channels = [g.op("Gather", x, np.int64(c), axis=3) for c in range(3)]
    return FROM_CHANNELS[step.space](g, *channels)


def _rgb(g, red, green, blue):
    return red, green, blue


def _hsv(g, red, green, blue):
    value = g.op("Max", red, green, blue)
    delta = g.op("Sub", value, g.op("Min", red, green, blue))
    grey = g.op("Equal", delta, np.float64(0))
    divisor = g.op("Where", grey, np.float64(1), delta)

    def turn(first, second, start):
        part = g.op("Div", g.op("Sub", first, second), divisor)
        return g.op("Add", part, np.float64(start)) if start else part

    hue = g.op(
        "Where", g.op("Equal", green, value), turn(blue, red, 2), turn(green, blue, 0)
    )
    hue = g.op("Where", g.op("Equal", blue, value), turn(red, green, 4), hue)
    hue = g.op("Div", hue, np.float64(6))
    hue = g.op("Sub", hue, g.op("Floor", hue))
    hue = g.op("Where", grey, np.float64(0), hue)
    bright = g.op("Where", grey, np.float64(1), value)
    return hue, g.op("Div", delta, bright), value


def _xyz(g, x):
    curved = g.op("Div", g.op("Add", x, np.float64(0.055)), np.float64(1.055))
    curved = g.op("Pow", curved, np.float64(2.4))
    bright = g.op("Greater", x, np.float64(0.04045))
    x = g.op("Where", bright, curved, g.op("Div", x, np.float64(12.92)))
    return g.op("MatMul", x, color.rgb2xyz(np.eye(3)))


def _cube_root(g, x):
    return g.op("Pow", x, np.float64(1 / 3))


def _white():
    return color.xyz_tristimulus_values(illuminant="D65", observer="2", dtype=float)


def _lab(g, x, y, z):
    def bent(part, white):
        part = g.op("Div", part, np.float64(white))
        flat = g.op("Mul", part, np.float64(7.787))
        flat = g.op("Add", flat, np.float64(16.0 / 116.0))
        bright = g.op("Greater", part, np.float64(0.008856))
        return g.op("Where", bright, _cube_root(g, part), flat)

    x, y, z = (bent(*pair) for pair in zip((x, y, z), _white()))
    light = g.op("Sub", g.op("Mul", y, np.float64(116)), np.float64(16))
    a = g.op("Mul", g.op("Sub", x, y), np.float64(500))
    return light, a, g.op("Mul", g.op("Sub", y, z), np.float64(200))


def _luv(g, x, y, z):
    white = _white()
    light = g.op("Div", y, np.float64(white[1]))
    curved = g.op("Mul", _cube_root(g, light), np.float64(116))
    curved = g.op("Sub", curved, np.float64(16))
    bright = g.op("Greater", light, np.float64(0.008856))
    flat = g.op("Mul", light, np.float64(903.3))
    light = g.op("Where", bright, curved, flat)
    total = g.op("Add", x, g.op("Mul", y, np.float64(15)))
    total = g.op("Add", total, g.op("Mul", z, np.float64(3)))
    total = g.op("Add", total, np.finfo(float).eps)
    weighed = np.array([1.0, 15.0, 3.0]) @ white

    def part(value, factor, of_white):
        share = g.op("Div", g.op("Mul", value, np.float64(factor)), total)
        away = g.op("Sub", share, np.float64(factor * of_white / weighed))
        return g.op("Mul", g.op("Mul", light, np.float64(13)), away)

    return light, part(x, 4, white[0]), part(y, 9, white[1])


FROM_CHANNELS = {"rgb": _rgb, "hsv": _hsv, "lab": _lab, "luv": _luv}
