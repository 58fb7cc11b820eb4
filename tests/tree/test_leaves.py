"""What leaves answer: shrunk towards their parents, or as their nearest ancestor."""

import numpy as np
import pytest

from mtlearn.tree import GrowthSettings, OutOfBagVotes, Shrinkage, draw_bag, grow
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
                Shrinkage(STRENGTHS), own)[0]  # fmt: skip


def expected_values(setting, bag, tree):
    """Of every leaf: (n_nodes, n_strengths, n_columns)."""
    first, prior = setting.labels.columns.first, setting.labels.columns.prior
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
    first = setting.labels.columns.first
    found = np.zeros((len(leaf), len(STRENGTHS), first[-1]))
    for level in range(len(STRENGTHS)):
        weight = np.zeros((setting.n_tasks, len(STRENGTHS)))
        weight[:, level] = 1
        out = np.zeros((len(leaf), first[-1]))
        tree.add_votes(leaf, setting.labels.columns, weight, out)
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
    leaf, first = tree.apply(setting.X), setting.labels.columns.first
    weight = np.random.default_rng(0).normal(size=(4, len(STRENGTHS)))
    out = np.ones((200, first[-1]))
    tree.add_votes(leaf, setting.labels.columns, weight, out)
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
        column = setting.labels.columns.first[t]
        np.testing.assert_allclose(
            found[:, :, column], setting.labels.columns.prior[column], rtol=1e-6
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
    leaf, every, by_row = tree.apply(setting.X), setting.labels.columns, setting.by_row
    votes = OutOfBagVotes.none(by_row, every, len(STRENGTHS))
    for start, stop in ((0, 90), (90, 200)):
        tree.add_out_of_bag(leaf, bag, by_row, every, votes, 1, start, stop)
    alone, first = answers(setting, tree, leaf), every.first
    for i in range(200):
        for p in range(by_row.start[i], by_row.start[i + 1]):
            t = by_row.task[p]
            source = 0 if own < 0 else 1 if own == t else 2
            counts = np.zeros(3)
            counts[source] = bag[i] == 0
            np.testing.assert_array_equal(votes.counts[1][:, p], counts)
            columns = slice(first[t], first[t + 1])
            values = alone[i, :, columns].ravel()
            place = slice(votes.place[p], votes.place[p] + len(values))
            expected = np.zeros((3, len(values)))
            expected[source] = values * (bag[i] == 0)
            np.testing.assert_allclose(votes.sums[1][:, place], expected, rtol=1e-6)


def test_out_of_bag_votes_of_several_trees_add_up():
    setting, bag, one = make()
    other = draw_bag(5, 200, 100, replace=False)
    two = grow_on(setting, other)
    columns = setting.labels.columns
    both = OutOfBagVotes.none(setting.by_row, columns, len(STRENGTHS))
    alone = [OutOfBagVotes.none(setting.by_row, columns, len(STRENGTHS)) for _ in "12"]
    for tree, its, votes in ((one, bag, alone[0]), (two, other, alone[1])):
        for to in (both, votes):
            leaf = tree.apply(setting.X)
            tree.add_out_of_bag(leaf, its, setting.by_row, columns, to, 0, 0, 200)
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


# Tasks that ask the same question.


def grouped(hidden, weighted=False, own=-1, binary=False):
    """Three tasks of classes, three of numbers, and one alone."""
    X = features(150, 3)
    kinds = ["classification"] * 3 + ["regression"] * 4
    Y = labels(X, kinds, hidden)
    Y[:, 1] = np.where(np.isnan(Y[:, 1]), np.nan, (Y[:, 0] if not binary else Y[:, 1]))
    if binary:
        Y[:, :3] = np.where(np.isnan(Y[:, :3]), np.nan, Y[:, :3] > 0)
    weight = np.random.default_rng(5).uniform(0.2, 3, Y.shape) if weighted else None
    setting = Setting(X, Y, kinds, weight, groups=[[0, 1, 2], [3, 4, 5]])
    bag = draw_bag(0, 150, 90, replace=True)
    return setting, bag, grow_on(setting, bag, own)


@pytest.mark.parametrize("way", [
    {}, {"hidden": 0}, {"hidden": 0.95}, {"weighted": True}, {"own": 1}, {"own": 6},
    {"binary": True}, {"binary": True, "hidden": 0.97},
])  # fmt: skip
def test_pooled_values(way):
    setting, bag, tree = grouped(**{"hidden": 0.6, **way})
    columns, leaf = setting.labels.columns, tree.apply(setting.X)
    rows = reference.rows_of_nodes(
        tree.nodes, setting.bins.by_row, np.repeat(np.arange(150), bag)
    )
    weight = np.zeros((7, len(STRENGTHS) + 1))
    weight[:, -1] = 1
    found = np.zeros((150, columns.first[-1]))
    tree.add_votes(leaf, columns, weight, found)
    values = setting.Y.copy()
    for t in range(7):
        if setting.labels.n_classes[t]:
            row, code, _ = setting.targets.pairs(t)
            values[row, t] = code
    for members in ([0, 1, 2], [3, 4, 5]):
        members = [t for t in members if columns.group[t] >= 0]  # those with labels
        if not members:
            continue
        n_classes = setting.labels.n_classes[members[0]]
        priors = [
            columns.prior[columns.first[t] : columns.first[t + 1]] for t in members
        ]
        deviation = reference.deviations(
            tree.nodes, rows, values[:, members], setting.weight[:, members], n_classes,
            priors,
        )  # fmt: skip
        for t, prior in zip(members, priors):
            expected = reference.pooled_values(
                tree.nodes, rows, values[:, t], setting.weight[:, t], n_classes, 10.0,
                prior, deviation,
            )[leaf]  # fmt: skip
            np.testing.assert_allclose(
                found[:, columns.first[t] : columns.first[t + 1]], expected, atol=1e-6
            )
    alone = np.zeros_like(found)  # the last task has no group: as its strongest
    weight = np.zeros_like(weight)
    weight[:, len(STRENGTHS) - 1] = 1
    tree.add_votes(leaf, columns, weight, alone)
    np.testing.assert_array_equal(found[:, -1], alone[:, -1])


def test_pooled_votes_out_of_bag():
    setting, bag, tree = grouped(0.6)
    columns, leaf, by_row = (
        setting.labels.columns,
        tree.apply(setting.X),
        setting.by_row,
    )
    n_levels = len(STRENGTHS) + 1
    votes = OutOfBagVotes.none(by_row, columns, n_levels)
    tree.add_out_of_bag(leaf, bag, by_row, columns, votes, 0, 0, 150)
    for level in range(n_levels):
        weight = np.zeros((7, n_levels))
        weight[:, level] = 1
        found = np.zeros((150, columns.first[-1]))
        tree.add_votes(leaf, columns, weight, found)
        for i in np.flatnonzero(bag == 0):
            for p in range(by_row.start[i], by_row.start[i + 1]):
                first, stop = (
                    columns.first[by_row.task[p]],
                    columns.first[by_row.task[p] + 1],
                )
                place = votes.place[p] + level * (stop - first)
                np.testing.assert_allclose(
                    votes.sums[0, 0, place : place + stop - first],
                    found[i, first:stop],
                    rtol=1e-5,
                    atol=1e-6,
                )


def test_trees_that_answer_one_task():
    setting, bag, _ = make(own=1)
    settings = GrowthSettings(max_features=2)
    arguments = (
        setting.bins, setting.labels, setting.by_row, np.eye(4)[1], bag, settings, 3,
        Shrinkage(STRENGTHS), 1,
    )  # fmt: skip
    all_tasks, _ = grow(*arguments)
    one_task, leaf = grow(*arguments, answers_all=False)
    assert set(one_task.table.task) == {1}
    columns = setting.labels.columns
    weight = np.zeros((4, len(STRENGTHS)))
    weight[1] = 0.5
    outs = [np.zeros((200, columns.first[-1])) for _ in "12"]
    for tree, out in zip((all_tasks, one_task), outs):
        tree.add_votes(leaf, columns, weight, out)
    np.testing.assert_array_equal(*outs)
    votes = OutOfBagVotes.none(setting.by_row, columns, len(STRENGTHS))
    one_task.add_out_of_bag(leaf, bag, setting.by_row, columns, votes, 0, 0, 200)
    assert votes.counts[0, 1].sum() > 0
    assert votes.counts.sum() == votes.counts[0, 1].sum()
