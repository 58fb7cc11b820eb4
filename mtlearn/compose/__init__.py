"""Estimators around others: augmentation that does not leak."""

from .augmented import AugmentedClassifier, AugmentedRegressor

__all__ = ["AugmentedClassifier", "AugmentedRegressor"]
