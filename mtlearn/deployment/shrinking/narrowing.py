"""Which features a model needs, told to the steps of the pipeline before it.

Walks back from the model: scalers are cut, selectors hand on what is asked of them,
unions ask their branches, until a step is reached that can make fewer features. That
may make more than was asked, and all steps after it take what they get.
"""

import copy

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.feature_selection import SelectorMixin
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    RobustScaler,
    StandardScaler,
)

from ...compose.keep_columns import KeepColumns
from ...image.base import ImageTransformer

# Each feature by itself.
SCALERS = (MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler)


def narrow(steps, wanted, X):
    """Steps that make the features wanted, and few others.

    Parameters
    ----------
    steps : sequence of (str, transformer)
        Fitted; they are copied, not changed.
    wanted : ndarray of bool (n_features,)
        Of the features that come out of the last step.
    X : array-like
        A few rows that go into the first step.

    Returns
    -------
    steps : list of (str, transformer)
    made : ndarray of bool (n_features,)
        Which of the features they make: those wanted at least.
    """
    if not steps:
        return [], np.ones_like(wanted)
    before, (name, last) = steps[:-1], steps[-1]
    if last is None or last == "passthrough":
        before, made = narrow(before, wanted, X)
        return [*before, (name, last)], made
    if isinstance(last, SCALERS):
        before, made = narrow(before, wanted, X)
        return [*before, (name, _cut_scaler(last, made))], made
    if isinstance(last, SelectorMixin | KeepColumns):
        return _fold_selector(before, name, last, wanted, X)
    if isinstance(last, Pipeline):
        found, made = narrow([*before, *last.steps], wanted, X)
        n = len(before)
        return [*found[:n], (name, Pipeline(found[n:]))], made
    if isinstance(last, ImageTransformer):
        last = copy.copy(last)
        last._keep_features(wanted)
        return [*before, (name, last)], wanted
    if isinstance(last, FeatureUnion):
        last, made = _narrow_union(last, wanted, _after(before, X))
        return [*before, (name, last)], made
    if isinstance(last, ColumnTransformer):
        last, made = _drop_blocks(last, wanted)
        return [*before, (name, last)], made
    return list(steps), np.ones_like(wanted)


def _after(steps, X):
    for _, step in steps:
        if not (step is None or isinstance(step, str)):
            X = step.transform(X)
    return X


def _cut_scaler(scaler, made):
    """The scaler of some of its features."""
    d, small = scaler.n_features_in_, copy.copy(scaler)
    for name, value in vars(scaler).items():
        if isinstance(value, np.ndarray) and value.shape == (d,):
            setattr(small, name, value[made])
    small.n_features_in_ = int(np.count_nonzero(made))
    return small


def _fold_selector(before, name, selector, wanted, X):
    """A selector only hands on; a step before it makes less, or columns are taken."""
    if isinstance(selector, KeepColumns):
        chosen = np.asarray(selector.columns)
    else:
        chosen = selector.get_support(indices=True)
    chosen = chosen[wanted]
    asked = np.zeros(selector.n_features_in_, dtype=bool)
    asked[chosen] = True
    before, made = narrow(before, asked, X)
    place = np.cumsum(made) - 1
    if before and np.array_equal(np.flatnonzero(made), chosen):
        return [*before, (name, "passthrough")], wanted
    keep = KeepColumns(place[chosen])
    keep.n_features_in_ = int(np.count_nonzero(made))
    if made.all() and hasattr(selector, "feature_names_in_"):
        keep.feature_names_in_ = selector.feature_names_in_
    return [*before, (name, keep)], wanted


def _narrow_union(union, wanted, X):
    """Branches that nobody needs are left out, others narrowed if they can be."""
    small, branches, made, start = copy.copy(union), [], [], 0
    for name, branch in union.transformer_list:
        if isinstance(branch, str) and branch == "drop":
            continue
        width = X[:1] if isinstance(branch, str) else branch.transform(X[:1])
        stop = start + width.shape[1]
        part = wanted[start:stop]
        if part.any():
            [(_, branch)], part = narrow([(name, branch)], part, X)
            branches.append((name, branch))
        made.append(part)
        start = stop
    small.transformer_list = branches
    if union.transformer_weights:
        names = {name for name, _ in branches}
        weights = union.transformer_weights.items()
        small.transformer_weights = {n: w for n, w in weights if n in names}
    return small, np.concatenate(made)


def _drop_blocks(transformer, wanted):
    """Blocks of a ColumnTransformer that nobody needs are left out."""
    small, made = copy.copy(transformer), np.ones_like(wanted)
    blocks = []
    for name, block, columns in transformer.transformers_:
        its = transformer.output_indices_.get(name, slice(0, 0))
        needed = wanted[its].any()
        if not needed:
            made[its] = False
        blocks.append((name, block if needed else "drop", columns))
    small.transformers_ = blocks
    return small, made
