"""Every line of compiled code, behind one door."""

from .hog import BLOCK_NORMS as HOG_BLOCK_NORMS
from .hog import INSTRUCTION_SETS as HOG_INSTRUCTION_SETS
from .hog import MAX_ORIENTATIONS as HOG_MAX_ORIENTATIONS
from .hog import hog_features
from .segments import INSTRUCTION_SETS as SEGMENT_INSTRUCTION_SETS
from .segments import segment_backward, segment_forward

__all__ = [
    "HOG_BLOCK_NORMS",
    "HOG_INSTRUCTION_SETS",
    "HOG_MAX_ORIENTATIONS",
    "SEGMENT_INSTRUCTION_SETS",
    "hog_features",
    "segment_backward",
    "segment_forward",
]
