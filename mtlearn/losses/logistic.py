"""Logistic regression: of two classes, and of more."""

from functools import reduce

import numpy as np
from scipy.special import expit, log_expit, xlogy

from .base import Loss


def _entropy(shares):
    """Mean loss of the best constant prediction, whose probabilities are the shares."""
    return float(-np.sum(xlogy(shares, shares)))


class Logistic(Loss):
    r"""Logistic loss, :math:`\log(1 + e^{-y z})` with y in {-1, +1}.

    A task of more than two classes has :class:`Multinomial` loss.

    References
    ----------
    Hastie, Tibshirani and Friedman, "The Elements of Statistical Learning", 2nd ed.,
    section 4.4, 2009.
    """

    is_likelihood = True
    curvature_bound = 0.25

    def for_columns(self, n_columns):
        return Multinomial() if n_columns > 1 else self

    def value(self, y, z):
        return -log_expit(y * z)

    def gradient(self, y, z):
        return -y * expit(-y * z)

    def curvature(self, y, z):
        p = expit(z)
        return p * (1 - p)

    def probability(self, z):
        """Of both classes, (n, 2), given scores (n, 1)."""
        return np.hstack([expit(-z), expit(z)])

    def null_loss(self, shares):
        """Entropy of the shares of the classes (n_classes,)."""
        return _entropy(shares)


class Multinomial(Loss):
    r"""Softmax cross-entropy, :math:`\log \sum_k e^{z_k} - z_y`, of c classes.

    ``y`` and ``z`` are (n, c), y is 1 at a row's class and 0 elsewhere. The loss of a
    row is the sum of ``value`` over its columns. Its second derivative is no diagonal
    but, with p the probabilities, ``diag(p) - pp'`` in each row: ``curvature`` is the
    diagonal, ``hessian`` the product.

    References
    ----------
    Hastie, Tibshirani and Friedman, "The Elements of Statistical Learning", 2nd ed.,
    section 4.4, 2009.
    """

    is_likelihood = True
    is_multiclass = True
    curvature_bound = 0.5

    def value(self, y, z):
        z = z - _row_max(z)
        return y * (np.log(_row_sum(np.exp(z))) - z)

    def gradient(self, y, z):
        return self.probability(z) - y

    def curvature(self, y, z):
        p = self.probability(z)
        return p * (1 - p)

    def hessian(self, p, v):
        """Second derivative times v, at probabilities p; all (n, c)."""
        v = p * v
        return v - p * _row_sum(v)

    def probability(self, z):
        """Of each class, (n, c)."""
        p = np.exp(z - _row_max(z))
        p /= _row_sum(p)
        return p

    def null_loss(self, shares):
        """Entropy of the shares of the classes (n_classes,)."""
        return _entropy(shares)


class Multinomials(Multinomial):
    """Softmax cross-entropy of several tasks, whose columns lie side by side.

    Parameters
    ----------
    start : ndarray of int (n_tasks,)
        The first column of each task; z has all of them.
    width : ndarray of int (n_tasks,)
        How many columns each has.
    """

    def __init__(self, start, width):
        self.start, self.width = start, width

    def _each(self, reduction, z):
        """Reduce the columns of each task, and repeat the result for all of them."""
        return np.repeat(reduction.reduceat(z, self.start, axis=1), self.width, axis=1)

    def value_and_gradient(self, y, z):
        z = z - self._each(np.maximum, z)
        p = np.exp(z)
        total = self._each(np.add, p)
        p /= total
        z -= np.log(total)
        z *= y
        p -= y
        return np.negative(z, out=z), p

    def value(self, y, z):
        return self.value_and_gradient(y, z)[0]

    def gradient(self, y, z):
        return self.value_and_gradient(y, z)[1]

    def probability(self, z):
        """Of each class of each task, (n, columns)."""
        p = np.exp(z - self._each(np.maximum, z))
        return p / self._each(np.add, p)


# NumPy's own reductions along a short last axis take several times as long.


def _row_max(z):
    return reduce(np.maximum, z.T)[:, None]


def _row_sum(z):
    return z @ np.ones((z.shape[1], 1), dtype=z.dtype)
