"""From labels, and perhaps groups, to the part of every row."""

import warnings

import numpy as np

from ..tasks import LabelTable
from .assignment import assign_rows, count_in_parts
from .grouping import assign_groups
from .strata import read_strata


class StratifiedParts:
    """Draws stratified parts of the rows, and knows what they lack.

    Parameters
    ----------
    Y : labels of any form
    room : list of int (n_parts,)
        Rows of each part; together n_rows. Whole groups meet it about.
    names : list of str (n_parts,)
        What warnings call the parts.
    groups : array-like (n_rows,), optional
        Rows of one group go to the same part.
    """

    def __init__(self, Y, room, names, groups=None):
        table = LabelTable(Y)
        self._used = np.flatnonzero(room)
        self._room = [room[f] for f in self._used]
        self._names = [names[f] for f in self._used]
        n_bins_for = max(2, round(table.n_rows / min(self._room)))
        self._strata = read_strata(table, n_bins_for)
        self._number = None
        if groups is not None:
            self._number = _number_groups(groups, table.n_rows, len(self._room))
        self._lacking = {}

    def draw(self, rng=None, suffix=""):
        """The part of each row, (n_rows,).

        Parameters
        ----------
        rng : numpy.random.RandomState, optional
            Without it the parts depend on Y and groups only.
        suffix : str
            Behind the names of the parts, where there are several draws.
        """
        codes, sizes = self._strata.codes, self._strata.sizes
        if self._number is not None:
            of_group = assign_groups(codes, sizes, self._number, self._room, rng)
            part = of_group[self._number]
        else:
            order = np.arange(len(codes))
            if rng is not None:
                rng.shuffle(order)
            part = np.empty(len(codes), dtype=int)
            part[order] = assign_rows(codes[order], sizes, self._room)
        self._note_lacking(part, suffix)
        return self._used[part]

    def _note_lacking(self, part, suffix):
        n_strata, n_parts = len(self._strata.sizes), len(self._names)
        here = count_in_parts(self._strata.codes, part, n_strata, n_parts) > 0
        for i in self._strata.classes:
            for f in np.flatnonzero(~here[i]):
                self._lacking.setdefault(i, []).append(self._names[f] + suffix)

    def warn_of_lacking(self, stacklevel=4):
        """One warning that names the classes that some part lacks."""
        if not self._lacking:
            return
        named = []
        for i, parts in list(self._lacking.items())[:5]:
            size = self._strata.sizes[i]
            rows = "1 row" if size == 1 else f"{size} rows"
            named.append(f"{self._strata.names[i]} ({rows}) is not in {_listed(parts)}")
        n_more = len(self._lacking) - len(named)
        more = f"; and {n_more} more classes" if n_more else ""
        warnings.warn(
            f"some parts lack classes: {'; '.join(named)}{more}. A metric may be "
            "undefined on such a task there.",
            UserWarning,
            stacklevel=stacklevel,
        )


def _number_groups(groups, n_rows, n_parts):
    """Groups as numbers from 0, in the order in which they occur."""
    groups = np.asarray(groups)
    if groups.shape != (n_rows,):
        raise ValueError(
            f"groups has the shape {groups.shape}; it should name the group of each of "
            f"the {n_rows} rows"
        )
    try:
        _, first, number = np.unique(groups, return_index=True, return_inverse=True)
    except TypeError as error:
        raise ValueError(
            "groups must be names, or numbers, of every row; they are of mixed types, "
            "or some are None"
        ) from error
    if groups.dtype.kind == "f" and np.isnan(groups).any():
        raise ValueError("groups has NaN: the group of every row must be known")
    if len(first) < n_parts:
        raise ValueError(f"cannot split {len(first)} groups into {n_parts} parts")
    rank = np.empty(len(first), dtype=int)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[number]


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
