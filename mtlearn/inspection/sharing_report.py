"""What came out of fitting tasks together and apart."""

import numpy as np

from ..metrics import Table
from .statistics import corrected_interval, holm

# Of a score.
ROUNDING = 1e-6


class SharingReport:
    """Scores of the versions of a model per task and fold, and what differs.

    Prints as a table, also in notebooks. ``to_frame()``, ``to_dict()``.

    Attributes
    ----------
    task_names : list of str
    scores : dict of {version: ndarray (n_tasks, n_folds)}
        Of "together" (or "chosen"), "independent", and, where tasks ask the same
        question, "pooled" and "own intercepts". NaN where the true labels leave the
        metric undefined.
    difference, error, low, high : ndarray (n_tasks,)
        First version less the second: mean over folds, corrected standard error,
        interval.
    p : ndarray (n_tasks,)
        Adjusted by Holm.
    helped, hurt : list of str
        Tasks whose difference is more than chance.
    mean_difference : tuple (mean, low, high)
        Of the mean over tasks.
    seconds : dict of {version: ndarray (n_folds,)}
        Of fitting.
    n_settings : dict of {version: int}
        Settings that were tried in each fold.
    n_stopped : dict of {version: int}
        Folds in which a model did not converge.
    """

    def __init__(
        self,
        task_names,
        scores,
        seconds,
        n_settings,
        n_labels,
        test_share,
        metric,
        confidence=0.95,
        n_stopped=None,
    ):
        self.task_names, self.scores = list(task_names), scores
        self.seconds, self.n_settings = seconds, n_settings
        self.n_labels, self.metric = n_labels, metric
        self.confidence, self.n_stopped = confidence, n_stopped or {}
        each = [
            corrected_interval(d, share, confidence)
            for d, share in zip(self._differences(), test_share)
        ]
        columns = np.array(each).T
        self.difference, self.error, self.low, self.high = columns[:4]
        self.p = holm(columns[4])
        self._test_share = test_share

    def _differences(self):
        first, second = list(self.scores.values())[:2]
        return first - second

    @property
    def mean_difference(self):
        """Of the mean over tasks: (mean, low, high)."""
        defined = ~np.isnan(self._differences()).all(axis=1)
        if not defined.any():
            return np.nan, np.nan, np.nan
        of_folds = np.nanmean(self._differences()[defined], axis=0)
        share = float(np.mean(self._test_share[defined]))
        mean, _, low, high, _ = corrected_interval(of_folds, share, self.confidence)
        return mean, low, high

    @property
    def helped(self):
        """Tasks that sharing helped, beyond chance."""
        return self._flagged(+1)

    @property
    def hurt(self):
        """Tasks that sharing hurt, beyond chance: negative transfer."""
        return self._flagged(-1)

    def _flagged(self, sign):
        # What solvers round is no difference. A comparison with NaN is False.
        scale = np.abs(_mean_over_folds(next(iter(self.scores.values()))))
        found = sign * self.difference > ROUNDING * scale
        found &= self.p < 1 - self.confidence
        return [self.task_names[t] for t in np.flatnonzero(found)]

    def table(self):
        """The report as a :class:`~mtlearn.metrics.Table`."""
        first, second, *others = self.scores
        order = [second, first, *others]
        with np.errstate(invalid="ignore"):
            mean = {name: _mean_over_folds(self.scores[name]) for name in order}
        rows = [
            [
                task,
                int(self.n_labels[t]),
                *(float(mean[name][t]) for name in order[:2]),
                float(self.difference[t]),
                self._interval(self.low[t], self.high[t]),
                float(self.p[t]),
                *(float(mean[name][t]) for name in others),
                self._verdict(task),
            ]
            for t, task in enumerate(self.task_names)
        ]
        middle, low, high = self.mean_difference
        overall = [_mean(mean[name]) for name in order]
        footer = [
            "mean over tasks", "", *overall[:2], middle, self._interval(low, high), "",
            *overall[2:], "",
        ]  # fmt: skip
        percent = f"{100 * self.confidence:g} % interval"
        columns = ["task", "labels", second, first, "difference", percent, "p"]
        formats = {"difference": "+.3f"}
        return Table([*columns, *others, ""], rows, [footer], formats, self._notes())

    def _interval(self, low, high):
        return "-" if np.isnan(low) else f"{low:+.3f} .. {high:+.3f}"

    def _verdict(self, task):
        if task in self.helped:
            return "helped"
        return "HURT" if task in self.hurt else ""

    def _notes(self):
        n_folds = self._differences().shape[1]
        costs = ", ".join(
            f"{name} {np.mean(times):.2g} s" for name, times in self.seconds.items()
        )
        tried = ", ".join(f"{name} {n}" for name, n in self.n_settings.items())
        notes = [
            f"{self.metric}, {n_folds} folds; p by Holm over the tasks",
            f"fitting one fold: {costs}; settings tried: {tried}",
        ]
        if max(self.n_settings.values(), default=1) == 1:
            notes.append("neither side was tuned: pass a search for a fair answer")
        stopped = {name: n for name, n in self.n_stopped.items() if n}
        if stopped:
            listed = ", ".join(f"{name} in {n} folds" for name, n in stopped.items())
            notes.append(f"did not converge: {listed}")
        if n_folds < 5:
            notes.append("few folds: intervals are rough; ten random splits see more")
        gaps = self._gaps()
        return [*notes, f"left out, no score: {gaps}"] if gaps else notes

    def _gaps(self):
        """Folds in which a task has no score."""
        missing = np.isnan(self._differences())
        named = [
            f"{self.task_names[t]} (fold {', '.join(map(str, np.flatnonzero(row)))})"
            for t, row in enumerate(missing)
            if row.any()
        ]
        more = f" and {len(named) - 5} more" if len(named) > 5 else ""
        return "; ".join(named[:5]) + more

    def to_frame(self):
        """A pandas DataFrame with a row per task."""
        return self.table().to_frame()

    def to_dict(self):
        """``{"rows": {task: {column: value}}, "summary": ...}``."""
        return self.table().to_dict()

    def __str__(self):
        return str(self.table())

    __repr__ = __str__

    def _repr_html_(self):
        return self.table()._repr_html_()


def _mean_over_folds(scores):
    """NaN for a task that has no score in any fold."""
    counts = (~np.isnan(scores)).sum(axis=1)
    total = np.nansum(scores, axis=1)
    return np.divide(total, counts, out=np.full(len(total), np.nan), where=counts > 0)


def _mean(values):
    values = values[~np.isnan(values)]
    return float(values.mean()) if len(values) else None
