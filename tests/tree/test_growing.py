"""Growth: every split is the best there is, and scikit-learn's trees are twins."""

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from mtlearn._kernels import NODE
from mtlearn.tree import (
    GrowthSettings,
    Shrinkage,
    Tree,
    bin_features,
    draw_bag,
    grow,
)
from tests.reference import tree as reference
from tests.tree.problems import KINDS, Setting, features, labels


def grown(setting, weight=None, bag=None, seed=0, own=-1, **params):
    weight = np.ones(setting.n_tasks) if weight is None else np.asarray(weight, float)
    bag = setting.all_rows if bag is None else bag
    params = {"max_features": setting.X.shape[1], **params}
    return grow(
        setting.bins, setting.labels, setting.by_row, weight, bag,
        GrowthSettings(**params), seed, Shrinkage(), own,
    )[0]  # fmt: skip


def twin(setting, weight=None, **params):
    weight = np.ones(setting.n_tasks) if weight is None else np.asarray(weight, float)
    impurity = setting.labels.impurity
    gain = np.divide(weight, impurity, out=np.zeros(len(weight)), where=impurity > 0)
    return reference.Problem(
        setting.bins.by_row, setting.Y, setting.weight, setting.labels.n_classes, gain,
        **params,
    )  # fmt: skip


def check_splits(tree, problem, rows, min_split=2, some=None):
    """Every split is as good as the best, and leaves could not be split.

    Nodes of many rows are dear to check: ``some`` says how many at most.
    """
    nodes = tree.nodes
    found = reference.rows_of_nodes(nodes, problem.bins, rows)
    assert len(found) == len(nodes)
    order = np.random.default_rng(0).permutation(len(nodes))
    for i in np.r_[0, order[:some]]:
        here, node = found[i], nodes[i]
        if node["feature"] < 0:
            small = len(here) < max(min_split, 2 * problem.min_leaf)
            assert small or problem.is_pure(here) or problem.best_fall(here) is None
            continue
        left = reference.goes_left(node, problem.bins[here, node["feature"]])
        assert min(left.sum(), (~left).sum()) >= problem.min_leaf
        assert not problem.is_pure(here)
        fall, best = problem.fall(here, left), problem.best_fall(here)
        assert fall == pytest.approx(best, rel=1e-7, abs=1e-10)
    return found


WAYS = {
    "labels of one task": {"kinds": KINDS[:1]},
    "two tasks of labels": {"kinds": KINDS[:2]},
    "four tasks of labels": {"kinds": ["classification"] * 4},
    "seven tasks of labels": {"kinds": ["classification"] * 7},
    "numbers of one task": {"kinds": KINDS[2:3]},
    "six tasks of numbers": {"kinds": ["regression"] * 6},
    "both": {},
    "missing labels": {"hidden": 0.4},
    "weights": {"weighted": True},
    "weights and missing labels": {"weighted": True, "hidden": 0.4},
    "missing values": {"missing": 0.2},
    "missing values and labels": {"missing": 0.2, "hidden": 0.4},
    "entropy": {"entropy": True},
    "entropy and weights": {"entropy": True, "weighted": True, "hidden": 0.3},
    "leaves of five rows": {"min_leaf": 5},
    "large leaves, missing values": {"min_leaf": 9, "missing": 0.3},
    "a task without a say": {"weight": [1, 0, 2, 0.5]},
}


def make(way, n, n_values=200):
    way = {"kinds": KINDS, **WAYS[way]}
    X = features(n, 3, missing=way.get("missing", 0), n_values=n_values)
    Y = labels(X, way["kinds"], way.get("hidden", 0))
    weight = None
    if way.get("weighted"):
        weight = np.random.default_rng(5).uniform(0.2, 3, size=Y.shape)
    return Setting(X, Y, way["kinds"], weight, way.get("entropy", False))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("n", "n_values", "some"), [
    (40, 200, None), (120, 5, None), (400, 200, 25), (900, 200, 8), (3000, 12, 8),
])  # fmt: skip
def test_every_split_is_the_best(way, n, n_values, some):
    setting, options = make(way, n, n_values), WAYS[way]
    shared = {
        "entropy": options.get("entropy", False),
        "min_leaf": options.get("min_leaf", 1),
    }
    tree = grown(setting, options.get("weight"), **shared)
    problem = twin(setting, options.get("weight"), **shared)
    with np.errstate(all="ignore"):
        check_splits(tree, problem, problem.rows_with_labels(), some=some)
    assert len(tree.nodes) > 5


