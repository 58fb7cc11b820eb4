"""mtlearn: classical multi-task learning in scikit-learn's style."""

from ._version import __version__

__all__ = ["__version__"]
