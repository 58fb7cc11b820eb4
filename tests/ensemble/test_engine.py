"""The engine of forests: the same for any number of jobs, and fair to every task."""

import numpy as np
import pytest
from scipy.optimize import lsq_linear

from mtlearn.ensemble.allocation import grow_forest
from mtlearn.ensemble.forest import Forest
from mtlearn.ensemble.growing import SHARED, Nursery, Plot, Sampling
from mtlearn.ensemble.stacking import (
    PULL_TO_ALL,
    PULL_TO_EQUAL,
    Answers,
    System,
    solve_systems,
    stack,
)
from mtlearn.tree import GrowthSettings, Shrinkage
from tests.tree.problems import KINDS, Setting, features, labels

ALL = np.array([True, True, True])


def make(n=300, hidden=0.2, kinds=KINDS, n_draws=0.632, n_jobs=None, seed=0, X=None,
         Y=None, weight=None, sharing=None):  # fmt: skip
    X = features(n, 6) if X is None else X
    Y = labels(X, kinds, hidden) if Y is None else Y
    setting = Setting(X, Y, kinds, weight)
    plot = Plot(
        setting.bins, setting.labels, setting.by_row, np.ones(len(kinds)),
        GrowthSettings(max_features=2),
        Sampling(n_draws and int(n_draws * len(X)), False),
        own_trees_answer_all=sharing != 0,
    )  # fmt: skip
    return setting, Nursery(plot, np.random.RandomState(seed), n_jobs)


def forest_of(setting, nursery, sources):
    answers = Answers(nursery.votes, setting.labels, setting.by_row, sources)
    weights = stack(answers, 1.0)
    return Forest(
        nursery.trees,
        setting.labels.columns,
        weights,
        nursery.plot.own_trees_answer_all,
    ), answers


def fitted(n_estimators=20, sharing="auto", **kwargs):
    setting, nursery = make(sharing=sharing, **kwargs)
    sources = grow_forest(nursery, n_estimators, sharing)
    return setting, nursery, *forest_of(setting, nursery, sources), sources


# Growing.


@pytest.mark.parametrize("sharing", [0, 0.4, 1, "auto"])
def test_any_number_of_jobs(sharing):
    found = [fitted(sharing=sharing, n_jobs=n_jobs) for n_jobs in (1, 2, 5)]
    setting, first, forest, *_ = found[0]
    for _, nursery, other, *_ in found[1:]:
        assert nursery.seeds == first.seeds
        np.testing.assert_array_equal(nursery.votes.sums, first.votes.sums)
        np.testing.assert_array_equal(nursery.votes.counts, first.votes.counts)
        np.testing.assert_array_equal(other.source_weights, forest.source_weights)
    answers = [forest.answer(setting.X, n_jobs) for n_jobs in (1, 2, 7)]
    np.testing.assert_array_equal(answers[0], answers[1])
    np.testing.assert_array_equal(answers[0], answers[2])


def test_seeds():
    one, two, three = (fitted(seed=seed)[1] for seed in (0, 0, 1))
    assert one.seeds == two.seeds != three.seeds
    np.testing.assert_array_equal(one.votes.sums, two.votes.sums)


def test_votes_are_those_of_trees_that_did_not_see_the_row():
    setting, nursery, *_ = fitted(n_estimators=8, sharing=0.5)
    seen = np.array([nursery.plot.bag(seed) for seed in nursery.seeds]) > 0
    owners = np.array([tree.own for tree in nursery.trees])
    by_row = setting.by_row
    row = np.repeat(np.arange(300), np.diff(by_row.start))
    for p in range(0, len(row), 7):
        unseen = owners[~seen[:, row[p]]]
        t = by_row.task[p]
        expected = [
            np.sum(unseen == SHARED),
            np.sum(unseen == t),
            np.sum((unseen != SHARED) & (unseen != t)),
        ]
        np.testing.assert_array_equal(nursery.votes.counts.sum(axis=0)[:, p], expected)


# The dial.


def owners_of(nursery):
    return np.array([tree.own for tree in nursery.trees])


def test_ends_of_the_dial():
    _, nursery, forest, _, sources = fitted(sharing=1)
    assert (owners_of(nursery) == SHARED).all()
    assert len(nursery.trees) == 20
    np.testing.assert_array_equal(sources, [True, False, False])
    np.testing.assert_array_equal(forest.source_weights[:, 1:], 0)
    _, nursery, forest, _, sources = fitted(sharing=0)
    assert (owners_of(nursery) != SHARED).all()
    assert np.ptp(np.bincount(owners_of(nursery))) < 0.5 * len(nursery.trees)
    np.testing.assert_array_equal(sources, [False, True, False])
    np.testing.assert_array_equal(forest.source_weights[:, [0, 2]], 0)


