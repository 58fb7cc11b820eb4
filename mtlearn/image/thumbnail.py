"""Colours by place: the image at a handful of pixels."""

from numbers import Integral, Real

import numpy as np

from ..validation import check_number
from .base import ImageTransformer, check_finite_pixels

__all__ = ["Thumbnail"]

# Pixels converted at a time: what bounds the extra memory of a thread.
CHUNK_PIXELS = 1 << 17


class Thumbnail(ImageTransformer):
    r"""The image shrunk to ``shape`` by averaging areas, as a feature vector.

    Feature (r, c, channel) is the mean over the rectangle that the thumbnail's pixel
    (r, c) covers, pixels on its border counting by the part inside:
    :math:`s \, A I B'` per channel, where the rows of A and B are area weights that sum
    to 1. It tells where which colour is, which gradients do not.

    Parameters
    ----------
    shape : (int, int), default=(12, 8)
        Rows and columns, at most those of the images.
    scale : float, default=1/255
        Factor s on the pixels: 1/255 brings bytes to 0..1, the size of HOG features.
    n_jobs : int, default=None
        Threads over the images, as everywhere in joblib.

    Attributes
    ----------
    image_shape_ : tuple
        Of the images seen in ``fit``.
    n_features_out_ : int
        Rows x columns x channels.

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.image import Thumbnail
    >>> images = np.zeros((1, 4, 6), dtype=np.uint8)
    >>> images[0, :2] = 255
    >>> Thumbnail(shape=(2, 3)).fit_transform(images)
    array([[1., 1., 1., 0., 0., 0.]], dtype=float32)
    """

    _feature_name = "thumbnail_r{}_c{}_ch{}"

    def __init__(self, *, shape=(12, 8), scale=1 / 255, n_jobs=None):
        self.shape = shape
        self.scale = scale
        self.n_jobs = n_jobs

    def _feature_shape(self, shape):
        check_number(self.scale, "scale", -np.inf, kind=Real)
        if np.shape(self.shape) != (2,):
            raise ValueError(f"shape must be (rows, columns), got {self.shape!r}.")
        for side, most, name in zip(self.shape, shape, ("rows", "columns")):
            check_number(side, f"{name} of shape", 1, kind=Integral)
            if side > most:
                raise ValueError(
                    f"Images of {shape[0]} x {shape[1]} pixels are smaller than the "
                    f"thumbnail, shape={tuple(self.shape)}."
                )
        return (*self.shape, 1 if len(shape) == 2 else shape[2])

    def _fill(self, features, images, start, stop):
        height, width = self.image_shape_[:2]
        rows, columns, channels = self._feature_shape(self.image_shape_)
        A, B = _area_weights(height, rows) * self.scale, _area_weights(width, columns)
        step = max(1, CHUNK_PIXELS // int(np.prod(self.image_shape_)))
        for first in range(start, stop, step):
            last = min(first + step, stop)
            # In double, so that no type of the pixels changes the last digits.
            chunk = images.read(first, last, np.float64)
            check_finite_pixels(chunk)
            flat = chunk.reshape(len(chunk), height, width * channels)
            shrunk = (A @ flat).reshape(len(chunk), rows, width, channels)
            features[first:last] = (B @ shrunk).reshape(len(chunk), -1)


def _area_weights(length, parts):
    """(parts, length) matrix of averages over equal stretches of a line of pixels."""
    edges = np.linspace(0, length, parts + 1)
    pixels = np.arange(length)
    inside = np.minimum(edges[1:, None], pixels + 1) - np.maximum(
        edges[:-1, None], pixels
    )
    return np.maximum(inside, 0) * (parts / length)
