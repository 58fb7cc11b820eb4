"""Images as what their local descriptors are made of."""

from numbers import Integral

import numpy as np
from sklearn.base import clone
from sklearn.cluster import MiniBatchKMeans
from sklearn.decomposition import PCA
from sklearn.mixture import GaussianMixture
from sklearn.utils import check_random_state

from ..validation import check_number
from .base import ImageTransformer
from .batch import ImageBatch, refuse_dask
from .sift import DenseSIFT

__all__ = ["VLAD", "BagOfVisualWords", "FisherVector"]

# Images described at a time.
CHUNK_IMAGES = 32
MAX_ITER = 100


class _VisualWords(ImageTransformer):
    """Encodings of local descriptors, pooled over the cells of a spatial pyramid.

    A subclass has ``_learn(descriptors, rng)``, ``_encode(descriptors)``, which gives
    what is summed over the places of a cell, ``_finish(sums, n)`` and ``_width``.
    """

    def __init__(
        self,
        *,
        descriptor=None,
        n_words=64,
        n_components=None,
        pyramid=(1, 2),
        n_samples=50_000,
        random_state=None,
        n_jobs=None,
    ):
        self.descriptor = descriptor
        self.n_words = n_words
        self.n_components = n_components
        self.pyramid = pyramid
        self.n_samples = n_samples
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X, y=None):
        """Learn the words from descriptors of the images.

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
        for name in ("n_words", "n_samples"):
            check_number(getattr(self, name), name, 1, kind=Integral)
        usual = DenseSIFT() if self.descriptor is None else self.descriptor
        self.descriptor_ = clone(usual).fit(X)
        rng = check_random_state(self.random_state)
        sample = self._sample(X, rng)
        if len(sample) < self.n_words:
            raise ValueError(
                f"n_words={self.n_words} is more than the {len(sample)} descriptors "
                "that differ from a flat surface"
            )
        self.pca_ = None
        if self.n_components is not None:
            check_number(
                self.n_components, "n_components", 1, sample.shape[1], kind=Integral
            )
            self.pca_ = PCA(self.n_components, random_state=rng).fit(sample)
            sample = self.pca_.transform(sample)
        self._learn(sample.astype(np.float64), rng)
        return super().fit(X)

    def _sample(self, X, rng):
        """Descriptors from all images alike, at most n_samples, none of them zero."""
        n = len(ImageBatch(X))
        per_image = max(1, -(-self.n_samples // max(n, 1)))
        chosen = rng.permutation(n)[: self.n_samples]
        found = []
        for first in range(0, len(chosen), CHUNK_IMAGES):
            rows = np.sort(chosen[first : first + CHUNK_IMAGES])
            part = [X[i] for i in rows] if isinstance(X, list | tuple) else X[rows]
            places = self.descriptor_.describe(part)
            for image in places.reshape(len(places), -1, places.shape[-1]):
                image = image[image.any(axis=1)]
                found.append(image[rng.permutation(len(image))[:per_image]])
        return np.concatenate(found)[: self.n_samples]

    def _feature_shape(self, shape):
        levels = np.atleast_1d(self.pyramid).tolist()
        rows, columns = self.descriptor_._feature_shape(shape)[:2]
        for level in levels:
            check_number(level, "pyramid", 1, kind=Integral)
            if level > min(rows, columns):
                raise ValueError(
                    f"pyramid={self.pyramid} has {level} x {level} cells, more than "
                    f"the {rows} x {columns} places of the descriptor."
                )
        return (sum(level**2 for level in levels), self._width())

    def _fill(self, features, images, start, stop):
        for first in range(start, stop, CHUNK_IMAGES):
            last = min(first + CHUNK_IMAGES, stop)
            part = images.images[first:last]
            for i, places in enumerate(self.descriptor_.describe(part), start=first):
                features[i] = self._of_image(places)

    def _of_image(self, places):
        """Encodings of one image, (n_features,): no image depends on others."""
        rows, columns, _ = places.shape
        flat = places.reshape(rows * columns, -1)
        known = flat.any(axis=1)
        codes = np.zeros((rows * columns, self._width()))
        if known.any():
            found = flat[known]
            if self.pca_ is not None:
                found = self.pca_.transform(found)
            codes[known] = self._encode(found.astype(np.float64))
        codes = codes.reshape(rows, columns, -1)
        known = known.reshape(rows, columns)
        cells = []
        for level in np.atleast_1d(self.pyramid):
            down = np.arange(level + 1) * rows // level
            across = np.arange(level + 1) * columns // level
            for r in range(level):
                for c in range(level):
                    cell = slice(*down[r : r + 2]), slice(*across[c : c + 2])
                    sums = codes[cell].sum(axis=(0, 1))
                    cells.append(self._finish(sums, max(known[cell].sum(), 1)))
        return np.concatenate(cells)

    def _names(self):
        name = type(self).__name__.lower()
        places = np.ndindex(*self._feature_shape(self.image_shape_))
        return (f"{name}_cell{cell}_{i}" for cell, i in places)


class BagOfVisualWords(_VisualWords):
    r"""How often which visual word occurs, over a spatial pyramid.

    Words are the centres of k-means among local descriptors. Every place counts for
    its nearest word; the feature is the root of the shares, :math:`\sqrt{n_k / n}`, of
    each cell.

    Parameters
    ----------
    descriptor : transformer with ``describe``, default=None
        None is :class:`DenseSIFT` as it is.
    n_words : int, default=64
    n_components : int, default=None
        Principal components of the descriptors; None is all of them as they are.
    pyramid : list of int, default=(1, 2)
        Cells a side of each level: the whole image, and its quarters.
    n_samples : int, default=50000
        Descriptors that the words are learned from.
    random_state : int, RandomState or None, default=None
    n_jobs : int, default=None
        Threads over the images. The features do not depend on it, to the last bit.

    Attributes
    ----------
    words_ : ndarray (n_words, n_components)
    descriptor_ : fitted transformer
    pca_ : PCA or None
    image_shape_, n_features_out_ : of the images, and cells x words

    Notes
    -----
    Flat places, whose descriptor is zero, count nowhere.

    References
    ----------
    S. Lazebnik, C. Schmid and J. Ponce (2006), "Beyond bags of features: spatial
    pyramid matching for recognizing natural scene categories", CVPR.

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.image import BagOfVisualWords
    >>> images = np.random.default_rng(0).integers(0, 256, (9, 32, 32), dtype=np.uint8)
    >>> BagOfVisualWords(n_words=10, random_state=0).fit_transform(images).shape
    (9, 50)
    """

    def _learn(self, sample, rng):
        self.words_ = learn_words(sample, self.n_words, rng)

    def _width(self):
        return self.n_words

    def _encode(self, descriptors):
        return np.eye(self.n_words)[nearest(descriptors, self.words_)]

    def _finish(self, sums, n):
        return np.sqrt(sums / n)


class VLAD(_VisualWords):
    r"""Sums of differences between descriptors and their nearest words.

    Of each word k and cell :math:`v_k = \sum_i (x_i - c_k)` over the places whose
    nearest word it is, every :math:`v_k` divided by its norm, and the whole by its own.

    Parameters
    ----------
    descriptor, n_words, n_components, pyramid, n_samples, random_state, n_jobs
        See :class:`BagOfVisualWords`. Here 16 to 64 words of 32 to 64 components do.

    Attributes
    ----------
    words_, descriptor_, pca_, image_shape_, n_features_out_
        See :class:`BagOfVisualWords`; features are cells x words x components.

    References
    ----------
    R. Arandjelovic and A. Zisserman (2013), "All about VLAD", CVPR.

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.image import VLAD
    >>> images = np.random.default_rng(0).integers(0, 256, (9, 32, 32), dtype=np.uint8)
    >>> vlad = VLAD(n_words=4, n_components=16, pyramid=1, random_state=0)
    >>> vlad.fit_transform(images).shape
    (9, 64)
    """

    def _learn(self, sample, rng):
        self.words_ = learn_words(sample, self.n_words, rng)

    def _width(self):
        return self.words_.size

    def _encode(self, descriptors):
        word = nearest(descriptors, self.words_)
        codes = np.zeros((len(descriptors), *self.words_.shape))
        codes[np.arange(len(word)), word] = descriptors - self.words_[word]
        return codes.reshape(len(descriptors), -1)

    def _finish(self, sums, n):
        each = sums.reshape(self.words_.shape)
        norm = np.linalg.norm(each, axis=1, keepdims=True)
        return unit((each / np.maximum(norm, 1e-12)).ravel())


class FisherVector(_VisualWords):
    r"""Gradients of the likelihood of descriptors under a mixture of Gaussians.

    With the posterior :math:`\gamma_{ik}` of component k, of weight :math:`w_k`, mean
    :math:`\mu_k` and standard deviations :math:`\sigma_k`, over the n places of a cell:
    :math:`\frac{1}{n \sqrt{w_k}} \sum_i \gamma_{ik} (x_i - \mu_k) / \sigma_k` and
    :math:`\frac{1}{n \sqrt{2 w_k}} \sum_i \gamma_{ik} ((x_i - \mu_k)^2 / \sigma_k^2 -
    1)`; then signed roots, divided by the norm.

    Parameters
    ----------
    descriptor, n_words, n_components, pyramid, n_samples, random_state, n_jobs
        See :class:`BagOfVisualWords`; ``n_words`` are the components of the mixture,
        here 16 to 64 of 32 to 64 principal components.

    Attributes
    ----------
    mixture_ : GaussianMixture
    descriptor_, pca_, image_shape_, n_features_out_
        See :class:`BagOfVisualWords`; features are cells x words x 2 components.

    Notes
    -----
    The gradients are those of ``skimage.feature.fisher_vector(..., improved=True)``
    without its first ones, of the weights, which tell little.

    References
    ----------
    F. Perronnin, J. Sanchez and T. Mensink (2010), "Improving the Fisher kernel for
    large-scale image classification", ECCV.

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.image import FisherVector
    >>> images = np.random.default_rng(0).integers(0, 256, (9, 32, 32), dtype=np.uint8)
    >>> fisher = FisherVector(n_words=4, n_components=16, pyramid=1, random_state=0)
    >>> fisher.fit_transform(images).shape
    (9, 128)
    """

    def _learn(self, sample, rng):
        self.mixture_ = GaussianMixture(
            self.n_words,
            covariance_type="diag",
            max_iter=MAX_ITER,
            reg_covar=1e-5,
            random_state=rng,
        ).fit(sample)

    def _width(self):
        return 2 * self.mixture_.means_.size

    def _encode(self, descriptors):
        mixture = self.mixture_
        posterior = mixture.predict_proba(descriptors)
        scaled = descriptors[:, None, :] - mixture.means_
        scaled /= np.sqrt(mixture.covariances_)
        root = np.sqrt(mixture.weights_)[:, None]
        by_mean = posterior[:, :, None] * scaled / root
        by_spread = posterior[:, :, None] * (scaled**2 - 1) / (np.sqrt(2) * root)
        return np.hstack(
            [g.reshape(len(descriptors), -1) for g in (by_mean, by_spread)]
        )

    def _finish(self, sums, n):
        mean = sums / n
        return unit(np.sign(mean) * np.sqrt(np.abs(mean)))


def learn_words(sample, n_words, rng):
    """Centres of k-means."""
    means = MiniBatchKMeans(
        n_words, batch_size=2048, n_init=3, max_iter=MAX_ITER, random_state=rng
    )
    return means.fit(sample).cluster_centers_


def nearest(descriptors, words):
    """Number of the nearest word of each descriptor."""
    return (descriptors @ words.T - (words**2).sum(axis=1) / 2).argmax(axis=1)


def unit(vector):
    """Divided by its norm, if that is not zero."""
    return vector / max(np.linalg.norm(vector), 1e-12)
