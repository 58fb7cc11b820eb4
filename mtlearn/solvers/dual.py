r"""Kernel machines in their dual, a working set of rows at a time.

Every round

1. finds the rows whose items break the optimality conditions most, in all columns,
2. asks for these rows of the kernel matrix, once for all columns,
3. solves the problem of their items by steps of pairs
   (:func:`mtlearn._kernels.solve_dual_rows`), and
4. brings the scores of all rows up to date by one product of matrices.

The matrix of all (row, task) pairs, ``k(x, z) M[t, u]``, is never made.

References
----------
Fan, Chen and Lin, "Working set selection using second order information for training
support vector machines", JMLR 6, 2005; Joachims, "Making large-scale SVM learning
practical", 1998.
"""

from dataclasses import dataclass, field

import numpy as np

from .._kernels import solve_dual_rows
from .alternate import ROUND_TOL

# Steps of pairs on many rows at once are few; their block of the matrix is square.
WORKING_ROWS = 4096
# Of the present violation: how far the items of a working set are brought.
INNER_SHARE = 0.1
STEPS_PER_ITEM = 50
# Where there is no limit of rounds, as in LIBSVM: features of very unlike sizes would
# take forever.
MOST_STEPS, MOST_STEPS_PER_ITEM = 10**7, 100
# The kernel is kept in float32, so there is a least violation: it is reached when none
# of so many rounds lowers it, and they raise the objective by less than this share.
IDLE_ROUNDS, IDLE = 20, 1e-6


@dataclass
class DualState:
    """Where a run is: what it found, and how it got there.

    Attributes
    ----------
    beta : ndarray (n_items,)
    B, R : ndarray (n_rows, K)
        Sums of beta by row and column, and kernel times B.
    intercept : ndarray (K,)
    gap : float
        The objective exceeds the least one by no more.
    """

    beta: np.ndarray
    B: np.ndarray
    R: np.ndarray
    intercept: np.ndarray
    gap: float = 0.0
    n_iter: int = 0
    converged: bool = False
    stopped: bool = False
    history: list = field(default_factory=list)

    @classmethod
    def zero(cls, items, n_rows):
        K = len(items.start) - 1
        return cls(
            np.zeros(len(items.row)), np.zeros((n_rows, K)), np.zeros((n_rows, K)),
            np.zeros(K),
        )  # fmt: skip


def solve_dual(
    items, kernel_rows, structure, targets, sharing, *, tol, max_iter, step=None
):
    """Minimise the dual under a structure that has a covariance of columns.

    Parameters
    ----------
    items : DualItems
    kernel_rows : KernelRows
    structure : CovarianceStructure
    targets : TaskTargets
        For its columns.
    sharing : float
    tol : float
        Largest difference of slopes that is left in any column, as in LIBSVM.
    max_iter : int or None
        Most rounds for each covariance.
    step : callable, optional
        Called with the state after each round; True ends the run.

    Returns
    -------
    state : DualState
    covariance : the covariance of the last solve
    """
    covariance = structure.start(targets, sharing)
    state = DualState.zero(items, kernel_rows.n_rows)
    settings = {"tol": tol, "max_iter": max_iter, "step": step}
    solve_under(covariance, items, kernel_rows, state, **settings)
    last = np.inf
    for _ in range(structure.max_rounds - 1):
        revised = None
        if not state.stopped:
            W = column_root(state, covariance)
            revised = structure.revise(W, targets, sharing, covariance)
        if revised is None:
            break
        covariance = revised
        solve_under(covariance, items, kernel_rows, state, **settings)
        if last - state.history[-1] < ROUND_TOL * abs(last):
            break
        last = state.history[-1]
    return state, covariance


def column_root(state, covariance):
    """Some (K, K) matrix whose rows have the inner products of the columns of W."""
    gram = covariance.times(covariance.times(state.B.T @ state.R).T)
    values, vectors = np.linalg.eigh((gram + gram.T) / 2)
    return vectors * np.sqrt(np.maximum(values, 0))


def solve_under(covariance, items, kernel_rows, state, *, tol, max_iter, step=None):
    """Move the state to the solution for one covariance; any beta may be the start."""
    M = covariance.toarray()
    worsts, last_rows = [], np.zeros(0, dtype=np.intp)
    steps_left = max(MOST_STEPS, MOST_STEPS_PER_ITEM * len(items.row))
    F = covariance.times(state.R)
    slope, gaps, up, low = violations(items, state.beta, F)
    while True:
        worst = gaps.max(initial=-np.inf)
        state.converged = worst <= tol
        if state.converged or state.stopped or len(worsts) == max_iter:
            break
        if steps_left <= 0 or _is_idle(state, worsts):
            break
        last_rows = working_rows(
            items, gaps, up, low, tol, last_rows, kernel_rows.n_slots
        )
        inner = max(0.5 * tol, INNER_SHARE * worst)
        steps_left -= _solve_rows(items, last_rows, kernel_rows, M, F, state, inner)
        F = covariance.times(state.R)
        slope, gaps, up, low = violations(items, state.beta, F)
        dual = items.target @ state.beta - float(np.vdot(state.B, F)) / 2
        state.history.append(dual + covariance.offset)
        worsts.append(worst)
        state.n_iter += 1
        state.stopped = step is not None and bool(step(state))
    _set_intercepts(items, state, slope, up, low)
    _prove(items, covariance.offset, state, slope, F)
    return state


