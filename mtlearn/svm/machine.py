"""The common skin of kernel machines: read, solve the dual, keep the support rows."""

from numbers import Integral, Real

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from ..base import MultiTaskEstimator
from ..linear_model.compact import wide
from ..linear_model.parameters import find_structure, refuse_unused_ties
from ..linear_model.predictor import null_loss, read_with_structure
from ..linear_model.similarity import SimilarityMixin
from ..solvers import one_class_intercept
from ..solvers.dual import solve_dual
from ..solvers.kernel_rows import KernelRows
from ..solvers.objective import loss_of_tasks
from ..structures import PenaltyStructure
from ..tasks.units import target_units
from ..validation import (
    check_array_state,
    check_choice,
    check_is_fitted,
    check_number,
    progress_steps,
    reports_progress,
    warn_user,
)
from .approximation import NystroemFeatures
from .kernels import fit_kernel

# What only the exact machine has.
SUPPORT = (
    "support_", "n_support_", "support_rows_", "support_vectors_", "dual_coef_",
    "_mixed",
)  # fmt: skip
# Numbers of a block of the kernel matrix at prediction: what bounds its memory.
CHUNK_NUMBERS = 1 << 24


class KernelMachine(SimilarityMixin, MultiTaskEstimator):
    """A subclass has ``_losses``, ``_items(targets)`` and ``_linear(**shared)``.

    These are the losses by kind of task, the items of the dual, and the linear machine
    on the features of an approximation.
    """

    @reports_progress
    def fit(self, X, y, sample_weight=None):
        """Fit all tasks together.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            With ``kernel="precomputed"`` the kernel matrix (n_samples, n_samples).
        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            One column per task. ``NaN``, ``None``, ``pandas.NA`` and masked entries
            are missing labels.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Weight 0 is the same as a missing label.

        Returns
        -------
        self : object
        """
        structure = check_machine(self)
        X, targets = read_with_structure(self, structure, X, y, sample_weight)
        with progress_steps(self, X, y, None, "working set") as step:
            self._fit(X, targets, structure=structure, step=step)
        if not (self.converged_ or self._stopped):
            _warn_of_no_convergence(self)
        return self

    def _fit(self, X, targets, *, structure=None, step=None):
        structure = structure or check_machine(self)
        rows, targets = targets.of_labelled_rows()
        if len(rows) < X.shape[0]:
            X = X[np.ix_(rows, rows)] if self.kernel == "precomputed" else X[rows]
        self._kernel = fit_kernel(self, X, targets.row_weight)
        for name in (*SUPPORT, "_machine", "n_components_"):
            vars(self).pop(name, None)
        self._features = None
        if self.approximation is None:
            self._fit_dual(X, rows, targets, structure, step)
        else:
            self._fit_features(X, targets, structure, step)

    def _fit_dual(self, X, rows, targets, structure, step):
        center, scale = self._units(targets)
        scaled = targets.in_units(center, scale)
        items = self._items(scaled)
        entered = self._kernel.enter(X)
        cached = KernelRows(
            lambda some: self._between(entered[some], entered),
            X.shape[0],
            self.cache_size,
        )
        state, self._covariance = solve_dual(
            items, cached, structure, scaled, self.sharing, tol=self.tol,
            max_iter=None if self.max_iter == -1 else self.max_iter, step=step,
        )  # fmt: skip
        self._keep_run(state)
        self.duality_gap_ = state.gap
        self._keep_facts(structure.facts(state, self._covariance, targets))
        center, scale = (unit[targets.column_task] for unit in (center, scale))
        scores = self._covariance.times(state.R)
        self.intercept_ = state.intercept * scale + center
        self._hold_one_class_intercepts(scores, targets)
        self._keep_support(entered, rows, targets, state, items, scale)

    def _keep_support(self, entered, rows, targets, state, items, scale):
        """Rows that count for any column, once, and what they count."""
        used = state.B.any(axis=1)
        self.support_vectors_ = None
        if self._kernel.function is not None:
            self.support_vectors_ = entered[used]
        self.dual_coef_ = np.ascontiguousarray(state.B[used].T) * scale[:, None]
        mixed = self._covariance.times(state.B[used]) * scale
        self._mixed = np.ascontiguousarray(mixed.astype(entered.dtype))
        self.support_rows_ = rows[used]
        support, counts = [], []
        for t in range(targets.n_tasks):
            own = state.B[:, targets.columns[t] : targets.columns[t + 1]]
            mine = own.any(axis=1)
            support.append(rows[mine])
            counts.append(self._count_support(targets, t, np.flatnonzero(mine)))
        self.support_ = self._lower(support)
        self.n_support_ = self._lower(counts)

    def _count_support(self, targets, t, used):
        """Of each class, or of all."""
        if targets.classes[t] is None:
            return np.array([len(used)])
        row, code, _ = targets.pairs(t)
        code = code[np.isin(row, used)]
        return np.bincount(code, minlength=len(targets.classes[t]))

    def _fit_features(self, X, targets, structure, step):
        """The same with finitely many features, by the solvers of linear machines."""
        if self.kernel == "precomputed":
            raise ValueError(
                "approximation='nystroem' needs rows to draw landmarks from, and "
                "kernel='precomputed' has none; use approximation=None"
            )
        check_number(self.n_components, "n_components", 1, kind=Integral)
        features = NystroemFeatures(self._kernel, self.n_components, self.random_state)
        Z = features.fit(X).transform(X)
        machine = self._linear(
            C=self.C, sharing=self.sharing, structure=self.structure, tol=self.tol,
            max_iter=100 if self.max_iter == -1 else self.max_iter,
        )  # fmt: skip
        machine._remember(targets)
        machine.n_features_in_ = Z.shape[1]
        machine._fit(Z, targets, structure=structure, step=step)
        self._features, self._machine = features, machine
        self._covariance = machine._covariance
        self._keep_facts({name: getattr(machine, name) for name in machine._facts})
        self.n_iter_, self.converged_ = machine.n_iter_, machine.converged_
        self._stopped = machine._stopped
        self.objective_path_ = machine.objective_path_
        self.duality_gap_ = machine.duality_gap_
        self.intercept_ = machine.intercept_
        self.n_components_ = Z.shape[1]

    def _units(self, targets):
        scales = getattr(self, "scale_targets", False)
        return target_units(targets, scale_targets=scales, fit_intercept=True)

    def _between(self, A, B):
        return A if self._kernel.function is None else self._kernel(A, B)

    def _keep_run(self, state):
        self.n_iter_, self.converged_ = state.n_iter, bool(state.converged)
        self._stopped = state.stopped
        self.objective_path_ = np.array(state.history)

    def _keep_facts(self, facts):
        for name in getattr(self, "_facts", ()):
            delattr(self, name)
        for name, value in facts.items():
            setattr(self, name, value)
        self._facts = tuple(facts)

    def _hold_one_class_intercepts(self, scores, targets):
        """Of tasks that ask like others, and have seen one class."""
        losses = loss_of_tasks(self._losses(), targets)
        columns = np.eye(targets.n_columns)
        for t in np.flatnonzero(targets.constant >= 0):
            own = slice(*targets.columns[t : t + 2])
            if own.start < own.stop:
                self.intercept_[own] = one_class_intercept(
                    losses[t], scores, targets, columns[own], t
                )

    def _task_scores(self, X):
        check_is_fitted(self)
        n = self.n_features_in_
        if self._kernel.function is None and np.shape(X)[1:] != (n,):
            raise ValueError(
                "kernel='precomputed' predicts from the kernel between the new rows "
                f"and the {n} training rows, {n} columns; X has shape {np.shape(X)}"
            )
        return super()._task_scores(X)

    def _scores(self, X):
        if self._features is not None:
            return self._machine._scores(self._features.transform(X))
        return self._dual_scores(X, slice(0, len(self.intercept_)))

    def _scores_of(self, X, t):
        if self._features is not None:
            return self._machine._scores_of(self._features.transform(X), t)
        return self._dual_scores(X, slice(*self.columns_[t : t + 2]))

    def _dual_scores(self, X, columns):
        mixed, n_support = wide(self._mixed)[:, columns], len(self._mixed)
        out = np.empty((X.shape[0], mixed.shape[1]), dtype=self._mixed.dtype)
        step = max(1, CHUNK_NUMBERS // max(1, n_support))
        for first in range(0, X.shape[0], step):
            part = slice(first, first + step)
            out[part] = self._near_support(X[part]) @ mixed
        return out + self.intercept_[columns]

    def _near_support(self, X):
        """The kernel between rows and the support rows, (n, n_support_rows)."""
        if self._kernel.function is None:
            return X[:, self.support_rows_]
        if not len(self._mixed):
            return np.zeros((X.shape[0], 0), dtype=self._mixed.dtype)
        return self._kernel(self._kernel.enter(X), wide(self.support_vectors_))

    def _null_loss(self, kind, values, weight):
        scaled = getattr(self, "scale_targets", False)
        return null_loss(self._losses()[kind], values, weight, scaled)

    def _check_state(self):
        super()._check_state()
        if not hasattr(self, "intercept_"):
            return
        K = int(self.columns_[-1])
        check_array_state(self.intercept_, "intercept_", (K,))
        if self._features is None:
            check_array_state(wide(self._mixed), "coefficients", (None, K))
            n, vectors = len(self._mixed), self.support_vectors_
            if vectors is None and len(self.support_rows_) != n:
                raise ValueError(f"support_rows_ must name {n} rows")
            if vectors is not None and vectors.shape != (n, self.n_features_in_):
                raise ValueError(f"support_vectors_ must have {n} rows of features")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.pairwise = self.kernel == "precomputed"
        return tags


def check_machine(model):
    """Raise ValueError, naming parameter and value, unless all can be used together.

    Returns
    -------
    structure : CovarianceStructure
    """
    check_number(model.C, "C", 0, open_low=True)
    check_number(model.sharing, "sharing", 0, 1)
    check_number(model.tol, "tol", 0, open_low=True)
    check_number(model.cache_size, "cache_size", 0, kind=Real, open_low=True)
    if model.max_iter != -1:
        check_number(model.max_iter, "max_iter", 1, kind=Integral)
    check_choice(model.approximation, "approximation", (None, "nystroem"))
    structure = find_structure(model)
    name = f"structure={model.structure!r}"
    if isinstance(structure, PenaltyStructure):
        raise ValueError(
            f"{name} is a penalty on the coefficients of features, which kernels do "
            "not have; use structure='learned', 'mean', 'graph' or 'independent'."
        )
    finds = getattr(structure, "finds_clusters", False)
    if finds and model.approximation is None and model.sharing > 0:
        raise ValueError(
            f"{name}: clusters are found on finitely many features; use "
            "approximation='nystroem', or give them, Clustered(clusters=[...])."
        )
    refuse_unused_ties(model, structure)
    return structure


def _warn_of_no_convergence(model):
    more = "" if model.max_iter == -1 else "raise max_iter, "
    warn_user(
        f"the solver stopped after {model.n_iter_} working sets before it reached "
        f"tol={model.tol}: {more}scale the features to similar sizes, or lower C.",
        ConvergenceWarning,
    )
