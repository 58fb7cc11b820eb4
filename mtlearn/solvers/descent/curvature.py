r"""How long a step may be: one over the curvature, seen in the batches themselves.

The loss of a score column, as a function of its coefficients, has curvature at most

.. math:: c \, [ \bar s \, (\lambda - \tau) + m s \, \tau ],

c being the bound on the loss's second derivative, :math:`\bar s` the mean weight of the
column's labels over rows and s the greatest, :math:`\lambda` the largest eigenvalue of
the second moments of the (centred) features in a mini-batch, and :math:`\tau` the
squared norm of a row divided by the size of the batch: the part of :math:`\lambda` that
is noise of sampling. Momentum adds up what is steady and cannot add up noise: steps are
:math:`m = 1 / (1 - \mu)` times as long in the end, so the noise counts m times.

A task with few labels takes longer steps than one with many, up to where the noise of
its few labels forbids it.

Needell, Srebro and Ward, "Stochastic gradient descent, weighted sampling, and the
randomized Kaczmarz algorithm", Mathematical Programming 155, 2016, for how far single
rows limit the steps.
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
    load, top : ndarray (T,)
        Weight of the labels of each task: mean over rows, and the greatest, which is no
        less than 1.
    most : int
        The most columns that a row had labels for.
    n_rows : int
        Of the longest mini-batch.
    longest : float
        Squared norm of the longest row of the last batch, over ``n_rows``.
    has_grown : bool
        Whether steps may have become too long since the last :meth:`of_blocks`.
    """

    def __init__(self, bounds, column_task, n_tasks):
        self.bounds, self.column_task = bounds, column_task
        self.width = np.bincount(column_task, minlength=n_tasks)
        self.largest, self.noise = 0.0, 0.0
        self.load, self.top = np.zeros(n_tasks), np.ones(n_tasks)
        self.most, self.n_rows = 1, 0
        self.has_grown, self.longest = True, 0.0
        self._n_batches, self._due = 0, 1
        self._squares, self._fourth_powers = 0.0, 0.0

    def see(self, X, weight, tasks):
        """Look at a mini-batch.

        Parameters
        ----------
        X : CentredRows (B, d)
        weight : ndarray (B, m)
            Weights of the labels of some tasks.
        tasks : ndarray of int (m,)
        """
        self._n_batches += 1
        self.n_rows = max(self.n_rows, X.shape[0])
        share = max(1 / self._n_batches, 0.01)
        self.load *= 1 - share
        self.load[tasks] += share / len(weight) * weight.sum(axis=0)
        self._see_single_rows(X.squared_norms(), weight, tasks)
        if self._n_batches >= self._due and 2 * X.shape[0] > self.n_rows:
            # Rows may come sorted, so later batches may be more varied.
            self._due = 2 * self._n_batches
            self._measure(X)

    def _see_single_rows(self, squares, weight, tasks):
        self._squares += float(squares.sum())
        self._fourth_powers += float(squares @ squares)
        if self._squares:
            # The mean over rows, weighted by themselves: long ones do most of the harm.
            noise = self._fourth_powers / self._squares / self.n_rows
            self.has_grown |= noise > 1.1 * self.noise
            self.noise = noise
        self.longest = squares.max(initial=0.0) / self.n_rows
        top = weight.max(axis=0, initial=0)
        most = int(((weight > 0) @ self.width[tasks]).max())
        if most > self.most or (top > self.top[tasks]).any():
            self.most, self.has_grown = max(self.most, most), True
            self.top[tasks] = np.maximum(self.top[tasks], top)

    def _measure(self, X):
        """The largest eigenvalue, by power iterations, which end a little short."""
        n, d = X.shape
        v, size = np.linspace(1, 1.1, d), 0.0
        for _ in range(MAX_POWER_STEPS):
            v = X.gradient(X.times(v / np.linalg.norm(v))) / n
            if not v.any():
                break
            size = np.linalg.norm(v)
        self.has_grown |= 1.1 * float(size) > self.largest
        self.largest = max(self.largest, 1.1 * float(size))

    def bound(self, inertia):
        """Curvature of a loss of scores ``X w`` whose second derivative is 1."""
        return max(self.steady + inertia * self.noise, 1e-30)

    def damping(self, inertia):
        """What to shorten a step by, for one row so long that it would overshoot."""
        worst = self.steady + inertia * self.longest
        return min(1.0, self.bound(inertia) / max(worst, 1e-30))

    @property
    def steady(self):
        """What of the largest eigenvalue is no noise."""
        return max(self.largest - self.noise, 0.0)

    def of_blocks(self, parametrization, blocks, inertia):
        """Curvature of each block and of the intercepts, to divide steps by.

        Parameters
        ----------
        inertia : float
            The m above.
        """
        self.has_grown = False
        load = np.maximum(self.load, FLOOR * max(self.load.max(), 1e-30))
        load = load[self.column_task] * self.bounds
        top = self.top[self.column_task] * self.bounds
        loads = parametrization.loads(blocks, load)
        noises = parametrization.noises(blocks, top, self.most)
        found = [
            np.maximum(mean * self.steady + inertia * noise * self.noise, 1e-30)
            for mean, noise in zip(loads, noises)
        ]
        # Of an intercept every row's square is 1.
        of_intercepts = load + inertia * top / self.n_rows
        return found, np.maximum(of_intercepts, 1e-30)
