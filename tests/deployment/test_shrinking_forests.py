"""Forests made small: levels, leaves, trees, and what their files are made of."""

import copy
import json
import pickle
import subprocess
import sys

import numpy as np
import pytest

from mtlearn.deployment.shrinking import shrink
from mtlearn.deployment.shrinking.leaf_values import table_of, tree_values
from mtlearn.deployment.shrinking.leaves import collapse, merging_costs, twins
from mtlearn.ensemble import (
    MixedTaskRandomForest,
    MultiTaskExtraTreesClassifier,
    MultiTaskRandomForestClassifier,
    MultiTaskRandomForestRegressor,
)
from mtlearn.ensemble.compact import CompactForest, for_prediction
from mtlearn.exceptions import ModelFileError
from mtlearn.persistence import dump, dumps, loads
from tests.persistence.test_files import FLIP

pytest.importorskip("skops.io")

EXACT = ["training", "levels", "twins"]
FORESTS = {
    "auto": MultiTaskRandomForestClassifier(12, random_state=0),
    "shared": MultiTaskRandomForestClassifier(12, sharing=1, random_state=0),
    "separate": MultiTaskRandomForestClassifier(6, sharing=0, random_state=0),
    "both": MultiTaskExtraTreesClassifier(12, sharing=0.5, random_state=0),
    "groups": MultiTaskRandomForestClassifier(
        12, sharing=0.5, label_groups=[[0, 1], [2, 3]], random_state=0
    ),
    "numbers": MultiTaskRandomForestRegressor(12, random_state=0),
    "groups of numbers": MultiTaskRandomForestRegressor(
        12, label_groups="all", random_state=0
    ),
    "mixed": MixedTaskRandomForest(
        12, task_types=["classification"] * 3 + ["regression"], random_state=0
    ),
    "few leaves": MultiTaskRandomForestClassifier(
        12, max_leaf_nodes=9, bootstrap=True, max_samples=None, random_state=0
    ),
}


