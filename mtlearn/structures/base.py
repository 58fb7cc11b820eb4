"""What every structure promises."""

import numpy as np
from sklearn.base import BaseEstimator

from .covariance import IdentityCovariance
from .parametrizations import Rooted, SumOfParts

# Gradient descent makes a matrix (columns, columns) of roots.
MAX_ROOTED = 2000


class Structure(BaseEstimator):
    """How the score columns are tied; sees W and the columns, never X or labels.

    Attributes
    ----------
    uses_label_groups : bool
        Whether the structure ties columns by what they ask.
    has_sharing : bool
        Whether ``sharing`` means anything to it.
    takes_l1 : bool
        Whether its gradient form has a place for absolute values.
    """

    uses_label_groups = False
    has_sharing = True
    takes_l1 = False

    def check(self, targets):
        """Raise ValueError where the parameters do not fit these tasks."""

    def label_groups(self, label_groups, names):
        """What ``label_groups`` means here, or who is tied where it is None."""
        return label_groups if self.uses_label_groups else ()

    def parametrization(self, targets, sharing, l1_ratio=0.0):
        """The same for gradient descent.

        Returns
        -------
        An entry of :mod:`mtlearn.structures.parametrizations`
        """
        raise NotImplementedError

    def shared_part(self, state, covariance, targets, sharing):
        """What tied columns have in common.

        Returns
        -------
        shared : ndarray (n_shared, n_features)
        member : ndarray of int (K,)
            Which row of ``shared`` a column contains, -1 for none.
        """
        nothing = np.zeros((0, state.W.shape[0]), dtype=state.W.dtype)
        return nothing, np.full(state.W.shape[1], -1)

    def facts(self, state, covariance, targets):
        """Fitted attributes that only this structure has, a dict."""
        return {}


class CovarianceStructure(Structure):
    """A prior covariance M of the columns: the penalty is ``1/2 tr(W M^-1 W')``.

    Attributes
    ----------
    max_rounds : int
        How many covariances the solver may be given in turn.
    finds_clusters : bool
        Whether tasks have to be sorted into clusters, see
        :mod:`mtlearn.solvers.clusters`.
    """

    max_rounds = 1
    finds_clusters = False

    def start(self, targets, sharing):
        """The covariance to begin with.

        Parameters
        ----------
        targets : TaskTargets
            For its columns: ``column_tie``, ``column_task``, ``n_columns``.
        sharing : float
        """
        return IdentityCovariance(targets.n_columns)

    def revise(self, W, targets, sharing, previous):
        """The next covariance given the coefficients (K, d), or None to stop."""
        return None

    def parametrization(self, targets, sharing, l1_ratio=0.0):
        self._refuse_many_columns(targets)
        return Rooted(self.start(targets, sharing))

    def _refuse_many_columns(self, targets):
        if targets.n_columns > MAX_ROOTED:
            raise ValueError(
                f"{type(self).__name__} needs a matrix (columns, columns) for gradient "
                f"descent, and there are {targets.n_columns} columns; use "
                "structure='mean' or 'independent'."
            )


class PenaltyStructure(Structure):
    """Penalties with exact zeros: W is a sum of parts, each with its own penalty."""

    has_sharing = False

    def penalties(self, targets, sharing):
        """A list of :mod:`penalties <mtlearn.structures.penalties>`, one per part.

        Of two parts, the tasks' own comes first, what they share second.
        """
        raise NotImplementedError

    def parametrization(self, targets, sharing, l1_ratio=0.0):
        return SumOfParts(self.penalties(targets, sharing))
