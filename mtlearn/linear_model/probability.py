"""Class probabilities of linear models whose losses are likelihoods."""

import numpy as np

from ..base import ProbabilityMixin


class LikelihoodMixin(ProbabilityMixin):
    """``predict_proba`` for classifiers whose loss is a likelihood."""

    def _probability(self, t, Z):
        if self._task_classes(t) is None:
            return None
        if Z.shape[1] == 0:
            return np.ones((len(Z), len(self._task_classes(t))), dtype=Z.dtype)
        loss = self._losses()["classification"].for_columns(Z.shape[1])
        return loss.probability(Z)
