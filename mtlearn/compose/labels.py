"""Labels of rows and of their copies."""

from dataclasses import replace

import numpy as np

from ..base import stack_columns
from ..tasks import LabelTable


def join_labels(Y, draws, augmenter):
    """Labels of the rows, and of one copy after the other.

    Parameters
    ----------
    Y : labels of any form
    draws : list of Draw
        What was done to each copy of the rows.
    augmenter : ImageAugmenter

    Returns
    -------
    labels as given (DataFrame, or array with None where missing)
    """
    if not draws:
        return Y
    table = LabelTable(Y)
    parts = [list(table.columns())]
    for draw in draws:
        columns = [replace(column) for column in table.columns()]
        augmenter.change_labels(columns, table.names, draw)
        parts.append(columns)
    joined = [_join(columns) for columns in zip(*parts)]
    if hasattr(table.data, "iloc"):
        return _frame(table, joined)
    columns = [_with_gaps(*column) for column in joined]
    return columns[0] if table.ndim == 1 else stack_columns(columns)


def _join(columns):
    values = np.concatenate([column.values for column in columns])
    return values, np.concatenate([column.observed for column in columns])


def _with_gaps(values, observed):
    if observed.all():
        return values
    if values.dtype.kind in "iuf":
        return np.where(observed, values, np.nan)
    return np.where(observed, values.astype(object), None)


def _frame(table, joined):
    """A DataFrame or Series with the types of the user's."""
    import pandas as pd

    frame = table.data if table.ndim == 2 else table.data.to_frame()
    columns = []
    for t, (values, observed) in enumerate(joined):
        kind = frame.dtypes.iloc[t]
        column = pd.Series(_with_gaps(values, observed))
        if isinstance(kind, pd.CategoricalDtype):
            column = column.astype(kind)
        columns.append(column)
    built = pd.concat(columns, axis=1)
    built.columns = frame.columns
    return built if table.ndim == 2 else built.iloc[:, 0]
