"""Colours of an image, by place: histograms and moments."""

from numbers import Integral

import numpy as np
from skimage import color

from ..validation import check_choice, check_number
from .base import ImageTransformer, check_finite_pixels
from .grid import cell_edges, cell_means, read_grid

__all__ = ["ColourHistogram", "ColourMoments"]

# From red, green and blue in 0..1, and the least and greatest value of each channel.
SPACES = {
    "rgb": (lambda rgb: rgb, ((0, 1), (0, 1), (0, 1))),
    "hsv": (color.rgb2hsv, ((0, 1), (0, 1), (0, 1))),
    "lab": (color.rgb2lab, ((0, 100), (-87, 99), (-108, 95))),
    "luv": (color.rgb2luv, ((0, 100), (-84, 176), (-135, 108))),
}
# Pixels converted at a time: what bounds the extra memory of a thread.
CHUNK_PIXELS = 1 << 16


class _ColourFeature(ImageTransformer):
    """Features of images in a colour space, over a grid of cells."""

    def _check(self, shape):
        check_choice(self.space, "space", SPACES)
        check_number(self.white, "white", 0, open_low=True)
        if len(shape) != 3:
            raise ValueError(
                f"{type(self).__name__} needs colour images (n, height, width, 3); "
                f"these are grey, {shape}."
            )
        return read_grid(self.grid, shape)

    def _fill(self, features, images, start, stop):
        grid = self._check(self.image_shape_)
        step = max(1, CHUNK_PIXELS // int(np.prod(self.image_shape_[:2])))
        for first in range(start, stop, step):
            last = min(first + step, stop)
            values = in_space(images, first, last, self.space, self.white)
            features[first:last] = self._features(values, grid).reshape(
                last - first, -1
            )


def in_space(images, first, last, space, white):
    """Pixels of some images in a colour space, float64 (n, height, width, 3)."""
    chunk = images.read(first, last, np.float64)
    check_finite_pixels(chunk)
    return SPACES[space][0](np.clip(chunk / white, 0, 1))


class ColourHistogram(_ColourFeature):
    """Which colours there are, and how many, in each cell of a grid.

    Each channel of a colour space is cut into equal bins; the feature is the share of
    the pixels of a cell in each bin, or, with ``joint=True``, in each combination of
    bins.

    Parameters
    ----------
    space : {"rgb", "hsv", "lab", "luv"}, default="hsv"
        Red, green, blue; hue, saturation, value; CIE L*a*b* or L*u*v* of D65.
    bins : int or (int, int, int), default=(8, 4, 4)
        Of each channel, at most 64.
    joint : bool, default=True
        Whether a bin is a combination of channels.
    grid : int or (int, int), default=(1, 1)
        Rows and columns of cells.
    white : float, default=255
        Value of the brightest pixels: 1 for images in 0..1.
    n_jobs : int, default=None
        Threads over the images. The features do not depend on it, to the last bit.

    Attributes
    ----------
    image_shape_ : tuple
        Of the images seen in ``fit``.
    n_features_out_ : int
        Cells x bins.

    Notes
    -----
    Values below zero or above ``white`` are cut off.

    References
    ----------
    M. J. Swain and D. H. Ballard (1991), "Color indexing", International Journal of
    Computer Vision 7.

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.image import ColourHistogram
    >>> images = np.zeros((1, 4, 4, 3), dtype=np.uint8)
    >>> images[:, 2:, :, 0] = 255  # the lower half is red
    >>> ColourHistogram(space="rgb", bins=2, joint=False).fit_transform(images)
    array([[0.5, 0.5, 1. , 0. , 1. , 0. ]], dtype=float32)
    """

    _feature_name = "colour_r{}_c{}_bin{}"

    def __init__(
        self,
        *,
        space="hsv",
        bins=(8, 4, 4),
        joint=True,
        grid=(1, 1),
        white=255,
        n_jobs=None,
    ):
        self.space = space
        self.bins = bins
        self.joint = joint
        self.grid = grid
        self.white = white
        self.n_jobs = n_jobs

    def _bins(self):
        bins = (self.bins,) * 3 if np.ndim(self.bins) == 0 else tuple(self.bins)
        if len(bins) != 3:
            raise ValueError(f"bins={self.bins!r} must be one number or three.")
        for n in bins:
            check_number(n, "bins", 1, 64, kind=Integral)
        return bins

    def _feature_shape(self, shape):
        grid, bins = self._check(shape), self._bins()
        return (*grid, int(np.prod(bins) if self.joint else np.sum(bins)))

    def _features(self, values, grid):
        bins, (_, limits) = self._bins(), SPACES[self.space]
        codes = [
            bin_of(values[..., c], *limits[c], bins[c]) for c in range(values.shape[3])
        ]
        if self.joint:
            code = (codes[0] * bins[1] + codes[1]) * bins[2] + codes[2]
            return cell_shares(code, int(np.prod(bins)), grid)
        parts = [cell_shares(code, n, grid) for code, n in zip(codes, bins)]
        return np.concatenate(parts, axis=-1)


def bin_of(values, low, high, n_bins):
    """Number of the bin of each value; beyond the limits that of the outer one."""
    scaled = (values - low) * (n_bins / (high - low))
    return np.clip(scaled.astype(np.intp), 0, n_bins - 1)


def cell_shares(code, n_codes, grid):
    """Share of the pixels of a cell that have each code.

    Parameters
    ----------
    code : ndarray of int (n, height, width)
    n_codes : int
    grid : (rows, columns)

    Returns
    -------
    ndarray (n, rows, columns, n_codes)
    """
    n, height, width = code.shape
    sizes = [
        np.diff(cell_edges(*side)) for side in ((height, grid[0]), (width, grid[1]))
    ]
    row, column = (np.repeat(np.arange(len(s)), s) for s in sizes)
    cell = row[:, None] * grid[1] + column
    place = (np.arange(n)[:, None, None] * grid[0] * grid[1] + cell) * n_codes + code
    counts = np.bincount(place.ravel(), minlength=n * grid[0] * grid[1] * n_codes)
    return counts.reshape(n, *grid, n_codes) / np.outer(*sizes)[None, :, :, None]


class ColourMoments(_ColourFeature):
    """Mean and variance of the colours in each cell of a grid.

    With the defaults, three channels of L*u*v* over 7 x 7 cells, these are 294
    numbers, those of the data set *scene*.

    Parameters
    ----------
    space : {"luv", "lab", "hsv", "rgb"}, default="luv"
        See :class:`ColourHistogram`.
    grid : int or (int, int), default=(7, 7)
        Rows and columns of cells.
    white : float, default=255
        Value of the brightest pixels: 1 for images in 0..1.
    n_jobs : int, default=None
        Threads over the images. The features do not depend on it, to the last bit.

    Attributes
    ----------
    image_shape_ : tuple
        Of the images seen in ``fit``.
    n_features_out_ : int
        Cells x 6: three means, three variances.

    Notes
    -----
    Values below zero or above ``white`` are cut off.

    References
    ----------
    M. R. Boutell, J. Luo, X. Shen and C. M. Brown (2004), "Learning multi-label scene
    classification", Pattern Recognition 37.

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.image import ColourMoments
    >>> images = np.zeros((2, 21, 21, 3), dtype=np.uint8)
    >>> ColourMoments().fit_transform(images).shape
    (2, 294)
    """

    _feature_name = "moment_r{}_c{}_{}"

    def __init__(self, *, space="luv", grid=(7, 7), white=255, n_jobs=None):
        self.space = space
        self.grid = grid
        self.white = white
        self.n_jobs = n_jobs

    def _feature_shape(self, shape):
        return (*self._check(shape), 6)

    def _features(self, values, grid):
        mean = cell_means(values, grid)
        square = cell_means(values**2, grid)
        # Rounding may leave a constant cell a little below zero.
        return np.concatenate([mean, np.maximum(square - mean**2, 0)], axis=-1)