@pytest.mark.parametrize("n_bins", [255, 20])
@pytest.mark.parametrize("missing", [0, 0.2])
def test_values_and_bins_end_in_the_same_leaf(n_bins, missing):
    X = np.random.default_rng(0).normal(size=(700, 5)).astype(np.float32)
    X[np.random.default_rng(1).random(X.shape) < missing] = np.nan
    setting = Setting(X, labels(X), max_bins=n_bins)
    bag = draw_bag(0, 700, 300, False)
    tree = grown(setting, bag=bag)
    leaf = tree.apply(X)
    np.testing.assert_array_equal(leaf, tree.apply(setting.bins.by_row))
    found = reference.rows_of_nodes(tree.nodes, setting.bins.by_row, np.arange(700))
    for i in np.flatnonzero(tree.is_leaf):
        assert (leaf[found[i]] == i).all()


# Beside scikit-learn.


def assert_same_tree(ours, theirs, X):
    found, tree = ours.nodes, theirs.tree_
    inner = tree.feature >= 0
    np.testing.assert_array_equal(found["feature"][inner], tree.feature[inner])
    np.testing.assert_array_equal(found["left"][inner], tree.children_left[inner])
    np.testing.assert_array_equal(found["right"][inner], tree.children_right[inner])
    np.testing.assert_array_equal(found["threshold"][inner], tree.threshold[inner])
    np.testing.assert_array_equal(ours.apply(X), theirs.apply(X))


@pytest.mark.parametrize("n", [300, 3000])
@pytest.mark.parametrize("limits", [
    {"min_samples_leaf": 10}, {"max_depth": 4}, {"min_samples_split": 60},
])  # fmt: skip
def test_the_same_tree_of_numbers(n, limits):
    X = features(n, 6)
    y = labels(X, ["regression"])
    names = {"min_samples_leaf": "min_leaf", "min_samples_split": "min_split"}
    ours = grown(
        Setting(X, y, ["regression"]),
        **{names.get(name, name): value for name, value in limits.items()},
    )
    theirs = DecisionTreeRegressor(random_state=0, **limits).fit(X, y)
    assert_same_tree(ours, theirs, X)


@pytest.mark.parametrize("criterion", ["gini", "entropy"])
@pytest.mark.parametrize("n", [300, 3000])
def test_the_same_tree_of_weighted_labels(n, criterion):
    """Weights leave no two cuts that are equally good."""
    X = features(n, 6)
    y = labels(X, ["classification"])
    # Sums of these are exact: rounding alone makes scikit-learn split pure nodes.
    weight = np.random.default_rng(0).integers(10, 200, size=n) / 64
    entropy = criterion == "entropy"
    setting = Setting(X, y, ["classification"], weight[:, None], entropy)
    ours = grown(setting, min_leaf=7, entropy=entropy)
    theirs = DecisionTreeClassifier(
        random_state=0, min_samples_leaf=7, criterion=criterion
    ).fit(X, y, weight)
    assert_same_tree(ours, theirs, X)


def test_the_same_leaves_where_they_are_counted():
    X = features(600, 5)
    y = labels(X, ["regression"])
    for max_leaves in (2, 7, 40):
        ours = grown(Setting(X, y, ["regression"]), max_leaves=max_leaves)
        theirs = DecisionTreeRegressor(max_leaf_nodes=max_leaves, random_state=0)
        one, two = ours.apply(X), theirs.fit(X, y).apply(X)
        assert len(np.unique(one)) == max_leaves
        np.testing.assert_array_equal(
            one[:, None] == one[None], two[:, None] == two[None]
        )


