"""One more task for a fitted model, around the part that all tasks share."""

import numpy as np

from ..solvers import LinearObjective, one_class_intercept, solve
from ..solvers.objective import loss_of_tasks
from ..structures import Independent, Mean
from ..structures.covariance import IdentityCovariance, TiedCovariance
from ..tasks import TaskTargets
from .parameters import find_structure

# At sharing 1 the new task may have an intercept of its own, and nothing else.
LEAST_OWN = 1e-8


def add_task(model, X, y, name, place, sample_weight=None):
    r"""Append a task to a fitted model with ``structure="mean"``.

    Minimises :math:`C \sum_i s_i \ell(y_i, x_i'(w_s + v) + b) + |v|^2 / (2 (1 - s))`
    over v and b, which is the model's own objective with :math:`w_s` and all other
    tasks held fixed.

    Parameters
    ----------
    model : MultiTaskLinearModel
        Changed only if all goes well.
    X : array or CSR matrix (n, d)
        Checked.
    y : array-like (n,)
    name : str
    place : int
        Number that the task gets.
    sample_weight : array-like (n,), optional
    """
    if model._is_small:
        raise ValueError("shrink() has dropped the shared part: add to the full model")
    structure = find_structure(model)
    if not isinstance(structure, Mean):
        raise ValueError(
            f"structure={model.structure!r} has no shared part that a new task could "
            "start from; use structure='mean', or fit anew with all tasks"
        )
    if not all(loss.differentiable for loss in model._losses().values()):
        raise ValueError(
            f"loss={model.loss!r} has a kink, and a new task needs a smooth loss: use "
            "its squared form, or fit anew with all tasks"
        )
    targets = TaskTargets.read(
        y,
        model._task_types(),
        sample_weight=sample_weight,
        class_weight=_class_weight(model, name),
    )
    targets.weight = targets.weight * _task_weight(model, name)
    group = _find_group(model, targets.classes[0])
    columns = _columns_of_group(model, group)
    classes = None
    if targets.classes[0] is not None:
        classes = max((model.classes_[t] for t in group), key=len)
    shared = (model.coef_ - model.coef_task_)[columns]
    targets = _with_classes(targets, classes, len(columns))
    w, b = _fit_own_part(model, X, targets, shared, group)
    _insert(model, place, name, targets, classes, shared, w, b, group)


def group_shares(targets):
    """Share of each class in each label group; None for groups of numbers."""
    shares = []
    for group in targets.label_groups:
        known = [t for t in group if targets.classes[t] is not None]
        known = [t for t in known if len(targets.classes[t])]
        shares.append(targets.label_shares(known[0]) if known else None)
    return shares


def _find_group(model, labels):
    """Tasks of the label group that the labels belong to."""
    names = list(model.task_names_in_)
    groups = [[names.index(name) for name in group] for group in model.label_groups_]
    if not groups:
        raise ValueError("the tasks of this model share nothing: none are tied")
    if labels is None:
        return groups[0]
    for group in groups:
        known = np.concatenate([model.classes_[t] for t in group])
        if np.isin(labels, known).all():
            return group
    strange = labels[~np.isin(labels, np.concatenate(model.classes_))]
    which = (
        f"the label {strange.tolist()[0]!r}" if len(strange) else "this set of labels"
    )
    raise ValueError(f"no task of this model has {which}: fit anew")


def _columns_of_group(model, group):
    """Score columns of one task of the group, each label once."""
    for t in group:
        own = np.arange(*model.columns_[t : t + 2])
        if len(own):
            return own
    raise ValueError("the tasks of this model share nothing: none has a column")


def _class_weight(model, name):
    """The model's, for one task by its name."""
    given = getattr(model, "class_weight", None)
    of_tasks = isinstance(given, dict) and any(
        form is None or isinstance(form, str | dict) for form in given.values()
    )
    return given.get(name) if of_tasks else given


def _task_weight(model, name):
    """1, unless a dict says otherwise: other forms are relative to other tasks."""
    given = model.task_weight
    return given.get(name, 1.0) if isinstance(given, dict) else 1.0


def _with_classes(targets, classes, n_columns):
    """The same labels as codes into the classes of the group."""
    if classes is not None:
        code = np.searchsorted(np.sort(classes), targets.classes[0])
        code = np.argsort(classes)[code]
        targets.value = code[targets.value].astype(np.int32)
        targets.classes = [classes]
        labels = [1] if n_columns == 1 else range(n_columns)
        targets.column_label = np.array(labels)
    targets.columns = np.array([0, n_columns])
    targets.column_task = np.zeros(n_columns, dtype=int)
    targets.column_tie = np.arange(n_columns)
    if targets.constant[0] >= 0:
        targets.constant = np.array([targets.value[0]])
    return targets


def _fit_own_part(model, X, targets, shared, group):
    """Coefficients and intercepts of the new task, in the user's units."""
    scale = model.target_scale_[group[0]]
    _, value, weight = targets.pairs(0)
    center = 0.0
    if targets.classes[0] is None and model.fit_intercept:
        center = np.average(value, weights=weight)
    objective = LinearObjective(
        X,
        targets.in_units(np.array([center]), np.array([scale])),
        model._losses(),
        model.C * max(1 - model.sharing, LEAST_OWN),
        fit_intercept=model.fit_intercept,
    )
    common = (shared / scale).T.astype(X.dtype)
    structure = Independent()
    state, _ = solve(
        objective.around(common), structure, targets, 0.0, tol=model.tol,
        max_iter=model.max_iter,
    )  # fmt: skip
    W = common + state.W
    intercept = objective.intercept(W, state.b) * scale + center
    if targets.constant[0] >= 0 and model.fit_intercept:
        (loss,) = loss_of_tasks(model._losses(), targets)
        shares = model._label_shares[model._group_number(group)]
        intercept = one_class_intercept(loss, X, targets, W.T, 0, shares)
    return W.T * scale, intercept


def _insert(model, place, name, targets, classes, shared, w, b, group):
    """Put the task at its place among the others."""
    dtype, at = model.coef_.dtype, int(model.columns_[place])
    like = model.columns_[group[0]]
    if isinstance(model._covariance, TiedCovariance):
        tie = model._covariance.tie
        tie = np.insert(tie, [at] * len(b), tie[like : like + len(b)])
        model._covariance = TiedCovariance(tie, model._covariance.a)
    else:
        model._covariance = IdentityCovariance(len(model.coef_) + len(b))
    model.coef_ = np.insert(model.coef_, [at] * len(b), w.astype(dtype), axis=0)
    own = (w - shared).astype(dtype)
    model.coef_task_ = np.insert(model.coef_task_, [at] * len(b), own, axis=0)
    model.intercept_ = np.insert(model.intercept_, [at] * len(b), b)
    first = model.task_names_in_[group[0]]
    model.label_groups_ = [
        [*names, name] if first in names else names for names in model.label_groups_
    ]
    unit = model.target_scale_[group[0]]
    model.target_scale_ = np.insert(model.target_scale_, place, unit)
    model.columns_ = np.insert(model.columns_, place, at)
    model.columns_[place + 1 :] += len(b)
    model.task_names_in_ = np.insert(model.task_names_in_, place, name)
    model.n_tasks_ += 1
    if classes is not None:
        model.classes_ = [*model.classes_[:place], classes, *model.classes_[place:]]
    if hasattr(model, "_constant"):
        model._constant = np.insert(model._constant, place, targets.constant[0])
