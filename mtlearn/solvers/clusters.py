"""Which tasks belong together, found along with their coefficients.

Hard expectation maximisation: solve for the coefficients under the present clusters;
fit every task anew around the shared vector of each cluster; move a task to the cluster
under which its losses and its distance cost least; repeat. Each move lowers the
objective. Distances alone would not do: a task that is tied to its cluster is near it
whether it belongs there or not. Two starts are tried, the clusters of independent and
of half tied tasks, as the objective has more than one minimum.
"""

from copy import deepcopy

import numpy as np
from sklearn.cluster import KMeans

from ..structures.covariance import IdentityCovariance, TiedCovariance
from .alternate import solve_under

MAX_ROUNDS = 20
# Clusters are settled before the coefficients: their fits need few digits.
SEARCH_TOL = 1e-3
# Beyond it tasks are fitted around a vector that they may not leave.
MOST_SHARING = 0.9999
START_SHARING = 0.5


def clustered(
    objective, structure, targets, sharing, preconditioner, state, **settings
):
    """Coefficients and clusters; arguments as for :func:`alternate`.

    Returns
    -------
    covariance : TiedCovariance
        With the clusters of the tasks.
    """
    if len(np.unique(targets.column_tie)) == targets.n_columns:  # nobody is tied
        covariance = structure.tied(targets, np.zeros(targets.n_tasks, int), sharing)
        solve_under(covariance, objective, preconditioner, state, **settings)
        return covariance
    search = _Search(objective, structure, targets, sharing, preconditioner, settings)
    best = None
    for labels in search.starts(state):
        found = search.settle(deepcopy(state), labels)
        if best is None or found[0].history[-1] < best[0].history[-1]:
            best = found
    found, labels = best
    state.W, state.b = found.W, found.b
    covariance = structure.tied(targets, labels, sharing)
    solve_under(covariance, objective, preconditioner, state, min_iter=1, **settings)
    return covariance


class _Search:
    def __init__(
        self, objective, structure, targets, sharing, preconditioner, settings
    ):
        self.objective, self.structure = objective, structure
        self.targets, self.sharing = targets, min(sharing, MOST_SHARING)
        self.preconditioner = preconditioner
        self.tol = max(settings["tol"], SEARCH_TOL)
        self.max_iter = settings["max_iter"]
        self.slots = _Slots(targets)

    def solve(self, covariance, state):
        return self._solve(covariance, self.objective, state)

    def _solve(self, covariance, objective, state):
        return solve_under(
            covariance, objective, self.preconditioner, state, tol=self.tol,
            max_iter=self.max_iter,
        )  # fmt: skip

    def starts(self, state):
        """Distinct clusters to begin with."""
        K, tie = self.targets.n_columns, self.targets.column_tie
        seen = []
        for covariance in (IdentityCovariance(K), TiedCovariance(tie, START_SHARING)):
            fitted = self.solve(covariance, deepcopy(state))
            n = min(self.structure.n_clusters, self.targets.n_tasks)
            points = self.slots.of_tasks(fitted.W)
            n = min(n, len(np.unique(points, axis=0)))
            labels = KMeans(n, n_init=10, random_state=0).fit_predict(points)
            labels = in_order(labels)
            if not any((labels == other).all() for other in seen):
                seen.append(labels)
                yield labels

    def settle(self, state, labels):
        """Move tasks until none wants to."""
        for _ in range(MAX_ROUNDS):
            covariance = self.structure.tied(self.targets, labels, self.sharing)
            self.solve(covariance, state)
            costs = self.costs(state, labels)
            moved = costs.argmin(axis=1)
            own = costs[np.arange(len(labels)), labels]
            stays = costs.min(axis=1) >= own - 1e-6 * np.abs(own)
            moved[stays] = labels[stays]
            if (moved == labels).all():
                break
            labels = in_order(moved)
        return state, labels

    def costs(self, state, labels):
        """Objective of each task around the shared vector of each cluster, (T, c)."""
        n_clusters = labels.max() + 1
        return np.stack(
            [self._costs_around(state, labels, c) for c in range(n_clusters)], axis=1
        )

    def _costs_around(self, state, labels, cluster):
        s, slots = self.sharing, self.slots
        center = slots.centers(state.W, labels == cluster, s)[:, slots.of_column]
        center = np.where(slots.of_column >= 0, center, 0).astype(state.W.dtype)
        around = self.objective.around(center)
        fitted = type(state).zero(around)
        fitted.b[:] = state.b
        own = IdentityCovariance(self.targets.n_columns, variance=1 - s)
        self._solve(own, around, fitted)
        costs = around.column_values(fitted.Z) + np.sum(fitted.V * fitted.W, axis=0) / 2
        task = self.targets.column_task
        return np.bincount(task, costs, minlength=self.targets.n_tasks)


class _Slots:
    """One slot for each tie of two columns or more; a task has a column in some.

    Attributes
    ----------
    of_column : ndarray of int (K,)
        Slot of each column, -1 if it is tied to nobody.
    """

    def __init__(self, targets):
        tie, sizes = targets.column_tie, np.bincount(targets.column_tie)
        slot_of_tie = np.where(sizes > 1, np.cumsum(sizes > 1) - 1, -1)
        self.of_column, self.n_slots = slot_of_tie[tie], int((sizes > 1).sum())
        self.task, self.n_tasks = targets.column_task, targets.n_tasks

    def of_tasks(self, W):
        """Coefficients of each task, slot after slot, 0 where it has none: (T, ..)."""
        points = np.zeros((self.n_tasks, max(self.n_slots, 1), W.shape[0]))
        tied = np.flatnonzero(self.of_column >= 0)
        points[self.task[tied], self.of_column[tied]] = W[:, tied].T
        return points.reshape(self.n_tasks, -1)

    def centers(self, W, in_cluster, sharing):
        """Shared vector of each slot in one cluster: (d, n_slots)."""
        n_slots = max(self.n_slots, 1)
        total, count = np.zeros((W.shape[0], n_slots)), np.zeros(n_slots)
        for k in np.flatnonzero(self.of_column >= 0):
            if in_cluster[self.task[k]]:
                total[:, self.of_column[k]] += W[:, k]
                count[self.of_column[k]] += 1
        return sharing * total / (sharing * count + 1 - sharing)


def in_order(labels):
    """The same clusters, numbered as they appear."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse]
