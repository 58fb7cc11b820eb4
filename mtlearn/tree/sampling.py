"""Which rows a tree is grown on."""

import numpy as np


def draw_bag(seed, n_rows, n_draws, replace):
    """How often each row is drawn, (n_rows,) of int32; the same for the same seed.

    Parameters
    ----------
    seed : int
    n_rows : int
    n_draws : int or None
        None: every row once.
    replace : bool
    """
    if n_draws is None:
        return np.ones(n_rows, dtype=np.int32)
    rng = np.random.default_rng(seed)
    if replace:
        drawn = rng.integers(0, n_rows, n_draws)
        return np.bincount(drawn, minlength=n_rows).astype(np.int32)
    bag = np.zeros(n_rows, dtype=np.int32)
    bag[rng.permutation(n_rows)[:n_draws]] = 1
    return bag
