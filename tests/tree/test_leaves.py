"""What leaves answer: shrunk towards their parents, or as their nearest ancestor."""

import numpy as np
import pytest

from mtlearn.tree import GrowthSettings, OutOfBagVotes, draw_bag, grow
from tests.reference import tree as reference
from tests.tree.problems import KINDS, Setting, features, labels

STRENGTHS = [0.0, 1.0, 10.0]


def make(n=200, hidden=0.3, weighted=False, kinds=KINDS, **params):
    X = features(n, 3)
    Y = labels(X, kinds, hidden)
    weight = None
    if weighted:
        weight = np.random.default_rng(5).uniform(0.2, 3, size=Y.shape)
    setting = Setting(X, Y, kinds, weight)
    bag = draw_bag(0, n, int(0.6 * n), replace=True)
    tree = grow_on(setting, bag, **params)
    return setting, bag, tree


def grow_on(setting, bag, own=-1, **params):
    weight = np.ones(setting.n_tasks) if own < 0 else np.eye(setting.n_tasks)[own]
    settings = GrowthSettings(max_features=2, **params)
    return grow(setting.bins, setting.labels, setting.by_row, weight, bag, settings, 3,
                STRENGTHS, own)  # fmt: skip


def expected_values(setting, bag, tree):
    """Of every leaf: (n_nodes, n_strengths, n_columns)."""
    first, prior = setting.labels.first, setting.labels.prior
    rows = reference.rows_of_nodes(
        tree.nodes, setting.bins.by_row, np.repeat(np.arange(len(bag)), bag)
    )
    found = np.empty((len(tree.nodes), len(STRENGTHS), first[-1]))
    for t in range(setting.n_tasks):
        columns = slice(first[t], first[t + 1])
        for level, strength in enumerate(STRENGTHS):
            found[:, level, columns] = reference.leaf_values(
                tree.nodes, rows, setting.Y[:, t], setting.weight[:, t],
                setting.labels.n_classes[t], strength, prior[columns],
            )  # fmt: skip
    return found


def answers(setting, tree, leaf):
    """What add_votes gives for each strength alone, (n, n_strengths, n_columns)."""
    first = setting.labels.first
    found = np.zeros((len(leaf), len(STRENGTHS), first[-1]))
    for level in range(len(STRENGTHS)):
        weight = np.zeros((setting.n_tasks, len(STRENGTHS)))
        weight[:, level] = 1
        out = np.zeros((len(leaf), first[-1]))
        tree.add_votes(leaf, first, weight, out)
        found[:, level] = out
    return found


WAYS = {
    "complete": {"hidden": 0},
    "missing labels": {},
    "few labels": {"hidden": 0.95},
    "weights": {"weighted": True},
    "own tree": {"own": 1},
    "own tree, few labels": {"own": 2, "hidden": 0.9},
    "small": {"max_depth": 3},
    "best first": {"max_leaves": 9},
    "labels": {"kinds": ["classification"] * 5},
    "one task": {"kinds": ["regression"]},
}


@pytest.mark.parametrize("way", WAYS)
def test_values_are_shrunk_towards_the_parent(way):
    setting, bag, tree = make(**WAYS[way])
    leaf = tree.apply(setting.X)
    expected = expected_values(setting, bag, tree)[leaf]
    np.testing.assert_allclose(
        answers(setting, tree, leaf), expected, rtol=1e-5, atol=1e-6
    )


def test_strengths_add_up_by_task():
    setting, _, tree = make()
    leaf, first = tree.apply(setting.X), setting.labels.first
    weight = np.random.default_rng(0).normal(size=(4, len(STRENGTHS)))
    out = np.ones((200, first[-1]))
    tree.add_votes(leaf, first, weight, out)
    task = np.repeat(np.arange(4), np.diff(first))
    alone = answers(setting, tree, leaf)
    np.testing.assert_allclose(out, 1 + np.einsum("nlk,kl->nk", alone, weight[task]))


def test_shares_of_classes_sum_to_one():
    setting, _, tree = make(kinds=["classification"])
    shares = answers(setting, tree, tree.apply(setting.X))
    np.testing.assert_allclose(shares.sum(axis=2), 1, rtol=1e-6)
    assert shares.min() >= 0


def test_a_task_without_labels_in_the_bag_has_its_prior():
    X = features(50, 2)
    Y = labels(X)
    Y[:25, 1] = Y[:25, 3] = np.nan
    setting = Setting(X, Y)
    bag = (np.arange(50) < 25).astype(np.int32)
    found = answers(setting, tree := grow_on(setting, bag), tree.apply(X))
    for t in (1, 3):
        column = setting.labels.first[t]
        np.testing.assert_allclose(
            found[:, :, column], setting.labels.prior[column], rtol=1e-6
        )


