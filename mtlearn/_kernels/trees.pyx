"""Trees: growth, what leaves answer, votes."""

from libc.stdint cimport uint8_t, uint64_t

import numpy as np


cdef extern from "tree_vote.h" nogil:
    ctypedef struct tree_problem:
        Py_ssize_t n_rows, n_features
        const uint8_t *by_row
        const uint8_t *by_column
        const float *lower
        const float *upper
        Py_ssize_t n_tasks
        const Py_ssize_t *label_start
        const int *label_task
        const double *label_value
        const double *label_weight
        const int *n_classes
        const double *gain_weight

    ctypedef struct tree_settings:
        Py_ssize_t max_features, max_depth, max_leaves, min_split, min_leaf
        double min_gain
        int entropy, random_cuts
        uint64_t seed

    ctypedef struct tree_record:
        double threshold
        int feature, left, right
        unsigned char cut_bin, missing_left

    ctypedef struct tree_gain:
        int node, task
        double gain

    ctypedef struct tree_grown:
        tree_record *records
        Py_ssize_t n_nodes
        tree_gain *gains
        Py_ssize_t n_gains
        double work

    ctypedef struct tree_answers:
        Py_ssize_t n_tasks
        const Py_ssize_t *start
        const int *row
        const double *value
        const double *weight
        const int *n_classes
        const Py_ssize_t *first
        const double *prior

    ctypedef struct tree_table:
        Py_ssize_t n_nodes, n_entries, n_values
        Py_ssize_t *start
        int *task
        Py_ssize_t *offset
        float *values

    int tree_grow(const tree_problem *problem, const tree_settings *settings,
                  const int *rows, Py_ssize_t n_rows, tree_grown *grown)
    void tree_grown_free(tree_grown *grown)
    int tree_fill_table(const tree_record *records, Py_ssize_t n_nodes,
                        const tree_answers *answers, const int *leaf, const int *bag,
                        const double *strength, Py_ssize_t n_strengths,
                        tree_table *table)
    void tree_table_free(tree_table *table)
    void tree_apply_values(const tree_record *records, const float *X,
                           Py_ssize_t n_rows, Py_ssize_t n_features, int *leaf)
    void tree_apply_bins(const tree_record *records, const uint8_t *by_row,
                         Py_ssize_t n_rows, Py_ssize_t n_features, int *leaf)
    void tree_add_votes(const tree_table *table, const int *parent,
                        const Py_ssize_t *first, Py_ssize_t n_tasks, const int *leaf,
                        Py_ssize_t n_rows, const double *weight,
                        Py_ssize_t n_strengths, double *out, Py_ssize_t *seen)
    void tree_add_out_of_bag(const tree_table *table, const int *parent,
                             const Py_ssize_t *first, const int *leaf, const int *bag,
                             Py_ssize_t row_start, Py_ssize_t row_stop,
                             const Py_ssize_t *label_start, const int *label_task,
                             const Py_ssize_t *place, Py_ssize_t n_strengths, int own,
                             float *sums[3], int *counts[3])

# A node: values up to the threshold, and bins up to cut_bin, go left.
NODE = np.dtype(
    {
        "names": ["threshold", "feature", "left", "right", "cut_bin", "missing_left"],
        "formats": ["f8", "i4", "i4", "i4", "u1", "u1"],
        "offsets": [0, 8, 12, 16, 20, 21],
        "itemsize": sizeof(tree_record),
    }
)
GAIN = np.dtype([("node", "i4"), ("task", "i4"), ("gain", "f8")])


