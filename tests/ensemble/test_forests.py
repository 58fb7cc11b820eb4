"""Forests as a user meets them."""

import warnings

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

import mtlearn.ensemble as ensemble
from mtlearn.ensemble import (
    MixedTaskExtraTrees,
    MixedTaskRandomForest,
    MultiTaskExtraTreesClassifier,
    MultiTaskRandomForestClassifier,
    MultiTaskRandomForestRegressor,
)
from mtlearn.exceptions import DegenerateTaskWarning
from mtlearn.metrics import multitask_score
from tests.contract import Problem

EXACT = dict(
    n_estimators=1,
    sharing=1,
    max_samples=None,
    max_features=None,
    random_state=0,
    min_samples_split=2,
)
EVERY = [getattr(ensemble, name) for name in ensemble.__all__]


def problem(cls, n=200):
    its = Problem(cls(), n=n)
    return its.X, its.Y


def small(cls, **params):
    params = {"n_estimators": 20, "random_state": 0, **params}
    return cls(**params)


def same(one, two):
    assert one.dtype == two.dtype
    np.testing.assert_array_equal(one, two)


# The same forest again.


@pytest.mark.parametrize("cls", EVERY)
@pytest.mark.parametrize("sharing", [0, 0.4, "auto"])
def test_any_number_of_jobs(cls, sharing):
    X, Y = problem(cls)
    forests = [
        small(cls, sharing=sharing, n_jobs=n_jobs, oob_score=True).fit(X, Y)
        for n_jobs in (1, 2, 4)
    ]
    for other in forests[1:]:
        same(forests[0].predict(X), other.predict(X))
        same(forests[0].source_weights_, other.source_weights_)
        same(forests[0].oob_score_, other.oob_score_)
        same(forests[0].apply(X), other.apply(X))


def test_processes_grow_the_same_forest():
    X, Y = problem(MultiTaskRandomForestClassifier)
    threads = small(MultiTaskRandomForestClassifier, n_jobs=2).fit(X, Y)
    with parallel_config(backend="loky", n_jobs=2):
        processes = small(MultiTaskRandomForestClassifier).fit(X, Y)
    for one, two in zip(threads.predict_proba(X), processes.predict_proba(X)):
        same(one, two)


def test_seeds_matter():
    X, Y = problem(MultiTaskRandomForestClassifier)
    one, two = (
        small(MultiTaskRandomForestClassifier, random_state=seed).fit(X, Y)
        for seed in (0, 1)
    )
    assert not np.array_equal(one.predict_proba(X)[0], two.predict_proba(X)[0])


# scikit-learn's trees.


@pytest.mark.parametrize("criterion", ["gini", "entropy"])
def test_one_task_is_a_tree_of_scikit_learn(criterion):
    rng = np.random.default_rng(0)
    X = rng.permutation(np.arange(150 * 5)).reshape(150, 5) / 7
    y = (np.sin(X[:, 0]) + np.cos(X[:, 1]) + rng.normal(size=150) > 0).astype(int)
    known = dict(criterion=criterion, max_depth=4)  # further down, gains are tied
    ours = MultiTaskRandomForestClassifier(**known, **EXACT).fit(X, y)
    theirs = DecisionTreeClassifier(**known, random_state=0).fit(X, y)
    assert ours.apply(X).max() + 1 == theirs.tree_.node_count
    np.testing.assert_array_equal(ours.apply(X)[:, 0], theirs.apply(X))
    np.testing.assert_allclose(
        ours.feature_importances_, theirs.feature_importances_, atol=1e-6
    )


def test_one_task_of_numbers_is_a_tree_of_scikit_learn():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 4)).astype(np.float32)
    y = X[:, 0] * X[:, 1] + 100
    ours = MultiTaskRandomForestRegressor(max_depth=4, **EXACT).fit(X, y)
    theirs = DecisionTreeRegressor(max_depth=4, random_state=0).fit(X, y)
    np.testing.assert_array_equal(ours.apply(X)[:, 0], theirs.apply(X))


