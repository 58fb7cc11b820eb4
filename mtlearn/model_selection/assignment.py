"""Iterative stratification: rows to folds, the rarest stratum first."""

from heapq import heapify, heappop, heappush
from itertools import islice

import numpy as np
from scipy.optimize import linear_sum_assignment

# Together at most a second of repair, however hopeless.
SWAPS_TRIED, GIVERS_TRIED, TAKERS_TRIED = 2000, 20, 200


def assign_to_folds(codes, sizes, n_folds):
    """Deal rows out so that each stratum is spread evenly over equally large folds.

    The stratum with the fewest rows left is dealt out as evenly as what lies in the
    folds already allows, in hands of at most one row per fold. Which row of a hand goes
    where lowers ``sum_l sum_f (n_lf - n_l / n_folds)^2 / n_l`` the most, n_lf being the
    number of rows of stratum l in fold f.

    Parameters
    ----------
    codes : ndarray of int (n_rows, n_tasks)
        Strata of each row, one per task.
    sizes : ndarray of int (n_strata,)
        Number of rows of each stratum.
    n_folds : int

    Returns
    -------
    ndarray of int (n_rows,)
        Fold of each row. Fold sizes differ by at most one row.

    References
    ----------
    K. Sechidis, G. Tsoumakas and I. Vlahavas (2011), "On the stratification of
    multi-label data", ECML PKDD.
    """
    folds = _Folds(codes, sizes, n_folds)
    remaining = sizes.copy()
    queue = [(size, stratum) for stratum, size in enumerate(sizes.tolist()) if size]
    heapify(queue)
    while queue:
        size, stratum = heappop(queue)
        if size != remaining[stratum] or not size:
            continue  # it has shrunk since, and stands further up the queue
        rows = folds.rows_left(stratum)
        folds.deal(rows, stratum)
        changed, dealt = _count(codes[rows], len(sizes))
        remaining[changed] -= dealt
        for entry in zip(remaining[changed].tolist(), changed.tolist()):
            heappush(queue, entry)
    fill_empty(codes, sizes, folds.of_row, n_folds)
    return folds.of_row


def _count(codes, n_strata):
    """Which strata occur, and how often."""
    if codes.size < n_strata:
        return np.unique(codes, return_counts=True)
    counts = np.bincount(codes.ravel(), minlength=n_strata)
    strata = np.flatnonzero(counts)
    return strata, counts[strata]


class _Folds:
    """The folds while they fill.

    Attributes
    ----------
    of_row : ndarray of int (n_rows,)
        Fold of each row, -1 while it has none.
    room : list of int (n_folds,)
        How many rows still fit into each fold.
    wanted : ndarray (n_strata, n_folds)
        Rows of a stratum that a fold lacks to have its share, over the stratum's size.
    """

    def __init__(self, codes, sizes, n_folds):
        n_rows = len(codes)
        self.codes, self.n_folds = codes, n_folds
        self.of_row = np.full(n_rows, -1)
        self.room = [n_rows // n_folds + (f < n_rows % n_folds) for f in range(n_folds)]
        self.wanted = np.full((len(sizes), n_folds), 1 / n_folds)
        self.step = 1 / np.maximum(sizes, 1)
        self.sizes = sizes
        self._by_task = {}
        self._task = np.full(len(sizes), -1)
        for t in range(codes.shape[1] - 1, -1, -1):
            self._task[codes[:, t]] = t

    def rows_left(self, stratum):
        """Rows of a stratum that have no fold yet, in their order."""
        t = self._task[stratum]
        if t not in self._by_task:
            column = self.codes[:, t] - self.codes[:, t].min()
            # NumPy sorts short integers by radix, ten times faster.
            column = column.astype(np.uint16) if column.max() < 2**16 else column
            order = np.argsort(column, kind="stable").astype(np.int32)
            self._by_task[t] = order, self.codes[order, t]
        order, sorted_codes = self._by_task[t]
        start, stop = np.searchsorted(sorted_codes, [stratum, stratum + 1])
        rows = order[start:stop]
        return rows[self.of_row[rows] < 0]

    def deal(self, rows, stratum):
        """Put ``rows`` of one stratum into folds."""
        present = np.rint(
            (1 / self.n_folds - self.wanted[stratum]) * self.sizes[stratum]
        )
        start = 0
        for hand in self._hands(present.astype(int).tolist(), len(rows)):
            self._place(rows[start : start + len(hand)], np.array(hand))
            start += len(hand)

    def _hands(self, present, n_rows):
        """Lists of different folds: next in turn is the one with the fewest rows of
        the stratum in hand, among equals the one with the most room.
        """
        queue = [(present[f], -room, f) for f, room in enumerate(self.room) if room]
        heapify(queue)
        hand = []
        for _ in range(n_rows):
            count, room, f = heappop(queue)
            if f in hand:
                yield hand
                hand = []
            hand.append(f)
            self.room[f] -= 1
            if self.room[f]:
                heappush(queue, (count + 1, room + 1, f))
        yield hand

    def _place(self, rows, hand):
        codes = self.codes[rows]
        if codes.shape[1] > 1 and len(rows) > 1:
            gain = self.wanted.take(codes, axis=0).sum(axis=1)[:, hand]
            hand = hand[linear_sum_assignment(gain, maximize=True)[1]]
        self.of_row[rows] = hand
        self.wanted[codes, hand[:, None]] -= self.step[codes]


def fill_empty(codes, sizes, of_row, n_folds):
    """Swap rows, in place, so that strata of ``n_folds`` rows reach every fold.

    Dealing misses that where tasks are many and rows few. A swap is made if it leaves
    fewer empty places; only some are tried, as no such swap need exist.
    """
    counts = np.zeros((len(sizes), n_folds), dtype=int)
    for column in codes.T:
        np.add.at(counts, (column, of_row), 1)
    # Rarer strata cannot be everywhere: they count as if they were.
    counts[sizes < n_folds] = 2 * len(codes)
    for stratum, fold, row in islice(_givers(codes, counts, of_row), SWAPS_TRIED):
        if counts[stratum, fold]:
            continue  # an earlier swap has filled it
        others = np.flatnonzero(of_row == fold)[:TAKERS_TRIED]
        change = _empty_places(codes, counts, row, of_row[row], others, fold)
        if change.min() < 0:
            _swap(codes, counts, of_row, row, others[change.argmin()])


def _givers(codes, counts, of_row):
    """Rows that could bring a stratum to a fold without any of it."""
    for stratum, fold in np.argwhere(counts == 0):
        t = (codes == stratum).any(axis=0).argmax()
        spare = (codes[:, t] == stratum) & (counts[stratum, of_row] > 1)
        for row in np.flatnonzero(spare)[:GIVERS_TRIED]:
            yield stratum, fold, row


def _empty_places(codes, counts, row, its_fold, others, their_fold):
    """Change in the number of empty places if ``row`` swaps with each of ``others``."""
    mine, yours = codes[row], codes[others]
    here, there = counts[:, its_fold], counts[:, their_fold]
    change = (here[mine] == 1) * 1 - (there[mine] == 0)
    changes = change + (there[yours] == 1) - (here[yours] == 0)
    return (changes * (mine != yours)).sum(axis=1)


def _swap(codes, counts, of_row, row, other):
    differ = codes[row] != codes[other]
    for i, j in ((row, other), (other, row)):
        counts[codes[i][differ], of_row[i]] -= 1
        counts[codes[i][differ], of_row[j]] += 1
    of_row[row], of_row[other] = of_row[other], of_row[row]
