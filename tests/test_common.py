"""scikit-learn's own checks: with a 1-D y we behave as every estimator does."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from tests.contract import estimators, expected_failed_checks, has_penalty


def one_task_estimators():
    """Without graphs, which have as many tasks as Y has columns: checks try several.

    Some checks compare nine digits, for which penalties need a tolerance of their own.
    """
    for estimator in estimators():
        if has_penalty(estimator):
            estimator.set_params(tol=1e-10)
        if getattr(estimator, "structure", None) != "graph":
            yield estimator


# Warnings are tested elsewhere; here they come from odd inputs, on purpose.
@pytest.mark.filterwarnings("ignore::UserWarning")
@parametrize_with_checks(
    list(one_task_estimators()), expected_failed_checks=expected_failed_checks
)
def test_scikit_learn(estimator, check):
    check(estimator)
