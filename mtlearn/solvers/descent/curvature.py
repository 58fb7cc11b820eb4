r"""How long a step may be: one over the curvature, seen in the batches themselves.

The loss of a score column, as a function of its coefficients, has curvature at most

.. math:: c \, [ \bar s \, (\lambda - \tau) + s \, \tau ],

c being the bound on the loss's second derivative, :math:`\bar s` the mean weight of the
column's labels over rows and s the greatest, :math:`\lambda` the largest eigenvalue of
the second moments of the (centred) features in a mini-batch, and :math:`\tau` their
trace divided by the size of the batch: the part of :math:`\lambda` that is noise of
sampling. So a task with few labels takes longer steps than one with many, up to where
the noise of its few labels forbids it.
"""

import numpy as np

MAX_POWER_STEPS = 15
# The largest curvature of a block is no smaller than this share of the whole bound.
FLOOR = 1e-6


class Curvature:
    r"""Running estimates of the numbers above.

    Attributes
    ----------
    largest, noise : float
        The :math:`\lambda` and :math:`\tau` above.
    load, top : ndarray (K,)
        Curvature in the scores of each column: mean over rows, and of a single row.
    most : int
        The most columns that a row had labels for.
    """

    def __init__(self, bounds):
        self.bounds = bounds
        self.largest, self.noise = 0.0, 0.0
        self.load, self.top = np.zeros(len(bounds)), np.zeros(len(bounds))
        self.most, self._n_batches, self._due = 1, 0, 1

    def see(self, X, weight, columns):
        """Look at a mini-batch.

        Parameters
        ----------
        X : CentredRows (B, d)
        weight : ndarray (B, k)
            Weights of the labels of each column.
        columns : ndarray of int (k,) or slice
        """
        self._n_batches += 1
        share = max(1 / self._n_batches, 0.01)
        self.load *= 1 - share
        self.load[columns] += share * self.bounds[columns] * weight.mean(axis=0)
        top = self.bounds[columns] * weight.max(axis=0)
        self.top[columns] = np.maximum(self.top[columns], top)
        if self._n_batches == self._due:
            # Rows may come sorted, so later batches may be more varied.
            self._due *= 2
            self.most = max(self.most, int(np.count_nonzero(weight, axis=1).max()))
            self._measure(X)

    def _measure(self, X):
        n, d = X.shape
        self.noise = max(self.noise, X.mean_squared_norm() / n)
        v, size = np.linspace(1, 1.1, d), 0.0
        for _ in range(MAX_POWER_STEPS):
            v = X.gradient(X.times(v / np.linalg.norm(v))) / n
            if not v.any():
                break
            size = np.linalg.norm(v)
        # Power iterations end a little short.
        self.largest = max(self.largest, 1.1 * float(size), self.noise)

    def of_blocks(self, parametrization, blocks):
        """Curvature of each block and of the intercepts, to divide steps by."""
        load = np.maximum(self.load, FLOOR * max(self.load.max(), 1e-30))
        loads = parametrization.loads(blocks, load)
        noises = parametrization.noises(blocks, self.top, self.most)
        found = [
            np.maximum(mean * (self.largest - self.noise) + noise * self.noise, 1e-30)
            for mean, noise in zip(loads, noises)
        ]
        return found, np.maximum(load + 0.01 * self.top, 1e-30)
