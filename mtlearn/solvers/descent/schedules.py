"""Learning rates: how steps shrink.

A schedule holds parameters only: ``factor(n_steps, n_all)`` is what the first rate is
multiplied by after so many steps, of so many if that is known.
"""

import numpy as np
from sklearn.base import BaseEstimator


class Constant(BaseEstimator):
    """Every step has the first rate; averaging the iterates makes them converge.

    References
    ----------
    Bach and Moulines, "Non-strongly-convex smooth stochastic approximation with
    convergence rate O(1/n)", NIPS 2013.
    """

    is_adaptive = False
    uses_all_epochs = False

    def check(self, horizon_known):
        pass

    def factor(self, n_steps, n_all):
        return 1.0


class InverseScaling(BaseEstimator):
    """``1 / (1 + n_steps / delay)^power``.

    Parameters
    ----------
    power : float in (0, 1], default=0.5
    delay : float > 0, default=100
        After so many steps the rate has begun to fall: to 1 / 2^power.

    References
    ----------
    Robbins and Monro, "A stochastic approximation method", Annals of Mathematical
    Statistics 22, 1951.
    """

    is_adaptive = False
    uses_all_epochs = False

    def __init__(self, power=0.5, delay=100):
        self.power = power
        self.delay = delay

    def check(self, horizon_known):
        if not 0 < self.power <= 1 or not self.delay > 0:
            raise ValueError(
                f"InverseScaling needs power in (0, 1] and delay > 0, got "
                f"power={self.power!r}, delay={self.delay!r}"
            )

    def factor(self, n_steps, n_all):
        return (1 + n_steps / self.delay) ** -self.power


class Cosine(BaseEstimator):
    """Half a wave from 1 to ``least``.

    Parameters
    ----------
    period : int, default=None
        Steps of half a wave, then the next begins; None is all epochs of ``fit``.
    least : float in [0, 1], default=0

    References
    ----------
    Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR
    2017.
    """

    is_adaptive = False

    def __init__(self, period=None, least=0.0):
        self.period = period
        self.least = least

    @property
    def uses_all_epochs(self):
        return self.period is None

    def check(self, horizon_known):
        if self.period is None and not horizon_known:
            raise ValueError(
                "learning_rate='cosine' falls over all epochs, and partial_fit does "
                "not know how many there will be: use learning_rate=Cosine(period=...),"
                " in mini-batches, or 'constant' with average=True."
            )
        if not (self.period is None or self.period > 0) or not 0 <= self.least <= 1:
            raise ValueError(
                "Cosine needs period > 0, or None, and least in [0, 1], got "
                f"period={self.period!r}, least={self.least!r}"
            )

    def factor(self, n_steps, n_all):
        share = n_steps % self.period / self.period if self.period else n_steps / n_all
        return self.least + (1 - self.least) * (1 + np.cos(np.pi * share)) / 2


class Adaptive(BaseEstimator):
    """Constant until the loss stands still, then a fifth of it; no sixth time.

    Whatever else would end the fit (``n_iter_no_change``) shrinks the rate instead.
    ``partial_fit`` knows no epochs and keeps the rate.

    Parameters
    ----------
    divisor : float > 1, default=5
    n_times : int, default=5
    """

    is_adaptive = True
    uses_all_epochs = False

    def __init__(self, divisor=5.0, n_times=5):
        self.divisor = divisor
        self.n_times = n_times

    def check(self, horizon_known):
        if not self.divisor > 1 or not self.n_times >= 0:
            raise ValueError(
                "Adaptive needs divisor > 1 and n_times >= 0, got "
                f"divisor={self.divisor!r}, n_times={self.n_times!r}"
            )

    def factor(self, n_steps, n_all):
        return 1.0


SCHEDULES = {
    "constant": Constant,
    "invscaling": InverseScaling,
    "cosine": Cosine,
    "adaptive": Adaptive,
}
