"""Trees of a forest, grown side by side, and what they say out of their bags."""

import sys
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from joblib import Parallel, delayed, effective_n_jobs

from ..tree import (
    BinnedFeatures,
    GrowthSettings,
    LabelsByRow,
    LabelsByTask,
    OutOfBagVotes,
    Shrinkage,
    draw_bag,
    grow,
)

SHARED = -1
# Trees that are grown before their votes are counted, at least.
LEAST_PART = 32


def row_blocks(n_rows, n_jobs):
    """First row, and the one after the last, of a block for each job."""
    n_blocks = min(effective_n_jobs(n_jobs), n_rows)
    bounds = np.linspace(0, n_rows, n_blocks + 1).astype(int).tolist()
    return list(pairwise(bounds))


@dataclass
class Sampling:
    """Which rows each tree is grown on.

    Attributes
    ----------
    n_draws : int or None
        None: all rows.
    replace : bool
    """

    n_draws: int
    replace: bool

    @property
    def leaves_rows_out(self):
        return self.n_draws is not None

    def out_of_bag_share(self, n_rows):
        """Of n_rows rows, how many a tree does not see; 1 where it sees all."""
        if self.n_draws is None or (self.n_draws >= n_rows and not self.replace):
            return 1.0
        if self.replace:
            return (1 - 1 / n_rows) ** self.n_draws
        return 1 - self.n_draws / n_rows


@dataclass
class Plot:
    """All that a tree needs to grow.

    Attributes
    ----------
    bins : BinnedFeatures
    labels, by_row : LabelsByTask, LabelsByRow
    weight : ndarray (T,)
        What each task counts in the splits of shared trees.
    settings : GrowthSettings
    sampling : Sampling
    shrinkage : Shrinkage
    ccp_alpha : float
    own_trees_answer_all : bool
    """

    bins: BinnedFeatures
    labels: LabelsByTask
    by_row: LabelsByRow
    weight: np.ndarray
    settings: GrowthSettings
    sampling: Sampling
    shrinkage: Shrinkage = field(default_factory=Shrinkage)
    ccp_alpha: float = 0.0
    own_trees_answer_all: bool = True

    @property
    def n_rows(self):
        return len(self.bins.by_row)

    @property
    def columns(self):
        return self.labels.columns

    @property
    def n_levels(self):
        """Answers of a leaf for each column."""
        return self.shrinkage.n_levels(self.columns)

    def __sizeof__(self):
        """Tells a cluster's scheduler to send it to each worker once."""
        bins = self.bins
        return sum(map(sys.getsizeof, (bins.by_row, bins.by_column, self.labels.value)))

    def bag(self, seed):
        return draw_bag(seed, self.n_rows, self.sampling.n_draws, self.sampling.replace)


def grow_one(plot, own, seed):
    """One tree, and the leaf of every row; ``own`` is the tree's task, or SHARED."""
    weight = plot.weight
    if own != SHARED:
        weight = np.where(np.arange(len(weight)) == own, 1.0, 0.0)
    return grow(
        plot.bins, plot.labels, plot.by_row, weight, plot.bag(seed), plot.settings,
        seed, plot.shrinkage, own, plot.ccp_alpha, plot.own_trees_answer_all,
    )  # fmt: skip


class Nursery:
    """Grows trees, several at a time, and keeps their votes for rows not in their bags.

    The same trees in the same order for any number of jobs: each has its own seed, and
    votes are added in the order of trees.

    Parameters
    ----------
    plot : Plot
    rng : numpy.random.RandomState
    n_jobs : int or None
    step : callable, optional
        Called with each tree; where it returns True, no more are grown.

    Attributes
    ----------
    trees : list of Tree
    seeds : list of int
    votes : OutOfBagVotes
    stopped : bool
    """

    def __init__(self, plot, rng, n_jobs=None, step=None):
        self.plot, self.rng, self.n_jobs = plot, rng, n_jobs
        self._step = step or (lambda tree: False)
        self.trees, self.seeds, self.stopped = [], [], False
        self._next_half = {}
        self.votes = OutOfBagVotes.none(plot.by_row, plot.columns, plot.n_levels)

    def adopt(self, trees, seeds):
        """Take trees that were grown before, on the same rows."""
        for _ in seeds:
            self._draw_seed()
        for part in self._parts(list(zip(trees, seeds))):
            leaves = [tree.apply(self.plot.bins.by_row) for tree, _ in part]
            self._keep(*zip(*part), leaves)

    def grow(self, owners):
        """Grow a tree for each of ``owners``: tasks, or SHARED.

        Returns
        -------
        list of Tree
        """
        before = len(self.trees)
        for part in self._parts([(own, self._draw_seed()) for own in owners]):
            if self.stopped:
                break
            trees, leaves = [], []
            for tree, leaf in self._growing(part):
                trees.append(tree)
                leaves.append(leaf)
                if self._step(tree):
                    self.stopped = True
                    break
            self._keep(trees, [seed for _, seed in part], leaves)
        return self.trees[before:]

    def work_of_shared(self):
        """Of one shared tree, which is not kept."""
        return grow_one(self.plot, SHARED, self._draw_seed())[0].work

    def _draw_seed(self):
        return int(self.rng.randint(2**31 - 1))

    def _parts(self, trees):
        """Leaves of rows wait for votes to be counted: no more of them than bins."""
        size = max(self.plot.bins.by_row.shape[1] // 2, LEAST_PART)
        return [trees[i : i + size] for i in range(0, len(trees), size)]

    def _growing(self, owners_and_seeds):
        settings = {"n_jobs": self.n_jobs, "prefer": "threads"}
        try:
            parallel = Parallel(**settings, return_as="generator")
        except ValueError:  # Ray's backend can only give all of them at the end
            parallel = Parallel(**settings)
        return parallel(
            delayed(grow_one)(self.plot, own, seed) for own, seed in owners_and_seeds
        )

    def _keep(self, trees, seeds, leaves):
        seeds, halves = seeds[: len(trees)], [self._half(tree.own) for tree in trees]
        self.trees += trees
        self.seeds += seeds
        if self.plot.sampling.leaves_rows_out:
            Parallel(n_jobs=self.n_jobs, require="sharedmem")(
                delayed(self._vote)(trees, seeds, leaves, halves, start, stop)
                for start, stop in row_blocks(self.plot.n_rows, self.n_jobs)
            )

    def _half(self, own):
        """Trees of a task, and shared ones, take turns."""
        self._next_half[own] = not self._next_half.get(own, True)
        return int(self._next_half[own])

    def _vote(self, trees, seeds, leaves, halves, start, stop):
        plot = self.plot
        for tree, seed, leaf, half in zip(trees, seeds, leaves, halves):
            tree.add_out_of_bag(
                leaf, plot.bag(seed), plot.by_row, plot.columns, self.votes, half,
                start, stop,
            )  # fmt: skip
