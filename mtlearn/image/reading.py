"""Picture files to one uint8 array, whatever their format, depth or orientation.

Pillow decodes; this module decides what a pixel means: EXIF orientation is applied,
transparency is laid on white, 16-bit grey keeps its high byte as Pillow does for
16-bit colour, and of an animation the first frame counts.
"""

import io
import os
from numbers import Integral
from typing import NamedTuple

import numpy as np
from joblib import Parallel, delayed
from PIL import Image, ImageOps

__all__ = ["ImageFailure", "ImageReadError", "ReadImages", "read_image", "read_images"]

MODES = ("RGB", "L")
FITS = ("crop", "stretch")
MAX_LINES = 20  # files named in the message of an ImageReadError


class ImageFailure(NamedTuple):
    """One file that could not be read: its place in the list, path and reason."""

    index: int
    path: str
    reason: str


class ReadImages(NamedTuple):
    """What ``read_images(..., on_error="skip")`` returns.

    ``images`` holds the pictures that could be read, ``kept`` (n,) their places in
    the list of paths, ``failures`` the list of `ImageFailure` of all others.
    """

    images: np.ndarray
    kept: np.ndarray
    failures: list


class ImageReadError(ValueError):
    """One or more image files could not be read.

    Parameters
    ----------
    failures : list of (index, path, reason)
        All of them, in the order of the paths; kept as the attribute ``failures``.
        The message names the first 20.
    """

    def __init__(self, failures):
        # The list is the only argument, so that the error survives pickling.
        super().__init__(failures)
        self.failures = [ImageFailure(*failure) for failure in failures]

    def __str__(self):
        n_failures = len(self.failures)
        noun = "image" if n_failures == 1 else "images"
        lines = [f"{n_failures} {noun} could not be read:"]
        lines += [f"{path}: {reason}" for _, path, reason in self.failures[:MAX_LINES]]
        if n_failures > MAX_LINES:
            lines.append(f"and {n_failures - MAX_LINES} more")
        return "\n".join(lines)


def read_image(path, size=None, mode="RGB", fit="crop"):
    """Read one image file.

    Parameters
    ----------
    path : str or os.PathLike
        A file in any format that Pillow reads.
    size : (width, height) or None
        Size of the result in pixels; None keeps that of the file.
    mode : {"RGB", "L"}
        Colour or grey.
    fit : {"crop", "stretch"}
        How ``size`` is reached: cut the centre to its aspect ratio, then resize; or
        resize without regard to the aspect ratio. Both use the Lanczos filter.

    Returns
    -------
    image : ndarray of uint8, (height, width, 3) or (height, width)

    Raises
    ------
    ImageReadError
        The file is absent, no image, damaged, or has more pixels than
        ``PIL.Image.MAX_IMAGE_PIXELS``, Pillow's guard against decompression bombs.
    ValueError, TypeError
        A parameter is wrong.

    Examples
    --------
    >>> import os, skimage
    >>> from mtlearn.image import read_image
    >>> coffee = os.path.join(skimage.__path__[0], "data", "coffee.png")
    >>> read_image(coffee, size=(60, 40)).shape
    (40, 60, 3)
    """
    size = check_options(size, mode, fit)
    image = try_read(0, _check_path(path), size, mode, fit)
    if isinstance(image, ImageFailure):
        raise ImageReadError([image])
    return image


def read_images(
    paths, size=None, mode="RGB", fit="crop", n_jobs=None, on_error="raise"
):
    """Read image files into one array.

    Parameters
    ----------
    paths : sequence of str or os.PathLike, length n
    size, mode, fit
        As in `read_image`. Without ``size`` all files must have one size.
    n_jobs : int or None
        Number of threads, as everywhere in joblib.
    on_error : {"raise", "skip"}
        What to do about files that cannot be read. All files are tried in either
        case, so that one run finds all the bad ones.

    Returns
    -------
    images : ndarray of uint8, (n, height, width, 3) or (n, height, width)
        With ``on_error="skip"`` a named tuple `ReadImages` instead: ``(images,
        kept, failures)``.

    Raises
    ------
    ImageReadError
        Files could not be read; with ``on_error="skip"`` only if that is all of them.
    ValueError
        The files differ in size and ``size`` is None, or a parameter is wrong.

    Examples
    --------
    >>> import os, skimage
    >>> from mtlearn.image import read_images
    >>> data = os.path.join(skimage.__path__[0], "data")
    >>> paths = [os.path.join(data, name) for name in ("coffee.png", "no.png")]
    >>> images, kept, failures = read_images(paths, size=(60, 40), on_error="skip")
    >>> images.shape, kept.tolist(), failures[0].reason
    ((1, 40, 60, 3), [0], 'no such file')
    """
    size = check_options(size, mode, fit)
    if on_error not in ("raise", "skip"):
        raise ValueError(f"on_error must be 'raise' or 'skip', got {on_error!r}")
    if isinstance(paths, (str, bytes, os.PathLike)):
        raise TypeError("paths is a list of paths; for one file use read_image")
    paths = [_check_path(path) for path in paths]
    if not paths:
        raise ValueError("paths is empty: there is no image to read")
    results = Parallel(n_jobs=n_jobs, prefer="threads")(
        delayed(try_read)(index, path, size, mode, fit)
        for index, path in enumerate(paths)
    )
    failures = [result for result in results if isinstance(result, ImageFailure)]
    if failures and (on_error == "raise" or len(failures) == len(paths)):
        raise ImageReadError(failures)
    bad = {failure.index for failure in failures}
    kept = np.array([i for i in range(len(paths)) if i not in bad], dtype=np.intp)
    images = stack_images([results[i] for i in kept], [paths[i] for i in kept])
    return images if on_error == "raise" else ReadImages(images, kept, failures)


