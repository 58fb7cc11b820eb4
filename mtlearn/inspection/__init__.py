"""What sharing did: comparisons with independent and pooled models, and pictures."""

from .choice import ChosenSharingCV, choose_sharing
from .comparison import compare_sharing
from .learning_curve import TaskLearningCurveDisplay
from .sharing_curve import SharingCurveDisplay
from .sharing_gain import SharingGainDisplay
from .sharing_report import SharingReport
from .task_similarity import TaskSimilarityDisplay
from .task_weights import TaskWeightDisplay

__all__ = [
    "ChosenSharingCV",
    "SharingCurveDisplay",
    "SharingGainDisplay",
    "SharingReport",
    "TaskLearningCurveDisplay",
    "TaskSimilarityDisplay",
    "TaskWeightDisplay",
    "choose_sharing",
    "compare_sharing",
]
