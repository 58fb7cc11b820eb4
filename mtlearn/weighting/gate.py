"""Weights that differ from row to row: a softmax over the tasks of a sample."""

import numpy as np
from scipy.special import softmax

from .base import TaskWeighting, WeightingRun

NEVER = -1e30
# As in the descent: late iterates weigh more in what is found.
AVERAGE_POWER = 8


class Gate(TaskWeighting):
    r"""A softmax task-assignment network over samples.

    With :math:`O_i` the tasks observed in row i, and :math:`\alpha_i` the softmax of
    :math:`x_i' G + g` over them, the gate minimises, along with the coefficients,

    .. math::
        \sum_i |O_i| \sum_{t \in O_i} \alpha_{it} \ell_{it} / \ell^0_t
        + \tau \sum_i \operatorname{KL}(\alpha_i \| \text{uniform on } O_i)
        + \kappa n \operatorname{KL}(\bar\alpha \| \pi),

    :math:`\ell^0_t` being the loss of the task's best constant, and :math:`\bar\alpha`
    the mean of :math:`\alpha_i` over rows. The last term keeps the gate from giving all
    rows to the easiest task: :math:`\pi` is the mean of an even assignment, times
    ``prior``. Both means are followed over the last thirty mini-batches.

    Where every row belongs to one task there is nothing to weigh, and the gate becomes
    a multinomial logistic model of the task that a row belongs to.

    Parameters
    ----------
    tau : float >= 0, default=1
        Infinity gives equal weights.
    kappa : float >= 0, default=30
    prior : array-like of shape (n_tasks,), default=None
        Fixed weights of the tasks in :math:`\pi`; None is equal for all.

    References
    ----------
    Jacobs, Jordan, Nowlan and Hinton, "Adaptive mixtures of local experts", Neural
    Computation 3, 1991, for gates. Wang, Fang and Liu, "Stochastic compositional
    gradient descent", Mathematical Programming 161, 2017, for a function of a mean.
    """

    def __init__(self, tau=1.0, kappa=30.0, prior=None):
        self.tau = tau
        self.kappa = kappa
        self.prior = prior

    def check(self):
        for name in ("tau", "kappa"):
            if not getattr(self, name) >= 0:
                self._refuse(name, ">= 0")

    def start(self, n_tasks, n_features, one_task_per_row):
        prior = (
            np.ones(n_tasks) if self.prior is None else np.asarray(self.prior, float)
        )
        if prior.shape != (n_tasks,) or not (np.isfinite(prior) & (prior > 0)).all():
            self._refuse("prior", f"with a number > 0 for each of the {n_tasks} tasks")
        return _GateRun(
            prior / prior.sum(), n_features, self.tau, self.kappa, one_task_per_row
        )


class _GateRun(WeightingRun):
    """A gate that learns.

    Attributes
    ----------
    coef : ndarray (n_tasks, n_features)
    intercept : ndarray (n_tasks,)
    average : list of both
        Averaged over the steps.
    """

    # A mean is known late: with momentum, steps towards pi would overshoot for ever.
    momentum, momentum_of_ids = 0.0, 0.9
    window = 30

    def __init__(self, prior, n_features, tau, kappa, one_task_per_row):
        n_tasks = len(prior)
        super().__init__(n_tasks)
        self.prior, self.tau, self.kappa = prior, tau, kappa
        self.one_task_per_row = one_task_per_row
        self.coef, self.intercept = np.zeros((n_tasks, n_features)), np.zeros(n_tasks)
        self._velocity = [np.zeros_like(self.coef), np.zeros_like(self.intercept)]
        self.average = [self.coef.copy(), self.intercept.copy()]
        self._mean, self._even = np.zeros(n_tasks), np.zeros(n_tasks)
        self._n_batches, self._n_steps = 0, 0

    def scores(self, X):
        """Scores of all tasks, (n, n_tasks), by what was found."""
        coef, intercept = self.average
        return X.times(coef.T) + intercept

    def _assignment(self, X, labels):
        """Alpha over the observed tasks (B, m), and their number in each row."""
        observed = labels.weight > 0
        count = observed.sum(axis=1, keepdims=True)
        if self.one_task_per_row or np.isinf(self.tau):
            return observed / np.maximum(count, 1), count, observed
        scores = X.times(self.coef[labels.tasks].T) + self.intercept[labels.tasks]
        alpha = softmax(np.where(observed, scores, NEVER), axis=1)
        return alpha * observed, count, observed

    def factors(self, X, labels):
        alpha, count, observed = self._assignment(X, labels)
        # Exactly 1 where the gate has nothing to say.
        return np.where(observed & (count > 1), count * alpha, 1.0)

    def learn(self, X, labels, losses, shared_norms, largest):
        if self.one_task_per_row:
            self._learn_task_ids(X, labels, largest)
            return
        alpha, count, observed = self._assignment(X, labels)
        self._follow(labels.tasks, alpha, observed / np.maximum(count, 1))
        if np.isinf(self.tau):
            return
        tasks = labels.tasks
        prior = self.prior * self._even
        away = self._mean[tasks] / np.maximum(prior[tasks] / prior.sum(), 1e-12)
        away = np.log(np.maximum(away, 1e-12))
        cost = count * losses * (labels.weight / _row_mean(labels.weight, observed))
        cost = cost + self.tau * np.log(np.maximum(alpha * count, 1e-12))
        cost = np.where(observed, cost + self.kappa * away, 0)
        slope = alpha * (cost - np.sum(alpha * cost, axis=1, keepdims=True))
        # The second derivative is about as large as the costs are.
        size = np.mean(count) + self.tau + self.kappa
        self._step(X, slope / len(slope), tasks, largest, size, self.momentum)

    def _learn_task_ids(self, X, labels, largest):
        observed = labels.weight > 0
        slope = softmax(X.times(self.coef.T) + self.intercept, axis=1)
        slope[:, labels.tasks] -= observed
        slope *= observed.any(axis=1, keepdims=True)
        slope /= len(slope)
        self._step(X, slope, slice(None), largest, 1.0, self.momentum_of_ids)

    def _follow(self, tasks, alpha, even):
        """Means over rows, of the assignment and of an even one."""
        self._n_batches += 1
        share = max(1 / self._n_batches, 1 / self.window)
        for mean, new in ((self._mean, alpha), (self._even, even)):
            mean *= 1 - share
            mean[tasks] += share * new.mean(axis=0)
        seen = self._even > 0
        weight = np.ones(len(seen))
        weight[seen] = self._mean[seen] / self._even[seen]
        self._set(weight)

    def _step(self, X, slope, tasks, largest, size, momentum):
        """A step of one over the curvature, with Nesterov's momentum."""
        self._n_steps += 1
        share = (AVERAGE_POWER + 1) / (self._n_steps + AVERAGE_POWER)
        pulls = X.gradient(slope), slope.sum(axis=0)
        rates = 1 / (largest * size), 1 / size
        for array, mean, velocity, pull, rate in zip(
            (self.coef, self.intercept), self.average, self._velocity, pulls, rates
        ):
            gradient = np.zeros_like(array)
            gradient[tasks] = pull
            velocity *= momentum
            velocity += gradient
            array -= rate * (gradient + momentum * velocity)
            mean += share * (array - mean)


def _row_mean(weight, observed):
    """Mean weight of the labels of each row, (B, 1)."""
    return weight.sum(axis=1, keepdims=True) / np.maximum(
        observed.sum(axis=1, keepdims=True), 1
    )
