"""Weights by how well a task can be predicted at all."""

import numpy as np

from .base import RunningMeans, TaskWeighting, WeightingRun, mean_losses


class Uncertainty(TaskWeighting):
    r"""Homoscedastic uncertainty: one over the noise of each task.

    .. math::
        \min \sum_t n_t \left[ \frac{L_t}{2 v_t} + \frac{\log v_t}{2} \right]
        \quad\text{over}\quad v_t \ge \text{floor}

    so that :math:`v_t` is the task's mean loss :math:`L_t`, followed over the last
    hundred mini-batches, and its weight :math:`1 / v_t`. Only for losses that are minus
    the logarithm of a probability: of a hinge, 0 is no certainty.

    Parameters
    ----------
    floor : float > 0, default=0.05
        The least :math:`v_t`; below it a task that is predicted perfectly would take
        all the weight.

    References
    ----------
    Kendall, Gal and Cipolla, "Multi-task learning using uncertainty to weigh losses for
    scene geometry and semantics", CVPR 2018.
    """

    needs_likelihood = True

    def __init__(self, floor=0.05):
        self.floor = floor

    def check(self):
        if not self.floor > 0:
            self._refuse("floor", "> 0")

    def start(self, n_tasks, n_features, one_task_per_row):
        return _UncertaintyRun(n_tasks, self.floor)


class _UncertaintyRun(WeightingRun):
    def __init__(self, n_tasks, floor):
        super().__init__(n_tasks)
        self.floor, self.loss = floor, RunningMeans(n_tasks)

    @property
    def variance(self):
        return np.maximum(self.loss.mean, self.floor)

    def learn(self, X, labels, losses, shared_norms, largest):
        tasks, means, _ = mean_losses(labels, losses)
        self.loss.see(tasks, means)
        self._set(1 / self.variance)
