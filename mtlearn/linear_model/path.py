"""Many settings on the same rows, for little more than one."""

from sklearn.base import clone


def fit_path(estimator, X, y, settings, *, sample_weight=None):
    """Fit a linear model under several settings of its parameters, one after the other.

    X is checked and decomposed once, and every fit starts from the result of the one
    before. So let settings that are near each other follow each other, smaller ``C``
    first.

    Parameters
    ----------
    estimator : a linear model of mtlearn
        Is not changed.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
    y : array-like of shape (n_samples,) or (n_samples, n_tasks)
    settings : iterable of dict
        Parameters to set, such as ``{"C": 0.1, "sharing": 0.5}``.
    sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks)

    Yields
    ------
    estimator : a clone of the estimator, fitted with the next setting
        Each is what ``fit`` would give, within ``tol``.

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.linear_model import MultiTaskRidge, fit_path
    >>> rng = np.random.default_rng(0)
    >>> X, Y = rng.normal(size=(40, 5)), rng.normal(size=(40, 3))
    >>> settings = [{"C": C, "sharing": s} for s in (0, 0.5) for C in (0.01, 1)]
    >>> for model in fit_path(MultiTaskRidge(structure="mean"), X, Y, settings):
    ...     print(model.C, model.sharing, round(model.score(X, Y), 3))
    0.01 0 0.067
    1 0 0.151
    0.01 0.5 0.062
    1 0.5 0.151
    """
    before = workspace = None
    for setting in settings:
        model = clone(estimator).set_params(**setting)
        workspace = model._fit_from(
            X, y, sample_weight, before=before, workspace=workspace
        )
        before = model
        yield model
