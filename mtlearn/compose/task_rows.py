"""Rows that carry the task they belong to: how to split them, and how to make them."""

from numbers import Integral

import numpy as np
from scipy import sparse

from ..tasks import LabelTable, read_task_ids


class TaskRows:
    """Images, or whatever has no column to spare, with the task id of each.

    Splitters, searches and pipelines of scikit-learn select its rows as they do of an
    array.

    Parameters
    ----------
    data : array, sparse matrix, DataFrame or list of n_samples rows
    task_ids : array-like of shape (n_samples,)

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.compose import TaskRows
    >>> rows = TaskRows(np.zeros((4, 8, 8)), ["north", "south", "south", "north"])
    >>> rows[[0, 1]].task_ids
    array(['north', 'south'], dtype='<U5')
    """

    def __init__(self, data, task_ids):
        data = data if hasattr(data, "shape") else np.asarray(data)
        self.data = data.tocsr() if sparse.issparse(data) else data
        self.task_ids = np.asarray(task_ids)
        if self.task_ids.shape != (len(self),):
            shape = self.task_ids.shape
            raise ValueError(
                f"{len(self)} rows need as many task ids, not "
                f"{shape[0] if len(shape) == 1 else shape}"
            )

    @property
    def shape(self):
        return self.data.shape

    def __len__(self):
        return self.data.shape[0]

    def __getitem__(self, rows):
        """Some rows; of a kernel matrix, rows and columns by ``np.ix_``."""
        if isinstance(rows, tuple) and rows[1] is Ellipsis:  # all of these rows
            rows = rows[0]
        if isinstance(rows, tuple):
            return TaskRows(self.data[rows], self.task_ids[np.ravel(rows[0])])
        if isinstance(rows, int | np.integer):
            rows = [rows]
        data = self.data.iloc[rows] if hasattr(self.data, "iloc") else self.data[rows]
        return TaskRows(data, self.task_ids[rows])

    def __iter__(self):
        return (self[i] for i in range(len(self)))


def split_task(X, task_column):
    """Take the task ids out of X.

    Parameters
    ----------
    X : TaskRows, (data, ids) pair, DataFrame, or array (n_samples, n_columns)
    task_column : int or str
        Number of the column, or in a DataFrame its name. Means nothing for pairs.

    Returns
    -------
    rest : the data without ids, or X without the column
    ids : ndarray (n_samples,)
    """
    if isinstance(X, tuple) and len(X) == 2:
        X = TaskRows(*X)
    if isinstance(X, TaskRows):
        return X.data, read_task_ids(X.task_ids, len(X))
    if task_column is None:
        raise ValueError(
            "X does not tell the tasks of its rows: pass TaskRows(X, task_ids), as in "
            "fit, or set task_column"
        )
    if hasattr(X, "iloc"):
        name = _column_name(X, task_column)
        ids, rest = X[name], X.drop(columns=[name])
        return rest, read_task_ids(ids, len(ids))
    X = X.tocsr() if sparse.issparse(X) else np.asarray(X)
    place = _column_number(X, task_column)
    others = np.delete(np.arange(X.shape[1]), place)
    ids, rest = X[:, [place]], X[:, others]
    ids = ids.toarray() if sparse.issparse(ids) else ids
    rest = rest.astype(np.float64) if rest.dtype == object else rest
    return rest, read_task_ids(ids.ravel(), X.shape[0])


def _column_name(X, task_column):
    if task_column in X.columns:
        return task_column
    is_number = isinstance(task_column, Integral)
    if is_number and -X.shape[1] <= task_column < X.shape[1]:
        return X.columns[task_column]
    raise ValueError(
        f"task_column={task_column!r} is no column of X; its columns are "
        f"{list(X.columns)}"
    )


def _column_number(X, task_column):
    if X.ndim != 2:
        raise ValueError(
            f"X of shape {X.shape} has no column to hold the task; pass "
            "TaskRows(X, task_ids)"
        )
    if not isinstance(task_column, Integral):
        raise ValueError(
            f"task_column={task_column!r} is no number of a column, and X is an array "
            "without names: give the number, or a DataFrame"
        )
    if not -X.shape[1] <= task_column < X.shape[1]:
        raise ValueError(
            f"task_column={task_column} is no column of X, which has {X.shape[1]}"
        )
    return task_column % X.shape[1]


def stack_tasks(tasks):
    """One X and one Y of tasks that have their own rows.

    Parameters
    ----------
    tasks : list of (X_t, y_t), or dict of them by task name
        Arrays, sparse matrices or DataFrames with the same columns.

    Returns
    -------
    X : of all tasks, one below the other
    Y : ndarray (n_samples, n_tasks), or DataFrame if there are names
        The label of a row in the column of its task, missing elsewhere: NaN among
        numbers, else None.

    Notes
    -----
    Y has a place for every row and task: for more than some hundred tasks
    :class:`TaskColumnClassifier` and :class:`TaskColumnRegressor` take less memory.

    Examples
    --------
    >>> from mtlearn.compose import stack_tasks
    >>> X, Y = stack_tasks([([[1.0], [2.0]], [0, 1]), ([[3.0]], [1])])
    >>> Y
    array([[ 0., nan],
           [ 1., nan],
           [nan,  1.]])
    """
    names = list(tasks) if isinstance(tasks, dict) else None
    pairs = list(tasks.values()) if names else list(tasks)
    if not pairs:
        raise ValueError("stack_tasks needs a task or more, got none")
    tables = [LabelTable(y) for _, y in pairs]
    _check_pairs(pairs, tables, names)
    columns = [table.column(0) for table in tables]
    n_rows = sum(len(column.values) for column in columns)
    numbers = all(column.values.dtype.kind in "iuf" for column in columns)
    Y = np.full((n_rows, len(pairs)), np.nan if numbers else None)
    start = 0
    for t, column in enumerate(columns):
        rows = start + np.flatnonzero(column.observed)
        Y[rows, t] = column.values[column.observed]
        start += len(column.values)
    X = _stacked([X for X, _ in pairs])
    if names is None:
        return X, Y
    import pandas as pd

    return X, pd.DataFrame(Y, columns=names)


def _check_pairs(pairs, tables, names):
    first, *_ = (X for X, _ in pairs)
    for t, ((X, _), table) in enumerate(zip(pairs, tables)):
        name = names[t] if names else f"task{t}"
        n_rows = X.shape[0] if hasattr(X, "shape") else len(X)
        if table.n_tasks > 1:
            raise ValueError(f"{name!r} has {table.n_tasks} columns of labels, not one")
        if n_rows != table.n_rows:
            raise ValueError(f"{name!r} has {n_rows} rows and {table.n_rows} labels")
        if np.ma.isMaskedArray(X):
            raise ValueError(f"X of {name!r} has a mask, which features may not have")
        if _columns_of(X) != _columns_of(first):
            raise ValueError(
                f"rows of {name!r} have {_columns_of(X)}, those of the first task "
                f"{_columns_of(first)}"
            )


def _columns_of(X):
    """Names of the columns of a DataFrame, else the shape of a row."""
    if hasattr(X, "columns"):
        return f"columns {list(X.columns)}"
    return f"shape {np.shape(X)[1:]}"


def _stacked(parts):
    if all(hasattr(X, "iloc") for X in parts):
        import pandas as pd

        return pd.concat(parts, ignore_index=True)
    if any(hasattr(X, "tocsr") for X in parts):
        return sparse.vstack(parts, format="csr")
    return np.concatenate([np.asarray(X) for X in parts])
