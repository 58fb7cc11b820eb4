"""What sharing gave each task, and took."""

import numpy as np

from ..drawing import final_axes, new_axes
from .comparison import compare_sharing
from .plotting import BLUE, GREY, RED, shorten


class SharingGainDisplay:
    """Difference of each task between the models, with its interval.

    Parameters
    ----------
    report : SharingReport

    Attributes
    ----------
    ax_, figure_ : what :meth:`plot` has drawn on

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.inspection import SharingGainDisplay, compare_sharing
    >>> from mtlearn.linear_model import MultiTaskRidge
    >>> rng = np.random.default_rng(0)
    >>> X, Y = rng.normal(size=(60, 5)), rng.normal(size=(60, 3))
    >>> report = compare_sharing(MultiTaskRidge(), X, Y)
    >>> display = SharingGainDisplay.from_report(report)
    >>> display.ax_.get_xlabel()
    'r2: together less independent'
    """

    def __init__(self, report):
        self.report = report

    @classmethod
    def from_report(cls, report, *, ax=None):
        """Draw a report of :func:`compare_sharing`."""
        return cls(report).plot(ax)

    @classmethod
    def from_estimator(cls, estimator, X, Y, *, ax=None, **options):
        """Compare and draw; options as in :func:`compare_sharing`."""
        return cls(compare_sharing(estimator, X, Y, **options)).plot(ax)

    def plot(self, ax=None):
        """Draw; returns self."""
        report = self.report
        n_tasks = len(report.task_names)
        ax = new_axes(ax, (6.8, max(2.6, 0.24 * n_tasks + 1.4)))
        order = np.argsort(np.nan_to_num(report.difference), kind="stable")
        place = np.arange(n_tasks)
        colours = [self._colour(report.task_names[t]) for t in order]
        gain = np.nan_to_num(report.difference[order])
        ax.barh(place, gain, color=colours, height=0.66)
        known = ~np.isnan(report.low[order])
        low, high = report.low[order][known], report.high[order][known]
        ax.hlines(place[known], low, high, color="black", linewidth=1.2)
        ax.axvline(0, color="black", linewidth=0.8)
        size = 9 if n_tasks <= 30 else 7
        names = [shorten(report.task_names[t]) for t in order]
        ax.set_yticks(place, names, fontsize=size)
        ax.set_ylim(-0.6, n_tasks - 0.4)
        first, second = list(report.scores)[:2]
        ax.set_xlabel(f"{report.metric}: {first} less {second}")
        ax.set_title(
            f"{len(report.helped)} helped, {len(report.hurt)} hurt of {n_tasks} tasks",
            fontsize=11,
            pad=26,
        )
        for colour, meaning in ((BLUE, "helped"), (GREY, "not sure"), (RED, "hurt")):
            ax.barh([0], [0], color=colour, label=meaning)
        above = {"loc": "lower center", "bbox_to_anchor": (0.5, 1.0)}
        ax.legend(ncols=3, frameon=False, fontsize=9, **above)
        ax.grid(axis="x", alpha=0.3)
        ax.set_axisbelow(True)
        return final_axes(self, ax)

    def _colour(self, task):
        if task in self.report.helped:
            return BLUE
        return RED if task in self.report.hurt else GREY
