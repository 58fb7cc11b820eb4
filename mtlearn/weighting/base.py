"""What every learned weighting promises."""

import numpy as np
from sklearn.base import BaseEstimator


class TaskWeighting(BaseEstimator):
    """Parameters of a way to learn task weights.

    Attributes
    ----------
    needs_likelihood : bool
        Whether it means anything only for losses that are minus the logarithm of a
        probability.
    needs_shared : bool
        Whether it looks at gradients of shared parameters.
    """

    needs_likelihood = False
    needs_shared = False

    def check(self):
        """Raise ValueError, naming the parameter, where one is out of range."""

    def start(self, n_tasks, n_features, one_task_per_row):
        """A new :class:`WeightingRun`."""
        raise NotImplementedError

    def _refuse(self, name, rule):
        raise ValueError(
            f"{type(self).__name__} needs {name} {rule}, got {getattr(self, name)!r}"
        )


class WeightingRun:
    """Weights of tasks as they are learned; all equal at first.

    Attributes
    ----------
    weight : ndarray (n_tasks,)
        Of the tasks now, with mean 1.
    """

    def __init__(self, n_tasks):
        self.weight = np.ones(n_tasks)

    def factors(self, X, labels):
        """What losses are multiplied by: (m,) or (B, m), for the tasks of a batch.

        Parameters
        ----------
        X : CentredRows (B, n_features)
        labels : Labels
        """
        return self.weight[labels.tasks]

    def learn(self, X, labels, losses, shared_norms, largest):
        """See what a mini-batch says.

        Parameters
        ----------
        X, labels : as above
        losses : ndarray (B, m)
            Divided by those of the best constants.
        shared_norms : callable
            Norms of the gradients of the tasks' mean losses in the shared parameters,
            (m,).
        largest : float
            What the curvature of a loss of scores ``X w`` hardly exceeds, if its second
            derivative is 1.
        """

    def end_epoch(self, losses):
        """See the mean loss of each task (n_tasks,) in an epoch, NaN where none."""

    def _set(self, weight):
        """Weights of mean 1."""
        self.weight = weight * (len(weight) / weight.sum())


class RunningMeans:
    """Means per task over the last hundred mini-batches or so that had labels of it."""

    window = 100

    def __init__(self, n_tasks):
        self.mean, self.count = np.ones(n_tasks), np.zeros(n_tasks)

    def see(self, tasks, values):
        self.count[tasks] += 1
        share = np.maximum(1 / self.count[tasks], 1 / self.window)
        self.mean[tasks] += share * (values - self.mean[tasks])


def mean_losses(labels, losses):
    """Mean loss of each task that a mini-batch has labels of, and these tasks.

    Returns
    -------
    tasks : ndarray of int
    means : ndarray
    at : ndarray of bool (m,)
        Which tasks of the batch these are.
    """
    total = labels.weight.sum(axis=0, dtype=np.float64)
    at = total > 0
    means = (labels.weight * losses).sum(axis=0, dtype=np.float64)[at] / total[at]
    return labels.tasks[at], means, at
