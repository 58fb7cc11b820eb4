"""Steps of sequential minimal optimisation for several tied score columns."""

import numpy as np


cdef extern from "dual.h" nogil:
    ctypedef struct dual_problem:
        Py_ssize_t n_rows, n_columns
        const float *kernel
        const double *covariance
        const Py_ssize_t *start
        const int *row
        const double *target
        const double *low
        const double *high
        double *beta
        double *scores
        double *change
        double tol
        double *moved
        double *reach
        double *slope
        double *grow
        double *shrink
        double *diagonal
        double *work
        float *near
        int *item
        int *place_row

    Py_ssize_t dual_solve(const dual_problem *problem, Py_ssize_t max_steps)


def solve_dual_rows(
    const float[:, ::1] kernel,
    const double[:, ::1] covariance,
    const Py_ssize_t[::1] start,
    const int[::1] row,
    const double[::1] target,
    const double[::1] low,
    const double[::1] high,
    double[::1] beta,
    double[:, ::1] scores,
    double[:, ::1] change,
    double tol,
    Py_ssize_t max_steps,
):
    """Minimise the dual over the items of a few rows; the GIL is released.

    Parameters
    ----------
    kernel : (n_rows, n_rows) array of float32
        IN.
    covariance : (n_columns, n_columns) array
        IN. Of the score columns.
    start : (n_columns + 1,) array of intp
        IN. Column k owns the items ``start[k]:start[k + 1]``.
    row, target, low, high : (n_items,) arrays
        IN. Row of ``kernel``, linear term and bounds of each item.
    beta : (n_items,) array
        IN and OUT.
    scores : (n_columns, n_rows) array
        IN and OUT. Scores of the rows, without intercepts.
    change : (n_columns, n_rows) array
        IN and OUT. What the steps add to the coefficients of each row is added.
    tol : float
        Largest difference of slopes that is left.
    max_steps : int

    Returns
    -------
    int
        Steps taken.
    """
    cdef dual_problem problem
    cdef Py_ssize_t n_items = row.shape[0], taken
    cdef double[:, ::1] by_row = np.empty((2, kernel.shape[0]))
    cdef double[:, ::1] by_item
    cdef float[:, ::1] near
    cdef int[:, ::1] places
    problem.n_rows, problem.n_columns = kernel.shape[0], covariance.shape[0]
    if kernel.shape[1] != problem.n_rows or covariance.shape[1] != problem.n_columns:
        raise ValueError("kernel and covariance must be square")
    _check_scores(np.shape(scores), kernel.shape[0], covariance.shape[0])
    _check_scores(np.shape(change), kernel.shape[0], covariance.shape[0])
    if {len(target), len(low), len(high), len(beta)} != {n_items}:
        raise ValueError("every item must have a target, bounds and a coefficient")
    _check_start(np.asarray(start), covariance.shape[0], n_items)
    if n_items == 0:
        return 0
    if np.min(row) < 0 or np.max(row) >= problem.n_rows:
        raise ValueError("items must point to rows")
    problem.kernel, problem.covariance = &kernel[0, 0], &covariance[0, 0]
    problem.start, problem.row = &start[0], &row[0]
    problem.target, problem.low, problem.high = &target[0], &low[0], &high[0]
    problem.beta = &beta[0]
    problem.scores, problem.change = &scores[0, 0], &change[0, 0]
    by_item = np.empty((5, np.diff(start).max()))
    near = np.empty((2, by_item.shape[1]), dtype=np.float32)
    problem.near = &near[0, 0]
    places = np.empty((2, by_item.shape[1]), dtype=np.intc)
    problem.item, problem.place_row = &places[0, 0], &places[1, 0]
    problem.moved, problem.reach = &by_row[0, 0], &by_row[1, 0]
    problem.slope, problem.grow = &by_item[0, 0], &by_item[1, 0]
    problem.shrink, problem.diagonal = &by_item[2, 0], &by_item[3, 0]
    problem.work, problem.tol = &by_item[4, 0], tol
    with nogil:
        taken = dual_solve(&problem, max_steps)
    return taken


def _check_scores(shape, n_rows, n_columns):
    if tuple(shape[:2]) != (n_columns, n_rows):
        raise ValueError("scores and change must be (n_columns, n_rows)")


def _check_start(start, n_columns, n_items):
    fits = len(start) == n_columns + 1 and start[0] == 0
    if not fits or start[n_columns] != n_items or np.diff(start).min() < 0:
        raise ValueError("every item must belong to a column")
