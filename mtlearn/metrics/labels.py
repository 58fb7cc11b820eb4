"""Labels of one task, true and predicted, on one list of codes."""

import numpy as np


def merge_labels(*parts):
    """Union of label arrays, each in its own order.

    Increasing where every part is increasing. A part in another order, such as the
    ordered categories small < medium < large, keeps it, the longest part first.
    """
    parts = sorted((plain_labels(p) for p in parts if len(p)), key=len, reverse=True)
    if not parts:
        return np.zeros(0)
    joined = np.concatenate(parts)
    labels, first = np.unique(joined, return_index=True)
    if all((part[:-1] <= part[1:]).all() for part in parts):
        return labels
    return joined[np.sort(first)]


def plain_labels(labels):
    """An array of labels without the object dtype that forests give ``classes_``."""
    labels = np.asarray(labels)
    return np.array(labels.tolist()) if labels.dtype == object else labels


def known_labels(y_true, classes, categories=None):
    """The labels a task can have, as far as the truth and the model say.

    At least two, so that the second is the positive class of a binary task. Where only
    one label is known, 1 and True are taken as positive, all others as negative; the
    unknown other label is left out: ``(labels, offset)``, offset being the code of
    ``labels[0]``.
    """
    labels = np.unique(y_true)
    if categories is not None:
        labels = categories[np.isin(categories, labels)]
    labels = merge_labels(classes, labels)
    alone_and_positive = len(labels) == 1 and labels.dtype.kind in "biuf"
    return labels, int(alone_and_positive and labels[0] == 1)


def encode(values, labels, offset=0):
    """Codes of values: ``offset + i`` for ``labels[i]``, above all those for others.

    Labels that are not in ``labels`` get codes of their own, one for each.
    """
    n_codes = max(2, len(labels) + offset)
    every, inverse = np.unique(np.concatenate([labels, values]), return_inverse=True)
    code = n_codes + np.arange(len(every))
    code[inverse[: len(labels)]] = offset + np.arange(len(labels))
    return code[inverse[len(labels) :]]


def check_same_family(name, y_true, other, whose):
    """Refuse to compare text with numbers: "1" is not 1, and all would be wrong."""
    text = {True: "text", False: "numbers"}
    ours, theirs = y_true.dtype.kind in "US", plain_labels(other).dtype.kind in "US"
    if len(y_true) and len(other) and ours != theirs:
        raise ValueError(
            f"task {name!r}: the true labels are {text[ours]}, {whose} {text[theirs]}."
        )


def check_labels(name, metric, values):
    """Refuse fractions where the metric counts equal labels."""
    if values.dtype.kind != "f":
        return
    fractions = values[values != np.floor(values)]
    if len(fractions):
        raise ValueError(
            f"{metric!r} compares labels, but task {name!r} holds continuous numbers "
            f"such as {fractions[0]}; score such tasks with 'r2' or "
            "'neg_mean_squared_error' (task=... picks one task)."
        )


def check_numbers(name, metric, values):
    """Refuse text where the metric takes differences."""
    if values.dtype.kind not in "biuf":
        raise ValueError(
            f"{metric!r} needs numbers, but task {name!r} holds {str(values[0])!r}."
        )
    return values.astype(np.float64)
