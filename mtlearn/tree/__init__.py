"""Trees of many tasks, grown on binned features: what forests are made of."""

from .binning import BinnedFeatures, bin_features
from .growing import GrowthSettings, grow
from .labels import AnswerColumns, LabelsByRow, LabelsByTask
from .leaves import LeafTable, OutOfBagVotes, Shrinkage
from .sampling import draw_bag
from .tree import Tree

__all__ = [
    "AnswerColumns",
    "BinnedFeatures",
    "GrowthSettings",
    "LabelsByRow",
    "LabelsByTask",
    "LeafTable",
    "OutOfBagVotes",
    "Shrinkage",
    "Tree",
    "bin_features",
    "draw_bag",
    "grow",
]
