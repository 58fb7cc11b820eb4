"""Steps for forests."""

from dataclasses import replace

import numpy as np

from ...ensemble.compact import CompactForest, for_prediction
from .choosing import rank_trees, weights_of_some
from .leaf_values import table_of, tree_values
from .leaves import collapse, merging_costs, twins
from .parts import only
from .steps import SHARES, Step, drop_features

NEEDED = ("_forest", "_center", "_scale", "thresholds_")


def drop_training(parts, setting, around):
    """Keep what predictions need, all trees in a few arrays."""
    small = only(parts.model, NEEDED)
    small._forest = CompactForest.of(small._forest)
    return replace(parts, model=small)


def merge_levels(parts, setting, around):
    """Weigh the levels of answers once, instead of at every prediction."""
    forest = parts.model._forest
    if forest.source_weights.shape[2] == 1 or not isinstance(forest, CompactForest):
        return None
    trees = []
    for tree, weight in zip(forest.trees, forest.tree_weights()):
        values = tree_values(tree, forest.columns, weight).astype(np.float32)
        table = table_of(tree, values, forest.columns)
        if len(table.task):  # else it counts for nobody
            trees.append(replace(tree, table=table))
    if not trees:
        return None
    weights = forest.source_weights.sum(axis=2, keepdims=True)
    merged = replace(forest, trees=trees, source_weights=weights)
    merged.source_weights = np.where(merged._counts[:, :, None] > 0, weights, 0.0)
    columns = replace(
        forest.columns,
        group=np.full_like(forest.columns.group, -1),
        group_first=np.zeros(1, dtype=np.intp),
    )
    return parts.with_model(_forest=replace(merged, columns=columns))


def merge_twins(parts, setting, around):
    """Make leaves one that say the same."""

    def cut(tree, values, weight, columns):
        return collapse(tree, *twins(tree, values), values, columns)

    return _changed(parts, cut)


def prune(parts, share, around):
    """Make leaves one that say nearly the same, those that cost least first."""
    forest = parts.model._forest
    if not _has_one_level(forest) or forest.trees[0].n_rows is None:
        return None
    costs = np.concatenate(
        [
            merging_costs(tree, values, weight)[0]
            for tree, values, weight in _valued(forest)
        ]
    )
    costs = np.sort(costs[np.isfinite(costs)])
    n_leaves = len(costs) + len(forest.trees)
    n_gone = min(max(n_leaves - round(share * n_leaves), 0), len(costs))
    if not n_gone:
        return None
    most = costs[n_gone - 1]

    def cut(tree, values, weight, columns):
        its, means = merging_costs(tree, values, weight)
        return collapse(tree, its <= most, means, values, columns)

    return _changed(parts, cut)


def _changed(parts, cut):
    """Each tree through a function; of trees that have one level of answers."""
    forest = parts.model._forest
    if not _has_one_level(forest) or forest.trees[0].n_rows is None:
        return None
    trees = [cut(*one, forest.columns) for one in _valued(forest)]
    if forest.half:
        trees = [_rounded(tree) for tree in trees]
    if sum(len(t.nodes) for t in trees) == sum(len(t.nodes) for t in forest.trees):
        return None
    return parts.with_model(_forest=replace(forest, trees=trees))


def _valued(forest):
    """Trees, what their nodes answer, and what they count for each column."""
    widths = np.diff(forest.columns.first)
    for tree, weight in zip(forest.trees, forest.tree_weights()):
        values = tree_values(tree, forest.columns, np.sign(weight))
        yield tree, values.astype(np.float32), np.repeat(weight[:, 0], widths)


def _has_one_level(forest):
    return isinstance(forest, CompactForest) and forest.source_weights.shape[2] == 1


def to_float16(parts, setting, around):
    """Round the values of leaves to what float16 holds."""
    forest = parts.model._forest
    if not isinstance(forest, CompactForest) or forest.half:
        return None
    trees = [_rounded(tree) for tree in forest.trees]
    return parts.with_model(_forest=replace(forest, trees=trees, half=True))


def _rounded(tree):
    table = _rounded_table(tree.table)
    if table.groups is not None:
        table.groups = _rounded_table(table.groups)
    return replace(tree, table=table)


def _rounded_table(table):
    most = np.finfo(np.float16).max
    values = np.clip(table.values, -most, most).astype(np.float16)
    return replace(table, values=values.astype(np.float32))


def choose_trees(parts, share, around):
    """Keep the trees whose answers for rows that they did not see are best together."""
    forest = parts.model._forest
    if around.training_set is None or not _has_one_level(forest):
        return None
    n_kept = max(1, round(share * len(forest.trees)))
    if n_kept >= len(forest.trees):
        return None
    if "trees" not in around.memory:
        around.memory["trees"] = rank_trees(parts, around)
    kept = np.sort(around.memory["trees"][:n_kept])
    trees = [forest.trees[k] for k in kept]
    fewer = replace(forest, trees=trees)
    fewer.source_weights = weights_of_some(forest, fewer)
    return parts.with_model(_forest=fewer)


def drop_features_of_no_split(parts, setting, around):
    """Leave out the features that no tree asks for."""
    d = parts.model.n_features_in_
    wanted = np.zeros(d, dtype=bool)
    for tree in parts.model._forest.trees:
        wanted[tree.nodes["feature"][~tree.is_leaf]] = True
    return drop_features(parts, wanted, around.few, _keep)


def _keep(model, made):
    number = np.cumsum(made) - 1
    trees = []
    for tree in model._forest.trees:
        nodes = tree.nodes.copy()
        nodes["feature"] = np.where(tree.is_leaf, -1, number[nodes["feature"]])
        trees.append(replace(tree, nodes=nodes))
    return {"_forest": replace(model._forest, trees=trees)}


def finish(parts):
    """Without the numbers of rows, which pruning asks for."""
    forest = parts.model._forest
    if not isinstance(forest, CompactForest):
        return parts
    return parts.with_model(_forest=for_prediction(forest))


STEPS = (
    Step("training", drop_training, is_exact=True),
    Step("levels", merge_levels, is_exact=True),
    Step("twins", merge_twins, is_exact=True),
    Step("float16", to_float16),
    Step("trees", choose_trees, settings=SHARES),
    Step("leaves", prune, settings=SHARES),
    Step("features", drop_features_of_no_split, is_exact=True, saves_work=True),
)
