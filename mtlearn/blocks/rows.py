"""A matrix whose rows are read block by block."""

from copy import copy
from itertools import pairwise
from numbers import Integral

import numpy as np
from scipy import sparse
from sklearn.utils import assert_all_finite

from . import dask_source
from .sources import Pieces, Slices

# Bytes of a block: large enough for matrix products, small beside any memory.
BLOCK_BYTES = 1 << 25


def is_dask(X):
    """Whether X is a Dask array; Dask itself need not be there."""
    return type(X).__module__.startswith("dask.array")


class RowBlocks:
    """Rows of a matrix (n, d) that are never all in memory.

    Linear models take it for X in ``fit`` and ``predict``; labels and scores, (n, T),
    stay in memory. What is computed of a block is computed where the block lies, for a
    Dask array on the workers, so that only products travel.

    Parameters
    ----------
    source : array, sequence of arrays, or Dask array
        An array (n, d) that is mapped from a file (``numpy.load(..., mmap_mode="r")``),
        arrays (n_i, d) whose rows follow each other, or a Dask array with known chunks.
    block_rows : int, optional
        Rows of a block, by default about 32 MB of them. For a single array; others
        come in blocks.

    Attributes
    ----------
    shape : tuple of int
    dtype : dtype
        float32 if the source has it, else float64.
    slices : list of slice
        The rows of each block.

    Raises
    ------
    TypeError
        For numbers that are not real, or a source that is none of these.
    ValueError
        For other than two dimensions, pieces of several widths, Dask chunks of unknown
        size, or ``block_rows`` where blocks are given.

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.blocks import RowBlocks
    >>> from mtlearn.linear_model import MultiTaskRidge
    >>> X = np.random.default_rng(0).normal(size=(1000, 5))
    >>> Y = X @ np.ones((5, 3))
    >>> blocks = RowBlocks(X, block_rows=100)
    >>> model = MultiTaskRidge().fit(blocks, Y)
    >>> bool(np.allclose(model.coef_, MultiTaskRidge().fit(X, Y).coef_))
    True
    """

    ndim = 2
    # Products with arrays on the left come to __rmatmul__.
    __array_ufunc__ = None

    def __init__(self, source, *, block_rows=None):
        self._source = _open(source, block_rows)
        kind = self._source.dtype.kind
        if kind not in "buif":
            raise TypeError(
                f"RowBlocks needs real numbers, source holds {self._source.dtype}"
            )
        single = self._source.dtype == np.float32
        self.dtype = self._read_dtype = np.dtype(np.float32 if single else np.float64)
        self.shape = self._source.shape
        self.slices = [slice(a, b) for a, b in pairwise(self._source.starts)]
        self._steps, self._kept = [], {}

    def __len__(self):
        return self.shape[0]

    def __repr__(self):
        n, d = self.shape
        return f"RowBlocks({n} x {d}, {self.dtype}, {len(self.slices)} blocks)"

    # Functions of blocks.

    def mapped(self, function, *args, n_columns=None, dtype=None):
        """The rows of ``function(block, *args)``, computed whenever they are read.

        Parameters
        ----------
        function : callable
            From (m, d) to (m, n_columns); can be pickled if the blocks are elsewhere.
        args
            Passed on.
        n_columns : int, optional
            By default as many as now.
        dtype : dtype, optional
            Of what the function returns, by default that of its argument.
        """
        made = copy(self)
        made._kept = {}
        made._steps = [*self._steps, (function, args)]
        made.shape = self.shape[0], n_columns or self.shape[1]
        made.dtype = np.dtype(dtype or self.dtype)
        return made

    def checked(self):
        """The same; NaN and infinity are a ValueError when they are read."""
        return self.mapped(_finite)

    def spread(self, parts):
        """Hand one object per block to wherever the blocks are, for several passes."""
        return self._source.spread(parts)

    def each(self, function, *parts, shared=()):
        """``function(block, part.., *shared)`` of every block, an iterator in order.

        Parameters
        ----------
        function : callable
        parts : lists with an object for each block
        shared : tuple
            What all blocks get.
        """
        return self._source.each(self._task(function), parts, shared)

    def total(self, function, *parts, shared=()):
        """The sum of ``function(block, ..)`` over the blocks, in float64."""
        return self._source.total(self._task(function), parts, shared)

    def split(self, rows):
        """The part of each block of an array with as many rows."""
        return [rows[part] for part in self.slices]

    # What a matrix can do.

    def __array__(self, dtype=None, copy=None):
        raise TypeError(
            "RowBlocks are not made one array, which would be all of X in memory: "
            "linear models read them in fit and predict, mtlearn.blocks.map_rows "
            "takes functions of rows, and X[rows] is an array of some of them"
        )

    def __matmul__(self, W):
        W = W.toarray() if sparse.issparse(W) else W
        out = np.empty((self.shape[0], *W.shape[1:]), np.result_type(self.dtype, W))
        for part, Z in zip(self.slices, self.each(np.matmul, shared=(W,))):
            out[part] = Z
        return out

    def __rmatmul__(self, G):
        """``G @ X``, G (n,) or (k, n)."""
        if G.shape[-1] != self.shape[0]:
            raise ValueError(f"{G.shape} does not fit {self.shape[0]} rows")
        dtype = np.result_type(self.dtype, G)
        parts = self.split(np.ascontiguousarray(G.T))
        return self.total(_product_of_rows, parts).astype(dtype)

    def __mul__(self, scale):
        """The columns times numbers (d,)."""
        return self.mapped(np.multiply, scale)

    def astype(self, dtype, copy=False):
        """The same in another precision, as of an array."""
        if dtype == self.dtype:
            return self
        return self.mapped(np.ndarray.astype, dtype, dtype=dtype)

    def block(self, b):
        """The rows of a block, as an array in memory, perhaps a view.

        The last two are kept, as mini-batches ask for them again and again.
        """
        if b not in self._kept:
            made = self._task(_itself)(self._source.read(b))
            self._kept = {**dict(list(self._kept.items())[-1:]), b: made}
        return self._kept[b]

    def __getitem__(self, rows):
        """Some rows, a slice, a mask or an array of int, as an array in memory."""
        if isinstance(rows, slice):
            start, stop, step = rows.indices(self.shape[0])
            b = np.searchsorted(self._source.starts, start, side="right") - 1
            if step == 1 and start < stop <= self.slices[b].stop:  # of one block
                first = self.slices[b].start
                return self.block(b)[start - first : stop - first]
            rows = np.arange(start, stop, step)
        rows = self._numbers(rows)
        block = np.searchsorted(self._source.starts, rows, side="right") - 1
        out = np.empty((len(rows), self.shape[1]), dtype=self.dtype)
        for b in np.unique(block):
            its = np.flatnonzero(block == b)
            out[its] = self.block(b)[rows[its] - self.slices[b].start]
        return out

    def _numbers(self, rows):
        """Of rows, from 0 on."""
        rows, n = np.asarray(rows), self.shape[0]
        if rows.dtype == bool and rows.shape == (n,):
            return np.flatnonzero(rows)
        if rows.ndim != 1 or rows.dtype.kind not in "iu":
            raise IndexError(
                "RowBlocks are indexed by rows alone: a slice, a mask of all rows, or "
                "a 1-D array of whole numbers"
            )
        rows = np.where(rows < 0, rows + n, rows)
        if len(rows) and not (0 <= rows.min() and rows.max() < n):
            raise IndexError(f"there are {n} rows, and no row {rows.max()}")
        return rows

    def shuffled(self, rows, rng):
        """Rows in a random order that reads each block once: blocks, then their rows.

        Parameters
        ----------
        rows : ndarray of int
            In ascending order.
        rng : RandomState
        """
        parts = np.split(rows, np.searchsorted(rows, self._source.starts[1:-1]))
        order = rng.permutation(len(parts))
        return np.concatenate([rng.permutation(parts[b]) for b in order])

    def _task(self, function):
        return _Task(function, self._read_dtype, self._steps)

    def check_finite(self):
        """Read everything once; raise ValueError for NaN or infinity."""
        for _ in self.checked().each(_nothing):
            pass


