"""Every line of compiled code, behind one door."""

from .hog import BLOCK_NORMS as HOG_BLOCK_NORMS
from .hog import INSTRUCTION_SETS as HOG_INSTRUCTION_SETS
from .hog import MAX_ORIENTATIONS as HOG_MAX_ORIENTATIONS
from .hog import hog_features

__all__ = [
    "HOG_BLOCK_NORMS",
    "HOG_INSTRUCTION_SETS",
    "HOG_MAX_ORIENTATIONS",
    "hog_features",
]
