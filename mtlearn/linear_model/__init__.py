"""Linear models, and the pieces that all of them share."""

from .base import MultiTaskLinearModel
from .two_part import two_part, two_part_inverse

__all__ = ["MultiTaskLinearModel", "two_part", "two_part_inverse"]
