"""Blocks that are the chunks of a Dask array: functions of them run on its workers.

Without a ``dask.distributed.Client`` they run on Dask's threads. What a lost worker had
is computed again from the graph, so nothing here is scattered without it.
"""

from contextlib import contextmanager

import numpy as np

from .sources import add_up, check_shape

# Blocks whose results are added at once, on the workers.
ADDED_AT_ONCE = 8


class Chunks:
    """The rows of the chunks of a Dask array; columns are put together."""

    def __init__(self, array):
        if np.isnan(array.shape[0]):
            raise ValueError(
                "the Dask array does not know how long its chunks are: call its "
                "compute_chunk_sizes() first"
            )
        check_shape(array.shape)
        self.array = array  # what it has persisted lives as long as it does
        array = array.rechunk({1: -1})
        self.shape, self.dtype = array.shape, array.dtype
        lengths = array.chunks[0]
        self.chunks = [
            chunk for chunk, n in zip(array.to_delayed().ravel().tolist(), lengths) if n
        ]
        self.starts = np.cumsum([0, *filter(None, lengths)])

    def read(self, b):
        """A chunk, here."""
        with large_graphs():
            return self.chunks[b].compute()

    def each(self, task, parts, shared):
        import dask

        with large_graphs():
            return iter(dask.compute(*self._tasks(task, parts, shared)))

    def total(self, task, parts, shared):
        """Summed in a tree of fixed form, whoever is done first."""
        from dask import delayed

        tasks = self._tasks(task, parts, shared)
        while len(tasks) > 1:
            tasks = [
                delayed(add_up)(tasks[first : first + ADDED_AT_ONCE])
                for first in range(0, len(tasks), ADDED_AT_ONCE)
            ]
        with large_graphs():
            return np.asarray(tasks[0].compute(), dtype=np.float64)

    def spread(self, parts):
        import dask

        with large_graphs():
            return dask.persist(*map(dask.delayed, parts))

    def _tasks(self, task, parts, shared):
        from dask import delayed

        run, shared = delayed(task), [delayed(entry) for entry in shared]
        return [
            run(chunk, *(part[b] for part in parts), *shared)
            for b, chunk in enumerate(self.chunks)
        ]


@contextmanager
def large_graphs():
    """Scores travel in the graph, so that they survive a worker: that is meant."""
    import dask

    try:
        # Before its settings are changed: it brings defaults that must stay.
        import distributed  # noqa: F401
    except ImportError:
        yield
        return
    key = "distributed.admin.large-graph-warning-threshold"
    with dask.config.set({key: "1TB"}):
        yield
