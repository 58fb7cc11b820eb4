"""How alike the columns and the tasks are held to be, of models with a covariance."""

import numpy as np


class SimilarityMixin:
    """Of fitted models that keep ``_covariance``, None where there is none."""

    @property
    def column_covariance_(self):
        """Prior covariance M of the score columns, (n_outputs, n_outputs).

        Only structures that have one; others raise AttributeError.
        """
        if self._is_small:
            raise AttributeError(
                "shrink() has dropped the covariance: ask the full model"
            )
        if self._covariance is None:
            raise AttributeError(
                f"structure={self.structure!r} has no covariance of columns"
            )
        return self._covariance.toarray()

    @property
    def task_similarity_(self):
        """How alike the prior holds two tasks to be, (n_tasks, n_tasks).

        For tasks with one score column each, the correlation in M, signed. Where a
        task has more, the size of the covariance block between the two tasks,
        ``|M_tu| / sqrt(|M_tt| |M_uu|)`` in Frobenius norm. A task without columns is
        like nobody but itself.
        """
        M = self.column_covariance_
        similarity = np.eye(self.n_tasks_)
        parts = [slice(*self.columns_[t : t + 2]) for t in range(self.n_tasks_)]
        size = [np.linalg.norm(M[part, part]) for part in parts]
        for t, rows in enumerate(parts):
            for u, columns in enumerate(parts):
                block = M[rows, columns]
                if t != u and block.size:
                    norm = block[0, 0] if block.size == 1 else np.linalg.norm(block)
                    similarity[t, u] = norm / np.sqrt(size[t] * size[u])
        return similarity
