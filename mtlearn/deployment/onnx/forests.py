"""Forests: one ensemble of trees whose leaves hold what all tasks are answered."""

from dataclasses import replace

import numpy as np

from .answers import answers_of_scores, codes_of_margins, two_classes


def convert_forest(g, model, x):
    """Answers of a forest for rows x, (n, n_features)."""
    x = g.cast(g.cast(x, np.float32), np.float64)
    margins = _margins(g, model, x)
    scores = g.op("Add", g.op("Mul", margins, _unit(model)), _shift(model))
    answers = answers_of_scores(g, model, scores, x, _shares)
    if hasattr(model, "thresholds_"):
        answers = _with_thresholds(g, model, margins, answers)
    return answers


def _margins(g, model, x):
    """Answers of all columns, less the thresholds of those that have one, (n, K)."""
    base = model._forest._where_no_tree_answers() - _thresholds(model)
    if not len(base):
        shape = g.op("Concat", g.n_rows(x), np.array([0]), axis=0)
        return g.op("Expand", np.zeros((1, 0)), shape)
    trees = _ensemble(model._forest, base)
    found = g.op("TreeEnsembleRegressor", x, domain="ai.onnx.ml", **trees)
    g.domains["ai.onnx.ml"] = 3
    return g.cast(found, np.float64)


def _columns_of_two(model):
    """Columns that are the share of the second class of two, and their tasks."""
    known = np.flatnonzero(np.diff(model.columns_) == 1)
    tasks = np.array([t for t in known if model._is_label_task(t)], dtype=int)
    return model.columns_[tasks], tasks


def _thresholds(model):
    """By column: of shares of the second class of two; else 0."""
    columns, tasks = _columns_of_two(model)
    thresholds = np.zeros(model.columns_[-1])
    own = getattr(model, "thresholds_", np.full(model.n_tasks_, 0.5))[tasks]
    thresholds[columns] = np.where(np.isnan(own), 0.5, own)
    return thresholds


def _shift(model):
    """What to add to margins, so that they are scores: zero is one half."""
    columns, _ = _columns_of_two(model)
    shift = np.zeros(model.columns_[-1])
    shift[columns] = _thresholds(model)[columns] - 0.5
    task = np.repeat(np.arange(model.n_tasks_), np.diff(model.columns_))
    return shift + np.where(_is_number(model)[task], model._center[task], 0.0)


def _unit(model):
    task = np.repeat(np.arange(model.n_tasks_), np.diff(model.columns_))
    return np.where(_is_number(model)[task], model._scale[task], 1.0)


def _is_number(model):
    return np.array([not model._is_label_task(t) for t in range(model.n_tasks_)])


def _shares(g, model, t, Z):
    if model.columns_[t + 1] - model.columns_[t] > 1:
        return Z
    return two_classes(g, g.op("Add", Z, np.float64(0.5)))


def _with_thresholds(g, model, margins, answers):
    tasks = model._tasks_of_two_classes()
    if not tasks:
        return answers
    own = g.op("Gather", margins, np.asarray(model.columns_)[tasks], axis=1)
    codes = codes_of_margins(g, own, len(tasks), model.never_empty)
    answers = list(answers)
    for k, t in enumerate(tasks):
        answers[t] = replace(answers[t], predicted=g.column(codes, k))
    return answers


def _ensemble(forest, base):
    """Attributes of the operator. Sums are in double, and rounded to float at last."""
    from onnx import TensorProto, helper

    weights = enumerate(forest.tree_weights())
    parts = [
        _tree(forest.trees[number], number, forest.columns, weight)
        for number, weight in weights
        if weight.any()
    ] or [_no_tree()]
    known = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    known["base_values_as_tensor"] = base
    attributes = {"n_targets": len(base)}
    for name, values in known.items():
        if name.endswith("as_tensor"):
            shape = [len(values)]
            values = helper.make_tensor(name, TensorProto.DOUBLE, shape, values)
        else:
            values = values.tolist()
        attributes[name] = values
    return attributes


def _tree(tree, number, columns, weight):
    nodes, leaves = tree.nodes, np.flatnonzero(tree.is_leaf)
    answers = np.zeros((len(leaves), columns.first[-1]))
    tree.add_votes(leaves.astype(np.int32), columns, weight, answers)
    # Every leaf has an entry, be it 0.
    leaf, column = np.nonzero((answers != 0) | (np.arange(answers.shape[1]) == 0))
    inner = ~tree.is_leaf
    return {
        "nodes_treeids": np.full(len(nodes), number),
        "nodes_nodeids": np.arange(len(nodes)),
        "nodes_featureids": np.where(inner, nodes["feature"], 0),
        "nodes_modes": np.where(inner, "BRANCH_LEQ", "LEAF"),
        "nodes_values_as_tensor": np.where(inner, nodes["threshold"], 0.0),
        "nodes_truenodeids": np.where(inner, nodes["left"], 0),
        "nodes_falsenodeids": np.where(inner, nodes["right"], 0),
        "nodes_missing_value_tracks_true": np.where(inner, nodes["missing_left"], 0),
        "target_treeids": np.full(len(leaf), number),
        "target_nodeids": leaves[leaf],
        "target_ids": column,
        "target_weights_as_tensor": answers[leaf, column],
    }


def _no_tree():
    """A leaf that adds nothing, for a forest whose trees count for no task."""
    zero = np.zeros(1, dtype=int)
    names = ("nodes_treeids", "nodes_nodeids", "nodes_featureids", "nodes_truenodeids",
             "nodes_falsenodeids", "nodes_missing_value_tracks_true", "target_treeids",
             "target_nodeids", "target_ids")  # fmt: skip
    return {
        **dict.fromkeys(names, zero),
        "nodes_modes": np.array(["LEAF"]),
        "nodes_values_as_tensor": np.zeros(1),
        "target_weights_as_tensor": np.zeros(1),
    }