@pytest.mark.parametrize("ccp_alpha", [0.02, 0.05, 0.1])
def test_pruning_is_that_of_scikit_learn(ccp_alpha):
    """Ours in shares of the root's impurity, theirs in impurity."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(300, 4)).astype(np.float32)
    y = (X[:, 0] + X[:, 1] * X[:, 2] + rng.normal(size=300) > 0).astype(int)
    root = 1 - np.sum((np.bincount(y) / 300) ** 2)
    ours = MultiTaskRandomForestClassifier(ccp_alpha=ccp_alpha, **EXACT).fit(X, y)
    theirs = DecisionTreeClassifier(ccp_alpha=ccp_alpha * root, random_state=0)
    theirs.fit(X, y)
    assert 1 <= theirs.tree_.node_count < 100
    np.testing.assert_array_equal(ours.apply(X)[:, 0], theirs.apply(X))


@pytest.mark.parametrize("cls", EVERY)
def test_fewer_nodes(cls):
    X, Y = problem(cls)
    full = small(cls).fit(X, Y)._forest.trees
    for params in (
        {"max_depth": 3}, {"max_leaf_nodes": 5}, {"min_samples_leaf": 20},
        {"min_samples_split": 0.3}, {"min_impurity_decrease": 0.05},
        {"ccp_alpha": 0.03},
    ):  # fmt: skip
        fewer = small(cls, **params).fit(X, Y)._forest.trees
        means = [
            np.mean([len(tree.nodes) for tree in trees]) for trees in (full, fewer)
        ]
        assert 1 < means[1] < means[0] / 2, params


# One task for scikit-learn's tools.


@pytest.mark.parametrize("cls", EVERY)
@pytest.mark.parametrize("sharing", [0, 1, "auto"])
def test_to_sklearn(cls, sharing):
    X, Y = problem(cls)
    X[::7, 1] = np.nan
    forest = small(cls, sharing=sharing).fit(X[:150], Y[:150])
    for t in range(3):
        plain = forest.to_sklearn(f"task{t}")
        if hasattr(plain, "classes_"):
            found = plain.predict_proba(X)
            np.testing.assert_allclose(found, forest.predict_proba(X)[t], atol=1e-6)
            same(plain.predict(X), forest.predict(X)[:, t].astype(plain.classes_.dtype))
        else:
            expected = forest.predict(X)[:, t].astype(float)
            np.testing.assert_allclose(plain.predict(X), expected, rtol=1e-6)
        assert plain.feature_importances_.sum() == pytest.approx(1)
        assert np.corrcoef(
            plain.feature_importances_, forest.feature_importances_per_task_[t]
        )[0, 1] > 0.5  # fmt: skip


def test_to_sklearn_with_label_groups():
    X, Y = problem(MultiTaskRandomForestClassifier)
    forest = small(MultiTaskRandomForestClassifier, label_groups="all").fit(X, Y)
    for t in range(3):
        np.testing.assert_allclose(
            forest.to_sklearn(t).predict_proba(X), forest.predict_proba(X)[t], atol=1e-6
        )


def test_tools_that_read_trees():
    from sklearn.tree import export_text, plot_tree

    X, Y = problem(MultiTaskRandomForestClassifier)
    names = ["one", "two", "three", "four"]
    forest = small(MultiTaskRandomForestClassifier, max_depth=2)
    forest.fit(pd.DataFrame(X, columns=names), Y)
    plain = forest.to_sklearn(0)
    assert plain.feature_names_in_.tolist() == names
    text = export_text(plain.estimators_[0], feature_names=names)
    assert "class" in text
    assert len(plot_tree(plain.estimators_[0])) >= 3
    one = forest.to_sklearn("task1").estimators_[1].tree_
    inner = one.children_left >= 0
    below = one.n_node_samples[one.children_left[inner]]
    below = below + one.n_node_samples[one.children_right[inner]]
    np.testing.assert_array_equal(one.n_node_samples[inner], below)


@pytest.mark.filterwarnings("ignore")
def test_shap_explains_a_task():
    shap = pytest.importorskip("shap", reason="shap is not installed")
    X, Y = problem(MultiTaskRandomForestClassifier)
    forest = small(MultiTaskRandomForestClassifier).fit(X, Y)
    values = shap.TreeExplainer(forest.to_sklearn(0))(X[:20])
    total = values.values.sum(axis=1) + values.base_values
    np.testing.assert_allclose(total, forest.predict_proba(X[:20])[0], atol=1e-5)


def test_a_task_without_trees_has_no_view():
    X, Y = problem(MultiTaskRandomForestClassifier)
    Y[:, 1] = np.nan
    with pytest.warns(DegenerateTaskWarning):
        forest = small(MultiTaskRandomForestClassifier).fit(X, Y)
    with pytest.raises(ValueError, match="no tree answers task 'task1'"):
        forest.to_sklearn("task1")


def test_paths():
    X, Y = problem(MultiTaskRandomForestClassifier)
    forest = small(MultiTaskRandomForestClassifier).fit(X, Y)
    paths, ends = forest.decision_path(X)
    leaves = forest.apply(X)
    assert paths.shape == (200, ends[-1])
    assert len(ends) == leaves.shape[1] + 1
    for k in range(3):
        part = paths[:, ends[k] : ends[k + 1]].toarray()
        assert set(np.unique(part)) == {0, 1}
        assert part[np.arange(200), leaves[:, k]].all()
        np.testing.assert_array_equal(part.sum(axis=0)[0], 200)
    theirs = forest.to_sklearn(0).estimators_[0]
    np.testing.assert_array_equal(
        paths[:, : ends[1]].toarray(), theirs.decision_path(X).toarray()
    )


# Out of bag.


@pytest.mark.parametrize("cls", EVERY)
def test_out_of_bag(cls):
    X, Y = problem(cls, n=500)
    forest = small(cls, n_estimators=60, oob_score=True).fit(X, Y)
    assert forest.oob_score_.shape == (3,)
    predicted = forest.oob_prediction_
    assert predicted.shape == (500, 3)
    known = ~pd.isna(predicted)
    assert known[~np.isnan(Y)].mean() > 0.99
    assert not known[np.isnan(Y)].any()
    for t in range(3):
        its = known[:, t]
        y, found = Y[its, t], predicted[its, t].astype(float)
        numbers = not hasattr(forest, "classes_") or forest.classes_[t] is None
        score = np.mean(y == found)
        if numbers:
            score = 1 - np.sum((y - found) ** 2) / np.sum((y - y.mean()) ** 2)
        assert forest.oob_score_[t] == pytest.approx(score)
        if hasattr(forest, "classes_") and not numbers:
            shares = forest.oob_decision_function_[t]
            assert shares.shape == (500, len(forest.classes_[t]))
            np.testing.assert_allclose(shares[its].sum(axis=1), 1, rtol=1e-5)
    fresh, truth = Problem(cls(), n=4000), None
    truth = fresh.full[500:]  # rows drawn later, by the same rule
    again = small(cls, n_estimators=60, oob_score=True)
    again.fit(fresh.X[:500], fresh.full[:500])
    predicted = again.predict(fresh.X[500:])
    for t, kind in enumerate(fresh.kinds):
        y, found = truth[:, t], predicted[:, t].astype(float)
        score = np.mean(y == found)
        if kind == "regression":
            score = 1 - np.sum((y - found) ** 2) / np.sum((y - y.mean()) ** 2)
        assert again.oob_score_[t] == pytest.approx(score, abs=0.06)


def test_out_of_bag_scores_are_honest():
    """Nothing to learn: not better than the most frequent class."""
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(150, 10)), rng.integers(0, 2, size=(150, 12))
    for sharing in (0, 1, "auto"):
        forest = small(
            MultiTaskRandomForestClassifier, n_estimators=100, oob_score=True,
            sharing=sharing,
        )  # fmt: skip
        assert forest.fit(X, Y).oob_score_.mean() < 0.54


def test_out_of_bag_of_one_task():
    X, Y = problem(MultiTaskRandomForestRegressor)
    forest = small(MultiTaskRandomForestRegressor, oob_score=True).fit(X, Y[:, 0] > 0)
    assert isinstance(forest.oob_score_, float)
    assert forest.oob_prediction_.shape == (200,)
    forest.set_params(oob_score=False).fit(X, Y[:, 0] > 0)
    assert not hasattr(forest, "oob_score_")


def test_out_of_bag_needs_rows_out_of_bags():
    X, Y = problem(MultiTaskRandomForestRegressor)
    forest = small(MultiTaskRandomForestRegressor, oob_score=True, max_samples=None)
    with pytest.raises(ValueError, match="max_samples < 1"):
        forest.fit(X, Y)
    assert forest.set_params(bootstrap=True).fit(X, Y).oob_score_.shape == (3,)


# More trees.


@pytest.mark.parametrize("sharing", [0, 0.5, 1, "auto"])
def test_warm_start(sharing):
    X, Y = problem(MultiTaskRandomForestClassifier)
    forest = small(MultiTaskRandomForestClassifier, sharing=sharing, warm_start=True)
    forest.fit(X, Y)
    before = forest._forest.trees
    forest.set_params(n_estimators=40).fit(X, Y)
    assert forest._forest.trees[: len(before)] == before
    assert len(before) < len(forest._forest.trees) < 4 * len(before)
    whole = small(MultiTaskRandomForestClassifier, sharing=sharing, n_estimators=40)
    whole.fit(X, Y)
    work = [sum(t.work for t in f._forest.trees) for f in (forest, whole)]
    assert work[0] == pytest.approx(work[1], rel=0.2)
    if sharing == 1:
        for one, two in zip(forest.predict_proba(X), whole.predict_proba(X)):
            np.testing.assert_allclose(one, two)


def test_warm_start_on_other_data():
    X, Y = problem(MultiTaskRandomForestClassifier)
    forest = small(MultiTaskRandomForestClassifier, warm_start=True).fit(X, Y)
    with pytest.warns(UserWarning, match="no new trees"):
        forest.fit(X, Y)
    forest.set_params(n_estimators=40)
    with pytest.raises(ValueError, match="not those of the last fit"):
        forest.fit(X[:100], Y[:100])
    with pytest.raises(ValueError, match="sharing is not 0 any more, or now"):
        clone(forest.set_params(n_estimators=20)).set_params(sharing=0).fit(
            X, Y
        ).set_params(sharing=1, n_estimators=40).fit(X, Y)
    forest.set_params(n_estimators=40)
    with pytest.raises(ValueError, match="n_estimators=10 must be at least the 20"):
        forest.set_params(n_estimators=10).fit(X, Y)


# What is learned about features and tasks.


def test_importances_of_tasks():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 5))
    Y = np.column_stack([X[:, 0] > 0, X[:, 1] > 0.5])
    for sharing in (0, 1, "auto"):
        forest = small(MultiTaskRandomForestClassifier, sharing=sharing).fit(X, Y)
        each = forest.feature_importances_per_task_
        np.testing.assert_allclose(each.sum(axis=1), 1)
        assert each.argmax(axis=1).tolist() == [0, 1]
        np.testing.assert_allclose(forest.feature_importances_, each.mean(axis=0))


def test_affinity_tells_related_tasks():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(800, 6))
    noise = rng.normal(size=(800, 4)) * 0.5
    Y = np.column_stack([X[:, 0], -X[:, 0], X[:, 1], X[:, 1]]) + noise > 0
    affinity = small(MultiTaskRandomForestClassifier).fit(X, Y).task_affinity_
    np.testing.assert_allclose(np.diag(affinity), 1)
    np.testing.assert_allclose(affinity, affinity.T)
    assert min(affinity[0, 1], affinity[2, 3]) > 0.9
    assert affinity[:2, 2:].max() < 0.5
    own = small(MultiTaskRandomForestClassifier, sharing=0).fit(X, Y)
    assert np.isnan(own.task_affinity_).all()


def test_spread_is_large_where_nothing_was_seen():
    rng = np.random.default_rng(0)
    X = rng.uniform(0, 1, size=(400, 1))
    X = X[np.abs(X[:, 0] - 0.5) > 0.2]
    y = 100 * np.sign(X[:, 0] - 0.5) + rng.normal(size=len(X))
    forest = small(MultiTaskRandomForestRegressor).fit(X, y)
    std = forest.predict_std([[0.1], [0.5], [0.9]])
    assert std.shape == (3,)
    assert std[1] > 10 * max(std[0], std[2])
    mixed = small(MixedTaskRandomForest, task_types=["classification", "regression"])
    mixed.fit(X, np.column_stack([y > 0, y]))
    std = mixed.predict_std(X)
    assert np.isnan(std[:, 0]).all()
    assert np.isfinite(std[:, 1]).all()


def test_spread_is_that_of_the_trees():
    X, Y = problem(MultiTaskRandomForestRegressor)
    forest = small(MultiTaskRandomForestRegressor).fit(X, Y)
    weights = [weight.sum(axis=1) for weight in forest._forest.tree_weights()]
    for t in range(3):
        plain = forest.to_sklearn(t)
        share = np.array([w[t] for w in weights])
        share = share[share > 0]
        votes = np.stack([tree.predict(X) for tree in plain.estimators_])
        prior = forest._center[t]
        votes = (votes - prior) / (len(share) * share)[:, None] + prior
        mean = share @ votes
        std = np.sqrt(share @ (votes - mean) ** 2)
        np.testing.assert_allclose(forest.predict_std(X)[:, t], std, rtol=1e-4)


# Tasks that ask the same question.


def test_groups_help_tasks_with_few_rows():
    """Twenty fields of thirty rows each: the same rule, with other shares."""
    rng = np.random.default_rng(0)
    T, m = 20, 30
    X = rng.normal(size=(T * m + 2000, 4))
    task = np.r_[np.repeat(np.arange(T), m), rng.integers(0, T, 2000)]
    height = rng.normal(size=T)[task]
    y = height + X[:, 0] + X[:, 1] * X[:, 2] + rng.normal(size=len(X))
    Y = np.full((len(X), T), np.nan)
    Y[np.arange(len(X)), task] = y
    scores = []
    for groups in ([], "all"):
        forest = small(
            MultiTaskRandomForestRegressor, n_estimators=50, label_groups=groups
        )
        forest.fit(X[: T * m], Y[: T * m])
        found = forest.predict(X[T * m :])[np.arange(2000), task[T * m :]]
        scores.append(np.corrcoef(found, y[T * m :])[0, 1])
    assert scores[1] > scores[0] + 0.05
    assert forest.label_groups_ == [[f"task{t}" for t in range(T)]]


def test_answers_of_groups_are_shares():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(90, 3))
    Y = np.full((90, 3), np.nan)
    Y[np.arange(90), np.arange(90) % 3] = rng.integers(0, 4, 90)
    Y[:60, 0] = np.where(np.isnan(Y[:60, 0]), np.nan, 1.0)  # its prior is extreme
    forest = small(MultiTaskRandomForestClassifier, label_groups="all").fit(X, Y)
    for shares in forest.predict_proba(rng.normal(size=(50, 3))):
        assert shares.shape == (50, 4)
        assert shares.min() >= 0
        np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-5)


# Input.


@pytest.mark.parametrize("cls", EVERY)
def test_missing_values_of_features(cls):
    X, Y = problem(cls, n=400)
    hidden = np.random.default_rng(0).random(X.shape) < 0.2
    forest = small(cls, n_estimators=40).fit(np.where(hidden, np.nan, X), Y)
    assert forest.score(X, Y) > (0.3 if "Regressor" in cls.__name__ else 0.7)
    everywhere = np.full_like(X, np.nan)
    assert forest.predict(everywhere).shape == Y.shape
    with pytest.raises(ValueError, match="infinity"):
        forest.fit(np.where(hidden, np.inf, X), Y)


def test_sparse_features():
    X, Y = problem(MultiTaskRandomForestClassifier)
    X = np.where(np.abs(X) < 0.5, 0, X)
    dense = small(MultiTaskRandomForestClassifier).fit(X, Y)
    sparse = small(MultiTaskRandomForestClassifier).fit(csr_array(X), Y)
    same(dense.predict(X), sparse.predict(csr_array(X)))


def test_features_that_do_not_fit_in_float32():
    X, Y = problem(MultiTaskRandomForestClassifier)
    X[3, 2] = 1e300
    with pytest.raises(ValueError, match="too large for dtype float32"):
        small(MultiTaskRandomForestClassifier).fit(X, Y)


def test_rows_without_labels_are_not_there():
    X, Y = problem(MultiTaskRandomForestRegressor)
    one = small(MultiTaskRandomForestRegressor, oob_score=True).fit(X, Y)
    order = np.random.default_rng(0).permutation(230)
    far = np.vstack([X, 100 + X[:30]])[order]
    more = np.vstack([Y, np.full((30, 3), np.nan)])[order]
    back = np.argsort(order)[:200]
    two = small(MultiTaskRandomForestRegressor, oob_score=True)
    two.fit(np.vstack([X, 100 + X[:30]]), np.vstack([Y, np.full((30, 3), np.nan)]))
    same(one.predict(X), two.predict(X))
    same(one.oob_prediction_, two.oob_prediction_[:200])
    shuffled = small(MultiTaskRandomForestRegressor).fit(far, more)
    assert shuffled.predict(far[back]).shape == (200, 3)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"n_estimators": 0}, "n_estimators == 0"),
        ({"sharing": 1.5}, "sharing == 1.5"),
        ({"sharing": "some"}, "sharing='some' is unknown; use a number from 0"),
        ({"criterion": "mse"}, "criterion='mse' is unknown"),
        ({"max_bins": 1}, "max_bins == 1"),
        ({"max_bins": 256}, "max_bins == 256"),
        ({"max_depth": 0}, "max_depth == 0"),
        ({"max_features": "third"}, "max_features='third' is unknown"),
        ({"max_features": 0.0}, "max_features == 0.0"),
        ({"max_samples": 500}, "max_samples == 500, but only 197 rows"),
        ({"max_samples": 1.5}, "max_samples == 1.5"),
        ({"min_samples_split": 1}, "min_samples_split == 1"),
        ({"min_samples_leaf": 0}, "min_samples_leaf == 0"),
        ({"ccp_alpha": -1.0}, "ccp_alpha == -1.0"),
        ({"max_leaf_nodes": 1}, "max_leaf_nodes == 1"),
        ({"class_weight": "even"}, "class_weight='even' is unknown"),
        ({"label_groups": [["a", "b"]]}, "label_groups names an unknown task"),
    ],
)
def test_errors_name_the_parameter(params, message):
    X, Y = problem(MultiTaskRandomForestClassifier)
    with pytest.raises(ValueError, match=message):
        small(MultiTaskRandomForestClassifier, **params).fit(X, Y)


# Weights.


def test_task_weight_turns_the_splits():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 2))
    Y = np.column_stack([X[:, 0] > 0, X[:, 1] > 0])
    exact = {**EXACT, "max_depth": 1}
    for weight, feature in (([10, 1], 0), ([1, 10], 1)):
        forest = MultiTaskRandomForestClassifier(task_weight=weight, **exact).fit(X, Y)
        assert forest.feature_importances_.argmax() == feature


def test_scale_and_copies_change_nothing():
    """A task in other units, or twice with half the weight: the same splits."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3))
    Y = np.column_stack([X[:, 0] + X[:, 1], X[:, 1] * X[:, 2]])
    Y += 0.3 * rng.normal(size=Y.shape)
    one = MultiTaskRandomForestRegressor(**EXACT).fit(X, Y)
    other = MultiTaskRandomForestRegressor(**EXACT).fit(X, Y * [1, 1e6] + [0, 1e7])
    np.testing.assert_array_equal(one.apply(X), other.apply(X))
    np.testing.assert_allclose(
        other.predict(X), one.predict(X) * [1, 1e6] + [0, 1e7], rtol=1e-5
    )
    twice = MultiTaskRandomForestRegressor(task_weight=[1, 0.5, 0.5], **EXACT)
    twice.fit(X, Y[:, [0, 1, 1]])
    np.testing.assert_array_equal(one.apply(X), twice.apply(X))


