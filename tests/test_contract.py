"""Every estimator meets every promise of tests/contract.py."""

import pytest

from tests.contract import CHECKS, Problem, estimator_classes, estimators, name_of


@pytest.mark.parametrize("estimator", estimators(), ids=name_of)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_contract(estimator, check):
    check(estimator, Problem(estimator))


def test_the_list_of_estimators():
    names = {cls.__name__ for cls in estimator_classes()}
    assert "MultiTaskLinearSVC" in names
    assert "MultiTaskLinearModel" not in names  # a base class
