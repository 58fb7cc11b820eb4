"""Passes over the rows, and when to stop making them."""

from dataclasses import dataclass, field

import numpy as np

from ...blocks import RowBlocks

# Momentum overshoots and comes back: fewer steps without progress mean nothing.
MIN_STEPS = 20
# Of a history.
LISTS = ("losses", "weights", "scores", "history")


@dataclass
class Plan:
    """How to go over the rows.

    Attributes
    ----------
    batch_size, max_iter : int
    shuffle : bool
    tol : float or None
        What counts as progress: of the mean loss and the penalty, relative to the
        losses of the best constants, or of a validation score. None never stops early.
    patience : ndarray of int (T,)
        Epochs without progress before a task, or all of them, stop; more where they
        have few steps.
    """

    batch_size: int
    max_iter: int
    shuffle: bool
    tol: float | None
    patience: np.ndarray


@dataclass
class History:
    """What happened in each epoch: a list per kind of record.

    Attributes
    ----------
    losses : list of ndarray (T,)
        Mean loss of each task.
    weights : list of ndarray (T,)
        Task weights.
    scores : list of ndarray (T,)
        Validation scores.
    history : list of float
        Mean of the losses, relative to those of the best constants, plus the penalty.
    converged, stopped : bool
        Whether there was no more progress, or a callback stopped it.
    """

    losses: list = field(default_factory=list)
    weights: list = field(default_factory=list)
    scores: list = field(default_factory=list)
    history: list = field(default_factory=list)
    converged: bool = False
    stopped: bool = False

    @property
    def n_iter(self):
        return len(self.losses)

    def __getstate__(self):
        """One array for each list: a stream has an entry for every batch."""
        lists = {name: np.array(getattr(self, name)) for name in LISTS}
        return {**vars(self), **lists}

    def __setstate__(self, state):
        vars(self).update(state)
        for name in LISTS:
            setattr(self, name, list(getattr(self, name)))


