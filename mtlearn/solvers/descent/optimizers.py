"""What is done with a gradient: where to step, and how far.

An optimizer holds parameters only. What it remembers of a block is a dict, made by
``start(block)`` and changed by ``direction(memory, gradient, granularity, share)``,
which returns the step to take (times the learning rate) and the metric: by what a
penalty is scaled besides the rate, in a proximal step. The metric does to ``share``,
the share of a full gradient that this one is, what the step does to the gradient, so
that the penalty has the same momentum; and it is only as fine as the penalty's proximal
map allows, see :mod:`mtlearn.structures.penalties`.
"""

import numpy as np
from sklearn.base import BaseEstimator


class SGD(BaseEstimator):
    r"""Stochastic gradient descent, with momentum.

    .. math::
        v \leftarrow \mu v + g, \qquad
        w \leftarrow w - \eta \, v \quad\text{or}\quad w - \eta (g + \mu v)

    the second form, Nesterov's, by default. Steps are scaled by one over the curvature
    of each block, see :mod:`mtlearn.solvers.descent.curvature`, so that a learning
    rate of 1 suits features of any size.

    Parameters
    ----------
    momentum : float in [0, 1), default=0.9
        The :math:`\mu` above; 0 is plain descent.
    nesterov : bool, default=True

    References
    ----------
    Sutskever, Martens, Dahl and Hinton, "On the importance of initialization and
    momentum in deep learning", ICML 2013.
    """

    scaled_by_curvature = True
    eta0 = 1.0

    def __init__(self, momentum=0.9, nesterov=True):
        self.momentum = momentum
        self.nesterov = nesterov

    @property
    def inertia(self):
        """How far a constant gradient moves a block in the long run, per step."""
        return 1 / (1 - self.momentum)

    def check(self):
        _check_share(self.momentum, "momentum")

    def start(self, block):
        return {"velocity": np.zeros_like(block), "share": 0.0}

    def direction(self, memory, gradient, granularity, share=1.0):
        if self.momentum == 0:
            return gradient, share
        velocity = memory["velocity"]
        mu = gradient.dtype.type(self.momentum)
        velocity *= mu
        velocity += gradient
        memory["share"] = self.momentum * memory["share"] + share
        if not self.nesterov:
            return velocity, memory["share"]
        return mu * velocity + gradient, self.momentum * memory["share"] + share


class AdaGrad(BaseEstimator):
    r"""Steps divided by the root of the sum of all squared gradients so far.

    Parameters
    ----------
    epsilon : float > 0, default=1e-8
        Added to the root.

    References
    ----------
    Duchi, Hazan and Singer, "Adaptive subgradient methods for online learning and
    stochastic optimization", JMLR 12, 2011.
    """

    scaled_by_curvature = False
    eta0 = 0.1

    def __init__(self, epsilon=1e-8):
        self.epsilon = epsilon

    def check(self):
        _check_positive(self.epsilon, "epsilon")

    def start(self, block):
        return {"squares": np.zeros_like(block)}

    def direction(self, memory, gradient, granularity, share=1.0):
        squares = memory["squares"]
        squares += gradient * gradient
        metric = _inverse_root(coarsen(squares, granularity, np.mean), self.epsilon)
        return gradient * metric, metric * share


class Adam(BaseEstimator):
    r"""Running means of the gradient, divided by the root of those of its square.

    Parameters
    ----------
    beta_1, beta_2 : float in [0, 1), default=0.9 and 0.999
        How much of the running mean of gradients, and of squares, each step keeps.
    epsilon : float > 0, default=1e-8
        Added to the root.

    References
    ----------
    Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015.
    """

    scaled_by_curvature = False
    eta0 = 0.01

    def __init__(self, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def check(self):
        _check_share(self.beta_1, "beta_1")
        _check_share(self.beta_2, "beta_2")
        _check_positive(self.epsilon, "epsilon")

    def start(self, block):
        return {
            "mean": np.zeros_like(block),
            "squares": np.zeros_like(block),
            "share": 0.0,
            "n_steps": 0,
        }

    def direction(self, memory, gradient, granularity, share=1.0):
        memory["n_steps"] += 1
        memory["share"] += (1 - self.beta_1) * (share - memory["share"])
        mean, squares = memory["mean"], memory["squares"]
        for running, new, beta in (
            (mean, gradient, self.beta_1),
            (squares, gradient * gradient, self.beta_2),
        ):
            running *= beta
            running += new * gradient.dtype.type(1 - beta)
        # Both began at zero, and are short by a known factor.
        first, second = (
            gradient.dtype.type(1 - beta ** memory["n_steps"])
            for beta in (self.beta_1, self.beta_2)
        )
        seen = coarsen(squares, granularity, np.mean) / second
        metric = _inverse_root(seen, self.epsilon)
        return mean * (metric / first), metric * (memory["share"] / float(first))


OPTIMIZERS = {"sgd": SGD, "adagrad": AdaGrad, "adam": Adam}


def coarsen(array, granularity, reduce):
    """Entries of a block (K, d) that a penalty cannot tell apart, as one.

    Parameters
    ----------
    granularity : {"entry", "feature", "whole"}
    reduce : callable
        np.mean, np.max, ...
    """
    if granularity == "entry" or np.ndim(array) == 0:
        return array
    if granularity == "whole":
        return reduce(array)
    return reduce(array, axis=0, keepdims=True)


def _inverse_root(squares, epsilon):
    return 1 / (np.sqrt(squares) + squares.dtype.type(epsilon))


def _check_share(value, name):
    if not 0 <= value < 1:
        raise ValueError(f"{name}={value!r} must be in [0, 1)")


def _check_positive(value, name):
    if not value > 0:
        raise ValueError(f"{name}={value!r} must be > 0")
