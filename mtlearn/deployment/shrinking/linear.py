"""Steps for linear models."""

from dataclasses import replace

import numpy as np
from scipy import sparse
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    RobustScaler,
    StandardScaler,
)

from ...linear_model.compact import CompactRows, wide
from .parts import only
from .steps import SHARES, Step, drop_features

NEEDED = ("coef_", "intercept_")
# Of models with a gate, see predict_mixture.
GATE = ("_gate", "_tasks")


def drop_training(parts, setting, around):
    """Keep what predictions need."""
    names = NEEDED + (GATE if _has_gate(parts.model) else ())
    return replace(parts, model=only(parts.model, names))


def fold_scaler(parts, setting, around):
    """Put a scaler right before the model into its coefficients."""
    if not parts.steps or _has_gate(parts.model):
        return None
    scaler = parts.steps[-1][1]
    times, plus = _as_affine(scaler)
    coef = wide(parts.model.coef_)
    if times is None or (sparse.issparse(coef) and np.any(plus)):
        return None
    intercept = parts.model.intercept_ + coef @ plus
    coef = coef * times if not sparse.issparse(coef) else coef.multiply(times).tocsr()
    folded = parts.with_model(
        coef_=coef.astype(parts.model.coef_.dtype),
        intercept_=intercept.astype(parts.model.intercept_.dtype),
    )
    vars(folded.model).pop("feature_names_in_", None)
    if hasattr(scaler, "feature_names_in_"):
        folded.model.feature_names_in_ = scaler.feature_names_in_
    steps = parts.steps[:-1]
    return replace(folded, steps=steps)


def _as_affine(scaler):
    """What each feature is multiplied by, and then what is added; or None, None."""
    if getattr(scaler, "clip", False):
        return None, None
    if isinstance(scaler, StandardScaler | RobustScaler):
        middle = getattr(scaler, "mean_", getattr(scaler, "center_", None))
        moves = getattr(scaler, "with_mean", getattr(scaler, "with_centering", False))
        ones = np.ones(scaler.n_features_in_)
        times = ones if scaler.scale_ is None else 1 / scaler.scale_
        return times, -middle * times if moves else 0 * ones
    if isinstance(scaler, MinMaxScaler):
        return scaler.scale_, scaler.min_
    if isinstance(scaler, MaxAbsScaler):
        return 1 / scaler.scale_, np.zeros(scaler.n_features_in_)
    return None, None


def drop_zeros(parts, setting, around):
    """Leave out the features whose coefficients are zero in all tasks."""
    if _has_gate(parts.model):
        return None
    wanted = _size_of_columns(parts.model.coef_) > 0
    return drop_features(parts, wanted, around.few, _keep)


def drop_weak(parts, share, around):
    """Leave out the features that move the scores least, and put in their means."""
    model = parts.model
    if _has_gate(model) or sparse.issparse(model.coef_):
        return None
    X = around.features(parts)
    if sparse.issparse(X):
        mean = np.asarray(X.mean(axis=0)).ravel()
        spread = np.sqrt(np.asarray(X.multiply(X).mean(axis=0)).ravel() - mean**2)
    else:
        mean, spread = (np.asarray(f(X, axis=0)) for f in (np.mean, np.std))
    coef = wide(model.coef_)
    moves = np.sqrt(np.square(coef).sum(axis=0)) * spread
    n_kept = max(1, round(share * coef.shape[1]))
    wanted = np.zeros(coef.shape[1], dtype=bool)
    wanted[np.argsort(-moves, kind="stable")[:n_kept]] = True
    intercept = model.intercept_ + coef[:, ~wanted] @ mean[~wanted]
    intercept = intercept.astype(model.intercept_.dtype)
    zeroed = parts.with_model(intercept_=intercept, coef_=_zeroed(model.coef_, wanted))
    return drop_features(zeroed, wanted, around.few, _keep) or zeroed


def _zeroed(coef, wanted):
    """The same with zeros for other features, which a file packs well."""
    if isinstance(coef, CompactRows):
        values = np.where(wanted, coef.values, coef.values.dtype.type(0))
        return CompactRows(values, coef.scale, coef.read_as)
    return np.where(wanted, coef, coef.dtype.type(0))


def _keep(model, made):
    coef = model.coef_
    if isinstance(coef, CompactRows):
        return {"coef_": coef.take(columns=made)}
    if sparse.issparse(coef):
        return {"coef_": coef[:, np.flatnonzero(made)]}
    return {"coef_": np.ascontiguousarray(coef[:, made])}


def _size_of_columns(coef):
    if sparse.issparse(coef):
        return np.asarray(abs(coef).sum(axis=0)).ravel()
    return np.abs(wide(coef)).sum(axis=0)


def _has_gate(model):
    return hasattr(model, "predict_task_proba")


def to_kind(kind):
    """A function that holds the coefficients in a type of fewer bytes."""

    def quantize(parts, setting, around):
        coef = parts.model.coef_
        if sparse.issparse(coef):
            return None
        return parts.with_model(coef_=CompactRows.of(coef, kind))

    return quantize


def finish(parts):
    """Nothing is kept for further steps only."""
    return parts


STEPS = (
    Step("training", drop_training, is_exact=True),
    Step("scaler", fold_scaler, is_exact=True),
    Step("features", drop_zeros, is_exact=True, saves_work=True),
    Step("float16", to_kind("float16")),
    Step("int8", to_kind("int8")),
    Step("weak features", drop_weak, settings=SHARES),
)
