"""The graph structure: its formula, its limits, and what it refuses."""

import numpy as np
import pytest
from scipy import sparse

from mtlearn.structures import Graph, Mean
from mtlearn.structures import graph as graph_module
from mtlearn.structures.covariance import SparseCovariance
from tests.reference.columns import columns

SHARING = [0.0, 0.3, 0.9, 1.0]
COMPLETE = np.ones((4, 4))
PATH = np.eye(4, k=1) + np.eye(4, k=-1)
TWO_PAIRS = np.kron(np.eye(2), [[0, 2.0], [2.0, 0]])


def laplacian(edges):
    edges = edges - np.diag(np.diag(edges))
    return np.diag(edges.sum(axis=1)) - edges


def covariance(graph, sharing, tie=None, task=None):
    tie = np.zeros(len(graph), dtype=int) if tie is None else tie
    return Graph(graph).start(columns(tie, task), sharing)


def matrix(graph, sharing, **options):
    return covariance(np.asarray(graph), sharing, **options).toarray()


@pytest.mark.parametrize("sharing", [0.3, 0.9, 0.999])
def test_formula(sharing):
    eta = sharing / (1 - sharing)
    inverse = np.linalg.inv(np.eye(4) + eta * laplacian(PATH))
    root = np.sqrt(np.diag(inverse))
    np.testing.assert_allclose(
        matrix(PATH, sharing), inverse / root / root[:, None], rtol=1e-9
    )


@pytest.mark.parametrize("sharing", SHARING)
def test_the_complete_graph_is_mean(sharing):
    wanted = Mean().start(columns(np.zeros(4, dtype=int)), sharing).toarray()
    np.testing.assert_allclose(matrix(COMPLETE, sharing), wanted, atol=1e-12)


@pytest.mark.parametrize("sharing", SHARING)
def test_a_lonely_task_is_independent(sharing):
    edges = PATH.copy()
    edges[3] = edges[:, 3] = 0
    M = matrix(edges, sharing)
    np.testing.assert_allclose(M[3], [0, 0, 0, 1], atol=1e-12)
    assert sharing == 0 or M[0, 1] > 0.1


def test_neighbours_are_more_alike_than_others():
    M = matrix(PATH, 0.5)
    assert M[0, 1] > M[0, 2] > M[0, 3] > 0
    heavy = matrix(5 * PATH, 0.5)
    assert (heavy >= M - 1e-12).all()
    assert heavy[0, 1] > M[0, 1]


def test_components_are_pooled_at_sharing_1():
    wanted = np.kron(np.eye(2), np.ones((2, 2)))
    np.testing.assert_allclose(matrix(TWO_PAIRS, 1.0), wanted, atol=1e-12)
    near = matrix(TWO_PAIRS, 1 - 1e-7)
    np.testing.assert_allclose(near, wanted, atol=1e-6)


@pytest.mark.parametrize("sharing", SHARING)
@pytest.mark.parametrize("edges", [PATH, TWO_PAIRS, COMPLETE])
def test_a_laplacian_is_the_same_as_its_edges(sharing, edges):
    np.testing.assert_allclose(
        matrix(laplacian(edges), sharing), matrix(edges, sharing), atol=1e-12
    )


@pytest.mark.parametrize("sharing", SHARING)
def test_the_diagonal_of_edges_and_sparse_input_do_not_matter(sharing):
    wanted = matrix(PATH, sharing)
    np.testing.assert_array_equal(
        matrix(PATH + np.diag([3, 0, 1, -2]), sharing), wanted
    )
    for form in (PATH.tolist(), sparse.csr_array(PATH), sparse.coo_matrix(PATH)):
        found = Graph(form).start(columns(np.zeros(4, dtype=int)), sharing).toarray()
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("sharing", [0.4, 1.0])
def test_a_grounded_laplacian_keeps_what_it_says_of_itself(sharing):
    """Negative edges, and more on the diagonal than in the row: no pooled limit."""
    L = np.array([[2, 1, 0], [1, 2, -1], [0, -1, 2.0]])
    inverse = np.linalg.inv((1 - sharing) * np.eye(3) + sharing * L)
    root = np.sqrt(np.diag(inverse))
    M = matrix(L, sharing)
    np.testing.assert_allclose(M, inverse / root / root[:, None], atol=1e-12)
    assert M[0, 1] < 0 < M[1, 2]


