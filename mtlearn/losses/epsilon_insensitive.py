"""Losses of support vector regression: small residuals cost nothing."""

import numpy as np

from .base import RegressionLoss


class _Tube(RegressionLoss):
    """A tube of half width ``epsilon`` around the target costs nothing."""

    def __init__(self, epsilon=0.0):
        self.epsilon = epsilon

    def _excess(self, y, z):
        """How far the residual is outside the tube, signed."""
        residual = z - y
        return residual - np.clip(residual, -self.epsilon, self.epsilon)


class EpsilonInsensitive(_Tube):
    r"""Epsilon-insensitive loss, :math:`\max(0, |z - y| - \epsilon)`.

    Parameters
    ----------
    epsilon : float >= 0
        Half the width of the tube inside which a residual costs nothing.

    References
    ----------
    Smola and Schoelkopf, "A tutorial on support vector regression", Statistics and
    Computing 14, 2004.
    """

    differentiable = False

    def value(self, y, z):
        return np.abs(self._excess(y, z))

    def gradient(self, y, z):
        return np.sign(self._excess(y, z))

    def prox(self, y, z, width):
        """Minimiser u of ``width * loss(u) + (z - u)^2 / 2``; is it at a kink?"""
        excess = self._excess(y, z)
        moved = z - np.clip(excess, -width, width)
        return moved, (excess != 0) & (np.abs(excess) < width)

    def conjugate(self, y, a):
        """The greatest ``a z - loss(z)``, for a slope a between -1 and 1."""
        return a * y + self.epsilon * np.abs(a)


class SquaredEpsilonInsensitive(_Tube):
    r"""Squared epsilon-insensitive loss, :math:`\max(0, |z - y| - \epsilon)^2`.

    Parameters
    ----------
    epsilon : float >= 0
        Half the width of the tube inside which a residual costs nothing.

    References
    ----------
    Ho and Lin, "Large-scale linear support vector regression", JMLR 13, 2012.
    """

    curvature_bound = 2.0

    def value(self, y, z):
        return self._excess(y, z) ** 2

    def gradient(self, y, z):
        return 2 * self._excess(y, z)

    def curvature(self, y, z):
        return 2 * (np.abs(z - y) > self.epsilon).astype(z.dtype)
