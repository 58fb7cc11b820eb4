"""What all linear models are once they are fitted, and what fitting them needs."""

import numpy as np
from scipy import sparse
from sklearn.utils.extmath import safe_sparse_dot

from ..base import MultiTaskEstimator
from ..solvers import one_class_intercept
from ..solvers.objective import loss_of_tasks
from ..validation import check_array_state, warn_user
from .compact import wide
from .similarity import SimilarityMixin


class LinearPredictor(SimilarityMixin, MultiTaskEstimator):
    """Coefficients (K, d), intercepts (K,), and what is known of their covariance.

    A subclass says what its losses are: ``_losses()``, by kind of task.
    """

    _reads_blocks = True

    def _null_loss(self, kind, values, weight):
        scaled = getattr(self, "scale_targets", True) is not False
        return null_loss(self._losses()[kind], values, weight, scaled)

    def _hold_one_class_intercepts(self, X, targets):
        losses = loss_of_tasks(self._losses(), targets)
        for t in np.flatnonzero(targets.constant >= 0):
            own = slice(*targets.columns[t : t + 2])
            if own.start < own.stop:
                self.intercept_[own] = one_class_intercept(
                    losses[t], X, targets, self.coef_[own], t
                )

    def _keep_structure(self, structure, state, targets, scale):
        """Shared and own parts, and what else the structure found."""
        shared, member = structure.shared_part(
            state, self._covariance, targets, self.sharing
        )
        own = state.W.T.copy()
        own[member >= 0] -= shared[member[member >= 0]]
        self.coef_shared_, self.coef_task_ = shared, own * scale[:, None]
        for name in getattr(self, "_facts", ()):
            delattr(self, name)
        facts = structure.facts(state, self._covariance, targets)
        for name, value in facts.items():
            setattr(self, name, value)
        self._facts = tuple(facts)

    def _check_state(self):
        super()._check_state()
        if hasattr(self, "coef_") and not sparse.issparse(self.coef_):
            K = int(self.columns_[-1])
            check_array_state(wide(self.coef_), "coef_", (K, self.n_features_in_))
            check_array_state(self.intercept_, "intercept_", (K,))

    def _scores_of(self, X, t):
        own = slice(*self.columns_[t : t + 2])
        scores = safe_sparse_dot(X, wide(self.coef_)[own].T, dense_output=True)
        return scores + self.intercept_[own]

    def _scores(self, X):
        scores = safe_sparse_dot(X, wide(self.coef_).T, dense_output=True)
        return scores + self.intercept_


def null_loss(loss, values, weight, scaled):
    """Mean loss of the best constant on one task.

    Parameters
    ----------
    loss : Loss
    values, weight : ndarray (n,)
        Labels, or numbers.
    scaled : bool
        Whether numbers count in units of their standard deviation.
    """
    if loss.kind == "classification":
        _, code = np.unique(values, return_inverse=True)
        shares = np.bincount(code, weight) / weight.sum()
        n_columns = len(shares) if len(shares) > 2 else 1
        return loss.for_columns(n_columns).null_loss(shares)
    if scaled and np.ptp(values):
        center = np.average(values, weights=weight)
        spread = np.average((values - center) ** 2, weights=weight)
        values = (values - center) / np.sqrt(spread)
    return loss.null_loss(values, weight)


def center_softmax(intercept, losses, targets):
    """Only differences of a softmax's intercepts matter: let them have sum 0."""
    for t, loss in enumerate(loss_of_tasks(losses, targets)):
        if loss.is_multiclass:
            own = slice(*targets.columns[t : t + 2])
            intercept[own] -= intercept[own].mean()


def read_with_structure(model, structure, X, y, sample_weight):
    """Checked X and task arrays, whose columns the structure has looked at."""
    X, targets = model._read(
        X,
        y,
        sample_weight,
        lambda names: structure.label_groups(model.label_groups, names),
    )
    structure.check(targets)
    ties = structure.uses_label_groups and targets.ndim == 2
    if ties and not targets.label_groups:
        warn_user(
            f"structure={model.structure!r} ties tasks that ask the same question, and "
            "nothing says that any of these do: each is fitted alone. Pass "
            "label_groups='all', or a list of lists of task names, or use "
            "structure='learned'."
        )
    return X, targets
