"""Accelerated proximal gradients, for penalties that make exact zeros."""

import numpy as np

from .newton import OVERFLOW

# One Newton step is worth as many of these.
STEPS_PER_ITERATION = 100
# A step size that was allowed may grow by so much for the next step.
GROWTH = 1.02
ROUNDING = 1e-5
# Share of the gradient at zero up to which a start needs no better one.
NEAR = 1e-3


def proximal(objective, penalties, state, *, tol, max_iter, first_step, step=None):
    r"""Minimise ``objective(sum of parts) + sum of their penalties``.

    FISTA with the step size found as it goes, and a restart whenever the momentum
    points uphill. Scores are linear in the coefficients, so an iteration costs one
    product with X and one with its transpose.

    Parameters
    ----------
    objective : LinearObjective
    penalties : list, see :mod:`mtlearn.structures.penalties`
        One for each part of W.
    state : State
        Changed in place; ``state.parts`` holds the parts, as the penalties are listed.
    tol : float
        Stop when the proximal gradient's norm has fallen to this share of the
        gradient's at zero.
    max_iter : int
        Hundreds of steps.
    first_step : float
        A guess at one over the greatest curvature in the coefficients.
    step : callable, optional
        Called with the state after each step; a true result stops the run.

    References
    ----------
    Beck and Teboulle, "A fast iterative shrinkage-thresholding algorithm for linear
    inverse problems", SIAM Journal on Imaging Sciences 2, 2009. O'Donoghue and Candes,
    "Adaptive restart for accelerated gradient schemes", Foundations of Computational
    Mathematics 15, 2015.
    """
    metric = _Metric(objective, first_step, len(penalties))
    here = _Point.of(state, objective, len(penalties))
    ahead, momentum, size = here, 1.0, first_step
    state.scale = max(state.scale, metric.norm_at_zero(objective))
    for _ in range(max_iter * STEPS_PER_ITERATION):
        there, size, state.norm = _descend(ahead, size, objective, penalties, metric)
        if metric.dot(ahead.minus(there), there.minus(here)) > 0:
            momentum = 1.0
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = there.plus(there.minus(here), (momentum - 1) / following)
        here, momentum = there, following
        size *= GROWTH
        _record(state, here, objective, penalties)
        state.converged = state.norm <= tol * state.scale
        if step is not None and step(state):
            state.stopped = True
        if state.converged or state.stopped:
            break
    return state


def is_near(objective, penalties, state, first_step):
    """Whether a start is so near the solution that proximal steps alone lead to it."""
    metric = _Metric(objective, first_step, len(penalties))
    here = _Point.of(state, objective, len(penalties))
    norm = _descend(here, first_step, objective, penalties, metric)[2]
    return norm <= NEAR * metric.norm_at_zero(objective)


def _descend(ahead, size, objective, penalties, metric):
    """One proximal gradient step, shortened until the objective allows its length.

    Returns
    -------
    there : _Point
    size : float
        The step size that was allowed.
    norm : float
        Of the proximal gradient.
    """
    G = objective.gradient(ahead.Z)
    gW, gb = objective.backward(G)
    eps = np.finfo(objective.dtype).eps
    while True:
        size_W = gW.dtype.type(size / len(penalties))
        parts = [
            penalty.prox(part - size_W * gW, size_W)
            for penalty, part in zip(penalties, ahead.parts)
        ]
        b = ahead.b - gb.dtype.type(size) * metric.b_scale * gb
        there = _Point(parts, b, objective.forward(sum(parts), b))
        moved = there.minus(ahead)
        length = metric.dot(moved, moved)
        if not np.isfinite(length):
            raise ValueError(OVERFLOW)
        # Shorter than rounding errors: there is nowhere to go.
        if length <= eps**2 * metric.dot(there, there):
            return there, size, 0.0
        bend = float(np.vdot(objective.gradient(there.Z) - G, moved.Z))
        if bend * size <= length * (1 + ROUNDING):
            return there, size, np.sqrt(length) / size
        size = min(size / 1.5, 0.99 * length / bend)


def _record(state, here, objective, penalties):
    state.parts, state.W = here.parts, sum(here.parts)
    state.b, state.Z = here.b, here.Z
    state.n_iter += 1
    state.n_products += 1
    state.history.append(
        objective.value(here.Z)
        + sum(penalty.value(part) for penalty, part in zip(penalties, here.parts))
    )


class _Metric:
    """Lengths in which all parts, and the intercepts, have about the same curvature."""

    def __init__(self, objective, first_step, n_parts):
        Z = np.zeros_like(objective.y)
        curvature = objective.column_sums(objective.curvature(Z).diagonal)
        least = max(1e-6 * float(curvature.max(initial=0)), 1e-30)
        self.b_scale = 1 / (
            np.maximum(curvature, least) * curvature.dtype.type(first_step)
        )
        self.n_parts = n_parts

    def dot(self, first, second):
        parts = sum(float(np.vdot(p, q)) for p, q in zip(first.parts, second.parts))
        return self.n_parts * parts + float(first.b @ (second.b / self.b_scale))

    def norm_at_zero(self, objective):
        gW, gb = objective.backward(objective.gradient(np.zeros_like(objective.y)))
        return np.sqrt(float(np.vdot(gW, gW)) + float(gb @ (gb * self.b_scale)))


class _Point:
    """Parts of W, intercepts and the scores they make."""

    def __init__(self, parts, b, Z):
        self.parts, self.b, self.Z = parts, b, Z

    @classmethod
    def of(cls, state, objective, n_parts):
        if len(state.parts or ()) != n_parts:
            state.parts = [
                state.W,
                *(np.zeros_like(state.W) for _ in range(n_parts - 1)),
            ]
        return cls(state.parts, state.b, objective.forward(sum(state.parts), state.b))

    def plus(self, step, factor):
        factor = self.b.dtype.type(factor)
        parts = [a + factor * d for a, d in zip(self.parts, step.parts)]
        return _Point(parts, self.b + factor * step.b, self.Z + factor * step.Z)

    def minus(self, other):
        return self.plus(other, -1)
