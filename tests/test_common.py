"""scikit-learn's own checks: with a 1-D y we behave as every estimator does."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from tests.contract import (
    estimators,
    expected_failed_checks,
    has_penalty,
    structure_of,
)

# A graph has as many tasks as Y has columns, and the checks try several.
WITHOUT_GRAPHS = [each for each in estimators() if structure_of(each) != "graph"]


# Warnings are tested elsewhere; here they come from odd inputs, on purpose.
@pytest.mark.filterwarnings("ignore::UserWarning")
@parametrize_with_checks(WITHOUT_GRAPHS, expected_failed_checks=expected_failed_checks)
def test_scikit_learn(estimator, check):
    if "weight_equivalence" in check.func.__name__:
        if has_penalty(estimator) or hasattr(estimator, "kernel"):
            estimator.set_params(tol=1e-10)  # it compares nine digits
    check(estimator)
