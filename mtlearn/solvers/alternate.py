"""Solve, let the structure revise its covariance, solve again from there."""

import numpy as np

from .multipliers import multipliers
from .newton import newton_cg

# Rounds stop when one lowers the objective by less than this share of it.
ROUND_TOL = 1e-4


def alternate(
    objective, structure, targets, sharing, preconditioner, state, **settings
):
    """Coefficients under a structure that has a covariance.

    Parameters
    ----------
    objective : LinearObjective
    structure : CovarianceStructure
    targets : TaskTargets
        For its columns.
    sharing : float
    preconditioner : GramPreconditioner
    state : State
        Changed in place. If W is not zero, it is where to start.
    settings : see :func:`newton_cg`
        ``max_iter`` bounds the Newton steps of each round.

    Returns
    -------
    covariance : the covariance of the last round
    """
    solve = newton_cg if objective.losses.differentiable else multipliers
    covariance = structure.start(targets, sharing)
    rounds = structure.max_rounds
    if state.W.any():
        revised = structure.revise(state.W.T, targets, sharing, covariance)
        if revised is not None:
            covariance, rounds = revised, rounds - 1
        _enter(state, covariance)
    solve(objective, covariance, preconditioner, state, **settings)
    last = np.inf
    for _ in range(rounds - 1):
        if state.stopped:
            break
        revised = structure.revise(state.W.T, targets, sharing, covariance)
        if revised is None:
            break
        if covariance.smoothing is None and revised.smoothing is not None:
            # Without a smoothing, its part was left out of the objective so far.
            before = sharing / 2 * revised.smoothing**2 * covariance.n_columns
            state.history[:] = [value + before for value in state.history]
        covariance = revised
        _enter(state, covariance)
        # One step at least: the new covariance may move the solution by less than
        # tol, yet by more than the sharing is worth.
        solve(objective, covariance, preconditioner, state, min_iter=1, **settings)
        if last - state.history[-1] < ROUND_TOL * abs(last):
            break
        last = state.history[-1]
    return covariance


def _enter(state, covariance):
    """Express W by the V of another covariance."""
    state.V = covariance.divide(state.W)
    W = covariance.times(state.V)
    if not np.allclose(W, state.W, rtol=1e-5, atol=0):
        state.W, state.Z = W, None
