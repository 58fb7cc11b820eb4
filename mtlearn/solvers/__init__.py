"""Objective + structure in, coefficients and a record of the run out.

:mod:`objective <mtlearn.solvers.objective>` is the one place where X meets W,
:mod:`preconditioner <mtlearn.solvers.preconditioner>` knows the Gram matrix of X,
:mod:`newton <mtlearn.solvers.newton>` solves for one covariance of the columns, and
:mod:`alternate <mtlearn.solvers.alternate>` lets a structure revise that covariance.
"""

from .alternate import solve
from .newton import newton_cg
from .objective import LinearObjective
from .one_class import one_class_intercept
from .preconditioner import GramPreconditioner

__all__ = [
    "GramPreconditioner",
    "LinearObjective",
    "newton_cg",
    "one_class_intercept",
    "solve",
]
