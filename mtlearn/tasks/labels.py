"""Whatever the user calls Y, as one plain column per task."""

import warnings
from dataclasses import dataclass

import numpy as np
from scipy import sparse

# Types whose values are equal to themselves, or NaN.
SELF_EQUAL = {str, int, float, bool, np.str_, np.bool_, np.int64, np.float64}
# Text that a careless export leaves where a label was missing.
SUSPICIOUS_LABELS = ("", "nan", "NaN", "None", "<NA>")


def has_labels(Y, sample_weight=None):
    """Whether any label is observed, and counts."""
    table = LabelTable(Y)
    if not table.n_rows:
        return False
    observed = np.column_stack([column.observed for column in table.columns()])
    if sample_weight is None:
        return bool(observed.any())
    weight = np.asarray(sample_weight)
    return bool((observed & (weight.reshape(len(observed), -1) > 0)).any())


@dataclass
class LabelColumn:
    """Labels of one task: ``values`` (n_rows,), of one type wherever ``observed``."""

    values: np.ndarray
    observed: np.ndarray
    categories: np.ndarray | None = None
    ordered: bool = False


class LabelTable:
    """Column-wise view of labels of any form; nothing is copied until asked for.

    Parameters
    ----------
    Y : array, masked array, list, DataFrame or Series, (n_rows,) or (n_rows, n_tasks)
        ``NaN``, ``None``, ``pandas.NA`` and masked entries are missing labels.

    Attributes
    ----------
    names : list of str
        The DataFrame's columns, else ``task0``, ``task1``, ...
    ndim : {1, 2}
        1 if the user gave one task as a 1-D y.
    n_rows, n_tasks : int
    data : array, masked array, DataFrame or Series
    """

    def __init__(self, Y):
        if sparse.issparse(Y):
            raise ValueError(
                "Y is sparse: are its zeros negatives or missing labels? Pass "
                "Y.toarray(), with NaN for what is missing."
            )
        self._frame = hasattr(Y, "iloc") and hasattr(Y, "isna")
        self.data = Y if self._frame else _as_label_array(Y)
        self.ndim = self.data.ndim
        if self.ndim not in (1, 2) or (self.ndim == 2 and self.data.shape[1] == 0):
            raise ValueError(
                "Y should be a 1d array, or a 2-D array with one column per task; got "
                f"an array of shape {self.data.shape}."
            )
        self.n_rows = self.data.shape[0]
        self.n_tasks = 1 if self.ndim == 1 else self.data.shape[1]
        self.names = self._read_names()

    @property
    def has_names(self):
        """Whether the tasks' names are the user's."""
        return self._frame and (self.ndim == 2 or self.data.name is not None)

    def _read_names(self):
        if not self._frame:
            return [f"task{t}" for t in range(self.n_tasks)]
        if self.ndim == 1:
            return ["task0" if self.data.name is None else str(self.data.name)]
        names = [str(name) for name in self.data.columns]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two columns of Y have the same name: {twice}")
        return names

    def column(self, t):
        """Read task ``t``: a :class:`LabelColumn` of bools, numbers or strings."""
        if self._frame:
            series = self.data if self.ndim == 1 else self.data.iloc[:, t]
            column = _read_series(series, self.names[t])
        else:
            column = _read_array(self.data if self.ndim == 1 else self.data[:, t])
        if column.values.dtype == object:
            column.values = _tighten(column.values, column.observed, self.names[t])
        if column.values.dtype.kind == "c":
            raise ValueError(f"Complex data not supported: task {self.names[t]!r}")
        if column.values.dtype.kind not in "biufUS":
            raise ValueError(
                f"Unknown label type: task {self.names[t]!r} holds "
                f"{column.values.dtype} values; labels are strings, bools or numbers."
            )
        if column.values.dtype.kind == "f":
            _refuse_infinity(column, self.names[t])
        if column.values.dtype.kind == "U":
            _warn_of_suspicious_labels(column, self.names[t])
        return column

    def columns(self):
        """Read all tasks, one after the other."""
        return (self.column(t) for t in range(self.n_tasks))


def _as_label_array(Y):
    if isinstance(Y, np.ma.MaskedArray):
        return Y
    if Y is None:
        raise ValueError(
            "fit requires y to be passed, but the target y is None: expected an array "
            "of labels, one column per task."
        )
    if isinstance(Y, list | tuple):
        return _nested_list_as_array(Y)
    return np.asarray(Y)


