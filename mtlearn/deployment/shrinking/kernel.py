"""Steps for kernel machines."""

from dataclasses import replace

import numpy as np
from scipy import sparse

from ...linear_model.compact import CompactRows, wide
from . import linear
from .parts import only
from .steps import Step

NEEDED = (
    "_kernel", "_features", "_machine", "_mixed", "support_vectors_", "intercept_",
)  # fmt: skip


def drop_training(parts, setting, around):
    """Keep what predictions need, of the machine on landmarks as well."""
    model = parts.model
    names = NEEDED
    if model._kernel.function is None:
        names += ("support_rows_",)
    small = only(model, names)
    if model._features is not None:
        small._machine = only(model._machine, linear.NEEDED)
    return replace(parts, model=small)


def join_landmarks(parts, setting, around):
    """Landmarks become support rows: two products with matrices become one."""
    model = parts.model
    if model._features is None:
        return None
    features, coef = model._features, wide(model._machine.coef_)
    mixed = features.turn.astype(np.float64) @ coef.T.astype(np.float64)
    joined = parts.with_model(
        _features=None, support_vectors_=features.landmarks, _mixed=mixed,
        intercept_=model._machine.intercept_,
    )  # fmt: skip
    del joined.model._machine
    return joined


def drop_rows(parts, setting, around):
    """Leave out the support rows that count for no task."""
    model = parts.model
    if model._features is not None:
        return None
    used = wide(model._mixed).any(axis=1)
    if used.all():
        return None
    return _with_rows(parts, used)


def _with_rows(parts, used):
    model = parts.model
    attributes = {"_mixed": _take(model._mixed, used)}
    if model.support_vectors_ is not None:
        attributes["support_vectors_"] = _take(model.support_vectors_, used)
    else:
        attributes["support_rows_"] = model.support_rows_[used]
    return parts.with_model(**attributes)


def _take(rows, used):
    if isinstance(rows, CompactRows):
        return rows.take(used)
    return rows[np.flatnonzero(used)]


def to_kind(kind):
    """A function that holds support rows and coefficients in a type of fewer bytes."""

    def quantize(parts, setting, around):
        model = parts.model
        if model._features is not None:
            return None
        held = {"_mixed": model._mixed, "support_vectors_": model.support_vectors_}
        try:
            attributes = {
                name: CompactRows.of(rows, kind)
                for name, rows in held.items()
                if rows is not None and not sparse.issparse(rows)
            }
        except ValueError:  # too large for the type
            return None
        return parts.with_model(**attributes)

    return quantize


def finish(parts):
    """Nothing is kept for further steps only."""
    return parts


STEPS = (
    Step("training", drop_training, is_exact=True),
    Step("landmarks", join_landmarks, is_exact=True),
    Step("rows", drop_rows, is_exact=True),
    Step("float32", to_kind("float32")),
    Step("float16", to_kind("float16")),
)