@pytest.mark.parametrize("sharing", [0.4, 0.999, 1.0])
def test_components_do_not_touch_each_other(sharing):
    """One of edges alone, one that is grounded: each as if the other were not there."""
    pair, grounded = np.array([[1, -1], [-1, 1.0]]), np.array([[2, -1], [-1, 2.0]])
    both = np.kron(np.diag([1, 0]), pair) + np.kron(np.diag([0, 1]), grounded)
    M = matrix(both, sharing)
    np.testing.assert_allclose(M[:2, :2], matrix(pair, sharing), atol=1e-9)
    np.testing.assert_allclose(M[2:, 2:], matrix(grounded, sharing), atol=1e-9)


@pytest.mark.parametrize("sharing", SHARING)
def test_several_columns_per_task_are_tied_label_by_label(sharing):
    task, tie = np.repeat(np.arange(4), 3), np.tile(np.arange(3), 4)
    found = matrix(PATH, sharing, tie=tie, task=task)
    np.testing.assert_allclose(
        found, np.kron(matrix(PATH, sharing), np.eye(3)), atol=1e-12
    )


def test_columns_of_other_questions_are_not_tied():
    found = matrix(COMPLETE, 0.5, tie=np.array([0, 0, 1, 1]))
    pair = [[1, 0.5], [0.5, 1]]
    np.testing.assert_allclose(found, np.kron(np.eye(2), pair), atol=1e-12)


def test_tasks_without_columns():
    found = covariance(COMPLETE, 0.5, tie=np.zeros(2, int), task=np.array([0, 3]))
    np.testing.assert_allclose(found.toarray(), [[1, 0.5], [0.5, 1]])


def test_edges_say_which_tasks_ask_the_same():
    names = list("abcd")
    assert Graph(TWO_PAIRS).label_groups(None, names) == [[0, 1], [2, 3]]
    assert Graph(PATH).label_groups(None, names) == [[0, 1, 2, 3]]
    assert Graph(PATH).label_groups("all", names) == "all"


@pytest.mark.parametrize("sharing", [0.3, 0.9, 1.0])
@pytest.mark.parametrize("edges", [COMPLETE, PATH, TWO_PAIRS])
def test_a_large_graph_has_the_same_matrix(monkeypatch, sharing, edges):
    dense = matrix(edges, sharing)
    monkeypatch.setattr(graph_module, "MAX_DENSE", 2)
    large = covariance(edges, sharing)
    assert isinstance(large, SparseCovariance)
    np.testing.assert_allclose(large.toarray(), dense, atol=2e-5)
    V = np.random.default_rng(0).normal(size=(5, 4))
    np.testing.assert_allclose(large.times(V), V @ dense, atol=1e-4)


def test_the_diagonal_of_a_large_graph_in_chunks(monkeypatch):
    L = sparse.csr_array(laplacian(PATH))
    whole = SparseCovariance(L, 0.6).toarray()
    monkeypatch.setattr(SparseCovariance, "CHUNK", 3)
    np.testing.assert_allclose(SparseCovariance(L, 0.6).toarray(), whole, rtol=1e-12)


BAD = {
    "none": (None, "needs task_graph"),
    "asymmetric": (
        np.array([[0, 1.0], [2.0, 0]]),
        r"task_graph is not symmetric: entry \(., .\) is .\.0, \(., .\) is .\.0",
    ),
    "indefinite": (
        np.array([[0, -1.0], [-1.0, 0]]),
        "task_graph has negative entries.*least eigenvalue is -1",
    ),
    "not square": (
        np.ones((2, 3)),
        r"task_graph has shape \(2, 3\), expected a square",
    ),
    "a row": (np.ones(2), "task_graph has shape"),
    "NaN": (np.array([[0, np.nan], [np.nan, 0]]), "task_graph contains NaN or inf"),
    "infinite": (
        np.array([[0, np.inf], [np.inf, 0]]),
        "task_graph contains NaN or inf",
    ),
    "too small": (np.ones((1, 1)), r"task_graph has shape \(1, 1\).* 2 tasks"),
    "too large": (np.ones((3, 3)), r"task_graph has shape \(3, 3\).* 2 tasks"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_graphs(name):
    graph, match = BAD[name]
    with pytest.raises(ValueError, match=match):
        Graph(graph).check(columns([0, 0]))


def test_an_indefinite_large_graph_is_refused_too(monkeypatch):
    monkeypatch.setattr(graph_module, "MAX_DENSE", 1)
    with pytest.raises(ValueError, match="indefinite"):
        Graph([[0, -1.0], [-1.0, 0]]).check(columns([0, 0]))
    Graph(laplacian(PATH)).check(columns([0, 0, 0, 0]))