def grow_tree(
    bins, labels, const double[::1] gain_weight, const int[::1] rows, **settings
):
    """Grow a tree; the GIL is released.

    Parameters
    ----------
    bins : BinnedFeatures
        IN. ``by_row``, ``by_column``, ``lower``, ``upper``.
    labels : LabelsByRow
        IN. ``start``, ``task``, ``value``, ``weight`` or None, ``n_classes``.
    gain_weight : (T,) array of float64
        IN. What a fall of each task's impurity times its labels counts, 0 for none.
    rows : (m,) array of int32
        IN. Rows to grow on, ascending, repeats allowed.
    **settings
        max_features, max_depth, max_leaves (-1: no limit), min_split, min_leaf,
        min_gain, entropy, random_cuts, seed.

    Returns
    -------
    nodes : structured array of NODE
    gains : structured array of GAIN
        What each split does for each task: by how much it lowers the task's impurity
        times labels.
    work : float
        Deterministic measure of the time it took.
    """
    cdef tree_problem problem
    cdef tree_settings given
    cdef tree_grown grown
    cdef const uint8_t[:, ::1] by_row = bins.by_row, by_column = bins.by_column
    cdef const float[:, ::1] lower = bins.lower, upper = bins.upper
    cdef const Py_ssize_t[::1] start = labels.start
    cdef const int[::1] task = labels.task, n_classes = labels.n_classes
    cdef const double[::1] value = labels.value, weight
    cdef Py_ssize_t m = rows.shape[0]
    cdef bint done

    problem.n_rows, problem.n_features = by_row.shape[0], by_row.shape[1]
    problem.n_tasks = gain_weight.shape[0]
    if m == 0 or task.shape[0] == 0 or problem.n_features == 0:
        raise ValueError("a tree needs rows, labels and features")
    if start.shape[0] != problem.n_rows + 1 or n_classes.shape[0] != problem.n_tasks:
        raise ValueError("labels must be of the rows of the bins")
    problem.by_row, problem.by_column = &by_row[0, 0], &by_column[0, 0]
    problem.lower, problem.upper = &lower[0, 0], &upper[0, 0]
    problem.label_start, problem.label_task = &start[0], &task[0]
    problem.label_value = &value[0]
    problem.label_weight = NULL
    if labels.weight is not None:
        weight = labels.weight
        problem.label_weight = &weight[0]
    problem.n_classes, problem.gain_weight = &n_classes[0], &gain_weight[0]
    given.max_features = settings["max_features"]
    given.max_depth, given.max_leaves = settings["max_depth"], settings["max_leaves"]
    given.min_split, given.min_leaf = settings["min_split"], settings["min_leaf"]
    given.min_gain = settings["min_gain"]
    given.entropy, given.random_cuts = settings["entropy"], settings["random_cuts"]
    given.seed = settings["seed"]
    with nogil:
        done = tree_grow(&problem, &given, &rows[0], m, &grown)
    try:
        if not done:
            raise MemoryError("no memory for another tree")
        nodes = _copy(grown.records, grown.n_nodes, NODE)
        gains = _copy(grown.gains, grown.n_gains, GAIN)
    finally:
        tree_grown_free(&grown)
    return nodes, gains, grown.work


def leaf_table(
    const uint8_t[::1] nodes,
    labels,
    const Py_ssize_t[::1] first,
    const double[::1] prior,
    const int[::1] leaf,
    const int[::1] bag,
    const double[::1] strength,
):
    """What the leaves of a tree answer for every task; the GIL is released.

    Parameters
    ----------
    nodes : (n_nodes * itemsize,) bytes of NODE
        IN.
    labels : LabelsByTask
        IN. ``start``, ``row``, ``value``, ``weight`` or None, ``n_classes``.
    first : (T + 1,) array of intp
        IN. Task t has the columns ``first[t]:first[t + 1]``; of two classes one.
    prior : (n_columns,) array of float64
        IN. What a root without labels answers.
    leaf, bag : (n,) arrays of int32
        IN. The leaf of every row, and how often the row is in the bag.
    strength : (L,) array of float64
        IN. How many rows a parent's value counts.

    Returns
    -------
    start, task, offset, values
        Entries of node i are ``start[i]:start[i + 1]``; each speaks for one task, and
        has L values per column from ``offset`` on.
    """
    cdef tree_answers answers
    cdef tree_table table
    cdef const Py_ssize_t[::1] start = labels.start
    cdef const int[::1] row = labels.row, n_classes = labels.n_classes
    cdef const double[::1] value = labels.value, weight
    cdef Py_ssize_t n_nodes = nodes.shape[0] // <Py_ssize_t>sizeof(tree_record)
    cdef bint done

    answers.n_tasks = first.shape[0] - 1
    answers.start, answers.row, answers.value = &start[0], &row[0], &value[0]
    answers.weight = NULL
    if labels.weight is not None:
        weight = labels.weight
        answers.weight = &weight[0]
    answers.n_classes, answers.first = &n_classes[0], &first[0]
    answers.prior = &prior[0]
    with nogil:
        done = tree_fill_table(<const tree_record *>&nodes[0], n_nodes, &answers,
                               &leaf[0], &bag[0], &strength[0], strength.shape[0],
                               &table)
    try:
        if not done:
            raise MemoryError("no memory for the leaves of another tree")
        return (
            _copy(table.start, table.n_nodes + 1, np.dtype(np.intp)),
            _copy(table.task, table.n_entries, np.dtype(np.int32)),
            _copy(table.offset, table.n_entries, np.dtype(np.intp)),
            _copy(table.values, table.n_values, np.dtype(np.float32)),
        )
    finally:
        tree_table_free(&table)


def apply_values(const uint8_t[::1] nodes, const float[:, ::1] X, int[::1] leaf):
    """The leaf of every row of X, (n, d) of float32; the GIL is released."""
    if leaf.shape[0] != X.shape[0]:
        raise ValueError("leaf must have one entry per row of X")
    if X.shape[0] == 0:
        return
    with nogil:
        tree_apply_values(<const tree_record *>&nodes[0], &X[0, 0], X.shape[0],
                          X.shape[1], &leaf[0])


