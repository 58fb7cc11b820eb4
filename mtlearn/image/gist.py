"""GIST: the spatial envelope of a scene."""

from numbers import Integral

import numpy as np
from scipy import fft

from ..validation import check_number
from .base import ImageTransformer
from .grid import cell_means, read_grid
from .lbp import read_grey

__all__ = ["GIST"]

# Pixels transformed at a time: what bounds the extra memory of a thread.
CHUNK_PIXELS = 1 << 16
# Cycles per image below which light counts as illumination, and is taken out.
PREFILTER = 4
# Added to a local contrast of pixels in 0..1.
FLOOR = 0.2 / 255 * 5


class GIST(ImageTransformer):
    r"""Energy of Gabor filters of several scales and directions, in a grid of cells.

    1. Contrast: :math:`\log(1 + I)` less its low frequencies, divided by its local
       standard deviation.
    2. For scale s and direction o the image is filtered by the transfer function
       :math:`\exp(-10 \cdot 0.35 (f / f_s - 1)^2 - 2 \pi \kappa\, \theta_o^2)`, with f
       the frequency, :math:`f_s = 0.3 / 1.85^s` cycles per pixel, :math:`\theta_o` the
       angle to the direction, and :math:`\kappa = 16 O^2 / 32^2` for O directions.
    3. The feature is the mean modulus of the result in each cell.

    Parameters
    ----------
    n_scales : int, default=4
    n_orientations : int, default=8
    grid : int or (int, int), default=(4, 4)
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
        Cells x scales x orientations.

    Notes
    -----
    The image is continued by its mirror image, so borders are no edges. Colour images
    count as their luminance.

    References
    ----------
    A. Oliva and A. Torralba (2001), "Modeling the shape of the scene: a holistic
    representation of the spatial envelope", International Journal of Computer Vision
    42.

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.image import GIST
    >>> images = np.random.default_rng(0).integers(0, 256, (2, 32, 32), dtype=np.uint8)
    >>> GIST().fit_transform(images).shape
    (2, 512)
    """

    _feature_name = "gist_r{}_c{}_s{}_o{}"

    def __init__(
        self, *, n_scales=4, n_orientations=8, grid=(4, 4), white=255, n_jobs=None
    ):
        self.n_scales = n_scales
        self.n_orientations = n_orientations
        self.grid = grid
        self.white = white
        self.n_jobs = n_jobs

    def _feature_shape(self, shape):
        check_number(self.white, "white", 0, open_low=True)
        check_number(self.n_scales, "n_scales", 1, 10, kind=Integral)
        check_number(self.n_orientations, "n_orientations", 1, 64, kind=Integral)
        return (*read_grid(self.grid, shape), self.n_scales, self.n_orientations)

    def _padding(self, shape):
        """Pixels by which the image is continued on each side."""
        return [_fast_padding(length, min(32, length - 1)) for length in shape]

    def _fill(self, features, images, start, stop):
        grid = read_grid(self.grid, self.image_shape_)
        height, width = self.image_shape_[:2]
        pad = self._padding((height, width))
        shape = height + 2 * pad[0], width + 2 * pad[1]
        bank = gabor_bank(shape, self.n_scales, self.n_orientations)
        low = low_pass(shape)
        step = max(1, CHUNK_PIXELS // int(np.prod(shape)))
        inside = (slice(None), *(slice(p, p + n) for p, n in zip(pad, (height, width))))
        for first in range(start, stop, step):
            last = min(first + step, stop)
            grey = read_grey(images, first, last) / self.white
            flat = even_contrast(
                np.pad(grey, ((0, 0), *zip(pad, pad)), "symmetric"), low
            )
            # Features are single; so are the many transforms back.
            spectrum = fft.fft2(flat).astype(np.complex64)
            energy = [np.abs(fft.ifft2(spectrum * g))[inside] for g in bank]
            cells = cell_means(np.stack(energy, axis=-1), grid)
            features[first:last] = cells.reshape(last - first, -1)


def _fast_padding(length, pad):
    """No more than ``pad``, such that the whole is quick to transform."""
    for p in range(pad, 0, -1):
        if fft.next_fast_len(length + 2 * p) == length + 2 * p:
            return p
    return pad


def frequencies(shape):
    """Frequency in cycles per pixel, and its angle, of every place of a spectrum."""
    y, x = np.meshgrid(*(fft.fftfreq(n) for n in shape), indexing="ij")
    return np.hypot(y, x), np.arctan2(y, x)


def gabor_bank(shape, n_scales, n_orientations):
    """Transfer functions (n_scales * n_orientations, *shape)."""
    frequency, angle = frequencies(shape)
    sharpness = 16 * n_orientations**2 / 32**2
    bank = []
    for s in range(n_scales):
        radial = 10 * 0.35 * (frequency / (0.3 / 1.85**s) - 1) ** 2
        for o in range(n_orientations):
            turn = angle + np.pi * o / n_orientations
            turn = (turn + np.pi) % (2 * np.pi) - np.pi
            bank.append(np.exp(-radial - 2 * np.pi * sharpness * turn**2))
    return np.array(bank, dtype=np.float32)


def low_pass(shape):
    """A Gaussian that keeps about PREFILTER cycles per image."""
    frequency, _ = frequencies(shape)
    width = PREFILTER / min(shape) / np.sqrt(np.log(2))
    return np.exp(-((frequency / width) ** 2))


def even_contrast(images, low):
    """Logarithms less their surroundings, over the local standard deviation."""
    if images.size and images.min() < 0:
        raise ValueError(f"GIST needs images without negative values: {images.min()}.")
    logs = np.log1p(images)
    flat = logs - fft.ifft2(fft.fft2(logs) * low).real
    local = np.sqrt(np.abs(fft.ifft2(fft.fft2(flat**2) * low)))
    return flat / (FLOOR + local)
