"""The only file that touches what depends on scikit-learn's version or privates."""

import numbers
import sys
import warnings
from contextlib import contextmanager

import numpy as np
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils import check_scalar, get_tags
from sklearn.utils.validation import (
    check_is_fitted,
    validate_data,
)

from .blocks import RowBlocks, is_dask

try:  # scikit-learn >= 1.9
    from sklearn.callback import CallbackSupportMixin, ProgressBar
    from sklearn.callback import with_callbacks as _with_callbacks
except ImportError:  # before that, progress is a plain `verbose`
    ProgressBar = None

    class CallbackSupportMixin:
        """Stands in for scikit-learn's callback support where there is none."""

    def _with_callbacks(method):
        return method


__all__ = [
    "CallbackSupportMixin",
    "ScorerProtocol",
    "check_array_state",
    "check_choice",
    "check_is_fitted",
    "check_number",
    "check_plain_arrays",
    "progress_bar",
    "progress_steps",
    "reports_progress",
    "sklearn_tree",
    "validate_X",
    "validate_rows",
    "warn_user",
]

reports_progress = _with_callbacks
# Whose frames may lie between a warning and the user's line.
INSIDE = ("mtlearn.", "sklearn.", "joblib.")


def warn_user(message, category=UserWarning):
    """Warn, at the line outside of mtlearn and scikit-learn that led here."""
    frame, level = sys._getframe(1), 2
    while frame.f_back and frame.f_globals.get("__name__", "").startswith(INSIDE):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)


@contextmanager
def progress_steps(estimator, X, y, total, name, describe=None):
    """Show the steps of a fit: to callbacks, and in print if ``verbose``.

    Yields a function to call with the solver's state after each step. It returns True
    where a callback wants the fit to stop.

    Parameters
    ----------
    estimator : estimator whose ``fit`` is decorated with :func:`reports_progress`
    total : int or None
        The most steps there can be, if that is known.
    name : str
        What a step is called.
    describe : callable, optional
        Text of a state, to print. By default its number and objective.
    """
    describe = describe or _describe_objective
    fit = None
    if hasattr(estimator, "_init_callback_context"):
        fit = estimator._init_callback_context(max_subtasks=total)
        fit.call_on_fit_task_begin(estimator=estimator, X=X, y=y)

    def step(state):
        if estimator.verbose:
            print(f"{name} {describe(state)}")
        if fit is None:
            return False
        context = fit.subcontext(task_name=name)
        context.call_on_fit_task_begin(estimator=estimator, X=X, y=y)
        return context.call_on_fit_task_end(estimator=estimator, X=X, y=y)

    yield step
    if fit is not None:
        fit.call_on_fit_task_end(estimator=estimator, X=X, y=y)


def _describe_objective(state):
    return f"{state.n_iter}: objective {state.history[-1]:.7g}"


def progress_bar(estimator, depth=0):
    """Attach scikit-learn's progress bar to an estimator, where there is one.

    Returns
    -------
    str or None
        Why there is no bar, and how to get it; None if there is one.
    """
    if ProgressBar is None:
        return "no progress bar: it needs scikit-learn >= 1.9"
    try:
        estimator.set_callbacks(ProgressBar(max_propagation_depth=depth))
    except ImportError:
        return "no progress bar: it needs rich (pip install 'scikit-mtlearn[cli]')"
    return None


def sklearn_tree(nodes, values, impurity, n_rows, n_features, is_classifier):
    """A tree as scikit-learn stores it.

    Parameters
    ----------
    nodes : structured array
        With ``feature`` (-1 in leaves), ``threshold``, ``left``, ``right``,
        ``missing_left``, children after their parents.
    values : ndarray (n_nodes, width)
        Shares of the classes, or numbers.
    impurity, n_rows : ndarray (n_nodes,)
    n_features : int
    is_classifier : bool

    Returns
    -------
    sklearn.tree._tree.Tree
    """
    stump = (DecisionTreeClassifier if is_classifier else DecisionTreeRegressor)()
    known = stump.fit([[0.0], [1.0]], [0, 1]).tree_
    state = known.__getstate__()
    is_leaf = nodes["feature"] < 0
    given = np.zeros(len(nodes), dtype=state["nodes"].dtype)
    given["left_child"] = np.where(is_leaf, -1, nodes["left"])
    given["right_child"] = np.where(is_leaf, -1, nodes["right"])
    given["feature"] = np.where(is_leaf, -2, nodes["feature"])
    given["threshold"] = np.where(is_leaf, -2.0, nodes["threshold"])
    given["n_node_samples"] = given["weighted_n_node_samples"] = n_rows
    given["missing_go_to_left"] = np.where(is_leaf, 0, nodes["missing_left"])
    given["impurity"] = impurity
    n_classes = np.array([values.shape[1] if is_classifier else 1], dtype=np.intp)
    tree = type(known)(n_features, n_classes, 1)
    state.update(
        max_depth=_depth(given), node_count=len(given), nodes=given,
        values=np.ascontiguousarray(values[:, None, :], dtype=np.float64),
    )  # fmt: skip
    tree.__setstate__(state)
    return tree


