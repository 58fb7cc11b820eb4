"""One task of a fitted multi-task model, as a scikit-learn estimator of one output."""

from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.metaestimators import available_if


class _SingleTaskView(BaseEstimator):
    """One task of a fitted multi-task model; never refitted, like FrozenEstimator."""

    def __init__(self, estimator, task):
        self.estimator = estimator
        self.task = task

    def __sklearn_clone__(self):
        return self

    def __sklearn_is_fitted__(self):
        return True

    def fit(self, X, y=None, **params):
        """Do nothing: the model is fitted, all its tasks together."""
        return self

    @property
    def n_features_in_(self):
        return self.estimator.n_features_in_

    def predict(self, X):
        """Predictions of this task, (n_samples,)."""
        return self.estimator._decoded(X)[self.task]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def _estimator_has(method):
    return available_if(lambda view: hasattr(view.estimator, method))


class SingleTaskClassifier(ClassifierMixin, _SingleTaskView):
    """View of one label task: 1-D ``predict``, ``classes_`` as an array."""

    @property
    def classes_(self):
        return self.estimator._task_classes(self.task)

    @_estimator_has("decision_function")
    def decision_function(self, X):
        """Scores of this task, (n_samples,) or (n_samples, n_classes)."""
        outputs = self.estimator.decision_function(X)
        return outputs if self.estimator._ndim == 1 else outputs[self.task]

    @_estimator_has("predict_proba")
    def predict_proba(self, X):
        """Class probabilities of this task, (n_samples, n_classes)."""
        outputs = self.estimator.predict_proba(X)
        return outputs if self.estimator._ndim == 1 else outputs[self.task]


class SingleTaskRegressor(RegressorMixin, _SingleTaskView):
    """View of one regression task: 1-D ``predict``."""
