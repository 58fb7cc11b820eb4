"""Solve, let the structure revise its covariance, solve again from there."""

import numpy as np

from .newton import State, newton_cg
from .preconditioner import GramPreconditioner

# Rounds stop when one lowers the objective by less than this share of it.
ROUND_TOL = 1e-4


def solve(objective, structure, column_tie, sharing, *, tol, max_iter, step=None):
    """Coefficients of a linear model under any structure with a covariance.

    Parameters
    ----------
    objective : LinearObjective
    structure : an entry of :data:`mtlearn.structures.STRUCTURES`
    column_tie : ndarray of int (K,)
    sharing : float
    tol, max_iter : see :func:`newton_cg`
        ``max_iter`` bounds the Newton steps of each round.
    step : callable, optional

    Returns
    -------
    state : State
    covariance : the covariance of the last round
    """
    preconditioner = GramPreconditioner(
        objective.layout.X, objective.row_weight, objective.mean
    )
    basis = preconditioner.basis(objective.n_columns)
    if basis is not None:
        objective = objective.rotated(basis)
        preconditioner = preconditioner.rotated()
    covariance = structure.start(column_tie, sharing)
    state = State.zero(objective)
    settings = {"tol": tol, "max_iter": max_iter, "step": step}
    newton_cg(objective, covariance, preconditioner, state, **settings)
    last = np.inf
    for _ in range(structure.max_rounds - 1):
        if state.stopped:
            break
        revised = structure.revise(state.W.T, sharing, covariance)
        if revised is None:
            break
        covariance = revised
        state.V = covariance.divide(state.W)
        # One step at least: the new covariance may move the solution by less than
        # tol, yet by more than the sharing is worth.
        newton_cg(objective, covariance, preconditioner, state, min_iter=1, **settings)
        if last - state.history[-1] < ROUND_TOL * abs(last):
            break
        last = state.history[-1]
    if basis is not None:
        state.W, state.V = basis @ state.W, basis @ state.V
    return state, covariance
