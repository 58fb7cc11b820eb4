"""How much each task counts, learned along with the coefficients.

A weighting holds parameters only; ``start(n_tasks)`` gives a *run* that learns in the
course of a descent. All of them see losses divided by those of the best constants, and
their weights sum to the number of tasks (of a row, for those that differ from row to
row): otherwise they would only change the step size.
"""

from .base import TaskWeighting
from .dwa import DynamicWeightAverage
from .gate import Gate
from .gradnorm import GradNorm
from .uncertainty import Uncertainty

WEIGHTINGS = {
    "uncertainty": Uncertainty,
    "dwa": DynamicWeightAverage,
    "gradnorm": GradNorm,
    "gate": Gate,
}

__all__ = [
    "WEIGHTINGS",
    "DynamicWeightAverage",
    "Gate",
    "GradNorm",
    "TaskWeighting",
    "Uncertainty",
]
