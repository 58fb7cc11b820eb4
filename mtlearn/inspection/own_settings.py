"""A search in which every task chooses for itself."""

import warnings

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import check_cv
from sklearn.pipeline import Pipeline

from ..base import stack_columns
from ..linear_model import fit_path
from ..linear_model.base import MultiTaskLinearModel
from ..model_selection import MultiTaskStratifiedKFold
from ..model_selection.cross_validation import cut_params, take_rows
from ..model_selection.delegation import available_if_inner_has
from ..validation import check_is_fitted
from .separate import SeparateModels
from .task_scoring import TaskScoring
from .taskwise import TaskwiseEstimator


class OwnSettingsCV(TaskwiseEstimator):
    """Estimator of many tasks that are fitted under the best setting of each.

    Parameters
    ----------
    estimator : estimator of many tasks
    settings : list of dict
    metric : str, callable or None
    cv : int, splitter or None
    per_task : bool, default=True
        Whether every task chooses for itself, or all together by their mean.

    Attributes
    ----------
    chosen_ : list of dict (n_tasks,)
    models_ : dict from number of a setting to (fitted estimator, list of its tasks)
    """

    def __init__(self, estimator, settings, *, metric=None, cv=None, per_task=True):
        self.estimator = estimator
        self.settings = settings
        self.metric = metric
        self.cv = cv
        self.per_task = per_task

    def fit(self, X, y, *, groups=None, **params):
        """Score every setting on every fold, and fit the chosen ones to all rows."""
        scoring = TaskScoring.of(self.metric, y, last_step(self.estimator))
        chosen = self._choose(X, y, groups, params, scoring)
        self.chosen_ = [self.settings[i] for i in chosen]
        self._task_names = np.array(scoring.names, dtype=object)
        self.models_ = {}
        for i in sorted(set(chosen)):
            tasks = np.flatnonzero(np.equal(chosen, i)).tolist()
            model = clone(self.estimator).set_params(**self.settings[i])
            if isinstance(last_step(model), SeparateModels) and self.per_task:
                # No other task is needed for these.
                labels, given = _columns(y, tasks), _columns_of_weights(params, tasks)
                self.models_[i] = model.fit(X, labels, **given), tasks
            else:
                every = list(range(len(chosen)))
                self.models_[i] = model.fit(X, y, **params), every
        self._chosen = chosen
        return self

    def _choose(self, X, y, groups, params, scoring):
        """Number of a setting for every task."""
        n_tasks = len(scoring.names)
        if len(self.settings) == 1:
            return [0] * n_tasks
        cv = self.cv
        if cv is None or isinstance(cv, int | np.integer):
            cv = MultiTaskStratifiedKFold(5 if cv is None else int(cv))
        folds = list(check_cv(cv).split(X, y, groups))
        scores = [
            [
                scoring(model, X_test, take_rows(y, test))
                for model, X_test in fit_settings(
                    self.estimator, self.settings, X, y, train, test, params
                )
            ]
            for train, test in folds
        ]
        with warnings.catch_warnings():
            # A task that has no score anywhere takes the first setting.
            warnings.simplefilter("ignore", RuntimeWarning)
            mean = np.nanmean(np.array(scores), axis=0)
            if not self.per_task:
                mean = np.repeat(np.nanmean(mean, axis=1)[:, None], n_tasks, axis=1)
        return np.where(np.isnan(mean), -np.inf, mean).argmax(axis=0).tolist()

    def _answers(self, method, X):
        check_is_fitted(self, "models_")
        models = self.models_.items()
        outputs = {i: getattr(model, method)(X) for i, (model, _) in models}
        answers = []
        for t, i in enumerate(self._chosen):
            output, place = outputs[i], self.models_[i][1].index(t)
            one = output[place] if isinstance(output, list) else output[:, place]
            answers.append(one)
        return answers

    @property
    def classes_(self):
        return [
            self.models_[i][0].classes_[self.models_[i][1].index(t)]
            for t, i in enumerate(self._chosen)
        ]

    def predict(self, X):
        """Predictions, (n_samples, n_tasks)."""
        return stack_columns([np.asarray(a) for a in self._answers("predict", X)])

    @available_if_inner_has("predict_proba")
    def predict_proba(self, X):
        """Class probabilities of each task."""
        return self._answers("predict_proba", X)

    @available_if_inner_has("decision_function")
    def decision_function(self, X):
        """Scores of each task."""
        return self._answers("decision_function", X)


def last_step(estimator):
    """The model at the end of a pipeline."""
    return estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator


def fit_settings(estimator, settings, X, y, train, test, params):
    """Fit under every setting; features that no setting touches are made once.

    Yields
    ------
    (model, X_test)
        In the order of the settings, ``X_test`` as the model takes it.
    """
    n_rows = X.shape[0] if hasattr(X, "shape") else len(X)
    labels, params = take_rows(y, train), cut_params(params, train, n_rows)
    X_train, X_test = take_rows(X, train), take_rows(X, test)
    if isinstance(estimator, Pipeline) and len(estimator) > 1:
        prefix = f"{estimator.steps[-1][0]}__"
        if all(key.startswith(prefix) for setting in settings for key in setting):
            X_train, X_test = _features(estimator, X_train, X_test, labels, params)
            estimator, params = estimator.steps[-1][1], _strip(params, prefix)
            settings = [_strip(setting, prefix) for setting in settings]
    if isinstance(estimator, MultiTaskLinearModel) and set(params) <= {"sample_weight"}:
        for model in fit_path(estimator, X_train, labels, settings, **params):
            yield model, X_test
    else:
        for setting in settings:
            model = clone(estimator).set_params(**setting)
            yield model.fit(X_train, labels, **params), X_test


def _features(pipeline, X_train, X_test, labels, params):
    """What the steps before the last make of training and test rows."""
    for name, step in pipeline.steps[:-1]:
        if step is not None and step != "passthrough":
            step = clone(step)
            of_step = _strip(params, f"{name}__")
            X_train = step.fit_transform(X_train, labels, **of_step)
            X_test = step.transform(X_test)
    return X_train, X_test


def _strip(named, prefix):
    return {k[len(prefix) :]: v for k, v in named.items() if k.startswith(prefix)}


def _columns(Y, tasks):
    return Y.iloc[:, tasks] if hasattr(Y, "iloc") else Y[:, tasks]


def _columns_of_weights(params, tasks):
    """Weights per pair of row and task, cut to some tasks."""
    return {
        name: np.asarray(value)[:, tasks] if np.ndim(value) == 2 else value
        for name, value in params.items()
    }
