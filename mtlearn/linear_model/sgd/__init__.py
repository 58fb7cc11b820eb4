"""Linear models that learn by mini-batches, and from streams."""

from .classifier import MultiTaskSGDClassifier
from .mixed import MixedTaskSGD
from .regressor import MultiTaskSGDRegressor

__all__ = ["MixedTaskSGD", "MultiTaskSGDClassifier", "MultiTaskSGDRegressor"]
