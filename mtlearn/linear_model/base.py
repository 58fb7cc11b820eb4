"""The common skin of all linear models: read, solve, keep."""

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from ..solvers import (
    LinearObjective,
    Workspace,
    most_steps,
    solve,
)
from ..solvers.reuse import decomposition
from ..tasks.units import target_units
from ..validation import progress_steps, reports_progress, warn_user
from .new_task import add_task, group_shares
from .parameters import check_parameters, find_structure
from .predictor import LinearPredictor, center_softmax, read_with_structure


class MultiTaskLinearModel(LinearPredictor):
    """Losses + structure + solver = linear estimator; thin, knows none of the maths.

    A subclass says what its losses are: ``_losses()``, by kind of task.
    """

    @reports_progress
    def fit(self, X, y, sample_weight=None):
        """Fit all tasks together.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            One column per task. ``NaN``, ``None``, ``pandas.NA`` and masked entries
            are missing labels.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Weight 0 is the same as a missing label.

        Returns
        -------
        self : object
        """
        self._fit_from(X, y, sample_weight, before=self if self.warm_start else None)
        return self

    def _fit_from(self, X, y, sample_weight, *, before=None, workspace=None):
        """Fit, starting from another fitted model and what is known of X.

        Returns
        -------
        workspace : Workspace
            For more fits to the same X.
        """
        structure = check_parameters(self)
        if before is not None:
            before = _coefficients(before)
        X, targets = read_with_structure(self, structure, X, y, sample_weight)
        most = most_steps(structure, self._losses().values(), self.max_iter)
        with progress_steps(self, X, y, most, "step") as step:
            workspace = self._fit(
                X, targets, structure=structure, before=before, workspace=workspace,
                step=step,
            )  # fmt: skip
        if not (self.converged_ or self._stopped):
            _warn_of_no_convergence(self)
        return workspace

    def _fit(
        self, X, targets, *, structure=None, before=None, workspace=None, step=None
    ):
        """Fit checked X to task arrays.

        Parameters
        ----------
        before : tuple of ndarrays, optional
            Coefficients (K, d), intercepts (K,) and own parts (K, d) to start from, in
            the user's units.
        workspace : Workspace, optional
            Of the same X; made anew if there is none, or if rows weigh otherwise.

        Returns
        -------
        workspace : Workspace
        """
        structure = structure or find_structure(self)
        units = target_units(
            targets,
            scale_targets=getattr(self, "scale_targets", False),
            fit_intercept=self.fit_intercept,
        )
        center, scale = (unit[targets.column_task].astype(X.dtype) for unit in units)
        objective = LinearObjective(
            X,
            targets.in_units(*units),
            self._losses(),
            self.C,
            fit_intercept=self.fit_intercept,
        )
        if workspace is None or not workspace.suits(objective):
            workspace = Workspace(objective, self._decompose)
        state, covariance = solve(
            objective, structure, targets, self.sharing, tol=self.tol,
            max_iter=self.max_iter, step=step, workspace=workspace,
            start=_start(before, objective, center, scale),
        )  # fmt: skip
        self.target_scale_ = units[1]
        self._keep_run(state)
        self._covariance = covariance
        self._keep_structure(structure, state, targets, scale)
        self.coef_ = np.ascontiguousarray(state.W.T) * scale[:, None]
        self.intercept_ = objective.intercept(state.W, state.b) * scale + center
        center_softmax(self.intercept_, self._losses(), targets)
        if self.fit_intercept:
            self._hold_one_class_intercepts(X, targets)
        self._label_shares = group_shares(targets)
        return workspace

    def _group_number(self, group):
        """Which label group some tasks are, by number."""
        first = self.task_names_in_[group[0]]
        return next(g for g, names in enumerate(self.label_groups_) if first in names)

    def _add_task(self, X, y, name, place, sample_weight=None):
        """Learn one more task around the shared part; X is checked."""
        add_task(self, X, y, name, place, sample_weight)

    def _decompose(self, X, weight, mean):
        return decomposition(X, weight, mean, self.memory)

    def _keep_run(self, state):
        self.n_iter_ = state.n_iter
        self.converged_ = bool(state.converged)
        self.objective_path_ = np.array(state.history)
        self._stopped = state.stopped
        if state.gap is not None:
            self.duality_gap_ = state.gap
        elif hasattr(self, "duality_gap_"):
            del self.duality_gap_


def _coefficients(model):
    """Coefficients, intercepts and own parts of a model, None if it is not fitted."""
    if not hasattr(model, "coef_"):
        return None
    return model.coef_, model.intercept_, model.coef_task_


def _start(before, objective, center, scale):
    """W (d, K) and b (K,) of an earlier fit in the units of this one, if they fit."""
    if before is None or before[0].shape != objective.shape[::-1]:
        return None
    coef, intercept, own = before
    W, own = ((part / scale[:, None]).T.astype(objective.dtype) for part in (coef, own))
    if not objective.fit_intercept:
        return W, np.zeros_like(W[0]), own
    b = ((intercept - center) / scale).astype(objective.dtype)
    return W, b + objective.mean @ W, own


def _warn_of_no_convergence(model):
    warn_user(
        f"the solver stopped after max_iter={model.max_iter} Newton steps "
        f"before it reached tol={model.tol}: raise max_iter, scale the features "
        "to similar sizes, or lower C.",
        ConvergenceWarning,
    )
