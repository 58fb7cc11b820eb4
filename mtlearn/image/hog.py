"""Histograms of oriented gradients as a scikit-learn transformer."""

from numbers import Integral

import numpy as np

from .._kernels import HOG_BLOCK_NORMS, HOG_MAX_ORIENTATIONS, hog_features
from ..validation import check_choice, check_number
from .base import ImageTransformer, check_finite_pixels
from .grid import read_pair

__all__ = ["HOG"]

# Pixels converted at a time. It bounds the extra memory of a thread.
CHUNK_PIXELS = 1 << 17
# Votes in float32 lose digits in larger cells (1e-6 at 256 x 256, 3e-6 at 1024 x 1024),
# so bytes then go by double.
LARGEST_FLOAT_CELL = 64
# Far from overflow in the squares of squares, far above any picture.
LARGEST_VALUE = 1e30


class HOG(ImageTransformer):
    """Histograms of oriented gradients of a batch of images.

    The method of Dalal and Triggs [1]_ for every image ``I`` of the batch:

    1. optionally, gamma compression: ``I <- sqrt(I)``;
    2. gradients by centred differences, ``gx = I[r, c + 1] - I[r, c - 1]`` and
       ``gy = I[r + 1, c] - I[r - 1, c]``, zero on the border of the image; in
       colour images that of the strongest channel, the first one on ties;
    3. cells: each pixel votes with its magnitude ``sqrt(gx**2 + gy**2)`` for the bin
       of its angle ``atan2(gy, gx) mod 180`` degrees; bin ``o`` of ``O`` holds
       ``[180 o / O, 180 (o + 1) / O)``; the votes of a cell are averaged over its
       pixels;
    4. blocks: every window of ``cells_per_block`` cells, moved by one cell at a time,
       is divided by its norm;
    5. the blocks in a row are the feature vector.

    The result equals ``skimage.feature.hog`` and is computed by compiled code, many
    images at a time.

    Parameters
    ----------
    orientations : int, default=9
        Bins over 180 degrees, at most 64.
    pixels_per_cell : int, (int, int) or list of such, default=(8, 8)
        Rows and columns of a cell. Pixels beyond the last whole cell have no vote. A
        list, such as ``[4, 8]``, puts the features of several sizes beside each other.
    cells_per_block : int or (int, int), default=(2, 2)
        Rows and columns of a block, in cells.
    block_norm : {"L1", "L1-sqrt", "L2", "L2-Hys"}, default="L2-Hys"
        For the votes ``v`` of one block and ``eps = 1e-5``:
        ``v / (|v|_1 + eps)``; its square root; ``v / sqrt(|v|_2^2 + eps^2)``; the
        same clipped at 0.2 and divided by its norm again.
    transform_sqrt : bool, default=False
        Compress the images first. They must then have no negative value.
    n_jobs : int, default=None
        Threads over the images; None is one, unless ``joblib.parallel_config`` says
        otherwise, -1 all cores; small batches always use one. The features do not
        depend on it, to the last bit.

    Attributes
    ----------
    image_shape_ : tuple
        ``(height, width)`` or ``(height, width, 3)`` of the images seen in ``fit``.
    n_features_out_ : int
        Blocks down x blocks across x cells per block x orientations.

    Notes
    -----
    Images may be any boolean, integer or real array, in any memory order, read-only
    or memory-mapped, or a list of arrays of one shape. Bytes and booleans are used as
    they are, in float arithmetic; all else in double, where a chunk of images is
    converted at a time.

    Three differences to scikit-image remain. Of float images, and under
    ``transform_sqrt``, an angle that differs from a bin's bound by the last digit
    may go to the other bin; and an angle that rounds to 180 degrees, whose vote
    scikit-image loses, goes to the last bin. In cells of thousands of pixels the
    votes here keep their digits, where scikit-image adds them in float32.

    References
    ----------
    .. [1] N. Dalal, B. Triggs, "Histograms of oriented gradients for human detection",
       CVPR 2005, https://doi.org/10.1109/CVPR.2005.177

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.image import HOG
    >>> images = np.zeros((2, 32, 32), dtype=np.uint8)
    >>> images[0, 16:] = images[1, :, 16:] = 200
    >>> hog = HOG(orientations=4, pixels_per_cell=8, cells_per_block=2)
    >>> features = hog.fit_transform(images)
    >>> features.shape
    (2, 144)
    >>> features.reshape(2, -1, 4).max(axis=1).round(1)
    array([[0. , 0. , 0.7, 0. ],
           [0.7, 0. , 0. , 0. ]], dtype=float32)
    """

    # Block row, block column, in it the cell's row and column, orientation.
    _feature_name = "hog_r{}_c{}_y{}_x{}_o{}"

    def __init__(
        self,
        *,
        orientations=9,
        pixels_per_cell=(8, 8),
        cells_per_block=(2, 2),
        block_norm="L2-Hys",
        transform_sqrt=False,
        n_jobs=None,
    ):
        self.orientations = orientations
        self.pixels_per_cell = pixels_per_cell
        self.cells_per_block = cells_per_block
        self.block_norm = block_norm
        self.transform_sqrt = transform_sqrt
        self.n_jobs = n_jobs

    def _cells(self):
        """(rows, columns) of each size of cells."""
        sizes = self.pixels_per_cell
        sizes = sizes if isinstance(sizes, list) else [sizes]
        if not sizes:
            raise ValueError("pixels_per_cell=[] holds no size.")
        return [read_pair(size, "pixels_per_cell") for size in sizes]

    def _shape_of(self, shape, cell):
        """(block rows, block columns, cell rows, cell columns, bins), checked."""
        bins = self.orientations
        check_number(bins, "orientations", 1, HOG_MAX_ORIENTATIONS, kind=Integral)
        check_choice(self.block_norm, "block_norm", HOG_BLOCK_NORMS)
        block = read_pair(self.cells_per_block, "cells_per_block")
        smallest = (cell[0] * block[0], cell[1] * block[1])
        if shape[0] < smallest[0] or shape[1] < smallest[1]:
            raise ValueError(
                f"Images of {shape[0]} x {shape[1]} pixels are smaller than one block: "
                f"pixels_per_cell={cell} and cells_per_block={block} need at least "
                f"{smallest[0]} x {smallest[1]}."
            )
        blocks = (shape[i] // cell[i] - block[i] + 1 for i in (0, 1))
        return (*blocks, *block, bins)

    def _feature_shape(self, shape):
        shapes = [self._shape_of(shape, cell) for cell in self._cells()]
        if not isinstance(self.pixels_per_cell, list):
            return shapes[0]
        return (sum(int(np.prod(each)) for each in shapes),)

    def _names(self):
        if not isinstance(self.pixels_per_cell, list):
            yield from super()._names()
            return
        for cell in self._cells():
            name = "hog{}x{}".format(*cell) + self._feature_name[3:]
            for place in np.ndindex(self._shape_of(self.image_shape_, cell)):
                yield name.format(*place)

    def _without_parts(self, mask):
        if not isinstance(self.pixels_per_cell, list):
            return mask
        sizes = [np.prod(self._shape_of(self.image_shape_, c)) for c in self._cells()]
        parts = np.split(mask, np.cumsum(sizes)[:-1])
        needed = [part.any() for part in parts]
        self.pixels_per_cell = [
            cell for cell, keep in zip(self.pixels_per_cell, needed) if keep
        ]
        return np.concatenate([part for part in parts if part.any()])

    def _fill(self, features, images, start, stop):
        """Write the features of images start..stop, a chunk at a time."""
        cells = self._cells()
        dtype = self._pixel_type(images.dtype, np.max(cells))
        step = max(1, CHUNK_PIXELS // int(np.prod(self.image_shape_)))
        if dtype == np.uint8 and images.is_ready(dtype) and len(cells) == 1:
            step = max(1, stop - start)
        for first in range(start, stop, step):
            last = min(first + step, stop)
            chunk = images.read(first, last, dtype)
            if dtype != np.uint8:
                _check_values(chunk, self.transform_sqrt)
            chunk = np.sqrt(chunk) if self.transform_sqrt else chunk
            if len(cells) == 1:
                self._compute(chunk, features[first:last], cells[0])
            else:
                features[first:last] = np.hstack(
                    [self._compute(chunk, None, cell) for cell in cells]
                )

    def _compute(self, chunk, features, cell):
        """Features of one size of cells, into an array if one is given."""
        if features is None:
            n_features = np.prod(self._shape_of(self.image_shape_, cell))
            features = np.empty((len(chunk), n_features), dtype=np.float32)
        hog_features(
            chunk,
            features,
            orientations=self.orientations,
            pixels_per_cell=cell,
            cells_per_block=read_pair(self.cells_per_block, "cells_per_block"),
            block_norm=self.block_norm,
        )
        return features

    def _pixel_type(self, dtype, largest_cell):
        """The type scikit-image computes in, or uint8 where that is as good."""
        if dtype in (np.float16, np.float32):
            return np.float32
        is_byte = dtype in (np.uint8, np.bool_)
        if is_byte and not self.transform_sqrt and largest_cell <= LARGEST_FLOAT_CELL:
            return np.uint8
        return np.float64


def _check_values(images, transform_sqrt):
    check_finite_pixels(images, LARGEST_VALUE)
    if transform_sqrt and images.size and images.min() < 0:
        raise ValueError(
            "transform_sqrt=True needs images without negative values, got "
            f"{images.min()}."
        )