def descend(descent, X, labels, plan, history, *, held_out=None, step=None):
    """Epochs until there is no more progress.

    Parameters
    ----------
    descent : Descent
    X : ndarray or CSR matrix (n, d)
    labels : RowLabels
    plan : Plan
    history : History
        Appended to.
    held_out : HeldOut, optional
        Rows on which tasks are scored after each epoch.
    step : callable, optional
        Called with the history after each epoch; True stops.
    """
    rows = labels.rows if held_out is None else held_out.other_rows(labels.rows)
    n_batches = -(-len(rows) // plan.batch_size)
    descent.n_all = descent.n_steps + plan.max_iter * n_batches
    watch = Progress(plan, held_out, n_batches)
    for _ in range(plan.max_iter):
        one_pass(descent, X, labels, rows, plan.batch_size, plan.shuffle)
        record_epoch(descent, history)
        done = watch.look(descent, history)
        history.stopped = step is not None and bool(step(history))
        if done or history.stopped:
            history.converged = done
            break
    descent.halt(np.zeros(len(plan.patience), dtype=bool))


def one_pass(descent, X, labels, rows, batch_size, shuffle):
    """One step for each mini-batch."""
    if shuffle:
        rng = descent.rng
        in_blocks = isinstance(X, RowBlocks)
        rows = X.shuffled(rows, rng) if in_blocks else rng.permutation(rows)
    whole = not shuffle and len(rows) == X.shape[0]
    for start in range(0, len(rows), batch_size):
        stop = min(start + batch_size, len(rows))
        batch = slice(start, stop) if whole else rows[start:stop]
        descent.step(X[batch], labels.take(batch))


def record_epoch(descent, history):
    """End an epoch: losses, and the task weights that it was trained with."""
    losses, penalty = descent.epoch_losses(), descent.relative_penalty()
    descent.start_epoch()
    relative = descent.relative(losses)
    history.losses.append(losses)
    history.weights.append(np.ones(len(losses)))
    if descent.weighting is not None:
        history.weights[-1] = descent.weighting.weight.copy()
        descent.weighting.end_epoch(relative)
    known = relative[np.isfinite(relative)]
    history.history.append(float(known.mean()) + penalty if len(known) else 0.0)


class Progress:
    """Whether anything still gets better."""

    def __init__(self, plan, held_out, n_batches):
        self.plan, self.held_out, self.n_times = plan, held_out, 0
        self.best, self.wait = np.inf, 0
        self.patience = max(plan.patience.min(), -(-MIN_STEPS // n_batches))

    def look(self, descent, history):
        """After an epoch: is it time to stop?"""
        if self.held_out is not None:
            return self._look_at_scores(descent, history)
        if self.plan.tol is None:
            return False
        self.wait += 1
        if history.history[-1] < self.best - self.plan.tol:
            self.wait = 0
        self.best = min(self.best, history.history[-1])
        if self.wait < self.patience:
            return False
        self.wait = 0
        return not self._shrink_rate(descent)

    def _shrink_rate(self, descent):
        """With an adaptive schedule, the next rate; whether there is one."""
        schedule = descent.settings.schedule
        if not schedule.is_adaptive or self.n_times >= schedule.n_times:
            return False
        self.n_times += 1
        descent.divisor *= schedule.divisor
        return True

    def _look_at_scores(self, descent, history):
        held_out = self.held_out
        history.scores.append(held_out.look(descent, self.plan.tol or 0.0))
        late = held_out.wait >= self.plan.patience
        if descent.settings.schedule.is_adaptive and late[held_out.scored].all():
            if self._shrink_rate(descent):
                held_out.wait[:] = 0
                return False
        elif descent.settings.schedule.is_adaptive:
            return False
        descent.halt(late | ~descent.active)
        return self.plan.tol is not None and not descent.active[held_out.scored].any()


class HeldOut:
    """Validation rows, and the coefficients of each task at its best score.

    Parameters
    ----------
    X : ndarray or CSR matrix (m, d)
    rows : ndarray of int (m,)
        Which rows of all rows these are.
    targets : TaskTargets
        Of all rows.
    n_rows : int
    """

    def __init__(self, X, rows, targets):
        self.X, self.rows, self.targets = X, rows, targets
        place = np.full(targets.n_rows, -1)
        place[rows] = np.arange(len(rows))
        self._pairs = [self._own_pairs(t, place) for t in range(targets.n_tasks)]
        self.best = np.full(targets.n_tasks, -np.inf)
        self.wait = np.zeros(targets.n_tasks, dtype=int)
        self.scored = np.zeros(targets.n_tasks, dtype=bool)
        self.coef = self.intercept = None

    def other_rows(self, rows):
        return np.setdiff1d(rows, self.rows)

    def _own_pairs(self, t, place):
        row, value, weight = self.targets.pairs(t)
        its = place[row] >= 0
        return place[row[its]], value[its], weight[its]

    def look(self, descent, tol):
        """Score every task, and keep coefficients of those that never were better."""
        coef, intercept = descent.coefficients()
        Z = np.asarray(self.X @ coef.T) + intercept
        scores = np.array([self._score(t, Z) for t in range(len(self._pairs))])
        if self.coef is None:
            self.coef, self.intercept = coef.copy(), intercept.copy()
            self.scored = np.isfinite(scores)
        self.wait[self.scored] += 1
        self.wait[scores > self.best + tol] = 0
        better = (scores > self.best) | ~self.scored
        its = better[self.targets.column_task]
        self.coef[its], self.intercept[its] = coef[its], intercept[its]
        self.best = np.fmax(self.best, scores)
        return scores

    def _score(self, t, Z):
        """Accuracy or R2 of a task, NaN if it has none."""
        rows, value, weight = self._pairs[t]
        own = Z[rows, slice(*self.targets.columns[t : t + 2])]
        if not len(rows) or not own.shape[1]:
            return np.nan
        if self.targets.classes[t] is None:
            center = np.average(value, weights=weight)
            total = np.sum(weight * (value - center) ** 2)
            error = np.sum(weight * (value - own[:, 0]) ** 2)
            return 1 - error / total if total > 0 else np.nan
        code = own.argmax(axis=1) if own.shape[1] > 1 else (own[:, 0] > 0).astype(int)
        return np.average(code == value, weights=weight)
