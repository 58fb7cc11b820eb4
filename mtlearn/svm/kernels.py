r"""Kernels: how alike two rows are.

``KERNELS`` maps names to functions of rows A (m, d) and B (n, d), and of those
parameters that ``PARAMETERS`` names, to (m, n).

References
----------
Schoelkopf and Smola, "Learning with Kernels", 2002. chi2: Zhang, Marszalek, Lazebnik
and Schmid, "Local features and kernels for classification of texture and object
categories", IJCV 73, 2007. intersection: Barla, Odone and Verri, "Histogram
intersection kernel for image classification", ICIP 2003.
"""

from numbers import Integral

import numpy as np
from scipy import sparse
from sklearn import config_context
from sklearn.metrics.pairwise import (
    chi2_kernel,
    laplacian_kernel,
    linear_kernel,
    manhattan_distances,
    polynomial_kernel,
    sigmoid_kernel,
)
from sklearn.utils.extmath import row_norms

from ..validation import check_choice, check_number

# Rows of a check that no indefinite matrix is likely to pass, and by how much of the
# greatest eigenvalue rounding may make the least one negative.
CHECKED_ROWS, NEGATIVE = 300, 1e-4
CHUNK_ROWS = 4096
# Differences of rows are all that these kernels see.
OF_DIFFERENCES = ("rbf", "laplacian")
# Chi-squared distances are of shares or counts.
NON_NEGATIVE = ("chi2", "intersection")


def rbf(A, B, gamma):
    # scikit-learn's reads float32 in float64, all of B for every few rows of A.
    distance = linear_kernel(A, B)
    distance *= -2
    distance += row_norms(A, squared=True)[:, None]
    distance += row_norms(B, squared=True)
    np.maximum(distance, 0, out=distance)
    distance *= -gamma
    return np.exp(distance, out=distance)


def intersection(A, B):
    # min(a, b) is half of a + b - |a - b|.
    sums = np.asarray(A.sum(axis=1)).reshape(-1, 1) + np.asarray(B.sum(axis=1)).ravel()
    return (sums - manhattan_distances(A, B)) / 2


KERNELS = {
    "linear": linear_kernel,
    "poly": polynomial_kernel,
    "rbf": rbf,
    "sigmoid": sigmoid_kernel,
    "laplacian": laplacian_kernel,
    "chi2": chi2_kernel,
    "intersection": intersection,
}
PARAMETERS = {
    "linear": (),
    "poly": ("gamma", "degree", "coef0"),
    "rbf": ("gamma",),
    "sigmoid": ("gamma", "coef0"),
    "laplacian": ("gamma",),
    "chi2": ("gamma",),
    "intersection": (),
}


class FittedKernel:
    """A kernel with its parameters known.

    Parameters
    ----------
    function : callable or None
        From A, B to (m, n). None: rows are rows of the matrix itself.
    offset : ndarray (d,) or None
        Taken from all rows: fewer digits are lost in differences of rows near zero.
    """

    def __init__(self, function, offset=None):
        self.function, self.offset = function, offset

    def enter(self, X):
        """Rows as the kernel takes them; may raise ValueError."""
        if isinstance(self.function, NamedKernel):
            _refuse_values(self.function.name, X)
        return X if self.offset is None else X - self.offset

    def __call__(self, A, B):
        """Between rows that have entered."""
        return self.function(A, B)


class NamedKernel:
    """One of ``KERNELS`` with its parameters; pickles, unlike a closure."""

    def __init__(self, name, params):
        self.name, self.params = name, params

    def __call__(self, A, B):
        # X was checked before; what a kernel makes of it is checked after.
        with config_context(assume_finite=True):
            return KERNELS[self.name](A, B, **self.params)


class _Given:
    """A user's function, whose result is checked."""

    def __init__(self, function):
        self.function = function

    def __call__(self, A, B):
        K = np.asarray(self.function(A, B))
        expected = A.shape[0], B.shape[0]
        if K.shape != expected or K.dtype.kind not in "biuf":
            raise ValueError(
                f"kernel={self.function!r} gave {K.dtype} of shape {K.shape} for rows "
                f"{A.shape} and {B.shape}; it must give numbers of shape {expected}."
            )
        if not np.isfinite(K).all():
            raise ValueError(f"kernel={self.function!r} gave NaN or infinity.")
        return K.astype(np.float64) if K.dtype.kind in "biu" else K


