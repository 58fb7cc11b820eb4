"""Score of each task against the number of rows."""

from numbers import Real

import numpy as np
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.utils import check_random_state

from ..drawing import final_axes, new_axes
from ..model_selection.cross_validation import take_rows
from ..model_selection.parts import StratifiedParts
from .comparison import as_table, quiet_about_folds, read_folds, read_scoring
from .plotting import draw_lines
from .rivals import dissect, groups_for_search


class TaskLearningCurveDisplay:
    """Cross-validated score of each task against the number of training rows.

    Parameters
    ----------
    n_rows : array-like of shape (n_points,)
    scores : ndarray of shape (n_tasks, n_points)
        Means over folds.
    task_names : list of str
    score_name : str, default="score"

    Attributes
    ----------
    ax_, figure_ : what :meth:`plot` has drawn on

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.inspection import TaskLearningCurveDisplay
    >>> from mtlearn.linear_model import MultiTaskRidge
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(80, 5))
    >>> Y = X @ rng.normal(size=(5, 3)) + rng.normal(size=(80, 3))
    >>> display = TaskLearningCurveDisplay.from_estimator(MultiTaskRidge(), X, Y, cv=4)
    >>> display.n_rows.tolist()
    [6, 20, 33, 46, 60]
    """

    def __init__(self, n_rows, scores, task_names, *, score_name="score"):
        self.n_rows = np.asarray(n_rows)
        self.scores = np.asarray(scores, dtype=float)
        self.task_names = list(task_names)
        self.score_name = score_name

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X,
        Y,
        *,
        metric=None,
        train_sizes=(0.1, 0.325, 0.55, 0.775, 1.0),
        cv=None,
        groups=None,
        random_state=0,
        n_jobs=None,
        ax=None,
        draw=True,
    ):
        """Fit to growing parts of the training rows of each fold, and draw.

        Parameters
        ----------
        estimator : estimator of many tasks, Pipeline, or search
        X : (n_samples, ...)
        Y : labels of any form, (n_samples, n_tasks)
        metric, cv, groups : see :func:`compare_sharing`
        train_sizes : list of float in (0, 1], default=(0.1, 0.325, 0.55, 0.775, 1.0)
            Shares of the training rows; parts are stratified over all tasks.
        random_state : int, RandomState or None, default=0
        n_jobs : int, default=None
        ax : matplotlib Axes, optional
        draw : bool, default=True

        Returns
        -------
        TaskLearningCurveDisplay
        """
        Y = as_table(Y)
        anatomy = dissect(estimator)
        scoring = read_scoring(metric, anatomy, Y)
        params = groups_for_search(anatomy, groups)
        rng = check_random_state(random_state)
        folds = list(read_folds(cv, groups).split(X, Y, groups))
        parts = [
            (i, _part(Y, train, share, rng), test)
            for train, test in folds
            for i, share in enumerate(_check_sizes(train_sizes))
        ]
        found = Parallel(n_jobs=n_jobs)(
            delayed(_score)(estimator, X, Y, rows, test, scoring, params)
            for _, rows, test in parts
        )
        shape = len(folds), len(train_sizes), -1
        scores = np.array(found).reshape(shape)
        rows = np.array([len(rows) for _, rows, _ in parts]).reshape(shape[:2])
        display = cls(
            np.rint(rows.mean(axis=0)).astype(int),
            _mean_of_known(scores).T,
            scoring.names,
            score_name=scoring.title,
        )
        return display.plot(ax) if draw else display

    def plot(self, ax=None):
        """Draw; returns self."""
        ax = new_axes(ax)
        gain = np.array([_still_rising(values) for values in self.scores])
        mean = np.nanmean(self.scores, axis=0)
        ax.plot(self.n_rows, mean, color="black", linewidth=3, zorder=4, label="mean")
        draw_lines(ax, self.n_rows, self.scores, self.task_names, gain)
        ax.set_xlabel("training rows")
        ax.set_ylabel(self.score_name.replace("_", " "))
        ax.grid(alpha=0.3)
        ax.legend(loc="upper left", fontsize=9)
        return final_axes(self, ax)


def _check_sizes(train_sizes):
    for share in train_sizes:
        if not isinstance(share, Real) or not 0 < share <= 1:
            raise ValueError(f"train_sizes holds {share!r}; shares are from 0 to 1")
    return train_sizes


def _part(Y, rows, share, rng):
    """A stratified part of some rows."""
    n = max(1, round(share * len(rows)))
    if n == len(rows):
        return rows
    parts = StratifiedParts(take_rows(Y, rows), [n, len(rows) - n], ["", ""])
    return rows[parts.draw(rng) == 0]


def _score(estimator, X, Y, rows, test, scoring, params):
    with quiet_about_folds():
        given = {name: value[rows] for name, value in params.items()}
        model = clone(estimator).fit(take_rows(X, rows), take_rows(Y, rows), **given)
        return scoring(model, take_rows(X, test), take_rows(Y, test))


def _mean_of_known(scores):
    """Over folds, NaN where none has a score: (n_points, n_tasks)."""
    known = ~np.isnan(scores)
    total, n = np.nansum(scores, axis=0), known.sum(axis=0)
    return np.divide(total, n, out=np.full(total.shape, np.nan), where=n > 0)


def _still_rising(values):
    """Gain of the last step: whom more rows would help."""
    known = values[~np.isnan(values)]
    return known[-1] - known[-2] if len(known) > 1 else np.nan
