"""Descriptors of small neighbourhoods on a dense grid."""

from numbers import Integral

import numpy as np

from ..validation import check_number
from .base import ImageTransformer
from .grid import read_pair
from .lbp import read_grey

__all__ = ["DenseSIFT"]

N_CELLS = 4
CLIP = 0.2
EPS = 1e-6
# Pixels whose gradients are held at a time.
CHUNK_PIXELS = 1 << 16


class DenseSIFT(ImageTransformer):
    r"""SIFT descriptors on a regular grid of places, all upright and of one size.

    Around each place lie 4 x 4 cells. Every pixel votes with its gradient's magnitude
    for the two nearest of the orientations over 360 degrees, and for the cells around
    it, by its distance: :math:`\max(0, 1 - |y - y_c| / s) \max(0, 1 - |x - x_c| / s)`
    for cells of s pixels. The votes of a place are divided by their norm, clipped at
    0.2, and divided again.

    Parameters
    ----------
    cell : int, default=4
        Pixels s of a cell.
    step : int or (int, int), default=4
        Pixels from place to place.
    n_orientations : int, default=8
    n_jobs : int, default=None
        Threads over the images. The features do not depend on it, to the last bit.

    Attributes
    ----------
    image_shape_ : tuple
        Of the images seen in ``fit``.
    n_features_out_ : int
        Places x 16 x orientations.

    Notes
    -----
    Colour images count as their luminance. ``describe`` gives the descriptors of each
    place apart, which :class:`BagOfVisualWords`, :class:`VLAD` and
    :class:`FisherVector` put together.

    References
    ----------
    D. G. Lowe (2004), "Distinctive image features from scale-invariant keypoints",
    International Journal of Computer Vision 60.

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.image import DenseSIFT
    >>> images = np.random.default_rng(0).integers(0, 256, (2, 32, 32), dtype=np.uint8)
    >>> DenseSIFT(step=8).fit(images).describe(images).shape
    (2, 3, 3, 128)
    """

    _feature_name = "sift_r{}_c{}_y{}_x{}_o{}"

    def __init__(self, *, cell=4, step=4, n_orientations=8, n_jobs=None):
        self.cell = cell
        self.step = step
        self.n_orientations = n_orientations
        self.n_jobs = n_jobs

    def _feature_shape(self, shape):
        check_number(self.cell, "cell", 1, kind=Integral)
        check_number(self.n_orientations, "n_orientations", 1, 64, kind=Integral)
        size = N_CELLS * self.cell
        if min(shape[:2]) < size:
            raise ValueError(
                f"Images of {shape[0]} x {shape[1]} pixels are smaller than one "
                f"descriptor: cell={self.cell} needs at least {size} x {size}."
            )
        steps = read_pair(self.step, "step")
        places = ((shape[i] - size) // steps[i] + 1 for i in (0, 1))
        return (*places, N_CELLS, N_CELLS, self.n_orientations)

    def describe(self, X):
        """Descriptors of each place, float32 (n, rows, columns, 16 * orientations)."""
        flat = self.transform(X)
        rows, columns = self._feature_shape(self.image_shape_)[:2]
        return flat.reshape(len(flat), rows, columns, -1)

    def _fill(self, features, images, start, stop):
        shape = self._feature_shape(self.image_shape_)
        height, width = self.image_shape_[:2]
        steps = read_pair(self.step, "step")
        A = cell_weights(height, shape[0], steps[0], self.cell)
        B = cell_weights(width, shape[1], steps[1], self.cell).T
        step = max(1, CHUNK_PIXELS // (height * width))
        for first in range(start, stop, step):
            last = min(first + step, stop)
            votes = orientation_votes(
                read_grey(images, first, last), self.n_orientations
            )
            # A product of matrices per image, so that no image depends on others.
            cells = (A @ votes @ B).reshape(
                last - first, -1, shape[0], N_CELLS, shape[1], N_CELLS
            )
            places = cells.transpose(0, 2, 4, 3, 5, 1).reshape(
                last - first, shape[0] * shape[1], -1
            )
            features[first:last] = normalised(places).reshape(last - first, -1)


def cell_weights(length, n_places, step, cell):
    """Weights of pixels in cells (n_places * 4, length), float32."""
    centres = (np.arange(N_CELLS) + 0.5) * cell - 0.5
    places = np.arange(n_places)[:, None] * step + centres
    distance = np.abs(np.arange(length) - places.reshape(-1, 1))
    return np.maximum(0, 1 - distance / cell).astype(np.float32)


def orientation_votes(grey, n_orientations):
    """Magnitudes by orientation, float32 (n, n_orientations, height, width)."""
    grey = grey.astype(np.float32)
    dy, dx = np.gradient(grey, axis=(1, 2))
    place = np.arctan2(dy, dx) * np.float32(n_orientations / (2 * np.pi))
    lower = np.floor(place)
    share = place - lower
    strength = np.hypot(dx, dy)
    lower = lower.astype(np.intp) % n_orientations
    votes = np.zeros((len(grey), n_orientations, *grey.shape[1:]), dtype=np.float32)
    for o in range(n_orientations):
        votes[:, o] = strength * ((lower == o) * (1 - share))
        votes[:, o] += strength * ((lower == (o - 1) % n_orientations) * share)
    return votes


def normalised(places):
    """Divided by their norm, clipped, and divided again; what is flat stays zero."""
    for limit in (CLIP, np.inf):
        norm = np.linalg.norm(places, axis=-1, keepdims=True)
        places = np.minimum(places / np.maximum(norm, EPS), limit)
    return places
