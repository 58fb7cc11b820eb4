"""Estimators that answer task by task, from several models."""

from ..model_selection.delegation import DelegatingEstimator
from ..validation import check_is_fitted


class TaskwiseEstimator(DelegatingEstimator):
    """Base of estimators that fit clones of ``estimator``, and keep task names."""

    def _inner(self):
        return self.estimator

    @property
    def task_names_in_(self):
        check_is_fitted(self, "_task_names")
        return self._task_names
