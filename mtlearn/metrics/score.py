"""One score for all tasks, or one per task, over the observed labels."""

import warnings

import numpy as np
from sklearn.exceptions import UndefinedMetricWarning

from ..tasks import LabelTable, read_sample_weight
from ..tasks.labels import LabelColumn
from .labels import (
    check_labels,
    check_numbers,
    check_same_family,
    encode,
    known_labels,
    plain_labels,
)
from .scores import one_column_per_label, split_by_task
from .single_task import PROBABILITY, find_metric

AVERAGES = ("macro", None)


def multitask_score(
    Y_true,
    Y_pred,
    metric="accuracy",
    *,
    average="macro",
    task=None,
    sample_weight=None,
    classes=None,
    task_names=None,
):
    """Score the predictions of several tasks over the labels that are there.

    ``1/T' sum_t metric(y_true_t, y_pred_t)`` over the T' tasks on which the metric is
    defined. Each task counts the same, however many labels it has.

    Parameters
    ----------
    Y_true : array, masked array, list or DataFrame, (n_samples,) or (n_samples, T)
        ``NaN``, ``None``, ``pandas.NA`` and masked entries are missing labels; they are
        ignored, as is whatever was predicted there.
    Y_pred : array-like, or list of T arrays
        What the metric scores: predictions of the shape of ``Y_true``; for
        ``average_precision``, ``roc_auc`` and ``neg_log_loss`` a list of T arrays
        (n_samples,) or (n_samples, n_classes_t), as ``decision_function`` and
        ``predict_proba`` return it, or one array (n_samples, T) of scores of the
        positive classes; for a 1-D ``Y_true`` a single array.
    metric : str or callable, default="accuracy"
        A name from :data:`mtlearn.metrics.METRICS`, or ``metric(y_true, y_pred)``,
        called with the observed labels of one task, and with ``sample_weight=`` where
        weights differ.
    average : {"macro", None}, default="macro"
        ``None`` returns one score per task.
    task : str or int, optional
        Score this task only.
    sample_weight : array-like (n_samples,) or (n_samples, T), optional
        Pairs of weight 0 are left out like missing labels.
    classes : list of T arrays, or one array if ``Y_true`` is 1-D, optional
        ``classes_`` of the model: names the columns of the scores, and tells which
        class of a binary task is the positive one (the second) where only one occurs.
        Default: the labels in ``Y_true``.
    task_names : list of str, optional
        Default: the columns of a DataFrame, else ``task0``, ``task1``, ...

    Returns
    -------
    float, or ndarray (T,) if ``average=None``
        NaN for a task on which the metric is undefined, and for the mean if that is so
        for all tasks.

    Warns
    -----
    UndefinedMetricWarning
        Names the tasks on which the metric is undefined given the true labels alone: no
        observed label, one class for a ranking, no positive for ``f1``, a constant for
        ``r2``. They are left out for every set of predictions alike.

    Notes
    -----
    A missing prediction (of a task that had no label in training) is a wrong label; a
    missing score ranks as chance does; a missing number counts as the mean of the true
    ones, R2 = 0. A true label that the model does not know counts as wrong.

    ``f1``, ``precision`` and ``recall`` speak of the positive class of a binary task
    and are the plain mean over the classes of a multiclass task; ``roc_auc`` and
    ``average_precision`` of a multiclass task are the mean of one class against the
    rest over the classes that occur in ``Y_true``.

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.metrics import multitask_score
    >>> Y_true = [["cat", 1], ["dog", 0], ["dog", None], [None, 0]]
    >>> Y_pred = [["cat", 1], ["dog", 1], ["cat", 0], ["cat", 0]]
    >>> round(multitask_score(Y_true, Y_pred), 3)
    0.667
    >>> multitask_score(Y_true, Y_pred, "recall", average=None)
    array([0.5, 1. ])
    """
    metric = find_metric(metric)
    if average not in AVERAGES:
        raise ValueError(f"average={average!r} is unknown; use 'macro' or None")
    table = LabelTable(Y_true)
    names = _read_names(task_names, table)
    predicted = _read_predictions(Y_pred, table, metric)
    classes = _read_classes(classes, table)
    weights = _read_weights(sample_weight, table)
    tasks = range(table.n_tasks) if task is None else [task_index(task, names)]
    each = [
        _score_task(
            metric,
            names[t],
            table.column(t),
            predicted(t),
            classes[t],
            None if weights is None else weights[:, t],
        )
        for t in tasks
    ]
    undefined = [names[t] for t, score in zip(tasks, each) if score is None]
    if undefined:
        _warn_of_undefined(metric.name, undefined, len(each))
    if average is None and task is None:
        return np.array(each, dtype=float)
    defined = [score for score in each if score is not None]
    return float(np.mean(defined)) if defined else np.nan


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


