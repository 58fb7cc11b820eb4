"""The common skin of all linear models: read, solve, keep."""

import warnings
from numbers import Integral

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from ..base import MultiTaskEstimator
from ..solvers import LinearObjective, one_class_intercept, solve
from ..structures import STRUCTURES
from ..structures.mean import shared_part
from ..validation import (
    check_choice,
    check_number,
    progress_steps,
    reports_progress,
)


class MultiTaskLinearModel(MultiTaskEstimator):
    """Loss + structure + solver = linear estimator; thin, knows none of the maths.

    A subclass says what its loss is, ``_loss()``.
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
        structure = self._check_parameters()
        groups = self.label_groups if structure.uses_label_groups else ()
        X, targets = self._read(X, y, sample_weight, groups)
        if structure.uses_label_groups and targets.ndim == 2:
            _warn_if_nothing_is_tied(targets)
        objective = LinearObjective(
            X, targets, self._loss(), self.C, fit_intercept=self.fit_intercept
        )
        most = structure.max_rounds * self.max_iter
        with progress_steps(self, X, y, most, "Newton step") as step:
            state, covariance = solve(
                objective, structure, targets.column_tie, self.sharing,
                tol=self.tol, max_iter=self.max_iter, step=step,
            )  # fmt: skip
        self._keep(objective, targets, state, covariance)
        return self

    def _check_parameters(self):
        check_number(self.C, "C", 0, open_low=True)
        check_number(self.sharing, "sharing", 0, 1)
        check_number(self.tol, "tol", 0, open_low=True)
        check_number(self.max_iter, "max_iter", 1, kind=Integral)
        structure = self.structure
        if isinstance(structure, type) or not hasattr(structure, "revise"):
            check_choice(structure, "structure", STRUCTURES)
            structure = STRUCTURES[structure]()
        if self.label_groups is not None and not structure.uses_label_groups:
            raise ValueError(
                f"label_groups={self.label_groups!r} means nothing to structure="
                f"{self.structure!r}; use structure='mean' or leave label_groups out."
            )
        return structure

    def _keep(self, objective, targets, state, covariance):
        self.coef_ = np.ascontiguousarray(state.W.T)
        self.intercept_ = objective.intercept(state.W, state.b)
        if self.fit_intercept:
            for k in np.flatnonzero(targets.constant[targets.column_task] >= 0):
                held = one_class_intercept(objective, targets, self.coef_, k)
                self.intercept_[k] = held
        tie = targets.column_tie
        shared, member = shared_part(self.coef_, tie, self.sharing)
        self.coef_shared_ = shared
        self.coef_task_ = self.coef_.copy()
        self.coef_task_[member >= 0] -= shared[member[member >= 0]]
        self._covariance = covariance
        self.n_iter_ = state.n_iter
        self.converged_ = state.converged
        self.objective_path_ = np.array(state.history)
        if not (state.converged or state.stopped):
            warnings.warn(
                f"the solver stopped after max_iter={self.max_iter} Newton steps "
                f"before it reached tol={self.tol}: raise max_iter, scale the features "
                "to similar sizes, or lower C.",
                ConvergenceWarning,
                stacklevel=3,
            )

    def _scores(self, X):
        scores = X @ self.coef_.T
        return np.asarray(scores) + self.intercept_

    @property
    def column_covariance_(self):
        """Prior covariance M of the score columns, (n_outputs, n_outputs)."""
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


def _warn_if_nothing_is_tied(targets):
    if not targets.label_groups:
        warnings.warn(
            "structure='mean' ties tasks that ask the same question, and nothing says "
            "that any of these do: each is fitted alone. Pass label_groups='all', or a "
            "list of lists of task names, or use structure='learned'.",
            UserWarning,
            stacklevel=4,
        )
