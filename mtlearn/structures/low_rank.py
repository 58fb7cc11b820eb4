"""All columns lie in a few common directions."""

import numpy as np

from .base import PenaltyStructure
from .penalties import TieMean, TraceNorm


class LowRank(PenaltyStructure):
    r"""Trace norm: ``C sum loss + |W|_*``, the sum of the singular values of W.

    Exact: singular values that are not needed are zero (``rank_``). C alone is the
    strength; there is no dial.

    References
    ----------
    Pong, Tseng, Ji and Ye, "Trace norm regularization: reformulations, algorithms, and
    multi-task learning", SIAM Journal on Optimization 20, 2010.
    """

    def penalties(self, targets, sharing):
        return [TraceNorm()]

    def facts(self, state, covariance, targets):
        return {"rank_": rank(state.parts[0])}


class SharedPlusLowRank(PenaltyStructure):
    r"""Tied columns are a common vector plus deviations of low rank.

    ``W = w_s 1' + L`` with the penalty ``|w_s|^2 / (2s) + |L|_* / (1 - s)``: at sharing
    0 the trace norm alone, at sharing 1 one pooled model with an intercept per task.

    References
    ----------
    Chen, Zhou and Ye, "Integrating low-rank and group-sparse structures for robust
    multi-task learning", KDD 2011, for the sum of two structures.
    """

    uses_label_groups = True
    has_sharing = True

    def penalties(self, targets, sharing):
        mean = TieMean(targets.column_tie, sharing)
        return [mean] if sharing == 1 else [TraceNorm(1 / (1 - sharing)), mean]

    def shared_part(self, state, covariance, targets, sharing):
        _, first, member = np.unique(
            targets.column_tie, return_index=True, return_inverse=True
        )
        return np.ascontiguousarray(state.parts[-1].T[first]), member

    def facts(self, state, covariance, targets):
        low_rank = state.parts[0] if len(state.parts) > 1 else 0 * state.W
        return {"rank_": rank(low_rank)}


def rank(W):
    """Number of singular values that are more than rounding errors."""
    return int(np.linalg.matrix_rank(W)) if W.any() else 0
