"""Truncated Newton with conjugate gradients on all columns of all tasks at once."""

from dataclasses import dataclass, field

import numpy as np

# Inside a step, the linear system is solved to this share of its right-hand side:
# tighter pays for digits that the next change of the curvature throws away.
FORCING = 0.1
MAX_CG = 100
MAX_LINE_SEARCH = 12
# A score column whose mean curvature is below the first is given the second.
FLAT = 1e-6
FLOOR = 1e-2
OVERFLOW = (
    "the objective overflows: scale the features to about unit size, or lower C or the "
    "weights"
)


@dataclass
class State:
    """Where a solver stands; ``W = V M`` always, so M is never inverted.

    Search directions have the same parts and are kept in the same form.

    Attributes
    ----------
    W, V : ndarray (d, K)
    b : ndarray (K,)
        Intercepts of centred features.
    Z : ndarray
        Scores of W and b, in the shape of the objective's layout.
    n_iter, n_products : int
        Newton steps taken so far, and products with the Hessian.
    converged : bool
    stopped : bool
        By what is called after each step.
    norm : float
        Of the gradient, when last seen.
    scale : float
        Norm of the gradient at zero.
    history : list of float
        Objective after each step.
    gap : float or None
        By how much the objective exceeds its dual, hence at most the least objective,
        where the losses have kinks.
    slope : ndarray or None
        What the losses with kinks have for a slope, in the shape of Z.
    parts : list of ndarray (d, K) or None
        W is their sum, where its penalty has several.
    """

    W: np.ndarray
    V: np.ndarray
    b: np.ndarray
    Z: np.ndarray = None
    n_iter: int = 0
    n_products: int = 0
    converged: bool = False
    stopped: bool = False
    norm: float = np.inf
    scale: float = 0.0
    history: list = field(default_factory=list)
    gap: float | None = None
    slope: np.ndarray | None = None
    parts: list | None = None

    @classmethod
    def zero(cls, objective):
        d, K = objective.shape
        zeros = np.zeros((d, K), dtype=objective.dtype)
        return cls(zeros, zeros.copy(), np.zeros(K, dtype=objective.dtype))

    @classmethod
    def nothing(cls, objective):
        """The solution where there is no score column."""
        state = cls.zero(objective)
        state.parts, state.converged = [state.W], True
        return state


def newton_cg(
    objective,
    covariance,
    preconditioner,
    state,
    *,
    tol,
    max_iter,
    min_iter=0,
    step=None,
):
    r"""Minimise ``objective + 1/2 tr(W M^-1 W')`` from ``state`` on.

    Order of calls: scores and gradient; stop if its norm, in the metric of M, is below
    ``tol`` times that at zero; direction by :func:`conjugate_gradients`; exact line
    search along it; repeat.

    Parameters
    ----------
    objective : LinearObjective
    covariance : see :mod:`mtlearn.structures.covariance`
    preconditioner : GramPreconditioner
    state : State
        Changed in place.
    tol : float
    max_iter, min_iter : int
        Newton steps of this call.
    step : callable, optional
        Called with the state after each Newton step; a true result stops the run.

    Returns
    -------
    state : State
    """
    if state.Z is None:
        state.Z = objective.forward(state.W, state.b)
    if state.scale == 0:
        state.scale = norm_at_zero(objective, covariance)
    state.converged, n_before = False, len(state.history)
    for iteration in range(max_iter + 1):
        G = objective.gradient(state.Z)
        gW, gb = objective.backward(G)
        gW += state.V
        norm = state.norm = _norm(gW, gb, covariance)
        state.converged = norm <= tol * state.scale
        if not np.isfinite(norm):
            raise ValueError(OVERFLOW)
        state.converged |= _stalled(state.history[n_before:], objective.dtype)
        if (state.converged and iteration >= min_iter) or iteration == max_iter:
            break
        system = _NewtonSystem(objective, covariance, preconditioner, state.Z)
        p = conjugate_gradients(system, -gW, -gb, FORCING)
        state.n_products += p.n_products
        size = line_search(objective, state, p, slope=_dot(p, gW, gb))
        state.W += size * p.W
        state.V += size * p.V
        state.b += size * p.b
        state.Z += size * p.Z
        state.n_iter += 1
        state.history.append(
            objective.value(state.Z)
            + float(np.vdot(state.V, state.W)) / 2
            + covariance.offset
        )
        if step is not None and step(state):
            state.stopped = True
            break
    return state


def _stalled(history, dtype):
    """Whether the last two steps changed the objective by rounding errors only."""
    if len(history) < 3:
        return False
    floor = 10 * np.finfo(dtype).eps * abs(history[-1])
    return max(np.abs(np.diff(history[-3:]))) <= floor


def norm_at_zero(objective, covariance):
    """Norm of the gradient where all coefficients and intercepts are zero."""
    gradient = objective.gradient(np.zeros_like(objective.y))
    return _norm(*objective.backward(gradient), covariance)


