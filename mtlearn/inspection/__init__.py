"""What sharing did: comparisons with independent and pooled models, and pictures."""

from .choice import ChosenSharingCV, choose_sharing
from .comparison import compare_sharing
from .sharing_report import SharingReport

__all__ = ["ChosenSharingCV", "SharingReport", "choose_sharing", "compare_sharing"]
