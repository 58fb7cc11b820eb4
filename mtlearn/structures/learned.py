"""The covariance of the columns is learned with them."""

import numpy as np

from .base import CovarianceStructure
from .covariance import DenseCovariance, LowRankCovariance

# Up to so many columns their whole (K, K) covariance is decomposed.
MAX_DENSE = 200


class Learned(CovarianceStructure):
    r"""Columns share whatever directions they turn out to have in common.

    Minimises the loss plus

    .. math::
        \tfrac12 \operatorname{tr}(W [(1-s) I + s \Omega^{-1}] W')
        \quad\text{over}\quad W, \Omega \succ 0, \operatorname{tr} \Omega = K,

    by turns: a warm-started solve for W, then :math:`\Omega = K R / \operatorname{tr}
    R` with :math:`R = (W'W + \epsilon^2 I)^{1/2}`. The smoothing :math:`\epsilon` only
    falls, so the objective never rises. Sharing 0 is independent tasks; sharing 1 is
    the squared trace norm of W divided by K.

    References
    ----------
    Argyriou, Evgeniou and Pontil, "Convex multi-task feature learning", Machine
    Learning 73, 2008. Zhang and Yeung, "A convex formulation for learning task
    relationships in multi-task learning", UAI 2010.
    """

    max_rounds = 10
    smoothing_decay = 0.5

    def revise(self, W, targets, sharing, previous):
        if sharing == 0 or len(W) < 2:
            return None
        values, vectors = _spectrum(W.astype(np.float64))
        if values[-1] <= 0:
            return None
        n_other = len(W) - len(values)
        smoothing = previous.smoothing or np.sqrt(values.sum() / len(W))
        smoothing *= self.smoothing_decay
        root = np.sqrt(values + smoothing**2)
        unit = len(W) / (root.sum() + n_other * smoothing)
        omega, other = unit * root, unit * smoothing
        offset = sharing / 2 * smoothing**2 * (np.sum(1 / omega) + n_other / other)
        spectrum = omega / ((1 - sharing) * omega + sharing)
        if n_other == 0:
            return DenseCovariance(vectors, spectrum, smoothing, offset)
        tail = other / ((1 - sharing) * other + sharing)
        return LowRankCovariance(vectors, spectrum, tail, smoothing, offset)


def _spectrum(W):
    """Eigenvalues and eigenvectors of WW' (K, K), all or those that are not zero."""
    if len(W) <= max(W.shape[1], MAX_DENSE):
        values, vectors = np.linalg.eigh(W @ W.T)
        return np.maximum(values, 0), vectors
    values, right = np.linalg.eigh(W.T @ W)
    kept = values > 1e-12 * max(values[-1], 0)
    values, right = values[kept], right[:, kept]
    return values, W @ (right / np.sqrt(values))
