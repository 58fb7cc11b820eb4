"""From labels, and perhaps groups, to the part of every row."""

import warnings

import numpy as np
from sklearn.utils import check_random_state

from ..tasks import LabelTable
from .assignment import assign_rows, count_in_parts
from .grouping import assign_groups
from .strata import read_strata


def split_rows(Y, room, names, *, groups=None, random_state=None, shuffle=True):
    """Stratified parts of the rows.

    Parameters
    ----------
    Y : labels of any form
    room : list of int (n_parts,)
        Rows of each part; together n_rows. Whole groups meet it about.
    names : list of str (n_parts,)
        What warnings call the parts.
    groups : array-like (n_rows,), optional
        Rows of one group go to the same part.
    random_state : int, RandomState or None
        Only with ``shuffle``; without it the parts depend on Y and groups only.

    Returns
    -------
    ndarray of int (n_rows,)

    Warns
    -----
    UserWarning
        Names the classes that a part lacks, with their numbers of rows.
    """
    table = LabelTable(Y)
    used = np.flatnonzero(room)
    room = [room[f] for f in used]
    strata = read_strata(table, max(2, round(table.n_rows / min(room))))
    rng = check_random_state(random_state) if shuffle else None
    if groups is None:
        order = np.arange(table.n_rows)
        if shuffle:
            rng.shuffle(order)
        part = np.empty(table.n_rows, dtype=int)
        part[order] = assign_rows(strata.codes[order], strata.sizes, room)
    else:
        number = _number_groups(groups, table.n_rows, len(room))
        part = assign_groups(strata.codes, strata.sizes, number, room, rng)[number]
    _warn_of_lacking(strata, part, [names[f] for f in used])
    return used[part]


def _number_groups(groups, n_rows, n_parts):
    """Groups as numbers from 0, in the order in which they occur."""
    groups = np.asarray(groups)
    if groups.shape != (n_rows,):
        raise ValueError(
            f"groups has the shape {groups.shape}; it should name the group of each of "
            f"the {n_rows} rows"
        )
    _, first, number = np.unique(groups, return_index=True, return_inverse=True)
    if len(first) < n_parts:
        raise ValueError(f"cannot split {len(first)} groups into {n_parts} parts")
    rank = np.empty(len(first), dtype=int)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[number]


def _warn_of_lacking(strata, part, names):
    """One warning that names the classes that some part lacks."""
    here = count_in_parts(strata.codes, part, len(strata.sizes), len(names)) > 0
    lacking = [i for i in strata.classes if not here[i].all()]
    if not lacking:
        return
    named = []
    for i in lacking[:5]:
        parts = [name for name, is_here in zip(names, here[i]) if not is_here]
        rows = "1 row" if strata.sizes[i] == 1 else f"{strata.sizes[i]} rows"
        named.append(f"{strata.names[i]} ({rows}) is not in {_listed(parts)}")
    more = f"; and {len(lacking) - 5} more classes" if len(lacking) > 5 else ""
    warnings.warn(
        f"some parts lack classes: {'; '.join(named)}{more}. A metric may be undefined "
        "on such a task there.",
        UserWarning,
        stacklevel=5,
    )


def _listed(names):
    if len(names) > 4:
        return f"{', '.join(names[:3])} and {len(names) - 3} more"
    return ", ".join(names)


def read_sizes(n_rows, sizes, names):
    """Numbers of rows from shares or numbers; what is left over is one part more.

    Parameters
    ----------
    sizes : list of float or int
        Shares in (0, 1), or numbers of rows.
    names : list of str
        What errors call them.

    Returns
    -------
    list of int (n_parts + 1,)
    """
    room, shares = [], []
    for i, (size, name) in enumerate(zip(sizes, names)):
        whole = isinstance(size, int | np.integer) and not isinstance(size, bool)
        if not whole and not (isinstance(size, float | np.floating) and 0 < size < 1):
            raise ValueError(
                f"{name}={size!r} must be a share between 0 and 1, or a number of rows"
            )
        room.append(int(size) if whole else size * n_rows)
        shares += [] if whole else [i]
    _round_together(room, shares)
    if min(room) < 1 or sum(room) > n_rows:
        wanted = ", ".join(f"{name}={size}" for name, size in zip(names, sizes))
        raise ValueError(
            f"{wanted} of {n_rows} rows would be {room} rows; every part needs a row, "
            f"and together they may have {n_rows}"
        )
    return [*room, n_rows - sum(room)]


def _round_together(room, shares):
    """Round shares of rows, in place, so that their sum is the rounded sum."""
    total = round(sum(room[i] for i in shares))
    rest = [room[i] % 1 for i in shares]
    for i in shares:
        room[i] = int(room[i])
    spare = total - sum(room[i] for i in shares)
    for i in np.argsort(np.negative(rest), kind="stable")[:spare]:
        room[shares[i]] += 1
