"""The answers of all tasks as sets of labels."""

import numpy as np

from .label_sets import LabelSets
from .labels import encode
from .one_task import labels_of, read_answer


def score_label_sets(metric, tasks):
    """A float, or None where no label is known.

    Parameters
    ----------
    metric : Metric of kind "label sets"
    tasks : list of TaskAnswers
    """
    tasks = [task for task in tasks if task.used().any()]
    if not tasks:
        return None
    read = _columns_of_scores if metric.takes_scores else _columns_of_labels
    parts = zip(*(read(metric, task) for task in tasks))
    truth, answer, wrong = ([*part] for part in parts)
    weights = [
        (task.used() * (1.0 if task.weight is None else task.weight))[:, None]
        for task in tasks
    ]
    spread = [np.repeat(w, t.shape[1], axis=1) for w, t in zip(weights, truth)]
    weight = np.hstack(spread)
    sets = LabelSets(
        np.hstack(truth),
        np.hstack(answer),
        weight > 0,
        weight,
        None if metric.takes_scores else np.hstack(wrong),
        np.hstack(weights),
    )
    return float(metric.function(sets))


def _columns_of_labels(metric, task):
    """Of one task: true labels, predicted ones, and whether they differ where known."""
    used = task.used()
    task = task.take(used)
    labels, offset = labels_of(metric, task)
    true = encode(task.truth.values, labels, offset)
    said = read_answer(metric, task, labels, offset)
    codes = np.union1d(true, said) if max(2, len(labels) + offset) > 2 else [1]
    columns = [code for code in codes if code >= 0]
    wrong = _of_all_rows((true != said)[:, None], used)
    return *(
        _of_all_rows(np.equal.outer(c, columns), used) for c in (true, said)
    ), wrong


def _columns_of_scores(metric, task):
    used = task.used()
    task = task.take(used)
    labels, offset = labels_of(metric, task)
    n_labels = max(2, len(labels) + offset)
    if n_labels > 2:
        raise ValueError(
            f"{metric.name!r} ranks labels that a row has or has not, but task "
            f"{task.name!r} has {n_labels} classes; task=... picks others"
        )
    true = encode(task.truth.values, labels, offset)
    scores = read_answer(metric, task, labels, offset)
    columns = (true == 1)[:, None], scores[:, 1:2]
    return *(_of_all_rows(column, used) for column in columns), None


def _of_all_rows(part, used):
    """Rows that are not used are zero."""
    whole = np.zeros((len(used), part.shape[1]), dtype=part.dtype)
    whole[used] = part
    return whole
