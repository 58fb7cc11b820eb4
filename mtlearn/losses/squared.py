"""Losses of least squares, plain and robust."""

import numpy as np

from .base import RegressionLoss


class Squared(RegressionLoss):
    r"""Squared loss, :math:`(z - y)^2 / 2`: with C = 1/alpha that of ridge regression.

    Up to constants, minus the logarithm of a normal density.

    References
    ----------
    Hoerl and Kennard, "Ridge regression", Technometrics 12, 1970.
    """

    is_likelihood = True

    def value(self, y, z):
        return (z - y) ** 2 / 2

    def gradient(self, y, z):
        return z - y

    def curvature(self, y, z):
        return np.ones_like(z)

    def null_loss(self, values, weight):
        """Half of the variance."""
        mean = np.average(values, weights=weight)
        return float(np.average((values - mean) ** 2, weights=weight) / 2)


class Huber(RegressionLoss):
    r"""Huber's loss, :math:`r^2 / 2` for small residuals, else
    :math:`\delta (|r| - \delta / 2)`.

    Parameters
    ----------
    delta : float > 0
        Residuals beyond it count in proportion, no longer by their square.

    References
    ----------
    Huber, "Robust estimation of a location parameter", Annals of Mathematical
    Statistics 35, 1964.
    """

    def __init__(self, delta=1.35):
        self.delta = delta

    def value(self, y, z):
        clipped = np.clip(z - y, -self.delta, self.delta)
        return clipped * (z - y - clipped / 2)

    def gradient(self, y, z):
        return np.clip(z - y, -self.delta, self.delta)

    def curvature(self, y, z):
        return (np.abs(z - y) <= self.delta).astype(z.dtype)