def _read_names(task_names, table):
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
    return [str(name) for name in task_names]


def _read_predictions(Y_pred, table, metric):
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


def _read_classes(classes, table):
    """One array of labels, or None, per task."""
    if classes is None:
        return [None] * table.n_tasks
    if table.n_tasks == 1 and (len(classes) != 1 or np.ndim(classes[0]) == 0):
        classes = [classes]
    if len(classes) != table.n_tasks:
        raise ValueError(f"classes has {len(classes)} arrays for {table.n_tasks} tasks")
    return [plain_labels(labels) for labels in classes]


def _read_weights(sample_weight, table):
    """None or (n_rows, n_tasks)."""
    if sample_weight is None:
        return None
    shape = table.n_rows, table.n_tasks
    if np.size(sample_weight) and not np.any(sample_weight):
        # A fold in which nothing counts is as undefined as one without any label.
        return np.broadcast_to(0.0, shape)
    return np.broadcast_to(read_sample_weight(sample_weight, *shape), shape)


def _score_task(metric, name, truth, predicted, classes, weight):
    """A float, or None where the true labels leave the metric undefined."""
    used = truth.observed if weight is None else truth.observed & (weight > 0)
    if not used.any():
        return None
    y_true = truth.values[used]
    weight = None if weight is None else weight[used]
    if metric.takes_scores:
        predicted = predicted[used]
    else:
        predicted = LabelColumn(predicted.values[used], predicted.observed[used])
    if metric.kind == "numbers":
        y_true = check_numbers(name, metric.name, y_true)
        y_pred, n_labels = _numbers(predicted, name, metric.name), None
    elif metric.kind == "any":
        y_pred, n_labels = _as_given(metric, y_true, predicted), None
    else:
        labels, offset = _labels_of(metric, name, truth, y_true, classes)
        n_labels = max(2, len(labels) + offset)
        y_true = encode(y_true, labels, offset)
    if metric.undefined(y_true, n_labels):
        return None
    if metric.kind == "labels":
        read = _read_scores if metric.takes_scores else _read_labels
        y_pred = read(metric, name, predicted, classes, labels, offset)
    return float(metric.function(y_true, y_pred, weight, n_labels))


def _labels_of(metric, name, truth, y_true, classes):
    check_labels(name, metric.name, y_true)
    if classes is None:
        return known_labels(y_true, (), truth.categories)
    check_same_family(name, y_true, classes, "classes")
    return known_labels(y_true, classes, truth.categories)


def _read_scores(metric, name, scores, classes, labels, offset):
    """Scores (n, n_labels); without ``classes`` the true labels name the columns."""
    classes = labels if classes is None else classes
    is_probability = metric.responses == PROBABILITY
    return one_column_per_label(scores, classes, labels, offset, name, is_probability)


def _read_labels(metric, name, predicted, classes, labels, offset):
    """Codes of the predicted labels, -1 where the prediction is missing."""
    codes = np.full(len(predicted.values), -1)
    found = predicted.values[predicted.observed]
    check_same_family(name, labels, found, "the predicted ones")
    if len(found):
        check_labels(name, metric.name, found)
        codes[predicted.observed] = encode(found, labels, offset)
    return codes


def _numbers(predicted, name, metric):
    """Predicted numbers, NaN where missing."""
    values = check_numbers(name, metric, predicted.values)
    return np.where(predicted.observed, values, np.nan)


def _as_given(metric, y_true, predicted):
    """What the user's function gets; a missing prediction becomes a wrong one."""
    if metric.takes_scores or predicted.observed.all():
        return predicted if metric.takes_scores else predicted.values
    if y_true.dtype.kind in "US":
        wrong = "(missing)"
    elif y_true.dtype.kind == "f" and (y_true != np.floor(y_true)).any():
        wrong = y_true.mean()
    else:
        wrong = y_true.max() + 1
    found = predicted.values if predicted.observed.any() else y_true
    return np.where(predicted.observed, found, wrong)


def _warn_of_undefined(metric, names, n_tasks):
    listed = ", ".join(map(repr, names[:5])) + (", ..." if len(names) > 5 else "")
    warnings.warn(
        f"{metric} is undefined on {len(names)} of {n_tasks} tasks, given their true "
        f"labels: {listed}. They are left out of the mean.",
        UndefinedMetricWarning,
        stacklevel=3,
    )
