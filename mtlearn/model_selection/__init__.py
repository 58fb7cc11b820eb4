"""Splitting, predicting and tuning with several tasks and missing labels."""

from .calibration import MultiTaskCalibratedClassifierCV
from .cross_validation import cross_val_predict
from .search_space import task_weight_distribution, task_weight_grid
from .shuffle_split import (
    MultiTaskStratifiedGroupShuffleSplit,
    MultiTaskStratifiedShuffleSplit,
)
from .stratified import MultiTaskStratifiedGroupKFold, MultiTaskStratifiedKFold
from .three_way import train_validation_test_split
from .tuned_threshold import MultiTaskTunedThresholdClassifierCV

__all__ = [
    "MultiTaskCalibratedClassifierCV",
    "MultiTaskStratifiedGroupKFold",
    "MultiTaskStratifiedGroupShuffleSplit",
    "MultiTaskStratifiedKFold",
    "MultiTaskStratifiedShuffleSplit",
    "MultiTaskTunedThresholdClassifierCV",
    "cross_val_predict",
    "task_weight_distribution",
    "task_weight_grid",
    "train_validation_test_split",
]
