"""scikit-learn's own checks: with a 1-D y we behave as every estimator does."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from tests.contract import estimators, expected_failed_checks


# Warnings are tested elsewhere; here they come from odd inputs, on purpose.
@pytest.mark.filterwarnings("ignore::UserWarning")
@parametrize_with_checks(estimators(), expected_failed_checks=expected_failed_checks)
def test_scikit_learn(estimator, check):
    check(estimator)
