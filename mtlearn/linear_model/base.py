"""The common skin of all linear models: read, solve, keep."""

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from ..base import MultiTaskEstimator
from ..solvers import (
    LinearObjective,
    Workspace,
    most_steps,
    one_class_intercept,
    solve,
)
from ..solvers.objective import loss_of_tasks
from ..solvers.reuse import decomposition
from ..validation import FIT_WRAPPERS, progress_steps, reports_progress
from .parameters import check_parameters, find_structure
from .units import target_units


class MultiTaskLinearModel(MultiTaskEstimator):
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
        X, targets = self._read(
            X,
            y,
            sample_weight,
            lambda names: structure.label_groups(self.label_groups, names),
        )
        structure.check(targets)
        if structure.uses_label_groups and targets.ndim == 2:
            _warn_if_nothing_is_tied(targets, self.structure)
        most = most_steps(structure, self._losses().values(), self.max_iter)
        with progress_steps(self, X, y, most, "step") as step:
            workspace = self._fit(
                X, targets, structure=structure, before=before, workspace=workspace,
                step=step,
            )  # fmt: skip
        if not (self.converged_ or self._stopped):
            _warn_of_no_convergence(self)
        return workspace

    def _null_loss(self, kind, values, weight):
        """Mean loss of the best constant on one task."""
        loss = self._losses()[kind]
        if kind == "classification":
            _, code = np.unique(values, return_inverse=True)
            shares = np.bincount(code, weight) / weight.sum()
            n_columns = len(shares) if len(shares) > 2 else 1
            return loss.for_columns(n_columns).null_loss(shares)
        if getattr(self, "scale_targets", True) and np.ptp(values):
            center = np.average(values, weights=weight)
            spread = np.average((values - center) ** 2, weights=weight)
            values = (values - center) / np.sqrt(spread)
        return loss.null_loss(values, weight)

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
        _center_softmax(self.intercept_, self._losses(), targets)
        if self.fit_intercept:
            self._hold_one_class_intercepts(X, targets)
        return workspace

    def _decompose(self, X, weight, mean):
        return decomposition(X, weight, mean, self.memory)

    def _hold_one_class_intercepts(self, X, targets):
        losses = loss_of_tasks(self._losses(), targets)
        for t in np.flatnonzero(targets.constant >= 0):
            own = slice(*targets.columns[t : t + 2])
            if own.start < own.stop:
                self.intercept_[own] = one_class_intercept(
                    losses[t], X, targets, self.coef_[own], t
                )

    def _keep_run(self, state):
        self.n_iter_ = state.n_iter
        self.converged_ = bool(state.converged)
        self.objective_path_ = np.array(state.history)
        self._stopped = state.stopped
        if state.gap is not None:
            self.duality_gap_ = state.gap
        elif hasattr(self, "duality_gap_"):
            del self.duality_gap_

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

    def _scores(self, X):
        scores = X @ self.coef_.T
        return np.asarray(scores) + self.intercept_

    @property
    def column_covariance_(self):
        """Prior covariance M of the score columns, (n_outputs, n_outputs).

        Only structures that have one; others raise AttributeError.
        """
        if self._covariance is None:
            raise AttributeError(
                f"structure={self.structure!r} has no covariance of columns"
            )
        return self._covariance.toarray()

    @property
    def task_similarity_(self):
        """How alike the prior holds two tasks to be, (n_tasks, n_tasks).

        For tasks with one score column each, the correlation in M, signed. Where a
        task has more, the size of the covariance block between the two tasks,
        ``|M_tu| / sqrt(|M_tt| |M_uu|)`` in Frobenius norm. A task without columns is
        like nobody but itself.
        """
        M = self.column_covariance_
        similarity = np.eye(self.n_tasks_)
        parts = [slice(*self.columns_[t : t + 2]) for t in range(self.n_tasks_)]
        size = [np.linalg.norm(M[part, part]) for part in parts]
        for t, rows in enumerate(parts):
            for u, columns in enumerate(parts):
                block = M[rows, columns]
                if t != u and block.size:
                    norm = block[0, 0] if block.size == 1 else np.linalg.norm(block)
                    similarity[t, u] = norm / np.sqrt(size[t] * size[u])
        return similarity


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


def _center_softmax(intercept, losses, targets):
    """Only differences of a softmax's intercepts matter: let them have sum 0."""
    for t, loss in enumerate(loss_of_tasks(losses, targets)):
        if loss.is_multiclass:
            own = slice(*targets.columns[t : t + 2])
            intercept[own] -= intercept[own].mean()


def _warn_if_nothing_is_tied(targets, structure):
    if not targets.label_groups:
        warnings.warn(
            f"structure={structure!r} ties tasks that ask the same question, and "
            "nothing says that any of these do: each is fitted alone. Pass "
            "label_groups='all', or a list of lists of task names, or use "
            "structure='learned'.",
            UserWarning,
            stacklevel=4 + FIT_WRAPPERS,
        )


def _warn_of_no_convergence(model):
    warnings.warn(
        f"the solver stopped after max_iter={model.max_iter} Newton steps "
        f"before it reached tol={model.tol}: raise max_iter, scale the features "
        "to similar sizes, or lower C.",
        ConvergenceWarning,
        stacklevel=4 + FIT_WRAPPERS,
    )
