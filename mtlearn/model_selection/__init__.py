"""Splitting, predicting and tuning with several tasks and missing labels."""

from .cross_validation import cross_val_predict
from .search_space import task_weight_grid
from .stratified import MultiTaskStratifiedKFold

__all__ = ["MultiTaskStratifiedKFold", "cross_val_predict", "task_weight_grid"]
