"""What every loss of one score promises."""

import numpy as np
from scipy.optimize import minimize_scalar


class Loss:
    """A convex loss of the raw score z; no loss ever sees X.

    Subclasses define ``value``, ``gradient`` and ``curvature``, all pointwise: ``y``,
    ``z`` and the result have one shape, and keep the dtype of z.

    Attributes
    ----------
    kind : {"classification", "regression"}
        Of the targets: -1 and +1, or numbers.
    differentiable : bool
        Whether the gradient is continuous. A loss that has a kink defines ``prox`` and
        ``conjugate`` in place of the derivatives, see
        :class:`mtlearn.losses.MoreauEnvelope`; its ``gradient`` is some slope.
    is_multiclass : bool
        Whether the loss sees all columns of a task together, their targets being 0 and
        1. Otherwise a task of c > 2 classes is c problems, one against the rest.
    is_likelihood : bool
        Whether the loss is minus the logarithm of a probability.
    curvature_bound : float
        What the second derivative never exceeds; for a loss with a kink 1, as good a
        guess as any.
    """

    kind = "classification"
    differentiable = True
    is_multiclass = False
    is_likelihood = False
    curvature_bound = 1.0

    def for_columns(self, n_columns):
        """The loss of a task with so many score columns."""
        return self


class RegressionLoss(Loss):
    """A loss of the residual z - y."""

    kind = "regression"

    def null_loss(self, values, weight):
        """Mean loss of the best constant prediction.

        Parameters
        ----------
        values, weight : ndarray (n,)
        """
        if np.ptp(values) == 0:
            return 0.0

        def mean_loss(constant):
            return np.average(
                self.value(values, np.full(len(values), constant)), weights=weight
            )

        bounds = values.min(), values.max()
        return float(minimize_scalar(mean_loss, bounds=bounds, method="bounded").fun)
