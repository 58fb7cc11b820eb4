"""Stratification of whole groups of rows, such as all pictures of a person."""

import numpy as np
from scipy import sparse

# What repair may cost: together a few seconds.
SWEEPS, SWAPS_TRIED, ENTRIES_READ = 10, 200, 10**9


def assign_groups(codes, sizes, group, room, rng=None):
    """Put whole groups into parts so that each part has its share of each stratum.

    Minimises ``sum_l sum_f (n_lf - e_lf)^2 / e_lf``, where n_lf is the number of rows
    of stratum l in part f, and e_lf the number in a perfect split: groups of most
    influence first, each to the part where it costs least; then single groups move,
    and pairs of groups change places, as long as that helps.

    Parameters
    ----------
    codes : ndarray of int (n_rows, n_tasks)
        Strata of each row, one per task.
    sizes : ndarray of int (n_strata,)
        Number of rows of each stratum.
    group : ndarray of int (n_rows,)
        Groups are numbered from 0.
    room : list of int (n_parts,)
        Number of rows that each part should have; together n_rows.
    rng : numpy.random.RandomState, optional
        Leaves part of the order, and so of the result, to chance.

    Returns
    -------
    ndarray of int (n_groups,)
        Part of each group. No part is empty if groups are enough.
    """
    room = np.array(room, dtype=float)
    counts = _count_groups(codes, sizes, group)
    expected = np.outer(np.r_[sizes, len(codes)], room / room.sum())
    parts = _Parts(counts, expected)
    influence = parts.squares @ parts.weight.mean(axis=1)
    if rng is not None:
        influence *= rng.exponential(size=len(influence))
    parts.place_all(np.argsort(-influence, kind="stable"))
    for _ in range(SWEEPS):
        if not (parts.move() + parts.swap()):
            break
    return parts.of_group


def _count_groups(codes, sizes, group):
    """Rows of each group in each stratum, and in all (the last column), CSR."""
    n_rows, n_tasks = codes.shape
    n_groups, n_strata = int(group.max()) + 1, len(sizes)
    columns = np.column_stack([codes, np.full(n_rows, n_strata)]).ravel()
    rows = np.repeat(group, n_tasks + 1)
    ones = np.ones(len(rows))
    counts = sparse.csr_array((ones, (rows, columns)), (n_groups, n_strata + 1))
    counts.sum_duplicates()
    return counts


class _Parts:
    """The parts, and what each would cost with a group more or less.

    Attributes
    ----------
    of_group : ndarray of int (n_groups,)
        Part of each group, -1 while it has none.
    excess : ndarray (n_strata, n_parts)
        Rows that a part has more than expected.
    """

    def __init__(self, counts, expected):
        self.counts = counts
        self.of_group = np.full(counts.shape[0], -1)
        self.excess = -expected
        # Strata without any row cost nothing.
        self.weight = 1 / np.where(expected > 0, expected, np.inf)
        self.squares = counts.multiply(counts).tocsr()
        self.tries_left = ENTRIES_READ // max(counts.nnz, 1)

    def _row(self, g):
        start, stop = self.counts.indptr[g : g + 2]
        return self.counts.indices[start:stop], self.counts.data[start:stop]

    def _cost_of_entry(self, g):
        """What each part costs more with group g, (n_parts,)."""
        strata, n = self._row(g)
        n = n[:, None]
        return (n * (2 * self.excess[strata] + n) * self.weight[strata]).sum(axis=0)

    def _put(self, g, part):
        strata, n = self._row(g)
        if self.of_group[g] >= 0:
            self.excess[strata, self.of_group[g]] -= n
        self.excess[strata, part] += n
        self.of_group[g] = part

    def place_all(self, order):
        """One group after the other where it costs least."""
        empty = set(range(self.excess.shape[1]))
        for i, g in enumerate(order):
            cost = self._cost_of_entry(g)
            if len(order) - i <= len(empty):
                cost[list(set(range(len(cost))) - empty)] = np.inf
            self._put(g, cost.argmin())
            empty.discard(int(self.of_group[g]))

    def _gains(self):
        """What moving each group to each part would save, (n_groups, n_parts)."""
        slope = 2 * self.counts @ (self.excess * self.weight)
        bend = self.squares @ self.weight
        here = np.arange(len(slope)), self.of_group
        gain = (slope - bend)[here][:, None] - (slope + bend)
        gain[here] = 0.0
        return gain

    def move(self):
        """Move single groups while that saves something; the number of moves."""
        gain = self._gains()
        moved = 0
        members = np.bincount(self.of_group, minlength=self.excess.shape[1])
        for g in np.argsort(-gain.max(axis=1), kind="stable"):
            if gain[g].max() <= 1e-9:
                break
            here = self.of_group[g]
            target = self._best_target(g)
            if target != here and members[here] > 1:
                self._put(g, target)
                members[here] -= 1
                members[target] += 1
                moved += 1
        return moved

    def _best_target(self, g):
        """Where group g costs least, the part it is in included."""
        here = self.of_group[g]
        strata, n = self._row(g)
        self.excess[strata, here] -= n
        cost = self._cost_of_entry(g)
        self.excess[strata, here] += n
        best = cost.argmin()
        return best if cost[best] < cost[here] - 1e-9 else here

    def swap(self):
        """Let pairs of groups change places where that saves something; how many."""
        gain, swapped = self._gains(), 0
        others = gain.copy()
        others[np.arange(len(gain)), self.of_group] = -np.inf
        n_tries = min(SWAPS_TRIED, self.tries_left)
        self.tries_left -= n_tries
        for g in np.argsort(-others.max(axis=1), kind="stable")[:n_tries]:
            target = others[g].argmax()
            partner = self._best_partner(g, target, gain)
            if partner is not None:
                here = self.of_group[g]
                self._put(g, target)
                self._put(partner, here)
                gain, swapped = self._gains(), swapped + 1
        return swapped

    def _best_partner(self, g, target, gain):
        """The group of the part ``target`` to change places with, or None."""
        here = self.of_group[g]
        there = np.flatnonzero(self.of_group == target)
        if target == here or not len(there):
            return None
        weight = self.weight[:, [here, target]].sum(axis=1)
        strata, n = self._row(g)
        mine = np.zeros(len(weight))
        mine[strata] = n * weight[strata]
        saved = gain[g, target] + gain[there, here] + 2 * (self.counts @ mine)[there]
        return there[saved.argmax()] if saved.max() > 1e-9 else None
