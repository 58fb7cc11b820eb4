"""Trees of a forest, grown side by side, and what they say out of their bags."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from joblib import Parallel, delayed, effective_n_jobs

from ..tree import (
    BinnedFeatures,
    GrowthSettings,
    LabelsByRow,
    LabelsByTask,
    OutOfBagVotes,
    draw_bag,
    grow,
)

# A parent's value counts as so many rows, in the two answers that every leaf gives.
STRENGTHS = (1.0, 10.0)
SHARED = -1


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
    """

    bins: BinnedFeatures
    labels: LabelsByTask
    by_row: LabelsByRow
    weight: np.ndarray
    settings: GrowthSettings
    sampling: Sampling

    @property
    def n_rows(self):
        return len(self.bins.by_row)

    def bag(self, seed):
        return draw_bag(seed, self.n_rows, self.sampling.n_draws, self.sampling.replace)

    def grow(self, own, seed):
        """One tree; ``own`` is the task whose tree it is, or SHARED."""
        weight = self.weight
        if own != SHARED:
            weight = np.where(np.arange(len(weight)) == own, 1.0, 0.0)
        return grow(
            self.bins, self.labels, self.by_row, weight, self.bag(seed), self.settings,
            seed, STRENGTHS, own,
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

    Attributes
    ----------
    trees : list of Tree
    seeds : list of int
    votes : OutOfBagVotes
    """

    def __init__(self, plot, rng, n_jobs=None):
        self.plot, self.rng, self.n_jobs = plot, rng, n_jobs
        self.trees, self.seeds = [], []
        self.votes = OutOfBagVotes.none(plot.by_row, plot.labels.first, len(STRENGTHS))

    def grow(self, owners):
        """Grow a tree for each of ``owners``: tasks, or SHARED.

        Returns
        -------
        list of Tree
        """
        seeds = [int(self.rng.randint(2**31 - 1)) for _ in owners]
        trees = Parallel(n_jobs=self.n_jobs, prefer="threads")(
            delayed(self.plot.grow)(own, seed) for own, seed in zip(owners, seeds)
        )
        self.trees += trees
        self.seeds += seeds
        if self.plot.sampling.leaves_rows_out:
            self._vote(trees, seeds)
        return trees

    def _vote(self, trees, seeds):
        Parallel(n_jobs=self.n_jobs, require="sharedmem")(
            delayed(self._vote_for)(trees, seeds, start, stop)
            for start, stop in row_blocks(self.plot.n_rows, self.n_jobs)
        )

    def _vote_for(self, trees, seeds, start, stop):
        plot = self.plot
        leaf = np.zeros(plot.n_rows, dtype=np.int32)
        for tree, seed in zip(trees, seeds):
            leaf[start:stop] = tree.apply(plot.bins.by_row[start:stop])
            tree.add_out_of_bag(
                leaf, plot.bag(seed), plot.by_row, plot.labels.first, self.votes, start,
                stop,
            )  # fmt: skip
