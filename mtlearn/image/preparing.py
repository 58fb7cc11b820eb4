"""From files and arrays of any size to one batch of pixels, as pipeline steps."""

import os
import warnings
from numbers import Integral, Real

import numpy as np
from joblib import Parallel, delayed
from PIL import Image
from sklearn.base import BaseEstimator, TransformerMixin

from ..blocks import is_dask, map_rows
from ..validation import check_choice, check_number
from .reading import (
    FITS,
    ImageFailure,
    ImageReadError,
    check_options,
    stack_images,
    try_read,
)

__all__ = ["Crop", "ImageReader", "Resize", "Rotate"]

ON_ERROR = ("raise", "mark")
# What a picture that could not be read becomes.
MARK = 128
FILTER = Image.Resampling.LANCZOS


class _ImageStep(TransformerMixin, BaseEstimator):
    """A step from images to images that learns nothing."""

    def __sklearn_is_fitted__(self):
        return True

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.requires_fit = False
        return tags

    def fit(self, X, y=None):
        """Check the parameters; nothing is learned.

        Parameters
        ----------
        X : images
        y : None
            Ignored.

        Returns
        -------
        self : object
        """
        self._check()
        return self

    def _each(self, function, X):
        """A function of every image, in threads that share memory."""
        return Parallel(n_jobs=self.n_jobs, require="sharedmem")(
            delayed(function)(image) for image in X
        )


class ImageReader(_ImageStep):
    """Reads pictures: paths, bytes and arrays of any size become one uint8 batch.

    EXIF orientation is applied, transparency laid on white, 16-bit grey cut to its high
    byte, palettes and CMYK are converted.

    Parameters
    ----------
    size : (width, height) or None, default=None
        Of the result, in pixels. None keeps the sizes, which must then be one.
    mode : {"RGB", "L"}, default="RGB"
        Colour or grey.
    resize : {"crop", "stretch"}, default="crop"
        How ``size`` is reached: cut the centre to its aspect ratio, then resize; or
        resize whatever the ratio.
    n_jobs : int, default=None
        Threads.
    on_error : {"raise", "mark"}, default="raise"
        What to do about pictures that are absent, damaged, or have more pixels than
        ``PIL.Image.MAX_IMAGE_PIXELS``: one error that names them all, or an even grey
        picture in their place and one warning that names them. All are tried in either
        case. Rows cannot be left out in a pipeline; :func:`read_images` with
        ``on_error="skip"`` does that before.

    Attributes
    ----------
    failures_ : list of (index, path, reason)
        Pictures that the last ``transform`` has marked.

    Examples
    --------
    >>> import os, skimage
    >>> import numpy as np
    >>> from mtlearn.image import ImageReader
    >>> coffee = os.path.join(skimage.__path__[0], "data", "coffee.png")
    >>> with open(coffee, "rb") as file:
    ...     data = file.read()
    >>> array = np.zeros((10, 30), dtype=np.uint8)
    >>> ImageReader(size=(60, 40)).fit_transform([coffee, data, array]).shape
    (3, 40, 60, 3)
    """

    def __init__(
        self, size=None, *, mode="RGB", resize="crop", n_jobs=None, on_error="raise"
    ):
        self.size = size
        self.mode = mode
        self.resize = resize
        self.n_jobs = n_jobs
        self.on_error = on_error

    def _check(self):
        check_choice(self.resize, "resize", FITS)
        check_choice(self.on_error, "on_error", ON_ERROR)
        return check_options(self.size, self.mode, self.resize)

    def transform(self, X):
        """Read the pictures.

        Parameters
        ----------
        X : sequence of str, os.PathLike, bytes or arrays
            Arrays are uint8 or bool (height, width[, 1, 3 or 4]), or uint16 grey. An
            array of such is fine, too.

        Returns
        -------
        images : ndarray of uint8, (n, height, width, 3) or (n, height, width)

        Raises
        ------
        ImageReadError
            Pictures could not be read: all of them, or any with ``on_error="raise"``.
        ValueError
            Pictures differ in size, and ``size`` is None.
        """
        size = self._check()
        if isinstance(X, str | bytes | os.PathLike):
            raise TypeError("X is a list of pictures; put one into a list: [X]")
        sources = [_source(picture) for picture in X]
        if not sources:
            raise ValueError("X is empty: there is no picture to read")
        found = Parallel(n_jobs=self.n_jobs, prefer="threads")(
            delayed(try_read)(i, source, size, self.mode, self.resize)
            for i, source in enumerate(sources)
        )
        failures = [one for one in found if isinstance(one, ImageFailure)]
        failures = [one._replace(path=_name(sources[one.index])) for one in failures]
        if failures and (self.on_error == "raise" or len(failures) == len(sources)):
            raise ImageReadError(failures)
        self.failures_ = failures
        if failures:
            warnings.warn(f"{ImageReadError(failures)}; marked grey", stacklevel=2)
        known = [i for i, one in enumerate(found) if not isinstance(one, ImageFailure)]
        names = [_name(sources[i]) for i in known]
        read = stack_images([found[i] for i in known], names)
        if not failures:
            return read
        images = np.full((len(sources), *read.shape[1:]), MARK, dtype=np.uint8)
        images[known] = read
        return images