# What changes nothing.


def same_leaves(one, two, X):
    a, b = one.apply(X), two.apply(X)
    return np.array_equal(a[:, None] == a[None], b[:, None] == b[None])


@pytest.mark.parametrize("hidden", [0, 0.4])
def test_units_of_numbers(hidden):
    X = features(300, 4)
    Y = labels(X, hidden=hidden)
    scaled = Y.copy()
    scaled[:, 2:] *= [4096.0, 2.0**-20]
    one, two = grown(Setting(X, Y)), grown(Setting(X, scaled))
    np.testing.assert_array_equal(one.nodes, two.nodes)


@pytest.mark.parametrize("hidden", [0, 0.4])
def test_a_task_twice_with_half_the_weight(hidden):
    X = features(300, 4)
    Y = labels(X, hidden=hidden)
    twice = Setting(X, np.column_stack([Y, Y[:, [1, 2]]]), [*KINDS, *KINDS[1:3]])
    one = grown(Setting(X, Y))
    two = grown(twice, weight=[1, 0.5, 0.5, 1, 0.5, 0.5])
    assert same_leaves(one, two, X)


@pytest.mark.parametrize("hidden", [0, 0.4])
def test_order_of_tasks(hidden):
    X = features(300, 4)
    Y = labels(X, hidden=hidden)
    order = [2, 0, 3, 1]
    one = grown(Setting(X, Y))
    two = grown(Setting(X, Y[:, order], [KINDS[t] for t in order]))
    assert same_leaves(one, two, X)


def test_weights_are_repetitions():
    X = features(200, 4)
    Y = labels(X, hidden=0.2)
    count = np.random.default_rng(0).integers(0, 4, size=200)
    weight = np.repeat(count[:, None], 4, axis=1).astype(float)
    weighted = grown(Setting(X, Y, weight=weight), max_depth=5)
    again = np.repeat(np.arange(200), count)
    repeated = grown(Setting(X[again], Y[again]), max_depth=5)
    bag = grown(Setting(X, Y), bag=count.astype(np.int32), max_depth=5)
    # Bins of fewer rows part at other values; the rows in them are the same.
    its = np.flatnonzero(count)
    one, two = weighted.apply(X[its]), repeated.apply(X[its])
    np.testing.assert_array_equal(one[:, None] == one, two[:, None] == two)
    assert bag.work > 0


def test_rows_without_labels_are_no_rows():
    X = features(200, 4)
    Y = labels(X)
    Y[::3] = np.nan
    its = np.flatnonzero(~np.isnan(Y[:, 0]))
    one = grown(Setting(X, Y), min_leaf=5, min_split=15)
    two = grown(Setting(X[its], Y[its]), min_leaf=5, min_split=15)
    np.testing.assert_array_equal(one.nodes["feature"], two.nodes["feature"])
    assert same_leaves(one, two, X[its])


def test_own_trees_ask_only_their_task():
    X = features(300, 4)
    Y = labels(X, hidden=0.3)
    one = grown(Setting(X, Y), weight=np.eye(4)[2], own=2)
    two = grown(Setting(X, Y[:, 2:3], KINDS[2:3]))
    np.testing.assert_array_equal(one.nodes, two.nodes)
    assert (one.own, two.own) == (2, -1)


# Drawing features, and cuts.


def test_constant_features_do_not_count():
    rng = np.random.default_rng(0)
    X = np.ones((200, 60), np.float32)
    X[:, 37] = rng.normal(size=200)
    X[:100, 11] = 2  # constant on either side of itself
    y = np.where(X[:, 11] > 1, X[:, 37], -X[:, 37])[:, None]
    tree = grown(Setting(X, y, ["regression"]), max_features=1)
    assert set(np.unique(tree.nodes["feature"])) == {-1, 11, 37}
    assert tree.is_leaf.sum() == 200


