"""The common skin of the models of gradient descent: read, descend, keep."""

from types import SimpleNamespace

import numpy as np
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning

from ...solvers.descent import (
    History,
    Plan,
    RowLabels,
    descend,
    one_pass,
    record_epoch,
)
from ...solvers.objective import loss_of_tasks
from ...structures import CovarianceStructure
from ...tasks import announce, check_announced, read_batch
from ...validation import (
    check_is_fitted,
    progress_steps,
    reports_progress,
    validate_rows,
    validate_X,
    warn_user,
)
from ..predictor import LinearPredictor, center_softmax, read_with_structure
from .descents import begin, hold_out, is_about, resume
from .parameters import (
    check_known_in_a_stream,
    check_parameters,
    find_settings,
    find_weighting,
    is_factorized,
    patience_by_task,
)
from .units import Units, null_losses

# A loss so many times that of the best constants has not been minimised.
WORSE = 1.2


class MultiTaskSGDModel(LinearPredictor):
    """Losses + parametrization + descent = an estimator that learns from mini-batches.

    A subclass says what its losses are: ``_losses()``, by kind of task.
    """

    @reports_progress
    def fit(self, X, y, sample_weight=None):
        """Fit all tasks together, in several epochs.

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
        self._fit_from(X, y, sample_weight)
        return self

    def _fit_from(self, X, y, sample_weight):
        structure = check_parameters(self)
        find_settings(self, horizon_known=True)
        X, targets = read_with_structure(self, structure, X, y, sample_weight)
        with progress_steps(self, X, y, self.max_iter, "epoch") as step:
            self._fit(X, targets, structure=structure, step=step)
        if self._history.history[-1] > WORSE:
            _warn_of_divergence(self)
        elif self._ended_too_soon():
            _warn_of_no_convergence(self)

    def _fit(self, X, targets, *, structure=None, step=None):
        """Fit checked X to task arrays."""
        structure = structure or check_parameters(self)
        patience = patience_by_task(self.n_iter_no_change, targets.names)
        settings = find_settings(self, horizon_known=True)
        losses = self._task_losses(targets)
        old = getattr(self, "_descent", None) if self.warm_start else None
        goes_on = old is not None and is_about(old, self._tasks, targets, X.shape[1])
        units = self._units
        if not goes_on:
            units = Units.of_all(targets, self._scales(), self.fit_intercept)
        scaled = units.apply(targets)
        null = null_losses(scaled, losses)
        if goes_on:
            descent = resume(self, old, structure, targets, losses, settings)
            descent.null_loss = null
        else:
            descent = begin(self, structure, scaled, losses, settings, X, null)
        held_out = hold_out(self, X, scaled, descent.rng)
        plan = Plan(self.batch_size, self.max_iter, self.shuffle, self.tol, patience)
        history = History()
        if targets.n_columns:
            labels = RowLabels(scaled, X.dtype)
            descend(descent, X, labels, plan, history, held_out=held_out, step=step)
        else:
            history.converged = True
            record_epoch(descent, history)
        self._history = history
        self._keep(descent, targets, structure, units, held_out)
        if self.fit_intercept:
            self._hold_one_class_intercepts(X, targets)

    def _partial_fit(self, X, y, classes, sample_weight):
        structure = check_parameters(self)
        check_known_in_a_stream(self)
        first = not hasattr(self, "_descent")
        if first and hasattr(self, "coef_"):
            raise ValueError(
                "sparsify() or shrink() has dropped what training needs: fit anew, or "
                "do so last."
            )
        try:
            X = validate_X(self, X, reset=first)
            tasks = self._announce(y, classes, structure) if first else self._tasks
            check_announced(classes, tasks)
            targets = read_batch(
                tasks, y, sample_weight, getattr(self, "class_weight", None)
            )
            validate_rows(X, targets.n_rows)
            self._take_batch(X, targets, structure, first)
        except BaseException:
            if first:  # as it was before: not fitted at all
                _forget_features(self)
            raise
        return self

    def _take_batch(self, X, targets, structure, first):
        """One pass over the rows of a batch; nothing is kept unless it ends well."""
        settings = find_settings(self, horizon_known=False)
        losses = self._task_losses(targets)
        units = Units.unknown(targets, self._scales()) if first else self._units.copy()
        units.see(targets)
        scaled = units.apply(targets)
        if first:
            structure.check(targets)
            null, history = np.full(targets.n_tasks, np.nan), History()
            descent = begin(self, structure, targets, losses, settings, X, null)
        else:
            history = self._history
            descent = resume(self, self._descent, structure, targets, losses, settings)
            X = X.astype(descent.b.dtype, copy=False)
        unseen = np.isnan(descent.null_loss)
        descent.null_loss[unseen] = null_losses(scaled, losses, smooth=True)[unseen]
        if targets.n_columns:
            labels = RowLabels(scaled, X.dtype)
            one_pass(descent, X, labels, labels.rows, self.batch_size, self.shuffle)
        record_epoch(descent, history)
        if first:
            self._remember(targets)
        self._history = history
        self._constant = targets.constant
        self._keep(descent, targets, structure, units, None)

    # What goes into a descent.

    _units = None

    def _fixed_task_weight(self):
        return None if find_weighting(self.task_weight) else self.task_weight

    def _scales(self):
        return getattr(self, "scale_targets", False)

    def _task_losses(self, targets):
        return loss_of_tasks(self._losses(), targets)

    def _announce(self, y, classes, structure):
        return announce(
            y,
            self._task_types(),
            classes,
            label_groups=lambda names: structure.label_groups(self.label_groups, names),
            task_weight=self._fixed_task_weight(),
        )

    # What comes out of it.

    def _keep(self, descent, targets, structure, units, held_out):
        """Coefficients in the user's units, and all else that was found."""
        self._descent, self._units, self._tasks = descent, units, targets.without_rows()
        W, intercept = descent.coefficients()
        if held_out is not None and held_out.coef is not None:
            W, intercept = held_out.coef, held_out.intercept
        task = targets.column_task
        center, scale = units.center[task], units.scale[task].astype(W.dtype)
        self.target_scale_ = units.scale.copy()
        self._keep_parts(descent, targets, structure, W, scale)
        self.coef_ = W * scale[:, None]
        self.intercept_ = intercept * scale + center.astype(W.dtype)
        center_softmax(self.intercept_, self._losses(), targets)
        self.n_iter_, self.t_ = self._history.n_iter, descent.n_steps
        self.converged_ = self._history.converged
        self._gate = descent.weighting, descent.center

    def _keep_parts(self, descent, targets, structure, W, scale):
        form, blocks = descent.parametrization, descent.found_blocks()
        self._covariance = getattr(form, "covariance", None)
        if self._covariance is None and isinstance(structure, CovarianceStructure):
            self._covariance = structure.start(targets, self.sharing)
        parts = [part.T for part in form.parts(blocks)]
        if len(parts) == 1:
            parts = [W.T]  # of tasks that stopped early, that of their best epoch
        state = SimpleNamespace(W=W.T, parts=parts)
        self._keep_structure(structure, state, targets, scale)
        if hasattr(self, "components_"):
            del self.components_
        if is_factorized(self, structure):
            self.components_ = blocks[0].copy()

    def _ended_too_soon(self):
        if self.tol is None or self.converged_ or self._history.stopped:
            return False
        return not self._descent.settings.schedule.uses_all_epochs

    @property
    def loss_curve_(self):
        """Mean loss of each task in each epoch: (n_epochs,) or (n_epochs, n_tasks).

        Before each step, in units of ``target_scale_``; NaN where a task had no label.
        """
        return self._curve(self._known_history().losses)

    @property
    def task_weights_(self):
        """What each task counted in each epoch: (n_epochs,) or (n_epochs, n_tasks)."""
        weights = self._curve(self._known_history().weights)
        fixed = self._tasks.task_weight
        return weights * (fixed[0] if self._ndim == 1 else fixed)

    @property
    def validation_scores_(self):
        """Accuracy or R2 of each task on the rows held out, after each epoch."""
        if not self._known_history().scores:
            raise AttributeError("validation_scores_ needs early_stopping=True")
        return self._curve(self._history.scores)

    def _known_history(self):
        if self._is_small:
            raise AttributeError("shrink() has dropped the curves of training")
        if not hasattr(self, "_history"):
            raise AttributeError(f"this {type(self).__name__} is not fitted")
        return self._history

    def _curve(self, rows):
        curve = np.array(rows)
        return curve[:, 0] if self._ndim == 1 else curve

    def _check_not_small(self, name):
        check_is_fitted(self)
        if self._is_small:
            raise ValueError(
                f"{name}() changes all that training has left, and shrink() has "
                "dropped most of it: ask the full model"
            )

    def sparsify(self):
        """Keep the coefficients as sparse matrices, for models with many zeros.

        What ``partial_fit`` would need is dropped.

        Returns
        -------
        self : object
        """
        self._check_not_small("sparsify")
        for name in ("coef_", "coef_shared_", "coef_task_"):
            setattr(self, name, sparse.csr_matrix(getattr(self, name)))
        if hasattr(self, "_descent"):
            del self._descent
        return self

    def densify(self):
        """Undo :meth:`sparsify`, but for what was dropped.

        Returns
        -------
        self : object
        """
        self._check_not_small("densify")
        for name in ("coef_", "coef_shared_", "coef_task_"):
            if sparse.issparse(getattr(self, name)):
                setattr(self, name, getattr(self, name).toarray())
        return self


def _forget_features(model):
    """Undo what checking the first batch has left."""
    for name in ("n_features_in_", "feature_names_in_"):
        if hasattr(model, name):
            delattr(model, name)


def _warn_of_divergence(model):
    warn_user(
        f"the losses ended {model._history.history[-1]:.3g} times as high as those of "
        f"the best constants: lower eta0 (now {model._descent.settings.eta0}) or set "
        "clip_norm; if they still fall, raise max_iter.",
        ConvergenceWarning,
    )


def _warn_of_no_convergence(model):
    warn_user(
        f"the losses were still falling by more than tol={model.tol} after "
        f"max_iter={model.max_iter} epochs: raise max_iter or tol, or use "
        "learning_rate='cosine', which plans for that many.",
        ConvergenceWarning,
    )
