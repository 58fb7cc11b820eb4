"""Decision values and probabilities of any form, as one column per label."""

import numpy as np

from .labels import encode, plain_labels


def split_by_task(scores, n_tasks, n_rows):
    """Split what a scikit-learn estimator returns into one array per task.

    Parameters
    ----------
    scores : list of n_tasks arrays, or array (n_rows, n_tasks), or, for one task,
        array (n_rows,) or (n_rows, n_classes)

    Returns
    -------
    list of ndarray, (n_rows,) or (n_rows, n_columns)
        None for tasks of which there are none, such as those of numbers.
    """
    if isinstance(scores, list | tuple) and len(scores) == n_tasks:
        parts = [None if part is None else np.asarray(part) for part in scores]
        listed = all(part is None or part.ndim > 0 for part in parts)
    else:
        listed = False
    if not listed:
        array = np.asarray(scores)
        if n_tasks == 1:
            parts = [array]
        elif array.ndim == 2 and array.shape[1] == n_tasks:
            parts = list(array.T)
        else:
            parts = list(array) if array.ndim == 3 else []
    known = [part for part in parts if part is not None]
    if len(parts) != n_tasks or any(len(part) != n_rows for part in known):
        got = np.shape(scores) if not listed else [part.shape for part in known]
        raise ValueError(
            f"scores should be a list of {n_tasks} arrays with {n_rows} rows each, or "
            f"one array of shape ({n_rows}, {n_tasks}); got {got}"
        )
    return parts


def one_column_per_label(scores, classes, labels, offset, name, is_probability):
    """Lay the score columns of a model's ``classes`` out by ``labels``.

    Parameters
    ----------
    scores : ndarray (n_rows,) or (n_rows, len(classes))
    classes : ndarray
        What the model calls its columns. Two classes may share one column, which then
        speaks for the second.
    labels, offset : see :func:`mtlearn.metrics.labels.known_labels`

    Returns
    -------
    ndarray (n_rows, n_labels)
        0 for labels unknown to the model: the lowest probability, and a constant
        decision value, so that its rows are ranked as chance does.
    """
    scores = scores.astype(np.result_type(scores, np.float32), copy=False)
    n_labels = max(2, len(labels) + offset)
    classes = plain_labels(classes)
    if scores.ndim == 2 and scores.shape[1] == 1 and len(classes) != 1:
        scores = scores[:, 0]
    if scores.ndim == 1:
        scores, columns = _two_columns(scores, len(classes), is_probability, n_labels)
    else:
        columns = None
    if columns is None:
        _check_width(scores, len(classes), name)
        columns = encode(classes, labels, offset)
    laid_out = np.zeros((len(scores), n_labels), dtype=scores.dtype)
    if scores.shape[1] == 0:
        laid_out[:] = np.nan
    laid_out[:, columns] = scores
    return laid_out


def _two_columns(scores, n_classes, is_probability, n_labels):
    """A single column speaks for the second of two labels, and against the first."""
    pair = np.column_stack([1 - scores if is_probability else -scores, scores])
    if n_classes == 2:
        return pair, None
    if n_classes < 2 and n_labels == 2 and not is_probability:
        return pair, [0, 1]
    if n_classes < 2:
        # One class: certain of it. None: missing, which stays missing.
        return np.where(np.isnan(scores), np.nan, 1.0)[:, None][:, :n_classes], None
    return scores[:, None], None


def _check_width(scores, n_classes, name):
    if scores.ndim != 2 or scores.shape[1] != n_classes:
        raise ValueError(
            f"task {name!r} has {n_classes} classes, but scores of shape "
            f"{scores.shape}; pass classes=estimator.classes_ if not every class "
            "occurs in Y_true."
        )
