"""One score for all tasks, or one per task, over the observed labels."""

import warnings

import numpy as np
from sklearn.exceptions import UndefinedMetricWarning

from ..tasks import LabelTable
from .inputs import (
    read_classes,
    read_names,
    read_predictions,
    read_weights,
    task_index,
)
from .label_columns import score_label_sets
from .one_task import TaskAnswers, score_task
from .registry import find_metric

AVERAGES = ("macro", "weighted", "worst", None)


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
    defined. Each task counts the same, however many labels it has. Metrics of label
    sets, such as ``subset_accuracy``, look at all tasks at once.

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
        A name from :data:`mtlearn.metrics.METRICS`, which holds all that scikit-learn's
        scorers have and some more (see Notes), or ``metric(y_true, y_pred)``,
        called with the observed labels of one task, and with ``sample_weight=`` where
        weights differ.
    average : {"macro", "weighted", "worst", None}, default="macro"
        Plain mean over tasks, mean by their numbers of labels, the least score, or one
        score per task.
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

    A name means what scikit-learn's scorer of that name means, where that accepts the
    labels: ``f1_macro`` of a 1-D ``y`` is the mean over its classes, ``f1_micro``,
    ``f1_weighted`` and ``f1_samples`` of a 2-D ``Y`` are over the labels of all tasks.
    The exception is ``accuracy``, which is the mean over tasks; ``subset_accuracy`` is
    the share of rows without any wrong label. Beyond scikit-learn there are

    * of label sets, where a task of two classes is a label that a row has or has not:
      ``subset_accuracy``, ``neg_hamming_loss``, ``label_ranking_average_precision``,
      ``neg_label_ranking_loss``, ``neg_coverage_error``. Only known labels of a row
      count.
    * of labels in an order, such as those of an ordered Categorical:
      ``neg_ordinal_error`` (mean number of steps off), ``linear_kappa``,
      ``quadratic_kappa``; and plain ``cohen_kappa``.

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
        raise ValueError(
            f"average={average!r} is unknown; use 'macro', 'weighted', 'worst' or None"
        )
    table = LabelTable(Y_true)
    if table.ndim == 2 and metric.of_columns is not None:
        metric = metric.of_columns
    names = read_names(task_names, table)
    predicted = read_predictions(Y_pred, table, metric)
    classes = read_classes(classes, table)
    weights = read_weights(sample_weight, table)
    tasks = [
        TaskAnswers(
            names[t],
            table.column(t),
            predicted(t),
            classes[t],
            None if weights is None else weights[:, t],
        )
        for t in (range(table.n_tasks) if task is None else [task_index(task, names)])
    ]
    if metric.kind == "label sets":
        return _score_sets(metric, tasks, average)
    each = [score_task(metric, one) for one in tasks]
    undefined = [one.name for one, score in zip(tasks, each) if score is None]
    if undefined:
        _warn_of_undefined(metric.name, undefined, len(each))
    if average is None and task is None:
        return np.array(each, dtype=float)
    defined = [(score, one) for score, one in zip(each, tasks) if score is not None]
    return _average(*zip(*defined), average) if defined else np.nan


def _score_sets(metric, tasks, average):
    if average is None and len(tasks) > 1:
        raise ValueError(
            f"metric={metric.name!r} scores all tasks at once: there is no score per "
            "task; task=... scores one alone"
        )
    score = score_label_sets(metric, tasks)
    if score is None:
        _warn_of_undefined(metric.name, [task.name for task in tasks], len(tasks))
    return np.nan if score is None else score


def _average(scores, tasks, average):
    if average == "worst":
        return float(np.min(scores))
    if average == "weighted":
        each = [(task, task.used()) for task in tasks]
        counts = [
            rows.sum() if task.weight is None else task.weight[rows].sum()
            for task, rows in each
        ]
        return float(np.average(scores, weights=counts))
    return float(np.mean(scores))


def _warn_of_undefined(metric, names, n_tasks):
    listed = ", ".join(map(repr, names[:5])) + (", ..." if len(names) > 5 else "")
    warnings.warn(
        f"{metric} is undefined on {len(names)} of {n_tasks} tasks, given their true "
        f"labels: {listed}. They are left out of the mean.",
        UndefinedMetricWarning,
        stacklevel=3,
    )