def _nested_list_as_array(Y):
    if any(isinstance(row, np.ma.MaskedArray) for row in Y):
        return np.ma.stack(Y)
    lengths = [len(row) if hasattr(row, "__len__") else -1 for row in Y]
    if not isinstance(Y[0] if Y else None, str) and len(set(lengths)) > 1:
        odd = next(i for i, length in enumerate(lengths) if length != lengths[0])
        if lengths[0] >= 0 and not isinstance(Y[odd], str):
            raise ValueError(
                f"Y is ragged: row {odd} has {max(lengths[odd], 0)} labels, row 0 has "
                f"{lengths[0]}. Write None where a label is missing."
            )
    # An array of objects keeps [1, "a"] and ["a", nan] from becoming all text.
    array = np.array(Y, dtype=object)
    numbers = all(type(v) is float or type(v) is int for v in array.flat)
    return np.asarray(Y) if numbers else array


def _read_series(series, name):
    observed = ~series.isna().to_numpy()
    if hasattr(series, "cat"):
        categories = _plain_categories(series.cat.categories, name)
        codes = np.where(observed, series.cat.codes.to_numpy(), 0)
        return LabelColumn(
            categories[codes], observed, categories, bool(series.cat.ordered)
        )
    # Nullable integers and bools would turn to float to make room for NaN.
    nullable = hasattr(series.dtype, "na_value") and series.dtype.kind in "biu"
    return LabelColumn(series.to_numpy(dtype=object if nullable else None), observed)


def _plain_categories(index, name):
    values = index.to_numpy()
    if values.dtype == object:
        values = _tighten(values, np.ones(len(values), dtype=bool), name)
    # A column whose labels are all missing has no category to point at.
    return values if len(values) else np.zeros(1)


def _read_array(array):
    mask = np.ma.getmaskarray(array) if isinstance(array, np.ma.MaskedArray) else None
    values = np.ma.getdata(array)
    if values.dtype.kind == "T":
        # NumPy's variable-width strings know missing values, but few functions do.
        values = values.astype(object)
    if values.dtype.kind == "f":
        observed = ~np.isnan(values)
    elif values.dtype == object:
        observed = _observed_objects(values)
    else:
        observed = np.ones(len(values), dtype=bool)
    return LabelColumn(values, observed if mask is None else observed & ~mask)


def _observed_objects(values):
    if set(map(type, values)) <= SELF_EQUAL:
        return (values == values).astype(bool)  # but for NaN
    return np.fromiter((not _is_missing(v) for v in values), bool, len(values))


def _is_missing(value):
    # pandas.NA is known by its name, so that pandas need not be installed.
    return (
        value is None
        or value is np.ma.masked
        or type(value).__name__ in ("NAType", "NaTType")
        or (isinstance(value, float | np.floating) and value != value)
    )


def _family(value):
    if isinstance(value, bool | np.bool_):
        return "bool"
    if isinstance(value, int | float | np.integer | np.floating):
        return "number"
    return "text" if isinstance(value, str) else type(value).__name__


def _tighten(values, observed, name):
    """Give an object column the plain dtype that its labels share."""
    seen = values[observed]
    if len(seen) == 0:
        return np.full(len(values), np.nan)
    # One value of each type tells all families; which value is odd, only an error asks.
    examples = {type(value): value for value in seen}.values()
    families = [_family(value) for value in examples]
    if len(set(families)) > 1:
        families = [_family(value) for value in seen]
        odd = next(i for i, family in enumerate(families) if family != families[0])
        raise ValueError(
            f"Unknown label type: task {name!r} mixes {families[0]} and "
            f"{families[odd]}, for example {seen[0]!r} and {seen[odd]!r}. "
            "Use one type per task."
        )
    if families[0] not in ("bool", "number", "text"):
        raise ValueError(
            f"Unknown label type: task {name!r} holds {families[0]} values such as "
            f"{seen[0]!r}; labels are strings, bools or numbers."
        )
    plain = np.array(list(seen))
    result = np.zeros(len(values), dtype=plain.dtype)
    result[observed] = plain
    return result


def _refuse_infinity(column, name):
    if np.isinf(column.values[column.observed]).any():
        raise ValueError(
            f"Input Y contains infinity or a value too large for dtype('float64'). "
            f"Task {name!r} has it."
        )


def _warn_of_suspicious_labels(column, name):
    found = np.intersect1d(column.values[column.observed], SUSPICIOUS_LABELS)
    if len(found):
        warnings.warn(
            f"task {name!r} has the text {str(found[0])!r} as a label; it counts as a "
            "class of its own. Pass None or NaN if it means a missing label.",
            UserWarning,
            stacklevel=2,
        )
