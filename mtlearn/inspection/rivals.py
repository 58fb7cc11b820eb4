"""The independent and the pooled version of an estimator of many tasks."""

from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import KFold, ParameterGrid, ParameterSampler
from sklearn.pipeline import Pipeline

from ..model_selection.delegation import DelegatingEstimator, asks_for_groups
from .own_settings import OwnSettingsCV
from .separate import SeparateModels

# What a model without shared parameters has no use for.
OF_SHARING = ("sharing", "structure", "label_groups", "task_graph", "n_components")
STRENGTHS = ("C", "alpha")
# How far beyond the given strengths the rival looks.
REACH = 10.0


@dataclass(frozen=True)
class Anatomy:
    """Where in an estimator the search and the model are.

    Attributes
    ----------
    estimator : the whole
    search_path : str or None
        Name of the parameter that holds the search; "" is the whole.
    model_path : str
        Name of the parameter that holds the model, within the search if there is one.
    search, model : estimators
    """

    estimator: Any
    search_path: str | None
    model_path: str
    search: Any
    model: Any

    @property
    def body(self):
        """What is fitted under each setting: the estimator without its search."""
        return self.estimator if self.search is None else self.search.estimator

    def body_with(self, model):
        """The body with another model in its place."""
        return _put(self.body, self.model_path, model)

    def whole_with(self, body):
        """The estimator with another body, or with something in place of its search."""
        if self.search is None:
            return body
        return _put(self.estimator, self.search_path, body)

    def settings(self):
        """All settings that the search tries; one empty one without a search."""
        return [{}] if self.search is None else list_settings(self.search)

    def name(self, parameter):
        """The model's parameter as a parameter of the body."""
        return f"{self.model_path}__{parameter}" if self.model_path else parameter


def dissect(estimator):
    """The :class:`Anatomy` of an estimator, Pipeline, or search around one."""
    path, inner = _descend(estimator, "", stop=_is_search)
    if not _is_search(inner):
        return Anatomy(estimator, None, path, None, inner)
    model_path, model = _descend(inner.estimator, "", stop=_is_search)
    if _is_search(model):
        raise ValueError("compare_sharing takes one search, not a search in a search")
    return Anatomy(estimator, path, model_path, inner, model)


def _is_search(estimator):
    if isinstance(estimator, OwnSettingsCV):
        return True
    if not hasattr(estimator, "estimator"):
        return False
    names = ("param_grid", "param_distributions", "_settings")
    return any(hasattr(estimator, name) for name in names)


def _descend(estimator, path, stop):
    """Through pipelines and wrappers to the last estimator, or to one that stops."""
    while not stop(estimator):
        if isinstance(estimator, Pipeline):
            name, inner = estimator.steps[-1]
        elif isinstance(estimator, DelegatingEstimator):
            name, inner = "estimator", estimator.estimator
        else:
            break
        path, estimator = f"{path}__{name}" if path else name, inner
    _refuse_strangers(estimator, stop)
    return path, estimator


def _refuse_strangers(model, stop):
    parts = {"estimator", "base_estimator", "estimators"}
    inside = parts & set(model.get_params(deep=False))
    if inside and not stop(model) and not is_shared(model):
        raise ValueError(
            f"{type(model).__name__} is made of other models, and cannot be taken "
            "apart; pass one estimator of many tasks"
        )


def _put(estimator, path, inner):
    return clone(estimator).set_params(**{path: inner}) if path else inner


def list_settings(search):
    """The settings that a search tries."""
    if isinstance(search, OwnSettingsCV):
        return search.settings
    if hasattr(search, "_settings"):
        return search._settings()
    if hasattr(search, "param_grid"):
        return list(ParameterGrid(search.param_grid))
    n = getattr(search, "n_iter", None) or getattr(search, "n_candidates", None)
    if not isinstance(n, int | np.integer):
        raise ValueError(
            f"{type(search).__name__} draws a number of settings that only fit knows; "
            "pass GridSearchCV or RandomizedSearchCV"
        )
    return list(
        ParameterSampler(
            search.param_distributions, n, random_state=search.random_state
        )
    )


def is_linear(model):
    """Whether the model shares coefficients by a structure."""
    return "structure" in model.get_params(deep=False)


def is_shared(model):
    """Whether the model has the dial."""
    return "sharing" in model.get_params(deep=False)


def unshared(model):
    """A linear model without shared parameters."""
    given, usual = model.get_params(deep=False), type(model)().get_params(deep=False)
    changes = {name: usual[name] for name in OF_SHARING if name in given}
    return clone(model).set_params(**{**changes, "structure": "independent"})