def _is_idle(state, worsts):
    """Whether the last rounds have changed nothing but rounding errors."""
    if len(worsts) <= IDLE_ROUNDS:
        return False
    risen = state.history[-1] - state.history[-IDLE_ROUNDS]
    lowered = min(worsts[-IDLE_ROUNDS:]) < min(worsts[:-IDLE_ROUNDS])
    return not lowered and risen < IDLE * abs(state.history[-1])


def violations(items, beta, F):
    """By how much the slopes of each column differ; and who may grow or shrink.

    Parameters
    ----------
    F : ndarray (n_rows, K)
        Scores without intercepts.

    Returns
    -------
    slope : ndarray (n_items,)
    gaps : ndarray (K,)
    up, low : ndarray (n_items,)
        The slope, infinite where an item may not grow, or not shrink.
    """
    slope = items.target - F[items.row, items.column]
    up = np.where(beta < items.high, slope, -np.inf)
    low = np.where(beta > items.low, slope, np.inf)
    gaps = np.full(len(items.start) - 1, -np.inf)
    full = np.flatnonzero(np.diff(items.start))
    first = items.start[full]
    gaps[full] = np.maximum.reduceat(up, first) - np.minimum.reduceat(low, first)
    return slope, gaps, up, low


def working_rows(items, gaps, up, low, tol, last, n_slots):
    """The rows of the worst items of each column, filled up with rows of the last set.

    Returns
    -------
    ndarray of intp, ascending
    """
    most = min(WORKING_ROWS, n_slots)
    open_columns = np.flatnonzero(gaps > tol)
    few = max(1, most // 4)
    if len(open_columns) > few:
        open_columns = open_columns[np.argsort(-gaps[open_columns])[:few]]
    each = max(1, most // (2 * len(open_columns)))
    chosen = []
    for k in open_columns:
        own = slice(items.start[k], items.start[k + 1])
        # Only what breaks the conditions: slopes beyond the other side's best.
        for side, beyond in ((-up[own], -low[own].min()), (low[own], up[own].max())):
            worst = np.flatnonzero(side < beyond)
            if len(worst) > each:
                worst = worst[np.argpartition(side[worst], each)[:each]]
            chosen.append(items.row[own][worst])
    rows = np.unique(np.concatenate(chosen))
    room = most - len(rows)
    if room > 0 and len(last):
        kept = np.setdiff1d(last, rows, assume_unique=True)
        rows = np.union1d(rows, kept[:room])
    return rows.astype(np.intp)


def _solve_rows(items, rows, kernel_rows, M, F, state, tol):
    """Solve for the items of some rows, and bring all scores up to date; the steps."""
    place = np.full(kernel_rows.n_rows, -1, dtype=np.int32)
    place[rows] = np.arange(len(rows))
    mine = np.flatnonzero(place[items.row] >= 0)
    columns, column = np.unique(items.column[mine], return_inverse=True)
    beta = state.beta[mine]
    change = np.zeros((len(columns), len(rows)))
    taken = solve_dual_rows(
        kernel_rows.block(rows),
        np.ascontiguousarray(M[np.ix_(columns, columns)]),
        np.searchsorted(column, np.arange(len(columns) + 1)),
        place[items.row[mine]],
        items.target[mine],
        items.low[mine],
        items.high[mine],
        beta,
        np.ascontiguousarray(F[np.ix_(rows, columns)].T),
        change,
        tol,
        STEPS_PER_ITEM * len(mine),
    )
    state.beta[mine] = beta
    state.B[np.ix_(rows, columns)] += change.T
    moved = change.any(axis=0)
    state.R[:, columns] += kernel_rows.transposed_times(rows[moved], change[:, moved].T)
    return taken


def _set_intercepts(items, state, slope, up, low):
    for k in range(len(state.intercept)):
        own = slice(items.start[k], items.start[k + 1])
        state.intercept[k] = _intercept(slope[own], up[own], low[own])


def _prove(items, offset, state, slope, F):
    """How far the objective may be from the least one."""
    slack = slope - state.intercept[items.column]
    losses, norm = items.losses(slack), float(np.vdot(state.B, F))
    # Half of the norm is in the primal objective, half is taken from the dual one.
    state.gap = max(losses + norm - items.target @ state.beta, 0.0)
    if state.history:
        state.history[-1] = losses + norm / 2 + offset


def _intercept(slope, up, low):
    """Where free items lie; the middle of what the others allow, if none is free."""
    free = np.isfinite(up) & np.isfinite(low)
    if free.any():
        return slope[free].mean()
    ends = up.max(initial=-np.inf), low.min(initial=np.inf)
    known = [end for end in ends if np.isfinite(end)]
    return np.mean(known) if known else 0.0
