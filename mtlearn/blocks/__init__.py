"""Rows that never lie in one memory: on disk, or on the workers of a cluster.

:class:`RowBlocks <mtlearn.blocks.rows.RowBlocks>` is a matrix that is read block by
block; :mod:`sources <mtlearn.blocks.sources>` says where blocks come from and where
functions of them run, :mod:`dask_source <mtlearn.blocks.dask_source>` the same for
Dask. :func:`map_rows <mtlearn.blocks.mapping.map_rows>` makes one such matrix of
another, and :mod:`cluster <mtlearn.blocks.cluster>` has a client whose tasks outlive
workers.
"""

from .mapping import map_rows
from .rows import RowBlocks, is_dask, project

__all__ = ["RowBlocks", "is_dask", "map_rows", "project"]
