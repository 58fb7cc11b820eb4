"""The covariance of the columns is learned with them."""

import numpy as np

from .base import CovarianceStructure
from .covariance import DenseCovariance, FeatureCovariance, learned_omega
from .parametrizations import Rooted


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
        K, d = W.shape
        if sharing == 0 or K < 2 or not W.any():
            return None
        among_features = d < K
        W = W.astype(np.float64)
        values, vectors = np.linalg.eigh(W.T @ W if among_features else W @ W.T)
        smoothing = previous.smoothing or np.sqrt(np.maximum(values, 0).mean())
        smoothing *= self.smoothing_decay
        spectrum, offset = _spectrum(K, values, sharing, smoothing)
        if not among_features:
            return DenseCovariance(vectors, spectrum, smoothing, offset)
        root = (vectors * np.sqrt(spectrum)) @ vectors.T
        return FeatureCovariance(root, W, sharing, smoothing, offset)

    def parametrization(self, targets, sharing, l1_ratio=0.0):
        self._refuse_many_columns(targets)
        start = self.start(targets, sharing)
        return Rooted(start, Revision(sharing, self.smoothing_decay, self.max_rounds))


class Revision:
    """The next covariance of columns while W is still moving, for gradient descent.

    The smoothing falls no further than in the rounds of a Newton solve: there is no
    last round here.
    """

    def __init__(self, sharing, decay, max_rounds):
        self.sharing, self.decay, self.max_rounds = sharing, decay, max_rounds

    def __call__(self, W, previous):
        """The covariance given coefficients (K, d) and the last one; None: the same."""
        if self.sharing == 0 or len(W) < 2 or not W.any():
            return None
        values, vectors = np.linalg.eigh(W @ W.T.astype(np.float64))
        size = np.sqrt(np.maximum(values, 0).mean())
        least = self.decay**self.max_rounds * size
        smoothing = max(self.decay * (previous.smoothing or size), least)
        spectrum, offset = _spectrum(len(W), values, self.sharing, smoothing)
        return DenseCovariance(vectors, spectrum, smoothing, offset)


def _spectrum(n_columns, values, sharing, smoothing):
    """Eigenvalues of M, given those of W'W, and what the smoothing costs."""
    omega = n_columns / len(values) * learned_omega(values, smoothing)
    offset = sharing / 2 * smoothing**2 * np.sum(1 / omega)
    return omega / ((1 - sharing) * omega + sharing), offset
