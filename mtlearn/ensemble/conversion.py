"""A task of a forest as a scikit-learn forest of one output.

scikit-learn's forests count all trees the same, and tools divide the values of a leaf
by their sum. So that both may, a tree of weight w among B trees has the leaf values

.. math:: v' = B w v + (1 - B w) c

with c the prior of the task: means over trees are those of ours, and sums stay 1.
"""

import numpy as np
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from ..validation import sklearn_tree


def to_sklearn(forest, t):
    """A fitted RandomForestClassifier, or RandomForestRegressor, that answers task t.

    Parameters
    ----------
    forest : MultiTaskForest
        Fitted.
    t : int

    Returns
    -------
    RandomForestClassifier or RandomForestRegressor
        Without the trees that count nothing for the task. Impurities are those of what
        is answered: Gini's of a node, or the variance of the leaves below it.
    """
    if forest.columns_[t] == forest.columns_[t + 1]:
        name = forest.task_names_in_[t]
        raise ValueError(f"no tree answers task {name!r}: it had no labels that differ")
    if forest._forest.trees[0].n_rows is None:
        raise ValueError(
            "a forest made small by shrink() does not know how many rows its leaves "
            "had, which scikit-learn's trees must: convert the full model"
        )
    is_label = forest._is_label_task(t)
    model = RandomForestClassifier() if is_label else RandomForestRegressor()
    member = DecisionTreeClassifier if is_label else DecisionTreeRegressor
    classes = forest._task_classes(t) if is_label else None
    codes = np.arange(len(classes)) if is_label else None
    model.estimators_ = []
    for tree in _trees(forest, t):
        model.estimators_.append(_fitted(member(), forest, codes))
        model.estimators_[-1].tree_ = sklearn_tree(
            **tree, n_features=forest.n_features_in_, is_classifier=is_label
        )
    if hasattr(forest, "feature_names_in_"):
        model.feature_names_in_ = forest.feature_names_in_
    model.set_params(n_estimators=len(model.estimators_))
    return _fitted(model, forest, classes)


def _fitted(model, forest, classes):
    """With the attributes that its ``fit`` would leave, but for trees."""
    model.n_features_in_, model.n_outputs_ = forest.n_features_in_, 1
    if classes is not None:
        model.classes_, model.n_classes_ = classes, len(classes)
    return model


def _trees(forest, t):
    """The trees that count for a task, as dicts of arrays by node."""
    weights = forest._forest.tree_weights()
    trees = [
        (tree, weight[t])
        for tree, weight in zip(forest._forest.trees, weights)
        if weight[t].any()
    ]
    prior = _shown(forest, t, _prior(forest, t)[None])
    for tree, weight in trees:
        # A leaf without rows counts as one, not to divide by 0.
        n_rows = tree.add_up(np.maximum(tree.n_rows, 1))
        values = _shown(forest, t, _leaf_answers(forest, t, tree, weight))
        impurity = _impurity(forest, t, tree, values, n_rows)
        values = tree.add_up(values * n_rows[:, None]) / n_rows[:, None]
        share = len(trees) * weight.sum()
        yield {
            "nodes": tree.nodes,
            "values": share * values + (1 - share) * prior,
            "impurity": impurity,
            "n_rows": n_rows,
        }


def _prior(forest, t):
    columns = forest._forest.columns
    return columns.prior[columns.first[t] : columns.first[t + 1]]


def _leaf_answers(forest, t, tree, weight):
    """What a tree answers in its leaves, (n_nodes, columns of t), other nodes 0."""
    columns = forest._forest.columns
    its = np.zeros((columns.n_tasks, len(weight)))
    its[t] = weight / weight.sum()
    leaves = np.flatnonzero(tree.is_leaf).astype(np.int32)
    answers = np.zeros((len(leaves), columns.first[-1]))
    tree.add_votes(leaves, columns, its, answers)
    values = np.zeros((len(tree.nodes), len(_prior(forest, t))))
    values[leaves] = answers[:, columns.first[t] : columns.first[t + 1]]
    return values


def _shown(forest, t, answers):
    """Shares of all classes, or numbers in the user's units."""
    if forest._is_label_task(t):
        return forest._shares(t, answers)
    return forest._task_in_user_units(t, answers.copy())


def _impurity(forest, t, tree, leaves, n_rows):
    values = tree.add_up(leaves * n_rows[:, None]) / n_rows[:, None]
    if forest._is_label_task(t):
        return 1 - np.sum(values**2, axis=1)
    square = tree.add_up(leaves[:, 0] ** 2 * n_rows) / n_rows
    return np.maximum(square - values[:, 0] ** 2, 0.0)