def independent(anatomy, scoring, strengths=None):
    """The rival: every task alone, with the settings that suit that task best.

    Settings are those of the estimator's search but for what is about sharing, and
    more strengths (C, or alpha) in place of that, so that they are as many.
    """
    model = anatomy.model
    rival = unshared(model) if is_linear(model) else SeparateModels(model)
    return _searched(anatomy, rival, scoring, strengths, per_task=True)


def pooled(anatomy, groups, scoring, strengths=None):
    """One model for the tasks of a group, and, if linear, one with own intercepts.

    Returns
    -------
    dict of {name: estimator}
    """
    model = anatomy.model
    versions = {}
    if is_linear(model) and groups:
        versions["pooled"] = SeparateModels(unshared(model), groups)
        versions["own intercepts"] = unshared(model).set_params(
            structure="mean", sharing=1.0, label_groups=groups
        )
    elif is_shared(model) and not is_linear(model):
        versions["pooled"] = clone(model).set_params(sharing=1.0)
    elif groups:
        versions["pooled"] = SeparateModels(model, groups)
    return {
        name: _searched(anatomy, version, scoring, strengths, per_task=False)
        for name, version in versions.items()
    }


def _searched(anatomy, version, scoring, strengths, per_task):
    """A version of the model in its place, with a search of as many settings."""
    separate = isinstance(version, SeparateModels)
    place = anatomy.name("estimator__" if separate else "")
    drop = {anatomy.name(parameter) for parameter in (*OF_SHARING, "task_weight")}
    settings = anatomy.settings()
    _refuse_models(anatomy, settings)
    kept = _distinct(
        {_renamed(k, anatomy.name(""), place): v for k, v in s.items() if k not in drop}
        for s in settings
    )
    kept = _with_strengths(kept, len(settings), place, anatomy.model, strengths)
    return anatomy.whole_with(
        OwnSettingsCV(
            anatomy.body_with(version),
            kept,
            metric=scoring,
            cv=_inner_folds(anatomy.search),
            per_task=per_task,
        )
    )


def _refuse_models(anatomy, settings):
    """A search over the model itself leaves nothing to take the sharing out of."""
    for key in {key for setting in settings for key in setting}:
        if f"{anatomy.model_path}__".startswith(f"{key}__"):
            raise ValueError(
                f"the search tries other models, {key}=...; compare them one by one, "
                "or search over their parameters"
            )


def _inner_folds(search):
    """The folds of a search, as the search reads its ``cv``."""
    cv = getattr(search, "cv", None)
    ours = search is None or hasattr(search, "_settings")
    if ours or not (cv is None or isinstance(cv, int | np.integer)):
        return cv
    return KFold(5 if cv is None else int(cv))  # scikit-learn's, of a 2-D Y


def groups_for_search(anatomy, groups):
    """Parameters of ``fit`` that bring groups to the inner folds that ask for them."""
    if groups is None or not asks_for_groups(getattr(anatomy.search, "cv", None)):
        return {}
    name = f"{anatomy.search_path}__groups" if anatomy.search_path else "groups"
    return {name: np.asarray(groups)}


def count_settings(estimator):
    """How many settings are tried in a fit."""
    return len(dissect(estimator).settings())


def _renamed(key, old, new):
    return new + key[len(old) :] if key.startswith(old) else key


def _distinct(settings):
    found = []
    for setting in settings:
        if setting not in found:
            found.append(setting)
    return found


def _with_strengths(settings, n_wanted, place, model, strengths):
    """Settings with so many more strengths that they are as many as wanted."""
    parameters = model.get_params(deep=False)
    name = next((s for s in STRENGTHS if s in parameters), None)
    if name is None:
        if strengths is not None:
            raise ValueError(
                f"Cs={strengths!r} means nothing to {type(model).__name__}, which has "
                "neither C nor alpha"
            )
        return settings
    key = place + name
    others = _distinct({k: v for k, v in s.items() if k != key} for s in settings)
    if strengths is not None:
        return [{**other, key: float(v)} for other in others for v in strengths]
    n_missing = n_wanted - len(settings)
    if n_missing <= 0:
        return settings
    # What was searched stays; between and beyond it, evenly in their logarithms.
    known = [s.get(key, parameters[name]) for s in settings]
    ends = min(known) / REACH, max(known) * REACH
    given = [{**s, key: s.get(key, parameters[name])} for s in settings]
    n_more, found = max(2, ceil(n_missing / len(others))), given
    while len(found) < n_wanted:
        more = [float(v) for v in np.geomspace(*ends, n_more)]
        found = _distinct(given + [{**o, key: v} for o in others for v in more])
        n_more += 1
    return found
