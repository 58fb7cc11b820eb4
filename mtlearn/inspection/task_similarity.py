"""Which tasks are alike."""

import numpy as np
from scipy.cluster.hierarchy import dendrogram, leaves_list, linkage
from scipy.spatial.distance import squareform

from ..drawing import final_axes, new_axes
from ..metrics.scorer import final_estimator
from .plotting import shorten

SOURCES = ("task_similarity_", "task_affinity_")


class TaskSimilarityDisplay:
    """Heat map of how alike tasks are, ordered by a tree that joins like to like.

    Parameters
    ----------
    similarity : ndarray of shape (n_tasks, n_tasks)
        From -1 to 1, or any affinity.
    task_names : list of str
    name : str, default="similarity"

    Attributes
    ----------
    order : list of int
        Tasks from top to bottom.
    ax_, figure_ : what :meth:`plot` has drawn on

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.inspection import TaskSimilarityDisplay
    >>> S = np.array([[1, -0.1, 0.9], [-0.1, 1, 0.0], [0.9, 0.0, 1]])
    >>> TaskSimilarityDisplay(S, ["collar", "hat", "tie"]).order
    [1, 0, 2]
    """

    def __init__(self, similarity, task_names, *, name="similarity"):
        self.similarity = np.asarray(similarity, dtype=float)
        self.task_names = list(task_names)
        self.name = name
        self._tree = _join(self.similarity)

    @property
    def order(self):
        if self._tree is None:
            return list(range(len(self.task_names)))
        return leaves_list(self._tree).tolist()

    @classmethod
    def from_estimator(cls, estimator, *, ax=None, draw=True):
        """Draw what a fitted model holds of its tasks.

        Parameters
        ----------
        estimator : fitted estimator, Pipeline or search
            Linear models have ``task_similarity_``, forests ``task_affinity_``.
        ax : matplotlib Axes, optional
        draw : bool, default=True

        Returns
        -------
        TaskSimilarityDisplay
        """
        model = final_estimator(estimator)
        source = next((name for name in SOURCES if hasattr(model, name)), None)
        if source is None:
            raise ValueError(
                f"{type(model).__name__} has neither {' nor '.join(SOURCES)}"
            )
        name = source.strip("_").replace("_", " ")
        display = cls(getattr(model, source), model.task_names_in_, name=name)
        return display.plot(ax) if draw else display

    def plot(self, ax=None):
        """Draw; returns self."""
        n_tasks = len(self.task_names)
        side = min(max(4.6, 0.24 * n_tasks + 3), 13)
        ax = new_axes(ax, (side + 1.6, side))
        order = self.order
        shown = self.similarity[np.ix_(order, order)]
        off = shown[~np.eye(n_tasks, dtype=bool)]
        reach = max(np.nanmax(np.abs(off), initial=0), 1e-12)
        limits = {"vmin": -reach, "vmax": reach}
        np.fill_diagonal(shown, np.nan)  # a task is always like itself
        image = ax.imshow(shown, cmap="PuOr", aspect="auto", **limits)
        ax.set_facecolor("#DDDDDD")
        names = [shorten(self.task_names[t]) for t in order]
        size = 9 if n_tasks <= 16 else 7 if n_tasks <= 45 else 5
        ax.set_xticks(range(n_tasks), names, rotation=90, fontsize=size)
        ax.set_yticks(range(n_tasks), names, fontsize=size)
        if n_tasks <= 8:
            for i, j in np.argwhere(~np.isnan(shown)):
                strong = abs(shown[i, j]) > 0.6 * reach
                ax.text(
                    j,
                    i,
                    f"{shown[i, j]:.2f}",
                    ha="center",
                    va="center",
                    color="white" if strong else "black",
                )
        if self._tree is not None:
            self._draw_tree(ax)
        bar = ax.figure.colorbar(image, ax=ax, shrink=0.6, pad=0.02)
        bar.set_label(self.name)
        return final_axes(self, ax)

    def _draw_tree(self, ax):
        """The tree right of the rows, leaves at their places."""
        beside = ax.inset_axes([1.01, 0, 0.14, 1])
        drawn = dendrogram(self._tree, no_plot=True)
        for places, heights in zip(drawn["icoord"], drawn["dcoord"]):
            # scipy puts leaf i at 10 i + 5.
            rows = (np.array(places) - 5) / 10
            beside.plot(heights, rows, color="#555555", linewidth=1)
        beside.set_ylim(len(self.task_names) - 0.5, -0.5)
        beside.set_axis_off()


def _join(similarity):
    """Average linkage of ``largest similarity - similarity``; None for one task."""
    if similarity.ndim != 2 or similarity.shape[0] != similarity.shape[1]:
        raise ValueError(f"similarity is {similarity.shape}; it should be square")
    if len(similarity) < 2:
        return None
    even = (similarity + similarity.T) / 2
    even = np.nan_to_num(even, nan=np.nanmin(even) if np.isfinite(even).any() else 0)
    distance = even.max() - even
    np.fill_diagonal(distance, 0)
    return linkage(squareform(distance, checks=False), "average")
