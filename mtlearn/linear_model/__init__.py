"""Linear models, and the pieces that all of them share."""

from .base import MultiTaskLinearModel
from .logistic import MultiTaskLogisticRegression
from .mixed import MixedTaskLinear
from .path import fit_path
from .ridge import MultiTaskRidge
from .search import MultiTaskLinearCV
from .two_part import two_part, two_part_inverse

__all__ = [
    "MixedTaskLinear",
    "MultiTaskLinearCV",
    "MultiTaskLinearModel",
    "MultiTaskLogisticRegression",
    "MultiTaskRidge",
    "fit_path",
    "two_part",
    "two_part_inverse",
]
