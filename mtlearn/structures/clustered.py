"""Tasks fall into groups, and vary around the mean of their own."""

import numpy as np

from .base import CovarianceStructure
from .covariance import IdentityCovariance, TiedCovariance
from .mean import tie_means
from .parametrizations import SharedAndOwn


class Clustered(CovarianceStructure):
    """Within a cluster of tasks ``M = (1 - s) I + s 11'``, between clusters 0.

    The clusters are given, or found along with the coefficients: by turns, a warm solve
    for W, and the cluster for each task around whose shared vector its losses and
    penalty cost least. Sharing 0 is independent tasks, at sharing 1 each cluster
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
    Bakker and Heskes, "Task clustering and gating for Bayesian multitask learning",
    JMLR 4, 2003; here the clusters are hard.
    """

    uses_label_groups = True

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
                f"clusters has shape {np.shape(self.clusters)}, expected the cluster "
                f"of each of the {targets.n_tasks} tasks"
            )

    @property
    def finds_clusters(self):
        return self.clusters is None

    def start(self, targets, sharing):
        if sharing == 0 or self.clusters is None:
            return IdentityCovariance(targets.n_columns)
        labels = np.unique(self.clusters, return_inverse=True)[1]
        return self.tied(targets, labels, sharing)

    def parametrization(self, targets, sharing, l1_ratio=0.0):
        if self.finds_clusters:
            raise ValueError(
                "gradient descent does not find clusters: give them, "
                "structure=Clustered(clusters=[...]), or find them with "
                "MultiTaskLogisticRegression or MultiTaskRidge first."
            )
        tie = getattr(self.start(targets, 1.0), "tie", targets.column_tie)
        return SharedAndOwn(tie, sharing)

    def tied(self, targets, labels, sharing):
        """The covariance for known clusters, which it carries as ``task_labels``."""
        key = targets.column_tie * (labels.max() + 1) + labels[targets.column_task]
        tie = np.unique(key, return_inverse=True)[1]
        covariance = TiedCovariance(tie, sharing)
        covariance.task_labels = labels
        return covariance

    def shared_part(self, state, covariance, targets, sharing):
        tie = getattr(covariance, "tie", targets.column_tie)
        return tie_means(state.W.T, tie, sharing)

    def facts(self, state, covariance, targets):
        alone = np.zeros(targets.n_tasks, dtype=int)
        return {"task_labels_": getattr(covariance, "task_labels", alone)}