def _source(picture):
    if isinstance(picture, bytes | bytearray | memoryview | np.ndarray):
        return picture
    # os.fspath refuses numbers, which open() would take for file descriptors.
    return os.fsdecode(os.fspath(picture))


def _name(source):
    """What a failure calls a picture."""
    if isinstance(source, str):
        return source
    if isinstance(source, np.ndarray):
        return f"array of shape {source.shape}"
    return f"{len(source)} bytes"


class Resize(_ImageStep):
    """Brings images of any sizes to one, by the Lanczos filter.

    Parameters
    ----------
    size : (width, height)
        In pixels.
    resize : {"stretch", "crop"}, default="stretch"
        Whatever the aspect ratio, or after cutting the centre to it.
    n_jobs : int, default=None
        Threads over the images.

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.image import Resize
    >>> images = [np.zeros((9, 5), np.uint8), np.zeros((7, 7), np.uint8)]
    >>> Resize((4, 6)).fit_transform(images).shape
    (2, 6, 4)
    """

    def __init__(self, size, *, resize="stretch", n_jobs=None):
        self.size = size
        self.resize = resize
        self.n_jobs = n_jobs

    def _check(self):
        check_choice(self.resize, "resize", FITS)
        if self.size is None:
            raise ValueError("size=None must be (width, height)")
        return check_options(self.size, "RGB", self.resize)

    def transform(self, X):
        """Resize the images.

        Parameters
        ----------
        X : array of shape (n, height, width[, 3]), or list of arrays of any sizes

        Returns
        -------
        images : ndarray (n, height, width[, 3]), of the type of X
        """
        width, height = self._check()
        if is_dask(X):
            return map_rows(self.transform, X)

        def resized(image):
            image = np.asarray(image)
            if self.resize == "crop":
                image = _to_aspect(image, height, width)
            return _by_channel(
                image,
                lambda part: part.resize((width, height), FILTER),
                (height, width),
            )

        return np.stack(self._each(resized, X))


