"""Cross-validated choice of C, sharing and task weights."""

from itertools import product

import numpy as np
from joblib import Parallel, delayed
from scipy import sparse
from scipy.stats import rankdata
from sklearn.base import clone
from sklearn.metrics import check_scoring
from sklearn.model_selection import check_cv

from ..blocks import RowBlocks, is_dask
from ..model_selection import MultiTaskStratifiedKFold
from ..model_selection.cross_validation import take_rows
from ..model_selection.delegation import DelegatingEstimator
from .parameters import DEFAULT_SHARING, find_structure
from .path import fit_path


class MultiTaskLinearCV(DelegatingEstimator):
    """Linear model whose C, sharing and task weights are chosen by cross-validation.

    What :class:`sklearn.model_selection.GridSearchCV` would choose, in less time: each
    fold decomposes its X once, and walks the settings so that every fit starts from its
    neighbour's result (:func:`fit_path`).

    Parameters
    ----------
    estimator : a linear model of mtlearn
        What is not searched is taken from it.
    Cs : list of float, default=(0.01, 0.1, 1.0, 10.0)
    sharings : list of float in [0, 1], default=None
        None is 0, 0.5 and 0.9; and for a structure without this dial, nothing.
    task_weights : list of settings of ``task_weight``, default=None
        For instance from :func:`mtlearn.model_selection.task_weight_grid`. None is that
        of the estimator.
    cv : int, splitter or iterable, default=5
        A number makes folds by
        :class:`mtlearn.model_selection.MultiTaskStratifiedKFold`.
    scoring : str or callable, default=None
        As in GridSearchCV, see :func:`mtlearn.metrics.make_multitask_scorer`. None is
        the estimator's ``score``.
    n_jobs : int, default=None
        Folds that run in parallel.

    Attributes
    ----------
    best_estimator_ : estimator
        Fitted to all rows with the best setting.
    best_params_ : dict
        With the keys C, sharing and task_weight. Among equals the smallest C, then
        sharing.
    best_score_ : float
        Its mean over the folds.
    cv_results_ : dict of arrays
        As in GridSearchCV: ``params``, ``param_C``, ..., ``split0_test_score``, ...,
        ``mean_test_score``, ``std_test_score``, ``rank_test_score``.
    n_splits_ : int

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.linear_model import MultiTaskLinearCV, MultiTaskRidge
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(60, 8))
    >>> Y = X @ rng.normal(size=(8, 1)) + rng.normal(size=(60, 6))
    >>> Y[rng.random(Y.shape) < 0.7] = np.nan
    >>> search = MultiTaskLinearCV(MultiTaskRidge(structure="mean")).fit(X, Y)
    >>> search.best_params_["sharing"]
    0.9
    """

    _fitted_name = "best_estimator_"

    def __init__(
        self,
        estimator,
        *,
        Cs=(0.01, 0.1, 1.0, 10.0),
        sharings=None,
        task_weights=None,
        cv=5,
        scoring=None,
        n_jobs=None,
    ):
        self.estimator = estimator
        self.Cs = Cs
        self.sharings = sharings
        self.task_weights = task_weights
        self.cv = cv
        self.scoring = scoring
        self.n_jobs = n_jobs

    def fit(self, X, y, sample_weight=None, groups=None):
        """Score every setting on every fold, and fit the best one to all rows.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Scores are weighted by it, too.
        groups : array-like of shape (n_samples,), optional
            For ``cv``.

        Returns
        -------
        self : object
        """
        settings = self._settings()
        if isinstance(X, RowBlocks) or is_dask(X):
            raise TypeError(
                f"{type(self).__name__} would hold its folds in memory: search on a "
                "sample of the rows, X[rows], or over calls of fit"
            )
        if sparse.issparse(X):
            X = sparse.csr_array(X)  # other formats have no rows to take
        cv = self.cv
        if isinstance(cv, int | np.integer):
            cv = MultiTaskStratifiedKFold(cv)
        splits = list(check_cv(cv).split(X, y, groups))
        scorer = check_scoring(self.estimator, scoring=self.scoring)
        each = Parallel(n_jobs=self.n_jobs)(
            delayed(_score_fold)(
                self.estimator, X, y, sample_weight, fold, settings, scorer
            )
            for fold in splits
        )
        self.cv_results_ = _results(settings, np.array(each))
        self.n_splits_ = len(splits)
        mean = self.cv_results_["mean_test_score"]
        if np.isnan(mean).all():
            raise ValueError(
                "no setting has a score: the metric is undefined on every task of some "
                "fold; use fewer folds or another metric"
            )
        best = int(np.nanargmax(mean))
        self.best_params_, self.best_score_ = settings[best], float(mean[best])
        self.best_estimator_ = clone(self.estimator).set_params(**settings[best])
        if sample_weight is None:
            self.best_estimator_.fit(X, y)
        else:
            self.best_estimator_.fit(X, y, sample_weight=sample_weight)
        return self

    def _settings(self):
        """Each task weight and sharing with all C, rising, so that neighbours meet."""
        structure = find_structure(self.estimator)
        sharings = self.sharings
        if sharings is None:
            sharings = (0.0, 0.5, 0.9) if structure.has_sharing else (DEFAULT_SHARING,)
        weights = self.task_weights
        if weights is None:
            weights = [self.estimator.task_weight]
        lists = {"Cs": self.Cs, "sharings": sharings, "task_weights": weights}
        for name, values in lists.items():
            if (
                not hasattr(values, "__len__")
                or isinstance(values, str)
                or not len(values)
            ):
                raise ValueError(f"{name}={values!r} must be a list of settings")
        return [
            {"C": C, "sharing": sharing, "task_weight": weight}
            for weight, sharing, C in product(
                weights, sorted(sharings), sorted(self.Cs)
            )
        ]

    def predict_frame(self, X):
        """Predictions of the best model as a DataFrame."""
        return self._fitted().predict_frame(X)

    def task(self, name):
        """Single-task view of the best model."""
        return self._fitted().task(name)

    def score(self, X, y, sample_weight=None):
        """What was maximised, on other rows."""
        scorer = check_scoring(self._fitted(), scoring=self.scoring)
        weights = {} if sample_weight is None else {"sample_weight": sample_weight}
        return scorer(self.best_estimator_, X, y, **weights)


def _score_fold(estimator, X, y, sample_weight, fold, settings, scorer):
    """Scores of all settings on one fold, (n_settings,)."""
    train, test = (
        [
            None if data is None else take_rows(data, rows)
            for data in (X, y, sample_weight)
        ]
        for rows in fold
    )
    weights = {} if test[2] is None else {"sample_weight": test[2]}
    path = fit_path(estimator, train[0], train[1], settings, sample_weight=train[2])
    return [scorer(model, test[0], test[1], **weights) for model in path]


def _results(settings, scores):
    """``cv_results_`` of scores (n_splits, n_settings)."""
    results = {"params": settings}
    for name in settings[0]:
        values = np.empty(len(settings), dtype=object)
        values[:] = [setting[name] for setting in settings]
        results[f"param_{name}"] = values
    for i, row in enumerate(scores):
        results[f"split{i}_test_score"] = row
    mean = scores.mean(axis=0)
    results["mean_test_score"], results["std_test_score"] = mean, scores.std(axis=0)
    worst_last = np.where(np.isnan(mean), -np.inf, mean)
    results["rank_test_score"] = rankdata(-worst_last, method="min").astype(np.int32)
    return results
