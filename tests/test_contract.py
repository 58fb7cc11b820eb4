"""Every estimator meets every promise of tests/contract.py."""

import pytest

from tests.contract import (
    CHECKS,
    Problem,
    estimator_classes,
    estimators,
    expected_failed_checks,
    name_of,
)


@pytest.mark.parametrize("estimator", estimators(), ids=name_of)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_contract(estimator, check, request):
    reason = expected_failed_checks(estimator).get(check.__name__)
    if reason:
        request.node.add_marker(pytest.mark.xfail(reason=reason, strict=True))
    check(estimator, Problem(estimator))


def test_the_list_of_estimators():
    names = {cls.__name__ for cls in estimator_classes()}
    assert "MultiTaskLinearSVC" in names
    assert "MultiTaskLinearModel" not in names  # a base class