def apply_bins(const uint8_t[::1] nodes, const uint8_t[:, ::1] by_row, int[::1] leaf):
    """The leaf of every row of bins, (n, d); the GIL is released."""
    if leaf.shape[0] != by_row.shape[0]:
        raise ValueError("leaf must have one entry per row of bins")
    if by_row.shape[0] == 0:
        return
    with nogil:
        tree_apply_bins(<const tree_record *>&nodes[0], &by_row[0, 0], by_row.shape[0],
                        by_row.shape[1], &leaf[0])


def add_votes(
    table,
    const int[::1] parent,
    const Py_ssize_t[::1] first,
    const int[::1] leaf,
    const double[:, ::1] weight,
    double[:, ::1] out,
    Py_ssize_t[::1] seen,
):
    """Add what a tree answers for some rows to ``out``; the GIL is released.

    Parameters
    ----------
    table : LeafTable
        IN. ``start``, ``task``, ``offset``, ``values`` of :func:`leaf_table`.
    parent : (n_nodes,) array of int32
        IN. -1 for the root.
    first : (T + 1,) array of intp
        IN. Columns of each task.
    leaf : (n,) array of int32
        IN. Where the rows end.
    weight : (T, L) array of float64
        IN. What each strength counts.
    out : (n, n_columns) array of float64
        INOUT.
    seen : (T,) array of intp
        Scratch.
    """
    cdef tree_table given
    cdef const Py_ssize_t[::1] start = table.start, offset = table.offset
    cdef const int[::1] task = table.task
    cdef const float[::1] values = table.values
    cdef Py_ssize_t n = leaf.shape[0]

    if out.shape[0] != n or out.shape[1] != first[first.shape[0] - 1]:
        raise ValueError("out must have a row per leaf and all columns")
    if n == 0 or out.shape[1] == 0:
        return
    given.start, given.offset = <Py_ssize_t *>&start[0], <Py_ssize_t *>&offset[0]
    given.task, given.values = <int *>&task[0], <float *>&values[0]
    with nogil:
        tree_add_votes(&given, &parent[0], &first[0], first.shape[0] - 1, &leaf[0], n,
                       &weight[0, 0], weight.shape[1], &out[0, 0], &seen[0])


def add_out_of_bag(
    table,
    const int[::1] parent,
    const Py_ssize_t[::1] first,
    const int[::1] leaf,
    const int[::1] bag,
    Py_ssize_t start,
    Py_ssize_t stop,
    labels,
    const Py_ssize_t[::1] place,
    Py_ssize_t n_strengths,
    int own,
    float[:, ::1] sums,
    int[:, ::1] counts,
):
    """Add the answers for labels whose rows are out of a tree's bag; without the GIL.

    Parameters
    ----------
    table, parent, first : see :func:`add_votes`
        IN.
    leaf, bag : (n,) arrays of int32
        IN. Where each row ends, and how often it is in the bag.
    start, stop : int
        IN. Which rows.
    labels : LabelsByRow
        IN. ``start``, ``task``.
    place : (n_labels,) array of intp
        IN. The first of a label's places in ``sums``: strengths by columns.
    n_strengths : int
        IN.
    own : int
        IN. The task that grew the tree, -1 for a shared tree.
    sums : (3, n_places) array of float32
        INOUT. Sums over shared trees, over the task's own, over those of other tasks.
    counts : (3, n_labels) array of int32
        INOUT. Of how many trees.
    """
    cdef tree_table given
    cdef const Py_ssize_t[::1] entries = table.start, offset = table.offset
    cdef const int[::1] task = table.task, label_task = labels.task
    cdef const float[::1] values = table.values
    cdef const Py_ssize_t[::1] label_start = labels.start
    cdef float *sum_of[3]
    cdef int *count_of[3]
    cdef int k

    if sums.shape[0] != 3 or counts.shape[0] != 3:
        raise ValueError("votes come from three sources")
    if sums.shape[1] == 0:
        return
    for k in range(3):
        sum_of[k], count_of[k] = &sums[k, 0], &counts[k, 0]
    given.start, given.offset = <Py_ssize_t *>&entries[0], <Py_ssize_t *>&offset[0]
    given.task, given.values = <int *>&task[0], <float *>&values[0]
    with nogil:
        tree_add_out_of_bag(&given, &parent[0], &first[0], &leaf[0], &bag[0], start,
                            stop, &label_start[0], &label_task[0], &place[0],
                            n_strengths, own, sum_of, count_of)


cdef _copy(const void *data, Py_ssize_t n, dtype):
    """A NumPy array of its own."""
    cdef const uint8_t[::1] view
    if n == 0:
        return np.empty(0, dtype)
    view = <const uint8_t[: n * dtype.itemsize]>data
    return np.array(view).view(dtype)
