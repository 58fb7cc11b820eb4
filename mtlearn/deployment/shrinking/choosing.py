r"""Fewer trees, chosen by what they answer for rows that they did not see.

Trees are taken one after the other, each time the one that makes the answers of those
taken so far best, by the squared error in units of each task's own, over the labels of
the rows out of the trees' bags (Caruana, Niculescu-Mizil, Crew and Ksikes, "Ensemble
selection from libraries of models", ICML 2004). A tree counts as much, beside the
others, as it did in the whole forest.
"""

import copy
import warnings
from dataclasses import dataclass

import numpy as np

from ...ensemble.features import as_float32
from ...ensemble.parameters import is_entropy, sampling
from ...tree import LabelsByTask, draw_bag

# Numbers of all answers of all trees, times trees, that are looked at; fewer rows then.
MOST_NUMBERS, LEAST_ROWS = 500_000_000, 300


def weights_of_some(forest, fewer):
    """Source weights with which trees count as before, beside each other; sum 1."""
    many, few = forest._counts, fewer._counts
    share = np.divide(few, many, out=np.zeros(many.shape), where=many > 0)
    weights = forest.source_weights * share[:, :, None]
    total = weights.sum(axis=(1, 2), keepdims=True)
    return weights / np.where(total > 0, total, 1.0)


def rank_trees(parts, around):
    """Numbers of the trees of a forest, the most useful first.

    Parameters
    ----------
    parts : Parts
        Whose trees are as many as those of the full forest, and answer in one level.
    around : Surroundings
        With the training set.
    """
    full, forest = around.full.model, parts.model._forest
    if len(full._forest.trees) != len(forest.trees):
        raise ValueError(
            "trees are chosen before any is left out: shrink the full forest anew"
        )
    bags = _read_bags(full, around)
    answers = _answers(forest, bags)
    return _rank(answers, bags, forest)


@dataclass
class Bags:
    """Some rows of the training set.

    Attributes
    ----------
    X : ndarray of float32 (n, d)
    Y : ndarray (n, n_columns)
        What perfect answers would be, NaN where there is no label.
    unseen : ndarray of bool (n_trees, n)
        Whether a row was out of a tree's bag.
    """

    X: np.ndarray
    Y: np.ndarray
    unseen: np.ndarray


def _read_bags(full, around):
    if not hasattr(full, "_grown"):
        raise ValueError(
            "this forest does not know the seeds of its trees any more: shrink the "
            "full one"
        )
    X, targets, rows = _read(full, around)
    n, columns = len(rows), full._forest.columns
    labels = LabelsByTask.of(
        targets.in_units(full._center, full._scale), is_entropy(full)
    )
    known = labels.columns
    if (
        n != full._grown["n_rows"]
        or not np.array_equal(known.first, columns.first)
        or not np.allclose(known.prior, columns.prior)
    ):
        raise ValueError(
            f"training_set has {n} labelled rows that are not those that the forest "
            f"was grown on, {full._grown['n_rows']} rows: give X and y of fit, and "
            "sample_weight if there was one"
        )
    drawn = sampling(full, n)
    if not drawn.leaves_rows_out:
        raise ValueError(
            f"max_samples={full.max_samples} has shown all rows to every tree: there "
            "are no others to choose trees by. Leave out training_set"
        )
    seeds = full._grown["seeds"]
    size = len(seeds) ** 2 * columns.first[-1]
    n_most = max(MOST_NUMBERS // max(size, 1), LEAST_ROWS)
    some = np.linspace(0, n - 1, min(n, n_most)).astype(int)
    bags = [draw_bag(seed, n, drawn.n_draws, drawn.replace)[some] for seed in seeds]
    Y = _perfect(labels, columns, n)[some]
    return Bags(as_float32(X)[rows[some]], Y, np.array(bags) == 0)


def _read(full, around):
    """Checked X and targets, as the fit has read them."""
    X, y, *weight = around.training_set
    X = around.full.transform(X)
    probe = copy.copy(full)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        X, targets = probe._read(X, y, *(weight or [None]), full.label_groups)
    rows, targets = targets.without_task_weight().of_labelled_rows()
    return X, targets, rows


def _perfect(labels, columns, n):
    """Labels as answers (n, n_columns), NaN where there is none."""
    Y = np.full((n, columns.first[-1]), np.nan)
    for t, (start, stop) in enumerate(zip(columns.first, columns.first[1:])):
        its = slice(labels.start[t], labels.start[t + 1])
        row, value = labels.row[its], labels.value[its]
        if stop - start == 1:
            Y[row, start] = value
        elif stop > start:
            Y[row, start:stop] = value[:, None] == np.arange(stop - start)
    return Y


def _answers(forest, bags):
    """Of each tree for each row, times what it counts, (n_trees, n, n_columns)."""
    shape = len(forest.trees), *bags.Y.shape
    answers = np.zeros(shape)
    for out, tree, weight in zip(answers, forest.trees, forest.tree_weights()):
        tree.add_votes(tree.apply(bags.X), forest.columns, weight, out)
    answers *= bags.unseen[:, :, None]
    return answers.astype(np.float32)


def _rank(answers, bags, forest):
    columns = forest.columns
    widths = np.diff(columns.first)
    counts = np.repeat(
        np.array([w[:, 0] for w in forest.tree_weights()]), widths, axis=1
    )
    known = ~np.isnan(bags.Y)
    # Each task counts the same, in units of its own spread.
    spread = np.nanvar(np.where(known.any(axis=0), bags.Y, 0.0), axis=0)
    task = np.repeat(np.arange(columns.n_tasks), widths)
    unit = np.bincount(task, spread, columns.n_tasks)[task] * known.sum(axis=0)
    scale = np.divide(known, unit, out=np.zeros(bags.Y.shape), where=unit > 0)
    truth = np.nan_to_num(bags.Y)
    sums = np.zeros(bags.Y.shape)
    votes = np.zeros(bags.Y.shape)
    left, ranked = list(range(len(answers))), []
    while left:
        losses = []
        for k in left:
            total = votes + bags.unseen[k][:, None] * counts[k]
            mean = np.where(
                total > 0, (sums + answers[k]) / np.where(total > 0, total, 1.0),
                columns.prior,
            )  # fmt: skip
            losses.append(float(np.sum(scale * (mean - truth) ** 2)))
        best = left.pop(int(np.argmin(losses)))
        ranked.append(best)
        sums += answers[best]
        votes += bags.unseen[best][:, None] * counts[best]
    return np.array(ranked)
