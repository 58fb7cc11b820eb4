r"""How much each source of votes counts for each task.

A task is answered by three sources: shared trees, its own trees, those of other tasks;
each gives one answer per level of shrinkage. With A the answers for the labels whose
rows were not in the bag, one column each, and y the labels, both centred class by class
and in units of the labels' spread, the weights of all tasks together are

.. math:: w = \arg\min_{w \ge 0} \sum_t \ell_t(w) + 50 e |w - \bar w|^2

with equal weights :math:`\bar w`, and those of a task

.. math:: w_t = \arg\min_{w \ge 0} \ell_t(w) + 200 e_t |w - \bar w_t|^2,

:math:`\bar w_t` being the former and e the mean energy of a column per row: a task of
tens of rows has the weights of all, one of thousands its own. Weights sum to 1.

Few trees are out of bag for a row, and all of them will answer a new one. The answers
of two halves of the trees tell the variance V of a single tree's, hence what chance
adds to A'A: V over the number of votes, label by label. The loss of a forest that
answers with g times as many trees is

.. math:: \ell(w) = |y|^2 - 2 w'A'y + w'\left(A'A - (1 - 1/g) V_n\right) w,

:math:`V_n` being that sum. So the loss of forests that are not grown yet is known
before. The final weights are for half of the way, the root of the trees that answer a
new row over those that are out of bag: the variance of few votes is a rough guess.

Wolpert, "Stacked generalization", Neural Networks 5, 1992. Breiman, "Stacked
regressions", Machine Learning 24, 1996, for weights that are not negative.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

N_SOURCES = 3
# How many rows equal weights count for all tasks, and those of all tasks for each.
PULL_TO_EQUAL, PULL_TO_ALL = 50, 200
# Labels of a task that its few weights are fitted to.
ENOUGH_LABELS = 5000


@dataclass
class TaskAnswers:
    """Out-of-bag answers for the labels of one task.

    Attributes
    ----------
    A : ndarray (m, width, q)
        Answers, by all trees; 0 where a source has none.
    D : ndarray (m, width, q)
        Answers by one half of the trees less those by the other, in units in which
        their variance is that of a single tree's; 0 where a half has none.
    votes : ndarray of int (m, q)
        How many trees have answered.
    both : ndarray of bool (m, q)
        Whether there are some in both halves.
    Y : ndarray (m, width)
        What perfect answers would be.
    weight : ndarray (m,)
    known : ndarray of bool
        Which labels of the task these are: those that any source has answered.
    """

    A: np.ndarray
    D: np.ndarray
    votes: np.ndarray
    both: np.ndarray
    Y: np.ndarray
    weight: np.ndarray
    known: np.ndarray

    def predict(self, weights):
        """Answers weighed (m, width); sources without an answer count nothing."""
        counts = np.where(self.votes > 0, weights, 0.0)
        none = counts.sum(axis=1, keepdims=True) == 0
        counts = np.where(none, self.votes > 0, counts)
        counts = counts / counts.sum(axis=1, keepdims=True)
        return np.einsum("mwq,mq->mw", self.A, counts)

    def system(self, keep=True):
        """Normal equations of the labels that all sources have answered, or of some."""
        keep = (self.votes > 0).all(axis=1) & keep
        A, D, Y, weight = (x[keep] for x in (self.A, self.D, self.Y, self.weight))
        total, q = weight.sum(), A.shape[2]
        nothing = System(np.zeros((q, q)), np.zeros((q, q)), np.zeros(q), 0.0)
        if not total:
            return nothing
        A = A - np.average(A, axis=0, weights=weight)
        Y = Y - np.average(Y, axis=0, weights=weight)
        spread = np.sum(weight[:, None] * Y * Y) / total
        if spread < 1e-12:
            return nothing
        root = np.sqrt(weight / spread)[:, None, None]
        A, D = (A * root).reshape(-1, q), (D * root).reshape(-1, q)
        Y = (Y * root[:, 0]).ravel()
        # The variance of one tree, times the sum over labels of 1 / votes.
        n_both = weight @ self.both[keep]
        scale = weight @ (1 / self.votes[keep]) / np.where(n_both > 0, n_both, np.inf)
        chance = np.sqrt(np.outer(scale, scale)) * (D.T @ D)
        return System(A.T @ A, chance, A.T @ Y, total)


@dataclass
class System:
    """Normal equations of a task.

    Attributes
    ----------
    gram, chance : ndarray (q, q)
        Products of answers, and the part of them that is due to chance.
    right : ndarray (q,)
        Products of answers and labels.
    total : float
        Sum of weights of the labels.
    """

    gram: np.ndarray
    chance: np.ndarray
    right: np.ndarray
    total: float

    def __add__(self, other):
        return System(
            self.gram + other.gram, self.chance + other.chance,
            self.right + other.right, self.total + other.total,
        )  # fmt: skip

    def with_trees(self, factor):
        """Gram matrix for ``factor`` (q,) times as many trees of each column."""
        less = np.sqrt(1 - 1 / np.maximum(factor, 1))
        more = np.where(factor < 1, 1 / np.maximum(factor, 1e-3) - 1, 0.0)
        gram = self.gram - np.outer(less, less) * self.chance
        return gram + np.diag(more * np.diag(self.chance))

    def loss(self, gram, w):
        """Share of the labels' spread that is not explained."""
        return 1 + (w @ gram @ w - 2 * w @ self.right) / max(self.total, 1e-300)


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
        self.n_columns = int(sources.sum()) * votes.n_levels
        self._place = np.empty(len(by_row.order), dtype=int)
        self._place[by_row.order] = np.arange(len(by_row.order))

    def of(self, t, most=None):
        """TaskAnswers of a task; of about ``most`` of its labels, if it has more."""
        labels, votes = self.labels, self.votes
        n_labels = labels.start[t + 1] - labels.start[t]
        step = 1 if most is None else max(n_labels // most, 1)
        part = slice(labels.start[t], labels.start[t + 1], step)
        width = labels.columns.first[t + 1] - labels.columns.first[t]
        place = self._place[part]
        counts = votes.counts[:, self.sources][:, :, place]
        known = (counts.sum(axis=0) > 0).any(axis=0)
        counts = counts[:, :, known, None]
        its = votes.place[place[known]][:, None] + np.arange(votes.n_levels * width)
        sums = votes.sums[:, self.sources][:, :, its]
        A = sums.sum(axis=0) / np.maximum(counts.sum(axis=0), 1)
        both = (counts > 0).all(axis=0)
        halves = sums / np.maximum(counts, 1)
        unit = np.sqrt((1 / np.maximum(counts, 1)).sum(axis=0))
        D = np.where(both, halves[0] - halves[1], 0.0) / unit
        A, D = (self._by_column(x, width) for x in (A, D))
        n_votes, both = (
            np.repeat(x[:, :, 0].T, votes.n_levels, axis=1)
            for x in (counts.sum(axis=0), both)
        )
        value = labels.value[part][known]
        weight = (
            np.ones(len(its)) if labels.weight is None else labels.weight[part][known]
        )
        Y = _targets(value, labels.n_classes[t], width)
        return TaskAnswers(A, D, n_votes, both, Y, weight, known)

    def _by_column(self, x, width):
        """From (sources, m, levels x width) to (m, width, q)."""
        x = x.reshape(len(x), x.shape[1], self.votes.n_levels, width)
        return x.transpose(1, 3, 0, 2).reshape(x.shape[1], width, self.n_columns)

    def systems(self):
        """Normal equations of every task, from as many labels as it takes."""
        n_tasks = len(self.labels.n_classes)
        return [self.of(t, ENOUGH_LABELS).system() for t in range(n_tasks)]


def _targets(value, n_classes, width):
    """What perfect answers would be, (m, width)."""
    if n_classes == 0 or width == 1:
        return value[:, None]
    return (value[:, None] == np.arange(width)).astype(float)


def stack(answers, factor):
    """Weights of all sources and levels for every task.

    Parameters
    ----------
    answers : Answers
    factor : float
        The g above.

    Returns
    -------
    ndarray (n_tasks, 3, n_levels)
        Non-negative, with sum 1 for each task.
    """
    factors = np.full(answers.n_columns, factor)
    return spread_over_sources(answers, solve_systems(answers.systems(), factors))


def solve_systems(systems, factor):
    """Weights (n_tasks, q) from the normal equations of every task."""
    q = len(factor)
    together = sum(systems[1:], systems[0])
    common = _pulled(together, factor, np.full(q, 1 / q), PULL_TO_EQUAL)
    return np.array([_pulled(each, factor, common, PULL_TO_ALL) for each in systems])


def _pulled(system, factor, towards, pull):
    """Non-negative least squares with a ridge of so many rows, scaled to sum 1."""
    if not system.total:
        return towards
    gram = system.with_trees(factor)
    energy = np.trace(system.gram) / len(gram) / system.total
    if not energy:
        return towards
    ridge = pull * energy
    size, axes = np.linalg.eigh(gram + ridge * np.eye(len(gram)))
    root = np.sqrt(np.maximum(size, 1e-9 * energy * system.total))
    found, _ = nnls((axes * root).T, (axes / root).T @ (system.right + ridge * towards))
    return found / found.sum() if found.sum() > 0 else towards


def spread_over_sources(answers, weights):
    """From the sources in use to all, (n_tasks, 3, n_levels)."""
    n_levels = answers.votes.n_levels
    full = np.zeros((len(weights), N_SOURCES, n_levels))
    full[:, answers.sources] = weights.reshape(len(weights), -1, n_levels)
    return full
