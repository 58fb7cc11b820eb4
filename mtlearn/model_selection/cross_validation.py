"""Out-of-fold predictions of several tasks."""

from numbers import Integral

import numpy as np
from sklearn import get_config
from sklearn.base import clone, is_classifier
from sklearn.model_selection import KFold, check_cv
from sklearn.utils import get_tags, indexable
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.parallel import Parallel, delayed

from .assembly import assemble
from .stratified import MultiTaskStratifiedKFold

METHODS_PER_CLASS = ("decision_function", "predict_proba", "predict_log_proba")


def cross_val_predict(
    estimator,
    X,
    y=None,
    *,
    groups=None,
    cv=None,
    n_jobs=None,
    verbose=0,
    params=None,
    pre_dispatch="2*n_jobs",
    method="predict",
):
    """Predict every row by a model that has not seen it.

    scikit-learn's function of this name turns every column of a 2-D ``Y`` into codes
    for ``predict_proba`` and ``decision_function``: NaN becomes a class of its own and
    a mask is dropped, both silently. This one hands ``Y`` to the estimator as it is.

    Parameters
    ----------
    estimator : estimator
    X : array-like, (n_samples, ...)
    y : labels of any form, (n_samples,) or (n_samples, n_tasks), optional
        May have missing labels if the estimator takes them.
    groups : array-like (n_samples,), optional
        For ``cv``. With metadata routing pass it in ``params``.
    cv : int, splitter or iterable, optional
        ``None`` and an int are that many folds (5) of
        :class:`MultiTaskStratifiedKFold` for a classifier, of
        :class:`~sklearn.model_selection.KFold` for others. The test parts must be a
        partition of the rows.
    n_jobs, verbose, pre_dispatch : see :class:`joblib.Parallel`
    params : dict, optional
        Passed to ``fit``, arrays cut to the rows of the fold; with metadata routing to
        whoever requests them.
    method : str, default="predict"
        The method that predicts.

    Returns
    -------
    ndarray, or list of T arrays where ``method`` returns a list
        Rows in the order of ``X``. Columns stand for the classes that a fit on all rows
        has. A class that is absent from a training part gets probability 0, and the
        lowest finite number as decision value or log-probability. If a task has two
        classes, its decision values are (n_samples,).

    Raises
    ------
    ValueError
        If the test parts of ``cv`` are no partition.

    Examples
    --------
    >>> from sklearn.datasets import make_multilabel_classification
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from mtlearn.model_selection import cross_val_predict
    >>> X, Y = make_multilabel_classification(n_classes=3, random_state=0)
    >>> proba = cross_val_predict(
    ...     KNeighborsClassifier(), X, Y, cv=3, method="predict_proba"
    ... )
    >>> [p.shape for p in proba]
    [(100, 2), (100, 2), (100, 2)]
    """
    X, y = indexable(X, y)
    splitter = read_cv(cv, estimator, y)
    split_params, fit_params = _route(estimator, splitter, groups, params or {})
    n_rows = X.shape[0] if hasattr(X, "shape") else len(X)
    splits = list(splitter.split(X, y, **split_params))
    test_rows = np.concatenate([test for _, test in splits])
    if not np.array_equal(np.sort(test_rows), np.arange(n_rows)):
        raise ValueError("cross_val_predict only works for partitions")
    parallel = Parallel(n_jobs=n_jobs, verbose=verbose, pre_dispatch=pre_dispatch)
    outputs = parallel(
        delayed(_fit_and_predict)(
            clone(estimator), X, y, train, test, n_rows, fit_params, method
        )
        for train, test in splits
    )
    predictions, classes = zip(*outputs)
    if method not in METHODS_PER_CLASS:
        classes = None
    return assemble(predictions, classes, method, np.argsort(test_rows))


def read_cv(cv, estimator, y):
    """A splitter; of numbers, stratified if the estimator is a classifier."""
    if cv is None or isinstance(cv, Integral):
        n_splits = 5 if cv is None else int(cv)
        stratify = is_classifier(estimator) and y is not None
        return MultiTaskStratifiedKFold(n_splits) if stratify else KFold(n_splits)
    return check_cv(cv)


def _route(estimator, splitter, groups, params):
    """Which of ``params`` go to ``split`` and which to ``fit``."""
    if not get_config()["enable_metadata_routing"]:
        return {"groups": groups}, params
    if groups is not None:
        raise ValueError(
            "with metadata routing enabled, pass groups as params={'groups': groups}"
        )
    fit = MethodMapping().add(caller="fit", callee="fit")
    split = MethodMapping().add(caller="fit", callee="split")
    router = MetadataRouter(owner="cross_val_predict")
    router.add(estimator=estimator, method_mapping=fit)
    router.add(splitter=splitter, method_mapping=split)
    routed = process_routing(router, "fit", **params)
    return routed["splitter"]["split"], routed["estimator"]["fit"]


def _fit_and_predict(estimator, X, y, train, test, n_rows, fit_params, method):
    """Predictions for the test rows, and the classes that the model has seen."""
    fit_params = cut_params(fit_params, train, n_rows)
    if get_tags(estimator).input_tags.pairwise:
        X_train, X_test = X[np.ix_(train, train)], X[np.ix_(test, train)]
    else:
        X_train, X_test = take_rows(X, train), take_rows(X, test)
    labels = () if y is None else (take_rows(y, train),)
    estimator.fit(X_train, *labels, **fit_params)
    predictions = getattr(estimator, method)(X_test)
    return predictions, getattr(estimator, "classes_", None)


def cut_params(params, rows, n_rows):
    """Parameters of ``fit``, those with an entry per row cut to some rows."""
    return {
        name: take_rows(value, rows) if _is_per_row(value, n_rows) else value
        for name, value in params.items()
    }


def _is_per_row(value, n_rows):
    if isinstance(value, str | dict) or not hasattr(value, "__len__"):
        return False
    length = value.shape[0] if getattr(value, "shape", ()) else len(value)
    return length == n_rows


def take_rows(data, rows):
    """Rows of an array, masked array, sparse matrix, DataFrame or list."""
    if hasattr(data, "iloc"):
        return data.iloc[rows]
    if hasattr(data, "shape"):
        return data[rows]
    return [data[i] for i in rows]
