"""One decomposition of X for many fits, kept by what X contains, never by its identity.

A search fits the same rows again and again. ``memory`` keeps decompositions on disk,
for every process and every fold. Beside it, this process keeps the last few of X that
it has seen before; X is told apart by a cheap signature first, so a single fit pays for
no hash.
"""

import hashlib
from collections import OrderedDict, deque
from threading import Lock

import numpy as np
from scipy import sparse
from sklearn.utils.validation import check_memory

from ..blocks import RowBlocks
from .preconditioner import GramPreconditioner

MAX_ENTRIES = 2
MAX_SIGNATURES = 16
SAMPLE = 1009

_lock = Lock()
_entries = OrderedDict()
_signatures = deque(maxlen=MAX_SIGNATURES)


def decomposition(X, weight, mean, memory=None):
    """A :class:`GramPreconditioner`, made or remembered.

    Parameters
    ----------
    X, weight, mean : see :class:`GramPreconditioner`
    memory : None, str or object with the joblib.Memory interface
    """
    if isinstance(X, RowBlocks):  # to tell it apart, all of it would be read
        return _decompose(X, weight, mean)
    if memory is not None:
        return check_memory(memory).cache(_decompose)(X, weight, mean)
    arrays = [*_arrays_of(X), weight, mean]
    signature = X.shape, X.dtype, *(_sample(array) for array in arrays)
    with _lock:
        seen = signature in _signatures
        if not seen:
            _signatures.append(signature)
    if not seen:
        return _decompose(X, weight, mean)
    key = signature, _digest(arrays)
    with _lock:
        if key in _entries:
            _entries.move_to_end(key)
            return _entries[key]
    made = _decompose(X, weight, mean)
    with _lock:
        _entries[key] = made
        while len(_entries) > MAX_ENTRIES:
            _entries.popitem(last=False)
    return made


def forget():
    """Drop what this process remembers; a benchmark of single fits starts with it."""
    with _lock:
        _entries.clear()
        _signatures.clear()


def _decompose(X, weight, mean):
    return GramPreconditioner(X, weight, mean)


def _arrays_of(X):
    return [X.data, X.indices, X.indptr] if sparse.issparse(X) else [X]


def _sample(array):
    """Bytes of about a thousand entries."""
    flat = array.reshape(-1) if array.flags.c_contiguous else array.T.reshape(-1)
    return flat[:: max(1, flat.size // SAMPLE)].tobytes()


def _digest(arrays):
    digest = hashlib.blake2b(digest_size=16)
    for array in arrays:
        digest.update(np.ascontiguousarray(array).view(np.uint8).data)
    return digest.digest()