def _norm(gW, gb, covariance):
    """Norm of the gradient in U, where W = U M^(1/2): finite for singular M."""
    squared = float(np.vdot(gW, covariance.times(gW))) + float(gb @ gb)
    return np.sqrt(max(squared, 0.0))


class _NewtonSystem:
    """Hessian at one point, and its preconditioner."""

    def __init__(self, objective, covariance, preconditioner, Z):
        self.objective, self.covariance = objective, covariance
        self.preconditioner = preconditioner
        self.curvature = objective.curvature(Z)
        sums = self._column_curvature()
        self.damp = covariance.damping(sums / sums.dtype.type(objective.total_weight))
        # A column on which no row acts has no curvature in its intercept either.
        self.intercept_curvature = np.maximum(sums, 1e-6 * max(sums.max(), 1e-30))
        # Where the acting rows of each column lie: moving the intercepts there
        # separates them from the coefficients exactly.
        if objective.fit_intercept:
            moments = objective.backward(self.curvature.diagonal)[0]
            self.shift = moments / self.intercept_curvature
        else:
            self.shift = np.zeros(objective.shape, dtype=objective.dtype)

    def _column_curvature(self):
        """Sum over the rows (K,); a column that has none is given a little.

        Where every residual lies on a straight piece of its loss, a Newton step would
        be infinite.
        """
        sums = self.objective.column_sums(self.curvature.diagonal)
        scale = self.objective.losses.scale
        flat = sums < FLAT * self.objective.column_sums(scale)
        if not flat.any():
            return sums
        self.curvature.diagonal += self.objective.layout.spread(FLOOR * flat) * scale
        return self.objective.column_sums(self.curvature.diagonal)

    def multiply(self, p):
        """Hessian times a direction; its scores are kept in ``p.Z`` if known."""
        p.Z, hW, hb = self.objective.hessian_product(self.curvature, p.W, p.b)
        hW += p.V
        return hW, hb

    def precondition(self, rW, rb):
        V = self.preconditioner.solve(rW - self.shift * rb, self.damp)
        W = self.covariance.times(V)
        b = rb / self.intercept_curvature - np.einsum("dk,dk->k", self.shift, W)
        center = self.objective.losses.center
        return State(center(W), center(V), center(b))


def conjugate_gradients(system, rW, rb, goal):
    """Solve ``H p = r`` until the residual has shrunk by ``goal``.

    The residual is measured in the preconditioner's own norm. Directions are carried
    as pairs (W, V = W M^-1), see :class:`State`.
    """
    z = system.precondition(rW, rb)
    rz = first = _dot(z, rW, rb)
    p = State(z.W.copy(), z.V.copy(), z.b.copy())
    total = State(np.zeros_like(z.W), np.zeros_like(z.W), np.zeros_like(z.b))
    total.Z = np.zeros_like(system.objective.y)
    for iteration in range(MAX_CG):
        hW, hb = system.multiply(p)
        curvature = _dot(p, hW, hb)
        if not curvature > 0:
            break
        alpha = rz / curvature
        total.W += alpha * p.W
        total.V += alpha * p.V
        total.b += alpha * p.b
        if p.Z is not None:
            total.Z += alpha * p.Z
        rW = rW - alpha * hW
        rb = rb - alpha * hb
        z = system.precondition(rW, rb)
        rz, previous = _dot(z, rW, rb), rz
        total.n_products = iteration + 1
        if rz <= goal**2 * first:
            break
        beta = rz / previous
        p = State(z.W + beta * p.W, z.V + beta * p.V, z.b + beta * p.b)
    if p.Z is None:
        total.Z = system.objective.forward(total.W, total.b)
    return total


def _dot(p, rW, rb):
    return float(np.vdot(p.W, rW)) + float(p.b @ rb)


def line_search(objective, state, p, slope):
    """Step size that zeroes the slope along ``p``: the objective is convex there.

    Newton's method on the slope, kept inside the bracket found so far. Only slopes are
    compared: near the solution float32 objectives no longer differ.

    Parameters
    ----------
    slope : float
        At step 0, negative.
    """
    VW = float(np.vdot(state.V, p.W))
    PP = float(np.vdot(p.V, p.W))
    low, high, size, goal = 0.0, np.inf, 1.0, 0.05 * abs(slope)
    for _ in range(MAX_LINE_SEARCH):
        Z = state.Z + size * p.Z
        slope = VW + size * PP + float(np.vdot(objective.gradient(Z), p.Z))
        if abs(slope) <= goal:
            break
        low, high = (size, high) if slope < 0 else (low, size)
        bend = PP + float(np.vdot(objective.curvature(Z).times(p.Z), p.Z))
        size -= slope / max(bend, 1e-30)
        if not low < size < high:
            size = 2 * low if np.isinf(high) else (low + high) / 2
    return size
