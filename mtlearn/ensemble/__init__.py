"""Forests of many tasks: the dial from separate trees to shared ones."""

from .classifier import MultiTaskExtraTreesClassifier, MultiTaskRandomForestClassifier
from .mixed import MixedTaskExtraTrees, MixedTaskRandomForest
from .regressor import MultiTaskExtraTreesRegressor, MultiTaskRandomForestRegressor

__all__ = [
    "MixedTaskExtraTrees",
    "MixedTaskRandomForest",
    "MultiTaskExtraTreesClassifier",
    "MultiTaskExtraTreesRegressor",
    "MultiTaskRandomForestClassifier",
    "MultiTaskRandomForestRegressor",
]
