"""Few features matter: to all columns alike, or to each its own."""

import numpy as np

from .base import PenaltyStructure
from .penalties import EntryNorm, RowNorm


class JointSparse(PenaltyStructure):
    r"""Columns use the same few features: ``C sum loss + sum_j |W_j|``.

    The norms are those of the rows of W, one per feature, so a feature is used by all
    columns or by none (``selected_features_``). C alone is the strength; with squared
    loss, C = 1 / (n alpha) is :class:`sklearn.linear_model.MultiTaskLasso`.

    References
    ----------
    Obozinski, Taskar and Jordan, "Joint covariate selection and joint subspace
    selection for multiple classification problems", Statistics and Computing 20, 2010.
    """

    def penalties(self, targets, sharing):
        return [RowNorm()]

    def facts(self, state, covariance, targets):
        return {"selected_features_": state.W.any(axis=1)}


class SharedPlusSparse(PenaltyStructure):
    r"""Some features matter to all columns, others to single ones: the dirty model.

    ``W = B + S`` with the penalty ``r sum_j |B_j| + sum_jk |S_jk|``, where
    ``r = (1 - s) sqrt(K) + s``. As sqrt(K) and 1 are the extremes of what a row of K
    entries costs in the one norm and in the other, sharing 0 is one lasso per column,
    and sharing 1 is ``joint_sparse``.

    References
    ----------
    Jalali, Ravikumar, Sanghavi and Ruan, "A dirty model for multi-task learning", NIPS
    2010, with the row norm in place of the greatest entry.
    """

    has_sharing = True

    def penalties(self, targets, sharing):
        r = (1 - sharing) * np.sqrt(targets.n_columns) + sharing
        if sharing == 0:
            return [EntryNorm()]
        return [RowNorm()] if sharing == 1 else [EntryNorm(), RowNorm(r)]

    def shared_part(self, state, covariance, targets, sharing):
        """One row per score column: the part whose features all columns use."""
        shared = np.zeros_like(state.W) if sharing == 0 else state.parts[-1]
        return np.ascontiguousarray(shared.T), np.arange(targets.n_columns)

    def facts(self, state, covariance, targets):
        return {"selected_features_": state.W.any(axis=1)}
