"""A loss with a kink, made smooth."""

import numpy as np

from .base import Loss

FLOOR = 1e-3


class MoreauEnvelope(Loss):
    r"""Moreau envelope of a loss h, around a slope a that it is thought to have.

    .. math::
        \min_u h(u) + a (z - u) + (z - u)^2 / (2 \mu)

    never exceeds h, and its gradient is a slope of h at the u that is best. With a = 0
    the kink is rounded over a width :math:`\mu`; where a is the slope that h takes at
    the solution, the solution is that of h itself, whatever :math:`\mu` is.

    Parameters
    ----------
    loss : Loss
        Not differentiable; its ``prox`` is used.
    width : float
        The :math:`\mu` above, in units of the score.
    slope : ndarray
        The a above, one for each score.

    References
    ----------
    Rockafellar, "Augmented Lagrangians and applications of the proximal point algorithm
    in convex programming", Mathematics of Operations Research 1, 1976.
    """

    def __init__(self, loss, width, slope):
        self.loss, self.width, self.slope = loss, width, slope
        self.kind = loss.kind

    def _moved(self, y, z):
        z = z + self.width * self.slope
        return z, *self.loss.prox(y, z, self.width)

    def value(self, y, z):
        z, u, _ = self._moved(y, z)
        far = (z - u) ** 2 / (2 * self.width) - self.width / 2 * self.slope**2
        return self.loss.value(y, u) + far

    def gradient(self, y, z):
        z, u, _ = self._moved(y, z)
        return (z - u) / self.width

    def curvature(self, y, z):
        # Outside the band there is none; a little keeps a score column from having
        # none at all, and moves steps, not solutions.
        at_kink = self._moved(y, z)[2].astype(z.dtype)
        return np.maximum(at_kink, z.dtype.type(FLOOR)) / z.dtype.type(self.width)