def fit_kernel(model, X, row_weight):
    """The kernel that a model's parameters name, ready for X; may raise ValueError.

    Parameters
    ----------
    model : estimator with ``kernel``, ``gamma``, ``degree``, ``coef0``
    X : array or CSR matrix (n, d)
    row_weight : ndarray (n,)
        For the variance of ``gamma="scale"``.
    """
    if not (isinstance(model.kernel, str) or callable(model.kernel)):
        raise TypeError(
            f"kernel={model.kernel!r} must be a name, or a function of two arrays"
        )
    if model.kernel == "precomputed":
        _check_precomputed(X)
        return FittedKernel(None)
    if callable(model.kernel):
        kernel = FittedKernel(_Given(model.kernel))
        _check_sample(kernel(some := _sample(X), some), f"kernel={model.kernel!r}")
        return kernel
    if model.kernel not in KERNELS:
        known = ", ".join(map(repr, (*KERNELS, "precomputed")))
        raise ValueError(
            f"kernel={model.kernel!r} is unknown; choose one of {known}, or give a "
            "function of two arrays of rows"
        )
    check_number(model.degree, "degree", 1, kind=Integral)
    check_number(model.coef0, "coef0", -np.inf)
    _refuse_values(model.kernel, X)
    gamma = find_gamma(model.gamma, X, row_weight)
    offset = None
    if model.kernel in OF_DIFFERENCES and not sparse.issparse(X):
        offset = X.mean(axis=0)
    known = {"gamma": gamma, "degree": model.degree, "coef0": model.coef0}
    params = {name: known[name] for name in PARAMETERS[model.kernel]}
    return FittedKernel(NamedKernel(model.kernel, params), offset)


def find_gamma(gamma, X, row_weight):
    """As in scikit-learn's SVC: "scale" is one over d times the variance of X.

    The variance is over all entries of the labelled rows, by what their labels weigh.
    """
    if not isinstance(gamma, str):
        check_number(gamma, "gamma", 0, open_low=True)
        return float(gamma)
    check_choice(gamma, "gamma", ("scale", "auto"))
    if gamma == "auto":
        return 1.0 / X.shape[1]
    share = row_weight / row_weight.sum()
    mean = _weighted_mean(X, share, 0.0, 1)
    variance = _weighted_mean(X, share, mean, 2)
    # Rounding errors are no variance.
    known = variance > (1e-14 * mean) ** 2
    return 1.0 / (X.shape[1] * variance) if known else 1.0


def _weighted_mean(X, share, center, power):
    """Mean of ``(x - center) ** power`` over all entries, rows by their share."""
    total, zero = 0.0, (-center) ** power
    for first in range(0, X.shape[0], CHUNK_ROWS):
        part = X[first : first + CHUNK_ROWS]
        if sparse.issparse(part):
            moved = part.astype(np.float64)
            n_zeros = part.shape[1] - np.diff(moved.indptr)
            moved.data = (moved.data - center) ** power
            means = np.asarray(moved.sum(axis=1)).ravel() + n_zeros * zero
        else:
            means = ((part.astype(np.float64) - center) ** power).sum(axis=1)
        total += share[first : first + CHUNK_ROWS] @ means
    return float(total / X.shape[1])


def _refuse_values(name, X):
    if name == "chi2" and sparse.issparse(X):
        raise TypeError("kernel='chi2' needs a dense X: X.toarray()")
    if name in NON_NEGATIVE and X.min() < 0:
        raise ValueError(
            f"kernel={name!r} is for histograms, whose values are >= 0; X has "
            f"{X.min():.3g}. Scale the features to 0..1, or use kernel='rbf'."
        )


def _sample(X):
    n = X.shape[0]
    return X[np.linspace(0, n - 1, min(n, CHECKED_ROWS)).astype(int)]


def _check_precomputed(K):
    if K.shape[0] != K.shape[1]:
        raise ValueError(
            "kernel='precomputed' needs the kernel matrix as X, (n_samples, "
            f"n_samples), got shape {K.shape}"
        )
    if sparse.issparse(K):
        raise TypeError("kernel='precomputed' needs a dense matrix: X.toarray()")
    _check_symmetric(K, "kernel='precomputed'")
    some = np.linspace(0, len(K) - 1, min(len(K), CHECKED_ROWS)).astype(int)
    _check_sample(K[np.ix_(some, some)], "kernel='precomputed'")


def _check_symmetric(K, name):
    allowed = 1e-4 * max(K.max(), -K.min(), 1e-300)
    for first in range(0, len(K), CHECKED_ROWS):
        part = slice(first, first + CHECKED_ROWS)
        wrong = abs(K[part] - K[:, part].T)
        if wrong.max() > allowed:
            i, j = np.unravel_index(wrong.argmax(), wrong.shape)
            i += first
            raise ValueError(
                f"{name} is not symmetric: entry ({i}, {j}) is {K[i, j]:.6g}, "
                f"({j}, {i}) is {K[j, i]:.6g}"
            )


def _check_sample(K, name):
    """Raise ValueError if a kernel matrix is not symmetric and positive."""
    _check_symmetric(K, name)
    values = np.linalg.eigvalsh((K + K.T) / 2)
    if values[0] < -NEGATIVE * max(values[-1], 0):
        raise ValueError(
            f"{name} is not positive semidefinite: on {len(K)} rows its eigenvalues "
            f"go from {values[0]:.3g} to {values[-1]:.3g}. Use a kernel such as 'rbf', "
            "or add what is negative to the diagonal."
        )
