"""The squared hinge loss of the L2 support vector machine."""

import numpy as np

from .base import Loss


class SquaredHinge(Loss):
    r"""Squared hinge loss, :math:`\max(0, 1 - y z)^2` with y in {-1, +1}.

    References
    ----------
    Keerthi and DeCoste, "A modified finite Newton method for fast solution of large
    scale linear SVMs", JMLR 6, 2005.
    """

    curvature_bound = 2.0

    def value(self, y, z):
        short = self._shortfall(y, z)
        return short * short

    def gradient(self, y, z):
        short = self._shortfall(y, z)
        short *= y
        short *= -2
        return short

    def curvature(self, y, z):
        # At the kink of the slope, the side that costs nothing is taken.
        return 2 * (y * z < 1).astype(z.dtype)

    def null_loss(self, shares):
        """Mean loss of the best constant score of each class column, summed.

        With a share p of positives the best constant is 2p - 1, its loss 4p(1 - p).

        Parameters
        ----------
        shares : ndarray (n_classes,)
            Share of each class among the labels.
        """
        columns = shares[1:] if len(shares) == 2 else shares
        return float(np.sum(4 * columns * (1 - columns)))

    @staticmethod
    def _shortfall(y, z):
        short = y * z
        np.subtract(1, short, out=short)
        return np.maximum(short, 0, out=short)
