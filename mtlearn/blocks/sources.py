"""Blocks of rows from arrays: one at a time, in this process.

A source has ``shape``, ``dtype``, ``starts`` (the first row of each block, and n), and
``read``, ``each``, ``total`` and ``spread``, see
:class:`mtlearn.blocks.rows.RowBlocks`.
"""

import numpy as np


class LocalSource:
    """Blocks that this process reads."""

    def each(self, task, parts, shared):
        for b in range(len(self.starts) - 1):
            yield task(self.read(b), *(part[b] for part in parts), *shared)

    def total(self, task, parts, shared):
        return add_up(self.each(task, parts, shared))

    def spread(self, parts):
        return parts


class Slices(LocalSource):
    """Equal numbers of rows of one array."""

    def __init__(self, array, block_rows):
        self.array = array
        check_shape(array.shape)
        if block_rows < 1:
            raise ValueError(f"block_rows={block_rows} must be at least 1")
        self.shape, self.dtype = array.shape, array.dtype
        self.starts = np.append(np.arange(0, len(array), block_rows), len(array))

    def read(self, b):
        return self.array[self.starts[b] : self.starts[b + 1]]


class Pieces(LocalSource):
    """Arrays, one below the other."""

    def __init__(self, pieces):
        if not pieces:
            raise ValueError("RowBlocks needs at least one piece, source is empty")
        n = sum(map(len, pieces))
        for piece in pieces:
            check_shape((n, *piece.shape[1:]))
        widths = {piece.shape[1] for piece in pieces}
        if len(widths) > 1:
            raise ValueError(
                f"the pieces of source have {sorted(widths)} columns; all must have as "
                "many"
            )
        self.pieces = [piece for piece in pieces if len(piece)]
        self.starts = np.cumsum([0, *map(len, self.pieces)])
        self.shape = n, widths.pop()
        self.dtype = np.result_type(*pieces)

    def read(self, b):
        return self.pieces[b]


def check_shape(shape):
    """Raise ValueError unless there are rows and columns."""
    if len(shape) != 2 or 0 in shape:
        raise ValueError(
            f"RowBlocks needs rows and columns, source has the shape {shape}"
        )


def add_up(arrays):
    """The sum of arrays, in float64."""
    total = None
    for array in arrays:
        if total is None:
            total = np.array(array, dtype=np.float64)
        else:
            total += array
    return total
