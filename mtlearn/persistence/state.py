"""Every object of a loaded model looks at its own state."""

import numpy as np
from scipy import sparse

# Containers inside containers; a model has some ten.
MAX_DEPTH = 100


def check_state(model):
    """Raise ValueError unless all parts of a model are sound.

    Objects with a method ``_check_state`` are asked; all others are looked through.
    """
    _visit(model, set(), 0)


def _visit(entry, seen, depth):
    if depth > MAX_DEPTH:
        raise ValueError("objects are nested too deeply")
    if id(entry) in seen or isinstance(entry, str | bytes | int | float | type(None)):
        return
    seen.add(id(entry))
    if isinstance(entry, np.ndarray):
        if entry.dtype == object:
            _visit_all(entry.ravel().tolist(), seen, depth)
        return
    if sparse.issparse(entry):
        _check_sparse(entry)
        return
    if isinstance(entry, dict):
        _visit_all([*entry.keys(), *entry.values()], seen, depth)
    elif isinstance(entry, list | tuple | set | frozenset):
        _visit_all(entry, seen, depth)
    elif hasattr(entry, "__dict__") and not isinstance(entry, type):
        _visit_all(list(vars(entry).values()), seen, depth)
        # Inner parts first: what contains them may use them.
        if hasattr(entry, "_check_state"):
            entry._check_state()


def _visit_all(entries, seen, depth):
    for entry in entries:
        _visit(entry, seen, depth + 1)


def _check_sparse(matrix):
    """Compiled products trust the indices."""
    if hasattr(matrix, "check_format"):
        matrix.check_format(full_check=True)
