"""What a fitted forest tells beside its predictions."""

import numpy as np
from scipy.sparse import hstack

from ..validation import check_is_fitted, validate_X
from .conversion import to_sklearn
from .features import as_float32


class ForestInspectionMixin:
    """Paths of rows, importances of features, affinity of tasks, a view of one task."""

    def apply(self, X):
        """The leaf that each row reaches in each tree.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of int32, shape (n_samples, n_trees)
        """
        return self._forest.apply(self._checked(X), self.n_jobs)

    def decision_path(self, X):
        """The nodes that each row passes in each tree.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        indicator : CSR array of shape (n_samples, n_nodes)
            1 where a row passes a node.
        n_nodes_ptr : ndarray of shape (n_trees + 1,)
            Tree i has the columns ``n_nodes_ptr[i]:n_nodes_ptr[i + 1]``.
        """
        leaves = self._forest.apply(self._checked(X), self.n_jobs)
        trees = self._forest.trees
        paths = [tree.paths() for tree in trees]
        indicator = hstack(
            [path[leaves[:, k]] for k, path in enumerate(paths)], format="csr"
        )
        ends = np.cumsum([0, *(len(tree.nodes) for tree in trees)])
        return indicator, ends

    def to_sklearn(self, task=0):
        """One task as a scikit-learn forest of one output, with the same answers.

        For tools that look inside trees: :func:`sklearn.tree.export_text`,
        :func:`sklearn.tree.plot_tree`, SHAP's TreeExplainer. It is built anew at every
        call.

        Parameters
        ----------
        task : str or int, default=0
            Name of a task, or its number.

        Returns
        -------
        RandomForestClassifier or RandomForestRegressor
            Fitted. It counts all trees the same; where they count differently here,
            the values of their leaves make up for it, so that those of a single tree
            are no shares of classes.
        """
        check_is_fitted(self)
        return to_sklearn(self, self.task(task).task)

    def _forest_spread(self, X):
        return self._forest.spread(self._checked(X), self.n_jobs)

    def _checked(self, X):
        check_is_fitted(self)
        return as_float32(validate_X(self, X, reset=False))

    @property
    def source_weights_(self):
        check_is_fitted(self)
        return self._forest.source_weights.sum(axis=2)

    @property
    def tree_tasks_(self):
        check_is_fitted(self)
        return self._forest.owners

    @property
    def feature_importances_per_task_(self):
        check_is_fitted(self)
        return self._forest.importances()

    @property
    def feature_importances_(self):
        each = self.feature_importances_per_task_
        total = each.sum()
        return each.sum(axis=0) / total if total else each.sum(axis=0)

    @property
    def task_affinity_(self):
        check_is_fitted(self)
        return self._forest.affinity()
