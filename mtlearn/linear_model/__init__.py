"""Linear models, and the pieces that all of them share."""

from .base import MultiTaskLinearModel
from .logistic import MultiTaskLogisticRegression
from .mixed import MixedTaskLinear
from .path import fit_path
from .ridge import MultiTaskRidge
from .search import MultiTaskLinearCV
from .sgd import MixedTaskSGD, MultiTaskSGDClassifier, MultiTaskSGDRegressor
from .two_part import two_part, two_part_inverse

__all__ = [
    "MixedTaskLinear",
    "MixedTaskSGD",
    "MultiTaskLinearCV",
    "MultiTaskLinearModel",
    "MultiTaskLogisticRegression",
    "MultiTaskRidge",
    "MultiTaskSGDClassifier",
    "MultiTaskSGDRegressor",
    "fit_path",
    "two_part",
    "two_part_inverse",
]
