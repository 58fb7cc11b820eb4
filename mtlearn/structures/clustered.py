"""Tasks fall into groups, and vary around the mean of their own."""

import numpy as np

from .base import CovarianceStructure
from .covariance import IdentityCovariance, TiedCovariance
from .mean import tie_means

MAX_LLOYD = 50
N_STARTS = 10


class Clustered(CovarianceStructure):
    """Within a cluster of tasks ``M = (1 - s) I + s 11'``, between clusters 0.

    The clusters are given, or found along with the coefficients: by turns, a warm solve
    for W, and the clusters that make the penalty ``1/2 tr(W M^-1 W')`` least, so that
    the objective never rises. Sharing 0 is independent tasks, at sharing 1 each cluster
    is one pooled model. Only columns that ask the same question (``label_groups``) are
    tied.

    Parameters
    ----------
    n_clusters : int, default=2
        How many to find.
    clusters : array-like of shape (n_tasks,), default=None
        The cluster of each task, if it is known.

    References
    ----------
    Jacob, Bach and Vert, "Clustered multi-task learning: a convex formulation", NIPS
    2008; here the clusters are hard.
    """

    uses_label_groups = True
    max_rounds = 20

    def __init__(self, n_clusters=2, clusters=None):
        self.n_clusters = n_clusters
        self.clusters = clusters

    def check(self, targets):
        if self.clusters is None:
            if not (
                isinstance(self.n_clusters, int | np.integer) and self.n_clusters > 0
            ):
                raise ValueError(
                    f"n_clusters={self.n_clusters!r} must be a whole number >= 1"
                )
        elif np.shape(self.clusters) != (targets.n_tasks,):
            raise ValueError(
                f"clusters has shape {np.shape(self.clusters)}, expected the cluster of "
                f"each of the {targets.n_tasks} tasks"
            )

    def start(self, targets, sharing):
        if sharing == 0:
            return IdentityCovariance(targets.n_columns)
        if self.clusters is not None:
            _, labels = np.unique(self.clusters, return_inverse=True)
            return _tied(targets, labels, sharing)
        return TiedCovariance(targets.column_tie, sharing)

    def revise(self, W, targets, sharing, previous):
        if sharing == 0 or self.clusters is not None:
            return None
        before = _labels(previous, targets)
        labels = _best_clusters(W, targets, sharing, self.n_clusters, before)
        if before is not None and _same_partition(labels, before):
            return None
        return _tied(targets, labels, sharing)

    def shared_part(self, state, covariance, targets, sharing):
        tie = getattr(covariance, "tie", targets.column_tie)
        return tie_means(state.W.T, tie, sharing)

    def facts(self, state, covariance, targets):
        return {"task_labels_": _labels(covariance, targets)}


def _tied(targets, labels, sharing):
    """Ties of columns, each cut along the clusters of tasks."""
    key = targets.column_tie * (labels.max() + 1) + labels[targets.column_task]
    covariance = TiedCovariance(np.unique(key, return_inverse=True)[1], sharing)
    covariance.task_labels = labels
    return covariance


def _labels(covariance, targets):
    return getattr(covariance, "task_labels", np.zeros(targets.n_tasks, dtype=int))


def _same_partition(a, b):
    pairs = set(zip(a.tolist(), b.tolist()))
    return len(pairs) == len(set(a.tolist())) == len(set(b.tolist()))


def _best_clusters(W, targets, sharing, n_clusters, before):
    from sklearn.cluster import KMeans

    n_tasks = targets.n_tasks
    rows = W.shape[1] * (targets.column_tie.max() + 1)
    F = np.zeros((n_tasks, targets.column_tie.max() + 1, W.shape[1]))
    F[targets.column_task, targets.column_tie] = W
    return KMeans(min(n_clusters, n_tasks), n_init=10, random_state=0).fit_predict(
        F.reshape(n_tasks, -1)
    )
