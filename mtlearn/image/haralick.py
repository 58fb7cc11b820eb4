"""Texture by how often which grey levels are neighbours."""

from numbers import Integral

import numpy as np

from ..validation import check_choice, check_number
from .base import ImageTransformer
from .grid import cell_edges, read_grid
from .lbp import read_grey

__all__ = ["Haralick"]

PROPERTIES = (
    "contrast",
    "dissimilarity",
    "homogeneity",
    "ASM",
    "energy",
    "correlation",
)
ANGLES = (0.0, np.pi / 4, np.pi / 2, 3 * np.pi / 4)
# Entries of co-occurrence matrices held at a time.
CHUNK_ENTRIES = 1 << 20


class Haralick(ImageTransformer):
    r"""Properties of grey-level co-occurrence matrices.

    Grey values are cut into L levels. :math:`P_{ij}` is the share of pairs of pixels, a
    distance apart in one of four directions, whose levels are i and j, either way
    round. Of each cell of a grid, distance and direction the features are

    * contrast :math:`\sum P_{ij} (i - j)^2`, dissimilarity :math:`\sum P_{ij} |i - j|`,
      homogeneity :math:`\sum P_{ij} / (1 + (i - j)^2)`;
    * ASM :math:`\sum P_{ij}^2` and its root, the energy;
    * correlation :math:`\sum P_{ij} (i - \mu)(j - \mu) / \sigma^2`, 1 where all is one
      level.

    Parameters
    ----------
    n_levels : int, default=16
        L, 2 to 256.
    distances : int or list of int, default=1
        Pixels.
    properties : list of str, default=None
        Some of the above; None are all.
    mean_over_angles : bool, default=False
        Whether directions are averaged: hardly any change with rotation.
    grid : int or (int, int), default=(1, 1)
        Rows and columns of cells, each larger than the greatest distance.
    white : float, default=255
        Value of the brightest pixels: 1 for images in 0..1.
    n_jobs : int, default=None
        Threads over the images. The features do not depend on it, to the last bit.

    Attributes
    ----------
    image_shape_ : tuple
        Of the images seen in ``fit``.
    n_features_out_ : int
        Cells x distances x directions x properties.

    Notes
    -----
    The values are those of ``skimage.feature.graycomatrix(..., symmetric=True,
    normed=True)`` and ``graycoprops``. Level i of bytes holds the grey values from
    :math:`256 i / L` on. Colour images count as their luminance.

    References
    ----------
    R. M. Haralick, K. Shanmugam and I. Dinstein (1973), "Textural features for image
    classification", IEEE Transactions on Systems, Man, and Cybernetics 3.

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.image import Haralick
    >>> images = np.random.default_rng(0).integers(0, 256, (2, 32, 32), dtype=np.uint8)
    >>> Haralick(grid=2, distances=[1, 2]).fit_transform(images).shape
    (2, 192)
    """

    _feature_name = "haralick_r{}_c{}_d{}_a{}_p{}"

    def __init__(
        self,
        *,
        n_levels=16,
        distances=1,
        properties=None,
        mean_over_angles=False,
        grid=(1, 1),
        white=255,
        n_jobs=None,
    ):
        self.n_levels = n_levels
        self.distances = distances
        self.properties = properties
        self.mean_over_angles = mean_over_angles
        self.grid = grid
        self.white = white
        self.n_jobs = n_jobs

    def _properties(self):
        return PROPERTIES if self.properties is None else tuple(self.properties)

    def _distances(self):
        return np.atleast_1d(self.distances).tolist()

    def _feature_shape(self, shape):
        check_number(self.white, "white", 0, open_low=True)
        check_number(self.n_levels, "n_levels", 2, 256, kind=Integral)
        grid = read_grid(self.grid, shape)
        for name in self._properties():
            check_choice(name, "properties", PROPERTIES)
        for distance in self._distances():
            check_number(distance, "distances", 1, kind=Integral)
            least = [int(np.diff(cell_edges(shape[i], grid[i])).min()) for i in (0, 1)]
            if distance >= min(least):
                raise ValueError(
                    f"distances={distance} is more than cells of {least[0]} x "
                    f"{least[1]} pixels hold; images of {shape[0]} x {shape[1]} with "
                    f"grid={grid} need cells larger than that."
                )
        n_angles = 1 if self.mean_over_angles else len(ANGLES)
        return (*grid, len(self._distances()), n_angles, len(self._properties()))

    def _fill(self, features, images, start, stop):
        grid = read_grid(self.grid, self.image_shape_)
        edges = [cell_edges(self.image_shape_[i], grid[i]) for i in (0, 1)]
        step = max(
            1, CHUNK_ENTRIES // max(self.n_levels**2, np.prod(self.image_shape_))
        )
        for first in range(start, stop, step):
            last = min(first + step, stop)
            levels = self._levels(images, first, last)
            cells = [
                [
                    self._of_cell(levels[:, top:bottom, left:right])
                    for left, right in zip(edges[1], edges[1][1:])
                ]
                for top, bottom in zip(edges[0], edges[0][1:])
            ]
            values = np.moveaxis(np.array(cells), 2, 0)
            features[first:last] = values.reshape(last - first, -1)

    def _levels(self, images, first, last):
        grey = np.clip(read_grey(images, first, last), 0, self.white)
        # Bytes fall into equal ranges: 256 values, not 255.
        scaled = grey * (self.n_levels / (self.white * 256 / 255))
        return np.minimum(scaled.astype(np.intp), self.n_levels - 1)

    def _of_cell(self, levels):
        """Properties of one cell of all images (n, distances, angles, properties)."""
        each = [
            [
                properties_of(cooccurrence(levels, d, angle, self.n_levels))
                for angle in ANGLES
            ]
            for d in self._distances()
        ]
        chosen = [PROPERTIES.index(name) for name in self._properties()]
        values = np.moveaxis(np.array(each), 3, 0)[..., chosen]
        return values.mean(axis=2, keepdims=True) if self.mean_over_angles else values


def cooccurrence(levels, distance, angle, n_levels):
    """Symmetric matrices of shares of pairs (n, n_levels, n_levels)."""
    down = round(np.sin(angle) * distance)
    across = round(np.cos(angle) * distance)
    n, height, width = levels.shape
    near = levels[:, : height - down, max(0, -across) : width - max(0, across)]
    far = levels[:, down:, max(0, across) : width + min(0, across)]
    pair = (np.arange(n)[:, None, None] * n_levels + near) * n_levels + far
    counts = np.bincount(pair.ravel(), minlength=n * n_levels**2)
    counts = counts.reshape(n, n_levels, n_levels).astype(float)
    counts += counts.transpose(0, 2, 1)
    return counts / counts.sum(axis=(1, 2), keepdims=True)


def properties_of(P):
    """Values of all PROPERTIES, (6, n)."""
    i, j = np.ogrid[: P.shape[1], : P.shape[2]]
    step = np.abs(i - j)
    weights = np.stack([step**2, step, 1 / (1.0 + step**2)])
    sums = np.einsum("kij,nij->kn", weights, P)
    asm = (P**2).sum(axis=(1, 2))
    level = np.arange(P.shape[1])
    share = P.sum(axis=2)
    mean = share @ level
    variance = share @ level**2 - mean**2
    product = np.einsum("i,nij,j->n", level, P, level) - mean**2
    even = variance < 1e-12
    correlation = np.where(even, 1.0, product / np.where(even, 1.0, variance))
    return np.array([*sums, asm, np.sqrt(asm), correlation])
