"""What is left of a selector of features in a model made small."""

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from ..validation import check_is_fitted, validate_X


class KeepColumns(TransformerMixin, BaseEstimator):
    """Keeps some columns of X, whatever is in them.

    Parameters
    ----------
    columns : array-like of int
        Numbers of the columns, in the order in which they are wanted.

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.compose.keep_columns import KeepColumns
    >>> KeepColumns([2, 0]).fit_transform(np.eye(3)).tolist()
    [[0.0, 1.0], [0.0, 0.0], [1.0, 0.0]]
    """

    def __init__(self, columns):
        self.columns = columns

    def fit(self, X, y=None):
        """Learn the number of columns.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : None
            Ignored.

        Returns
        -------
        self : object
        """
        validate_X(self, X, reset=True)
        self._check()
        return self

    def transform(self, X):
        """The columns that are kept.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray or CSR matrix of shape (n_samples, n_columns)
        """
        check_is_fitted(self, "n_features_in_")
        return validate_X(self, X, reset=False)[:, self.columns]

    def get_feature_names_out(self, input_features=None):
        """Names of the columns that are kept."""
        check_is_fitted(self, "n_features_in_")
        names = getattr(self, "feature_names_in_", input_features)
        if names is None:
            names = [f"x{i}" for i in range(self.n_features_in_)]
        return np.asarray(names, dtype=object)[self.columns]

    def _check(self):
        columns = np.asarray(self.columns)
        inside = (columns >= 0) & (columns < self.n_features_in_)
        if columns.ndim != 1 or columns.dtype.kind not in "iu" or not inside.all():
            raise ValueError(
                f"columns={self.columns!r} must be numbers of some of the "
                f"{self.n_features_in_} columns"
            )

    def _check_state(self):
        if hasattr(self, "n_features_in_"):
            self._check()

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = True
        return tags
