"""Gradient descent by mini-batches: one noun, one file.

:mod:`batches <mtlearn.solvers.descent.batches>` takes labels row by row,
:mod:`score_losses <mtlearn.solvers.descent.score_losses>` says what they cost,
:mod:`rows <mtlearn.solvers.descent.rows>` centres features,
:mod:`curvature <mtlearn.solvers.descent.curvature>` how long steps may be,
:mod:`optimizers <mtlearn.solvers.descent.optimizers>` and
:mod:`schedules <mtlearn.solvers.descent.schedules>` where they go,
:mod:`descent <mtlearn.solvers.descent.descent>` takes one step per mini-batch, and
:mod:`epochs <mtlearn.solvers.descent.epochs>` many, until there is no more progress.
"""

from .batches import Labels, RowLabels
from .descent import Descent, Settings
from .epochs import HeldOut, History, Plan, descend, one_pass, record_epoch
from .optimizers import OPTIMIZERS, SGD, AdaGrad, Adam
from .rows import CentredRows
from .schedules import SCHEDULES, Adaptive, Constant, Cosine, InverseScaling
from .score_losses import ScoreLosses

__all__ = [
    "OPTIMIZERS",
    "SCHEDULES",
    "SGD",
    "AdaGrad",
    "Adam",
    "Adaptive",
    "CentredRows",
    "Constant",
    "Cosine",
    "Descent",
    "HeldOut",
    "History",
    "InverseScaling",
    "Labels",
    "Plan",
    "RowLabels",
    "ScoreLosses",
    "Settings",
    "descend",
    "one_pass",
    "record_epoch",
]
