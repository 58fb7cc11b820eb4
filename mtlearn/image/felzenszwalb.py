"""The gradient histograms of part-based detectors."""

from numbers import Integral

import numpy as np

from ..validation import check_number
from .base import ImageTransformer, check_finite_pixels
from .sift import CHUNK_PIXELS

__all__ = ["FelzenszwalbHOG"]

N_DIRECTIONS = 9
CLIP, EPS = 0.2, 1e-4
# What makes the four texture numbers as large as the others.
TEXTURE = 0.2357


class FelzenszwalbHOG(ImageTransformer):
    r"""The 31 numbers per cell of Felzenszwalb and others.

    1. Each pixel has the gradient of its strongest channel, and votes for the nearest
       of 18 directions over 360 degrees, in the four cells around it, by its distance
       to their centres.
    2. With :math:`h` the 18 sums of a cell and :math:`u` the 9 sums of opposite
       directions, and N one of the four roots of :math:`|u|^2` summed over a square of
       2 x 2 cells that the cell is in: :math:`h / N` and :math:`u / N` are cut at 0.2.
    3. The features are half their sums over the four N, 18 that tell light from dark
       and 9 that do not, and for each N the sum of the 18, times 0.2357.

    Parameters
    ----------
    pixels_per_cell : int, default=8
    n_jobs : int, default=None
        Threads over the images. The features do not depend on it, to the last bit.

    Attributes
    ----------
    image_shape_ : tuple
        Of the images seen in ``fit``.
    n_features_out_ : int
        Inner cells x 31; cells on the border only serve to normalise.

    References
    ----------
    P. F. Felzenszwalb, R. B. Girshick, D. McAllester and D. Ramanan (2010), "Object
    detection with discriminatively trained part-based models", IEEE Transactions on
    Pattern Analysis and Machine Intelligence 32.

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.image import FelzenszwalbHOG
    >>> images = np.random.default_rng(0).integers(0, 256, (2, 40, 32), dtype=np.uint8)
    >>> FelzenszwalbHOG().fit_transform(images).shape
    (2, 186)
    """

    _feature_name = "fhog_r{}_c{}_{}"

    def __init__(self, *, pixels_per_cell=8, n_jobs=None):
        self.pixels_per_cell = pixels_per_cell
        self.n_jobs = n_jobs

    def _feature_shape(self, shape):
        cell = self.pixels_per_cell
        check_number(cell, "pixels_per_cell", 1, kind=Integral)
        if min(shape[:2]) < 3 * cell:
            raise ValueError(
                f"Images of {shape[0]} x {shape[1]} pixels are smaller than 3 x 3 "
                f"cells: pixels_per_cell={cell} needs at least {3 * cell} x {3 * cell}."
            )
        return (shape[0] // cell - 2, shape[1] // cell - 2, 31)

    def _fill(self, features, images, start, stop):
        height, width = self.image_shape_[:2]
        A = centre_weights(height, self.pixels_per_cell)
        B = centre_weights(width, self.pixels_per_cell).T
        step = max(1, CHUNK_PIXELS // (height * width))
        for first in range(start, stop, step):
            last = min(first + step, stop)
            chunk = images.read(first, last, np.float32)
            check_finite_pixels(chunk)
            # A product of matrices per image, so that no image depends on others.
            cells = A @ direction_votes(chunk) @ B
            values = contrast_normalised(np.moveaxis(cells, 1, 3))
            features[first:last] = values.reshape(last - first, -1)


def centre_weights(length, cell):
    """Weights of pixels in cells (n_cells, length): 1 at the centre, 0 at the next."""
    centres = (np.arange(length // cell) + 0.5) * cell - 0.5
    distance = np.abs(np.arange(length) - centres[:, None])
    return np.maximum(0, 1 - distance / cell).astype(np.float32)


def direction_votes(images):
    """Magnitude of each pixel at its direction, (n, 18, height, width)."""
    y, x = np.zeros_like(images), np.zeros_like(images)
    y[:, 1:-1] = images[:, 2:] - images[:, :-2]
    x[:, :, 1:-1] = images[:, :, 2:] - images[:, :, :-2]
    strongest = (x**2 + y**2).argmax(axis=3)[..., None]
    y, x = (np.take_along_axis(g, strongest, axis=3)[..., 0] for g in (y, x))
    turn = np.arctan2(y, x) * np.float32(N_DIRECTIONS / np.pi)
    nearest = np.rint(turn).astype(np.intp) % (2 * N_DIRECTIONS)
    strength = np.hypot(x, y)
    directions = np.arange(2 * N_DIRECTIONS)[:, None, None]
    return np.where(nearest[:, None] == directions, strength[:, None], np.float32(0))


def contrast_normalised(h):
    """31 numbers of the inner cells, from 18 of all (n, rows, columns, 18)."""
    u = h[..., :N_DIRECTIONS] + h[..., N_DIRECTIONS:]
    energy = (u**2).sum(axis=-1)
    square = energy[:, :-1, :-1] + energy[:, 1:, :-1]
    square = square + energy[:, :-1, 1:] + energy[:, 1:, 1:]
    h, u = h[:, 1:-1, 1:-1], u[:, 1:-1, 1:-1]
    rows, columns = h.shape[1:3]
    signed, unsigned, texture = 0, 0, []
    for down in (0, 1):
        for across in (0, 1):
            norm = np.sqrt(square[:, down : down + rows, across : across + columns])
            norm = norm[..., None] + np.float32(EPS)
            cut = np.minimum(h / norm, CLIP)
            signed = signed + cut / 2
            unsigned = unsigned + np.minimum(u / norm, CLIP) / 2
            texture.append(TEXTURE * cut.sum(axis=-1))
    return np.concatenate([signed, unsigned, np.stack(texture, axis=-1)], axis=-1)
