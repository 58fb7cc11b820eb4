"""Trees: growth, what leaves answer, votes."""

from libc.stdint cimport uint8_t, uint64_t
from libc.stdlib cimport calloc, free

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
        Py_ssize_t n_groups
        const int *group
        const Py_ssize_t *group_first
        Py_ssize_t only

    ctypedef struct tree_shrinkage:
        const double *strength
        Py_ssize_t n_strengths
        double pooled

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
                        const tree_shrinkage *shrinkage, tree_table *table,
                        tree_table *of_groups)
    void tree_table_free(tree_table *table)
    void tree_apply_values(const tree_record *records, const float *X,
                           Py_ssize_t n_rows, Py_ssize_t n_features, int *leaf)
    void tree_apply_bins(const tree_record *records, const uint8_t *by_row,
                         Py_ssize_t n_rows, Py_ssize_t n_features, int *leaf)

    ctypedef struct tree_voter:
        const tree_table *table
        const int *parent
        Py_ssize_t n_tasks, n_levels
        const Py_ssize_t *first
        const tree_table *groups
        const int *group
        const double *prior
        const int *n_classes

    ctypedef struct tree_ballot:
        const Py_ssize_t *label_start
        const int *label_task
        const Py_ssize_t *place
        float *sums[3]
        int *counts[3]

    void tree_add_votes(const tree_voter *voter, const int *leaf, Py_ssize_t n_rows,
                        const double *weight, double *out, Py_ssize_t *seen)
    void tree_add_out_of_bag(const tree_voter *voter, const int *leaf, const int *bag,
                             Py_ssize_t row_start, Py_ssize_t row_stop, int own,
                             const tree_ballot *ballot)

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
    columns,
    const int[::1] leaf,
    const int[::1] bag,
    const double[::1] strength,
    double pooled,
    Py_ssize_t only,
):
    """What the leaves of a tree answer for every task; the GIL is released.

    Parameters
    ----------
    nodes : (n_nodes * itemsize,) bytes of NODE
        IN.
    labels : LabelsByTask
        IN. ``start``, ``row``, ``value``, ``weight`` or None, ``n_classes``.
    columns : AnswerColumns
        IN. ``first``, ``prior``, ``group``, ``group_first``.
    leaf, bag : (n,) arrays of int32
        IN. The leaf of every row, and how often the row is in the bag.
    strength : (L,) array of float64
        IN. How many rows a parent's value counts.
    pooled : float
        IN. How many rows the answer of a task's group counts.
    only : int
        IN. The one task to answer, -1 for all.

    Returns
    -------
    table, groups : tuples of ndarrays (start, task, offset, values)
        Entries of node i are ``start[i]:start[i + 1]``; each speaks for one task, and
        has a value per level and column from ``offset`` on. Those of groups have one
        level: by how much the group's labels are above their priors.
    """
    cdef tree_answers answers
    cdef tree_table table, groups
    cdef tree_shrinkage shrinkage
    cdef const Py_ssize_t[::1] start = labels.start
    cdef const int[::1] row = labels.row, n_classes = labels.n_classes
    cdef const double[::1] value = labels.value, weight, prior = columns.prior
    cdef const Py_ssize_t[::1] first = columns.first, group_first = columns.group_first
    cdef const int[::1] group = columns.group
    cdef Py_ssize_t n_nodes = nodes.shape[0] // <Py_ssize_t>sizeof(tree_record)
    cdef bint done

    answers.n_tasks = first.shape[0] - 1
    answers.start, answers.row, answers.value = &start[0], &row[0], &value[0]
    answers.weight = NULL
    if labels.weight is not None:
        weight = labels.weight
        answers.weight = &weight[0]
    answers.n_classes, answers.first = &n_classes[0], &first[0]
    answers.prior, answers.group = &prior[0], &group[0]
    answers.n_groups = group_first.shape[0] - 1
    answers.group_first, answers.only = &group_first[0], only
    shrinkage.strength, shrinkage.n_strengths = &strength[0], strength.shape[0]
    shrinkage.pooled = pooled
    with nogil:
        done = tree_fill_table(<const tree_record *>&nodes[0], n_nodes, &answers,
                               &leaf[0], &bag[0], &shrinkage, &table, &groups)
    try:
        if not done:
            raise MemoryError("no memory for the leaves of another tree")
        return _table_of(&table), _table_of(&groups)
    finally:
        tree_table_free(&table)
        tree_table_free(&groups)


