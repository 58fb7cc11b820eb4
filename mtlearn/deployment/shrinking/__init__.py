"""Models made small: fewer bytes, less to compute, and what that costs each task.

Reading order: :mod:`shrink <mtlearn.deployment.shrinking.shrink>` walks the steps of a
family of models, which :mod:`linear <mtlearn.deployment.shrinking.linear>`,
:mod:`forest <mtlearn.deployment.shrinking.forest>` and :mod:`kernel
<mtlearn.deployment.shrinking.kernel>` list;
:mod:`narrowing <mtlearn.deployment.shrinking.narrowing>` tells the steps of a pipeline
which features nobody needs.
"""

from .report import ShrinkReport, StepReport
from .shrink import shrink

__all__ = ["ShrinkReport", "StepReport", "shrink"]
