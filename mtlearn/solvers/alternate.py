"""Solve, let the structure revise its covariance, solve again from there."""

import numpy as np

from ..structures.covariance import FeatureCovariance, IdentityCovariance
from .multipliers import multipliers
from .newton import newton_cg
from .preconditioner import GramPreconditioner

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
    covariance, rounds = structure.start(targets, sharing), structure.max_rounds
    if state.W.any():
        revised = structure.revise(state.W.T, targets, sharing, covariance)
        if revised is not None:
            covariance, rounds = revised, rounds - 1
    solve_under(covariance, objective, preconditioner, state, **settings)
    last = np.inf
    for _ in range(rounds - 1):
        if state.stopped:
            break
        revised = structure.revise(state.W.T, targets, sharing, covariance)
        if revised is None:
            break
        if covariance.smoothing is None and revised.smoothing is not None:
            # Without a smoothing, its part was left out of the objective so far.
            n_values = min(objective.shape)
            before = sharing / 2 * revised.smoothing**2 * n_values
            state.history[:] = [value + before for value in state.history]
        covariance = revised
        # One step at least: the new covariance may move the solution by less than
        # tol, yet by more than the sharing is worth.
        solve_under(
            covariance, objective, preconditioner, state, min_iter=1, **settings
        )
        if last - state.history[-1] < ROUND_TOL * abs(last):
            break
        last = state.history[-1]
    return covariance


def solve_under(covariance, objective, preconditioner, state, **settings):
    """Move the state to the solution for one covariance, of columns or of features."""
    solve = newton_cg if objective.losses.differentiable else multipliers
    if not isinstance(covariance, FeatureCovariance):
        _enter(state, covariance)
        return solve(objective, covariance, preconditioner, state, **settings)
    mapped = objective.mapped(covariance.root)
    X = mapped.layout.X
    preconditioner = GramPreconditioner(X, mapped.row_weight, mapped.mean)
    columns = IdentityCovariance(objective.n_columns, offset=covariance.offset)
    state.W = covariance.enter(state.W)
    state.V = state.W.copy()
    solve(mapped, columns, preconditioner, state, **settings)
    state.W = covariance.leave(state.W)
    return state


def _enter(state, covariance):
    """Express W by the V of another covariance."""
    state.V = covariance.divide(state.W)
    W = covariance.times(state.V)
    if not np.allclose(W, state.W, rtol=1e-5, atol=0):
        state.W, state.Z = W, None
