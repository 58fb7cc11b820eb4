"""What a model knows of rows whose task is unknown, once a gate has been learned."""

import numpy as np
from scipy.special import softmax
from sklearn.utils.metaestimators import available_if

from ...solvers.descent import CentredRows
from ...validation import check_is_fitted, validate_X
from ...weighting import Gate
from .parameters import find_weighting


def _has_gate(model):
    return isinstance(find_weighting(model.task_weight), Gate)


class GatedMixin:
    """Predictions by way of the gate, for ``task_weight="gate"``."""

    @available_if(_has_gate)
    def predict_task_proba(self, X):
        """How much each task claims a row: the gate, over all tasks.

        Where every row of ``fit`` belonged to one task, the probability that a row
        belongs to each.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_tasks)
        """
        check_is_fitted(self)
        X = validate_X(self, X, reset=False)
        gate, center = self._gate
        return softmax(gate.scores(CentredRows(X, center)), axis=1)

    @available_if(_has_gate)
    def predict_mixture(self, X):
        """Predict rows whose task is unknown: the tasks' mean, weighted by the gate.

        Of probabilities where the model has them, else of scores. Only for tasks that
        ask the same question, see ``label_groups``.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        shares = self.predict_task_proba(X)
        if self.n_tasks_ > 1 and self._tasks.label_groups != [
            tuple(range(self.n_tasks_))
        ]:
            raise ValueError(
                "predict_mixture needs tasks that all ask the same question: pass "
                "label_groups='all', with structure='mean'."
            )
        outputs = self._outputs_of_tasks(X)
        mixed = sum(shares[:, t, None] * out for t, out in enumerate(outputs))
        known = self._task_classes(0) if hasattr(self, "classes_") else None
        if known is None:
            return mixed[:, 0]
        if mixed.shape[1] == 1:
            return known[(mixed[:, 0] > 0).astype(int)]
        return known[mixed.argmax(axis=1)]

    def _outputs_of_tasks(self, X):
        """Probabilities, or scores, of each task, all with the same columns."""
        if hasattr(self, "predict_proba"):
            outputs = self.predict_proba(X)
            outputs = [outputs] if self._ndim == 1 else outputs
            if outputs[0] is not None:
                return outputs
        return [np.asarray(Z) for Z in self._task_scores(X)]
