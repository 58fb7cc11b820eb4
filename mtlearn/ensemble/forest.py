"""Grown trees, and what each counts for each task."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from joblib import Parallel, delayed

from .._kernels import Voters
from ..tree import AnswerColumns
from ..tree.tree import Tree
from ..validation import check_plain_arrays
from .growing import SHARED, row_blocks

# Made at the first answer, of the rest.
DERIVED = ("_voters", "_no_answer")


@dataclass
class Forest:
    """Answers for rows: means over the trees of a source, weighed task by task.

    Attributes
    ----------
    trees : list of Tree
    columns : AnswerColumns
    source_weights : ndarray (T, 3, n_levels)
        Of shared trees, of the task's own, of those of other tasks; with sum 1, or 0
        for a task that no tree answers.
    own_trees_answer_all : bool
    """

    trees: list
    columns: AnswerColumns
    source_weights: np.ndarray
    own_trees_answer_all: bool = True

    def __post_init__(self):
        self._count_sources()
        self.source_weights = _without_empty_sources(
            self.source_weights, self._counts > 0
        )

    def _count_sources(self):
        self._counts = _trees_of_each_source(self.trees, self.columns.n_tasks)
        self._counts[:, 2] *= self.own_trees_answer_all

    def check_state(self, n_features):
        """Raise ValueError unless compiled code can walk every tree."""
        for name in DERIVED:  # what is derived is derived anew, not believed
            vars(self).pop(name, None)
        columns = self.columns
        if type(columns) is not AnswerColumns:
            raise ValueError("a forest has no columns of answers")
        columns.check_state()
        check_plain_arrays(self, ("source_weights",))
        n_levels = self.source_weights.shape[-1]
        if self.source_weights.shape != (columns.n_tasks, 3, n_levels):
            raise ValueError("a forest's weights must be (n_tasks, 3, n_levels)")
        if not np.isfinite(self.source_weights).all():
            raise ValueError("a forest's weights must be finite")
        if not self.trees:
            raise ValueError("a forest has a tree or more")
        for tree in self.trees:
            if type(tree) is not Tree:
                raise ValueError("a forest holds what is no tree")
            tree.check_state(columns, n_features, n_levels)
        self._count_sources()

    @property
    def owners(self):
        """The task of each tree, SHARED for shared trees."""
        return np.array([tree.own for tree in self.trees])

    def tree_weights(self):
        """What each level of each tree counts for each task, a list of (T, L)."""
        shared, own, others = (
            self.source_weights / np.maximum(self._counts, 1)[:, :, None]
        ).transpose(1, 0, 2)
        weights = []
        for tree in self.trees:
            weight = shared if tree.own == SHARED else others.copy()
            if tree.own != SHARED:
                weight[tree.own] = own[tree.own]
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
        out, voters = np.tile(self._no_answer, (len(X), 1)), self._voters

        def answer(start, stop):
            voters.add(X[start:stop], out[start:stop])

        _by_blocks(answer, len(X), n_jobs)
        return out

    @cached_property
    def _voters(self):
        trees = [
            (tree.nodes.view(np.uint8), tree.table, tree.parent, weight)
            for tree, weight in zip(self.trees, self.tree_weights())
        ]
        return Voters(trees, self.columns)

    @cached_property
    def _no_answer(self):
        return self._where_no_tree_answers()

    def __getstate__(self):
        return {k: v for k, v in vars(self).items() if k not in DERIVED}

    def _where_no_tree_answers(self):
        """The priors of tasks without trees, else 0, (n_columns,)."""
        answered = self.source_weights.any(axis=(1, 2))
        task = np.repeat(np.arange(self.columns.n_tasks), np.diff(self.columns.first))
        return np.where(answered[task], 0.0, self.columns.prior)

    def spread(self, X, n_jobs=None):
        """Standard deviation of the trees' answers, weighed as they are, (n, K)."""
        shape = len(X), self.columns.first[-1]
        mean, square = np.zeros(shape), np.zeros(shape)
        task = np.repeat(np.arange(self.columns.n_tasks), np.diff(self.columns.first))
        weights = self.tree_weights()

        def answer(start, stop):
            for tree, weight in zip(self.trees, weights):
                part = np.zeros((stop - start, shape[1]))
                leaf = tree.apply(X[start:stop])
                tree.add_votes(leaf, self.columns, weight, part)
                mean[start:stop] += part
                total = weight.sum(axis=1)[task]
                square[start:stop] += part**2 / np.where(total > 0, total, 1.0)

        _by_blocks(answer, len(X), n_jobs)
        return np.sqrt(np.maximum(square - mean**2, 0.0))

    def apply(self, X, n_jobs=None):
        """The leaf of each row in each tree, (n, n_trees) of int32."""
        leaves = np.empty((len(X), len(self.trees)), dtype=np.int32)

        def apply(start, stop):
            for k, tree in enumerate(self.trees):
                leaves[start:stop, k] = tree.apply(X[start:stop])

        _by_blocks(apply, len(X), n_jobs)
        return leaves

    def importances(self):
        """Of every feature for every task, (T, d), rows with sum 1 or 0.

        Means over the trees, weighed as their votes, of the fall of the task's impurity
        in splits by the feature.
        """
        self._check_not_small("importances of features")
        total = sum(
            tree.importances.multiply(weight.sum(axis=1)[:, None])
            for tree, weight in zip(self.trees, self.tree_weights())
        ).toarray()
        size = total.sum(axis=1, keepdims=True)
        return np.divide(total, size, out=np.zeros_like(total), where=size > 0)

    def _check_not_small(self, name):
        if self.trees[0].n_rows is None:
            raise AttributeError(
                f"a forest made small by shrink() has no {name}: ask the full model"
            )

    def affinity(self):
        """Cosines of the gains of tasks over the best splits of shared trees, (T, T).

        NaN without shared trees.
        """
        self._check_not_small("affinities of tasks")
        T = self.columns.n_tasks
        gram = np.zeros((T, T))
        gains = [tree.top_gains for tree in self.trees if tree.own == SHARED]
        if not gains:
            return np.full((T, T), np.nan)
        for top in gains:
            gram += top.T @ top
        size = np.sqrt(np.diag(gram))
        cosine = gram / np.maximum(np.outer(size, size), 1e-30)
        np.fill_diagonal(cosine, 1.0)
        return np.minimum(cosine, 1.0)


def _by_blocks(function, n_rows, n_jobs):
    blocks = list(row_blocks(n_rows, n_jobs))
    if len(blocks) == 1:  # joblib costs as much as a row
        function(*blocks[0])
        return
    Parallel(n_jobs=n_jobs, require="sharedmem")(
        delayed(function)(start, stop) for start, stop in blocks
    )


def _trees_of_each_source(trees, n_tasks):
    """How many shared trees, own trees, and those of others a task has, (T, 3)."""
    owners = np.array([tree.own for tree in trees])
    n_own = np.bincount(owners[owners != SHARED], minlength=n_tasks)
    n_shared = np.full(n_tasks, np.count_nonzero(owners == SHARED))
    return np.stack([n_shared, n_own, n_own.sum() - n_own], axis=1)


def _without_empty_sources(weights, exists):
    """The weights of sources that a task has, with sum 1; equal ones if all are 0."""
    weights = weights * exists[:, :, None]
    total = weights.sum(axis=(1, 2), keepdims=True)
    even = np.repeat(exists[:, :, None], weights.shape[2], axis=2).astype(float)
    weights = np.where(total > 0, weights, even)
    total = weights.sum(axis=(1, 2), keepdims=True)
    return weights / np.where(total > 0, total, 1.0)
