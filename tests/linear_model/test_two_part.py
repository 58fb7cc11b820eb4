"""The lambda-gamma view; that it is the same problem is in tests/svm."""

import pytest

from mtlearn.linear_model import two_part, two_part_inverse


@pytest.mark.parametrize(("lambda_", "gamma"), [(1, 1), (3.0, 0.5), (1e-3, 40)])
def test_inverse(lambda_, gamma):
    back = two_part_inverse(**two_part(lambda_, gamma))
    assert back["lambda_"] == pytest.approx(lambda_)
    assert back["gamma"] == pytest.approx(gamma)


def test_by_hand():
    assert two_part(lambda_=2.0, gamma=0.5) == {"C": 2.5, "sharing": 0.8}
    assert two_part(lambda_=1.0, gamma=1.0)["sharing"] == 0.5


def test_a_stiff_shared_part_leaves_independent_tasks():
    assert two_part(lambda_=1.0, gamma=1e9)["sharing"] < 1e-8
    assert two_part(lambda_=1e9, gamma=1.0)["sharing"] > 1 - 1e-8


@pytest.mark.parametrize(("lambda_", "gamma"), [(0, 1), (1, 0), (-1, 1), (1, -2)])
def test_penalties_must_be_positive(lambda_, gamma):
    with pytest.raises(ValueError, match=r"lambda_=.*gamma=.*> 0"):
        two_part(lambda_, gamma)


@pytest.mark.parametrize(
    ("C", "sharing"), [(0, 0.5), (1, 0), (1, 1), (1, 1.5), (-1, 0.5)]
)
def test_inverse_has_no_two_parts_at_the_ends(C, sharing):
    with pytest.raises(ValueError, match=r"C=.*sharing="):
        two_part_inverse(C, sharing)
