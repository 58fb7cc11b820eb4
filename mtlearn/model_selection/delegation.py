"""Estimators around another one, which answers for them once it is fitted."""

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import get_routing_for_object
from sklearn.utils.metaestimators import available_if

from ..metrics.scorer import final_estimator
from ..validation import check_is_fitted


def available_if_inner_has(method):
    """The method exists where the inner estimator has it."""
    return available_if(lambda outer: hasattr(outer._inner(), method))


def asks_for_groups(cv):
    """Whether the ``cv`` of a search is a splitter by groups."""
    if not hasattr(cv, "split"):
        return False
    return bool(get_routing_for_object(cv).split.requests.get("groups"))


class DelegatingEstimator(MetaEstimatorMixin, BaseEstimator):
    """Outputs of a fitted inner estimator, kept in the attribute ``_fitted_name``."""

    _fitted_name = "estimator_"

    def _inner(self):
        """The fitted estimator, or before that the one to be fitted."""
        return getattr(self, self._fitted_name, self.estimator)

    def _fitted(self):
        check_is_fitted(self, self._fitted_name)
        return getattr(self, self._fitted_name)

    def predict(self, X):
        """Predictions of the fitted model."""
        return self._fitted().predict(X)

    @available_if_inner_has("predict_proba")
    def predict_proba(self, X):
        """Class probabilities by the fitted model."""
        return self._fitted().predict_proba(X)

    @available_if_inner_has("predict_log_proba")
    def predict_log_proba(self, X):
        """Logarithms of the class probabilities."""
        proba = self.predict_proba(X)
        with np.errstate(divide="ignore"):
            if isinstance(proba, list):
                return [p if p is None else np.log(p) for p in proba]
            return np.log(proba)

    @available_if_inner_has("decision_function")
    def decision_function(self, X):
        """Scores of the classes by the fitted model."""
        return self._fitted().decision_function(X)

    @property
    def classes_(self):
        return self._fitted().classes_

    @property
    def n_features_in_(self):
        return self._fitted().n_features_in_

    @property
    def task_names_in_(self):
        return final_estimator(self._fitted()).task_names_in_

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.estimator_type = inner.estimator_type
        tags.classifier_tags = inner.classifier_tags
        tags.regressor_tags = inner.regressor_tags
        tags.target_tags, tags.input_tags = inner.target_tags, inner.input_tags
        return tags
