"""No tie at all: one model per task, fitted together only because that is faster."""

from .base import CovarianceStructure
from .parametrizations import Own


class Independent(CovarianceStructure):
    """Every column has its own penalty, ``1/2 sum_k |w_k|^2``: M = I."""

    has_sharing = False
    takes_l1 = True

    def parametrization(self, targets, sharing, l1_ratio=0.0):
        return Own(l1_ratio)
