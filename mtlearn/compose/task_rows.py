"""Rows that carry the task they belong to: how to split them, and how to make them."""

import numpy as np

from ..tasks import LabelTable, read_task_ids


class TaskRows:
    """Images, or whatever has no column to spare, with the task id of each.

    Splitters, searches and pipelines of scikit-learn select its rows as they do of an
    array.

    Parameters
    ----------
    data : array of shape (n_samples, ...) or list
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
        self.data = data if hasattr(data, "shape") else np.asarray(data)
        self.task_ids = np.asarray(task_ids)
        if len(self.data) != len(self.task_ids):
            raise ValueError(
                f"{len(self.data)} rows need as many task ids, not {len(self.task_ids)}"
            )

    @property
    def shape(self):
        return self.data.shape

    def __len__(self):
        return len(self.data)

    def __getitem__(self, rows):
        return TaskRows(self.data[rows], self.task_ids[rows])


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
    if hasattr(X, "iloc"):
        name = _column_name(X, task_column)
        ids, rest = X[name], X.drop(columns=[name])
    else:
        X = X if hasattr(X, "tocsc") else np.asarray(X)
        place = _column_number(X, task_column)
        others = np.delete(np.arange(X.shape[1]), place)
        if hasattr(X, "tocsc"):
            ids, rest = X[:, [place]].toarray().ravel(), X[:, others]
        else:
            ids, rest = X[:, place], X[:, others]
        if rest.dtype == object:
            rest = rest.astype(np.float64)
    return rest, read_task_ids(ids, len(ids))


def _column_name(X, task_column):
    if task_column in X.columns:
        return task_column
    if isinstance(task_column, int) and -X.shape[1] <= task_column < X.shape[1]:
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
    if isinstance(task_column, str):
        raise ValueError(
            f"task_column={task_column!r} is a name, and X is an array without names: "
            "give the number of the column, or a DataFrame"
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
    columns = [LabelTable(y).column(0) for _, y in pairs]
    _check_pairs(pairs, columns, names)
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


def _check_pairs(pairs, columns, names):
    widths = [np.shape(X)[1:] for X, _ in pairs]
    for t, ((X, _), column) in enumerate(zip(pairs, columns)):
        name = names[t] if names else f"task{t}"
        n_rows = X.shape[0] if hasattr(X, "shape") else len(X)
        if n_rows != len(column.values):
            raise ValueError(
                f"{name!r} has {n_rows} rows and {len(column.values)} labels"
            )
        if widths[t] != widths[0]:
            raise ValueError(
                f"rows of {name!r} have shape {widths[t]}, those of the first task "
                f"{widths[0]}"
            )


def _stacked(parts):
    if all(hasattr(X, "iloc") for X in parts):
        import pandas as pd

        return pd.concat(parts, ignore_index=True)
    if any(hasattr(X, "tocsr") for X in parts):
        from scipy import sparse

        return sparse.vstack(parts, format="csr")
    return np.concatenate([np.asarray(X) for X in parts])
