"""What a wrong prediction costs: pointwise in the raw score, never sees X."""

from .squared_hinge import SquaredHinge

LOSSES = {"squared_hinge": SquaredHinge}

__all__ = ["LOSSES", "SquaredHinge"]
