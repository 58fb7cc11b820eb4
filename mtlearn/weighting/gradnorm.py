"""Weights that let the tasks pull equally hard at what they share."""

import numpy as np

from .base import RunningMeans, TaskWeighting, WeightingRun, mean_losses


class GradNorm(TaskWeighting):
    r"""Gradient normalisation: tasks learn at similar rates.

    With :math:`G_t` the norm of the gradient of :math:`w_t L_t` in the shared
    parameters, and :math:`r_t` the task's loss over that of its best constant, relative
    to the mean of these over tasks, the weights take steps down

    .. math:: \sum_t | G_t - \bar G \, r_t^a |,

    where the right-hand side counts as a constant, and are scaled to mean 1. Norms and
    losses are followed over the last hundred mini-batches. Only where tasks share
    parameters: ``structure="mean"``, or ``"low_rank"`` with ``n_components``.

    Parameters
    ----------
    asymmetry : float >= 0, default=1.5
        The a above: how strongly tasks that lag behind are pushed.
    rate : float > 0, default=0.025
        Of the steps of the weights, relative to the mean norm.

    References
    ----------
    Chen, Badrinarayanan, Lee and Rabinovich, "GradNorm: gradient normalization for
    adaptive loss balancing in deep multitask networks", ICML 2018.
    """

    needs_shared = True

    def __init__(self, asymmetry=1.5, rate=0.025):
        self.asymmetry = asymmetry
        self.rate = rate

    def check(self):
        if not self.asymmetry >= 0:
            self._refuse("asymmetry", ">= 0")
        if not self.rate > 0:
            self._refuse("rate", "> 0")

    def start(self, n_tasks, n_features, one_task_per_row):
        return _GradNormRun(n_tasks, self.asymmetry, self.rate)


class _GradNormRun(WeightingRun):
    least = 1e-3  # a weight of zero would never come back

    def __init__(self, n_tasks, asymmetry, rate):
        super().__init__(n_tasks)
        self.asymmetry, self.rate = asymmetry, rate
        self.loss, self.norm = RunningMeans(n_tasks), RunningMeans(n_tasks)

    def learn(self, X, labels, losses, shared_norms, largest):
        tasks, means, at = mean_losses(labels, losses)
        self.loss.see(tasks, means)
        self.norm.see(tasks, shared_norms()[at])
        # A task that is tied to no other has no gradient there, and no say.
        known = (self.norm.count > 0) & (self.norm.mean > 0)
        norm = self.norm.mean[known]
        if len(norm) < 2:
            return
        pull = self.weight[known] * norm
        behind = self.loss.mean[known] / max(self.loss.mean[known].mean(), 1e-12)
        slope = np.sign(pull - pull.mean() * behind**self.asymmetry) * norm
        moved = self.weight[known] - self.rate * slope / pull.mean()
        moved = np.maximum(moved, self.least)
        self.weight[known] = moved * (len(moved) / moved.sum())
