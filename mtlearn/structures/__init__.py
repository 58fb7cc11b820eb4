"""How the tasks' coefficients are tied.

A structure sees only W, one column of coefficients per score column. Most give the
solver a prior covariance M of the columns, so that the penalty is
``1/2 tr(W M^-1 W')``, and may revise M once W is known. The others give it penalties
with exact zeros, by their proximal maps.
"""

from .base import CovarianceStructure, PenaltyStructure, Structure
from .clustered import Clustered
from .graph import Graph
from .independent import Independent
from .learned import Learned
from .low_rank import LowRank, SharedPlusLowRank
from .mean import Mean
from .sparse import JointSparse, SharedPlusSparse

STRUCTURES = {
    "independent": Independent,
    "mean": Mean,
    "graph": Graph,
    "clustered": Clustered,
    "learned": Learned,
    "low_rank": LowRank,
    "joint_sparse": JointSparse,
    "shared_plus_low_rank": SharedPlusLowRank,
    "shared_plus_sparse": SharedPlusSparse,
}

__all__ = [
    "STRUCTURES",
    "Clustered",
    "CovarianceStructure",
    "Graph",
    "Independent",
    "JointSparse",
    "Learned",
    "LowRank",
    "Mean",
    "PenaltyStructure",
    "SharedPlusLowRank",
    "SharedPlusSparse",
    "Structure",
]
