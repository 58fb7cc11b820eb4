"""From the parameters of a forest to what trees are told."""

from numbers import Integral

import numpy as np

from ..tree import GrowthSettings
from ..validation import check_choice, check_number
from .growing import Sampling

CRITERIA = ("gini", "entropy", "log_loss")
MAX_FEATURES = ("sqrt", "log2")


def check_parameters(forest):
    """Raise an error that names the parameter, its value and what it may be."""
    check_number(forest.n_estimators, "n_estimators", 1, kind=Integral)
    check_number(forest.max_bins, "max_bins", 2, 255, kind=Integral)
    check_number(forest.min_impurity_decrease, "min_impurity_decrease", 0)
    check_number(forest.ccp_alpha, "ccp_alpha", 0)
    if isinstance(forest.sharing, str) and forest.sharing != "auto":
        raise ValueError(
            f"sharing={forest.sharing!r} is unknown; use a number from 0 to 1, or "
            "'auto'"
        )
    if not isinstance(forest.sharing, str):
        check_number(forest.sharing, "sharing", 0, 1)
    for name, least in (("max_depth", 1), ("max_leaf_nodes", 2)):
        if getattr(forest, name) is not None:
            check_number(getattr(forest, name), name, least, kind=Integral)
    check_choice(forest.criterion, "criterion", forest._criteria)
    if hasattr(forest, "threshold"):
        forest._check_label_sets()


def growth_settings(forest, n, d):
    """What a forest's parameters mean for n rows and d features."""
    return GrowthSettings(
        max_features=_number_of_features(forest.max_features, d),
        max_depth=-1 if forest.max_depth is None else forest.max_depth,
        max_leaves=-1 if forest.max_leaf_nodes is None else forest.max_leaf_nodes,
        min_split=max(number_of_rows(forest, "min_samples_split", n, least=2), 2),
        min_leaf=number_of_rows(forest, "min_samples_leaf", n),
        min_gain=forest.min_impurity_decrease,
        entropy=is_entropy(forest),
        random_cuts=forest._random_cuts,
    )


def sampling(forest, n):
    """Which of n rows each tree is grown on."""
    if forest.max_samples is None:
        return Sampling(n if forest.bootstrap else None, forest.bootstrap)
    n_draws = number_of_rows(forest, "max_samples", n)
    if n_draws > n and not forest.bootstrap:
        raise ValueError(
            f"max_samples == {n_draws}, but only {n} rows have labels; use a share in "
            "(0, 1], or bootstrap=True."
        )
    return Sampling(n_draws, bool(forest.bootstrap))


def is_entropy(forest):
    return forest.criterion in CRITERIA[1:]


def number_of_rows(forest, name, n, least=1):
    """From a number of rows, or a share of n."""
    value = getattr(forest, name)
    if isinstance(value, Integral):
        check_number(value, name, least, kind=Integral)
        return int(value)
    check_number(value, name, 0, 1, open_low=True)
    return max(1, int(np.ceil(value * n)))


def _number_of_features(max_features, d):
    """From "sqrt", "log2", a number, a share, or None for all."""
    if max_features is None:
        return d
    if isinstance(max_features, str):
        check_choice(max_features, "max_features", MAX_FEATURES)
        return max(1, int(np.sqrt(d) if max_features == "sqrt" else np.log2(d)))
    if isinstance(max_features, Integral):
        check_number(max_features, "max_features", 1, kind=Integral)
        return min(int(max_features), d)
    check_number(max_features, "max_features", 0, 1, open_low=True)
    return max(1, int(max_features * d))
