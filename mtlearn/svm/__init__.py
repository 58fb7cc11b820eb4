"""Multi-task support vector machines."""

from .linear_svc import MultiTaskLinearSVC

__all__ = ["MultiTaskLinearSVC"]
