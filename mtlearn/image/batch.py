"""A batch of images as the user gave it, read piece by piece."""

import numpy as np

from ..blocks import is_dask


class ImageBatch:
    """Images of one shape: one array, or a list of arrays that is never stacked whole.

    Parameters
    ----------
    X : array (n, height, width) or (n, height, width, 3), or list of arrays
        Numbers of any real type, in any memory order.

    Attributes
    ----------
    shape : tuple
        Of one image, without the batch; None for an empty list.
    dtype : dtype

    Raises
    ------
    ValueError
        For another number of dimensions, other types, or images of several shapes.
    """

    def __init__(self, X):
        if isinstance(X, list | tuple):
            self.images = [np.asarray(image) for image in X]
            self.shape = _common_shape(self.images)
            self.dtype = np.result_type(np.uint8, *{im.dtype for im in self.images})
            ndim = 3 if self.shape is None else 1 + len(self.shape)
        else:
            self.images = X if is_dask(X) else np.asarray(X)  # read when needed
            self.shape = self.images.shape[1:]
            self.dtype = self.images.dtype
            ndim = self.images.ndim
        if ndim not in (3, 4) or (ndim == 4 and self.shape[2] != 3):
            raise ValueError(
                "Expected images of shape (n, height, width) or (n, height, width, 3), "
                f"got {(len(self), *self.shape) if ndim else 'no array'}. "
                "A single image needs a batch around it: image[np.newaxis]."
            )
        if self.dtype.kind not in "buif":
            raise ValueError(f"Images must hold real numbers, not {self.dtype}.")

    def __len__(self):
        return len(self.images)

    def is_ready(self, dtype):
        """Whether ``read`` returns views, and costs nothing."""
        return (
            isinstance(self.images, np.ndarray)
            and self.images.flags.c_contiguous
            and self.dtype == dtype
        )

    def read(self, start, stop, dtype):
        """Images start..stop in C order, (n, height, width, channels), maybe a view."""
        part = self.images[start:stop]
        part = np.stack(part) if isinstance(part, list) else part
        part = np.ascontiguousarray(part, dtype=dtype)
        return part.reshape(*part.shape[:3], -1)


def refuse_dask(transformer, X):
    """Raise TypeError for a Dask array, of which pictures would be read one by one."""
    if is_dask(X):
        raise TypeError(
            f"{type(transformer).__name__} learns from pictures in memory: fit it on "
            "some of them, X[:1000].compute(); transform takes Dask arrays"
        )


def _common_shape(images):
    if not images:
        return None
    for i, image in enumerate(images):
        if image.shape != images[0].shape:
            raise ValueError(
                "All images must have one shape: image 0 has "
                f"{images[0].shape}, image {i} has {image.shape}."
            )
    return images[0].shape
