"""No tie at all: one model per task, fitted together only because that is faster."""

from .covariance import IdentityCovariance


class Independent:
    """Every column has its own penalty, ``1/2 sum_k |w_k|^2``: M = I.

    Attributes
    ----------
    uses_label_groups : bool
        Whether the structure ties columns by what they ask.
    max_rounds : int
        How many covariances the solver may be given in turn.
    """

    uses_label_groups = False
    max_rounds = 1

    def start(self, column_tie, sharing):
        """The covariance to begin with."""
        return IdentityCovariance(len(column_tie))

    def revise(self, W, sharing, previous):
        """The next covariance given the coefficients (K, d), or None to stop."""
        return None
