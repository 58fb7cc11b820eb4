"""Class probabilities of linear models whose losses are likelihoods."""

import numpy as np


class ProbabilityMixin:
    """``predict_proba`` for classifiers whose loss is a likelihood."""

    def predict_proba(self, X):
        """Probabilities of the classes.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or list of n_tasks of them
            A list if Y was 2-D. Columns as in ``classes_``; a task without labels has
            no columns, a task of numbers is None.
        """
        return self._lower(
            [self._probability(t, Z) for t, Z in enumerate(self._task_scores(X))]
        )

    def predict_log_proba(self, X):
        """Logarithms of the probabilities of the classes.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or list of n_tasks of them
        """
        with np.errstate(divide="ignore"):
            logs = [
                p if p is None else np.log(p)
                for p in map(self._probability, *zip(*enumerate(self._task_scores(X))))
            ]
        return self._lower(logs)

    def _probability(self, t, Z):
        if self._task_classes(t) is None:
            return None
        if Z.shape[1] == 0:
            return np.ones((len(Z), len(self._task_classes(t))), dtype=Z.dtype)
        loss = self._losses()["classification"].for_columns(Z.shape[1])
        return loss.probability(Z)
