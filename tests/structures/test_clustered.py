"""Tasks in clusters: those that are given, and what is said of them."""

from types import SimpleNamespace

import numpy as np
import pytest

from mtlearn.structures import Clustered, Mean
from tests.reference.columns import columns


@pytest.mark.parametrize("sharing", [0.3, 0.9, 1.0])
def test_given_clusters(sharing):
    structure, targets = Clustered(clusters=["x", "y", "x", "y"]), columns([0, 0, 0, 0])
    M = structure.start(targets, sharing)
    wanted = np.eye(4)
    wanted[[0, 2, 1, 3], [2, 0, 3, 1]] = sharing
    np.testing.assert_allclose(M.toarray(), wanted)
    assert structure.revise(np.ones((4, 2)), targets, sharing, M) is None


def test_columns_of_one_cluster_are_tied_label_by_label():
    task, tie = np.repeat(np.arange(4), 2), np.tile([0, 1], 4)
    targets = columns(tie, task)
    M = Clustered(clusters=[0, 0, 1, 1]).start(targets, 0.5).toarray()
    pair = [[1, 0.5], [0.5, 1]]
    np.testing.assert_allclose(M, np.kron(np.eye(2), np.kron(pair, np.eye(2))))


@pytest.mark.parametrize("sharing", [0.2, 1.0])
def test_one_cluster_is_mean(sharing):
    targets = columns([0, 1, 0, 0])
    one = Clustered(clusters=[5, 5, 5, 5]).start(targets, sharing).toarray()
    np.testing.assert_allclose(one, Mean().start(targets, sharing).toarray())


@pytest.mark.parametrize("structure", [Clustered(), Clustered(clusters=[0, 0, 1])])
def test_sharing_0_is_independent(structure):
    targets = columns([0, 0, 0])
    M = structure.start(targets, 0.0)
    np.testing.assert_array_equal(M.toarray(), np.eye(3))
    assert structure.revise(np.ones((3, 2)), targets, 0.0, M) is None


def test_facts_tell_the_cluster_of_each_task():
    structure, targets = Clustered(clusters=["b", "a", "b"]), columns([0, 0, 0])
    facts = structure.facts(None, structure.start(targets, 0.4), targets)
    assert list(facts) == ["task_labels_"]
    np.testing.assert_array_equal(facts["task_labels_"], [1, 0, 1])


def test_shared_part_is_one_row_per_cluster_of_two_or_more():
    structure, targets = Clustered(clusters=[0, 1, 0, 2]), columns([0, 0, 0, 0])
    W = np.random.default_rng(0).normal(size=(3, 4))
    M = structure.start(targets, 1.0)
    shared, member = structure.shared_part(SimpleNamespace(W=W), M, targets, 1.0)
    assert member.tolist() == [0, -1, 0, -1]
    np.testing.assert_allclose(shared, [W[:, [0, 2]].mean(axis=1)])


@pytest.mark.parametrize(
    ("structure", "match"),
    [
        (Clustered(clusters=[0, 1]), r"clusters has shape \(2,\).* 3 tasks"),
        (Clustered(n_clusters=0), "n_clusters=0 must be a whole number >= 1"),
        (Clustered(n_clusters=2.5), "n_clusters=2.5 must be"),
        (Clustered(n_clusters="two"), "n_clusters='two' must be"),
    ],
)
def test_bad_parameters(structure, match):
    with pytest.raises(ValueError, match=match):
        structure.check(columns([0, 0, 0]))
