"""Scores of task weights that a search has tried."""

import numpy as np

from ..drawing import final_axes, new_axes
from .plotting import GREY, find_parameter, read_results, scores_of_results, shorten

# Corners of the triangle: left, right, top.
CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(3) / 2]])


class TaskWeightDisplay:
    """Task weights and what they score: a triangle for three tasks, lines for others.

    Parameters
    ----------
    weights : ndarray of shape (n_settings, n_tasks)
    scores : array-like of shape (n_settings,)
    task_names : list of str
    score_name : str, default="score"

    Attributes
    ----------
    ax_, figure_ : what :meth:`plot` has drawn on

    Examples
    --------
    >>> from mtlearn.inspection import TaskWeightDisplay
    >>> weights = [[1, 1, 1], [2, 0.5, 0.5], [0.5, 2, 0.5]]
    >>> display = TaskWeightDisplay(weights, [0.7, 0.8, 0.6], ["pose", "hat", "tie"])
    >>> display.best.tolist()
    [2.0, 0.5, 0.5]
    """

    def __init__(self, weights, scores, task_names, *, score_name="score"):
        self.weights = np.asarray(weights, dtype=float)
        self.scores = np.asarray(scores, dtype=float)
        self.task_names = list(task_names)
        self.score_name = score_name

    @property
    def best(self):
        """Weights of the best score."""
        return self.weights[np.nanargmax(self.scores)]

    @classmethod
    def from_cv_results(
        cls,
        search,
        *,
        task_names=None,
        parameter=None,
        score_name="score",
        ax=None,
        draw=True,
    ):
        """Draw what a search has found.

        Settings alike in their weights are one point, with the best of their scores.
        The rules "balanced" and "null_loss" depend on the labels; they are left out.

        Parameters
        ----------
        search : fitted search, or its ``cv_results_``
            With several scores per setting their mean counts.
        task_names : list of str, optional
            Default: those of the fitted search, else of the settings that are dicts.
        parameter : str, optional
            Default: the parameter that ends in "task_weight".
        score_name : str, default="score"
        ax : matplotlib Axes, optional
        draw : bool, default=True

        Returns
        -------
        TaskWeightDisplay
        """
        results = read_results(search)
        parameter = parameter or find_parameter(results["params"], "task_weight")
        settings = [p.get(parameter) for p in results["params"]]
        names = _read_names(task_names, search, settings)
        _, scores = scores_of_results(results)
        best = {}
        for setting, score in zip(settings, np.nanmean(scores, axis=0)):
            if not isinstance(setting, str):
                weights = _as_weights(setting, names)
                best[weights] = max(score, best.get(weights, -np.inf))
        if not best:
            raise ValueError(f"no setting of {parameter} has weights: {settings}")
        display = cls(list(best), list(best.values()), names, score_name=score_name)
        return display.plot(ax) if draw else display

    def plot(self, ax=None):
        """Draw; returns self."""
        n_tasks = len(self.task_names)
        wide = 6.4 if n_tasks <= 12 else min(0.28 * n_tasks + 2.5, 14)
        ax = new_axes(ax, (wide, 4.8))
        order = np.argsort(self.scores)  # the best on top
        shown = self._triangle if n_tasks == 3 else self._lines
        mappable = shown(ax, self.weights[order], self.scores[order])
        bar = ax.figure.colorbar(mappable, ax=ax, shrink=0.8)
        bar.set_label(self.score_name.replace("_", " "))
        return final_axes(self, ax)

    def _triangle(self, ax, weights, scores):
        shares = weights / weights.sum(axis=1, keepdims=True)
        outline = np.vstack([CORNERS, CORNERS[:1]])
        ax.plot(*outline.T, color=GREY)
        points = shares @ CORNERS
        mappable = ax.scatter(
            *points.T, c=scores, cmap="cividis", s=90, edgecolor="white", zorder=3
        )
        ax.scatter(*points[-1], s=260, facecolor="none", edgecolor="#D55E00", lw=2)
        above = {"textcoords": "offset points", "ha": "center"}
        ax.annotate("best", points[-1], (0, 13), **above)
        sides = "top", "top", "bottom"
        for corner, name, side in zip(CORNERS, self.task_names, sides):
            ax.annotate(
                f"all weight on\n{shorten(name)}",
                corner,
                (0, -8 if side == "top" else 8),
                va=side,
                **above,
            )
        ax.set_aspect("equal")
        ax.margins(0.22)
        ax.set_axis_off()
        return mappable

    def _lines(self, ax, weights, scores):
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import Normalize

        norm = Normalize(np.nanmin(scores), np.nanmax(scores))
        mappable = ScalarMappable(norm, "cividis")
        place = np.arange(weights.shape[1])
        for i, (row, score) in enumerate(zip(weights, scores)):
            is_best = i == len(weights) - 1
            style = {"linewidth": 3, "marker": "o"} if is_best else {"alpha": 0.7}
            colour = "#D55E00" if is_best else mappable.to_rgba(score)
            label = f"best, {score:.3f}" if is_best else None
            ax.plot(place, row, color=colour, label=label, **style)
        ax.set_yscale("log", base=2)
        ax.yaxis.set_major_formatter("{x:g}")
        ax.set_xticks(place, [shorten(name, 16) for name in self.task_names])
        if weights.shape[1] > 4:
            ax.tick_params(axis="x", rotation=90, labelsize=9 if len(place) < 20 else 7)
        ax.set_ylabel("task weight")
        ax.grid(alpha=0.3)
        ax.legend(loc="upper right")
        return mappable


def _read_names(task_names, search, settings):
    if task_names is not None:
        return [str(name) for name in task_names]
    best = getattr(search, "best_estimator_", None)
    if best is not None:
        last = best.steps[-1][1] if hasattr(best, "steps") else best
        if hasattr(last, "task_names_in_"):
            return [str(name) for name in last.task_names_in_]
    named = {str(name): None for s in settings if isinstance(s, dict) for name in s}
    if named:
        return list(named)
    sizes = {len(s) for s in settings if s is not None and not isinstance(s, str)}
    if len(sizes) != 1:
        raise ValueError("the settings do not tell the tasks; pass task_names=")
    return [f"task{t}" for t in range(sizes.pop())]


def _as_weights(setting, names):
    """A tuple with mean 1."""
    if setting is None:
        values = np.ones(len(names))
    elif isinstance(setting, dict):
        known = {str(name): weight for name, weight in setting.items()}
        values = np.array([known.get(name, 1.0) for name in names])
    else:
        values = np.asarray(setting, dtype=float)
    return tuple((values / values.mean()).round(6).tolist())
