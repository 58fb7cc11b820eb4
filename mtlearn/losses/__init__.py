"""What a wrong prediction costs: in the raw scores of a row, never in X."""

from .base import Loss
from .envelope import MoreauEnvelope
from .epsilon_insensitive import EpsilonInsensitive, SquaredEpsilonInsensitive
from .hinge import Hinge
from .logistic import Logistic, Multinomial, Multinomials
from .modified_huber import ModifiedHuber
from .squared import Huber, Squared
from .squared_hinge import SquaredHinge

LOSSES = {
    "hinge": Hinge,
    "squared_hinge": SquaredHinge,
    "modified_huber": ModifiedHuber,
    "logistic": Logistic,
    "multinomial": Multinomial,
    "squared": Squared,
    "huber": Huber,
    "epsilon_insensitive": EpsilonInsensitive,
    "squared_epsilon_insensitive": SquaredEpsilonInsensitive,
}

__all__ = [
    "LOSSES",
    "EpsilonInsensitive",
    "Hinge",
    "Huber",
    "Logistic",
    "Loss",
    "ModifiedHuber",
    "MoreauEnvelope",
    "Multinomial",
    "Multinomials",
    "Squared",
    "SquaredEpsilonInsensitive",
    "SquaredHinge",
]
