"""One door to all solvers: the structure decides which."""

import numpy as np

from ..structures.covariance import IdentityCovariance
from .alternate import alternate
from .clusters import clustered
from .newton import State
from .proximal import STEPS_PER_ITERATION, is_near, proximal
from .reweighted import reweighted
from .workspace import Workspace


def most_steps(structure, losses, max_iter):
    """How many steps a run may take at most, None if that is not known before it."""
    if hasattr(structure, "penalties"):
        return STEPS_PER_ITERATION * max_iter
    if not all(loss.differentiable for loss in losses):
        return None
    return structure.max_rounds * max_iter


def solve(
    objective,
    structure,
    targets,
    sharing,
    *,
    tol,
    max_iter,
    step=None,
    workspace=None,
    start=None,
):
    """Coefficients of a linear model under any structure.

    Parameters
    ----------
    objective : LinearObjective
    structure : an entry of :data:`mtlearn.structures.STRUCTURES`
    targets : TaskTargets
        For its columns.
    sharing : float
    tol, max_iter, step : see :func:`newton_cg`
    workspace : Workspace, optional
        Of the same X and row weights, if there is one.
    start : tuple of ndarrays, W (d, K), b (K,) and the own part of W, optional
        Where to start, near the solution if possible; the part may be left out.

    Returns
    -------
    state : State
    covariance : the covariance of the last round, None for penalties
    """
    if objective.n_columns == 0:
        return State.nothing(objective), IdentityCovariance(0)
    workspace = workspace or Workspace(objective)
    settings = {"tol": tol, "max_iter": max_iter, "step": step}
    penalties = None
    if hasattr(structure, "penalties"):
        penalties = structure.penalties(targets, sharing)
    basis, problem, preconditioner = None, objective, workspace.preconditioner
    if penalties is None or all(p.rotation_invariant for p in penalties):
        basis, problem, preconditioner = workspace.enter(objective)
    state = State.zero(problem)
    if start is not None:
        W, b, own = start if len(start) == 3 else (*start, np.zeros_like(start[0]))
        if basis is not None:
            W, own = basis.T @ W, basis.T @ own
        state.W, state.b, state.parts = W.copy(), b.copy(), [own, W - own]
    if penalties is None:
        rounds = clustered if structure.finds_clusters and sharing > 0 else alternate
        covariance = rounds(
            problem, structure, targets, sharing, preconditioner, state, **settings
        )
    else:
        covariance = None
        first_step = 1 / (objective.C * max(preconditioner.largest, 1e-30))
        if start is None or not is_near(problem, penalties, state, first_step):
            reweighted(problem, penalties, preconditioner, state)
        proximal(problem, penalties, state, first_step=first_step, **settings)
    if basis is not None:
        state.W, state.V = basis @ state.W, basis @ state.V
        state.parts = state.parts and [basis @ part for part in state.parts]
    return state, covariance
