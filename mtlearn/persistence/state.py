"""Every object of a loaded model looks at its own state."""

import numpy as np
from scipy import sparse
from sklearn.preprocessing import OneHotEncoder

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
        _visit_all(_entries(entry), seen, depth)
    elif isinstance(entry, np.random.RandomState):
        _check_random_state(entry)
    elif sparse.issparse(entry):
        _check_sparse(entry)
    elif isinstance(entry, dict):
        _refuse_folders(entry)
        _visit_all([*entry.keys(), *entry.values()], seen, depth)
    elif isinstance(entry, list | tuple | set | frozenset):
        _visit_all(entry, seen, depth)
    elif hasattr(entry, "__dict__") and not isinstance(entry, type):
        _visit_object(entry, seen, depth)


def _visit_object(entry, seen, depth):
    _refuse_shadows(entry)
    # A file must not choose a folder to be written to when the model trains on.
    if vars(entry).get("memory") is not None:
        entry.memory = None
    if isinstance(entry, OneHotEncoder) and hasattr(entry, "categories_"):
        _check_encoder(entry)
    _visit_all(list(vars(entry).values()), seen, depth)
    # Inner parts first: what contains them may use them.
    if hasattr(type(entry), "_check_state"):
        type(entry)._check_state(entry)


def _refuse_shadows(entry):
    """An attribute of a file must not stand in for a method."""
    kind = type(entry)
    shadows = [name for name in vars(entry) if callable(getattr(kind, name, None))]
    if shadows:
        raise ValueError(f"{kind.__name__} has no attribute {shadows[0]!r} to be set")


def _entries(array):
    """Of an array of objects."""
    if array.dtype.itemsize == 0 and array.size:
        raise ValueError("an array has entries of no size")
    return array.ravel().tolist() if array.dtype == object else []


def _visit_all(entries, seen, depth):
    for entry in entries:
        _visit(entry, seen, depth + 1)


def _check_sparse(matrix):
    """Compiled products trust the indices."""
    if type(matrix).__name__ not in ("csr_array", "csr_matrix"):
        raise ValueError(f"a model holds no {type(matrix).__name__}")
    start, nnz = matrix.indptr, len(matrix.indices)
    for array in (matrix.data, matrix.indices, start):
        if type(array) is not np.ndarray:
            raise ValueError("the parts of a sparse matrix are no plain arrays")
    # Differences would wrap around.
    if (start < 0).any() or (start > nnz).any() or (start[1:] < start[:-1]).any():
        raise ValueError("the rows of a sparse matrix do not follow each other")
    matrix.check_format(full_check=True)


def _check_random_state(source):
    """NumPy reads wherever the position says."""
    state = source.get_state(legacy=False)
    key, position = state["state"]["key"], state["state"]["pos"]
    if state["bit_generator"] != "MT19937" or not 0 <= position <= len(key):
        raise ValueError("a source of random numbers is in no state that it can have")


def _refuse_folders(settings):
    """Of a search over them."""
    for name, values in settings.items():
        is_folder = isinstance(name, str) and name.split("__")[-1] == "memory"
        if is_folder and values not in (None, [None]):
            raise ValueError(f"model files hold no folders, {name}={values!r} is one")


def _check_encoder(encoder):
    """Its sparse columns are where the categories say, which SciPy does not check."""
    drops = getattr(encoder, "drop_idx_", None)
    drops = [None] * len(encoder.categories_) if drops is None else list(drops)
    if getattr(encoder, "_infrequent_enabled", False):
        raise ValueError("model files hold no OneHotEncoder of infrequent categories")
    for known, drop, width in zip(
        encoder.categories_, drops, encoder._n_features_outs, strict=True
    ):
        if drop is not None and not 0 <= drop < len(known):
            raise ValueError("a OneHotEncoder drops a category that it does not know")
        if width != len(known) - (drop is not None):
            raise ValueError("the columns of a OneHotEncoder are not its categories")
