"""Multi-task support vector machines."""

from .kernels import KERNELS
from .linear_svc import MultiTaskLinearSVC
from .linear_svr import MultiTaskLinearSVR
from .svc import MultiTaskSVC
from .svr import MultiTaskSVR

__all__ = [
    "KERNELS",
    "MultiTaskLinearSVC",
    "MultiTaskLinearSVR",
    "MultiTaskSVC",
    "MultiTaskSVR",
]
