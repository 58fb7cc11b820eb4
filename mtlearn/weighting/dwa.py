"""Weights by how fast a task's loss falls."""

import numpy as np

from .base import TaskWeighting, WeightingRun


class DynamicWeightAverage(TaskWeighting):
    r"""Dynamic weight average: tasks whose loss falls slowly count more.

    :math:`w_t \propto \exp(r_t / T)`, with :math:`r_t` the ratio of the mean losses of
    the last two epochs; all equal in the first two. An epoch of ``partial_fit`` is a
    call.

    Parameters
    ----------
    temperature : float > 0, default=2
        The T above; the higher, the more equal the weights.

    References
    ----------
    Liu, Johns and Davison, "End-to-end multi-task learning with attention", CVPR 2019.
    """

    def __init__(self, temperature=2.0):
        self.temperature = temperature

    def check(self):
        if not self.temperature > 0:
            self._refuse("temperature", "> 0")

    def start(self, n_tasks, n_features, one_task_per_row):
        return _DWARun(n_tasks, self.temperature)


class _DWARun(WeightingRun):
    def __init__(self, n_tasks, temperature):
        super().__init__(n_tasks)
        self.temperature = temperature
        self.last, self.ratio = np.full(n_tasks, np.nan), np.ones(n_tasks)

    def end_epoch(self, losses):
        known = np.isfinite(losses) & np.isfinite(self.last) & (self.last > 0)
        self.ratio[known] = losses[known] / self.last[known]
        seen = np.isfinite(losses)
        self.last[seen] = losses[seen]
        # A loss that was near zero and rose can have any ratio; exp must stay finite.
        exponent = np.minimum(self.ratio / self.temperature, 50)
        self._set(np.exp(exponent - exponent.max()))