def test_class_weight():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 3))
    Y = (X[:, :2] + rng.normal(size=(400, 2)) > 1.5).astype(int)
    plain = small(MultiTaskRandomForestClassifier, max_depth=3).fit(X, Y)
    even = small(MultiTaskRandomForestClassifier, max_depth=3, class_weight="balanced")
    even.fit(X, Y)
    assert even.predict(X).mean() > 2 * plain.predict(X).mean()


# Odd problems.


def test_more_than_256_classes():
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(300), 6)
    X = np.column_stack([y + 0.01 * rng.normal(size=len(y)), rng.normal(size=len(y))])
    forest = small(MultiTaskRandomForestClassifier, max_features=None)
    assert forest.fit(X, y).score(X, y) > 0.9
    assert forest.predict_proba(X).shape == (1800, 300)


@pytest.mark.parametrize("sharing", [0, 1, "auto"])
def test_a_thousand_tasks(sharing):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 5))
    Y = (X @ rng.normal(size=(5, 1000)) > 0).astype(float)
    Y[rng.random(Y.shape) < 0.5] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DegenerateTaskWarning)
        forest = small(MultiTaskRandomForestClassifier, sharing=sharing, n_estimators=8)
        forest.fit(X, Y)
    assert forest.predict(X).shape == (60, 1000)
    assert forest.score(X, Y) > 0.7


