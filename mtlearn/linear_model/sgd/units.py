"""Units of numbers, and losses of best constants, known from all rows or the first."""

from dataclasses import dataclass

import numpy as np

from ...tasks.units import target_units
from ...validation import warn_user


@dataclass
class Units:
    """Numbers are fitted as ``(y - center) / scale``.

    Attributes
    ----------
    center, scale : ndarray (T,)
    known : ndarray of bool (T,)
    """

    center: np.ndarray
    scale: np.ndarray
    known: np.ndarray

    @classmethod
    def of_all(cls, targets, scale_targets, fit_intercept):
        """Standard deviations over all rows, or whatever ``scale_targets`` says."""
        if scale_targets is not True:
            return cls.unknown(targets, scale_targets)
        center, scale = target_units(
            targets, scale_targets=True, fit_intercept=fit_intercept
        )
        return cls(center, scale, np.ones(targets.n_tasks, dtype=bool))

    @classmethod
    def unknown(cls, targets, scale_targets):
        """To be learned from the first numbers of each task, if they may be."""
        T = targets.n_tasks
        given = np.ones(T)
        if not isinstance(scale_targets, bool):
            given = np.asarray(scale_targets, dtype=np.float64)
            if given.shape != (T,) or not (np.isfinite(given) & (given > 0)).all():
                raise ValueError(
                    f"scale_targets={scale_targets!r} should be True, False, or a "
                    f"standard deviation > 0 for each of the {T} tasks"
                )
        numbers = np.array([known is None for known in targets.classes])
        return cls(np.zeros(T), given, ~numbers | (scale_targets is not True))

    def copy(self):
        return Units(self.center.copy(), self.scale.copy(), self.known.copy())

    def see(self, targets):
        """Take units from the first numbers of tasks, and keep them."""
        new = ~self.known & (np.diff(targets.indptr) > 0)
        if not new.any():
            return
        center, scale = target_units(targets, scale_targets=True, fit_intercept=True)
        flat = [
            targets.names[t]
            for t in np.flatnonzero(new)
            if not np.ptp(targets.pairs(t)[1])
        ]
        if flat:
            warn_user(
                f"the first batch has a single number for the tasks {flat}: their "
                "standard deviations are guessed. Pass scale_targets=[...] or a longer "
                "first batch.",
            )
        self.center[new], self.scale[new] = center[new], scale[new]
        self.known |= new

    def apply(self, targets):
        return targets.in_units(self.center, self.scale)


def null_losses(targets, losses, smooth=False):
    """Mean loss of the best constant of each task, (T,); NaN without labels.

    Parameters
    ----------
    targets : TaskTargets
        Numbers in their units.
    losses : list of Loss
        Of each task.
    smooth : bool
        Whether each class counts one more label: a first batch need not have all.
    """
    null = np.full(targets.n_tasks, np.nan)
    for t, loss in enumerate(losses):
        _, value, weight = targets.pairs(t)
        if not len(value):
            continue
        if targets.classes[t] is None:
            null[t] = loss.null_loss(value, weight)
        else:
            count = np.bincount(
                value.astype(int), weight, minlength=len(targets.classes[t])
            )
            count = count + float(smooth)
            null[t] = loss.null_loss(count / count.sum())
    # A task of one value has nothing to be relative to.
    null[null <= 0] = 1.0
    return null