cdef _table_of(const tree_table *table):
    return (
        _copy(table.start, table.n_nodes + 1, np.dtype(np.intp)),
        _copy(table.task, table.n_entries, np.dtype(np.int32)),
        _copy(table.offset, table.n_entries, np.dtype(np.intp)),
        _copy(table.values, table.n_values, np.dtype(np.float32)),
    )


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


cdef struct voting:
    tree_voter voter
    tree_table table
    tree_table groups


cdef view_votes(
    voting *its, table, const int[::1] parent, columns, Py_ssize_t n_levels
):
    """Pointers into arrays that the caller keeps alive."""
    cdef const Py_ssize_t[::1] first = columns.first
    cdef const double[::1] prior = columns.prior
    cdef const int[::1] group = columns.group, n_classes = columns.n_classes
    view_table(&its.table, table)
    its.voter.table, its.voter.groups = &its.table, NULL
    if table.groups is not None:
        view_table(&its.groups, table.groups)
        its.voter.groups = &its.groups
    its.voter.parent, its.voter.first = &parent[0], &first[0]
    its.voter.prior, its.voter.group = &prior[0], &group[0]
    its.voter.n_classes = &n_classes[0]
    its.voter.n_tasks, its.voter.n_levels = first.shape[0] - 1, n_levels


cdef view_table(tree_table *its, table):
    cdef const Py_ssize_t[::1] start = table.start, offset = table.offset
    cdef const int[::1] task = table.task
    cdef const float[::1] values = table.values
    its.start, its.offset = <Py_ssize_t *>&start[0], <Py_ssize_t *>&offset[0]
    its.task, its.values = <int *>&task[0], <float *>&values[0]


def add_votes(
    table,
    const int[::1] parent,
    columns,
    const int[::1] leaf,
    const double[:, ::1] weight,
    double[:, ::1] out,
    Py_ssize_t[::1] seen,
):
    """Add what a tree answers for some rows to ``out``; the GIL is released.

    Parameters
    ----------
    table : LeafTable
        IN. ``start``, ``task``, ``offset``, ``values`` of :func:`leaf_table`, and the
        same in ``groups``, or None.
    parent : (n_nodes,) array of int32
        IN. -1 for the root.
    columns : AnswerColumns
        IN. ``first``, ``prior``, ``group``.
    leaf : (n,) array of int32
        IN. Where the rows end.
    weight : (T, n_levels) array of float64
        IN. What each level counts.
    out : (n, n_columns) array of float64
        INOUT.
    seen : (T,) array of intp
        Scratch.
    """
    cdef voting its
    cdef Py_ssize_t n = leaf.shape[0]

    if out.shape[0] != n or out.shape[1] != len(columns.prior):
        raise ValueError("out must have a row per leaf and all columns")
    if n == 0 or out.shape[1] == 0:
        return
    view_votes(&its, table, parent, columns, weight.shape[1])
    with nogil:
        tree_add_votes(&its.voter, &leaf[0], n, &weight[0, 0], &out[0, 0], &seen[0])


