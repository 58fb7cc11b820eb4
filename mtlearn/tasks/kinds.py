"""Which columns of Y hold labels, and which hold numbers."""

from collections.abc import Mapping

import numpy as np

KINDS = ("classification", "regression")
# Whole numbers are labels if a column has at most so many distinct ones.
MAX_CLASSES = 20


def read_task_types(task_types, table):
    """Resolve ``task_types`` into the kind of each task.

    Parameters
    ----------
    task_types : {"classification", "regression", "auto"}, list or dict by task name
        A kind stands for all tasks. ``"auto"`` takes strings, bools, categories and
        whole numbers of at most 20 distinct values for labels, all else for numbers. In
        a dict, tasks left out are decided so.
    table : LabelTable

    Returns
    -------
    list of {"classification", "regression"}, length T
    """
    if isinstance(task_types, str):
        if task_types in KINDS:
            return [task_types] * table.n_tasks
        if task_types == "auto":
            return [_guess(table.column(t)) for t in range(table.n_tasks)]
    kinds = _by_task(task_types, table)
    wrong = [kind for kind in kinds if kind not in KINDS]
    if wrong:
        raise ValueError(
            f"task_types holds {wrong[0]!r}; each is 'classification' or 'regression', "
            "or task_types='auto' decides."
        )
    return kinds


def _by_task(task_types, table):
    if isinstance(task_types, Mapping):
        unknown = sorted(map(str, set(map(str, task_types)) - set(table.names)))
        if unknown:
            raise ValueError(
                f"task_types names unknown tasks {unknown}; the tasks are {table.names}"
            )
        known = {str(name): kind for name, kind in task_types.items()}
        return [
            known[name] if name in known else _guess(table.column(t))
            for t, name in enumerate(table.names)
        ]
    if isinstance(task_types, str) or not hasattr(task_types, "__len__"):
        return [task_types]
    if len(task_types) != table.n_tasks:
        raise ValueError(
            f"task_types has {len(task_types)} entries for {table.n_tasks} tasks"
        )
    return list(task_types)


def _guess(column):
    values = column.values[column.observed]
    if column.categories is not None or values.dtype.kind not in "iuf":
        return "classification"
    if len(values) == 0:
        return "regression"
    few = len(np.unique(values)) <= MAX_CLASSES
    return "classification" if few and (values == np.round(values)).all() else KINDS[1]