class Crop(_ImageStep):
    """Cuts a part out of images.

    Parameters
    ----------
    size : (width, height), default=None
        Of the centre that is kept, at most that of the images.
    box : (left, top, right, bottom), default=None
        In pixels, right and bottom excluded. One of the two is given.
    n_jobs : ignored
        Views are made.

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.image import Crop
    >>> images = np.arange(16).reshape(1, 4, 4)
    >>> Crop((2, 2)).fit_transform(images).tolist()
    [[[5, 6], [9, 10]]]
    """

    def __init__(self, size=None, *, box=None, n_jobs=None):
        self.size = size
        self.box = box
        self.n_jobs = n_jobs

    def _check(self):
        if (self.size is None) == (self.box is None):
            raise ValueError(
                f"one of size={self.size!r} and box={self.box!r} must be given"
            )
        if self.box is not None:
            if len(self.box) != 4 or not all(isinstance(b, Integral) for b in self.box):
                raise ValueError(f"box={self.box!r} must be (left, top, right, bottom)")
            left, top, right, bottom = self.box
            if not (0 <= left < right and 0 <= top < bottom):
                raise ValueError(f"box={self.box!r} holds no pixel")
            return None
        return check_options(self.size, "RGB", "crop")

    def transform(self, X):
        """Cut the images.

        Parameters
        ----------
        X : array of shape (n, height, width[, 3]), or list of arrays of any sizes

        Returns
        -------
        images : ndarray (n, height, width[, 3])
        """
        size = self._check()
        if is_dask(X):
            return map_rows(self.transform, X)
        if isinstance(X, np.ndarray):
            return X[(slice(None), *self._window(X.shape[1:], size))]
        images = [np.asarray(image) for image in X]
        return np.stack([im[self._window(im.shape, size)] for im in images])

    def _window(self, shape, size):
        height, width = shape[:2]
        if size is None:
            left, top, right, bottom = self.box
        else:
            left, top = (width - size[0]) // 2, (height - size[1]) // 2
            right, bottom = left + size[0], top + size[1]
        if left < 0 or top < 0 or right > width or bottom > height:
            given = f"box={self.box}" if size is None else f"size={size}"
            raise ValueError(
                f"{given} does not fit into images of {width} x {height} pixels"
            )
        return slice(top, bottom), slice(left, right)


class Rotate(_ImageStep):
    """Turns images about their centre, by linear interpolation.

    Parameters
    ----------
    angle : float
        Degrees, counter-clockwise. Multiples of 90 turn without interpolation, and
        with them height and width may change places.
    fill : float, default=0
        Value of pixels from outside.
    n_jobs : int, default=None
        Threads over the images.

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.image import Rotate
    >>> Rotate(90).fit_transform(np.array([[[1, 2, 3], [4, 5, 6]]])).tolist()
    [[[3, 6], [2, 5], [1, 4]]]
    """

    def __init__(self, angle, *, fill=0, n_jobs=None):
        self.angle = angle
        self.fill = fill
        self.n_jobs = n_jobs

    def _check(self):
        check_number(self.angle, "angle", -360, 360, kind=Real)
        check_number(self.fill, "fill", -np.inf, kind=Real)

    def transform(self, X):
        """Turn the images.

        Parameters
        ----------
        X : array of shape (n, height, width[, 3]), or list of arrays of any sizes

        Returns
        -------
        images : ndarray (n, height, width[, 3]), of the type of X
        """
        self._check()
        if is_dask(X):
            return map_rows(self.transform, X)

        def turned(image):
            image = np.asarray(image)
            if self.angle % 90 == 0:
                return np.rot90(image, int(self.angle // 90) % 4)
            return _by_channel(
                image,
                lambda part: part.rotate(
                    self.angle, Image.Resampling.BILINEAR, fillcolor=self.fill
                ),
                image.shape[:2],
            )

        return np.stack(self._each(turned, X))


def _to_aspect(image, height, width):
    """The largest centre of an image with the ratio of height and width."""
    rows, columns = image.shape[:2]
    down = min(rows, max(1, round(columns * height / width)))
    across = min(columns, max(1, round(rows * width / height)))
    top, left = (rows - down) // 2, (columns - across) // 2
    return image[top : top + down, left : left + across]


def _by_channel(image, function, shape):
    """A function of Pillow images, applied to each channel; bytes stay bytes."""
    is_byte = image.dtype == np.uint8
    channels = image.reshape(*image.shape[:2], -1)
    result = np.empty((*shape, channels.shape[2]), dtype=image.dtype)
    for c in range(channels.shape[2]):
        part = np.ascontiguousarray(channels[..., c])
        part = Image.fromarray(part if is_byte else part.astype(np.float32))
        values = np.asarray(function(part))
        if image.dtype.kind in "iu" and not is_byte:
            limits = np.iinfo(image.dtype)
            values = np.clip(np.rint(values), limits.min, limits.max)
        result[..., c] = values
    return result.reshape(*shape, *image.shape[2:])
