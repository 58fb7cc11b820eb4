"""Folds in which every label of every task has its share of the rows."""

import warnings

import numpy as np
from sklearn.model_selection import BaseCrossValidator
from sklearn.utils import check_consistent_length, check_random_state

from ..tasks import LabelTable
from .assignment import assign_to_folds
from .strata import read_strata


class MultiTaskStratifiedKFold(BaseCrossValidator):
    """K folds that keep the label shares of several tasks at once.

    Every class of every task, and the missing labels of a task, are spread evenly over
    the folds, by iterative stratification [1]_: the rarest label that still has rows
    is dealt out first, always to the folds that have the fewest of it. Rows are dealt
    in hands of one row per fold, and within a hand each row goes where its *other*
    labels are missed most. Columns of numbers are cut at their quantiles.

    Folds are equally large, to a row. For one task the classes are, too, as in
    :class:`~sklearn.model_selection.StratifiedKFold`.

    Parameters
    ----------
    n_splits : int, default=5
    shuffle : bool, default=False
        Shuffle the rows first. Without it the folds depend on ``Y`` only.
    random_state : int, RandomState or None, default=None
        Only with ``shuffle``.

    Notes
    -----
    ``Y`` is (n_samples,) or (n_samples, n_tasks), of any form with missing labels.
    Text, bools, categories, whole numbers of at most 20 distinct values, and whole
    numbers whose values occur ``n_splits`` times on average are classes; other numbers
    are binned.

    ``GridSearchCV(cv=5)`` fails on labels with NaN; ``cv=MultiTaskStratifiedKFold(5)``
    passes.

    References
    ----------
    .. [1] K. Sechidis, G. Tsoumakas and I. Vlahavas (2011), "On the stratification of
       multi-label data", ECML PKDD.

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.model_selection import MultiTaskStratifiedKFold
    >>> Y = np.array([[0, 1], [0, None], [1, 1], [1, None], [0, 0], [0, 0]])
    >>> for train, test in MultiTaskStratifiedKFold(2).split(np.zeros((6, 1)), Y):
    ...     print(Y[test].tolist())
    [[0, None], [1, 1], [0, 0]]
    [[0, 1], [1, None], [0, 0]]
    """

    def __init__(self, n_splits=5, *, shuffle=False, random_state=None):
        if not isinstance(n_splits, int | np.integer) or n_splits < 2:
            raise ValueError(f"n_splits={n_splits!r} must be an integer of 2 or more")
        if not isinstance(shuffle, bool | np.bool_):
            raise TypeError(f"shuffle={shuffle!r} must be True or False")
        if not shuffle and random_state is not None:
            raise ValueError("random_state has no effect without shuffle=True")
        self.n_splits = int(n_splits)
        self.shuffle = shuffle
        self.random_state = random_state

    def get_n_splits(self, X=None, y=None, groups=None):
        """Number of folds."""
        return self.n_splits

    def split(self, X, y=None, groups=None):
        """Indices of the training and test rows of each fold.

        Parameters
        ----------
        X : array-like, (n_samples, ...)
            Only its length is used.
        y : array-like, (n_samples,) or (n_samples, n_tasks)
            Labels of any form; NaN, None and masked entries are missing.
        groups : ignored

        Returns
        -------
        iterator of (train, test)
            Increasing row indices of each fold, ndarrays of int.

        Raises
        ------
        ValueError
            If ``y`` is None, or has fewer rows than there are folds.

        Warns
        -----
        UserWarning
            Names the classes that have fewer rows than there are folds.
        """
        if y is None:
            raise ValueError("MultiTaskStratifiedKFold needs the labels: split(X, Y)")
        if groups is not None:
            warnings.warn(
                f"The groups parameter is ignored by {type(self).__name__}",
                UserWarning,
                stacklevel=2,
            )
        check_consistent_length(X, y)
        fold = self._fold_of_rows(y)
        return (
            (np.flatnonzero(fold != k), np.flatnonzero(fold == k))
            for k in range(self.n_splits)
        )

    def _fold_of_rows(self, Y):
        table = LabelTable(Y)
        if self.n_splits > table.n_rows:
            raise ValueError(
                f"cannot split {table.n_rows} rows into n_splits={self.n_splits} folds"
            )
        strata = read_strata(table, self.n_splits)
        _warn_of_rare_classes(strata, self.n_splits)
        order = np.arange(table.n_rows)
        if self.shuffle:
            check_random_state(self.random_state).shuffle(order)
        fold = np.empty(table.n_rows, dtype=int)
        fold[order] = assign_to_folds(strata.codes[order], strata.sizes, self.n_splits)
        return fold


def _warn_of_rare_classes(strata, n_splits):
    rare = [i for i in strata.classes if strata.sizes[i] < n_splits]
    if rare:
        named = [f"{strata.names[i]} ({strata.sizes[i]})" for i in rare[:5]]
        more = f", and {len(rare) - 5} more" if len(rare) > 5 else ""
        warnings.warn(
            f"fewer rows than n_splits={n_splits}: {', '.join(named)}{more}. Some "
            "folds have none of them.",
            UserWarning,
            stacklevel=4,
        )
