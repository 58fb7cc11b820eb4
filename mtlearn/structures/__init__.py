"""How the tasks' coefficients are tied.

A structure sees only W, one column of coefficients per score column. It gives the
solver a prior covariance M of the columns, so that the penalty is
``1/2 tr(W M^-1 W')``, and may revise M once W is known.
"""

from .independent import Independent
from .learned import Learned
from .mean import Mean

STRUCTURES = {"independent": Independent, "mean": Mean, "learned": Learned}

__all__ = ["STRUCTURES", "Independent", "Learned", "Mean"]
