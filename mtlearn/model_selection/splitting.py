"""``split`` of rows and of groups, whatever the parts are."""

import warnings

from sklearn.utils import check_consistent_length


class SplitRows:
    """A splitter in which every row goes its own way; it has ``_parts``."""

    def split(self, X, y=None, groups=None):
        """Indices of the training and test rows of each split.

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
            Increasing row indices, ndarrays of int.

        Raises
        ------
        ValueError
            If ``y`` is None, or there are too few rows.

        Warns
        -----
        UserWarning
            Names the classes that a part lacks, with the part: a class may have fewer
            rows than there are parts.
        """
        if groups is not None:
            warnings.warn(
                f"The groups parameter is ignored by {type(self).__name__}; "
                f"{type(self).__name__.replace('Stratified', 'StratifiedGroup')} keeps "
                "groups together",
                UserWarning,
                stacklevel=2,
            )
        return self._parts(y, count_rows(self, X, y), None)


class SplitGroups:
    """A splitter that keeps groups together; it has ``_parts``."""

    # Metadata routing: this splitter asks for groups.
    __metadata_request__split = {"groups": True}  # noqa: RUF012

    def split(self, X, y=None, groups=None):
        """Indices of the training and test rows of each split.

        Parameters
        ----------
        X : array-like, (n_samples, ...)
            Only its length is used.
        y : array-like, (n_samples,) or (n_samples, n_tasks)
            Labels of any form; NaN, None and masked entries are missing.
        groups : array-like (n_samples,)
            Names or numbers of the groups.

        Returns
        -------
        iterator of (train, test)
            Increasing row indices, ndarrays of int.

        Raises
        ------
        ValueError
            If ``y`` or ``groups`` is None, or there are too few groups.

        Warns
        -----
        UserWarning
            Names the classes that a part lacks, with the part.
        """
        if groups is None:
            raise ValueError(f"{type(self).__name__} needs groups: split(X, Y, groups)")
        return self._parts(y, count_rows(self, X, y), groups)


def count_rows(splitter, X, y):
    """Number of rows of the labels; raise ValueError unless X has as many."""
    if y is None:
        raise ValueError(f"{type(splitter).__name__} needs the labels: split(X, Y)")
    check_consistent_length(X, y)
    return y.shape[0] if hasattr(y, "shape") else len(y)
