"""Tasks vary around a common mean."""

import numpy as np

from .base import CovarianceStructure
from .covariance import IdentityCovariance, TiedCovariance
from .parametrizations import SharedAndOwn


class Mean(CovarianceStructure):
    r"""Columns that ask the same question are a shared vector plus their own part.

    ``M = (1 - s) I + s 11'`` inside a label group, which is the same model as
    :math:`w_t = w_s + v_t` with the penalty
    :math:`\lambda/2 \sum_t |v_t|^2 + \gamma/2 |w_s|^2`, where
    :math:`s = \lambda / (\lambda + \gamma)`. Sharing 0 is independent tasks, sharing 1
    one pooled model with an intercept per task.

    References
    ----------
    Evgeniou and Pontil, "Regularized multi-task learning", KDD 2004.
    """

    uses_label_groups = True
    takes_l1 = True

    def parametrization(self, targets, sharing, l1_ratio=0.0):
        return SharedAndOwn(targets.column_tie, sharing, l1_ratio)

    def start(self, targets, sharing):
        if sharing == 0:
            return IdentityCovariance(targets.n_columns)
        return TiedCovariance(targets.column_tie, sharing)

    def shared_part(self, state, covariance, targets, sharing):
        return tie_means(state.W.T, targets.column_tie, sharing)


def tie_means(coef, column_tie, sharing):
    """Shared vector of each tie: ``s sum_t w_t / (s T + 1 - s)``.

    Parameters
    ----------
    coef : ndarray (K, n_features)
    column_tie : ndarray of int (K,)

    Returns
    -------
    shared : ndarray (n_ties, n_features)
        Of ties with two columns or more.
    member : ndarray of int (K,)
        Which row of ``shared`` a column belongs to, -1 for none.
    """
    ties, where, sizes = np.unique(column_tie, return_inverse=True, return_counts=True)
    kept = np.flatnonzero(sizes > 1)
    row_of_tie = np.full(len(ties), -1)
    row_of_tie[kept] = np.arange(len(kept))
    member = row_of_tie[where]
    shared = np.zeros((len(kept), coef.shape[1]), dtype=coef.dtype)
    np.add.at(shared, member[member >= 0], coef[member >= 0])
    shared *= (sharing / (sharing * sizes[kept] + 1 - sharing))[:, None]
    return shared, member
