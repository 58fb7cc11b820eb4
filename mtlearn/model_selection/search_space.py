"""Settings of ``task_weight`` for a grid search."""

from itertools import chain, islice, product
from numbers import Real

import numpy as np
from scipy import stats
from sklearn.utils import check_random_state

from ..tasks import LabelTable
from ..validation import check_choice

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
    order = range(n_tasks) if Y is None else _rarest_first(Y, n_tasks, names)
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


def _rarest_first(Y, n_tasks, names):
    table = LabelTable(Y)
    if table.n_tasks != n_tasks:
        raise ValueError(f"Y has {table.n_tasks} tasks, not {n_tasks}")
    order = range(n_tasks)
    if names is not None and table.has_names:
        if set(names) != set(table.names):
            raise ValueError(f"Y has the tasks {table.names}, not {names}")
        order = [table.names.index(name) for name in names]
    rarity = []
    for t, column in enumerate(map(table.column, order)):
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


class TaskWeightDistribution:
    """What :func:`task_weight_distribution` returns."""

    def __init__(self, n_tasks, names, kind, spread):
        self.n_tasks, self.names = n_tasks, names
        self.kind, self.spread = kind, spread

    def __repr__(self):
        tasks = self.n_tasks if self.names is None else self.names
        return (
            f"task_weight_distribution({tasks!r}, kind={self.kind!r}, "
            f"spread={self.spread!r})"
        )

    def rvs(self, size=None, random_state=None):
        """Draw one setting, or a list of ``size``, as scikit-learn's samplers ask."""
        rng = check_random_state(random_state)
        if size is not None:
            return [self.rvs(random_state=rng) for _ in range(size)]
        if self.kind == "log_normal":
            return self._setting(self.spread ** rng.normal(size=self.n_tasks))
        return self._setting(rng.gamma(1 / self.spread, size=self.n_tasks))

    def suggest(self, trial, name="task_weight"):
        """Let a trial of Optuna choose a setting.

        Parameters
        ----------
        trial : optuna.Trial
        name : str, default="task_weight"
            Prefix of the trial's parameters, one per task. Of "log_normal" they are the
            logarithms of the weights in units of ``log(spread)``, from -3 to 3, before
            they are scaled to mean 1; of "dirichlet" quantiles, from 0 to 1.

        Returns
        -------
        dict or tuple
        """
        tasks = range(self.n_tasks) if self.names is None else self.names
        if self.kind == "dirichlet":
            shares = [
                trial.suggest_float(f"{name}__{task}", 0.0, 1.0) for task in tasks
            ]
            inner = np.clip(shares, 1e-6, 1 - 1e-6)
            return self._setting(stats.gamma(1 / self.spread).ppf(inner))
        logs = [trial.suggest_float(f"{name}__{task}", -3.0, 3.0) for task in tasks]
        return self._setting(self.spread ** np.array(logs))

    def _setting(self, weight):
        weight = np.maximum(weight, 1e-12)
        weight = [float(f"{w:.5g}") for w in weight / weight.mean()]
        return tuple(weight) if self.names is None else dict(zip(self.names, weight))


def task_weight_distribution(n_tasks_or_names, *, kind="log_normal", spread=2.0):
    """Random settings of ``task_weight``, for RandomizedSearchCV and Optuna.

    Weights have mean 1, so that ``C`` keeps its meaning.

    Parameters
    ----------
    n_tasks_or_names : int or list of str
        With names the settings are dicts, with a number tuples.
    kind : {"log_normal", "dirichlet"}, default="log_normal"
        ``spread ** z`` with a standard normal z for each task: ratios are as likely one
        way as the other. Or shares of a Dirichlet distribution, all of whose parameters
        are ``1 / spread``: now and then a task nearly drops out.
    spread : float > 0, default=2.0
        The greater, the further from equal weights; for "log_normal" above 1.

    Returns
    -------
    TaskWeightDistribution
        ``rvs(size=None, random_state=None)``, and ``suggest(trial)`` for Optuna.

    Examples
    --------
    >>> from mtlearn.model_selection import task_weight_distribution
    >>> weights = task_weight_distribution(["pose", "collar", "sleeve"])
    >>> weights.rvs(random_state=0)
    {'pose': 1.5238, 'collar': 0.59205, 'sleeve': 0.88415}
    """
    n_tasks, names = _read_tasks(n_tasks_or_names)
    check_choice(kind, "kind", ("log_normal", "dirichlet"))
    least = 1 if kind == "log_normal" else 0
    if not isinstance(spread, Real) or not least < spread < np.inf:
        raise ValueError(f"spread={spread!r} must be a number greater than {least}")
    return TaskWeightDistribution(n_tasks, names, kind, float(spread))
