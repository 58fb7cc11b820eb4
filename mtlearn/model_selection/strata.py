"""The labels of all tasks as one table of small integers, to be spread over folds."""

from dataclasses import dataclass

import numpy as np

# Whole numbers with more distinct values are classes only if these repeat often.
MAX_DISTINCT = 20
MAX_BINS = 10
MAX_RANGE = 1000


@dataclass
class Strata:
    """What is to be spread evenly.

    Attributes
    ----------
    codes : ndarray of int32 (n_rows, n_tasks)
        The stratum of each row in each task; no two tasks have one in common.
    sizes : ndarray of int (n_strata,)
        Number of rows of each stratum.
    names : dict
        "task 'a' class 'x'", of the strata that are surely classes.
    """

    codes: np.ndarray
    sizes: np.ndarray
    names: dict

    @property
    def classes(self):
        return list(self.names)


def read_strata(table, n_parts):
    """Strata of a :class:`~mtlearn.tasks.LabelTable`, to be spread over n_parts parts.

    Numbers are binned so that a bin has two rows per part at least.
    """
    codes = np.empty((table.n_tasks, table.n_rows), dtype=np.int32)
    sizes, names, n_strata = [], {}, 0
    for t, column in enumerate(table.columns()):
        code, labels = _stratify(column.values[column.observed], n_parts)
        n_bins = int(code.max(initial=-1)) + 1
        codes[t] = n_strata + n_bins  # missing labels are a stratum of their own
        codes[t, column.observed] = n_strata + code
        for i, label in enumerate(labels):
            names[n_strata + i] = f"task {table.names[t]!r} class {label!r}"
        n_strata += n_bins + 1
        sizes.append(np.bincount(code, minlength=n_bins))
        sizes.append([table.n_rows - len(code)])
    codes = np.ascontiguousarray(codes.T)
    return Strata(codes, np.concatenate(sizes).astype(int), names)


def _stratify(values, n_parts):
    """Codes of the observed labels of one task, and the labels that are classes."""
    labels, code = _unique(values)
    if values.dtype.kind in "bUS" or len(labels) == 0:
        return code, labels.tolist()
    whole = values.dtype.kind != "f" or bool((labels == np.floor(labels)).all())
    if whole and len(labels) <= MAX_DISTINCT:
        return code, labels.tolist()
    if whole and len(labels) * n_parts <= len(values):
        return code, []
    return _quantile_bins(
        values, max(1, min(MAX_BINS, len(values) // (2 * n_parts)))
    ), []


def _unique(values):
    """``np.unique`` with the inverse, ten times faster for small whole numbers."""
    if values.dtype.kind in "biuf" and len(values):
        numbers = values.astype(np.uint8) if values.dtype == bool else values
        low, high = numbers.min().item(), numbers.max().item()
        shifted = (numbers - low).astype(np.intp) if high - low < MAX_RANGE else None
        if shifted is not None and (shifted + low == numbers).all():
            known = np.bincount(shifted) > 0
            labels = np.flatnonzero(known) + low
            return labels.astype(values.dtype), (np.cumsum(known) - 1)[shifted]
    return np.unique(values, return_inverse=True)


def _quantile_bins(values, n_bins):
    edges = np.unique(np.quantile(values, np.arange(1, n_bins) / n_bins))
    code = np.searchsorted(edges, values, side="right")
    # Ties may leave a bin empty.
    return np.unique(code, return_inverse=True)[1]
