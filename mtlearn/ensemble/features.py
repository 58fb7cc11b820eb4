"""X as trees read it."""

import numpy as np
from scipy.sparse import issparse


def as_float32(X):
    """Dense, in C order.

    Raises
    ------
    ValueError
        For values that are infinite as float32.
    """
    X = X.toarray() if issparse(X) else X
    with np.errstate(over="ignore"):
        X32 = np.ascontiguousarray(X, dtype=np.float32)
    if np.isinf(X32).any():
        raise ValueError("X has values too large for dtype float32")
    return X32