class _Task:
    """A function of a block as it is read; can be pickled."""

    def __init__(self, function, dtype, steps):
        self.function, self.dtype, self.steps = function, dtype, steps

    def __call__(self, block, *args):
        block = np.asarray(block, dtype=self.dtype)
        for step, given in self.steps:
            made = np.asarray(step(block, *given))
            if len(made) != len(block):
                raise ValueError(
                    f"a function of rows made {len(made)} rows of {len(block)}"
                )
            block = made
        return self.function(block, *args)


def _open(source, block_rows):
    if block_rows is not None and (is_dask(source) or isinstance(source, list | tuple)):
        raise ValueError(
            f"block_rows={block_rows} is for a single array; a list and a Dask array "
            "say themselves what their blocks are"
        )
    if is_dask(source):
        return dask_source.Chunks(source)
    if isinstance(source, list | tuple):
        return Pieces([_piece(piece) for piece in source])
    if not isinstance(source, np.ndarray):
        raise TypeError(
            "RowBlocks takes an array, a list of arrays or a Dask array as source, "
            f"not {type(source).__name__}"
        )
    if block_rows is None:
        single = 4 if source.dtype == np.float32 else 8
        block_rows = max(1, BLOCK_BYTES // (single * max(1, *source.shape[1:], 1)))
    if isinstance(block_rows, bool) or not isinstance(block_rows, Integral):
        raise TypeError(f"block_rows={block_rows!r} must be a whole number")
    return Slices(source, int(block_rows))


def _piece(piece):
    if sparse.issparse(piece) or np.ndim(piece) == 0:
        raise TypeError(
            "a list for RowBlocks holds dense arrays of rows, not "
            f"{type(piece).__name__}"
        )
    return np.asanyarray(piece)


def project(X, P, shift):
    """``X P - shift`` of an array or of blocks; P (d, r)."""
    if isinstance(X, RowBlocks):
        return X.mapped(_project, P, shift, n_columns=P.shape[1])
    return np.asarray(X @ P) - shift


def _project(block, P, shift):
    return block @ P - shift


def _product_of_rows(block, G):
    """``G' block``, G (m,) or (m, k)."""
    return G.T @ block


def _finite(block):
    assert_all_finite(block, input_name="X")
    return block


def _itself(block):
    return block


def _nothing(block):
    return None
