"""Data sets with several tasks per picture, and readers for your own."""

from .multi_digits import make_multi_digits

__all__ = ["make_multi_digits"]
