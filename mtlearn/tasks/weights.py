"""How much each (row, task) pair counts, and how much each task counts."""

from collections.abc import Mapping

import numpy as np

TASK_WEIGHTS = ("balanced", "null_loss")


def read_sample_weight(sample_weight, n_rows, n_tasks):
    """Check sample weights.

    Parameters
    ----------
    sample_weight : None or array-like, (n_rows,) or (n_rows, n_tasks)

    Returns
    -------
    None or ndarray of float64, (n_rows, 1) or (n_rows, n_tasks)

    Raises
    ------
    ValueError
        For another shape, a negative or non-finite weight, or nothing but zeros.
    """
    if sample_weight is None:
        return None
    weight = np.asarray(sample_weight, dtype=np.float64)
    if weight.ndim == 0:
        weight = np.full(n_rows, weight)
    if weight.shape not in ((n_rows,), (n_rows, 1), (n_rows, n_tasks)):
        raise ValueError(
            f"sample_weight.shape == {weight.shape}, expected ({n_rows},) or "
            f"({n_rows}, {n_tasks}): one weight per row, or per row and task."
        )
    if not np.isfinite(weight).all():
        raise ValueError("sample_weight contains NaN or infinity.")
    if (weight < 0).any():
        raise ValueError(
            f"sample_weight holds a negative weight, {weight.min()}: weights are >= 0."
        )
    if not weight.any():
        raise ValueError("sample weights must not all be zero.")
    return weight.reshape(n_rows, -1)


def resolve_task_weight(task_weight, names, n_labels, null_loss=None):
    """Turn any form of ``task_weight`` into one number per task.

    Parameters
    ----------
    task_weight : None, "balanced", "null_loss", dict or array-like (n_tasks,)
        ``"balanced"`` is mean(n_labels) / n_labels, ``"null_loss"`` one over the loss
        of the best constant prediction; both are scaled to mean 1 so that C keeps its
        meaning. A dict gives weights by task name, names left out count 1. An array is
        used as given.
    names : list of str
    n_labels : ndarray (n_tasks,)
        Weighted number of observed labels of each task.
    null_loss : ndarray (n_tasks,), optional
        Mean loss per label of each task's best constant prediction.

    Returns
    -------
    ndarray of float64 (n_tasks,)
    """
    n_tasks = len(names)
    if task_weight is None:
        return np.ones(n_tasks)
    if isinstance(task_weight, str):
        if task_weight == "balanced":
            return _mean_one_inverse(n_labels)
        if task_weight == "null_loss":
            return _mean_one_inverse(null_loss)
        raise ValueError(
            f"task_weight={task_weight!r} is unknown; use None, "
            f"{', '.join(map(repr, TASK_WEIGHTS))}, a dict by task name or an array."
        )
    if isinstance(task_weight, Mapping):
        # Names are text here, whatever they are in the columns of a DataFrame.
        task_weight = {str(name): weight for name, weight in task_weight.items()}
        unknown = sorted(set(task_weight) - set(names))
        if unknown:
            raise ValueError(
                f"task_weight names unknown tasks {unknown}; the tasks are {names}"
            )
        weight = np.array([task_weight.get(name, 1.0) for name in names], dtype=float)
    else:
        weight = np.asarray(task_weight, dtype=float)
    if weight.shape != (n_tasks,):
        raise ValueError(
            f"task_weight has shape {weight.shape}, expected one weight for each of "
            f"the {n_tasks} tasks"
        )
    if not (np.isfinite(weight).all() and (weight >= 0).all() and weight.any()):
        raise ValueError(
            "task_weight must be finite, >= 0 and not all zero, got "
            f"{dict(zip(names, weight.tolist()))}"
        )
    return weight


def class_weights(class_weight, names, classes, codes, weights):
    """Weight of each class of each task.

    Parameters
    ----------
    class_weight : None, "balanced" or dict
        ``"balanced"`` is n / (c n_k) for class k of c in each task, n being sums of
        weights. A dict gives weights by label, for all tasks that know the label, or by
        task name any of these forms; what is left out counts 1.
    names : list of str
    classes : list of ndarray or None
        Labels of each task.
    codes : list of ndarray
        Into them, one per observed label.
    weights : list of ndarray
        Of the observed labels.

    Returns
    -------
    list of (ndarray (n_classes,) or None)
    """
    if class_weight is None:
        return [None] * len(names)
    by_task = _class_weight_by_task(class_weight, names)
    resolved = [
        None if known is None else _of_classes(form, name, known, code, weight)
        for form, name, known, code, weight in zip(
            by_task, names, classes, codes, weights
        )
    ]
    if isinstance(class_weight, Mapping):
        _refuse_unknown_labels(class_weight, by_task, names, classes)
    return resolved


def _class_weight_by_task(class_weight, names):
    """One form for each task."""
    if isinstance(class_weight, str):
        if class_weight != "balanced":
            raise ValueError(
                f"class_weight={class_weight!r} is unknown; use None, 'balanced', a "
                "dict by label, or a dict of these by task name."
            )
        return [class_weight] * len(names)
    if not isinstance(class_weight, Mapping):
        raise ValueError(
            f"class_weight is {class_weight!r}; use None, 'balanced', a dict by label, "
            "or a dict of these by task name."
        )
    forms = [form for form in class_weight.values() if form is None or _is_form(form)]
    if not forms:
        return [class_weight] * len(names)
    by_name = {str(name): form for name, form in class_weight.items()}
    unknown = sorted(set(by_name) - set(names))
    if unknown:
        raise ValueError(
            f"class_weight names unknown tasks {unknown}; the tasks are {names}"
        )
    return [by_name.get(name) for name in names]


def _is_form(form):
    return isinstance(form, str | Mapping)


def _of_classes(form, name, known, code, weight):
    """Weights of the classes of one task."""
    if form is None:
        return None
    if not isinstance(form, Mapping):
        _class_weight_by_task(form, ())
        count = np.bincount(code, weight, minlength=len(known))
        seen = count > 0
        even = count.sum() / max(1, seen.sum())
        return np.divide(even, count, out=np.ones(len(known)), where=seen)
    factor = np.array([form.get(label, 1.0) for label in known.tolist()], dtype=float)
    if not (np.isfinite(factor).all() and (factor > 0).all()):
        raise ValueError(
            f"class_weight of task {name!r} must be finite and > 0, got {dict(form)}"
        )
    return factor


def _refuse_unknown_labels(class_weight, by_task, names, classes):
    """A label that is not there, while one that is has no weight, is a mistake.

    Where all others have one, it may be a rare label that is missing in a fold.
    """
    if any(form is class_weight for form in by_task):
        known = {label for labels in classes if labels is not None
                 for label in labels.tolist()}  # fmt: skip
        asked = {"every task": (class_weight, known)}
    else:
        asked = {
            f"task {name!r}": (form, set(labels.tolist()))
            for name, form, labels in zip(names, by_task, classes)
            if isinstance(form, Mapping) and labels is not None
        }
    for where, (form, known) in asked.items():
        unknown = [label for label in form if label not in known]
        if unknown and known - set(form):
            raise ValueError(
                f"class_weight for {where} has the label {unknown[0]!r}, which is not "
                f"among the labels {sorted(known, key=str)}"
            )


def _mean_one_inverse(amount):
    """1 / amount, scaled to mean 1 over the tasks that have any."""
    weight = np.ones(len(amount))
    known = amount > 0
    if known.any():
        inverse = 1.0 / amount[known]
        weight[known] = inverse / inverse.mean()
    return weight
