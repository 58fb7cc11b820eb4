"""Multi-task support vector machines."""

from .linear_svc import MultiTaskLinearSVC
from .linear_svr import MultiTaskLinearSVR

__all__ = ["MultiTaskLinearSVC", "MultiTaskLinearSVR"]
