"""Learning rates: values by hand, and what they refuse."""

import numpy as np
import pytest

from mtlearn.solvers.descent import (
    SCHEDULES,
    Adaptive,
    Constant,
    Cosine,
    InverseScaling,
)


def each_name(test):
    return pytest.mark.parametrize("name", SCHEDULES)(test)


@each_name
def test_first_rate_is_eta0_and_no_later_one_is_greater(name):
    schedule = SCHEDULES[name]()
    schedule.check(horizon_known=True)
    factors = [schedule.factor(n, 50) for n in range(50)]
    assert factors[0] == 1
    assert (np.diff(factors) <= 0).all()
    assert min(factors) > 0


@pytest.mark.parametrize("schedule", [Constant(), Adaptive()])
def test_constant(schedule):
    assert schedule.factor(10**6, None) == 1


def test_inverse_scaling():
    schedule = InverseScaling(power=0.75, delay=20)
    for n in (0, 1, 20, 333):
        assert schedule.factor(n, None) == pytest.approx(1 / (1 + n / 20) ** 0.75)
    assert InverseScaling().factor(100, None) == pytest.approx(0.5**0.5)


def test_cosine_over_all_steps():
    schedule = Cosine(least=0.2)
    for n in range(9):
        wanted = 0.2 + 0.8 * (np.cos(np.pi * n / 8) + 1) / 2
        assert schedule.factor(n, 8) == pytest.approx(wanted)
    assert schedule.factor(8, 8) == pytest.approx(0.2)


def test_cosine_begins_again_after_a_period():
    schedule = Cosine(period=10)
    first = [schedule.factor(n, None) for n in range(10)]
    again = [schedule.factor(n, None) for n in range(10, 20)]
    np.testing.assert_allclose(again, first)
    assert first[5] == pytest.approx(0.5)
    assert first[0] == 1 > first[9] > 0


def test_what_schedules_say_of_themselves():
    facts = {
        name: (each().is_adaptive, each().uses_all_epochs)
        for name, each in SCHEDULES.items()
    }
    assert facts == {
        "constant": (False, False),
        "invscaling": (False, False),
        "cosine": (False, True),
        "adaptive": (True, False),
    }
    assert not Cosine(period=3).uses_all_epochs


WRONG = [
    InverseScaling(power=0),
    InverseScaling(power=1.1),
    InverseScaling(delay=0),
    InverseScaling(power=np.nan),
    Cosine(period=0),
    Cosine(least=-0.1),
    Cosine(least=1.1),
    Adaptive(divisor=1),
    Adaptive(n_times=-1),
]


@pytest.mark.parametrize("schedule", WRONG, ids=repr)
def test_wrong_parameters(schedule):
    with pytest.raises(ValueError, match=type(schedule).__name__):
        schedule.check(horizon_known=True)


def test_cosine_of_a_stream_needs_a_period():
    with pytest.raises(ValueError, match="period"):
        Cosine().check(horizon_known=False)
    Cosine(period=5).check(horizon_known=False)