@pytest.mark.parametrize("n", [60, 300, 2000])
@pytest.mark.parametrize("random_cuts", [False, True])
def test_features_are_drawn_evenly(n, random_cuts):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 10)).astype(np.float32)
    y = rng.normal(size=(n, 1))
    setting = Setting(X, y, ["regression"])
    roots = [
        grown(setting, seed=seed, max_features=1, max_depth=1, random_cuts=random_cuts)
        .nodes["feature"][0]
        for seed in range(600)
    ]  # fmt: skip
    counts = np.bincount(roots, minlength=10)
    assert counts.min() > 30
    assert counts.max() < 95


def test_seeds():
    setting = make("both", 200)
    one, two, three = (grown(setting, seed=s, max_features=1) for s in (3, 3, 4))
    np.testing.assert_array_equal(one.nodes, two.nodes)
    assert not np.array_equal(one.nodes["threshold"], three.nodes["threshold"])


@pytest.mark.parametrize("way", ["both", "missing labels", "missing values"])
@pytest.mark.parametrize("n", [60, 400, 1500])
def test_random_cuts_are_somewhere_between(way, n):
    setting = make(way, n)
    trees = [
        grown(setting, seed=seed, random_cuts=True, max_features=1, min_leaf=3)
        for seed in range(3)
    ]
    for tree in trees:
        found = reference.rows_of_nodes(tree.nodes, setting.bins.by_row, np.arange(n))
        assert all(len(found[i]) >= 3 for i in np.flatnonzero(tree.is_leaf))
        assert len(tree.nodes) > 5
    # Uniform over the range of the values, not over rows.
    X = np.r_[np.linspace(0, 1, 250), 9, 10][:, None].astype(np.float32)
    y = np.arange(252.0)[:, None]
    setting = Setting(X, y, ["regression"])
    cuts = [
        grown(setting, seed=s, random_cuts=True, max_depth=1).nodes["threshold"][0]
        for s in range(300)
    ]
    assert 0.05 < np.mean(np.array(cuts) < 1) < 0.17
    assert np.mean(np.array(cuts) > 9) > 0.05


# Ends.


def test_pure_and_single():
    X = features(50, 3)
    for Y in (np.zeros((50, 1)), np.where(np.arange(50) == 3, 1.0, np.nan)[:, None]):
        tree = grown(Setting(X, Y, ["regression"]))
        assert len(tree.nodes) == 1
        assert tree.is_leaf.all()
    one = Setting(X[:1], np.array([[1.0, 2.0]]), ["regression"] * 2)
    assert len(grown(one).nodes) == 1


def test_equal_features_cannot_be_told_apart():
    X = np.repeat(features(20, 2), 3, axis=0)
    Y = np.random.default_rng(0).normal(size=(60, 1))
    tree = grown(Setting(X, Y, ["regression"]))
    assert tree.is_leaf.sum() == len(np.unique(X, axis=0))
    assert len(grown(Setting(np.ones_like(X), Y, ["regression"])).nodes) == 1


def test_missing_values_alone_are_a_cut():
    X = np.array([[1], [1], [np.nan], [np.nan]], np.float32)
    Y = np.array([[0.0], [0], [5], [5]])
    for random_cuts in (False, True):
        tree = grown(Setting(X, Y, ["regression"]), random_cuts=random_cuts)
        assert tree.is_leaf.sum() == 2
        leaf = tree.apply(X)
        assert leaf[0] == leaf[1] != leaf[2] == leaf[3]
        later = tree.apply(np.array([[7], [np.nan]], np.float32))
        np.testing.assert_array_equal(later, leaf[[0, 2]])


def test_missing_values_that_never_were_go_with_the_many():
    X = np.arange(10, dtype=np.float32)[:, None]
    Y = (X >= 3) * 1.0
    tree = grown(Setting(X, Y, ["regression"]))
    assert tree.apply(np.array([[np.nan]], np.float32)) == tree.apply(X)[-1]


