"""How many shared trees a forest has, and how many of each task's own.

Trees are paid for in work, which is counted and not timed: the same forest comes out
every time.
"""

import numpy as np

from .growing import SHARED
from .stacking import Answers, stack

# A source of shared trees of less weight than this is not worth its work.
LEAST_SHARE = 0.05


def grow_forest(nursery, n_estimators, sharing):
    """Grow trees for the work of ``n_estimators`` shared ones.

    Parameters
    ----------
    nursery : Nursery
    n_estimators : int
    sharing : float in [0, 1], or "auto"
        Share of the work that is spent on shared trees, of which there is one at least
        between the ends. Every task with labels that differ has an own tree at least.

    Returns
    -------
    sources : ndarray of bool (3,)
        Which sources of votes there are.
    """
    tasks = np.flatnonzero(nursery.plot.labels.impurity > 0)
    if len(tasks) < 2 or sharing == 1:
        nursery.grow([SHARED] * n_estimators)
        return np.array([True, False, False])
    if isinstance(sharing, str):
        return _grow_auto(nursery, n_estimators, tasks)
    if sharing == 0:
        _grow_own(nursery, n_estimators * _work_of_shared(nursery), tasks)
        return np.array([False, True, False])
    n_shared = max(round(sharing * n_estimators), 1)
    work = _total_work(nursery.grow([SHARED] * n_shared))
    _grow_own(nursery, work / n_shared * (n_estimators - n_shared), tasks)
    return _sources(nursery)


def _grow_auto(nursery, n_estimators, tasks):
    """A quarter of the work for each kind, the other half by the weights they get."""
    quarter = max(n_estimators // 4, 1)
    work = _total_work(nursery.grow([SHARED] * quarter))
    _grow_own(nursery, work, tasks)
    plot = nursery.plot
    sources = _sources(nursery)
    answers = Answers(nursery.votes, plot.labels, plot.by_row, sources)
    weights = stack(answers, plot.labels.n_tasks).sum(axis=2)[tasks]
    share = weights[:, 0].mean()
    share = share if share > LEAST_SHARE else 0.0
    n_left = max(n_estimators - 2 * quarter, 0)
    rest, n_shared = n_left * work / quarter, round(share * n_left)
    if n_shared:
        nursery.grow([SHARED] * n_shared)
    _grow_own(nursery, (1 - share) * rest, tasks, weights[:, 1] + weights[:, 2])
    return sources


def _grow_own(nursery, budget, tasks, appetite=None):
    """Own trees for about so much work, each task by its appetite."""
    appetite = np.ones(len(tasks)) if appetite is None else appetite
    if not appetite.sum():
        return
    known = {t: [] for t in tasks}
    for tree in nursery.trees:
        if tree.own in known:
            known[tree.own].append(tree.work)
    if not all(known.values()):  # what a tree of each task costs
        first = nursery.grow(list(tasks))
        for tree in first:
            known[tree.own].append(tree.work)
        budget -= _total_work(first)
    cost = np.array([np.mean(known[t]) for t in tasks])
    wanted = np.maximum(budget, 0) * appetite / appetite.sum() / np.maximum(cost, 1)
    count = np.round(wanted).astype(int)
    # Round robin, so that any part of the forest is fair.
    owners = [
        t
        for turn in range(count.max(initial=0))
        for t, n in zip(tasks, count)
        if turn < n
    ]
    if owners:
        nursery.grow(owners)


def _work_of_shared(nursery):
    """Of one shared tree, which is not kept."""
    seed = int(nursery.rng.randint(2**31 - 1))
    return nursery.plot.grow(SHARED, seed).work


def _total_work(trees):
    return sum(tree.work for tree in trees)


def _sources(nursery):
    owners = {tree.own for tree in nursery.trees}
    return np.array([SHARED in owners, len(owners) > 1, len(owners) > 2])