def check_options(size, mode, fit):
    if mode not in MODES:
        raise ValueError(f"mode must be 'RGB' or 'L', got {mode!r}")
    if fit not in FITS:
        raise ValueError(f"fit must be 'crop' or 'stretch', got {fit!r}")
    if size is None:
        return None
    numbers = tuple(np.ravel(size)) if np.ndim(size) == 1 else ()
    whole = all(isinstance(number, Integral) and number > 0 for number in numbers)
    if len(numbers) != 2 or not whole:
        raise ValueError(f"size must be (width, height) in whole pixels, got {size!r}")
    return tuple(int(number) for number in numbers)


def _check_path(path):
    # os.fspath refuses numbers, which open() would take for file descriptors.
    return os.fsdecode(os.fspath(path))


def stack_images(images, paths):
    for image, path in zip(images, paths):
        if image.shape != images[0].shape:
            (h0, w0), (h1, w1) = images[0].shape[:2], image.shape[:2]
            raise ValueError(
                f"images differ in size: {paths[0]} is {w0} x {h0} pixels, {path} is "
                f"{w1} x {h1}; pass size=(width, height) to bring them to one size"
            )
    return np.stack(images)


def try_read(index, path, size, mode, fit):
    """The image, or an ImageFailure that says why not."""
    try:
        return _read(path, size, mode, fit)
    except FileNotFoundError:
        reason = "no such file"
    except IsADirectoryError:
        reason = "a folder, not a file"
    except Image.UnidentifiedImageError:
        reason = "not an image in a known format"
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        reason = _too_large()
    # Damaged files make decoders raise almost anything: OSError, SyntaxError,
    # struct.error, zlib.error, IndexError, or a Warning that was made an error.
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
    return ImageFailure(index, path, reason)


def _open(source):
    """An image from a path, bytes or an array."""
    if isinstance(source, bytes | bytearray | memoryview):
        return Image.open(io.BytesIO(source))
    if not isinstance(source, np.ndarray):
        return Image.open(source)
    shape, dtype = source.shape, source.dtype
    grey = len(shape) == 2 or (len(shape) == 3 and shape[2] == 1)
    if not grey and not (len(shape) == 3 and shape[2] in (3, 4)):
        raise ValueError(f"an array of shape {shape} is no image")
    if dtype not in (np.uint8, np.bool_) and not (dtype == np.uint16 and grey):
        raise ValueError(f"{dtype} pixels; images are uint8, or uint16 grey")
    source = source.reshape(shape[:2]) if grey else source
    source = source * np.uint8(255) if dtype == np.bool_ else source
    return Image.fromarray(np.ascontiguousarray(source))


def _too_large():
    limit = Image.MAX_IMAGE_PIXELS
    return f"more than {limit:,} pixels, the limit in PIL.Image.MAX_IMAGE_PIXELS"


def _read(source, size, mode, fit):
    with _open(source) as image:
        # Between one and two times the limit Pillow only warns. One rule for all
        # must not depend on the user's warning filters.
        limit = Image.MAX_IMAGE_PIXELS
        if limit is not None and image.width * image.height > limit:
            raise ValueError(_too_large())
        image.load()
        image = _to_mode(ImageOps.exif_transpose(image), mode)
    if size is not None and image.size != size:
        if fit == "crop":
            image = ImageOps.fit(image, size, Image.Resampling.LANCZOS)
        else:
            image = image.resize(size, Image.Resampling.LANCZOS)
    return np.array(image, dtype=np.uint8)


def _to_mode(image, mode):
    if image.mode.startswith("I"):
        image = _from_16_bit(image)
    elif image.mode == "F":
        raise ValueError("floating-point pixels have no fixed range; save it as 8-bit")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image.convert(mode)


def _from_16_bit(image):
    """Mode "I", which holds 16 bits in 32 for some formats, or "I;16"."""
    pixels = np.asarray(image)
    if pixels.min() < 0 or pixels.max() > 65535:
        raise ValueError("32-bit pixels outside 0..65535; save it as 8-bit")
    grey = (pixels >> 8).astype(np.uint8)
    if "transparency" in image.info:  # one grey level stands for transparent
        grey[pixels == image.info["transparency"]] = 255
    return Image.fromarray(grey)