@pytest.mark.parametrize("sharing", [0, 0.3, 0.8])
def test_the_dial_is_the_share_of_the_work(sharing):
    _, nursery, *_ = fitted(sharing=sharing, n_estimators=40)
    shared = fitted(sharing=1, n_estimators=40)[1]
    whole = sum(tree.work for tree in shared.trees)
    by_kind = [
        sum(tree.work for tree in nursery.trees if (tree.own == SHARED) == kind)
        for kind in (True, False)
    ]
    assert by_kind[0] == pytest.approx(sharing * whole, rel=0.1, abs=1)
    assert sum(by_kind) == pytest.approx(whole, rel=0.1)


@pytest.mark.parametrize("n_estimators", [1, 2, 3])
@pytest.mark.parametrize("sharing", [0, 0.3, 0.9, 1, "auto"])
def test_the_smallest_forests(n_estimators, sharing):
    setting, nursery, forest, _, sources = fitted(n_estimators, sharing)
    owners = set(owners_of(nursery))
    assert (SHARED in owners) == (sharing != 0) == sources[0]
    assert ({0, 1, 2, 3} <= owners) == (sharing != 1) == sources[1]
    assert np.isfinite(forest.answer(setting.X)).all()
    np.testing.assert_allclose(forest.source_weights.sum(axis=(1, 2)), 1)


def test_auto_spends_as_much():
    _, nursery, *_ = fitted(n_estimators=40)
    shared = fitted(sharing=1, n_estimators=40)[1]
    works = [sum(tree.work for tree in each.trees) for each in (nursery, shared)]
    assert works[0] == pytest.approx(works[1], rel=0.12)


