"""Mini-batch gradient descent on all columns of all tasks at once."""

from dataclasses import dataclass

import numpy as np

from .curvature import Curvature
from .optimizers import coarsen
from .rows import CentredRows

# A few rows say little about where the features lie.
MIN_ROWS_TO_CENTER = 8
# Between batches after which the curvature is looked at again, once it is known.
INTERVAL = 64
# What learned weights take steps with has a momentum of 0.9.
GATE_INERTIA = 10
# Later iterates weigh more in the average, by the power of so much.
AVERAGE_POWER = 8
OVERFLOW = (
    "the losses overflow after {} mini-batches: lower eta0 (now {}), scale the "
    "features to about unit size, or set clip_norm"
)


@dataclass
class Settings:
    """Parameters of a descent.

    Attributes
    ----------
    optimizer, schedule : see :mod:`optimizers` and :mod:`schedules`
    eta0, alpha : float
    average : bool
    average_from : int
        Rows seen before averaging begins.
    clip_norm : float or None
    fit_intercept : bool
    """

    optimizer: object
    schedule: object
    eta0: float
    alpha: float
    average: bool
    average_from: int
    clip_norm: float | None
    fit_intercept: bool


class Descent:
    r"""State of a descent, which sees nothing but one mini-batch after the other.

    Minimises

    .. math::
        \frac1n \sum_{i,t} s_{it} \ell_t(y_{it}, x_i' W_t + b_t) + \alpha R(W).

    Scores are those of centred features; the centre is the mean of the first
    mini-batch, so that a stream and ``fit`` take the same steps.

    Parameters
    ----------
    parametrization : an entry of :mod:`mtlearn.structures.parametrizations`
    score_losses : ScoreLosses
    settings : Settings
    d : int
    dtype : float dtype
    null_loss : ndarray (T,)
        Of the best constants; NaN where not known yet.
    rng : numpy.random.RandomState

    Attributes
    ----------
    weighting : WeightingRun or None
        What learns the task weights.
    blocks, average : list of ndarray
        Parameters now, and averaged over the steps.
    b, average_b : ndarray (K,)
        Intercepts of centred features.
    active : ndarray of bool (T,)
        Tasks that still take part.
    """

    def __init__(
        self, parametrization, score_losses, settings, d, dtype, null_loss, rng
    ):
        self.parametrization, self.score_losses = parametrization, score_losses
        self.settings, self.null_loss, self.rng = settings, null_loss, rng
        self.n_features, self.weighting = d, None
        K = len(score_losses.column_task)
        self.blocks = parametrization.start(K, d, dtype, rng)
        self.b, self.center = np.zeros(K, dtype), None
        self.average = [block.copy() for block in self.blocks]
        self.average_b = self.b.copy()
        self._start_memories()
        self.curvature = Curvature(
            score_losses.curvature, score_losses.column_task, len(null_loss)
        )
        self.metrics = None
        self.n_steps, self.n_rows, self.n_averaged = 0, 0, 0
        self.divisor, self.n_all = 1.0, None
        self.halt(np.zeros(len(null_loss), dtype=bool))
        self.start_epoch()

    def _start_memories(self):
        start = self.settings.optimizer.start
        self.memories = [start(part) for part in (*self.blocks, self.b)]

    def adopt(self, score_losses, settings):
        """Go on with other losses of the same columns, and other settings."""
        old, self.settings = self.settings, settings
        same = settings.alpha == old.alpha
        same &= np.array_equal(self.curvature.bounds, score_losses.curvature)
        self.score_losses, self.curvature.bounds = score_losses, score_losses.curvature
        if not same:
            self._aim_elsewhere()
        if repr(settings.optimizer) != repr(old.optimizer):
            self.curvature.has_grown = True
        if type(settings.optimizer) is not type(old.optimizer):
            self.metrics = None
            self._start_memories()

    def reparametrize(self, parametrization):
        """Go on with W made of other blocks."""
        K, d, dtype = len(self.b), self.n_features, self.b.dtype
        old, self.parametrization = self.parametrization, parametrization
        found = []
        for blocks in (self.blocks, self.average):
            new = parametrization.start(K, d, dtype, self.rng)
            parametrization.fill(new, old.coefficients(blocks))
            found.append(new)
        self.blocks, self.average = found
        self._aim_elsewhere()
        self._start_memories()

    def _aim_elsewhere(self):
        """The least sum is another: so are its curvature, and what is worth a mean."""
        self.curvature.has_grown, self.n_averaged = True, 0

    def halt(self, tasks):
        """Let only the others take part; what is these tasks' own stays as it is.

        Parameters
        ----------
        tasks : ndarray of bool (T,)
        """
        self.active = ~tasks
        self._halted = np.flatnonzero(tasks[self.score_losses.column_task])

    def start_epoch(self):
        """Forget the losses seen."""
        T = len(self.null_loss)
        self.loss_sum, self.weight_sum = np.zeros(T), np.zeros(T)
        self.rows_of_epoch = 0

    def epoch_losses(self):
        """Mean loss of each task since, (T,), NaN where there was no label."""
        return np.divide(
            self.loss_sum,
            self.weight_sum,
            out=np.full(len(self.loss_sum), np.nan),
            where=self.weight_sum > 0,
        )

    def relative(self, losses):
        """Losses (T,) over those of the best constants."""
        return losses / self.null_loss

    def relative_penalty(self):
        """The penalty now, over the sum that the best constants have in its place."""
        if not self.settings.alpha or not self.rows_of_epoch:
            return 0.0
        unit = self._unit() if self.weighting is not None else 1.0
        null = np.nansum(self.weight_sum * unit * self.null_loss) / self.rows_of_epoch
        if not null:
            return 0.0
        cost = self.parametrization.penalty(self.blocks)
        return self.settings.alpha * cost / null

    # One mini-batch.

    def step(self, X, labels):
        """Move once.

        Parameters
        ----------
        X : ndarray or CSR matrix (B, d)
        labels : Labels
        """
        if self.center is None:
            self.center = self._find_center(X)
        rows, its = (
            CentredRows(X, self.center),
            self.score_losses.of_tasks(labels.tasks),
        )
        W = self.parametrization.coefficients(self.blocks)
        Z = rows.times(W[its.columns].T)
        Z += self.b[its.columns]
        with np.errstate(over="ignore", invalid="ignore"):
            values, G = its.value_and_gradient(its.targets(labels.value), Z)
            losses = its.by_task(values)
            self._record(labels, losses)
        weight = self._weigh(rows, labels)
        self.curvature.see(rows, weight, labels.tasks)
        raw = G
        # Every row counts the same: a short batch at the end takes a short step.
        share = len(Z) / self.curvature.n_rows
        if self.settings.optimizer.scaled_by_curvature:
            share *= self.curvature.damping(self.settings.optimizer.inertia)
        G = G * (weight * Z.dtype.type(share / len(Z)))[:, its.task]
        dW, db = self._clipped(its, rows.gradient(G), G.sum(axis=0))
        if self.weighting is not None:
            self._learn_weights(rows, labels, its, losses, raw)
        if not isinstance(its.columns, slice):
            dW, db = (_scattered(part, its.columns, len(self.b)) for part in (dW, db))
        self._move(dW, db, share)
        self.n_rows += len(Z)
        self.rows_of_epoch += len(Z)
        self._take_average()

    def _find_center(self, X):
        if self.settings.fit_intercept and X.shape[0] >= MIN_ROWS_TO_CENTER:
            return np.asarray(X.mean(axis=0), dtype=X.dtype).ravel()
        return np.zeros(X.shape[1], dtype=X.dtype)

    def _record(self, labels, losses):
        seen = np.sum(labels.weight * losses, axis=0, dtype=np.float64)
        if not np.isfinite(seen.sum()):
            raise ValueError(OVERFLOW.format(self.n_steps, self.settings.eta0))
        self.loss_sum[labels.tasks] += seen
        self.weight_sum[labels.tasks] += labels.weight.sum(axis=0, dtype=np.float64)

    def _weigh(self, rows, labels):
        weight = labels.weight
        if not self.active.all():
            weight = weight * self.active[labels.tasks].astype(weight.dtype)
        if self.weighting is not None:
            factor = self.weighting.factors(rows, labels) * self._unit()[labels.tasks]
            weight = weight * factor.astype(weight.dtype)
        return weight

    def _unit(self):
        """One over the null losses, with mean 1 over the tasks that have one."""
        inverse = 1 / self.null_loss
        return np.nan_to_num(inverse / np.nanmean(inverse), nan=1.0)

    def _learn_weights(self, rows, labels, its, losses, raw):
        null = self.null_loss[labels.tasks]

        def shared_norms():
            total = np.maximum(labels.weight.sum(axis=0, dtype=np.float64), 1e-30)
            share = (labels.weight / (total * null)).astype(raw.dtype)
            dW = rows.gradient(raw * share[:, its.task])
            kernel = self.parametrization.shared_kernel(self.blocks)
            kernel = kernel[its.columns][:, its.columns]
            products = kernel * (dW @ dW.T)
            squares = its.by_task(its.by_task(products).T)
            return np.sqrt(np.maximum(np.diag(squares), 0))

        with np.errstate(invalid="ignore"):
            relative = losses / null
        self.weighting.learn(
            rows, labels, relative, shared_norms, self.curvature.bound(GATE_INERTIA)
        )

    def _clipped(self, its, dW, db):
        """Gradients no longer than ``clip_norm`` for each task."""
        limit = self.settings.clip_norm
        if limit is None:
            return dW, db
        squares = its.by_task(np.sum(dW * dW, axis=1) + db * db)
        scale = limit / np.maximum(np.sqrt(squares), limit)
        scale = scale[its.task].astype(dW.dtype)
        return dW * scale[:, None], db * scale

    def _move(self, dW, db, share):
        settings, self.n_steps = self.settings, self.n_steps + 1
        rate = settings.schedule.factor(self.n_steps - 1, self.n_all)
        rate *= settings.eta0 / self.divisor
        if settings.optimizer.scaled_by_curvature:
            self._scale_steps()
        gradients = self.parametrization.pull_back(self.blocks, dW)
        penalties = self.parametrization.penalties
        for j, (block, gradient) in enumerate(zip(self.blocks, gradients)):
            if not block.size:
                continue
            decay = settings.alpha * share * self.parametrization.decay
            if decay:
                gradient = gradient + block.dtype.type(decay) * block
            still = self._halted if self.parametrization.per_column[j] else []
            kept = block[still]
            metric = self._step(j, block, gradient, rate, penalties[j], share)
            if penalties[j] is not None:
                step = rate * metric * settings.alpha
                block[...] = penalties[j].prox(block, step)
            block[still] = kept
        if settings.fit_intercept and len(self.b):
            kept = self.b[self._halted]
            self._step(-1, self.b, db, rate, None, share)
            self.b[self._halted] = kept
        if self.n_steps % self._interval() == 0:
            self.parametrization.renew(self.blocks, self.average)

    def _step(self, j, block, gradient, rate, penalty, share):
        granularity = "entry" if penalty is None else penalty.granularity
        optimizer = self.settings.optimizer
        step, metric = optimizer.direction(
            self.memories[j], gradient, granularity, share
        )
        if self.metrics is None:
            block -= block.dtype.type(rate) * step
            return metric
        scale = rate * coarsen(self.metrics[j], granularity, np.min)
        block -= np.asarray(scale, dtype=block.dtype) * step
        return metric * coarsen(self.metrics[j], granularity, np.min)

    def _interval(self):
        """Steps between looks at what takes K^3 operations."""
        return max(INTERVAL, len(self.b) // 4)

    def _scale_steps(self):
        if self.n_steps % self._interval() and not self.curvature.has_grown:
            return
        found, of_b = self.curvature.of_blocks(
            self.parametrization, self.blocks, self.settings.optimizer.inertia
        )
        decay = self.settings.alpha * self.parametrization.decay
        self.metrics = [1 / (each + decay) for each in found] + [1 / of_b]

    def _take_average(self):
        if not self.settings.average or self.n_rows < self.settings.average_from:
            self.average, self.average_b = self.blocks, self.b
            return
        self.n_averaged += 1
        if self.average is self.blocks:
            self.average, self.average_b = (
                [a.copy() for a in self.blocks],
                self.b.copy(),
            )
        share = (AVERAGE_POWER + 1) / (self.n_averaged + AVERAGE_POWER)
        for mean, now in zip((*self.average, self.average_b), (*self.blocks, self.b)):
            if share == 1:
                mean[...] = now
            else:
                mean += mean.dtype.type(share) * (now - mean)

    # What has been found.

    def found_blocks(self):
        """The averaged blocks, with the exact zeros of the last ones."""
        return [
            mean if penalty is None else penalty.confine(mean, now)
            for mean, now, penalty in zip(
                self.average, self.blocks, self.parametrization.penalties
            )
        ]

    def coefficients(self):
        """Coefficients (K, d) and intercepts (K,) of features that are not centred."""
        W = np.array(self.parametrization.coefficients(self.found_blocks()))
        if self.center is None:
            return W, self.average_b.copy()
        return W, self.average_b - W @ self.center


def _scattered(part, columns, K):
    whole = np.zeros((K, *part.shape[1:]), dtype=part.dtype)
    whole[columns] = part
    return whole
