"""Training, validation and test rows in one call."""

import numpy as np
from sklearn.utils import check_random_state, indexable

from .cross_validation import take_rows
from .parts import StratifiedParts, read_sizes

NAMES = ("the training part", "the validation part", "the test part", "the unused rows")


def train_validation_test_split(
    X,
    Y,
    *arrays,
    sizes=(0.6, 0.2, 0.2),
    stratify=True,
    groups=None,
    random_state=None,
):
    """Split rows into a training, a validation and a test part.

    Parameters
    ----------
    X : array, sparse matrix, DataFrame or list, (n_samples, ...)
    Y : labels of any form, (n_samples,) or (n_samples, n_tasks)
        May have missing labels.
    *arrays : array-likes of n_samples rows
        Such as weights; split like X.
    sizes : (training, validation, test), default=(0.6, 0.2, 0.2)
        Shares of the rows, or their numbers. What is left over is in no part.
    stratify : bool, default=True
        Give every class of every task, and its missing labels, their share in each part
        (see :class:`MultiTaskStratifiedKFold` for what is a class). False: by chance.
    groups : array-like (n_samples,), optional
        Rows of one group go to the same part; the sizes are then met about.
    random_state : int, RandomState or None, default=None

    Returns
    -------
    list
        X_train, X_validation, X_test, Y_train, Y_validation, Y_test, and three for each
        further array. Rows keep their order; containers, masks and indices are kept.

    Raises
    ------
    ValueError
        If sizes or lengths do not fit.

    Warns
    -----
    UserWarning
        Names the classes that a part lacks.

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.model_selection import train_validation_test_split
    >>> X, Y = np.arange(20.0).reshape(10, 2), np.array([[0, 1], [1, None]] * 5)
    >>> parts = train_validation_test_split(X, Y, random_state=0)
    >>> [len(part) for part in parts]
    [6, 2, 2, 6, 2, 2]
    """
    if np.shape(sizes) != (3,):
        raise ValueError(
            f"sizes={sizes!r} must be three shares or numbers of rows: training, "
            "validation, test"
        )
    data = indexable(X, Y, *arrays)
    n_rows = data[0].shape[0] if hasattr(data[0], "shape") else len(data[0])
    room = read_sizes(n_rows, sizes, ["training", "validation", "test"])
    labels = data[1] if stratify else np.zeros(n_rows)
    parts = StratifiedParts(labels, room, NAMES, groups)
    part = parts.draw(check_random_state(random_state))
    parts.warn_of_lacking(stacklevel=3)
    rows = [np.flatnonzero(part == k) for k in range(3)]
    return [take_rows(array, chosen) for array in data for chosen in rows]