def test_weight_goes_where_the_skill_is():
    """Unrelated tasks listen to their own trees, six copies of one task to all."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 8)).astype(np.float32)
    apart = np.stack([X[:, 0] * X[:, 1] > 0, X[:, 2] * X[:, 3] > 0], axis=1)
    same = (X[:, :1] + X[:, 1:2] > 0) ^ (rng.random((600, 6)) < 0.3)
    same = np.where(rng.random(same.shape) < 0.8, np.nan, same)
    own = []
    for Y in (apart.astype(float), same):
        kinds = ["classification"] * Y.shape[1]
        _, _, forest, *_ = fitted(n_estimators=40, X=X, Y=Y, kinds=kinds)
        own.append(forest.source_weights[:, 1].sum(axis=1).mean())
    assert own[0] > 0.4
    assert own[1] < 0.25


def test_one_task_has_nothing_to_share():
    _, nursery, *_ = fitted(sharing=0, kinds=["regression"])
    assert (owners_of(nursery) == SHARED).all()


def test_tasks_without_anything_to_tell_apart_get_no_trees():
    X = features(100, 6)
    Y = labels(X)
    Y[:, 1], Y[:, 2] = np.nan, 7.0
    _, nursery, forest, *_ = fitted(sharing=0, X=X, Y=Y)
    assert set(owners_of(nursery)) == {0, 3}
    assert np.isfinite(forest.answer(X)).all()


# Stacking.


def test_weights_are_non_negative_and_sum_to_one():
    *_, forest, _, sources = fitted(sharing=0.5)
    weights = forest.source_weights
    assert weights.shape == (4, 3, len(Shrinkage().strengths))
    assert (weights >= 0).all()
    np.testing.assert_allclose(weights.sum(axis=(1, 2)), 1)
    assert sources.all()


@pytest.mark.parametrize("weighted", [False, True])
def test_answers_of_a_task(weighted):
    weight = np.random.default_rng(3).uniform(0.5, 2, (300, 4)) if weighted else None
    setting, nursery, _, answers, _ = fitted(sharing=0.5, weight=weight)
    votes, by_row = nursery.votes, setting.by_row
    row = np.repeat(np.arange(300), np.diff(by_row.start))
    for t in range(4):
        task = answers.of(t)
        A, Y, w, known = task.A, task.Y, task.weight, task.known
        its = np.flatnonzero(by_row.task == t)
        its = its[np.argsort(row[its])]
        counted = (votes.counts.sum(axis=0)[:, its] > 0).any(axis=0)
        np.testing.assert_array_equal(known, counted)
        width = setting.labels.columns.first[t + 1] - setting.labels.columns.first[t]
        for i, p in enumerate(its[counted]):
            y = setting.Y[row[p], t]
            wanted = [y] if width == 1 else np.arange(width) == y
            if KINDS[t] == "regression":
                wanted = [setting.targets.pairs(t)[1][np.flatnonzero(counted)[i]]]
            np.testing.assert_allclose(Y[i], wanted)
            assert w[i] == (weight[row[p], t] if weighted else 1)
            place = votes.place[p] + np.arange(width * len(Shrinkage().strengths))
            sums, counts = votes.sums.sum(axis=0), votes.counts.sum(axis=0)[:, p]
            means = sums[:, place] / np.maximum(counts, 1)[:, None]  # 0 without votes
            means = means.reshape(3, len(Shrinkage().strengths), width)
            np.testing.assert_allclose(
                A[i].reshape(width, 3, -1), means.transpose(2, 0, 1), rtol=1e-6
            )


def test_weights_are_least_squares():
    """With bounds and pulls, by a general optimiser."""
    _, _, forest, answers, _ = fitted(sharing=0.5)
    rows, sides, lengths = [], [], []
    for t in range(4):
        task = answers.of(t)
        every = (task.votes > 0).all(axis=1)
        lengths.append(every.sum())
        A, Y = (x[every] - x[every].mean(axis=0) for x in (task.A, task.Y))
        spread = np.sqrt(np.sum(Y**2) / len(Y))
        rows.append(A.reshape(-1, 6) / spread)
        sides.append(Y.ravel() / spread)

    def solve(A, y, towards, pull, m):
        ridge = np.sqrt(pull * np.sum(A**2) / 6 / m)
        found = lsq_linear(
            np.vstack([A, ridge * np.eye(6)]), np.r_[y, ridge * towards], (0, np.inf),
            tol=1e-12,
        ).x  # fmt: skip
        return found / found.sum()

    common = solve(
        np.vstack(rows),
        np.concatenate(sides),
        np.full(6, 1 / 6),
        PULL_TO_EQUAL,
        sum(lengths),
    )
    for t in range(4):
        expected = solve(rows[t], sides[t], common, PULL_TO_ALL, lengths[t])
        np.testing.assert_allclose(
            forest.source_weights[t].ravel(), expected, atol=1e-4
        )


def system(gram, right, total, chance=0.0):
    gram = np.asarray(gram, dtype=float)
    return System(gram, chance * np.ones_like(gram), np.array(right), total)


def test_a_task_without_answers_has_the_weights_of_all():
    full = system(np.diag([1000.0, 300.0]), [1000.0, 0.0], 1000.0)
    empty = system(np.zeros((2, 2)), [0.0, 0.0], 0.0)
    one, two = solve_systems([full, empty], np.ones(2))
    assert one[0] > two[0] > 0.7
    np.testing.assert_allclose(solve_systems([empty], np.ones(2)), 0.5)


def test_chance_is_known_from_halves():
    """The Gram matrix that a hundred trees will have, known from twelve."""
    few, many = (
        fitted(n_estimators, sharing=1, n=600, hidden=0)[3].systems()
        for n_estimators in (12, 100)
    )
    for small, large in zip(few, many):
        seen = np.diag(small.gram) / small.total
        truth = np.diag(large.gram) / large.total
        found = np.diag(small.with_trees(np.full(2, 100 / 12))) / small.total
        assert abs(found[0] - truth[0]) < 0.4 * abs(seen[0] - truth[0])
        fewer = np.diag(small.with_trees(np.full(2, 0.5))) / small.total
        assert (fewer > seen).all()


def test_without_rows_out_of_bag_all_sources_count_the_same():
    *_, forest, _, sources = fitted(n_draws=None, sharing=0.5)
    assert sources.all()
    np.testing.assert_allclose(forest.source_weights, 1 / 6)


# Answers.


@pytest.mark.parametrize("sharing", [0, 0.5, 1])
def test_answers_are_weighted_means(sharing):
    setting, nursery, forest, *_ = fitted(sharing=sharing, hidden=0)
    first = setting.labels.columns.first
    expected = np.zeros((300, first[-1]))
    for t in range(4):
        columns = slice(first[t], first[t + 1])
        for source in range(3):
            its = [
                tree
                for tree in nursery.trees
                if source == (0 if tree.own == SHARED else 1 if tree.own == t else 2)
            ]
            for level in range(len(Shrinkage().strengths)):
                weight = np.zeros((4, len(Shrinkage().strengths)))
                weight[t, level] = 1
                out = np.zeros_like(expected)
                for tree in its:
                    tree.add_votes(
                        tree.apply(setting.X), setting.labels.columns, weight, out
                    )
                share = forest.source_weights[t, source, level]
                expected[:, columns] += share * out[:, columns] / max(len(its), 1)
    np.testing.assert_allclose(forest.answer(setting.X), expected, rtol=1e-9)


def test_forests_learn():
    X = np.random.default_rng(0).normal(size=(1500, 6)).astype(np.float32)
    Y = np.column_stack([X[:, 0] * X[:, 1] > 0, np.abs(X[:, 2]) + X[:, 3]])
    kinds = ["classification", "regression"]
    _, _, forest, *_ = fitted(60, X=X[:1000], Y=Y[:1000], kinds=kinds)
    found = forest.answer(X[1000:])
    assert np.mean((found[:, 0] > 0.5) == Y[1000:, 0]) > 0.9
    assert np.corrcoef(found[:, 1], Y[1000:, 1])[0, 1] > 0.9
