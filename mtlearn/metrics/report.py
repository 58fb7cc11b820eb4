"""What a model is worth on every task, as a table."""

import warnings

import numpy as np
from sklearn.exceptions import UndefinedMetricWarning

from ..tasks import LabelTable
from ..tasks.kinds import read_task_types
from .inputs import read_names
from .registry import find_metric
from .score import multitask_score
from .table import Table

LABELS = ("accuracy", "balanced_accuracy", "f1")
RANKINGS = ("average_precision", "roc_auc")
NUMBERS = ("r2", "neg_mean_absolute_error")


def task_report(
    Y_true,
    Y_pred,
    *,
    scores=None,
    metrics=None,
    sample_weight=None,
    classes=None,
    task_names=None,
    task_types="auto",
):
    """Score every task by several metrics.

    Parameters
    ----------
    Y_true : labels of any form, (n_samples,) or (n_samples, n_tasks)
        May have missing labels, which are ignored.
    Y_pred : array-like of the shape of ``Y_true``
        What ``predict`` returns.
    scores : list of T arrays, or one array, optional
        What ``predict_proba`` or ``decision_function`` returns. Tasks of labels are
        then scored by ``average_precision`` and ``roc_auc``, too.
    metrics : list of str, optional
        Names in :data:`mtlearn.metrics.METRICS`. Default: accuracy, balanced accuracy
        and F1 of labels; R2 and mean absolute error (negative) of numbers.
    sample_weight : array-like (n_samples,) or (n_samples, n_tasks), optional
    classes : list of T arrays, or one array, optional
        ``classes_`` of the model.
    task_names : list of str, optional
        Default: the columns of a DataFrame, else ``task0``, ``task1``, ...
    task_types : "auto", "classification", "regression" or a list of them
        What the columns of ``Y_true`` hold. "auto" takes text, bools, categories and
        whole numbers of at most 20 distinct values for labels.

    Returns
    -------
    Table
        Prints as text, and as a table in a notebook; ``to_dict()``, ``to_frame()``. A
        row per task, with its number of labels, of missing labels and of classes; below
        it the mean and the least of each metric. Where a metric has no meaning there is
        a gap (NaN).

    Examples
    --------
    >>> from mtlearn.metrics import task_report
    >>> Y_true = [["cat", 1.5], ["dog", 0.5], ["dog", None], ["cat", 3.0]]
    >>> Y_pred = [["cat", 1.0], ["cat", 0.5], ["dog", 0.0], ["cat", 2.0]]
    >>> task_report(Y_true, Y_pred, metrics=["accuracy", "r2"])
    task   labels  missing  classes  accuracy     r2
    ------------------------------------------------
    task0       4        0        2     0.750      -
    task1       3        1        -         -  0.605
    ------------------------------------------------
    mean                                0.750  0.605
    least                               0.750  0.605
    """
    table = LabelTable(Y_true)
    names = read_names(task_names, table)
    kinds = read_task_types(task_types, table)
    if metrics is None:
        metrics = _default_metrics(kinds, scores)
    found = [find_metric(metric) for metric in metrics]
    shared = {
        "sample_weight": sample_weight,
        "classes": classes,
        "task_names": None if task_names is None else names,
    }
    values = np.full((len(names), len(found)), np.nan)
    for m, metric in enumerate(found):
        answers = scores if metric.takes_scores else Y_pred
        _check_one_task(metric, answers)
        for t in _tasks_of(metric, kinds):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UndefinedMetricWarning)
                values[t, m] = multitask_score(
                    Y_true, answers, metric, task=t, **shared
                )
    columns = ["task", "labels", "missing", "classes", *(m.name for m in found)]
    rows = [
        [name, *_counts(table.column(t), kind), *values[t].tolist()]
        for t, (name, kind) in enumerate(zip(names, kinds))
    ]
    return Table(columns, rows, _footer(values))


def _default_metrics(kinds, scores):
    metrics = []
    if "classification" in kinds:
        metrics += LABELS if scores is None else LABELS + RANKINGS
    return metrics + (list(NUMBERS) if "regression" in kinds else [])


def _check_one_task(metric, answers):
    if metric.kind == "label sets":
        raise ValueError(
            f"{metric.name!r} scores all tasks at once, not each: use multitask_score"
        )
    if answers is None:
        raise ValueError(
            f"{metric.name!r} needs scores=, what predict_proba or decision_function "
            "returns"
        )


def _tasks_of(metric, kinds):
    """Tasks that hold what the metric is for."""
    if metric.kind == "any":
        return range(len(kinds))
    wanted = "regression" if metric.kind == "numbers" else "classification"
    return [t for t, kind in enumerate(kinds) if kind == wanted]


def _counts(column, kind):
    """Numbers of labels, of missing labels, and of classes."""
    seen = int(column.observed.sum())
    classes = None
    if kind == "classification":
        classes = len(np.unique(column.values[column.observed]))
    return seen, len(column.observed) - seen, classes


def _footer(values):
    defined = ~np.isnan(values)
    footer = []
    for name, reduce in (("mean", np.mean), ("least", np.min)):
        each = (column[seen] for column, seen in zip(values.T, defined.T))
        of_metrics = [float(reduce(v)) if len(v) else None for v in each]
        footer.append([name, "", "", "", *of_metrics])
    return footer
