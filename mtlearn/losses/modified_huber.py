"""A smooth loss between the squared hinge and the perceptron's."""

import numpy as np

from .base import Loss


class ModifiedHuber(Loss):
    r"""Modified Huber loss: :math:`\max(0, 1 - yz)^2` for :math:`yz \ge -1`, beyond
    that :math:`-4yz`; y in {-1, +1}.

    Wrong labels far off cost in proportion, not by the square. Scores between -1 and +1
    are probabilities between 0 and 1.

    References
    ----------
    Zhang, "Solving large scale linear prediction problems using stochastic gradient
    descent algorithms", ICML 2004.
    """

    curvature_bound = 2.0

    def value(self, y, z):
        margin = y * z
        short = np.maximum(1 - margin, 0)
        return np.where(margin >= -1, short * short, -4 * margin)

    def gradient(self, y, z):
        return -y * np.clip(2 * (1 - y * z), 0, 4)

    def curvature(self, y, z):
        return 2 * (np.abs(y * z) < 1).astype(z.dtype)

    def probability(self, z):
        """Of both classes, (n, 2), given scores (n, 1); of c classes, given (n, c).

        Of several classes those of each column, scaled to sum 1; where all are 0, all
        are equal.
        """
        p = (np.clip(z, -1, 1) + 1) / 2
        if z.shape[1] == 1:
            return np.hstack([1 - p, p])
        total = p.sum(axis=1, keepdims=True)
        p[total[:, 0] == 0] = 1
        return p / p.sum(axis=1, keepdims=True)

    def null_loss(self, shares):
        """Mean loss of the best constant score of each class column, summed.

        As for the squared hinge, 4p(1 - p): its best constant is within the margins.

        Parameters
        ----------
        shares : ndarray (n_classes,)
            Share of each class among the labels.
        """
        columns = shares[1:] if len(shares) == 2 else shares
        return float(np.sum(4 * columns * (1 - columns)))
