"""What a forest answers for the rows it was fitted to, by trees that did not see them.

The weights of sources are fitted again without each of five parts of the rows, and that
part is answered with them: weights that have seen a label would flatter it.
"""

import numpy as np

from ..base import stack_columns
from .stacking import solve_systems

N_PARTS = 5


def cross_fitted_answers(answers, n_tasks, n_rows, factor, rng):
    """Honest answers for the labels of every task.

    Parameters
    ----------
    answers : Answers
    n_tasks, n_rows : int
    factor : float
        See :func:`~mtlearn.ensemble.stacking.stack`.
    rng : numpy.random.RandomState

    Returns
    -------
    list of (ndarray of int, ndarray (m, width))
        Of each task: which of its labels are answered, those whose row was out of
        the bag of some tree, and how.
    """
    part_of_row = rng.permutation(n_rows) % N_PARTS
    found = [answers.of(t) for t in range(n_tasks)]
    parts = [
        part_of_row[answers.labels.rows_of(t)[task.known]]
        for t, task in enumerate(found)
    ]
    out = [np.full(task.Y.shape, np.nan) for task in found]
    for k in range(N_PARTS):
        systems = [task.system(part != k) for part, task in zip(parts, found)]
        weights = solve_systems(systems, np.full(answers.n_columns, factor))
        for part, weight, values, task in zip(parts, weights, out, found):
            values[part == k] = task.predict(weight)[part == k]
    return [(np.flatnonzero(task.known), values) for task, values in zip(found, out)]


class OutOfBagMixin:
    """Attributes of forests with ``oob_score=True``."""

    def _check_out_of_bag(self, plot):
        """Before trees are grown for nothing."""
        if plot.sampling.out_of_bag_share(plot.n_rows) < 1 or not self._asks():
            return
        raise ValueError(
            f"{' and '.join(self._asks())} needs rows that trees do not see: use "
            "max_samples < 1 or bootstrap=True"
        )

    def _asks(self):
        """The parameters that need out-of-bag answers."""
        threshold = getattr(self, "threshold", None)
        asks = ["oob_score=True"] if self.oob_score else []
        return asks + ([f"threshold={threshold!r}"] if threshold is not None else [])

    def _learn_out_of_bag(self, answers, targets, rows, n_rows, factor, rng):
        """What parameters ask for; ``rows`` says which of ``n_rows`` have labels."""
        for name in ("oob_score_", "oob_prediction_", "oob_decision_function_"):
            self.__dict__.pop(name, None)
        found = None
        if self._asks():
            found = cross_fitted_answers(
                answers, targets.n_tasks, targets.n_rows, factor, rng
            )
        if hasattr(self, "threshold"):
            self._tune_thresholds(found, targets)
        if self.oob_score:
            self._keep_out_of_bag(found, answers.labels, targets, rows, n_rows)

    def _keep_out_of_bag(self, found, labels, targets, rows, n_rows):
        """Labels that no tree has answered are missing."""
        scores, predictions, shares = [], [], []
        for t, (known, values) in enumerate(found):
            _, label, weight = targets.pairs(t)
            its = rows[labels.rows_of(t)[known]]
            values = self._task_in_user_units(t, values)
            predicted = self._decode(t, self._task_as_scores(t, values.copy()))
            predictions.append(_spread_over(n_rows, its, predicted))
            truth = label[known]
            if self._is_label_task(t):
                classes = self._task_classes(t)
                truth = classes[truth.astype(int)]
                shares.append(_spread_over(n_rows, its, self._shares(t, values)))
            else:
                shares.append(None)
            scores.append(_score(truth, predicted, weight[known], shares[-1] is None))
        self.oob_score_ = self._lower(np.array(scores))
        self.oob_prediction_ = (
            predictions[0] if self._ndim == 1 else stack_columns(predictions)
        )
        if hasattr(self, "classes_"):
            self.oob_decision_function_ = self._lower(shares)


def _spread_over(n_rows, its, values):
    """Values of some rows among missing ones of the others."""
    missing = np.nan if values.dtype.kind in "iuf" else None
    kind = values.dtype if values.dtype.kind == "f" else float
    spread = np.full(
        (n_rows, *values.shape[1:]), missing, dtype=object if missing is None else kind
    )
    spread[its] = values
    return spread


def _score(truth, predicted, weight, is_number):
    """Accuracy, or R2."""
    if not len(truth):
        return np.nan
    if not is_number:
        return float(np.average(truth == predicted, weights=weight))
    spread = np.sum(weight * (truth - np.average(truth, weights=weight)) ** 2)
    if not spread:
        return np.nan
    return float(1 - np.sum(weight * (truth - predicted) ** 2) / spread)
