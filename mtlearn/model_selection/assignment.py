"""Iterative stratification: rows to parts, the rarest stratum first."""

from heapq import heapify, heappop, heappush
from itertools import islice

import numpy as np
from scipy.optimize import linear_sum_assignment

# Together at most a second of repair, however hopeless.
SWAPS_TRIED, GIVERS_TRIED, TAKERS_TRIED = 2000, 20, 200
# Rows among which the one for a small part is chosen.
LARGEST_TURN = 32


def equal_parts(n_rows, n_parts):
    """Sizes of n_parts parts of n_rows that differ by at most one."""
    return [n_rows // n_parts + (f < n_rows % n_parts) for f in range(n_parts)]


def assign_rows(codes, sizes, room):
    """Deal rows out to parts such as folds; each gets its share of each stratum.

    The stratum with the fewest rows left is dealt out as evenly as what lies in the
    parts already allows, in hands of a few rows: of equal parts each gets at most one
    row per hand. Which row of a hand goes where lowers
    ``sum_l sum_f (n_lf - e_lf)^2 / e_lf`` the most, where n_lf is the number of rows of
    stratum l in part f, and e_lf the part's share of the stratum.

    Parameters
    ----------
    codes : ndarray of int (n_rows, n_tasks)
        Strata of each row, one per task.
    sizes : ndarray of int (n_strata,)
        Number of rows of each stratum.
    room : list of int (n_parts,)
        Number of rows of each part; together n_rows.

    Returns
    -------
    ndarray of int (n_rows,)
        Part of each row.

    References
    ----------
    K. Sechidis, G. Tsoumakas and I. Vlahavas (2011), "On the stratification of
    multi-label data", ECML PKDD.
    """
    parts = _Parts(codes, sizes, room)
    remaining = sizes.copy()
    queue = [(size, stratum) for stratum, size in enumerate(sizes.tolist()) if size]
    heapify(queue)
    while queue:
        size, stratum = heappop(queue)
        if size != remaining[stratum] or not size:
            continue  # it has shrunk since, and stands further up the queue
        rows = parts.rows_left(stratum)
        parts.deal(rows, stratum)
        changed, dealt = _count(codes[rows], len(sizes))
        remaining[changed] -= dealt
        for entry in zip(remaining[changed].tolist(), changed.tolist()):
            heappush(queue, entry)
    fill_empty(codes, sizes, parts.of_row, parts.counts())
    return parts.of_row


def _count(codes, n_strata):
    """Which strata occur, and how often."""
    if codes.size < n_strata:
        return np.unique(codes, return_counts=True)
    counts = np.bincount(codes.ravel(), minlength=n_strata)
    strata = np.flatnonzero(counts)
    return strata, counts[strata]


class _Parts:
    """The parts while they fill.

    Attributes
    ----------
    of_row : ndarray of int (n_rows,)
        Part of each row, -1 while it has none.
    room : list of int (n_parts,)
        How many rows still fit into each part.
    pace : list of float (n_parts,)
        Size of each part in sizes of the smallest.
    turns : list of int (n_parts,)
        How many rows of one hand may go to each part.
    wanted : ndarray (n_strata, n_parts)
        What a part lacks to have its share of a stratum: 1 / n_parts at first, 0 when
        it has it.
    step : ndarray (n_strata, n_parts)
        What one row is of that.
    """

    def __init__(self, codes, sizes, room):
        self.codes, self.room = codes, [int(rows) for rows in room]
        self.of_row = np.full(len(codes), -1)
        self.pace = _pace(np.array(self.room)).tolist()
        self._equal = max(self.pace) == 1
        self.turns = [min(round(pace), LARGEST_TURN) for pace in self.pace]
        relative = np.array(self.pace) / np.mean(self.pace)
        self.wanted = np.full((len(sizes), len(room)), 1 / len(room))
        self.step = 1 / (np.maximum(sizes, 1)[:, None] * relative)
        self._by_task = {}
        self._last_of_task = codes.max(axis=0)

    def counts(self):
        """Number of rows of each stratum in each part, (n_strata, n_parts)."""
        return np.rint((1 / len(self.room) - self.wanted) / self.step).astype(int)

    def rows_left(self, stratum):
        """Rows of a stratum that have no part yet, in their order."""
        t = int(np.searchsorted(self._last_of_task, stratum))
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
        """Put ``rows`` of one stratum into parts."""
        dealt = 1 / len(self.room) - self.wanted[stratum]
        present = np.rint(dealt / self.step[stratum])
        start = 0
        for hand in self._hands(present.tolist(), len(rows)):
            self._place(rows[start : start + len(hand)], np.array(hand))
            start += len(hand)

    def _hands(self, present, n_rows):
        """Lists of parts: next in turn is the one that is furthest from its share of
        the stratum in hand, among equals the one with the most room.
        """
        queue = [
            (self._fullness(f, present[f]), -room, f, present[f])
            for f, room in enumerate(self.room)
            if room
        ]
        heapify(queue)
        hand = []
        for _ in range(n_rows):
            _, room, f, count = heappop(queue)
            if hand.count(f) == self.turns[f]:
                yield hand
                hand = []
            hand.append(f)
            self.room[f] -= 1
            if self.room[f]:
                entry = self._fullness(f, count + 1), room + 1, f, count + 1
                heappush(queue, entry)
        yield hand

    def _fullness(self, f, count):
        # Half a row more rounds to the nearest number of rows (Sainte-Lague).
        return (count + 0.5) / self.pace[f]

    def _place(self, rows, hand):
        codes = self.codes[rows]
        if codes.shape[1] > 1 and len(rows) > 1:
            gain = np.add.reduce(self.wanted[codes], axis=1)[:, hand]
            hand = hand[linear_sum_assignment(gain, maximize=True)[1]]
        self.of_row[rows] = hand
        place = codes * len(self.room) + hand[:, None]
        wanted, step = self.wanted.ravel(), self.step.ravel()[place]
        if self._equal:
            wanted[place] -= step
        else:  # the same place may occur twice
            np.subtract.at(wanted, place, step)


def _pace(rows):
    if np.ptp(rows) <= 1:
        return np.ones(len(rows))  # parts that differ by a row count as equal
    return rows / rows.min()


def count_in_parts(codes, of_row, n_strata, n_parts):
    """Number of rows of each stratum in each part, (n_strata, n_parts)."""
    each = [codes[of_row == part].ravel() for part in range(n_parts)]
    return np.column_stack([np.bincount(c, minlength=n_strata) for c in each])


def fill_empty(codes, sizes, of_row, counts):
    """Swap rows, in place, so that strata of enough rows reach every part.

    Dealing misses that where tasks are many and rows few. A swap is made if it leaves
    fewer empty places; only some are tried, as no such swap need exist.
    """
    # Rarer strata cannot be everywhere: they count as if they were.
    counts[sizes < counts.shape[1]] = 2 * len(codes)
    for stratum, part, row in islice(_givers(codes, counts, of_row), SWAPS_TRIED):
        if counts[stratum, part]:
            continue  # an earlier swap has filled it
        others = np.flatnonzero(of_row == part)[:TAKERS_TRIED]
        change = _empty_places(codes, counts, row, of_row[row], others, part)
        if change.min() < 0:
            _swap(codes, counts, of_row, row, others[change.argmin()])


def _givers(codes, counts, of_row):
    """Rows that could bring a stratum to a part without any of it."""
    for stratum, part in np.argwhere(counts == 0):
        t = (codes == stratum).any(axis=0).argmax()
        spare = (codes[:, t] == stratum) & (counts[stratum, of_row] > 1)
        for row in np.flatnonzero(spare)[:GIVERS_TRIED]:
            yield stratum, part, row


def _empty_places(codes, counts, row, its_part, others, their_part):
    """Change in the number of empty places if ``row`` swaps with each of ``others``."""
    mine, yours = codes[row], codes[others]
    here, there = counts[:, its_part], counts[:, their_part]
    change = (here[mine] == 1) * 1 - (there[mine] == 0)
    changes = change + (there[yours] == 1) - (here[yours] == 0)
    return (changes * (mine != yours)).sum(axis=1)


def _swap(codes, counts, of_row, row, other):
    differ = codes[row] != codes[other]
    for i, j in ((row, other), (other, row)):
        counts[codes[i][differ], of_row[i]] -= 1
        counts[codes[i][differ], of_row[j]] += 1
    of_row[row], of_row[other] = of_row[other], of_row[row]