def data(name, n=300):
    """Two tasks of two classes, two of three or of numbers; a third is missing."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 5))
    X[rng.random(X.shape) < 0.05] = np.nan
    Z = np.nan_to_num(X)[:, :4] + 0.5 * rng.normal(size=(n, 4))
    Y = Z.copy() if "numbers" in name else np.floor(np.clip(Z, -1, 0.9)) + 1
    Y[:, 2:] += 0 if "numbers" in name else Z[:, 2:] > 1
    if name == "mixed":
        Y[:, 3] = 100 + 20 * Z[:, 3]
    Y[rng.random(Y.shape) < 0.3] = np.nan
    return X, Y


def fitted(name):
    X, Y = data(name)
    return copy.deepcopy(FORESTS[name]).fit(X[:200], Y[:200]), X, Y


@pytest.mark.parametrize("name", FORESTS)
class TestForests:
    def test_compact_forests_answer_the_same_to_the_last_bit(self, name):
        model, X, _ = fitted(name)
        expected = model._answers(X)
        compact = CompactForest.of(model._forest)
        lean = for_prediction(compact)
        for forest in (compact, lean, pickle.loads(pickle.dumps(lean))):
            small = copy.copy(model)
            small._forest = forest
            np.testing.assert_array_equal(small._answers(X), expected)
            if forest is compact:
                for one, two in zip(forest.trees, model._forest.trees):
                    assert one.n_rows.sum() == two.n_rows.sum()

    def test_thresholds_send_every_row_where_they_did(self, name):
        model, _, _ = fitted(name)
        compact = CompactForest.of(model._forest)
        for one, two in zip(model._forest.trees, compact.trees):
            inner = one.nodes[~one.is_leaf]
            near = np.float32(inner["threshold"])
            rows = np.stack([np.nextafter(near, np.float32(s)) for s in (-9, 9)])
            rows = np.vstack([rows, near])
            for values in rows.T:
                X = np.repeat(values[:, None], 5, axis=1)
                sizes = [
                    np.bincount(t.apply(X), minlength=len(t.nodes))[t.is_leaf]
                    for t in (one, two)
                ]
                np.testing.assert_array_equal(*map(np.sort, sizes))

    def test_exact_steps(self, name):
        model, X, Y = fitted(name)
        small, report = shrink(model, X[200:], Y[200:], steps=EXACT)
        scale = np.nanstd(Y, axis=0).max()
        np.testing.assert_allclose(
            small._answers(X), model._answers(X), atol=1e-6 * max(scale, 1)
        )
        assert report.bytes_after < 0.6 * report.bytes_before
        assert not small._forest.columns.n_groups
        back = loads(dumps(small))
        np.testing.assert_array_equal(back._answers(X), small._answers(X))
        if hasattr(model, "predict_std"):
            np.testing.assert_allclose(
                small.predict_std(X), model.predict_std(X), atol=1e-4 * max(scale, 1)
            )

    def test_half_of_the_bytes_of_leaves(self, name):
        model, X, Y = fitted(name)
        small, _ = shrink(
            model, X[200:], Y[200:], steps=[*EXACT, "float16"], max_loss=0.1
        )
        assert small._forest.half
        for tree in small._forest.trees:
            values = tree.table.values
            np.testing.assert_array_equal(values, values.astype(np.float16))
        packed = small._forest.__getstate__()["packed"]["answers"]
        assert packed["values"].dtype == np.float16
        np.testing.assert_allclose(
            (small._answers(X) - model._answers(X)) / np.nanstd(Y), 0, atol=2e-3
        )
        back = loads(dumps(small))
        np.testing.assert_array_equal(back._answers(X), small._answers(X))

    def test_fewer_trees_and_leaves(self, name):
        model, X, Y = fitted(name)
        before = pickle.dumps(model)
        rows, held = slice(0, 200), slice(200, 300)
        small, report = shrink(
            model, X[held], Y[held], max_loss=1,
            steps={**dict.fromkeys([*EXACT, "float16"]), "trees": 0.5, "leaves": 0.3},
            training_set=(X[rows], Y[rows]),
        )  # fmt: skip
        assert [step.label for step in report.steps][-2:] == ["trees 0.5", "leaves 0.3"]
        few = small._forest
        assert len(few.trees) == round(0.5 * len(model._forest.trees))
        total = few.source_weights.sum(axis=(1, 2))  # 0 where no tree is left
        np.testing.assert_allclose(total, total > 0.5)
        back = loads(dumps(small))
        np.testing.assert_array_equal(back._answers(X), small._answers(X))
        assert np.isfinite(small._answers(X)).all()
        assert report.lost.max() < 0.3
        assert pickle.dumps(model) == before

    def test_leaves_that_are_left(self, name):
        model, X, Y = fitted(name)
        small, _ = shrink(model, X[200:], Y[200:], steps=["training", "levels"])
        n_leaves = sum(np.count_nonzero(t.is_leaf) for t in small._forest.trees)
        for share in (0.9, 0.4):
            steps = {"training": None, "levels": None, "leaves": share}
            few, _ = shrink(model, X[200:], Y[200:], steps=steps, max_loss=9)
            left = sum(np.count_nonzero(t.is_leaf) for t in few._forest.trees)
            assert len(small._forest.trees) <= left <= share * n_leaves + 1


def one_tree(name="shared"):
    model, X, _ = fitted(name)
    forest = CompactForest.of(model._forest)
    tree, weight = forest.trees[0], forest.tree_weights()[0]
    values = tree_values(tree, forest.columns, weight).astype(np.float32)
    return tree, values, forest.columns, X


def answers(tree, values, X):
    return values[tree.apply(X.astype(np.float32))]


@pytest.mark.parametrize("name", ["shared", "numbers", "mixed"])
def test_tables_of_values_say_the_same(name):
    tree, values, columns, _ = one_tree(name)
    table = table_of(tree, values, columns)
    again = copy.copy(tree)
    again.table = table
    ones = np.ones((columns.n_tasks, 1))
    found = tree_values(again, columns, ones)
    np.testing.assert_array_equal(found[tree.is_leaf], values[tree.is_leaf])
    if not columns.n_groups:  # no entry says what is said above it already
        assert len(table.task) <= len(tree.table.task)


def test_twins_become_one_leaf():
    tree, values, columns, X = one_tree()
    inner = np.flatnonzero(~tree.is_leaf)
    both = [i for i in inner if tree.is_leaf[[*tree.nodes[i].tolist()[2:4]]].all()][:3]
    for i in both:
        values[tree.nodes["right"][i]] = values[tree.nodes["left"][i]]
    small = collapse(tree, *twins(tree, values), values, columns)
    assert len(small.nodes) <= len(tree.nodes) - 2 * len(both)
    found = tree_values(small, columns, np.ones((columns.n_tasks, 1)))
    np.testing.assert_array_equal(answers(small, found, X), answers(tree, values, X))
    assert small.n_rows.sum() == tree.n_rows.sum()


def test_costs_are_what_answers_of_rows_change_by():
    """Of the split with the least costly leaves, by hand."""
    tree, values, _, _ = one_tree()
    weight = np.linspace(1, 2, values.shape[1])
    costs, means = merging_costs(tree, values, weight)
    i = int(np.argmin(costs))
    sides = [tree.nodes[side][i] for side in ("left", "right")]
    assert tree.is_leaf[sides].all()
    n = np.maximum(tree.n_rows[sides], 1)
    mean = np.average(values[sides], axis=0, weights=n)
    np.testing.assert_allclose(means[i], mean, rtol=1e-6)
    change = sum(
        rows * np.sum((weight * (values[side] - mean)) ** 2)
        for rows, side in zip(n, sides)
    )
    np.testing.assert_allclose(costs[i], change, rtol=1e-5)
    for i in np.flatnonzero(~tree.is_leaf):
        below = [tree.nodes[side][i] for side in ("left", "right")]
        assert all(costs[i] >= costs[j] for j in below if not tree.is_leaf[j])


def test_trees_chosen_out_of_bag_are_the_good_ones():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 6))
    Y = (X[:, :3] > 0).astype(float)
    model = MultiTaskRandomForestClassifier(20, sharing=1, random_state=0)
    model.fit(X[:300], Y[:300])
    bad = [1, 4, 5, 11, 19]
    for k in bad:
        values = model._forest.trees[k].table.values
        values[:] = 1 - values
    marks = [_mark(tree) for tree in CompactForest.of(model._forest).trees]
    steps = {"training": None, "levels": None, "trees": 0.5}
    small, report = shrink(
        model, X[300:], Y[300:], steps=steps, max_loss=1,
        training_set=(X[:300], Y[:300]),
    )  # fmt: skip
    left = [marks.index(_mark(tree)) for tree in small._forest.trees]
    assert len(left) == 10
    assert not set(left) & set(bad)
    assert report.lost.max() <= 0


def _mark(tree):
    """Tells a tree from others."""
    return tree.nodes["threshold"].tobytes()


def test_rows_that_are_not_those_of_fit():
    model, X, Y = fitted("shared")
    rows, held = (X[:200], Y[:200]), (X[200:], Y[200:])
    steps = ["training", "levels", "trees"]
    with pytest.raises(ValueError, match="was grown on, 197"):
        shrink(model, *held, steps=steps, training_set=held)
    wrong = Y[:200].copy()
    wrong[wrong[:, 0] == 0, 0] = 1
    with pytest.raises(ValueError, match="give X and y of fit"):
        shrink(model, *held, steps=steps, training_set=(X[:200], wrong))
    small, _ = shrink(model, *held, steps=steps, training_set=rows)
    with pytest.raises(ValueError, match="shrink the full"):
        shrink(small, *held, steps=steps, training_set=rows)
    all_rows = MultiTaskRandomForestClassifier(4, max_samples=None, random_state=0)
    all_rows.fit(*rows)
    with pytest.raises(ValueError, match="max_samples=None has shown all rows"):
        shrink(all_rows, *held, steps=steps, training_set=rows)
    _, report = shrink(model, *held, max_loss=0.05)
    assert "trees" not in [step.name for step in report.steps]
    with pytest.raises(ValueError, match="give training_set"):
        shrink(model, *held, budget=100)


def test_weights_of_rows_in_the_training_set():
    model, X, Y = fitted("auto")
    weight = np.where(np.arange(200) % 5 == 0, 0.0, 1.0)
    model = copy.deepcopy(FORESTS["auto"]).fit(X[:200], Y[:200], sample_weight=weight)
    small, _ = shrink(
        model, X[200:], Y[200:], max_loss=1,
        steps={"training": None, "levels": None, "trees": 0.5},
        training_set=(X[:200], Y[:200], weight),
    )  # fmt: skip
    assert len(small._forest.trees) == round(len(model._forest.trees) / 2)


def test_what_a_small_forest_does_not_know():
    model, X, Y = fitted("shared")
    small, _ = shrink(model, X[200:], Y[200:])
    for name in ("feature_importances_", "task_affinity_"):
        assert not hasattr(small, name)
        with pytest.raises(AttributeError, match=r"shrink\(\) has no"):
            getattr(small, name)
    with pytest.raises(ValueError, match="convert the full model"):
        small.to_sklearn(0)
    assert small.apply(X).shape == (300, len(small.tree_tasks_))
    assert small.decision_path(X)[0].shape[0] == 300


def test_thresholds_of_label_sets_are_kept():
    X, Y = data("shared")
    model = MultiTaskRandomForestClassifier(
        12, threshold="f1", never_empty=True, random_state=0
    ).fit(X, Y)
    small, _ = shrink(model, X, Y, steps=EXACT)
    np.testing.assert_array_equal(small.predict(X), model.predict(X))
    np.testing.assert_array_equal(small.thresholds_, model.thresholds_)


@pytest.mark.parametrize("name", ["both", "groups"])
@pytest.mark.parametrize("steps", [["training"], [*EXACT, "float16"]])
def test_flipped_bits_of_small_forests_never_crash(name, steps, tmp_path):
    model, X, Y = fitted(name)
    small, _ = shrink(model, X[200:], Y[200:], steps=steps, max_loss=1)
    dump(small, tmp_path / "model.mtl")
    np.save(tmp_path / "X.npy", X)
    done = subprocess.run(
        [sys.executable, "-c", FLIP, tmp_path / "model.mtl", tmp_path / "X.npy"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout)["refused"] > 10


def test_forged_small_forests():
    model, X, Y = fitted("both")
    small, _ = shrink(model, X[200:], Y[200:], steps=EXACT)
    changes = {
        "own": 99, "n_nodes": -1, "feature": 77, "missing_left": None,
        "threshold": None,
    }  # fmt: skip
    for name, value in changes.items():
        state = small._forest.__getstate__()
        packed = copy.deepcopy(state["packed"])
        if value is None:
            packed[name] = packed[name][:-1]
        else:
            packed[name] = packed[name].astype(np.int64)
            packed[name][0] = value
        forged = copy.copy(small)
        forged._forest = _State({**state, "packed": packed})
        with pytest.raises(ModelFileError):
            dumps(forged)
    for name, value in {"counts": 2**40, "task": 99}.items():
        state = small._forest.__getstate__()
        packed = copy.deepcopy(state["packed"])
        its = packed["answers"]
        its[name] = its[name].astype(np.int64)
        its[name][0] = value
        forged = copy.copy(small)
        forged._forest = _State({**state, "packed": packed})
        with pytest.raises(ModelFileError):
            dumps(forged)


class _State(CompactForest):
    """Says of itself what it is told to say."""

    def __init__(self, state):
        self.__dict__["state"] = state

    def __getstate__(self):
        return self.state


_State.__module__, _State.__qualname__ = CompactForest.__module__, "CompactForest"
_State.__name__ = "CompactForest"
