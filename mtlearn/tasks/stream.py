"""Labels that come in batches: what they may be is said before the first."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from .groups import read_label_groups
from .kinds import KINDS, read_task_types
from .labels import LabelTable
from .targets import TaskTargets, observed_pairs, ordered_labels, score_columns
from .weights import class_weights, read_sample_weight, resolve_task_weight

REMEDY = "announce all labels with classes= in the first call of partial_fit"


def announce(Y, task_types, classes, *, label_groups=(), task_weight=None):
    """Tasks, classes and score columns of a stream, from its first batch.

    Parameters
    ----------
    Y : see :class:`LabelTable`
        The first batch; only its form is looked at.
    task_types : see :func:`read_task_types`
        ``"auto"``: labels, where ``classes`` has some.
    classes : array-like, list of n_tasks of them, dict by task name, or None
        All labels that will ever come; a plain array for a 1-D y. None, or leaving a
        task out, for tasks of numbers, and for pandas Categoricals.
    label_groups : see :func:`read_label_groups`
    task_weight : None, dict or array-like (n_tasks,)

    Returns
    -------
    TaskTargets
        Without any label.
    """
    table = LabelTable(Y)
    categories = [column.categories for column in table.columns()]
    classes = [
        order if known is None else known
        for known, order in zip(_by_task(classes, table.names, table.ndim), categories)
    ]
    if isinstance(task_types, str) and task_types == "auto":
        task_types = [KINDS[0] if c is not None else KINDS[1] for c in classes]
    kinds = read_task_types(task_types, table)
    classes = [
        _labels(known, order, name) if kind == KINDS[0] else None
        for known, order, name, kind in zip(classes, categories, table.names, kinds)
    ]
    groups = read_label_groups(label_groups, table.names, kinds, categories)
    for group in groups:
        if classes[group[0]] is not None:
            union = ordered_labels(
                [classes[t] for t in group], [categories[t] for t in group]
            )
            for t in group:
                classes[t] = union
    nothing = np.zeros(0)
    columns = score_columns(classes, [np.zeros(1) for _ in classes], groups)
    columns["constant"] = np.full(table.n_tasks, -1)
    return TaskTargets(
        names=table.names,
        kinds=kinds,
        ndim=table.ndim,
        n_rows=0,
        indptr=np.zeros(table.n_tasks + 1, dtype=int),
        row=nothing.astype(np.int32),
        value=nothing,
        weight=nothing,
        task_weight=resolve_task_weight(task_weight, table.names, None),
        classes=classes,
        label_groups=groups,
        **columns,
    )


def read_batch(tasks, Y, sample_weight=None, class_weight=None):
    """Labels of a batch, for tasks that are known.

    Parameters
    ----------
    tasks : TaskTargets
        Of an earlier batch, or announced.
    Y, sample_weight, class_weight : see :meth:`TaskTargets.read`

    Returns
    -------
    TaskTargets
    """
    table = LabelTable(Y)
    _check_tasks(tasks, table)
    sample_weight = read_sample_weight(sample_weight, table.n_rows, table.n_tasks)
    rows, codes, weights = [], [], []
    for t, kind in enumerate(tasks.kinds):
        row, value, weight, _ = observed_pairs(table, t, kind, sample_weight)
        kept = slice(None) if tasks.task_weight[t] else slice(0)
        rows.append(row[kept])
        codes.append(_encode(value, tasks, t)[kept])
        weights.append((weight * tasks.task_weight[t])[kept])
    factors = class_weights(class_weight, tasks.names, tasks.classes, codes, weights)
    weights = [
        weight if factor is None else weight * factor[code]
        for weight, factor, code in zip(weights, factors, codes)
    ]
    if not sum(map(len, rows)):
        raise ValueError(
            "no label is observed in any task: every entry of Y is missing or has "
            "weight 0"
        )
    return replace(
        tasks,
        n_rows=table.n_rows,
        indptr=np.cumsum([0, *map(len, rows)]),
        row=np.concatenate(rows),
        value=np.concatenate(codes),
        weight=np.concatenate(weights),
        constant=_still_constant(tasks, codes),
    )


def _by_task(classes, names, ndim):
    """What is announced for each task, None where nothing is."""
    if classes is None:
        return [None] * len(names)
    if isinstance(classes, Mapping):
        known = {str(name): labels for name, labels in classes.items()}
        unknown = sorted(set(known) - set(names))
        if unknown:
            raise ValueError(
                f"classes names unknown tasks {unknown}; the tasks are {names}"
            )
        return [known.get(name) for name in names]
    if ndim == 1:
        return [classes]
    if len(classes) != len(names) or not all(
        labels is None or np.ndim(labels) for labels in classes
    ):
        raise ValueError(
            f"classes should be a list of {len(names)} arrays, the labels of each of "
            f"the tasks {names}, or a dict of them by name; got {classes!r}"
        )
    return list(classes)


def check_announced(classes, tasks):
    """Raise ValueError if a later batch announces labels that the first did not.

    Parameters
    ----------
    classes : see :func:`announce`
    tasks : TaskTargets
    """
    again = _by_task(classes, tasks.names, tasks.ndim)
    for name, labels, known in zip(tasks.names, again, tasks.classes):
        if labels is not None and (known is None or not np.isin(labels, known).all()):
            before = "none: it has numbers" if known is None else known.tolist()
            raise ValueError(
                f"classes of task {name!r} are {list(labels)}, in the first call they "
                f"were {before}"
            )


def _labels(known, order, name):
    if known is None:
        raise ValueError(
            "classes must be passed on the first call to partial_fit: what labels will "
            f"ever come for task {name!r} is not known from one batch."
        )
    labels = ordered_labels([np.asarray(known)], [order])
    if labels.dtype.kind not in "biufUS" or len(labels) == 0:
        raise ValueError(
            f"classes of task {name!r} are {known!r}; labels are strings, bools or "
            "numbers, at least one."
        )
    return labels


def _check_tasks(tasks, table):
    if table.n_tasks != tasks.n_tasks or table.ndim != tasks.ndim:
        shape = "(n,)" if tasks.ndim == 1 else f"(n, {tasks.n_tasks})"
        raise ValueError(
            f"Y should be of shape {shape}, as before, for the tasks {tasks.names}; it "
            f"has {table.n_tasks} columns and {table.ndim} dimensions"
        )
    if table.has_names and table.names != tasks.names:
        raise ValueError(
            f"Y has the tasks {table.names}, before they were {tasks.names}: same "
            "names, same order"
        )


def _encode(value, tasks, t):
    """Codes of labels, or numbers as they are."""
    classes, name = tasks.classes[t], tasks.names[t]
    n_columns = tasks.columns[t + 1] - tasks.columns[t]
    if len(value) == 0:
        return np.zeros(0, dtype=np.float64 if classes is None else np.int32)
    if classes is None:
        if not n_columns:
            raise ValueError(
                f"task {name!r} had no number in fit, so it has no coefficients: fit "
                "anew with some, or begin with partial_fit"
            )
        return value
    text = {array.dtype.kind in "US" for array in (value, classes)}
    known = np.zeros(len(value), bool) if len(text) > 1 else np.isin(value, classes)
    if not known.all():
        odd = value[~known][0]
        raise ValueError(
            f"label {odd.item()!r} of task {name!r} is not among its classes "
            f"{classes.tolist()}: {REMEDY}"
        )
    order = np.argsort(classes, kind="stable")
    return order[np.searchsorted(classes, value, sorter=order)].astype(np.int32)


def _still_constant(tasks, codes):
    """The only class seen so far, -1 where there was another."""
    same = [
        len(code) == 0 or (code == c).all() for code, c in zip(codes, tasks.constant)
    ]
    return np.where(same, tasks.constant, -1)
