"""Random parts in which every label of every task has its share of the rows."""

import numpy as np
from sklearn.model_selection import BaseCrossValidator
from sklearn.utils import check_random_state

from .parts import StratifiedParts, read_sizes
from .splitting import SplitGroups, SplitRows


class _StratifiedShuffles(BaseCrossValidator):
    """Random training and test parts of rows, or of groups, from the labels."""

    def __init__(
        self, n_splits=10, *, test_size=None, train_size=None, random_state=None
    ):
        if not isinstance(n_splits, int | np.integer) or n_splits < 1:
            raise ValueError(f"n_splits={n_splits!r} must be an integer of 1 or more")
        self.n_splits = int(n_splits)
        self.test_size = test_size
        self.train_size = train_size
        self.random_state = random_state

    def get_n_splits(self, X=None, y=None, groups=None):
        """Number of splits."""
        return self.n_splits

    def _parts(self, y, n_rows, groups):
        names = ["the test part", "the training part", "the unused rows"]
        parts = StratifiedParts(y, self._room(n_rows), names, groups)
        rng = check_random_state(self.random_state)
        drawn = [parts.draw(rng, f" of split {k}") for k in range(self.n_splits)]
        parts.warn_of_lacking()
        return (
            (np.flatnonzero(part == 1), np.flatnonzero(part == 0)) for part in drawn
        )

    def _room(self, n_rows):
        """Numbers of test, training and unused rows."""
        test, train = self.test_size, self.train_size
        if test is None and train is None:
            test = 0.1
        if train is None:
            room = read_sizes(n_rows, [test], ["test_size"])
            return read_sizes(n_rows, room, ["test_size", "train_size"])
        if test is None:
            room = read_sizes(n_rows, [train], ["train_size"])[::-1]
            return read_sizes(n_rows, room, ["test_size", "train_size"])
        return read_sizes(n_rows, [test, train], ["test_size", "train_size"])


class MultiTaskStratifiedShuffleSplit(SplitRows, _StratifiedShuffles):
    """Random splits that keep the label shares of several tasks at once.

    Every class of every task, and the missing labels of a task, have their share of the
    training and of the test rows, as in :class:`MultiTaskStratifiedKFold`.

    Parameters
    ----------
    n_splits : int, default=10
    test_size, train_size : float or int, default=None
        A share of the rows, or their number. None is the rest; of both, 0.1 for the
        test rows. What neither gets is left out.
    random_state : int, RandomState or None, default=None

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.model_selection import MultiTaskStratifiedShuffleSplit
    >>> Y = np.array([[0, 1], [0, None], [1, 1], [1, None]] * 5)
    >>> cv = MultiTaskStratifiedShuffleSplit(2, test_size=0.4, random_state=0)
    >>> for train, test in cv.split(Y, Y):
    ...     print(len(train), Y[test, 0].mean())
    12 0.5
    12 0.5
    """


class MultiTaskStratifiedGroupShuffleSplit(SplitGroups, _StratifiedShuffles):
    """Random splits of whole groups that keep the label shares of several tasks.

    A group is in the training or in the test part, never in both. The sizes are met as
    well as groups and labels allow, see :class:`MultiTaskStratifiedGroupKFold`.

    Parameters
    ----------
    n_splits : int, default=10
    test_size, train_size : float or int, default=None
        A share of the rows, or their number. None is the rest; of both, 0.1 for the
        test rows. What neither gets is left out.
    random_state : int, RandomState or None, default=None

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.model_selection import MultiTaskStratifiedGroupShuffleSplit
    >>> Y = np.array([0, 1] * 10)
    >>> people = np.repeat(["ann", "bob", "cid", "dee", "eve"], 4)
    >>> cv = MultiTaskStratifiedGroupShuffleSplit(1, test_size=0.4, random_state=0)
    >>> for train, test in cv.split(Y, Y, people):
    ...     print(sorted(set(people[test].tolist())))
    ['cid', 'dee']
    """