def _depth(nodes):
    depth = np.zeros(len(nodes), dtype=int)
    for i in np.flatnonzero(nodes["left_child"] >= 0):
        depth[[nodes["left_child"][i], nodes["right_child"][i]]] = depth[i] + 1
    return int(depth.max())


class ScorerProtocol:
    """What scikit-learn's own code asks of scorers, and no public class answers."""

    def _accept_sample_weight(self):
        """Of the scorers in a dict, by scikit-learn 1.9, when it fits with weights."""
        return True


def validate_X(estimator, X, *, reset, accept_sparse="csr"):
    """Check a feature matrix; learn (``reset``) or compare its number of features.

    Returns
    -------
    ndarray, CSR matrix or RowBlocks, float32 or float64 (n_samples, n_features)
        With NaN only if the estimator's tags allow it. RowBlocks, of them or of a Dask
        array, only for estimators that say ``_reads_blocks``.
    """
    if isinstance(X, RowBlocks) or type(X).__module__.startswith("dask"):
        return _validate_blocks(estimator, X, reset)
    may_be_missing = get_tags(estimator).input_tags.allow_nan
    return validate_data(
        estimator,
        X,
        reset=reset,
        accept_sparse=accept_sparse,
        dtype=[np.float64, np.float32],
        accept_large_sparse=False,
        ensure_all_finite="allow-nan" if may_be_missing else True,
    )


def _validate_blocks(estimator, X, reset):
    if not getattr(estimator, "_reads_blocks", False):
        raise TypeError(
            f"{type(estimator).__name__} does not read RowBlocks or Dask arrays; "
            "linear models do. Pass an array that fits into memory, of a Dask array "
            "X.compute()."
        )
    if not isinstance(X, RowBlocks) and not is_dask(X):
        raise TypeError(
            f"X is a {type(X).__name__} of Dask: pass a Dask array, of a DataFrame "
            "X.to_dask_array(lengths=True)"
        )
    X = X if isinstance(X, RowBlocks) else RowBlocks(X)
    X = X if X.dtype == np.float32 else X.astype(np.float64)
    # For the number of features, and what goes with it.
    validate_data(estimator, np.zeros((1, X.shape[1]), X.dtype), reset=reset)
    if not reset:
        return X.checked()
    X.check_finite()
    return X


def validate_rows(X, n_rows):
    """Raise ValueError unless the labels have as many rows as X."""
    if X.shape[0] != n_rows:
        raise ValueError(
            "Found input variables with inconsistent numbers of samples: X has "
            f"{X.shape[0]} rows, Y has {n_rows}."
        )


def check_number(value, name, low, high=None, *, kind=numbers.Real, open_low=False):
    """Raise an error that names the parameter unless ``low <= value <= high``."""
    boundaries = "both" if high is not None else "left"
    if open_low:
        boundaries = "right" if high is not None else "neither"
    check_scalar(
        value,
        name,
        kind,
        min_val=low,
        max_val=high,
        include_boundaries=boundaries,
    )
    if not np.isfinite(value):
        raise ValueError(f"{name} == {value}, must be finite.")


def check_array_state(array, name, shape):
    """Raise ValueError unless an array is of finite numbers and of a shape.

    Parameters
    ----------
    shape : tuple of int or None
        None stands for any length.
    """
    # A masked array would hide entries from checks, and not from compiled code.
    right = type(array) is np.ndarray and array.dtype.kind in "biuf"
    right = right and len(array.shape) == len(shape) and all(
        wanted is None or wanted == length
        for length, wanted in zip(array.shape, shape)
    )  # fmt: skip
    if not right or not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite numbers of shape {shape}")


def check_plain_arrays(holder, names):
    """Raise ValueError unless attributes are arrays of numbers and nothing else."""
    for name in names:
        array = getattr(holder, name)
        if type(array) is not np.ndarray or array.dtype.hasobject:
            raise ValueError(f"{type(holder).__name__}.{name} is no plain array")


def check_choice(value, name, choices):
    """Raise an error that lists the choices unless ``value`` is one of them."""
    if value not in choices:
        known = ", ".join(map(repr, choices))
        raise ValueError(f"{name}={value!r} is unknown; choose one of {known}")
