"""Settings of ``task_weight`` for a grid search."""

from itertools import chain, islice, product

import numpy as np

from ..tasks import LabelTable

STEP = 4.0
# A task that counts 4^6 times as much as another has the model for itself.
MAX_STEPS = 6


def task_weight_grid(n_tasks_or_names, n=9, *, Y=None):
    """Settings of the parameter ``task_weight`` for a grid search.

    Always in this order: ``None`` (equal weights), ``"balanced"``, ``"null_loss"``, and
    then steps by the factor 4: up to 3 tasks all combinations of ``4^0, ..., 4^k``,
    scaled to mean 1, small k first; for more tasks one task after the other counts 4
    times as much as the rest, then 16 times. There is no product over many tasks.

    Parameters
    ----------
    n_tasks_or_names : int or list of str
        With names the settings are dicts, with a number tuples.
    n : int, default=9
        Number of settings. For one task there is only one: its weight is C.
    Y : labels of any form, optional
        Tasks with the fewest labels come first, among equals those with the rarest
        class. Default: in their order.

    Returns
    -------
    list
        n different settings, or fewer where there are no more.

    Examples
    --------
    >>> from mtlearn.model_selection import task_weight_grid
    >>> task_weight_grid(2, 5)
    [None, 'balanced', 'null_loss', (1.6, 0.4), (0.4, 1.6)]
    >>> task_weight_grid(["pose", "collar", "sleeve", "colour"], 5)[3:]
    [{'pose': 4.0}, {'collar': 4.0}]
    """
    if not isinstance(n, int | np.integer) or n < 1:
        raise ValueError(f"n={n!r} must be an integer of 1 or more")
    n_tasks, names = _read_tasks(n_tasks_or_names)
    if n_tasks == 1:
        return [None]
    order = range(n_tasks) if Y is None else _rarest_first(Y, n_tasks)
    steps = _combinations(n_tasks) if n_tasks <= 3 else _single_tasks(n_tasks)
    settings = (_setting(exponents, order, names) for exponents in steps)
    return list(islice(chain([None, "balanced", "null_loss"], settings), n))


def _read_tasks(n_tasks_or_names):
    if isinstance(n_tasks_or_names, int | np.integer):
        n_tasks, names = int(n_tasks_or_names), None
    elif isinstance(n_tasks_or_names, str):
        raise ValueError(f"task names are a list of str, not {n_tasks_or_names!r}")
    else:
        names = [str(name) for name in n_tasks_or_names]
        n_tasks = len(names)
        if len(set(names)) < n_tasks:
            raise ValueError(f"two tasks have the same name: {names}")
    if n_tasks < 1:
        raise ValueError(f"there is no task in {n_tasks_or_names!r}")
    return n_tasks, names


def _rarest_first(Y, n_tasks):
    table = LabelTable(Y)
    if table.n_tasks != n_tasks:
        raise ValueError(f"Y has {table.n_tasks} tasks, not {n_tasks}")
    rarity = []
    for t, column in enumerate(table.columns()):
        counts = np.unique(column.values[column.observed], return_counts=True)[1]
        rarity.append((counts.sum(), counts.min(initial=len(column.values)), t))
    return [t for _, _, t in sorted(rarity)]


def _combinations(n_tasks):
    """Exponents of 4 per task; equal ratios occur once, as their smallest is 0."""
    for spread in range(1, MAX_STEPS + 1):
        new = [
            exponents
            for exponents in product(range(spread + 1), repeat=n_tasks)
            if min(exponents) == 0 and max(exponents) == spread
        ]
        yield from sorted(new, key=lambda e: (sum(e), [-x for x in e]))


def _single_tasks(n_tasks):
    for step in range(1, MAX_STEPS + 1):
        for t in range(n_tasks):
            yield tuple(step if u == t else 0 for u in range(n_tasks))


def _setting(exponents, order, names):
    """Weights of one setting; ``exponents[i]`` belongs to task ``order[i]``."""
    weight = np.ones(len(exponents))
    weight[list(order)] = STEP ** np.array(exponents, dtype=float)
    if len(weight) <= 3:
        weight = weight / weight.mean()
        # Five digits print well, and the mean stays 1 to as many.
        weight = np.array([float(f"{w:.5g}") for w in weight])
    if names is None:
        return tuple(weight.tolist())
    if len(weight) <= 3:
        return dict(zip(names, weight.tolist()))
    return {name: w for name, w in zip(names, weight.tolist()) if w != 1}
