"""Images in a graph: pixels, parts, means over areas."""

import numpy as np

from ...image.thumbnail import _area_weights
from .graph import Value


def pixels(g, value, dtype):
    """Images with channels, (n, height, width, channels), as the features read them."""
    x = value.name
    if value.dtype != dtype:
        x = g.cast(x, dtype)
    return x if len(value.shape) == 3 else g.reshape(x, *value.shape, 1)


def _n_channels(value):
    return value.shape[2] if len(value.shape) == 3 else 1


def means(g, x, n_channels, down, across):
    """``down @ x @ across'`` of each channel, (n, rows, columns, channels).

    Parameters
    ----------
    x : str
        Of (n, channels, height, width).
    n_channels : int
    down : ndarray (rows, height)
    across : ndarray (columns, width)
    """
    # Constants on the right, and rows in one batch: products of more dimensions, which
    # onnxruntime also makes of a product after a transposition, fail for no images.
    for weights, others in ((across, down.shape[1]), (down, len(across))):
        x = g.reshape(x, n_channels * others, weights.shape[1])
        x = g.op("MatMul", x, np.ascontiguousarray(weights.T))
        x = g.reshape(x, n_channels, others, len(weights))
        x = g.op("Transpose", x, perm=[0, 1, 3, 2])
    return g.op("Transpose", x, perm=[0, 2, 3, 1])


def features(g, x, step, shape):
    """Rows of features in float32, from all numbers that a step makes of an image."""
    size = int(np.prod(step._feature_shape(shape)))
    return Value(g.cast(g.reshape(x, size), np.float32), np.dtype(np.float32), (size,))


def convert_thumbnail(g, step, value):
    """As :class:`mtlearn.image.Thumbnail`."""
    (height, width), (rows, columns) = value.shape[:2], step.shape
    x = g.op("Transpose", pixels(g, value, np.float64), perm=[0, 3, 1, 2])
    down = _area_weights(height, rows) * step.scale
    x = means(g, x, _n_channels(value), down, _area_weights(width, columns))
    return features(g, x, step, value.shape)


def convert_crop(g, step, value):
    """As :class:`mtlearn.image.Crop`."""
    window = step._window(value.shape, step._check())
    x, shape = value.name, list(value.shape)
    for axis, part in enumerate(window):
        x = g.slice(x, part.start, part.stop, axis + 1)
        shape[axis] = part.stop - part.start
    return Value(x, value.dtype, tuple(shape))
