"""A model apart: the steps before it, and itself."""

import copy
from dataclasses import dataclass, replace

from sklearn.pipeline import Pipeline

from ...base import MultiTaskEstimator
from ...validation import check_is_fitted

NO_STEPS = (None, "passthrough")


@dataclass(frozen=True)
class Parts:
    """Fitted steps and a fitted model; never changed, replaced instead.

    Attributes
    ----------
    steps : tuple of (str, transformer)
    name : str
        Of the model among the steps.
    model : MultiTaskEstimator
    is_pipeline : bool
    """

    steps: tuple
    name: str
    model: MultiTaskEstimator
    is_pipeline: bool

    @classmethod
    def of(cls, model):
        """Of an estimator, a Pipeline that ends in one, or a search over these.

        Raises
        ------
        NotFittedError
        TypeError
            If there is no estimator of mtlearn at the end.
        """
        check_is_fitted(model)
        found = _without_searches(model)
        steps, name, is_pipeline = [], "model", isinstance(found, Pipeline)
        while isinstance(found, Pipeline):
            taken = {step for step, _ in steps}
            inner = [(_new_name(step, taken), part) for step, part in found.steps]
            steps += inner[:-1]
            name, found = inner[-1][0], _without_searches(inner[-1][1])
        if not isinstance(found, MultiTaskEstimator):
            raise TypeError(
                "shrink takes a fitted model of mtlearn.linear_model, mtlearn.svm or "
                "mtlearn.ensemble, a Pipeline that ends in one, or a search over "
                f"these; got {type(model).__name__}, at its end "
                f"{type(found).__name__}. Shrink the model inside."
            )
        check_is_fitted(found)
        return cls(tuple(steps), name, copy.copy(found), is_pipeline)

    def assembled(self):
        """The estimator that these are parts of."""
        if not self.is_pipeline:
            return self.model
        return Pipeline([*self.steps, (self.name, self.model)])

    def transform(self, X):
        """X as the model sees it."""
        for _, step in self.steps:
            if not (step is None or isinstance(step, str)):
                X = step.transform(X)
        return X

    def with_model(self, **attributes):
        """The same with another model: a copy that has these attributes."""
        model = copy.copy(self.model)
        for name, value in attributes.items():
            setattr(model, name, value)
        return replace(self, model=model)


def _without_searches(model):
    while hasattr(model, "best_estimator_"):
        model = model.best_estimator_
    return model


def _new_name(name, taken):
    while name in taken:
        name += "-inner"
    return name


# What predictions of every model need, beside its parameters.
ALWAYS = (
    "n_tasks_", "task_names_in_", "columns_", "label_groups_", "_ndim", "classes_",
    "_constant", "task_types_", "n_features_in_", "feature_names_in_",
)  # fmt: skip


def only(model, names):
    """A copy that holds its parameters and what predictions need, and nothing else.

    Parameters
    ----------
    model : estimator
    names : tuple of str
        Attributes that are needed beside those of every model.
    """
    kept = {*model.get_params(deep=False), *ALWAYS, *names}
    small = copy.copy(model)
    for name in set(vars(small)) - kept:
        delattr(small, name)
    small._is_small = True
    return small