def test_min_gain_is_a_share_of_the_root():
    X = features(400, 5)
    y = labels(X, ["regression"])
    for factor in (1.0, 1000.0):
        setting = Setting(X, y * factor, ["regression"])
        problem = twin(setting)
        tree = grown(setting, min_gain=0.02)
        found = reference.rows_of_nodes(tree.nodes, setting.bins.by_row, np.arange(400))
        for i, node in enumerate(tree.nodes):
            if node["feature"] >= 0:
                left = reference.goes_left(
                    node, setting.bins.by_row[found[i], node["feature"]]
                )
                assert problem.fall(found[i], left) > 0.02 - 1e-9
            else:
                best = problem.best_fall(found[i])
                assert best is None or best < 0.02
        assert 3 < len(tree.nodes) < 60


def test_hundreds_of_classes():
    rng = np.random.default_rng(0)
    X = features(3000, 4)
    y = (X[:, 0] * 8 + 200 * (rng.random(3000) < 0.5)).astype(int)[:, None] * 1.0
    setting = Setting(X, y, ["classification"])
    assert setting.labels.n_classes[0] > 256
    check_splits(grown(setting), twin(setting), np.arange(3000), some=4)


def test_a_thousand_tasks_with_their_own_rows():
    rng = np.random.default_rng(0)
    T = 1000
    X = features(8 * T, 3)
    Y = np.full((8 * T, T), np.nan)
    Y[np.arange(8 * T), np.repeat(np.arange(T), 8)] = rng.normal(size=8 * T)
    setting = Setting(X, Y, ["regression"] * T)
    tree = grown(setting, max_depth=6)
    assert len(tree.nodes) > 60
    problem = twin(setting)
    found = reference.rows_of_nodes(tree.nodes, setting.bins.by_row, np.arange(8 * T))
    smallest = min(np.flatnonzero(~tree.is_leaf), key=lambda i: len(found[i]))
    here, node = found[smallest], tree.nodes[smallest]
    left = reference.goes_left(node, setting.bins.by_row[here, node["feature"]])
    best = problem.best_fall(here)
    assert problem.fall(here, left) == pytest.approx(best, rel=1e-7)


@pytest.mark.parametrize("replace", [True, False])
def test_bags(replace):
    bag = draw_bag(7, 1000, 632, replace)
    np.testing.assert_array_equal(bag, draw_bag(7, 1000, 632, replace))
    assert not np.array_equal(bag, draw_bag(8, 1000, 632, replace))
    assert bag.sum() == 632
    assert bag.dtype == np.int32
    assert (bag.max() > 1) == replace
    np.testing.assert_array_equal(draw_bag(0, 5, None, replace), 1)


def test_work_is_counted_not_timed():
    setting = make("both", 300)
    works = [grown(setting, seed=s, max_features=2).work for s in (1, 1, 2)]
    assert works[0] == works[1] != works[2]
    own = grown(setting, weight=np.eye(4)[0], own=0)
    assert own.work < grown(setting).work


def test_importances_are_what_splits_do():
    setting = make("missing labels", 300)
    tree = grown(setting, max_depth=4)
    found = reference.rows_of_nodes(tree.nodes, setting.bins.by_row, np.arange(300))
    expected = np.zeros((4, 3))
    for i in np.flatnonzero(~tree.is_leaf):
        f = tree.nodes["feature"][i]
        left = reference.goes_left(tree.nodes[i], setting.bins.by_row[found[i], f])
        for t in range(4):
            alone = twin(setting, np.eye(4)[t])
            if not alone.is_pure(found[i]):
                expected[t, f] += alone.fall(found[i], left)
    np.testing.assert_allclose(tree.importances.toarray(), expected, atol=1e-9)


def test_records_are_small():
    assert NODE.itemsize == 24
    assert isinstance(grown(make("both", 40)), Tree)
    assert bin_features(features(10, 2)).by_row.dtype == np.uint8
