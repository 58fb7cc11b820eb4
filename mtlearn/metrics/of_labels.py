"""Metrics of the labels that were predicted for one task."""

from functools import partial

import numpy as np
from sklearn import metrics as sk

from .metric import Metric, no_positive, one_class, weights_or_ones

# How well two groupings of the rows agree, whatever the groups are called.
AGREEMENT = (
    "adjusted_mutual_info_score",
    "adjusted_rand_score",
    "completeness_score",
    "fowlkes_mallows_score",
    "homogeneity_score",
    "mutual_info_score",
    "normalized_mutual_info_score",
    "rand_score",
    "v_measure_score",
)


def _accuracy(y_true, y_pred, sample_weight, n_labels):
    return sk.accuracy_score(y_true, y_pred, sample_weight=sample_weight)


def _balanced_accuracy(y_true, y_pred, sample_weight, n_labels):
    # balanced_accuracy_score is this, and warns of labels that were only predicted.
    return sk.recall_score(
        y_true,
        y_pred,
        labels=np.unique(y_true),
        average="macro",
        sample_weight=sample_weight,
    )


def _matthews_corrcoef(y_true, y_pred, sample_weight, n_labels):
    return sk.matthews_corrcoef(y_true, y_pred, sample_weight=sample_weight)


def averaged_over_classes(function, average):
    """Over the classes that occur in the labels or the predictions."""

    def score(y_true, y_pred, sample_weight, n_labels):
        seen = np.union1d(y_true, y_pred)
        return function(
            y_true,
            y_pred,
            labels=seen[seen >= 0],
            average=average,
            sample_weight=sample_weight,
            zero_division=0.0,
        )

    return score


def _of_positive_class(function):
    """Of the positive class; for a multiclass task the mean over its classes."""
    of_classes = averaged_over_classes(function, "macro")

    def score(y_true, y_pred, sample_weight, n_labels):
        if n_labels > 2:
            return of_classes(y_true, y_pred, sample_weight, n_labels)
        weight = {"sample_weight": sample_weight}
        return function(y_true == 1, y_pred == 1, zero_division=0.0, **weight)

    return score


def _likelihood_ratio(sign, y_true, y_pred, sample_weight, n_labels):
    """P(said | positive) / P(said | negative); 1, which says nothing, for x / 0."""
    said = (y_pred == 1) == (sign > 0)
    w = weights_or_ones(sample_weight, y_true)
    positive = y_true == 1
    share = [(w * (said & of))[of].sum() / w[of].sum() for of in (positive, ~positive)]
    return sign * (share[0] / share[1] if share[1] > 0 else 1.0)


def _agreement(name, y_true, y_pred, sample_weight, n_labels):
    return getattr(sk, name)(y_true, y_pred)


def _ordinal_error(y_true, y_pred, sample_weight, n_labels):
    return -np.average(np.abs(y_true - _middle(y_true, y_pred)), weights=sample_weight)


def _kappa(y_true, y_pred, sample_weight, n_labels):
    return sk.cohen_kappa_score(y_true, y_pred, sample_weight=sample_weight)


def _ordinal_kappa(weights, y_true, y_pred, sample_weight, n_labels):
    return sk.cohen_kappa_score(
        y_true,
        _middle(y_true, y_pred),
        labels=np.arange(n_labels),
        weights=weights,
        sample_weight=sample_weight,
    )


def _middle(y_true, y_pred):
    """A missing prediction is the median label, as a missing number is the mean."""
    return np.where(y_pred < 0, np.sort(y_true)[len(y_true) // 2], y_pred)


def _of_classes(name):
    """``name``, and ``name_macro``: over both classes of a binary 1-D y, too."""
    function = getattr(sk, f"{name}_score")
    yield Metric(name, _of_positive_class(function), undefined=no_positive)
    full_name, of_classes = f"{name}_macro", averaged_over_classes(function, "macro")
    of_columns = Metric(full_name, _of_positive_class(function), undefined=no_positive)
    yield Metric(full_name, of_classes, of_columns=of_columns)


LABEL_METRICS = [
    Metric("accuracy", _accuracy),
    Metric("balanced_accuracy", _balanced_accuracy),
    Metric("matthews_corrcoef", _matthews_corrcoef, undefined=one_class),
    *(
        metric
        for name in ("f1", "precision", "recall", "jaccard")
        for metric in _of_classes(name)
    ),
    *(
        Metric(
            name,
            partial(_likelihood_ratio, sign),
            kind="two labels",
            undefined=one_class,
        )
        for name, sign in (
            ("positive_likelihood_ratio", 1),
            ("neg_negative_likelihood_ratio", -1),
        )
    ),
    *(Metric(name, partial(_agreement, name)) for name in AGREEMENT),
    Metric("cohen_kappa", _kappa, undefined=one_class),
    Metric("neg_ordinal_error", _ordinal_error, kind="ordered labels"),
    *(
        Metric(
            f"{weights}_kappa",
            partial(_ordinal_kappa, weights),
            kind="ordered labels",
            undefined=one_class,
        )
        for weights in ("linear", "quadratic")
    ),
]
