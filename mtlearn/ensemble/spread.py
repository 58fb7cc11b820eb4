"""How much the trees of a forest disagree."""

import numpy as np


class SpreadMixin:
    """Uncertainty of forests with tasks of numbers."""

    def predict_std(self, X):
        """Spread of the trees around what they predict together.

        It says where the forest has seen too little to be sure; it does not include
        the noise of the labels, and is no interval for a new one.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_tasks)
            Standard deviations over the trees, weighed as their votes, in units of y.
            NaN for a task of labels, or without any.
        """
        spread = self._forest_spread(X)
        std = np.full((len(spread), self.n_tasks_), np.nan)
        for t, start in enumerate(self.columns_[:-1]):
            if not self._is_label_task(t) and self.columns_[t + 1] > start:
                std[:, t] = spread[:, start] * self._scale[t]
        return std[:, 0] if self._ndim == 1 else std
