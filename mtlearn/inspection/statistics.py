"""Whether scores on the same folds differ by more than chance."""

import numpy as np
from scipy import stats


def corrected_interval(differences, test_share, confidence=0.95):
    """Mean difference of two models on the same folds, by the corrected resampled t.

    Training sets of folds overlap, so the variance of a mean over J folds is not
    ``s^2 / J`` but about ``s^2 (1 / J + n_test / n_train)``.

    Parameters
    ----------
    differences : array-like of shape (n_folds,)
        NaN where a fold has none.
    test_share : float
        n_test / n_train.
    confidence : float, default=0.95

    Returns
    -------
    mean, error, low, high, p : float
        The difference, its standard error, its interval, and the two-sided p-value of
        no difference. NaN, but for the mean, with fewer than two differences, or if all
        are the same and not zero.

    References
    ----------
    C. Nadeau and Y. Bengio (2003), "Inference for the generalization error", Machine
    Learning 52.
    """
    d = np.asarray(differences, dtype=float)
    d = d[~np.isnan(d)]
    if len(d) < 2:
        return (d[0] if len(d) else np.nan), np.nan, np.nan, np.nan, np.nan
    mean = float(d.mean())
    error = float(np.sqrt(d.var(ddof=1) * (1 / len(d) + test_share)))
    if error < 1e-12:  # the same in every fold
        if abs(mean) < 1e-12:
            return mean, 0.0, mean, mean, 1.0
        # As it happens to scores that count few rows; it proves nothing.
        return mean, np.nan, np.nan, np.nan, np.nan
    t = stats.t(len(d) - 1)
    reach = t.ppf((1 + confidence) / 2) * error
    return mean, error, mean - reach, mean + reach, float(2 * t.sf(abs(mean) / error))


def holm(p):
    """p-values adjusted for testing all of them, by Holm's step-down method.

    Parameters
    ----------
    p : array-like of shape (n,)
        NaN is no test.

    Returns
    -------
    ndarray of shape (n,)
        Below a level for tests that together err once in ``1 / level`` families.

    References
    ----------
    S. Holm (1979), "A simple sequentially rejective multiple test procedure",
    Scandinavian Journal of Statistics 6.
    """
    p = np.asarray(p, dtype=float)
    adjusted = np.full(len(p), np.nan)
    order = np.argsort(p, kind="stable")[: int((~np.isnan(p)).sum())]
    factors = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * factors), 1.0)
    return adjusted
