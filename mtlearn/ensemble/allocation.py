"""How many shared trees a forest has, and how many of each task's own.

Trees are paid for in work, which is counted and not timed: the same forest comes out
every time. A forest that has trees gets what it lacks.
"""

import numpy as np

from .growing import SHARED
from .stacking import Answers, solve_systems, spread_over_sources

# Share of the work for the first shared trees, and as much for the first own ones; the
# rest is given out in rounds, by what the trees that there are promise.
PILOT, N_ROUNDS = 1 / 8, 3
SHARES = np.linspace(0, 1, 11)


def grow_forest(nursery, n_estimators, sharing, n_before=0):
    """Grow trees until they have taken the work of ``n_estimators`` shared ones.

    Parameters
    ----------
    nursery : Nursery
        Its trees, if it has any, count.
    n_estimators : int
    sharing : float in [0, 1], or "auto"
        Share of the work that is spent on shared trees, of which there is one at least
        between the ends. Every task with labels that differ has an own tree at least.
    n_before : int
        What ``n_estimators`` was when the trees that there are were grown.

    Returns
    -------
    sources : ndarray of bool (3,)
        Which sources of votes there are.
    """
    tasks = np.flatnonzero(nursery.plot.labels.impurity > 0)
    if len(tasks) < 2 or sharing == 1:
        nursery.grow([SHARED] * (n_estimators - n_before))
    elif isinstance(sharing, str):
        _grow_auto(nursery, n_estimators, tasks, n_before)
    elif sharing == 0:
        unit = nursery.work_of_shared()
        _grow_own(nursery, n_estimators * unit - _work_of_own(nursery), tasks)
    else:
        _grow_both(nursery, n_estimators, sharing, tasks)
    return sources_of(nursery)


def _grow_both(nursery, n_estimators, sharing, tasks):
    n_shared = max(round(sharing * n_estimators), 1)
    nursery.grow([SHARED] * (n_shared - len(_shared(nursery))))
    budget = (n_estimators - n_shared) * _unit(nursery)
    _grow_own(nursery, budget - _work_of_own(nursery), tasks)


def _grow_auto(nursery, n_estimators, tasks, n_before):
    """First some trees of either kind, then the share that promises the least loss."""
    n_new = n_estimators - n_before
    if not n_before:
        pilot = max(round(PILOT * n_estimators), 1)
        nursery.grow([SHARED] * pilot)
        _grow_own(nursery, pilot * _unit(nursery), tasks)
        n_new -= 2 * pilot
    for left in range(N_ROUNDS, 0, -1):
        n_next = round(n_new / left)
        if n_new <= 0 or nursery.stopped:
            return
        share, appetite = _best_share(nursery, n_new, tasks)
        unit = _unit(nursery)
        nursery.grow([SHARED] * round(share * n_next))
        _grow_own(nursery, (1 - share) * n_next * unit, tasks, appetite)
        n_new -= n_next


def _best_share(nursery, n_new, tasks):
    """Share of the work to come for shared trees, and what each task's own deserve."""
    plot = nursery.plot
    answers = Answers(nursery.votes, plot.labels, plot.by_row, sources_of(nursery))
    systems = answers.systems()
    n_shared = len(_shared(nursery))
    n_own = _work_of_own(nursery) / _unit(nursery)
    losses, weights = [], []
    for share in SHARES:
        more = np.array([share / n_shared, *[(1 - share) / n_own] * 2])
        factor = (1 + n_new * more) / plot.sampling.out_of_bag_share(plot.n_rows)
        factor = np.repeat(factor[answers.sources], plot.n_levels)
        found = solve_systems(systems, factor)
        losses.append(
            sum(
                system.loss(system.with_trees(factor), w)
                for system, w in zip(systems, found)
                if system.total
            )
        )
        weights.append(found)
    best = int(np.argmin(losses))
    weights = spread_over_sources(answers, weights[best]).sum(axis=2)[tasks]
    return SHARES[best], weights[:, 1] + weights[:, 2]


def _grow_own(nursery, budget, tasks, appetite=None):
    """Own trees for about so much work, each task by its appetite."""
    appetite = np.ones(len(tasks)) if appetite is None else appetite
    if not appetite.sum() or nursery.stopped:
        return
    known = {t: [] for t in tasks}
    for tree in nursery.trees:
        if tree.own in known:
            known[tree.own].append(tree.work)
    lacking = [t for t in tasks if not known[t]]
    for tree in nursery.grow(lacking):  # what a tree of each task costs
        known[tree.own].append(tree.work)
        budget -= tree.work
    if nursery.stopped:
        return
    cost = np.array([np.mean(known[t]) for t in tasks])
    wanted = np.maximum(budget, 0) * appetite / appetite.sum() / np.maximum(cost, 1)
    count = np.round(wanted).astype(int)
    # Round robin, so that any part of the forest is fair.
    nursery.grow(
        [
            t
            for turn in range(count.max(initial=0))
            for t, n in zip(tasks, count)
            if turn < n
        ]
    )


def _shared(nursery):
    return [tree for tree in nursery.trees if tree.own == SHARED]


def _unit(nursery):
    """Work of a shared tree."""
    return np.mean([tree.work for tree in _shared(nursery)])


def _work_of_own(nursery):
    return sum(tree.work for tree in nursery.trees if tree.own != SHARED)


def sources_of(nursery):
    """Whether there are shared trees, own trees, those of other tasks; (3,)."""
    owners = {tree.own for tree in nursery.trees}
    n_own = len(owners - {SHARED})
    others = n_own > 1 and nursery.plot.own_trees_answer_all
    return np.array([SHARED in owners, n_own > 0, others])
