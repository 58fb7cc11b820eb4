"""Folds in which every label of every task has its share of the rows."""

import numpy as np
from sklearn.model_selection import BaseCrossValidator
from sklearn.utils import check_random_state

from .assignment import equal_parts
from .parts import StratifiedParts
from .splitting import SplitGroups, SplitRows


class _StratifiedFolds(BaseCrossValidator):
    """Folds of rows, or of groups, from the labels."""

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

    def _parts(self, y, n_rows, groups):
        if self.n_splits > n_rows:
            raise ValueError(
                f"cannot split {n_rows} rows into n_splits={self.n_splits} folds"
            )
        names = [f"fold {k}" for k in range(self.n_splits)]
        parts = StratifiedParts(y, equal_parts(n_rows, self.n_splits), names, groups)
        rng = check_random_state(self.random_state) if self.shuffle else None
        fold = parts.draw(rng)
        parts.warn_of_lacking()
        return (
            (np.flatnonzero(fold != k), np.flatnonzero(fold == k))
            for k in range(self.n_splits)
        )


class MultiTaskStratifiedKFold(SplitRows, _StratifiedFolds):
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


class MultiTaskStratifiedGroupKFold(SplitGroups, _StratifiedFolds):
    """K folds of whole groups that keep the label shares of several tasks at once.

    For rows that are not independent: copies of one picture, pictures of one person. A
    group is in one fold only, and among such folds those are sought in which every
    class of every task, and the missing labels, have their share:
    ``sum_l sum_f (n_lf - n_l / k)^2 / (n_l / k)`` is small, n_lf being the number of
    rows of class l in fold f.

    Parameters
    ----------
    n_splits : int, default=5
    shuffle : bool, default=False
        Place the groups in a random order. Without it the folds depend on ``Y`` and
        ``groups`` only.
    random_state : int, RandomState or None, default=None
        Only with ``shuffle``.

    Notes
    -----
    Groups are placed one by one, those of most influence first, then moved and swapped
    while that helps. Fold sizes differ as far as groups demand it. What is a class, see
    :class:`MultiTaskStratifiedKFold`.

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.model_selection import MultiTaskStratifiedGroupKFold
    >>> Y = np.array([[0, 1], [0, None], [1, 1], [1, None], [0, 0], [1, 0]])
    >>> people = ["ann", "ann", "bob", "bob", "cid", "dee"]
    >>> cv = MultiTaskStratifiedGroupKFold(2)
    >>> for train, test in cv.split(np.zeros((6, 1)), Y, people):
    ...     print([people[i] for i in test])
    ['ann', 'ann', 'dee']
    ['bob', 'bob', 'cid']
    """
