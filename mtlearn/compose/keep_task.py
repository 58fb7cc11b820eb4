"""Transformers that leave the task column alone."""

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.utils.validation import check_is_fitted

from ..validation import check_choice
from .task_rows import split_task

UNKNOWN_TASK = ("error", "shared")


class KeepTask(TransformerMixin, BaseEstimator):
    """Transforms all of X but the task column, see :func:`keep_task`.

    Attributes
    ----------
    tasks_ : ndarray (n_tasks,)
        The task of each code.
    transformer_ : the fitted transformer
    """

    def __init__(self, transformer, task_column=0, *, unknown_task="error"):
        self.transformer = transformer
        self.task_column = task_column
        self.unknown_task = unknown_task

    def fit(self, X, y=None):
        """Fit the transformer to X without its tasks.

        Parameters
        ----------
        X : TaskRows, (data, ids) pair, DataFrame, or array (n_samples, n_columns)
        y : labels, passed on

        Returns
        -------
        self : object
        """
        rest, ids = self._split(X)
        self.transformer_ = clone(self.transformer).fit(rest, y)
        self.tasks_ = np.unique(ids)
        return self

    def fit_transform(self, X, y=None):
        """The same as ``fit(X, y).transform(X)``, by the transformer's own way."""
        rest, ids = self._split(X)
        transformer = clone(self.transformer)
        features = transformer.fit_transform(rest, y)
        self.transformer_, self.tasks_ = transformer, np.unique(ids)
        return self._with_codes(features, ids)

    def transform(self, X):
        """Codes of the tasks, and the features.

        Returns
        -------
        ndarray or CSR matrix (n_samples, 1 + n_features)
            The first column holds the number of the task in ``tasks_``, -1 for a task
            that was not there in ``fit`` if ``unknown_task="shared"``.
        """
        check_is_fitted(self, "transformer_")
        rest, ids = self._split(X)
        return self._with_codes(self.transformer_.transform(rest), ids)

    def get_feature_names_out(self, input_features=None):
        """``task``, and the names of the features."""
        check_is_fitted(self, "transformer_")
        names = self.transformer_.get_feature_names_out()
        return np.array(["task", *names], dtype=object)

    def _split(self, X):
        check_choice(self.unknown_task, "unknown_task", UNKNOWN_TASK)
        return split_task(X, self.task_column)

    def _with_codes(self, features, ids):
        code = task_codes(ids, self.tasks_, self.unknown_task)[:, None]
        if sparse.issparse(features):
            return sparse.hstack([code, features], format="csr")
        features = np.asarray(features)
        kind = np.result_type(features.dtype, np.float32)
        return np.hstack([code.astype(kind), features])


def keep_task(transformer, task_column=0, *, unknown_task="error"):
    """A transformer of all columns but the one that holds the task.

    The task id is taken out of X, the rest is transformed, and the id comes back as the
    first column, as a number: the next step finds it at ``task_column=0``.

    Parameters
    ----------
    transformer : scikit-learn transformer
        Of features, or of images.
    task_column : int or str, default=0
        Number of the column, or in a DataFrame its name. Means nothing to
        :class:`TaskRows` and pairs (images, ids).
    unknown_task : {"error", "shared"}, default="error"
        What ``transform`` does with an id that ``fit`` has not seen: raise a
        ValueError, or leave it to the estimator, as the number -1.

    Returns
    -------
    KeepTask

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from mtlearn.compose import TaskColumnClassifier, TaskRows, keep_task
    >>> from mtlearn.image import HOG
    >>> rng = np.random.default_rng(0)
    >>> images, places = rng.random((40, 16, 16)), ["north", "south"] * 20
    >>> model = make_pipeline(keep_task(HOG()), TaskColumnClassifier(task_column=0))
    >>> X = TaskRows(images, places)
    >>> model.fit(X, rng.integers(0, 2, 40)).predict(X).shape
    (40,)
    """
    return KeepTask(transformer, task_column, unknown_task=unknown_task)


def task_codes(ids, tasks, unknown_task):
    """Numbers of tasks in a sorted list, -1 for those that are not in it.

    Raises
    ------
    ValueError
        If there are such, and ``unknown_task="error"``.
    """
    try:
        place = np.minimum(np.searchsorted(tasks, ids), len(tasks) - 1)
        known = tasks[place] == ids
    except TypeError:  # text among numbers
        place, known = np.zeros(len(ids), dtype=int), np.zeros(len(ids), dtype=bool)
    if not known.all() and unknown_task == "error":
        strange = np.unique(ids[~known]).tolist()
        more = f", nor were {len(strange) - 1} others" if len(strange) > 1 else ""
        raise ValueError(
            f"the task {strange[0]!r} was not there in fit{more}; the tasks are "
            f"{tasks[:10].tolist()}{'...' if len(tasks) > 10 else ''}. For the answer "
            "that tasks share pass unknown_task='shared'."
        )
    return np.where(known, place, -1)
