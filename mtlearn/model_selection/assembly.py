"""Predictions of several folds as one, classes aligned."""

import numpy as np

from ..metrics.labels import merge_labels


def assemble(predictions, classes, method, order):
    """Join the predictions of the folds and put the rows in ``order``.

    Parameters
    ----------
    predictions : sequence of ndarray or of list of T ndarrays
        One entry per fold.
    classes : sequence or None
        ``classes_`` of each fold's model; None if columns are no classes.
    method : str
    order : ndarray of int (n_rows,)

    Returns
    -------
    ndarray or list of T ndarrays
    """
    if isinstance(predictions[0], list):
        parts = zip(*predictions)
        if classes is None or classes[0] is None:
            return [_concatenate(part)[order] for part in parts]
        aligned = (_align(*task, method) for task in zip(parts, zip(*classes)))
        return [None if part is None else part[order] for part in aligned]
    if classes is not None and _one_task(classes[0]):
        return _align(predictions, classes, method)[order]
    return _concatenate(predictions)[order]


def _one_task(classes):
    """Whether ``classes_`` is the array of one task, not a list of such."""
    return classes is not None and np.ndim(classes[0] if len(classes) else 0) == 0


def _concatenate(parts):
    # np.concatenate drops masks.
    masked = any(isinstance(part, np.ma.MaskedArray) for part in parts)
    return (np.ma.concatenate if masked else np.concatenate)(parts)


def _align(parts, classes, method):
    """One task: the columns of every fold laid out by the union of the classes."""
    if parts[0] is None:
        return None  # a task of numbers
    parts = [np.asarray(part) for part in parts]
    union = merge_labels(*classes)
    alike = all(len(known) == len(union) for known in classes)
    if alike and len({part.shape[1:] for part in parts}) == 1:
        return _concatenate(parts)
    one_column = method == "decision_function" and len(union) <= 2
    lay_out = _one_column if one_column else _one_column_per_class
    return np.concatenate(
        [lay_out(part, known, union, method) for part, known in zip(parts, classes)]
    )


def _one_column(part, known, union, method):
    """Decision values of a task with at most two classes."""
    if len(known) == 1 and len(union) == 2:
        # The fold knows one of the two only: it would never say the other.
        limits = np.finfo(np.result_type(part, np.float32))
        return np.full(len(part), limits.max if known[0] == union[1] else limits.min)
    if part.ndim == 1:
        return part
    if part.shape[1] == 0:
        return np.full(len(part), np.nan)
    return part[:, -1]


def _one_column_per_class(part, known, union, method):
    dtype = np.result_type(part, np.float32)
    absent = 0 if method == "predict_proba" else np.finfo(dtype).min
    laid_out = np.full((len(part), len(union)), absent, dtype=dtype)
    if len(known) == 0:
        # Nothing was learned, so nothing is known of any class.
        laid_out[:] = np.nan
        return laid_out
    if part.ndim == 1:
        # One column speaks for the second of two classes, or for the only one.
        part = np.column_stack([-part, part][-len(known) :])
    if part.shape[1] != len(known):
        raise ValueError(
            f"{method} gives {part.shape[1]} columns for {len(known)} classes, which "
            "cannot be aligned with the folds that know other classes"
        )
    columns = [np.flatnonzero(union == label)[0] for label in known]
    laid_out[:, columns] = part
    return laid_out
