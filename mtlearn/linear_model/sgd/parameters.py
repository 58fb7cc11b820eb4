"""Parameters that all models of gradient descent have, and which go together."""

from collections.abc import Mapping
from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator, clone

from ...solvers.descent import OPTIMIZERS, SCHEDULES, Settings
from ...structures import STRUCTURES
from ...structures.parametrizations import Factorized, Own
from ...tasks.weights import TASK_WEIGHTS
from ...validation import check_choice, check_number, warn_user
from ...weighting import WEIGHTINGS, TaskWeighting
from ..parameters import DEFAULT_SHARING, find_structure, refuse_unused_ties

# Epochs without progress, of tasks that a dict of them leaves out.
PATIENCE = 3
# Parts of all labels that no batch knows.
NEEDS_ALL_ROWS = {
    "task_weight": ("balanced", "null_loss"),
    "class_weight": ("balanced",),
}


def check_parameters(model):
    """Raise ValueError, naming parameter and value, unless all can be used together.

    Returns
    -------
    structure : Structure
    """
    check_number(model.alpha, "alpha", 0)
    check_number(model.sharing, "sharing", 0, 1)
    check_number(model.l1_ratio, "l1_ratio", 0, 1)
    if model.eta0 is not None:
        check_number(model.eta0, "eta0", 0, open_low=True)
    if model.clip_norm is not None:
        check_number(model.clip_norm, "clip_norm", 0, open_low=True)
    if model.tol is not None:
        check_number(model.tol, "tol", 0)
    for name in ("batch_size", "max_iter"):
        check_number(getattr(model, name), name, 1, kind=Integral)
    if model.early_stopping:
        check_number(model.validation_fraction, "validation_fraction", 0, 0.5,
                     open_low=True)  # fmt: skip
    check_number(model.average, "average", 0, kind=Integral)
    if isinstance(model.task_weight, str):
        known = *TASK_WEIGHTS, *WEIGHTINGS
        check_choice(model.task_weight, "task_weight", known)
    structure = find_structure(model)
    name = f"structure={model.structure!r}"
    _check_structure(model, structure, name)
    _check_penalty(model, structure, name)
    return structure


def _check_structure(model, structure, name):
    refuse_unused_ties(model, structure)
    if model.sharing != DEFAULT_SHARING and not structure.has_sharing:
        raise ValueError(
            f"sharing={model.sharing} means nothing to {name}, whose only strength is "
            "alpha; leave sharing out, or use structure='learned' or 'mean'."
        )
    if model.n_components is not None:
        check_number(model.n_components, "n_components", 1, kind=Integral)
        if not is_factorized(model, structure):
            # No error: scikit-learn's own checks set whatever has this name.
            warn_user(
                f"n_components={model.n_components} means nothing to {name}; use "
                "structure='low_rank' or leave n_components out."
            )


def is_factorized(model, structure):
    low_rank = isinstance(structure, STRUCTURES["low_rank"])
    return low_rank and model.n_components is not None


def _check_penalty(model, structure, name):
    if model.penalty is None:
        if not isinstance(structure, STRUCTURES["independent"]):
            raise ValueError(
                f"penalty=None means nothing to {name}, which is a penalty; use "
                "structure='independent', or alpha=0."
            )
        return
    check_choice(model.penalty, "penalty", ("l2", "l1", "elasticnet"))
    if model.penalty != "l2" and not structure.takes_l1:
        raise ValueError(
            f"penalty={model.penalty!r} means nothing to {name}, which has a penalty "
            "of its own; use structure='mean' or 'independent', or penalty='l2'."
        )


def l1_share(model):
    """Share of absolute values in the penalty."""
    return {"l1": 1.0, "elasticnet": model.l1_ratio}.get(model.penalty, 0.0)


def find_parametrization(model, structure, targets):
    if model.penalty is None:
        return Own(decay=0.0)
    if is_factorized(model, structure):
        return Factorized(model.n_components)
    return structure.parametrization(targets, model.sharing, l1_share(model))


