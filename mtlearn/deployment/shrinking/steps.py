"""What a step is, and those that several families take."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from scipy.sparse import issparse

from .narrowing import narrow

# How much of something is left, gentle first.
SHARES = (0.7, 0.5, 0.35, 0.25, 0.18, 0.125, 0.09, 0.06)


@dataclass(frozen=True)
class Step:
    """A way to make a model smaller.

    Attributes
    ----------
    name : str
    apply : callable (Parts, setting, Surroundings) -> Parts, or None
        None where there is nothing to do.
    is_exact : bool
        Whether answers stay the same but for rounding.
    saves_work : bool
        Whether it is worth its while if the file is no smaller.
    settings : tuple
        From gentle to strong.
    """

    name: str
    apply: Callable
    is_exact: bool = False
    saves_work: bool = False
    settings: tuple = (None,)


@dataclass(frozen=True)
class Surroundings:
    """What steps may look at beside the parts.

    Attributes
    ----------
    X : array-like
        Rows as they enter the first step.
    features : callable (Parts) -> array
        The rows as the model sees them.
    full : Parts
        Before the first step.
    training_set : tuple or None
        X and y of ``fit``, and sample_weight if there was one.
    memory : dict
        What a step has found for all of its settings.
    """

    X: Any
    features: Callable
    full: Any
    training_set: Any = None
    memory: dict = field(default_factory=dict)

    @property
    def few(self):
        """Some of the rows, to see what steps make of them."""
        return (self.X.tocsr() if issparse(self.X) else self.X)[:2]


def drop_features(parts, wanted, X, keep):
    """The parts with steps that make what is wanted, and a model cut to that.

    Parameters
    ----------
    wanted : ndarray of bool (n_features,)
    X : array-like
        A few rows.
    keep : callable (model, ndarray of bool) -> dict
        Attributes of the model of some of its features.

    Returns
    -------
    Parts, or None if the steps can make nothing less
    """
    if not wanted.any():
        wanted = np.arange(len(wanted)) == 0  # a constant still asks for something
    steps, made = narrow(parts.steps, wanted, X)
    if made.all():
        return None
    model, attributes = parts.model, {"n_features_in_": int(np.count_nonzero(made))}
    if hasattr(model, "feature_names_in_"):
        attributes["feature_names_in_"] = model.feature_names_in_[made]
    cut = parts.with_model(**attributes, **keep(model, made))
    return replace(cut, steps=tuple(steps))
