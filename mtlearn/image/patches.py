"""Features that k-means learns from small patches."""

from numbers import Integral, Real

import numpy as np
from sklearn.cluster import MiniBatchKMeans
from sklearn.utils import check_random_state

from .._kernels import add_triangles
from ..validation import check_choice, check_is_fitted, check_number
from .base import ImageTransformer, check_finite_pixels
from .batch import ImageBatch, refuse_dask
from .grid import cell_edges, read_grid

__all__ = ["KMeansPatches"]

# Added to the variance of a patch of pixels in 0..255, and to the eigenvalues.
CONTRAST, WHITENING = 10.0, 0.1
CHUNK_IMAGES = 32
# Patches whose products with the centres are made at a time, to stay in a cache.
BLOCK_PATCHES = 64


class KMeansPatches(ImageTransformer):
    r"""Distances of all patches to learned patches, pooled over quadrants.

    1. Every patch x of w x w pixels is normalised, :math:`(x - \bar x) /
       \sqrt{\mathrm{var}(x) + 10}` in units of bytes, and whitened: multiplied by
       :math:`V (D + 0.1)^{-1/2} V'`, where V and D are eigenvectors and eigenvalues of
       the patches' covariance.
    2. The centres :math:`c_k` are found by k-means.
    3. "triangle" encodes a patch by :math:`\max(0, \bar z - z_k)` with its distances
       :math:`z_k = |x - c_k|` and their mean :math:`\bar z`; "threshold" by
       :math:`\max(0, x' c_k / |c_k| - \alpha)`.
    4. Codes are averaged over the patches of each cell of a grid.

    Parameters
    ----------
    n_centres : int, default=400
        K.
    patch : int, default=6
        Pixels w a side.
    encoding : {"triangle", "threshold"}, default="triangle"
    alpha : float, default=0.5
        Of "threshold".
    grid : int or (int, int), default=(2, 2)
        Rows and columns of cells, of the places of patches.
    step : int, default=1
        Pixels from patch to patch.
    white : float, default=255
        Value of the brightest pixels: 1 for images in 0..1.
    n_samples : int, default=100000
        Patches that the centres are learned from.
    random_state : int, RandomState or None, default=None
    n_jobs : int, default=None
        Threads over the images. The features do not depend on it, to the last bit.

    Attributes
    ----------
    centres_ : ndarray (n_centres, patch * patch * channels)
        Of whitened patches.
    whitening_ : ndarray, (patch * patch * channels) square
    mean_ : ndarray
        Of normalised patches.
    image_shape_, n_features_out_ : of the images, and cells x centres

    Notes
    -----
    Products of matrices are made image by image, so no image depends on the batch.

    References
    ----------
    A. Coates, H. Lee and A. Y. Ng (2011), "An analysis of single-layer networks in
    unsupervised feature learning", AISTATS.

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.image import KMeansPatches
    >>> images = np.random.default_rng(0).integers(0, 256, (20, 16, 16), dtype=np.uint8)
    >>> KMeansPatches(n_centres=30, random_state=0).fit_transform(images).shape
    (20, 120)
    """

    _feature_name = "patch_r{}_c{}_k{}"

    def __init__(
        self,
        *,
        n_centres=400,
        patch=6,
        encoding="triangle",
        alpha=0.5,
        grid=(2, 2),
        step=1,
        white=255,
        n_samples=100_000,
        random_state=None,
        n_jobs=None,
    ):
        self.n_centres = n_centres
        self.patch = patch
        self.encoding = encoding
        self.alpha = alpha
        self.grid = grid
        self.step = step
        self.white = white
        self.n_samples = n_samples
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X, y=None):
        """Learn the whitening and the centres from patches of the images.

        Parameters
        ----------
        X : array of shape (n, height, width) or (n, height, width, 3), or list
            Images.
        y : None
            Ignored.

        Returns
        -------
        self : object
        """
        refuse_dask(self, X)
        super().fit(X)
        rng = check_random_state(self.random_state)
        patches = normalise(self._sample(ImageBatch(X), rng))
        if len(patches) < self.n_centres:
            raise ValueError(
                f"n_centres={self.n_centres} is more than the {len(patches)} patches"
            )
        self.mean_ = patches.mean(axis=0)
        covariance = np.cov(patches, rowvar=False)
        values, vectors = np.linalg.eigh(covariance)
        spread = 1 / np.sqrt(np.maximum(values, 0) + WHITENING)
        self.whitening_ = (vectors * spread) @ vectors.T
        white = (patches - self.mean_) @ self.whitening_
        means = MiniBatchKMeans(
            self.n_centres,
            batch_size=4096,
            n_init=1,
            max_iter=100,
            init="random",
            reassignment_ratio=0.01,
            random_state=rng,
        )
        self.centres_ = means.fit(white).cluster_centers_
        return self

    def _feature_shape(self, shape):
        check_number(self.white, "white", 0, open_low=True)
        check_number(self.n_centres, "n_centres", 2, kind=Integral)
        check_number(self.patch, "patch", 2, kind=Integral)
        check_number(self.step, "step", 1, kind=Integral)
        check_number(self.n_samples, "n_samples", 1, kind=Integral)
        check_number(self.alpha, "alpha", 0, kind=Real)
        check_choice(self.encoding, "encoding", ENCODINGS)
        return (*read_grid(self.grid, self._places(shape)), self.n_centres)

    def _places(self, shape):
        """Rows and columns of patches."""
        if min(shape[:2]) < self.patch:
            raise ValueError(
                f"Images of {shape[0]} x {shape[1]} pixels are smaller than "
                f"patch={self.patch}."
            )
        return tuple((side - self.patch) // self.step + 1 for side in shape[:2])

    def _patches(self, image):
        """All patches of an image (height, width, channels), as rows."""
        size = (self.patch, self.patch)
        windows = np.lib.stride_tricks.sliding_window_view(image, size, axis=(0, 1))
        windows = windows[:: self.step, :: self.step]
        return windows.reshape(windows.shape[0] * windows.shape[1], -1)

    def _sample(self, images, rng):
        """Patches of all images alike."""
        per_image = max(1, -(-self.n_samples // max(len(images), 1)))
        chosen = np.sort(rng.permutation(len(images))[: self.n_samples])
        found = []
        for i in chosen:
            patches = self._patches(self._read(images, i, i + 1)[0])
            rows = rng.randint(len(patches), size=min(per_image, len(patches)))
            found.append(patches[rows])
        return np.concatenate(found)[: self.n_samples]

    def _read(self, images, first, last):
        """Some images in units of bytes, float32 (n, height, width, channels)."""
        chunk = images.read(first, last, np.float32)
        check_finite_pixels(chunk)
        return chunk * np.float32(255 / self.white)

    def _fill(self, features, images, start, stop):
        check_is_fitted(self, "centres_")
        places = self._places(self.image_shape_)
        cell_of = cells(places, read_grid(self.grid, places))
        sizes = np.bincount(cell_of)[:, None].astype(np.float32)
        encode = ENCODINGS[self.encoding](self.centres_, self.alpha)
        mean, whitening = (a.astype(np.float32) for a in (self.mean_, self.whitening_))
        for first in range(start, stop, CHUNK_IMAGES):
            last = min(first + CHUNK_IMAGES, stop)
            chunk = self._read(images, first, last)
            for i, image in enumerate(chunk, start=first):
                white = (normalise(self._patches(image)) - mean) @ whitening
                codes = np.zeros((len(sizes), self.n_centres), dtype=np.float32)
                for block in range(0, len(white), BLOCK_PATCHES):
                    part = slice(block, block + BLOCK_PATCHES)
                    encode(white[part], cell_of[part], codes)
                features[i] = (codes / sizes).ravel()


class Triangle:
    """Adds max(0, mean of z - z_k) to the codes of cells."""

    def __init__(self, centres, alpha):
        self.centres = np.ascontiguousarray(centres.T, dtype=np.float32)
        self.squares = (self.centres**2).sum(axis=0)
        self.products = np.empty((BLOCK_PATCHES, len(centres)), dtype=np.float32)

    def __call__(self, white, cell_of, codes):
        products = np.matmul(white, self.centres, out=self.products[: len(white)])
        add_triangles(products, (white**2).sum(axis=1), self.squares, cell_of, codes)


class Threshold:
    """Adds max(0, x' c_k / |c_k| - alpha) to the codes of cells."""

    def __init__(self, centres, alpha):
        lengths = np.maximum(np.linalg.norm(centres, axis=1), 1e-12)
        self.directions = (centres.T / lengths).astype(np.float32)
        self.alpha = np.float32(alpha)

    def __call__(self, white, cell_of, codes):
        over = white @ self.directions - self.alpha
        np.add.at(codes, cell_of, np.maximum(over, 0, out=over))


ENCODINGS = {"triangle": Triangle, "threshold": Threshold}


def normalise(patches):
    """Patches less their mean, over their contrast; float32."""
    patches = patches - patches.mean(axis=1, keepdims=True)
    contrast = np.sqrt((patches**2).mean(axis=1, keepdims=True) + CONTRAST)
    return (patches / contrast).astype(np.float32)


def cells(places, grid):
    """Number of the cell of each place, row by row."""
    down, across = (
        np.repeat(np.arange(n_cells), np.diff(cell_edges(length, n_cells)))
        for length, n_cells in zip(places, grid)
    )
    return (down[:, None] * grid[1] + across).ravel()
