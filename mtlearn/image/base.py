"""What all image transformers share: a shape to learn, batches, threads, names."""

import numpy as np
from joblib import Parallel, delayed, effective_n_jobs
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import gen_even_slices

from ..blocks import is_dask, map_rows
from ..validation import check_is_fitted
from .batch import ImageBatch

# Pixels of a batch. Starting threads costs 10 ms, in which one reads 5 million bytes.
WORTH_THREADS = 1 << 23
LARGEST = float(np.finfo(np.float32).max)


class ImageTransformer(TransformerMixin, BaseEstimator):
    """Base of the transformers from images (n, height, width[, 3]) to feature vectors.

    A subclass has the parameter ``n_jobs`` and defines three things:
    ``_feature_shape(shape)``, the shape of one image's features, after a check of the
    parameters; ``_feature_name``, a format string over an index into that shape; and
    ``_fill(features, images, start, stop)``, which writes those of a part of the batch
    without any memory that grows with it.
    """

    def fit(self, X, y=None):
        """Learn the shape of the images and check that the parameters suit it.

        Parameters
        ----------
        X : array of shape (n, height, width) or (n, height, width, 3), or list
            Images. Their values are not read.
        y : None
            Ignored.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            For an unknown parameter, another number of dimensions, or images that
            are too small.
        """
        images = ImageBatch(X)
        if images.shape is None:
            raise ValueError("An empty list has no image shape to learn.")
        vars(self).pop("_kept", None)
        self.n_features_out_ = int(np.prod(self._feature_shape(images.shape)))
        self.image_shape_ = images.shape
        return self

    def transform(self, X):
        """Features of the images.

        Parameters
        ----------
        X : array of shape (n, height, width) or (n, height, width, 3), or list
            Images of the shape seen in ``fit``; n may be 0.

        Returns
        -------
        features : array of shape (n, n_features_out_), float32
            Of a Dask array a Dask array, computed when it is asked for.

        Raises
        ------
        ValueError
            For images of another size than in ``fit``, or values that are not finite.
        """
        check_is_fitted(self)
        if is_dask(X):
            return map_rows(self.transform, X)
        images = ImageBatch(X)
        if images.shape not in (None, self.image_shape_):
            raise ValueError(
                f"{type(self).__name__} was fitted on images of shape "
                f"{self.image_shape_}, these have shape {images.shape}."
            )
        n_made = self.n_features_out_ if self._kept is None else len(self._kept)
        features = np.empty((len(images), n_made), dtype=np.float32)
        n_threads = min(effective_n_jobs(self.n_jobs), len(images))
        size = len(images) * int(np.prod(self.image_shape_))
        if n_threads <= 1 or size < WORTH_THREADS:
            self._fill(features, images, 0, len(images))
        else:
            # Not merely preferred: the threads write into one array.
            Parallel(n_jobs=n_threads, require="sharedmem")(
                delayed(self._fill)(features, images, part.start, part.stop)
                for part in gen_even_slices(
                    len(images), min(4 * n_threads, len(images))
                )
            )
        return features if self._kept is None else features[:, self._kept]

    def get_feature_names_out(self, input_features=None):
        """Names that say where in the image a feature comes from.

        Parameters
        ----------
        input_features : None
            Ignored; pixels have no names.

        Returns
        -------
        names : array of shape (n_features_out_,), object
        """
        check_is_fitted(self)
        names = np.array(list(self._names()), dtype=object)
        return names if self._kept is None else names[self._kept]

    def _names(self):
        places = np.ndindex(self._feature_shape(self.image_shape_))
        return (self._feature_name.format(*place) for place in places)

    # Of a model made small: the mask of the features that it asks for, None for all.
    _kept = None

    def _keep_features(self, mask):
        """Have ``transform`` return some of its features, in place, until ``fit``.

        Parts that nothing is asked of are not computed, where a subclass can leave them
        out (``_without_parts``); its parameters then say so.

        Parameters
        ----------
        mask : ndarray of bool (n_features_out_,)
        """
        if self._kept is not None:
            wanted = self._kept.copy()
            wanted[wanted] = mask
            mask = wanted
        mask = self._without_parts(mask)
        self.n_features_out_ = int(np.count_nonzero(mask))
        self._kept = None if mask.all() else mask

    def _without_parts(self, mask):
        """Leave out parts that are not needed; the mask of what is left."""
        return mask

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = []
        return tags


def check_finite_pixels(images, largest=LARGEST):
    """Raise ValueError for NaN, infinity or pixels beyond ``largest``."""
    # NaN is in neither range.
    if images.size and not (-largest <= images.min() and images.max() <= largest):
        raise ValueError(f"Images contain NaN, infinity or values beyond {largest:g}.")
