"""The hinge loss of the support vector machine."""

import numpy as np

from .base import Loss


class Hinge(Loss):
    r"""Hinge loss, :math:`\max(0, 1 - y z)` with y in {-1, +1}.

    References
    ----------
    Cortes and Vapnik, "Support-vector networks", Machine Learning 20, 1995.
    """

    differentiable = False

    def value(self, y, z):
        return np.maximum(1 - y * z, 0)

    def gradient(self, y, z):
        return -y * (y * z < 1)

    def prox(self, y, z, width):
        """Minimiser u of ``width * loss(u) + (z - u)^2 / 2``; is it at a kink?"""
        short = 1 - y * z
        moved = z + y * np.clip(short, 0, width)
        return moved, (short > 0) & (short < width)

    def conjugate(self, y, a):
        """The greatest ``a z - loss(z)``, for a slope a between 0 and -y."""
        return a * y

    def null_loss(self, shares):
        """Mean loss of the best constant score of each class column, summed.

        With a share p of positives the best constant is the sign of the majority, its
        loss 2 min(p, 1 - p).

        Parameters
        ----------
        shares : ndarray (n_classes,)
            Share of each class among the labels.
        """
        columns = shares[1:] if len(shares) == 2 else shares
        return float(np.sum(2 * np.minimum(columns, 1 - columns)))
