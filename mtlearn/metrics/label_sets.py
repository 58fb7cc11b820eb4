"""Metrics of the sets of labels that rows have, over all tasks at once."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from sklearn import metrics as sk

from .metric import Metric
from .of_labels import averaged_over_classes

RANKED = ("predict_proba", "decision_function")
# Entries of (rows, labels, labels) compared at once.
MOST_COMPARED = 10**7


@dataclass(frozen=True)
class LabelSets:
    """Labels of all tasks as columns; a task of two classes has one, others one each.

    Attributes
    ----------
    truth : ndarray of bool (n_rows, n_columns)
    answer : ndarray (n_rows, n_columns)
        Bool, or scores.
    seen : ndarray of bool (n_rows, n_columns)
        Where the true label is known.
    weight : ndarray (n_rows, n_columns)
        0 where it is not.
    wrong : ndarray of bool (n_rows, n_tasks), or None for scores
        Whether the true label is known, and another was predicted, or none.
    task_weight : ndarray (n_rows, n_tasks)
        Weight of each known label, 0 where it is unknown.
    """

    truth: np.ndarray
    answer: np.ndarray
    seen: np.ndarray
    weight: np.ndarray
    wrong: np.ndarray | None
    task_weight: np.ndarray

    def row_weight(self):
        """Mean weight of a row's known labels."""
        n_known = (self.task_weight > 0).sum(axis=1)
        return self.task_weight.sum(axis=1) / np.maximum(n_known, 1)

    def hits(self, axis=None):
        """Sums of true positives, of labels said, and of true labels."""
        w = self.weight
        parts = self.truth & self.answer, self.answer, self.truth
        return [(w * part).sum(axis=axis) for part in parts]


def _neg_hamming_loss(sets):
    return -np.average(sets.wrong, weights=sets.task_weight)


def _subset_accuracy(sets):
    return np.average(~sets.wrong.any(axis=1), weights=sets.row_weight())


def _ratio(a, b):
    return np.divide(a, b, out=np.zeros(np.shape(a)), where=np.asarray(b) > 0)


RATIOS = {
    "f1": lambda both, said, true: _ratio(2 * both, said + true),
    "precision": lambda both, said, true: _ratio(both, said),
    "recall": lambda both, said, true: _ratio(both, true),
    "jaccard": lambda both, said, true: _ratio(both, said + true - both),
}


def _micro(ratio, sets):
    return ratio(*map(np.asarray, sets.hits()))


def _weighted(ratio, sets):
    hits = sets.hits(axis=0)
    return np.average(ratio(*hits), weights=hits[2]) if hits[2].any() else 0.0


def _samples(ratio, sets):
    # Within a row the labels may have different weights.
    return np.average(ratio(*sets.hits(axis=1)), weights=sets.row_weight())


def _ranked(of_rows, sets):
    """The mean over rows of a function of (at_least, truth, seen).

    ``at_least[i, j, k]``: in row i label k is known and scores no less than label j.
    """
    n, n_labels = sets.truth.shape
    scores = _row_mean_for_missing(sets.answer)
    step = max(1, MOST_COMPARED // n_labels**2)
    each = []
    for rows in (slice(i, i + step) for i in range(0, n, step)):
        s, seen = scores[rows], sets.seen[rows]
        at_least = (s[:, None, :] >= s[:, :, None]) & seen[:, None, :]
        each.append(of_rows(at_least, sets.truth[rows] & seen, seen))
    return np.average(np.concatenate(each), weights=sets.row_weight())


def _row_mean_for_missing(scores):
    known = ~np.isnan(scores)
    mean = _ratio(np.where(known, scores, 0).sum(axis=1), known.sum(axis=1))
    return np.where(known, scores, mean[:, None])


def _precision_of_ranks(at_least, truth, seen):
    right = (at_least & truth[:, None, :]).sum(axis=2)
    share = np.where(truth, _ratio(right, at_least.sum(axis=2)), 0).sum(axis=1)
    positives = truth.sum(axis=1)
    nothing_to_rank = (positives == 0) | (positives == seen.sum(axis=1))
    return np.where(nothing_to_rank, 1.0, _ratio(share, positives))


def _pairs_wrong(at_least, truth, seen):
    negative = seen & ~truth
    wrong = (at_least & truth[:, :, None] & negative[:, None, :]).sum(axis=(1, 2))
    return -_ratio(wrong, truth.sum(axis=1) * negative.sum(axis=1))


def _depth(at_least, truth, seen):
    return -np.where(truth, at_least.sum(axis=2), 0).max(axis=1)


def _of_label_sets(name, function, responses=("predict",)):
    return Metric(name, function, responses, kind="label sets")


def _averages(name):
    """scikit-learn's ``name_micro``, ...: of a 1-D y over its classes, of a 2-D Y over
    the labels of all tasks.
    """
    of_classes = {
        average: averaged_over_classes(getattr(sk, f"{name}_score"), average)
        for average in ("micro", "weighted")
    }
    for kind, function in (("micro", _micro), ("weighted", _weighted)):
        full_name = f"{name}_{kind}"
        yield Metric(
            full_name,
            of_classes[kind],
            of_columns=_of_label_sets(full_name, partial(function, RATIOS[name])),
        )
    yield _of_label_sets(f"{name}_samples", partial(_samples, RATIOS[name]))


LABEL_SET_METRICS = [
    _of_label_sets("neg_hamming_loss", _neg_hamming_loss),
    _of_label_sets("subset_accuracy", _subset_accuracy),
    *(metric for name in RATIOS for metric in _averages(name)),
    *(
        _of_label_sets(name, partial(_ranked, function), RANKED)
        for name, function in (
            ("label_ranking_average_precision", _precision_of_ranks),
            ("neg_label_ranking_loss", _pairs_wrong),
            ("neg_coverage_error", _depth),
        )
    ),
]
