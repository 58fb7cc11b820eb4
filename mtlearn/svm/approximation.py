"""A kernel as finitely many features, by the rows that stand for all (Nystroem)."""

import numpy as np
from sklearn.utils import check_random_state

# Eigenvalues below this share of the greatest are rounding, in float32.
LEAST = 1e-6
CHUNK_ROWS = 4096


class NystroemFeatures:
    r"""Features whose inner products are the kernel, as far as m landmarks tell.

    With the kernel matrix :math:`K_{LL} = V \Lambda V'` of the landmarks L, which are
    drawn from the rows, a row x has the features :math:`k(x, L) V \Lambda^{-1/2}`. The
    same as :class:`sklearn.kernel_approximation.Nystroem`, for every kernel here, and
    without the directions that are rounding errors.

    Parameters
    ----------
    kernel : FittedKernel
    n_components : int
        Landmarks; all rows if there are fewer.
    random_state : int, RandomState or None

    References
    ----------
    Williams and Seeger, "Using the Nystroem method to speed up kernel machines", NIPS
    2000.
    """

    def __init__(self, kernel, n_components, random_state=None):
        self.kernel = kernel
        self.n_components = n_components
        self.random_state = random_state

    def fit(self, X):
        """Draw landmarks from the rows of X, (n, d)."""
        rng = check_random_state(self.random_state)
        n = X.shape[0]
        chosen = np.sort(rng.permutation(n)[: min(n, self.n_components)])
        self.landmarks = self.kernel.enter(X[chosen])
        with np.errstate(over="ignore", invalid="ignore"):
            K = self.kernel(self.landmarks, self.landmarks)
        if not np.isfinite(K).all():
            raise ValueError(
                "the kernel is not finite: scale the features, or choose other "
                "parameters of the kernel"
            )
        values, vectors = np.linalg.eigh(np.asarray(K, dtype=np.float64))
        kept = values > LEAST * values[-1]
        self.turn = (vectors[:, kept] / np.sqrt(values[kept])).astype(K.dtype)
        return self

    def transform(self, X):
        """Features of rows, (n, at most m)."""
        n = X.shape[0]
        out = np.empty((n, self.turn.shape[1]), dtype=self.turn.dtype)
        for first in range(0, n, CHUNK_ROWS):
            part = slice(first, first + CHUNK_ROWS)
            near = self.kernel(self.kernel.enter(X[part]), self.landmarks)
            out[part] = near @ self.turn
        return out
