"""Products of X with the coefficients of tasks that have their own rows."""

cdef extern from "segments.h" nogil:
    ctypedef struct segments_plan:
        Py_ssize_t n_features, n_tasks
        const int *row
        const Py_ssize_t *row_start
        const Py_ssize_t *column_start

    int segments_best_set()
    void segments_forward_f4(const segments_plan *plan, const float *X,
                             const float *W, float *Z, int set)
    void segments_forward_f8(const segments_plan *plan, const double *X,
                             const double *W, double *Z, int set)
    void segments_backward_f4(const segments_plan *plan, const float *X,
                              const float *G, float *dW, int set)
    void segments_backward_f8(const segments_plan *plan, const double *X,
                              const double *G, double *dW, int set)


ctypedef fused real:
    float
    double

# Those that this processor can run, slowest first.
INSTRUCTION_SETS = ("plain", "vector", "avx2")[: segments_best_set() + 1]


def segment_forward(
    const real[:, ::1] X,
    const int[::1] row,
    const Py_ssize_t[::1] row_start,
    const Py_ssize_t[::1] column_start,
    const real[:, ::1] W,
    real[::1] Z,
    *,
    instructions=None,
):
    """Scores of the rows of each task for the columns of that task.

    ``Z[block of t][i, k] = X[row[row_start[t] + i]] @ W[column_start[t] + k]``; the GIL
    is released.

    Parameters
    ----------
    X : (n, d) array of float32 or float64
        IN. C order, as all arrays here; W and Z have its dtype.
    row : (n_pairs,) array of int32
        IN. Row numbers of X, those of a task together, in any order, repeats allowed.
    row_start : (T + 1,) array of intp
        IN. Task t has the pairs ``row_start[t]:row_start[t + 1]``.
    column_start : (T + 1,) array of intp
        IN. Task t has the columns ``column_start[t]:column_start[t + 1]``, maybe none.
    W : (K, d) array
        IN. Coefficients, a row per score column.
    Z : (sum of rows * columns over tasks,) array
        OUT. A block (rows, columns) per task, one after the other.
    instructions : str, default=None
        One of INSTRUCTION_SETS; None is the fastest. They differ in rounding.
    """
    cdef segments_plan plan
    cdef int code = _code(instructions)
    cdef Py_ssize_t j

    if W.shape[1] != X.shape[1]:
        raise ValueError("X and W must have the same number of features")
    _check(row, row_start, column_start, X.shape[0], W.shape[0], Z.shape[0])
    if X.shape[1] == 0:
        for j in range(Z.shape[0]):
            Z[j] = 0
        return
    plan.n_features = X.shape[1]
    plan.n_tasks = row_start.shape[0] - 1
    plan.row = &row[0]
    plan.row_start = &row_start[0]
    plan.column_start = &column_start[0]
    with nogil:
        if real is float:
            segments_forward_f4(&plan, &X[0, 0], &W[0, 0], &Z[0], code)
        else:
            segments_forward_f8(&plan, &X[0, 0], &W[0, 0], &Z[0], code)


def segment_backward(
    const real[:, ::1] X,
    const int[::1] row,
    const Py_ssize_t[::1] row_start,
    const Py_ssize_t[::1] column_start,
    const real[::1] G,
    real[:, ::1] dW,
    *,
    instructions=None,
):
    """Transpose of :func:`segment_forward`.

    ``dW[column_start[t] + k] = sum_i G[block of t][i, k] * X[row[row_start[t] + i]]``,
    zero for columns without rows; the GIL is released.

    Parameters
    ----------
    X, row, row_start, column_start
        IN. As in :func:`segment_forward`; G and dW have the dtype of X.
    G : (sum of rows * columns over tasks,) array
        IN. A block (rows, columns) per task, one after the other.
    dW : (K, d) array
        OUT. A row per score column.
    instructions : str, default=None
        One of INSTRUCTION_SETS; None is the fastest. They differ in rounding.
    """
    cdef segments_plan plan
    cdef int code = _code(instructions)

    if dW.shape[1] != X.shape[1]:
        raise ValueError("X and dW must have the same number of features")
    _check(row, row_start, column_start, X.shape[0], dW.shape[0], G.shape[0])
    if X.shape[1] == 0:
        return
    plan.n_features = X.shape[1]
    plan.n_tasks = row_start.shape[0] - 1
    plan.row = &row[0]
    plan.row_start = &row_start[0]
    plan.column_start = &column_start[0]
    with nogil:
        if real is float:
            segments_backward_f4(&plan, &X[0, 0], &G[0], &dW[0, 0], code)
        else:
            segments_backward_f8(&plan, &X[0, 0], &G[0], &dW[0, 0], code)


cdef int _code(instructions) except -1:
    if instructions is None:
        return segments_best_set()
    return INSTRUCTION_SETS.index(instructions)


cdef int _check(
    const int[::1] row,
    const Py_ssize_t[::1] row_start,
    const Py_ssize_t[::1] column_start,
    Py_ssize_t n_rows,
    Py_ssize_t n_columns,
    Py_ssize_t n_scores,
) except -1:
    """Refuse what would read or write outside of an array."""
    cdef Py_ssize_t t, i, rows, columns, left = n_scores
    cdef bint fits, inside = True

    if row_start.shape[0] != column_start.shape[0] or row_start.shape[0] == 0:
        raise ValueError("row_start and column_start must have T + 1 entries each")
    _check_starts(row_start, row.shape[0], "row_start", "row numbers")
    _check_starts(column_start, n_columns, "column_start", "score columns")
    with nogil:
        for t in range(row_start.shape[0] - 1):
            rows = row_start[t + 1] - row_start[t]
            columns = column_start[t + 1] - column_start[t]
            # Divides, for a product could overflow.
            fits = columns == 0 or rows <= left // columns
            if not fits:
                break
            left -= rows * columns
        else:
            fits = left == 0
        for i in range(row.shape[0]):
            inside &= (row[i] >= 0) & (row[i] < n_rows)
    if not fits:
        raise ValueError("scores must have one entry per row and column of each task")
    if not inside:
        raise ValueError("row numbers must be between 0 and the number of rows of X")
    return 0


cdef int _check_starts(
    const Py_ssize_t[::1] start, Py_ssize_t stop, str name, str what
) except -1:
    cdef Py_ssize_t t
    cdef bint rising = True

    for t in range(start.shape[0] - 1):
        rising &= start[t] <= start[t + 1]
    if not rising or start[0] != 0 or start[start.shape[0] - 1] != stop:
        raise ValueError(f"{name} must rise from 0 to the number of {what}, {stop}")
    return 0
