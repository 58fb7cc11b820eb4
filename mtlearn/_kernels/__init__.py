"""Every line of compiled code, behind one door."""

from .bins import MISSING_BIN as TREE_MISSING
from .bins import N_BINS as TREE_BINS
from .bins import bin_features, find_edges
from .dual import solve_dual_rows
from .hog import BLOCK_NORMS as HOG_BLOCK_NORMS
from .hog import INSTRUCTION_SETS as HOG_INSTRUCTION_SETS
from .hog import MAX_ORIENTATIONS as HOG_MAX_ORIENTATIONS
from .hog import bin_slopes as hog_bin_slopes
from .hog import hog_features
from .lbp import lbp_histograms
from .patches import add_triangles
from .segments import INSTRUCTION_SETS as SEGMENT_INSTRUCTION_SETS
from .segments import segment_backward, segment_forward
from .trees import (
    GAIN,
    NODE,
    Voters,
    add_out_of_bag,
    add_votes,
    apply_bins,
    apply_values,
    grow_tree,
    leaf_table,
)

__all__ = [
    "GAIN",
    "HOG_BLOCK_NORMS",
    "HOG_INSTRUCTION_SETS",
    "HOG_MAX_ORIENTATIONS",
    "NODE",
    "SEGMENT_INSTRUCTION_SETS",
    "TREE_BINS",
    "TREE_MISSING",
    "Voters",
    "add_out_of_bag",
    "add_triangles",
    "add_votes",
    "apply_bins",
    "apply_values",
    "bin_features",
    "find_edges",
    "grow_tree",
    "hog_bin_slopes",
    "hog_features",
    "lbp_histograms",
    "leaf_table",
    "segment_backward",
    "segment_forward",
    "solve_dual_rows",
]
