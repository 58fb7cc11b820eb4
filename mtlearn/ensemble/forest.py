"""Grown trees, and what each counts for each task."""

from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed

from .growing import SHARED, row_blocks


@dataclass
class Forest:
    """Answers for rows: means over the trees of a source, weighed task by task.

    Attributes
    ----------
    trees : list of Tree
    first : ndarray of intp (T + 1,)
        Columns of each task.
    source_weights : ndarray (T, 3, n_strengths)
        Of shared trees, of the task's own, of those of other tasks; with sum 1.
    """

    trees: list
    first: np.ndarray
    source_weights: np.ndarray

    def tree_weights(self):
        """What each strength of each tree counts for each task, a list of (T, L)."""
        T = len(self.source_weights)
        owners = np.array([tree.own for tree in self.trees])
        n_shared = max(np.count_nonzero(owners == SHARED), 1)
        n_own = np.bincount(owners[owners != SHARED], minlength=T)
        shared, own, others = self.source_weights.transpose(1, 0, 2)
        shared = shared / n_shared
        own = own / np.maximum(n_own, 1)[:, None]
        others = others / np.maximum(n_own.sum() - n_own, 1)[:, None]
        weights = []
        for owner in owners:
            weight = shared if owner == SHARED else others.copy()
            if owner != SHARED:
                weight[owner] = own[owner]
            weights.append(np.ascontiguousarray(weight))
        return weights

    def answer(self, X, n_jobs=None):
        """Shares of the classes, or numbers, (n, n_columns).

        The same for any number of jobs: each row adds the trees in their order.

        Parameters
        ----------
        X : ndarray of float32 (n, d)
            In C order.
        n_jobs : int, optional
            Threads.
        """
        weights = self.tree_weights()
        out = np.zeros((len(X), self.first[-1]))

        def answer(start, stop):
            for tree, weight in zip(self.trees, weights):
                leaf = tree.apply(X[start:stop])
                tree.add_votes(leaf, self.first, weight, out[start:stop])

        Parallel(n_jobs=n_jobs, require="sharedmem")(
            delayed(answer)(start, stop) for start, stop in row_blocks(len(X), n_jobs)
        )
        return out