def find_settings(model, horizon_known):
    """What a descent has to know of the model's parameters.

    Parameters
    ----------
    horizon_known : bool
        Whether all rows are at hand.
    """
    optimizer = _find(model.optimizer, "optimizer", OPTIMIZERS)
    schedule = _find(model.learning_rate, "learning_rate", SCHEDULES)
    optimizer.check()
    schedule.check(horizon_known)
    return Settings(
        optimizer=optimizer,
        schedule=schedule,
        eta0=optimizer.eta0 if model.eta0 is None else model.eta0,
        alpha=model.alpha,
        average=bool(model.average),
        average_from=int(model.average) if model.average is not True else 0,
        clip_norm=model.clip_norm,
        fit_intercept=model.fit_intercept,
    )


def _find(value, name, known):
    """An entry of a registry, by its name or as it is."""
    if isinstance(value, tuple(known.values())):
        return clone(value)
    if isinstance(value, BaseEstimator):
        entries = ", ".join(each.__name__ for each in known.values())
        raise ValueError(f"{name}={value!r} is none of {entries}")
    check_choice(value, name, known)
    return known[value]()


def find_weighting(task_weight):
    """A learned weighting, by its name or as it is; None if weights are fixed."""
    if isinstance(task_weight, TaskWeighting):
        return task_weight
    if isinstance(task_weight, str) and task_weight in WEIGHTINGS:
        return WEIGHTINGS[task_weight]()
    return None


def check_weighting(weighting, losses, parametrization):
    """Raise ValueError where a learned weighting cannot mean anything."""
    weighting.check()
    name = type(weighting).__name__
    wrong = [loss for loss in losses if not loss.is_likelihood]
    if weighting.needs_likelihood and wrong:
        raise ValueError(
            f"task_weight: {name} weighs minus the logarithm of a probability, which "
            f"{type(wrong[0]).__name__} is not, and would diverge; use loss='logistic' "
            "or 'squared', or task_weight='dwa' or 'gate'."
        )
    blocks = parametrization.start(1, 1, np.float64, np.random.RandomState(0))
    if weighting.needs_shared and parametrization.shared_kernel(blocks) is None:
        raise ValueError(
            f"task_weight: {name} balances gradients of shared parameters, and this "
            "structure has none of its own; use structure='mean', or 'low_rank' with "
            "n_components, or task_weight='dwa' or 'gate'."
        )


def check_known_in_a_stream(model):
    """Raise ValueError for what only all rows together could tell."""
    for name, words in NEEDS_ALL_ROWS.items():
        value = getattr(model, name, None)
        forms = value.values() if isinstance(value, Mapping) else [value]
        for form in forms:
            if isinstance(form, str) and form in words:
                raise ValueError(
                    f"{name}={form!r} needs all labels, and partial_fit sees one batch "
                    f"at a time: give numbers, {name}={{...}}, or use fit."
                )
    if model.early_stopping:
        raise ValueError(
            "early_stopping=True needs all rows to hold some out; score your own "
            "validation rows between calls of partial_fit, or use fit."
        )


def patience_by_task(n_iter_no_change, names):
    """Epochs without progress before a task stops, (T,)."""
    if isinstance(n_iter_no_change, Mapping):
        known = {str(name): n for name, n in n_iter_no_change.items()}
        unknown = sorted(set(known) - set(names))
        if unknown:
            raise ValueError(
                f"n_iter_no_change names unknown tasks {unknown}; the tasks are {names}"
            )
        patience = [known.get(name, PATIENCE) for name in names]
    else:
        if np.shape(n_iter_no_change) not in ((), (len(names),)):
            raise ValueError(
                f"n_iter_no_change={n_iter_no_change!r} should be one number, or one "
                f"for each of the {len(names)} tasks"
            )
        patience = np.broadcast_to(n_iter_no_change, (len(names),))
    for each in patience:
        check_number(each, "n_iter_no_change", 1, kind=Integral)
    return np.array(patience, dtype=int)
