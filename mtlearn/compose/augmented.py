"""Estimators that learn changed copies of images, and never test on them."""

from numbers import Integral

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin, clone
from sklearn.pipeline import Pipeline
from sklearn.utils import check_random_state
from sklearn.utils.validation import has_fit_parameter

from ..base import score_by_kind, stack_columns
from ..image.augment import ImageAugmenter
from ..image.batch import ImageBatch
from ..metrics.scorer import fitted_classes, fitted_task_names
from ..model_selection.delegation import (
    DelegatingEstimator,
    asks_for_groups,
    available_if_inner_has,
)
from ..tasks import LabelTable, read_sample_weight
from ..validation import check_is_fitted, check_number
from .labels import join_labels


class _Augmented(DelegatingEstimator):
    """What classifiers and regressors with augmentation share."""

    def __init__(
        self,
        estimator,
        augmenter=None,
        *,
        n_copies=1,
        predict_copies=0,
        random_state=None,
        n_jobs=None,
    ):
        self.estimator = estimator
        self.augmenter = augmenter
        self.n_copies = n_copies
        self.predict_copies = predict_copies
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X, y, sample_weight=None, *, groups=None):
        """Fit the estimator to the images and their copies.

        Parameters
        ----------
        X : array of shape (n, height, width) or (n, height, width, 3), or list
            Images.
        y : labels of any form, (n_samples,) or (n_samples, n_tasks)
            May have missing labels.
        sample_weight : array-like (n_samples,) or (n_samples, n_tasks), optional
            A row and its copies share the weight of the row.
        groups : array-like (n_samples,), optional
            For a search inside, whose folds keep the copies of an image together.

        Returns
        -------
        self : object
        """
        check_number(self.n_copies, "n_copies", 0, kind=Integral)
        check_number(self.predict_copies, "predict_copies", 0, kind=Integral)
        augmenter = self._augmenter()
        augmenter.check()
        n = len(ImageBatch(X))
        rng = check_random_state(self.random_state)
        # A number, so that predictions can be repeated.
        self._seed = rng.randint(2**31 - 1)
        images, labels = [np.asarray(X)], [y]
        for _ in range(self.n_copies):
            copies, draw = augmenter.copy(X, rng, self.n_jobs)
            images.append(copies)
            labels.append(draw)
        given = self._parameters(n, y, sample_weight, groups)
        self._ndim = 1 if np.ndim(y) < 2 else 2
        self.estimator_ = clone(self.estimator).fit(
            np.concatenate(images), join_labels(y, labels[1:], augmenter), **given
        )
        return self

    def _augmenter(self):
        return ImageAugmenter() if self.augmenter is None else self.augmenter

    def _parameters(self, n, y, sample_weight, groups):
        """Weights and groups of rows and copies, as the estimator takes them."""
        times = 1 + self.n_copies
        given = {}
        name = _fit_parameter(self.estimator, "sample_weight")
        if name is not None:
            table = LabelTable(y)
            weight = np.ones(n)
            if sample_weight is not None:
                weight = read_sample_weight(sample_weight, n, table.n_tasks)
                weight = weight[:, 0] if weight.shape[1] == 1 else weight
            given[name] = np.concatenate([weight / times] * times)
        elif sample_weight is not None:
            raise ValueError(
                f"{type(self.estimator).__name__} takes no sample_weight in fit"
            )
        cv, prefix = _inner_search(self.estimator)
        if cv is not None and self.n_copies:
            if not asks_for_groups(cv):
                raise ValueError(
                    f"the search inside, with cv={cv!r}, would test on copies of its "
                    "training images; use a splitter by groups, such as "
                    "MultiTaskStratifiedGroupKFold"
                )
            each = np.arange(n) if groups is None else np.asarray(groups)
            given[f"{prefix}groups"] = np.concatenate([each] * times)
        elif cv is not None and groups is not None:
            given[f"{prefix}groups"] = np.asarray(groups)
        return given

    def _mean_over_copies(self, method, X):
        """Mean of a list of T arrays over the images and their copies."""
        check_is_fitted(self, "estimator_")
        outputs = [getattr(self.estimator_, method)(X)]
        rng = np.random.RandomState(self._seed)
        augmenter = self._augmenter()
        # What changes labels would need its answer changed back.
        without = {*(augmenter.label_map or {}), *(augmenter.skip or {})}
        for _ in range(self.predict_copies):
            copies, _ = augmenter.copy(X, rng, self.n_jobs, without)
            outputs.append(getattr(self.estimator_, method)(copies))
        if isinstance(outputs[0], list):
            return [
                None if parts[0] is None else sum(parts) / len(parts)
                for parts in zip(*outputs)
            ]
        return sum(outputs) / len(outputs)

    @available_if_inner_has("predict_proba")
    def predict_proba(self, X):
        """Class probabilities, mean over the image and ``predict_copies`` copies."""
        return self._mean_over_copies("predict_proba", X)

    @available_if_inner_has("decision_function")
    def decision_function(self, X):
        """Scores of the classes, mean over the image and ``predict_copies`` copies."""
        return self._mean_over_copies("decision_function", X)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        return tags


