"""Objective + structure in, coefficients and a record of the run out.

:mod:`objective <mtlearn.solvers.objective>` is the one place where X meets W, in one of
two :mod:`layouts <mtlearn.solvers.layouts>` of scores;
:mod:`workspace <mtlearn.solvers.workspace>` holds what depends on X alone. From
:mod:`solve <mtlearn.solvers.solve>` the way goes by the structure:

* it has a covariance: :mod:`alternate <mtlearn.solvers.alternate>` lets the structure
  revise it between solves by :mod:`newton <mtlearn.solvers.newton>`, through
  :mod:`multipliers <mtlearn.solvers.multipliers>` where losses have kinks;
* it has penalties with exact zeros: :mod:`proximal <mtlearn.solvers.proximal>`.
"""

from .newton import newton_cg
from .objective import LinearObjective
from .one_class import one_class_intercept
from .preconditioner import GramPreconditioner
from .solve import most_steps, solve
from .workspace import Workspace

__all__ = [
    "GramPreconditioner",
    "LinearObjective",
    "Workspace",
    "most_steps",
    "newton_cg",
    "one_class_intercept",
    "solve",
]