cdef class Voters:
    """Trees side by side, that rows ask with one call; for a single row that is most.

    Parameters
    ----------
    trees : list of (nodes, table, parent, weight)
        Bytes of nodes, and the arguments of :func:`add_votes`.
    columns : AnswerColumns
    """

    cdef voting *its
    cdef const tree_record **records
    cdef const double **weights
    cdef Py_ssize_t n_trees, n_tasks, n_columns
    cdef list kept

    def __cinit__(self, list trees, columns):
        cdef const uint8_t[::1] nodes
        cdef const double[:, ::1] weight
        cdef Py_ssize_t k
        # The arrays themselves: what holds them may be given others.
        self.kept = [columns.first, columns.prior, columns.group, columns.n_classes]
        self.n_trees = len(trees)
        self.n_tasks, self.n_columns = len(columns.first) - 1, len(columns.prior)
        self.its = <voting *>calloc(max(self.n_trees, 1), sizeof(voting))
        self.records = <const tree_record **>calloc(
            max(self.n_trees, 1), sizeof(tree_record *)
        )
        self.weights = <const double **>calloc(
            max(self.n_trees, 1), sizeof(double *)
        )
        if not (self.its and self.records and self.weights):
            raise MemoryError
        if self.n_columns == 0:
            self.n_trees = 0
        for k in range(self.n_trees):
            nodes, table, parent, weight = trees[k]
            self.kept.append((nodes, parent, weight))
            while table is not None:
                arrays = table.start, table.task, table.offset, table.values
                self.kept.append(arrays)
                table = table.groups
            table = trees[k][1]
            self.records[k], self.weights[k] = <tree_record *>&nodes[0], &weight[0, 0]
            view_votes(&self.its[k], table, parent, columns, weight.shape[1])

    def __dealloc__(self):
        free(self.its)
        free(<void *>self.records)
        free(<void *>self.weights)

    def add(self, const float[:, ::1] X, double[:, ::1] out):
        """Add what all trees answer, in their order, to ``out``; without the GIL.

        Parameters
        ----------
        X : (n, d) array of float32
        out : (n, n_columns) array of float64
            INOUT.
        """
        cdef Py_ssize_t n = X.shape[0], k
        if out.shape[0] != n or out.shape[1] != self.n_columns:
            raise ValueError("out must have a row per row of X and all columns")
        if n == 0 or self.n_trees == 0:
            return
        cdef int[::1] leaf = np.empty(n, dtype=np.int32)
        cdef Py_ssize_t[::1] seen = np.empty(self.n_tasks, dtype=np.intp)
        with nogil:
            for k in range(self.n_trees):
                tree_apply_values(self.records[k], &X[0, 0], n, X.shape[1], &leaf[0])
                tree_add_votes(&self.its[k].voter, &leaf[0], n, self.weights[k],
                               &out[0, 0], &seen[0])


def add_out_of_bag(
    table,
    const int[::1] parent,
    columns,
    const int[::1] leaf,
    const int[::1] bag,
    Py_ssize_t start,
    Py_ssize_t stop,
    int own,
    labels,
    const Py_ssize_t[::1] place,
    Py_ssize_t n_levels,
    float[:, ::1] sums,
    int[:, ::1] counts,
):
    """Add the answers for labels whose rows are out of a tree's bag; without the GIL.

    Parameters
    ----------
    table, parent, columns : see :func:`add_votes`
        IN.
    leaf, bag : (n,) arrays of int32
        IN. Where each row ends, and how often it is in the bag.
    start, stop : int
        IN. Which rows.
    own : int
        IN. The task that grew the tree, -1 for a shared tree.
    labels : LabelsByRow
        IN. ``start``, ``task``.
    place : (n_labels,) array of intp
        IN. The first of a label's places in ``sums``: levels by columns.
    n_levels : int
        IN.
    sums : (3, n_places) array of float32
        INOUT. Sums over shared trees, over the task's own, over those of other tasks.
    counts : (3, n_labels) array of int32
        INOUT. Of how many trees.
    """
    cdef voting its
    cdef tree_ballot ballot
    cdef const int[::1] label_task = labels.task
    cdef const Py_ssize_t[::1] label_start = labels.start
    cdef int k

    if sums.shape[0] != 3 or counts.shape[0] != 3:
        raise ValueError("votes come from three sources")
    if sums.shape[1] == 0:
        return
    for k in range(3):
        ballot.sums[k], ballot.counts[k] = &sums[k, 0], &counts[k, 0]
    ballot.label_start, ballot.label_task = &label_start[0], &label_task[0]
    ballot.place = &place[0]
    view_votes(&its, table, parent, columns, n_levels)
    with nogil:
        tree_add_out_of_bag(&its.voter, &leaf[0], &bag[0], start, stop, own, &ballot)


cdef _copy(const void *data, Py_ssize_t n, dtype):
    """A NumPy array of its own."""
    cdef const uint8_t[::1] view
    if n == 0:
        return np.empty(0, dtype)
    view = <const uint8_t[: n * dtype.itemsize]>data
    return np.array(view).view(dtype)
