"""Warnings of mtlearn's own."""


class DegenerateTaskWarning(UserWarning):
    """A task cannot be learned from the labels at hand: it has none, or one class.

    The other tasks are fitted as if nothing had happened. A task without labels
    predicts missing labels, a task with one class predicts that class.
    """
