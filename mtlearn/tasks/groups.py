"""Which tasks ask the same question, so that equal labels may share parameters."""

from collections import Counter

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components


def read_label_groups(label_groups, names, kinds, categories):
    """Resolve ``label_groups`` into tuples of task indices.

    Parameters
    ----------
    label_groups : None, "all", list of lists of task names or indices, or callable
        A callable is given ``names`` and returns one of the other forms.
        None ties all regression tasks, and label tasks that were given as pandas
        Categoricals with equal categories. Integer codes or binary tasks are never
        tied by themselves: that two columns hold 0 and 1 says nothing about their
        meaning the same.
    names : list of str
    kinds : list of {"classification", "regression"}
    categories : list of ndarray or None

    Returns
    -------
    list of tuple of int
        Only groups of two tasks or more.
    """
    n_tasks = len(names)
    if callable(label_groups):
        label_groups = label_groups(names)
    if label_groups is None:
        groups = _automatic_groups(kinds, categories)
    elif isinstance(label_groups, str):
        if label_groups != "all":
            raise ValueError(
                f"label_groups={label_groups!r} is unknown; use None, 'all' or a list "
                "of lists of task names."
            )
        groups = [list(range(n_tasks))]
    else:
        groups = [_task_indices(group, names) for group in label_groups]
    _check_groups(groups, names, kinds)
    return [tuple(sorted(group)) for group in groups if len(group) > 1]


def alphabets(labels):
    """Tasks that share any label, or are linked by others that do.

    Parameters
    ----------
    labels : list of ndarray
        Of each task.

    Returns
    -------
    list of list of int
    """
    sizes = [len(values) for values in labels]
    if not sum(sizes):
        return []
    _, code = np.unique(np.concatenate(labels), return_inverse=True)
    task = np.repeat(np.arange(len(labels)), sizes)
    # A graph of tasks and, after them, labels: an edge where a task has a label.
    n_tasks, n_nodes = len(labels), len(labels) + code.max() + 1
    edges = csr_array((np.ones(len(task)), (task, n_tasks + code)), (n_nodes, n_nodes))
    alphabet = connected_components(edges, directed=False)[1][:n_tasks]
    order = np.argsort(alphabet, kind="stable")
    starts = np.flatnonzero(np.diff(alphabet[order], prepend=-1))
    return [group.tolist() for group in np.split(order, starts[1:])]


def _automatic_groups(kinds, categories):
    regression = [t for t, kind in enumerate(kinds) if kind == "regression"]
    by_categories = {}
    for t, known in enumerate(categories):
        if known is not None and kinds[t] == "classification":
            by_categories.setdefault(tuple(known.tolist()), []).append(t)
    return [regression, *by_categories.values()]


def _task_indices(group, names):
    if isinstance(group, str) or not hasattr(group, "__iter__"):
        raise ValueError(
            "label_groups is a list of lists of tasks, such as [['left', 'right']]; "
            f"{group!r} stands where a list should"
        )
    return [_task_index(task, names) for task in group]


def _task_index(task, names):
    if isinstance(task, str):
        if task in names:
            return names.index(task)
    elif isinstance(task, int | np.integer) and 0 <= task < len(names):
        return int(task)
    raise ValueError(f"label_groups names an unknown task {task!r}; tasks are {names}")


def _check_groups(groups, names, kinds):
    times = Counter(t for group in groups for t in group)
    twice = sorted(names[t] for t, n in times.items() if n > 1)
    if twice:
        raise ValueError(f"label_groups has tasks in two groups: {twice}")
    for group in groups:
        if len({kinds[t] for t in group}) > 1:
            raise ValueError(
                "label_groups ties label tasks to regression tasks: "
                f"{[names[t] for t in group]}"
            )
