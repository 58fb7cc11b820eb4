"""Labels, predictions, classes and weights of all tasks, checked against each other."""

import numpy as np

from ..tasks import LabelTable, read_sample_weight
from .labels import plain_labels
from .scores import split_by_task


def task_index(task, names):
    """Position of a task given by name or index.

    Raises
    ------
    ValueError
        For an unknown task, listing the right ones.
    """
    if isinstance(task, str):
        if task in names:
            return names.index(task)
    elif isinstance(task, int | np.integer) and not isinstance(task, bool):
        if -len(names) <= task < len(names):
            return int(task) % len(names)
    raise ValueError(f"task={task!r} is unknown; the tasks are {list(names)}")


def read_names(task_names, table):
    """Names of the tasks, the user's if given."""
    if task_names is None:
        return table.names
    given = [str(name) for name in task_names]
    if given != table.names and set(given) == set(table.names):
        raise ValueError(
            f"Y_true has the tasks in another order: {table.names}, not {given}"
        )
    if len(task_names) != table.n_tasks:
        raise ValueError(
            f"task_names has {len(task_names)} names for {table.n_tasks} tasks"
        )
    return given


def read_predictions(Y_pred, table, metric):
    """A function from a task to its predictions (LabelColumn) or scores (array)."""
    if metric.takes_scores:
        return split_by_task(Y_pred, table.n_tasks, table.n_rows).__getitem__
    predicted = LabelTable(Y_pred)
    shapes = [(labels.n_rows, labels.n_tasks) for labels in (table, predicted)]
    if shapes[0] != shapes[1]:
        raise ValueError(
            "Y_true has {} rows and {} tasks, Y_pred {} and {}".format(*sum(shapes, ()))
        )
    if predicted.names != table.names and set(predicted.names) == set(table.names):
        raise ValueError(
            f"Y_pred has the tasks of Y_true in another order: {predicted.names}, not "
            f"{table.names}"
        )
    return predicted.column


def read_classes(classes, table):
    """One array of labels, or None, per task."""
    if classes is None:
        return [None] * table.n_tasks
    if table.n_tasks == 1 and (len(classes) != 1 or np.ndim(classes[0]) == 0):
        classes = [classes]
    if len(classes) != table.n_tasks:
        raise ValueError(f"classes has {len(classes)} arrays for {table.n_tasks} tasks")
    return [plain_labels(labels) for labels in classes]


def read_weights(sample_weight, table):
    """None or (n_rows, n_tasks)."""
    if sample_weight is None:
        return None
    shape = table.n_rows, table.n_tasks
    if np.size(sample_weight) and not np.any(sample_weight):
        # A fold in which nothing counts is as undefined as one without any label.
        return np.broadcast_to(0.0, shape)
    return np.broadcast_to(read_sample_weight(sample_weight, *shape), shape)
