"""Rows made of rows: features of images, scores of features, wherever they lie."""

import numpy as np
from scipy.sparse import issparse

from .rows import RowBlocks, is_dask


def map_rows(function, X):
    """``function`` of the rows of X, block by block, when they are asked for.

    Parameters
    ----------
    function : callable
        From an array with m rows to an array with m rows, such as the ``transform`` of
        a fitted transformer or the ``predict`` of a model. Rows must not depend on
        each other.
    X : Dask array, RowBlocks, or sequence of dask.delayed batches
        Dask arrays may have any number of dimensions, images for instance.

    Returns
    -------
    Dask array, RowBlocks, or list of dask.delayed
        As X is. Nothing is kept: call ``persist`` on a Dask array that is read more
        than once and fits into the memory of the cluster.

    Raises
    ------
    TypeError
        For another X.
    ValueError
        If ``function`` makes something else, tried on one row (of zeros, for Dask).

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.blocks import RowBlocks, map_rows
    >>> X = RowBlocks(np.arange(12.0).reshape(6, 2), block_rows=4)
    >>> map_rows(np.sqrt, X)
    RowBlocks(6 x 2, float64, 2 blocks)
    """
    if isinstance(X, RowBlocks):
        sample = _sample(function, X[:1])
        if sample.ndim != 2:
            raise ValueError(
                "of RowBlocks function must make a matrix, it made an array of "
                f"{sample.ndim} dimensions"
            )
        return X.mapped(function, n_columns=sample.shape[1], dtype=sample.dtype)
    if is_dask(X):
        return _map_dask(function, X)
    if isinstance(X, list | tuple) and all(hasattr(part, "dask") for part in X):
        from dask import delayed

        return [delayed(function)(part) for part in X]
    raise TypeError(
        "map_rows takes a Dask array, RowBlocks or a list of dask.delayed batches, not "
        f"{type(X).__name__}; call the function itself on arrays"
    )


def _map_dask(function, X):
    X = X.rechunk({axis: -1 for axis in range(1, X.ndim)})
    sample = _sample(function, np.zeros((1, *X.shape[1:]), dtype=X.dtype))
    return X.map_blocks(
        _as_array,
        function=function,
        dtype=sample.dtype,
        chunks=(X.chunks[0], *((size,) for size in sample.shape[1:])),
        drop_axis=list(range(sample.ndim, X.ndim)),
        new_axis=list(range(X.ndim, sample.ndim)) or None,
        meta=np.empty((0,) * sample.ndim, dtype=sample.dtype),
    )


def _as_array(block, function):
    return np.asarray(function(block))


def _sample(function, row):
    """What a function makes of one row."""
    made = function(row)
    if isinstance(made, list | tuple) or not hasattr(made, "shape") or issparse(made):
        raise ValueError(
            "map_rows needs a function that makes one dense array, not "
            f"{type(made).__name__}"
        )
    made = np.asarray(made)
    if len(made) != 1 or made.dtype.kind == "c":
        raise ValueError(
            "map_rows needs a function that makes a row of real numbers, or of labels, "
            f"of each row; of one it made {made.shape} of {made.dtype}"
        )
    return made
