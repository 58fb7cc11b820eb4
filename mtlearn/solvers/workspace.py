"""What depends on X alone: made once, used for every setting of the parameters."""

import numpy as np

from .preconditioner import GramPreconditioner


class Workspace:
    """Decomposition of X, and X in the coordinates of its eigenvectors.

    Parameters
    ----------
    objective : LinearObjective
        For its X and how much its rows weigh; neither C nor the weights of tasks
        matter.
    decompose : callable, optional
        In place of :class:`GramPreconditioner`, for instance one that remembers.

    Attributes
    ----------
    preconditioner : GramPreconditioner
        In the coordinates of X.
    """

    def __init__(self, objective, decompose=GramPreconditioner):
        self._X, self._mean = objective.layout.X, objective.mean
        self._row_weight = objective.row_weight
        self.preconditioner = decompose(self._X, objective.row_weight, objective.mean)
        self._rotated_X = None

    def suits(self, objective):
        """Whether an objective of the same X counts and centres its rows alike."""
        return np.array_equal(
            self._row_weight, objective.row_weight
        ) and np.array_equal(self._mean, objective.mean)

    def enter(self, objective):
        """The basis to work in, the objective in it and its preconditioner.

        Returns
        -------
        basis : ndarray (d, r) or None
            Orthonormal; None where it does not pay to leave the coordinates of X.
        objective : LinearObjective
        preconditioner : GramPreconditioner
        """
        preconditioner = self.preconditioner
        basis = preconditioner.basis(objective.n_columns)
        if basis is None:
            return None, objective, preconditioner
        if self._rotated_X is None:
            self._rotated_X = (self._X - objective.mean) @ basis
        rotated = objective.rotated(self._rotated_X, basis)
        return basis, rotated, preconditioner.rotated()
