r"""How much each source of votes counts for each task.

A task is answered by three sources: shared trees, its own trees, those of other tasks;
each gives one answer per strength of shrinkage. With A the answers for the labels whose
rows were not in the bag, one column each, and y the labels, both centred class by class
and in units of the labels' spread, the weights of all tasks together are

.. math:: w = \arg\min_{w \ge 0} \sum_t |y_t - A_t w|^2 + 10 e |w - \bar w|^2

with equal weights :math:`\bar w`, and those of a task

.. math:: w_t = \arg\min_{w \ge 0} |y_t - A_t w|^2 + 50 e_t |w - \bar w_t|^2,

:math:`\bar w_t` being the former and e the mean energy of a column per row: a task of
tens of rows has the weights of all, one of thousands its own. Weights sum to 1.

Wolpert, "Stacked generalization", Neural Networks 5, 1992. Breiman, "Stacked
regressions", Machine Learning 24, 1996, for weights that are not negative.
"""

import numpy as np
from scipy.linalg import solve_triangular
from scipy.optimize import nnls

N_SOURCES = 3
# How many rows equal weights count for all tasks, and those of all tasks for each.
PULL_TO_EQUAL, PULL_TO_ALL = 10, 50


class Answers:
    """Out-of-bag answers of all sources, task by task.

    Parameters
    ----------
    votes : OutOfBagVotes
    labels, by_row : LabelsByTask, LabelsByRow
    sources : ndarray of bool (3,)
        Which sources may be given weight.
    """

    def __init__(self, votes, labels, by_row, sources):
        self.votes, self.labels, self.sources = votes, labels, sources
        self.n_columns = int(sources.sum()) * votes.n_strengths
        self._place = np.empty(len(by_row.order), dtype=int)
        self._place[by_row.order] = np.arange(len(by_row.order))

    def of(self, t):
        """Answers (m, width, n_columns) for a task, labels (m, width), weights (m,).

        Also which labels these are: those that all sources have answered.
        """
        labels, votes = self.labels, self.votes
        part = slice(labels.start[t], labels.start[t + 1])
        width = labels.first[t + 1] - labels.first[t]
        place = self._place[part]
        counts = votes.counts[np.ix_(self.sources, place)]
        known = (counts > 0).all(axis=0)
        its = votes.place[place[known]][:, None] + np.arange(votes.n_strengths * width)
        sums = votes.sums[self.sources][:, its] / counts[:, known, None]
        sums = sums.reshape(len(counts), len(its), votes.n_strengths, width)
        A = sums.transpose(1, 3, 0, 2).reshape(len(its), width, self.n_columns)
        value = labels.value[part][known]
        weight = (
            np.ones(len(its)) if labels.weight is None else labels.weight[part][known]
        )
        return A, _targets(value, labels.n_classes[t], width), weight, known

    def system(self, t):
        """Normal equations of a task: Gram (q, q), right side (q,), sum of weights."""
        A, Y, weight, _ = self.of(t)
        total = weight.sum()
        q = self.n_columns
        if not total:
            return np.zeros((q, q)), np.zeros(q), 0.0
        A = A - np.average(A, axis=0, weights=weight)
        Y = Y - np.average(Y, axis=0, weights=weight)
        spread = np.sum(weight[:, None] * Y * Y) / total
        if spread < 1e-12:
            return np.zeros((q, q)), np.zeros(q), 0.0
        scaled = (A * weight[:, None, None]).reshape(-1, q) / spread
        return scaled.T @ A.reshape(-1, q), scaled.T @ Y.ravel(), total


def _targets(value, n_classes, width):
    """What perfect answers would be, (m, width)."""
    if n_classes == 0 or width == 1:
        return value[:, None]
    return (value[:, None] == np.arange(width)).astype(float)


def stack(answers, n_tasks):
    """Weights of all sources and strengths for every task.

    Parameters
    ----------
    answers : Answers
    n_tasks : int

    Returns
    -------
    ndarray (n_tasks, 3, n_strengths)
        Non-negative, with sum 1 for each task.
    """
    systems = [answers.system(t) for t in range(n_tasks)]
    return _spread(answers, solve_systems(systems, answers.n_columns))


def solve_systems(systems, q):
    """Weights (n_tasks, q) from the normal equations of every task."""
    equal = np.full(q, 1 / q)
    together = [sum(parts) for parts in zip(*systems)]
    common = _pulled(*together, equal, PULL_TO_EQUAL)
    return np.array([_pulled(*system, common, PULL_TO_ALL) for system in systems])


def _pulled(gram, right, total, towards, pull):
    """Non-negative least squares with a ridge of so many rows, scaled to sum 1."""
    if not total:
        return towards
    energy = np.trace(gram) / len(gram) / total
    if not energy:
        return towards
    ridge = pull * energy
    factor = np.linalg.cholesky(gram + (ridge + 1e-9 * energy) * np.eye(len(gram)))
    side = solve_triangular(factor, right + ridge * towards, lower=True)
    found, _ = nnls(factor.T, side)
    return found / found.sum() if found.sum() > 0 else towards


def _spread(answers, weights):
    """From the sources in use to all, (n_tasks, 3, n_strengths)."""
    n_strengths = answers.votes.n_strengths
    full = np.zeros((len(weights), N_SOURCES, n_strengths))
    full[:, answers.sources] = weights.reshape(len(weights), -1, n_strengths)
    return full
