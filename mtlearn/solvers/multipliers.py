r"""Losses with kinks, by Newton's method on smooth neighbours of them.

The method of multipliers: each round solves the problem with the kinks rounded over a
width :math:`\mu` around the slopes a found so far
(:class:`mtlearn.losses.MoreauEnvelope`), which gives new slopes. They are a feasible
point of the dual problem

.. math::
    \max_a \; -C \sum s_{ik} \ell^*(a_{ik}) - \tfrac12 \operatorname{tr}(U M U'),
    \quad U = C \sum_i s_{ik} a_{ik} x_i, \; \sum_i s_{ik} a_{ik} = 0,

so the gap between the two objectives proves how good the result is.
"""

import numpy as np

from .newton import newton_cg

MAX_ROUNDS = 50
FIRST_TOL = 0.03
NARROWER = 0.4
# Of the first width, where the start is near the solution.
WARM_WIDTH = 0.02
# Share of the gap that the smooth problem may be off its own solution.
INNER_SHARE = 0.1
GRADIENT_SHARE = 0.3


def multipliers(objective, covariance, preconditioner, state, *, tol, **settings):
    """Minimise an objective whose losses have kinks; like :func:`newton_cg`.

    Parameters
    ----------
    tol : float
        Stop when the duality gap is at most this share of the objective.
    settings : see :func:`newton_cg`
    """
    if state.Z is None:
        state.Z = objective.forward(state.W, state.b)
    first, inner_tol = _first_width(objective), FIRST_TOL
    if state.slope is None:
        state.slope = np.zeros_like(state.Z)
        if state.W.any():
            state.slope = _likely_slopes(objective, state.Z, WARM_WIDTH * first)
    # Slopes are differences of scores over the width: narrower, and they are noise.
    least = 10 * np.sqrt(np.finfo(objective.dtype).eps) * first
    width = WARM_WIDTH * first if state.W.any() else first
    last, tightened = np.inf, False
    for _ in range(MAX_ROUNDS):
        smooth = objective.smoothed(width, state.slope)
        newton_cg(smooth, covariance, preconditioner, state, tol=inner_tol, **settings)
        state.slope = _slopes(smooth, state.Z)
        primal, state.gap = duality_gap(objective, covariance, state)
        state.converged = state.gap <= tol * abs(primal)
        if state.converged or state.stopped:
            break
        # A gap that stays is that of the inner solve, or of the width: in turns.
        if state.gap > 0.5 * last and not tightened:
            inner_tol, tightened = 0.2 * inner_tol, True
        else:
            width, tightened = max(NARROWER * width, least), False
        last = state.gap
        # The gap has half the square of the gradient in W, and the gradient in the
        # intercepts times their size.
        goal = min(np.sqrt(2 * INNER_SHARE * state.gap), GRADIENT_SHARE * state.gap)
        inner_tol = min(inner_tol, goal / max(state.scale, 1e-300))
    return state


def duality_gap(objective, covariance, state):
    """Objective, and how much it exceeds the dual objective by.

    That is what each loss exceeds its tangent by, and half of ``|V + U|^2`` in the
    metric of M. Losses without kinks lie on their tangents.
    """
    losses, slope = objective.losses, _balanced(objective, state.slope)
    U = objective.backward(losses.scale * slope)[0] + state.V
    gap = max(float(np.vdot(U, covariance.times(U))), 0.0) / 2
    for loss, y, z, a, scale in losses.views(losses.y, state.Z, slope, losses.scale):
        if not loss.differentiable:
            excess = loss.value(y, z) + loss.conjugate(y, a) - a * z
            gap += float(np.vdot(scale, np.maximum(excess, 0)))
    return objective.value(state.Z) + float(np.vdot(state.V, state.W)) / 2, gap


def _first_width(objective):
    """Twice the mean loss at zero: 2 for hinges, and in the unit of y for residuals."""
    losses = objective.losses
    total = float(losses.scale.sum(dtype=np.float64))
    return 2 * objective.value(np.zeros_like(losses.y)) / total or 1.0


def _likely_slopes(objective, Z, reach):
    """Mean of the slopes on both sides of each score: near the solution, a guess."""
    smooth = objective.smoothed(reach, np.zeros_like(Z))
    sides = [_slopes(smooth, Z + shift) for shift in (-reach, reach)]
    return (sides[0] + sides[1]) / 2


def _slopes(smooth, Z):
    """Derivative of each loss at scores Z, weights left out."""
    out = np.zeros_like(Z)
    for loss, y, z, part in smooth.losses.views(smooth.y, Z, out):
        part[...] = loss.gradient(y, z)
    return out


def _balanced(objective, slope):
    """Slopes that push no intercept: of each column, the stronger side made weaker."""
    if not objective.fit_intercept:
        return slope
    scale = objective.losses.scale
    up = objective.column_sums(scale * np.maximum(slope, 0))
    down = objective.column_sums(scale * np.maximum(-slope, 0))
    least = np.minimum(up, down)
    up, down = (least / np.where(side > 0, side, 1) for side in (up, down))
    spread = objective.layout.spread
    return slope * np.where(slope > 0, spread(up), spread(down))