@pytest.mark.parametrize("cls", EVERY)
@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_row_or_two(cls, n):
    X, Y = np.arange(2.0 * n).reshape(n, 2), np.arange(n)[:, None] * [1, 2]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DegenerateTaskWarning)
        forest = small(cls, n_estimators=3).fit(X, Y)
    assert forest.predict(X).shape == (n, 2)


def test_constant_features():
    X, Y = problem(MultiTaskRandomForestClassifier)
    forest = small(MultiTaskRandomForestClassifier).fit(np.ones_like(X), Y)
    shares = forest.predict_proba(np.ones_like(X))
    for t in range(3):
        labels = Y[~np.isnan(Y[:, t]), t].astype(int)
        np.testing.assert_allclose(
            shares[t][0], np.bincount(labels) / len(labels), atol=0.05
        )


def test_no_worse_than_one_forest_per_task():
    """Unrelated tasks, and related ones with few labels."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2600, 12))
    apart = np.stack([X[:, k] * X[:, k + 4] > 0 for k in range(4)], axis=1)
    near = np.stack(
        [X[:, 0] + X[:, 1] + 0.5 * X[:, k] > 0 for k in range(2, 8)], axis=1
    )
    sparse = np.where(rng.random(near.shape) < 0.85, np.nan, near)
    for Y, truth in ((apart.astype(float), apart), (sparse, near)):
        forest = small(MultiTaskRandomForestClassifier, n_estimators=100, n_jobs=2)
        ours = forest.fit(X[:600], Y[:600]).predict(X[600:]) == truth[600:]
        rival = []
        for t in range(Y.shape[1]):
            seen = ~np.isnan(Y[:600, t])
            one = RandomForestClassifier(random_state=0).fit(
                X[:600][seen], Y[:600][seen, t]
            )
            rival.append(np.mean(one.predict(X[600:]) == truth[600:, t]))
        assert ours.mean() > np.mean(rival) - 0.01


def test_random_thresholds():
    X, Y = problem(MultiTaskExtraTreesClassifier)
    extra = small(MultiTaskExtraTreesClassifier).fit(X, Y)
    plain = small(MultiTaskRandomForestClassifier).fit(X, Y)
    sizes = [
        np.mean([len(t.nodes) for t in forest._forest.trees])
        for forest in (extra, plain)
    ]
    assert sizes[0] > 1.2 * sizes[1]
    assert small(MixedTaskExtraTrees).fit(X, Y).score(X, Y) > 0.8


# Label sets.


def label_sets(n=400):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2 * n, 8))
    kind = (X[:, :4] + 0.7 * rng.normal(size=(2 * n, 4))).argmax(axis=1)
    return X[:n], np.eye(4)[kind[:n]], X[n:], np.eye(4)[kind[n:]]


@pytest.mark.parametrize(
    "cls", [MultiTaskRandomForestClassifier, MixedTaskRandomForest]
)
def test_never_empty(cls):
    X, Y, X_test, truth = label_sets()
    plain = small(cls).fit(X, Y)
    full = small(cls, never_empty=True).fit(X, Y)
    for one, two in zip(plain.predict_proba(X_test), full.predict_proba(X_test)):
        same(one, two)
    found = full.predict(X_test)
    assert (plain.predict(X_test).sum(axis=1) == 0).mean() > 0.1
    assert found.sum(axis=1).min() == 1
    assert np.mean((found == truth).all(axis=1)) > 0.1 + np.mean(
        (plain.predict(X_test) == truth).all(axis=1)
    )
    same(full.task(1).predict(X_test), found[:, 1])
    same(full.predict_frame(X_test).to_numpy(), found)


@pytest.mark.parametrize("metric", ["accuracy", "f1", "balanced_accuracy"])
def test_thresholds_from_out_of_bag_answers(metric):
    X, Y, X_test, truth = label_sets()
    scores = {}
    for threshold in (None, metric):
        forest = small(MultiTaskRandomForestClassifier, threshold=threshold)
        found = forest.fit(X, Y).predict(X_test)
        scores[threshold] = multitask_score(truth, found, metric)
    assert forest.thresholds_.shape == (4,)
    assert scores[metric] > scores[None] - 0.01
    if metric != "accuracy":
        assert (forest.thresholds_ < 0.5).all()
        assert scores[metric] > scores[None] + 0.03
    with pytest.raises(
        ValueError, match=r"threshold=.* needs rows that trees do not see"
    ):
        small(
            MultiTaskRandomForestClassifier, threshold=metric, max_samples=None
        ).fit(X, Y)  # fmt: skip
    with pytest.raises(ValueError, match="threshold='f2' is unknown"):
        small(MultiTaskRandomForestClassifier, threshold="f2").fit(X, Y)


def test_thresholds_leave_other_tasks_alone():
    X, Y, X_test, _ = label_sets()
    Y = np.column_stack([Y[:, :2], Y.argmax(axis=1), np.ones(len(Y))])
    with pytest.warns(DegenerateTaskWarning):
        forest = small(
            MultiTaskRandomForestClassifier, threshold="f1", never_empty=True
        ).fit(X, Y)  # fmt: skip
    assert np.isnan(forest.thresholds_).tolist() == [False, False, True, True]
    found = forest.predict(X_test)
    assert found[:, :2].sum(axis=1).min() == 1
    assert (found[:, 3] == 1).all()
    np.testing.assert_array_equal(
        found[:, 2], forest.predict_proba(X_test)[2].argmax(axis=1)
    )


def test_more_rows_than_sixteen_bits_count():
    rng = np.random.default_rng(0)
    X = rng.random((70_000, 3)).astype(np.float32)
    Y = np.column_stack([(X[:, 0] * 40).astype(int) % 2, X[:, 1] > 0.5])
    forest = small(MultiTaskRandomForestClassifier, n_estimators=2, max_features=None)
    forest.fit(X[:-1000], Y[:-1000])
    assert (forest.predict(X[-1000:]) == Y[-1000:]).mean() > 0.97


def test_voters_keep_what_they_point_to():
    """A table that is given other arrays changes no answer, and frees none."""
    problem = Problem(MultiTaskRandomForestClassifier(), n=300)
    forest = MultiTaskRandomForestClassifier(10, random_state=0)
    forest.fit(problem.X, problem.Y)
    before = forest.predict_proba(problem.X)
    for tree in forest._forest.trees:
        tree.table.values = np.full_like(tree.table.values, 1e30)
    heap = [np.full(2000, 1e30, dtype=np.float32) for _ in range(100)]
    for a, b in zip(before, forest.predict_proba(problem.X)):
        np.testing.assert_array_equal(a, b)
    assert len(heap) == 100
