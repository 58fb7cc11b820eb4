"""The user says which tasks are alike."""

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from .base import CovarianceStructure
from .covariance import DenseCovariance, IdentityCovariance, SparseCovariance

# Beyond so many columns, no dense matrix (columns, columns) is made.
MAX_DENSE = 2000


class Graph(CovarianceStructure):
    r"""Columns of neighbouring tasks are alike.

    With L the graph's Laplacian and :math:`\eta = s / (1 - s)`,

    .. math::
        M = D^{-1/2} (I + \eta L)^{-1} D^{-1/2},

    D being the diagonal of the inverse in the middle, so that M has a unit diagonal: a
    task without neighbours is independent. The complete graph is ``mean``. Sharing 0 is
    independent tasks, at sharing 1 each connected component is one pooled model.

    Parameters
    ----------
    task_graph : array-like or sparse matrix (n_tasks, n_tasks)
        Symmetric. Weights of edges, >= 0, whose diagonal is ignored; or, if an entry
        outside the diagonal is negative, a positive semidefinite Laplacian.

    References
    ----------
    Evgeniou, Micchelli and Pontil, "Learning multiple tasks with kernel methods", JMLR
    6, 2005.
    """

    uses_label_groups = True

    def __init__(self, task_graph=None):
        self.task_graph = task_graph

    def check(self, targets):
        laplacian = _laplacian(self.task_graph)
        if laplacian.shape[0] != targets.n_tasks:
            raise ValueError(
                f"task_graph has shape {laplacian.shape}, expected one row and column "
                f"for each of the {targets.n_tasks} tasks"
            )

    def label_groups(self, label_groups, names):
        """Where nothing else is said, an edge says that two tasks ask the same."""
        if label_groups is not None:
            return label_groups
        laplacian = _laplacian(self.task_graph)
        if laplacian.shape[0] != len(names):
            return ()
        n, component = connected_components(laplacian != 0, directed=False)
        return [np.flatnonzero(component == c).tolist() for c in range(n)]

    def start(self, targets, sharing):
        if sharing == 0:
            return IdentityCovariance(targets.n_columns)
        laplacian = _columns_laplacian(_laplacian(self.task_graph), targets)
        if targets.n_columns > MAX_DENSE:
            return SparseCovariance(laplacian, sharing)
        return DenseCovariance.from_matrix(_correlation(laplacian, sharing))


def _correlation(laplacian, sharing):
    """M (K, K) of a Laplacian, component by component."""
    M = np.eye(laplacian.shape[0])
    n_components, component = connected_components(laplacian != 0, directed=False)
    for c in range(n_components):
        own = np.flatnonzero(component == c)
        if len(own) > 1:
            block = laplacian[own][:, own].toarray()
            M[np.ix_(own, own)] = _component_correlation(block, sharing)
    return M


def _component_correlation(laplacian, sharing):
    values, vectors = np.linalg.eigh(laplacian)
    null = values <= 1e-10 * values[-1]
    if sharing == 1 and null.any():
        # The limit: a projection on what the graph does not penalise.
        inverse = null.astype(float)
    else:
        values[null] = 0
        inverse = 1 / (1 - sharing + sharing * values)
    M = (vectors * inverse) @ vectors.T
    root = np.sqrt(np.diag(M))
    M = M / root / root[:, None]
    np.fill_diagonal(M, 1.0)
    return M


def _columns_laplacian(laplacian, targets):
    """Laplacian among score columns: edges of their tasks, where the labels are one."""
    task, tie = targets.column_task, targets.column_tie
    among = sparse.coo_array(laplacian[task][:, task])
    same = tie[among.row] == tie[among.col]
    off = same & (among.row != among.col)
    edges = sparse.coo_array(
        (among.data[off], (among.row[off], among.col[off])), shape=among.shape
    ).tocsr()
    # What the diagonal has beyond its row's edges pulls a task to zero: it stays.
    own = laplacian.diagonal() + _off_diagonal_sums(laplacian)
    diagonal = own[task] - np.asarray(edges.sum(axis=1)).ravel()
    return sparse.csr_array(edges + sparse.diags_array(diagonal))


def _off_diagonal_sums(matrix):
    return np.asarray(matrix.sum(axis=1)).ravel() - matrix.diagonal()


def _laplacian(graph):
    """Laplacian of a graph given as edge weights or as a Laplacian, CSR."""
    if graph is None:
        raise ValueError(
            "structure='graph' needs task_graph, a symmetric array (n_tasks, n_tasks) "
            "of how much each two tasks are alike"
        )
    try:
        if not sparse.issparse(graph):
            graph = np.atleast_2d(np.asarray(graph, dtype=np.float64))
        graph = sparse.csr_array(graph, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"task_graph is not an array of numbers: {error}") from error
    if graph.shape[0] != graph.shape[1]:
        raise ValueError(f"task_graph has shape {graph.shape}, expected a square array")
    if not np.isfinite(graph.data).all():
        raise ValueError("task_graph contains NaN or infinity")
    if graph.nnz and abs(graph - graph.T).max() > 1e-10 * abs(graph).max():
        i, j = np.unravel_index(abs(graph - graph.T).argmax(), graph.shape)
        raise ValueError(
            f"task_graph is not symmetric: entry ({i}, {j}) is {graph[i, j]}, "
            f"({j}, {i}) is {graph[j, i]}"
        )
    edges = graph - sparse.diags_array(graph.diagonal())
    if not edges.nnz or edges.min() >= 0:
        degree = np.asarray(edges.sum(axis=1)).ravel()
        return sparse.csr_array(sparse.diags_array(degree) - edges)
    _refuse_indefinite(graph)
    return graph


def _refuse_indefinite(laplacian):
    if laplacian.shape[0] > MAX_DENSE:
        diagonal = laplacian.diagonal()
        if (diagonal >= abs(_off_diagonal_sums(abs(laplacian))) - 1e-10).all():
            return
    values = np.linalg.eigvalsh(laplacian.toarray())
    if values[0] < -1e-8 * max(values[-1], 0):
        raise ValueError(
            "task_graph has negative entries, so it is read as a Laplacian, but it is "
            f"indefinite: its least eigenvalue is {values[0]:.3g}. Pass edge weights "
            ">= 0, or a positive semidefinite Laplacian."
        )