def test_memory_is_that_of_the_labels():
    """Not leaves times tasks."""
    T, m = 400, 20
    X = features(T * m, 3)
    Y = np.full((T * m, T), np.nan)
    Y[np.arange(T * m), np.repeat(np.arange(T), m)] = X[:, 0] + X[:, 1]
    setting = Setting(X, Y, ["regression"] * T)
    tree = grow_on(setting, setting.all_rows)
    n_leaves = tree.is_leaf.sum()
    assert n_leaves > 200
    assert len(tree.table.task) < 6 * T * m < n_leaves * T / 2
    leaf = tree.apply(X)
    some = np.random.default_rng(0).permutation(T * m)[:20]
    expected = expected_values(setting, setting.all_rows, tree)[leaf[some]]
    np.testing.assert_allclose(
        answers(setting, tree, leaf[some]), expected, rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize("own", [-1, 0, 2])
def test_out_of_bag_votes(own):
    setting, bag, tree = make(own=own)
    leaf, first = tree.apply(setting.X), setting.labels.first
    votes = OutOfBagVotes.none(setting.by_row, first, len(STRENGTHS))
    for start, stop in ((0, 90), (90, 200)):
        tree.add_out_of_bag(leaf, bag, setting.by_row, first, votes, start, stop)
    alone, by_row = answers(setting, tree, leaf), setting.by_row
    for i in range(200):
        for p in range(by_row.start[i], by_row.start[i + 1]):
            t = by_row.task[p]
            source = 0 if own < 0 else 1 if own == t else 2
            counts = np.zeros(3)
            counts[source] = bag[i] == 0
            np.testing.assert_array_equal(votes.counts[:, p], counts)
            columns = slice(first[t], first[t + 1])
            values = alone[i, :, columns].ravel()
            place = slice(votes.place[p], votes.place[p] + len(values))
            expected = np.zeros((3, len(values)))
            expected[source] = values * (bag[i] == 0)
            np.testing.assert_allclose(votes.sums[:, place], expected, rtol=1e-6)


def test_out_of_bag_votes_of_several_trees_add_up():
    setting, bag, one = make()
    other = draw_bag(5, 200, 100, replace=False)
    two = grow_on(setting, other)
    first = setting.labels.first
    both = OutOfBagVotes.none(setting.by_row, first, len(STRENGTHS))
    alone = [OutOfBagVotes.none(setting.by_row, first, len(STRENGTHS)) for _ in "12"]
    for tree, its, votes in ((one, bag, alone[0]), (two, other, alone[1])):
        for to in (both, votes):
            leaf = tree.apply(setting.X)
            tree.add_out_of_bag(leaf, its, setting.by_row, first, to, 0, 200)
    np.testing.assert_array_equal(both.counts, alone[0].counts + alone[1].counts)
    np.testing.assert_allclose(both.sums, alone[0].sums + alone[1].sums, rtol=1e-6)


def test_labels_by_row_and_by_task_are_the_same():
    setting, *_ = make(weighted=True)
    by_task, by_row = setting.labels, setting.by_row
    seen = {}
    for t in range(4):
        for p in range(by_task.start[t], by_task.start[t + 1]):
            seen[by_task.row[p], t] = by_task.value[p], by_task.weight[p]
    for i in range(200):
        tasks = by_row.task[by_row.start[i] : by_row.start[i + 1]]
        assert (np.diff(tasks) > 0).all()
        for p in range(by_row.start[i], by_row.start[i + 1]):
            pair = seen.pop((i, by_row.task[p]))
            assert pair == (by_row.value[p], by_row.weight[p])
    assert not seen
    np.testing.assert_array_equal(
        by_row.rows_of(np.array([True, False, False, True])),
        np.flatnonzero(~np.isnan(setting.Y[:, [0, 3]]).all(axis=1)),
    )


@pytest.mark.parametrize("entropy", [False, True])
def test_impurity_at_the_root(entropy):
    setting, *_ = make(weighted=True)
    again = Setting(
        setting.X, setting.Y, setting.kinds, setting.weight, entropy=entropy
    )
    for t in range(4):
        its = ~np.isnan(setting.Y[:, t])
        expected = reference.impurity(
            setting.Y[its, t],
            setting.weight[its, t],
            again.labels.n_classes[t],
            entropy,
        )
        assert again.labels.impurity[t] == pytest.approx(expected)
