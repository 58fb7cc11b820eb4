"""Tests of differences, and that they err as seldom as they say."""

import numpy as np
import pytest
from scipy import stats

from mtlearn.inspection.statistics import corrected_interval, holm


def test_the_interval_by_hand():
    d = np.array([0.02, 0.05, np.nan, -0.01, 0.04])
    mean, error, low, high, p = corrected_interval(d, 0.25, confidence=0.9)
    known = d[~np.isnan(d)]
    assert mean == pytest.approx(known.mean())
    assert error == pytest.approx(known.std(ddof=1) * np.sqrt(1 / 4 + 0.25))
    assert high - mean == pytest.approx(mean - low)
    assert high - mean == pytest.approx(stats.t(3).ppf(0.95) * error)
    assert p == pytest.approx(2 * stats.t(3).sf(mean / error))


def test_without_correction_it_is_the_paired_t():
    d = np.random.default_rng(0).normal(0.5, 1, 12)
    expected = stats.ttest_1samp(d, 0)
    assert corrected_interval(d, 0.0)[4] == pytest.approx(expected.pvalue)


def test_differences_that_do_not_vary_or_are_too_few():
    assert corrected_interval([0.0, 0.0], 0.2) == (0.0, 0.0, 0.0, 0.0, 1.0)
    # Scores that count few rows tie by chance: equal differences prove nothing.
    mean, *others = corrected_interval([0.1, 0.1, 0.1], 0.2)
    assert mean == pytest.approx(0.1)
    assert np.isnan(others).all()
    assert corrected_interval([0.3, np.nan], 0.2)[0] == 0.3
    assert np.isnan(corrected_interval([0.3], 0.2)[1:]).all()
    assert np.isnan(corrected_interval([np.nan], 0.2)).all()


def test_holm_by_hand():
    np.testing.assert_allclose(
        holm([0.01, np.nan, 0.04, 0.03, 0.005]), [0.03, np.nan, 0.06, 0.06, 0.02]
    )
    assert holm([0.9, 0.8]).tolist() == [1.0, 1.0]
    assert np.isnan(holm([np.nan])).all()


def test_equal_models_are_seldom_called_different():
    """Halves of the features are worth the same; folds overlap."""
    rng = np.random.default_rng(0)
    n, n_folds, wrong = 60, 10, {"corrected": 0, "naive": 0}
    n_runs = 300
    for _ in range(n_runs):
        X = rng.normal(size=(n, 10))
        y = X.sum(axis=1) + 3 * rng.normal(size=n)
        d = []
        for _ in range(n_folds):
            rows = rng.permutation(n)
            test, train = rows[:12], rows[12:]
            errors = []
            for part in (X[:, :5], X[:, 5:]):
                w = np.linalg.lstsq(part[train], y[train], rcond=None)[0]
                errors.append(((y[test] - part[test] @ w) ** 2).mean())
            d.append(errors[0] - errors[1])
        for name, share in (("corrected", 0.25), ("naive", 0.0)):
            wrong[name] += corrected_interval(d, share)[4] < 0.05
    assert wrong["corrected"] / n_runs < 0.09
    assert wrong["naive"] / n_runs > 0.15
