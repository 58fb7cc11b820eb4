"""Local binary patterns as a scikit-learn transformer."""

from functools import lru_cache
from numbers import Integral, Real

import numpy as np
from skimage.color import rgb2gray

from .._kernels import lbp_histograms
from ..validation import check_choice, check_number
from .base import ImageTransformer, check_finite_pixels
from .grid import cell_edges, read_grid

__all__ = ["LBP"]

METHODS = ("uniform", "nri_uniform", "ror", "default")
MOST_POINTS = 16
# Pixels converted at a time: what bounds the extra memory of a thread.
CHUNK_PIXELS = 1 << 17


class LBP(ImageTransformer):
    r"""Histograms of local binary patterns: how often which small texture occurs.

    Around every pixel lie P neighbours on a circle of radius R, interpolated between
    pixels and zero outside of the image. The pattern of the pixel is the set of
    neighbours that are no darker: :math:`\sum_p 2^p [g_p \geq g_c]`. It does not change
    with light or contrast. The feature is the share of each kind of pattern among the
    pixels of each cell of a grid.

    Parameters
    ----------
    radius : float or list of floats, default=1
        Of the circle, in pixels. Several scales are put beside each other.
    n_points : int or list of ints, default=8
        Neighbours P, at most 16; one for all radii, or one each.
    method : {"uniform", "nri_uniform", "ror", "default"}, default="uniform"
        Which patterns are one kind. "uniform": at most two changes between 0 and 1
        around the circle, by their number of ones, and all others: P + 2 kinds,
        whatever the rotation. "nri_uniform" keeps where the ones begin: P (P - 1) + 3.
        "ror": patterns that are rotations of each other. "default": each its own kind,
        for P up to 8.
    grid : int or (int, int), default=(1, 1)
        Rows and columns of cells.
    n_jobs : int, default=None
        Threads over the images, as everywhere in joblib. The features do not depend on
        it, to the last bit.

    Attributes
    ----------
    image_shape_ : tuple
        Of the images seen in ``fit``.
    n_features_out_ : int
        Cells x kinds, over the radii.

    Notes
    -----
    Patterns are those of ``skimage.feature.local_binary_pattern``, bit by bit, and
    computed by compiled code. Colour images count as their luminance,
    ``skimage.color.rgb2gray``.

    References
    ----------
    T. Ojala, M. Pietikainen and T. Maenpaa (2002), "Multiresolution gray-scale and
    rotation invariant texture classification with local binary patterns", IEEE
    Transactions on Pattern Analysis and Machine Intelligence 24.

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.image import LBP
    >>> images = np.random.default_rng(0).integers(0, 256, (5, 32, 32), dtype=np.uint8)
    >>> LBP(grid=2).fit_transform(images).shape
    (5, 40)
    >>> LBP(radius=[1, 2], n_points=[8, 16]).fit_transform(images).shape
    (5, 28)
    """

    def __init__(
        self, *, radius=1, n_points=8, method="uniform", grid=(1, 1), n_jobs=None
    ):
        self.radius = radius
        self.n_points = n_points
        self.method = method
        self.grid = grid
        self.n_jobs = n_jobs

    def _scales(self):
        """Pairs (radius, number of points), checked."""
        radii, points = np.atleast_1d(self.radius), np.atleast_1d(self.n_points)
        if radii.ndim != 1 or points.ndim != 1 or len(points) not in (1, len(radii)):
            raise ValueError(
                f"n_points={self.n_points!r} must be one number, or one for each of "
                f"radius={self.radius!r}."
            )
        scales = list(zip(radii.tolist(), np.broadcast_to(points, len(radii)).tolist()))
        most = 8 if self.method == "default" else MOST_POINTS
        for radius, n_points in scales:
            check_number(radius, "radius", 0, kind=Real, open_low=True)
            check_number(n_points, "n_points", 1, most, kind=Integral)
        return scales

    def _feature_shape(self, shape):
        check_choice(self.method, "method", METHODS)
        cells = np.prod(read_grid(self.grid, shape))
        kinds = [kinds_of_patterns(P, self.method).max() + 1 for _, P in self._scales()]
        return (int(cells * np.sum(kinds)),)

    def _names(self):
        rows, columns = read_grid(self.grid, self.image_shape_)
        for radius, n_points in self._scales():
            n_kinds = kinds_of_patterns(n_points, self.method).max() + 1
            for r, c, kind in np.ndindex(rows, columns, n_kinds):
                yield f"lbp_radius{radius:g}_r{r}_c{c}_kind{kind}"

    def _without_parts(self, mask):
        scales, cells = self._scales(), np.prod(read_grid(self.grid, self.image_shape_))
        kinds = [kinds_of_patterns(P, self.method).max() + 1 for _, P in scales]
        parts = np.split(mask, np.cumsum(cells * np.array(kinds))[:-1])
        left = [scale for scale, part in zip(scales, parts) if part.any()]
        if len(left) < len(scales):
            self.radius, self.n_points = map(list, zip(*left))
        return np.concatenate([part for part in parts if part.any()])

    def _fill(self, features, images, start, stop):
        height, width = self.image_shape_[:2]
        grid = read_grid(self.grid, self.image_shape_)
        edges = cell_edges(height, grid[0]), cell_edges(width, grid[1])
        pixels = np.outer(*map(np.diff, edges)).ravel()
        step = max(1, CHUNK_PIXELS // (height * width))
        scales = [
            (*circle(radius, P), kinds_of_patterns(P, self.method))
            for radius, P in self._scales()
        ]
        for first in range(start, stop, step):
            last = min(first + step, stop)
            grey = read_grey(images, first, last)
            parts = []
            for rows, cols, bits, kinds in scales:
                counts = np.zeros((len(grey), len(pixels), kinds.max() + 1), np.float32)
                lbp_histograms(grey, rows, cols, bits, kinds, *edges, counts)
                shares = counts / pixels[:, None].astype(np.float32)
                parts.append(shares.reshape(len(grey), -1))
            features[first:last] = np.hstack(parts)


def read_grey(images, first, last):
    """Luminance of images (n, height, width): uint8 of grey bytes, else float64."""
    if images.dtype == np.uint8 and len(images.shape) == 2:
        return images.read(first, last, np.uint8)[..., 0]
    chunk = images.read(first, last, np.float64)
    check_finite_pixels(chunk)
    if chunk.shape[3] == 1:
        return chunk[..., 0]
    # rgb2gray is a weighted sum of whatever the pixels are in.
    return np.ascontiguousarray(rgb2gray(chunk))


def circle(radius, n_points):
    """Row and column offsets of the neighbours, and the bit of each.

    Offsets are rounded as scikit-image rounds them, and in the order of the columns.
    """
    angle = 2 * np.pi * np.arange(n_points) / n_points
    rows = np.round(-radius * np.sin(angle), 5)
    cols = np.round(radius * np.cos(angle), 5)
    order = np.argsort(cols, kind="stable")
    return rows[order], cols[order], order.astype(np.int32)


@lru_cache(maxsize=8)
def kinds_of_patterns(n_points, method):
    """Number of the kind of every pattern of bits: int32 (2 ** n_points,)."""
    codes = np.arange(1 << n_points)
    if method == "default":
        return codes.astype(np.int32)
    if method == "ror":
        rotations = [
            ((codes >> k) | (codes << (n_points - k))) & ((1 << n_points) - 1)
            for k in range(n_points)
        ]
        least = np.min(rotations, axis=0)
        return np.unique(least, return_inverse=True)[1].astype(np.int32)
    bits = (codes[:, None] >> np.arange(n_points)) & 1
    ones = bits.sum(axis=1)
    # scikit-image does not count the step from the last point to the first.
    uniform = np.abs(np.diff(bits, axis=1)).sum(axis=1) <= 2
    if method == "uniform":
        return np.where(uniform, ones, n_points + 1).astype(np.int32)
    first_one, first_zero = bits.argmax(axis=1), (1 - bits).argmax(axis=1)
    start = np.where(first_one == 0, ones - first_zero, n_points - first_one)
    kind = 1 + (ones - 1) * n_points + start
    kind[ones == 0], kind[ones == n_points] = 0, n_points * (n_points - 1) + 1
    return np.where(uniform, kind, n_points * (n_points - 1) + 2).astype(np.int32)
