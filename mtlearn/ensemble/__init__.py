"""Forests of many tasks: what grows them and weighs their votes."""

__all__ = []
