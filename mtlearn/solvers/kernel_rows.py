"""Rows of a kernel matrix, computed when they are needed, in bounded memory."""

import numpy as np

# Rows that have a place whatever the memory, and that are worked on at a time.
LEAST_ROWS, CHUNK_ROWS = 256, 64


class KernelRows:
    """The rows of a kernel matrix (n, n) that were used last.

    Parameters
    ----------
    compute : callable
        From row numbers (m,) to rows (m, n).
    n_rows : int
    megabytes : float
        What the rows may take, at least ``LEAST_ROWS`` of them.

    Attributes
    ----------
    n_slots : int
        How many rows are kept.
    """

    def __init__(self, compute, n_rows, megabytes):
        self.compute, self.n_rows = compute, n_rows
        fitting = int(megabytes * 2**20 / (4 * max(n_rows, 1)))
        self.n_slots = min(n_rows, max(fitting, LEAST_ROWS))
        self._stored = np.empty((self.n_slots, n_rows), dtype=np.float32)
        self._slot_of = np.full(n_rows, -1)
        self._row_in = np.full(self.n_slots, -1)
        self._used = np.zeros(self.n_slots, dtype=np.int64)
        self._clock = 0

    def block(self, rows):
        """The matrix at some rows and the same columns, (m, m), not to be changed.

        Parameters
        ----------
        rows : ndarray of int (m,), without repeats
            At most ``n_slots``.
        """
        slots = self._load(rows)
        if len(rows) == self.n_rows and np.array_equal(slots, rows):
            return self._stored
        return self._stored[np.ix_(slots, rows)]

    def transposed_times(self, rows, change):
        """The columns ``rows`` of the matrix times ``change`` (m, K): (n, K)."""
        product = np.zeros((self.n_rows, change.shape[1]))
        for first in range(0, len(rows), CHUNK_ROWS):
            part = slice(first, first + CHUNK_ROWS)
            some = self._stored[self._load(rows[part])]
            product += some.T.astype(np.float64) @ change[part]
        return product

    def _computed(self, rows):
        with np.errstate(over="ignore", invalid="ignore"):
            values = np.asarray(self.compute(rows)).astype(np.float32)
        if not np.isfinite(values).all():
            raise ValueError(
                "the kernel is not finite in single precision: scale the features, or "
                "choose other parameters of the kernel"
            )
        return values

    def _load(self, rows):
        """Where rows are stored, computed if they are not yet."""
        self._clock += 1
        slots = self._slot_of[rows]
        self._used[slots[slots >= 0]] = self._clock
        absent = rows[slots < 0]
        if len(absent):
            oldest = np.argsort(self._used, kind="stable")[: len(absent)]
            dropped = self._row_in[oldest]
            self._slot_of[dropped[dropped >= 0]] = -1
            for first in range(0, len(absent), CHUNK_ROWS):
                part = slice(first, first + CHUNK_ROWS)
                self._stored[oldest[part]] = self._computed(absent[part])
            self._row_in[oldest], self._used[oldest] = absent, self._clock
            self._slot_of[absent] = oldest
        return self._slot_of[rows]
