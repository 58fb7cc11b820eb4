"""Metrics of decision values and probabilities of one task."""

from itertools import combinations

import numpy as np
from sklearn import metrics as sk

from .metric import PROBABILITY, RANKING, Metric, one_class, weights_or_ones


def _one_vs_rest(function, weighted=False):
    """On scores (n, n_labels): binary, or the mean over the classes in ``y_true``."""

    def score(y_true, scores, sample_weight, n_labels):
        scores = _ties_for_missing(scores)
        positives = [1] if n_labels == 2 else np.unique(y_true)
        each = [
            function(y_true == c, scores[:, c], sample_weight=sample_weight)
            for c in positives
        ]
        w = weights_or_ones(sample_weight, y_true)
        shares = [w[y_true == c].sum() for c in positives] if weighted else None
        return np.average(each, weights=shares)

    return score


def _one_vs_one(weighted):
    """Hand and Till (2001): the mean over pairs of classes, either one positive."""

    def score(y_true, scores, sample_weight, n_labels):
        scores = _ties_for_missing(scores)
        w = weights_or_ones(sample_weight, y_true)
        each, shares = [], []
        for a, b in combinations(np.unique(y_true), 2):
            pair = (y_true == a) | (y_true == b)
            weight = w[pair]
            of_pair = [
                sk.roc_auc_score(
                    y_true[pair] == c, scores[pair, c], sample_weight=weight
                )
                for c in (a, b)
            ]
            each.append(np.mean(of_pair))
            shares.append(weight.sum() if weighted else 1)
        return np.average(each, weights=shares)

    return score


def _ties_for_missing(scores):
    """Missing scores all become one value, so that they rank as chance does."""
    missing = np.isnan(scores)
    if missing.any():
        known = scores[~missing]
        scores = np.where(missing, np.median(known) if len(known) else 0.0, scores)
    return np.nan_to_num(scores)


def _top_two(y_true, scores, sample_weight, n_labels):
    scores = _ties_for_missing(scores)
    labels = np.arange(n_labels)
    if n_labels == 2:
        return 1.0  # the true label is one of the two
    return sk.top_k_accuracy_score(
        y_true, scores, labels=labels, sample_weight=sample_weight
    )


def _even_for_missing(proba):
    """Missing probabilities become equal ones."""
    missing = np.isnan(proba).any(axis=1, keepdims=True)
    return np.where(missing, np.asarray(1 / proba.shape[1], dtype=proba.dtype), proba)


def _neg_log_loss(y_true, proba, sample_weight, n_labels):
    labels = np.arange(n_labels)
    proba = _even_for_missing(proba)
    return -sk.log_loss(y_true, proba, labels=labels, sample_weight=sample_weight)


def _neg_brier_score(y_true, proba, sample_weight, n_labels):
    error = (_even_for_missing(proba) - np.eye(n_labels)[y_true]) ** 2
    # Of two classes both have the same error, and by custom one counts.
    of_row = error.sum(axis=1) / (2 if n_labels == 2 else 1)
    return -np.average(of_row, weights=sample_weight)


def _explained(loss):
    """Share of the loss of the classes' shares that the probabilities save."""

    def score(y_true, proba, sample_weight, n_labels):
        shares = np.average(np.eye(n_labels)[y_true], axis=0, weights=sample_weight)
        constant = np.tile(shares, (len(y_true), 1))
        arguments = sample_weight, n_labels
        return 1 - loss(y_true, proba, *arguments) / loss(y_true, constant, *arguments)

    return score


SCORE_METRICS = [
    Metric(name, function, responses, undefined=one_class)
    for name, function, responses in (
        ("average_precision", _one_vs_rest(sk.average_precision_score), RANKING),
        ("roc_auc", _one_vs_rest(sk.roc_auc_score), RANKING),
        ("roc_auc_ovr", _one_vs_rest(sk.roc_auc_score), PROBABILITY),
        ("roc_auc_ovr_weighted", _one_vs_rest(sk.roc_auc_score, True), PROBABILITY),
        ("roc_auc_ovo", _one_vs_one(False), PROBABILITY),
        ("roc_auc_ovo_weighted", _one_vs_one(True), PROBABILITY),
        ("d2_log_loss_score", _explained(_neg_log_loss), PROBABILITY),
        ("d2_brier_score", _explained(_neg_brier_score), PROBABILITY),
    )
] + [
    Metric("top_k_accuracy", _top_two, RANKING),
    Metric("neg_log_loss", _neg_log_loss, PROBABILITY),
    Metric("neg_brier_score", _neg_brier_score, PROBABILITY),
]
