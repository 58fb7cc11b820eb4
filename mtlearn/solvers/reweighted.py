r"""A good start for penalties with exact zeros, by quadratic penalties above them.

A norm is the least of its quadratic majorisers, :math:`2 |w| = \min_\tau |w|^2 / \tau +
\tau`, so Newton's method with the :math:`\tau` of the last round lowers it. Zeros come
close but are never reached: they are left to :mod:`mtlearn.solvers.proximal`, whose
first hundreds of steps are saved.

References: Daubechies, DeVore, Fornasier and Gunturk, "Iteratively reweighted least
squares minimization for sparse recovery", Communications on Pure and Applied
Mathematics 63, 2010.
"""

import numpy as np

from ..blocks import RowBlocks
from ..structures.covariance import (
    DenseCovariance,
    FeatureCovariance,
    IdentityCovariance,
)
from .alternate import solve_under
from .newton import newton_cg

ROUNDS = 4
# Beyond it, a matrix (columns, columns) costs more than the start is worth.
MAX_COLUMNS = 1000
DECAY = 0.3
# Rounded zeros need no digits.
SETTINGS = {"tol": 1e-2, "max_iter": 20}


def reweighted(objective, penalties, preconditioner, state):
    """Move ``state`` near the solution; it keeps no memory of how.

    Parameters
    ----------
    objective : LinearObjective
    penalties : list, see :mod:`mtlearn.structures.penalties`
    preconditioner : GramPreconditioner
        Of the objective's X, in its coordinates.
    state : State
        Changed in place: W, b and the parts.
    """
    X = objective.layout.X
    if not state.W.any():
        identity = IdentityCovariance(objective.n_columns)
        newton_cg(objective, identity, preconditioner, state, **SETTINGS)
    parts = [state.W, *(np.zeros_like(state.W) for _ in penalties[1:])]
    d, K = objective.shape
    by_columns = all(hasattr(penalty, "covariance") for penalty in penalties)
    # A single norm is better majorised among the fewer of columns and features.
    if by_columns and K <= (d if len(penalties) == 1 else MAX_COLUMNS):
        parts = _by_columns(objective, penalties, preconditioner, state, parts)
    elif isinstance(X, np.ndarray | RowBlocks):
        # One part alone, the others zero, is a start for all.
        for i, penalty in enumerate(penalties):
            if hasattr(penalty, "feature_root"):
                parts = [np.zeros_like(state.W) for _ in penalties]
                parts[i] = _by_features(objective, penalty, state)
                break
    state.parts, state.W = parts, sum(parts)
    state.Z, state.scale, state.n_iter, state.n_products = None, 0.0, 0, 0
    state.history.clear()


def _by_columns(objective, penalties, preconditioner, state, parts):
    """Penalties that a covariance of the columns majorises."""
    smoothing = _size(state.W, axis=0)
    for _ in range(ROUNDS):
        smoothing *= DECAY
        each = [
            penalty.covariance(part, smoothing)
            for penalty, part in zip(penalties, parts)
        ]
        covariance = DenseCovariance.from_matrix(sum(each))
        state.V = covariance.divide(state.W)
        newton_cg(objective, covariance, preconditioner, state, min_iter=1, **SETTINGS)
        parts = [state.V @ matrix.astype(state.V.dtype) for matrix in each]
    return parts


def _by_features(objective, penalty, state):
    """A penalty that a covariance of the features majorises."""
    smoothing = _size(state.W, axis=1)
    for _ in range(ROUNDS):
        smoothing *= DECAY
        covariance = FeatureCovariance(penalty.feature_root(state.W, smoothing))
        solve_under(covariance, objective, None, state, min_iter=1, **SETTINGS)
    return state.W


def _size(W, axis):
    """Mean size of the rows or columns of W, not 0."""
    size = np.sqrt(np.mean(np.sum(W.astype(np.float64) ** 2, axis=axis)))
    return size if size > 0 else 1.0
