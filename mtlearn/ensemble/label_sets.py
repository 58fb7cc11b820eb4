"""Label sets: thresholds per label, and rows that must have one label at least."""

import numpy as np

from ..metrics import THRESHOLD_METRICS, never_empty, tune_threshold
from ..validation import check_choice


class LabelSetMixin:
    """Forests whose tasks of two classes are labels that a row has, or has not.

    Parameters ``threshold`` and ``never_empty``.
    """

    def _check_label_sets(self):
        if self.threshold is not None:
            check_choice(self.threshold, "threshold", THRESHOLD_METRICS)

    def _tune_thresholds(self, found, targets):
        """From honest out-of-bag answers of each task, see cross_fitted_answers."""
        self.thresholds_ = np.full(self.n_tasks_, np.nan)
        for t in self._tasks_of_two_classes():
            self.thresholds_[t] = 0.5
            if self.threshold is not None:
                known, shares = found[t]
                _, code, weight = targets.pairs(t)
                best = tune_threshold(
                    code[known], shares[:, 0], self.threshold, weight[known]
                )
                self.thresholds_[t] = 0.5 if np.isnan(best) else np.clip(best, 0, 1)

    def _tasks_of_two_classes(self):
        return [
            t
            for t in range(self.n_tasks_)
            if self._is_label_task(t)
            and self.columns_[t + 1] - self.columns_[t] == 1
            and self._constant[t] < 0
        ]

    def _decoded(self, X):
        scores = self._task_scores(X)
        tasks = self._tasks_of_two_classes()
        if not tasks or (self.threshold is None and not self.never_empty):
            return [self._decode(t, Z) for t, Z in enumerate(scores)]
        margin = np.column_stack([scores[t][:, 0] for t in tasks])
        margin += 0.5 - self.thresholds_[tasks]
        labels = never_empty(margin) if self.never_empty else margin > 0
        decoded = dict(zip(tasks, labels.T.astype(int)))
        return [
            self._task_classes(t)[decoded[t]] if t in decoded else self._decode(t, Z)
            for t, Z in enumerate(scores)
        ]
