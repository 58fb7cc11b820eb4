"""Score against sharing."""

from numbers import Real

import numpy as np

from ..drawing import final_axes, new_axes
from .plotting import draw_lines, find_parameter, read_results, scores_of_results


class SharingCurveDisplay:
    """Cross-validated score of each task against the dial.

    Parameters
    ----------
    sharing : array-like of shape (n_points,)
        Rising.
    scores : ndarray of shape (n_tasks, n_points)
    task_names : list of str
    score_name : str, default="score"

    Attributes
    ----------
    ax_, figure_ : what :meth:`plot` has drawn on

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.inspection import SharingCurveDisplay
    >>> from mtlearn.linear_model import MultiTaskLinearCV, MultiTaskRidge
    >>> rng = np.random.default_rng(0)
    >>> X, Y = rng.normal(size=(60, 5)), rng.normal(size=(60, 3))
    >>> search = MultiTaskLinearCV(MultiTaskRidge(), sharings=[0, 0.5, 0.9]).fit(X, Y)
    >>> display = SharingCurveDisplay.from_cv_results(search)
    >>> display.sharing.tolist()
    [0.0, 0.5, 0.9]
    """

    def __init__(self, sharing, scores, task_names, *, score_name="score"):
        self.sharing = np.asarray(sharing, dtype=float)
        self.scores = np.atleast_2d(np.asarray(scores, dtype=float))
        self.task_names = list(task_names)
        self.score_name = score_name

    @classmethod
    def from_cv_results(
        cls, search, *, parameter=None, score_name="score", ax=None, draw=True
    ):
        """Draw what a search has found.

        At each sharing the setting counts that is best in the mean over the tasks.

        Parameters
        ----------
        search : fitted search, or its ``cv_results_``
            With a score per task (``scoring=task_scorers(...)``) there is a line each.
        parameter : str, optional
            Name of the parameter on the horizontal axis. Default: the one that ends in
            "sharing"; settings in which it is no number are left out.
        score_name : str, default="score"
        ax : matplotlib Axes, optional
        draw : bool, default=True

        Returns
        -------
        SharingCurveDisplay
        """
        results = read_results(search)
        parameter = parameter or find_parameter(results["params"], "sharing")
        names, scores = scores_of_results(results)
        given = [setting.get(parameter) for setting in results["params"]]
        numbers = np.array(
            [value if isinstance(value, Real) else np.nan for value in given]
        )
        nothing = np.isnan(scores).all(axis=0)
        mean = np.nanmean(np.where(nothing, -np.inf, scores), axis=0)
        if np.isnan(numbers).all():
            raise ValueError(f"no setting has a number for {parameter}: {given}")
        sharing = np.unique(numbers[~np.isnan(numbers)])
        best = [
            np.flatnonzero(numbers == s)[np.argmax(mean[numbers == s])] for s in sharing
        ]
        display = cls(sharing, scores[:, best], names, score_name=score_name)
        return display.plot(ax) if draw else display

    def plot(self, ax=None):
        """Draw; returns self."""
        ax = new_axes(ax)
        change = np.nanmax(self.scores, axis=1) - np.nanmin(self.scores, axis=1)
        if len(self.scores) > 1:
            mean = np.nanmean(self.scores, axis=0)
            style = {"color": "black", "linewidth": 3, "zorder": 4}
            ax.plot(self.sharing, mean, label="mean", **style)
            above = {"loc": "lower left", "bbox_to_anchor": (0.0, 1.0)}
            ax.legend(frameon=False, fontsize=9, **above)
        draw_lines(ax, self.sharing, self.scores, self.task_names, change)
        ax.set_xticks(self.sharing)
        ax.set_xlabel("sharing (0 = tasks apart, 1 = one model)")
        ax.set_ylabel(self.score_name.replace("_", " "))
        ax.grid(alpha=0.3)
        return final_axes(self, ax)