class AugmentedClassifier(ClassifierMixin, _Augmented):
    """Classifier that is trained on images and on changed copies of them.

    Copies are made in ``fit`` only, after the folds of a search were cut: no copy of a
    test image is ever learned.

    Parameters
    ----------
    estimator : classifier of images, such as a Pipeline of features and a model
    augmenter : ImageAugmenter, default=None
        None is :class:`~mtlearn.image.ImageAugmenter` as it is: without flips and
        rotations.
    n_copies : int, default=1
        Of each image.
    predict_copies : int, default=0
        At prediction the mean over the image and so many copies answers. Changes that
        ``label_map`` or ``skip`` of the augmenter name are left out there.
    random_state : int, RandomState or None, default=None
    n_jobs : int, default=None
        Threads that make copies; these do not depend on it.

    Attributes
    ----------
    estimator_ : fitted classifier
    classes_, task_names_in_ : those of ``estimator_``

    Notes
    -----
    An image and its copies share the weight of the image, if the estimator takes
    weights, so that ``C`` keeps its meaning. If the estimator is a search, its folds
    must be by groups: the copies of an image are one.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from mtlearn.compose import AugmentedClassifier
    >>> from mtlearn.datasets import make_multi_digits
    >>> from mtlearn.image import HOG, ImageAugmenter
    >>> from mtlearn.svm import MultiTaskLinearSVC
    >>> data = make_multi_digits(60)
    >>> pipeline = make_pipeline(HOG(cells_per_block=2), MultiTaskLinearSVC(C=0.1))
    >>> augmenter = ImageAugmenter(flip=True, skip={"flip": [0, 1, 2, 3, 5]})
    >>> model = AugmentedClassifier(pipeline, augmenter, random_state=0)
    >>> model.fit(data.images, data.target).predict(data.images).shape
    (60, 6)
    """

    def predict(self, X):
        """Classes of the largest mean score.

        Parameters
        ----------
        X : array of shape (n, height, width) or (n, height, width, 3), or list

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_tasks)
        """
        model = self._fitted()
        methods = ("predict_proba", "decision_function")
        method = next((name for name in methods if hasattr(model, name)), None)
        if self.predict_copies == 0 or method is None:
            return model.predict(X)
        scores = self._mean_over_copies(method, X)
        scores = scores if isinstance(scores, list) else [scores]
        classes = fitted_classes(model, len(scores))
        answers = None
        tasks = []
        for t, (part, known) in enumerate(zip(scores, classes)):
            if part is None or len(known) < 2:
                answers = model.predict(X) if answers is None else answers
                tasks.append(answers if self._ndim == 1 else answers[:, t])
            elif part.ndim == 1:
                tasks.append(np.asarray(known)[(part > 0).astype(int)])
            else:
                tasks.append(np.asarray(known)[part.argmax(axis=1)])
        return tasks[0] if self._ndim == 1 else stack_columns(tasks)

    def score(self, X, y, sample_weight=None):
        """Plain mean over tasks of the accuracy, and of R2 for tasks of numbers."""
        n_tasks = LabelTable(y).n_tasks
        kinds = [
            "regression" if known is None else "classification"
            for known in fitted_classes(self._fitted(), n_tasks)
        ]
        names = fitted_task_names(self._fitted())
        return score_by_kind(y, self.predict(X), kinds, sample_weight, names)


class AugmentedRegressor(RegressorMixin, _Augmented):
    """Regressor that is trained on images and on changed copies of them.

    Parameters
    ----------
    estimator : regressor of images, such as a Pipeline of features and a model
    augmenter, n_copies, predict_copies, random_state, n_jobs
        See :class:`AugmentedClassifier`. Numbers that a change makes wrong, such as an
        angle, are named in ``skip`` of the augmenter.

    Attributes
    ----------
    estimator_ : fitted regressor
    task_names_in_ : those of ``estimator_``

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from mtlearn.compose import AugmentedRegressor
    >>> from mtlearn.image import HOG
    >>> from mtlearn.linear_model import MultiTaskRidge
    >>> images = np.random.default_rng(0).integers(0, 256, (20, 32, 32), dtype=np.uint8)
    >>> numbers = images.reshape(20, -1)[:, :2].astype(float)
    >>> model = AugmentedRegressor(make_pipeline(HOG(), MultiTaskRidge()))
    >>> model.fit(images, numbers).predict(images).shape
    (20, 2)
    """

    def predict(self, X):
        """Numbers, mean over the image and ``predict_copies`` copies."""
        return self._mean_over_copies("predict", X)

    def score(self, X, y, sample_weight=None):
        """Plain mean over tasks of R2."""
        kinds = ["regression"] * LabelTable(y).n_tasks
        names = fitted_task_names(self._fitted())
        return score_by_kind(y, self.predict(X), kinds, sample_weight, names)


def _fit_parameter(estimator, name):
    """How ``fit`` calls a parameter of the model at the end, or None."""
    if isinstance(estimator, Pipeline):
        step, last = estimator.steps[-1]
        inner = _fit_parameter(last, name)
        return None if inner is None else f"{step}__{inner}"
    search = getattr(estimator, "param_grid", None) or getattr(
        estimator, "param_distributions", None
    )
    if search is not None:
        return _fit_parameter(estimator.estimator, name)
    return name if has_fit_parameter(estimator, name) else None


def _inner_search(estimator, prefix=""):
    """``cv`` of the search inside, and what its parameters begin with."""
    if isinstance(estimator, Pipeline):
        step, last = estimator.steps[-1]
        return _inner_search(last, f"{prefix}{step}__")
    parameters = estimator.get_params(deep=False)
    if "cv" in parameters and "estimator" in parameters:
        cv = parameters["cv"]
        return (5 if cv is None else cv), prefix
    return None, prefix
