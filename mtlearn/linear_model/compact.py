"""Rows of numbers in few bytes: coefficients and rows of models made small."""

from functools import cached_property

import numpy as np

from ..validation import check_array_state

# Greatest value that a scaled row is stretched to.
TOPS = {"float32": None, "float16": 1.0, "int8": 127.0}
# Rows of smaller numbers are zero.
LEAST = 1e-300
READ_AS = ("float32", "float64")


class CompactRows:
    """Rows (n, d) as float32, float16 or int8, the latter two with a scale per row.

    They stand where an array stood: numpy reads them as what they were, in the type
    that they had. The wide array is made at the first use and never saved.

    Parameters
    ----------
    values : ndarray of float32, float16 or int8 (n, d)
    scale : ndarray (n,) or None
        What the values of a row are multiplied by.
    read_as : {"float32", "float64"}
    """

    ndim = 2

    def __init__(self, values, scale, read_as):
        self.values, self.scale, self.read_as = values, scale, read_as

    @classmethod
    def of(cls, rows, kind):
        """The nearest in a type, symmetric around 0: "float32", "float16" or "int8".

        Parameters
        ----------
        rows : ndarray or CompactRows (n, d)
        kind : str

        Raises
        ------
        ValueError
            For numbers that float32 does not hold.
        """
        rows = wide(rows)
        if TOPS[kind] is None:
            if np.abs(rows).max(initial=0) > np.finfo(kind).max:
                raise ValueError("float32 does not hold numbers as large as these")
            return cls(rows.astype(kind), None, rows.dtype.name)
        largest = np.abs(rows).max(axis=1, initial=0).astype(np.float64)
        scale = np.where(largest > LEAST, largest, 1.0) / TOPS[kind]
        values = rows / scale[:, None]
        values = np.rint(values) if kind == "int8" else values
        return cls(values.astype(kind), scale, rows.dtype.name)

    @cached_property
    def wide(self):
        """The numbers they stand for, (n, d) in the type they are read as."""
        values = self.values.astype(np.float64)
        if self.scale is not None:
            values *= self.scale[:, None]
        return values.astype(self.read_as)

    @property
    def shape(self):
        return self.values.shape

    @property
    def dtype(self):
        return np.dtype(self.read_as)

    def __len__(self):
        return len(self.values)

    def __getitem__(self, key):
        return self.wide[key]

    def __array__(self, dtype=None, copy=None):
        # NumPy before 2 knows no copy=None.
        return (np.array if copy else np.asarray)(self.wide, dtype=dtype)

    def take(self, rows=slice(None), columns=slice(None)):
        """Some of the rows and columns, as few bytes again."""
        scale = None if self.scale is None else self.scale[rows]
        return CompactRows(self.values[rows][:, columns], scale, self.read_as)

    def __getstate__(self):
        return {k: v for k, v in vars(self).items() if k != "wide"}

    def _check_state(self):
        vars(self).pop("wide", None)
        check_array_state(self.values, "compact values", (None, None))
        if self.values.dtype.name not in TOPS or self.read_as not in READ_AS:
            raise ValueError("compact rows must be of a type that they know")
        if self.scale is not None:
            check_array_state(self.scale, "compact scales", (len(self.values),))

    def __repr__(self):
        n, d = self.shape
        return f"CompactRows({n} x {d} of {self.values.dtype}, read as {self.read_as})"


def wide(rows):
    """An array, whether the rows are compact or not."""
    return rows.wide if isinstance(rows, CompactRows) else rows
