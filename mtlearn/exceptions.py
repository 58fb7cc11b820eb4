"""Warnings and errors of mtlearn's own."""


class DegenerateTaskWarning(UserWarning):
    """A task cannot be learned from the labels at hand: it has none, or one class.

    The other tasks are fitted as if nothing had happened. A task without labels
    predicts missing labels, a task with one class predicts that class.
    """


class ModelVersionWarning(UserWarning):
    """A model file was written by other versions than those that read it."""


class ModelFileError(ValueError):
    """A model file cannot be trusted, or read, or made sense of."""
