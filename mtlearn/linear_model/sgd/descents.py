"""Descents for a model's parameters: begun, resumed, and rows held out of them."""

import warnings
from copy import deepcopy

import numpy as np
from joblib import hash as content_hash
from sklearn.utils import check_random_state

from ...model_selection import MultiTaskStratifiedKFold
from ...solvers.descent import Descent, HeldOut, ScoreLosses
from .parameters import check_weighting, find_parametrization, find_weighting


def begin(model, structure, targets, losses, settings, X, null_loss):
    """A new descent.

    Parameters
    ----------
    model : MultiTaskSGDModel
        For its parameters.
    structure : Structure
    targets : TaskTargets
    losses : list of Loss
        Of each task.
    settings : Settings
    X : ndarray or CSR matrix
        For its width and dtype.
    null_loss : ndarray (T,)
    """
    parametrization = find_parametrization(model, structure, targets)
    rng = check_random_state(model.random_state)
    descent = Descent(
        parametrization, ScoreLosses(losses, targets), settings, X.shape[1], X.dtype,
        null_loss, rng,
    )  # fmt: skip
    descent.form, descent.weights = _form(model), repr(model.task_weight)
    descent.one_task_per_row = bool((np.bincount(targets.row) <= 1).all())
    _begin_weighting(model, descent, losses, targets.n_tasks)
    return descent


def resume(model, descent, structure, targets, losses, settings):
    """A copy of a descent, for whatever the model's parameters are by now.

    Where they say that W is made otherwise, W stays as it is, as far as it can be made
    so.
    """
    descent = deepcopy(descent)
    if descent.form != _form(model):
        descent.form = _form(model)
        descent.reparametrize(find_parametrization(model, structure, targets))
    descent.adopt(ScoreLosses(losses, targets), settings)
    if descent.weights != repr(model.task_weight):
        descent.weights = repr(model.task_weight)
        _begin_weighting(model, descent, losses, targets.n_tasks)
    return descent


def is_about(descent, tasks, targets, n_features):
    """Whether a descent was about these tasks, labels and features.

    Parameters
    ----------
    descent : Descent or None
    tasks, targets : TaskTargets
        Then and now.
    """
    return (
        descent is not None
        and descent.n_features == n_features
        and tasks.names == targets.names
        and np.array_equal(tasks.columns, targets.columns)
        and all(map(np.array_equal, tasks.classes, targets.classes))
    )


def _form(model):
    """Of what the way depends in which W is made of blocks."""
    names = "structure", "sharing", "penalty", "l1_ratio", "n_components"
    values = [getattr(model, name) for name in names]
    return repr([*values, content_hash(model.task_graph)])


def _begin_weighting(model, descent, losses, n_tasks):
    weighting = find_weighting(model.task_weight)
    descent.weighting = None
    if weighting is not None:
        check_weighting(weighting, losses, descent.parametrization)
        descent.weighting = weighting.start(
            n_tasks, descent.n_features, descent.one_task_per_row and n_tasks > 1
        )


def hold_out(model, X, targets, rng):
    """Rows to watch the tasks' scores on, stratified by all of them; or None.

    Parameters
    ----------
    targets : TaskTargets
        Numbers in their units.
    """
    if not model.early_stopping or not targets.n_columns:
        return None
    n_folds = round(1 / model.validation_fraction)
    rows = np.unique(targets.row)
    if len(rows) < 2 * n_folds:
        raise ValueError(
            f"early_stopping=True with validation_fraction={model.validation_fraction} "
            f"needs at least {2 * n_folds} rows with labels, there are {len(rows)}; "
            "set early_stopping=False."
        )
    Y = np.full((len(rows), targets.n_tasks), np.nan)
    place = np.full(targets.n_rows, -1)
    place[rows] = np.arange(len(rows))
    for t in range(targets.n_tasks):
        row, value, _ = targets.pairs(t)
        Y[place[row], t] = value
    folds = MultiTaskStratifiedKFold(n_folds, shuffle=True, random_state=rng)
    with warnings.catch_warnings():
        # Of rare classes; in which fold they are does not matter here.
        warnings.simplefilter("ignore", UserWarning)
        _, held = next(folds.split(Y, Y))
    return HeldOut(X[rows[held]], rows[held], targets)
