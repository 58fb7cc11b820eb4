"""Who answers: models, and what is around them."""

from dataclasses import replace

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline

from ...base import MultiTaskEstimator
from ...compose import (
    AugmentedClassifier,
    AugmentedRegressor,
    TaskColumnClassifier,
    TaskColumnRegressor,
)
from ...ensemble.base import MultiTaskForest
from ...inspection import ChosenSharingCV
from ...linear_model.predictor import LinearPredictor
from ...model_selection import (
    MultiTaskCalibratedClassifierCV,
    MultiTaskTunedThresholdClassifierCV,
)
from ...svm.machine import KernelMachine
from ...task_view import SingleTaskClassifier, SingleTaskRegressor
from .answers import codes_of_margins
from .forests import convert_forest
from .kernels import convert_kernel_machine
from .linear import convert_linear
from .refusal import refuse
from .steps import convert_step

FAMILIES = {
    LinearPredictor: convert_linear,
    KernelMachine: convert_kernel_machine,
    MultiTaskForest: convert_forest,
}


def convert_model(g, model, value):
    """Answers of a fitted model, of all of its tasks.

    Parameters
    ----------
    g : Graph
    model : estimator of mtlearn, or a pipeline or search that ends in one
    value : Value

    Returns
    -------
    list of Answer

    Raises
    ------
    NotImplementedError
        For a class that is not known here.
    """
    if hasattr(model, "best_estimator_"):  # searches
        return convert_model(g, model.best_estimator_, value)
    for kind, convert in AROUND.items():
        if isinstance(model, kind):
            return convert(g, model, value)
    if isinstance(model, MultiTaskEstimator):
        return _convert_estimator(g, model, value)
    for kind, remedy in REFUSED.items():
        if isinstance(model, kind):
            refuse(model, remedy)
    return refuse(model, "it is no model of mtlearn; use skl2onnx for scikit-learn's")


def _convert_estimator(g, model, value):
    # A class of the user's own may predict in its own way.
    if type(model).__module__.startswith("mtlearn."):
        for family, convert in FAMILIES.items():
            if isinstance(model, family):
                return convert(g, model, _rows(g, model, value))
    return refuse(model, "only the models of mtlearn itself are known here")


def _rows(g, model, value):
    """The name of rows in double, of as many features as the model has seen."""
    if len(value.shape) != 1 or value.shape[0] not in (None, model.n_features_in_):
        raise ValueError(
            f"{type(model).__name__} was fitted on {model.n_features_in_} features, "
            f"rows of X have shape {value.shape}"
        )
    if value.dtype == np.float64:
        return value.name
    return g.cast(value.name, np.float64)


def _convert_pipeline(g, pipeline, value):
    *steps, (_, last) = pipeline.steps
    for _, step in steps:
        value = convert_step(g, step, value)
    return convert_model(g, last, value)


def _convert_frozen(g, model, value):
    return convert_model(g, model.estimator, value)


def _convert_augmented(g, model, value):
    if model.predict_copies:
        refuse(
            f"{type(model).__name__} with predict_copies={model.predict_copies}",
            "copies are drawn at random; use predict_copies=0, or convert estimator_",
        )
    return convert_model(g, model.estimator_, value)


def _convert_thresholds(g, model, value):
    answers = convert_model(g, model.estimator_, value)
    cut = np.flatnonzero(~np.isnan(model.thresholds_))
    if not len(cut):
        return answers
    scores = []
    for t in cut:
        if model._response == "predict_proba":
            score = g.column(answers[t].probability(), 1)
        else:
            score = answers[t].score()
        scores.append(g.reshape(score, 1))
    margin = g.op("Sub", g.op("Concat", *scores, axis=1), model.thresholds_[cut])
    codes = codes_of_margins(g, margin, len(cut), model.never_empty)
    for k, t in enumerate(cut):
        answers[t] = replace(answers[t], predicted=g.column(codes, k))
    return answers


def _convert_chosen(g, model, value):
    return model._merged(lambda fitted: convert_model(g, fitted, value))


def _convert_view(g, view, value):
    return [convert_model(g, view.estimator, value)[view.task]]


AROUND = {
    Pipeline: _convert_pipeline,
    FrozenEstimator: _convert_frozen,
    AugmentedClassifier: _convert_augmented,
    AugmentedRegressor: _convert_augmented,
    MultiTaskTunedThresholdClassifierCV: _convert_thresholds,
    ChosenSharingCV: _convert_chosen,
    SingleTaskClassifier: _convert_view,
    SingleTaskRegressor: _convert_view,
}
BY_ROW = (
    "a row would say which output is meant; convert estimator_, which answers every "
    "task for each row, and pick that of the row's own"
)
REFUSED = {
    MultiTaskCalibratedClassifierCV: "convert estimator_, which is not calibrated",
    TaskColumnClassifier: BY_ROW,
    TaskColumnRegressor: BY_ROW,
}
