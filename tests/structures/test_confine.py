"""Penalties for stochastic steps: averages with exact zeros, and steps per entry."""

import numpy as np
import pytest

from mtlearn.structures.penalties import EntryNorm, RowNorm, TieMean, TraceNorm

TIE = np.array([3, 1, 3, 1])
PENALTIES = {
    "trace norm": TraceNorm(0.7),
    "row norm": RowNorm(0.7),
    "entry norm": EntryNorm(0.7),
    "weighted entry norm": EntryNorm(np.array([0.1, 0.5, 1, 2])),
    "tied columns": TieMean(TIE, 0.4),
}
# Shapes of steps (d, K) that a penalty's proximal map can take.
STEPS = {
    "entry": [(6, 4), (6, 1), (1, 4), (1, 1), ()],
    "feature": [(6, 1), (1, 1), ()],
    "whole": [()],
}


@pytest.fixture(params=PENALTIES)
def penalty(request):
    return PENALTIES[request.param]


def iterates(penalty, dtype=np.float64, n=4, step=0.8):
    """Proximal steps of nearby matrices (6, 4), and the mean of the results."""
    rng = np.random.default_rng(0)
    W = rng.normal(size=(6, 4))
    found = [
        penalty.prox((W + 0.5 * rng.normal(size=(6, 4))).astype(dtype), step)
        for _ in range(n)
    ]
    return sum(found) / n, found[-1]


@pytest.mark.parametrize("name", ["row norm", "entry norm", "weighted entry norm"])
def test_zeros_are_exactly_those_of_the_last_iterate(name):
    mean, last = iterates(PENALTIES[name], step=3.2 if name == "row norm" else 0.8)
    assert 0 < (last == 0).sum() < (last.size)
    assert ((mean != 0) & (last == 0)).any()
    found = PENALTIES[name].confine(mean, last)
    np.testing.assert_array_equal(found == 0, last == 0)
    np.testing.assert_array_equal(found[last != 0], mean[last != 0])


def test_a_row_of_which_some_entries_are_zero_is_kept():
    like = np.array([[1.0, 0], [0, 0], [0, -2]])
    found = RowNorm().confine(np.full((3, 2), 5.0), like)
    np.testing.assert_array_equal(found, [[5, 5], [0, 0], [5, 5]])


@pytest.mark.parametrize("shape", [(6, 4), (4, 6)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_directions_are_those_of_the_last_iterate(dtype, shape):
    rng = np.random.default_rng(0)
    like = rng.normal(size=shape)
    step = np.linalg.svd(like)[1][1:3].mean()
    like = TraceNorm().prox(like.astype(dtype), step)
    W = rng.normal(size=shape).astype(dtype)
    found = TraceNorm().confine(W, like)
    assert np.linalg.matrix_rank(found) == np.linalg.matrix_rank(like) == 2
    U, _, Vt = np.linalg.svd(like)
    left, right = U[:, :2] @ U[:, :2].T, Vt[:2].T @ Vt[:2]
    # The nearest of all matrices with these directions.
    np.testing.assert_allclose(found, left @ W @ right, atol=1e-5)


def test_the_last_iterate_itself_is_kept(penalty):
    _, last = iterates(penalty)
    np.testing.assert_allclose(penalty.confine(last, last), last, atol=1e-14)


def test_twice_is_once(penalty):
    mean, last = iterates(penalty)
    once = penalty.confine(mean, last)
    np.testing.assert_allclose(penalty.confine(once, last), once, atol=1e-14)


def test_like_nothing(penalty):
    mean, last = iterates(penalty)
    found = penalty.confine(mean, 0 * last)
    np.testing.assert_array_equal(found, mean * isinstance(penalty, TieMean))


def test_means_of_tied_columns_are_tied():
    penalty = PENALTIES["tied columns"]
    found = penalty.confine(*iterates(penalty))
    np.testing.assert_array_equal(found[:, :2], found[:, 2:])


def test_inputs_are_kept_and_so_is_float32(penalty):
    mean, last = iterates(penalty, np.float32)
    before = mean.copy(), last.copy()
    assert mean.dtype == penalty.confine(mean, last).dtype == np.float32
    np.testing.assert_array_equal(mean, before[0])
    np.testing.assert_array_equal(last, before[1])


def cases():
    for name, penalty in PENALTIES.items():
        for shape in STEPS[penalty.granularity]:
            yield pytest.param(penalty, shape, id=f"{name} {shape}")


@pytest.mark.parametrize(("penalty", "shape"), list(cases()))
def test_array_steps_are_scalar_steps_of_each_entry(penalty, shape):
    rng = np.random.default_rng(0)
    W, step = rng.normal(size=(6, 4)), rng.uniform(0.05, 1.5, size=shape)
    found = penalty.prox(W, step)
    everywhere = np.broadcast_to(step, W.shape)
    for place in np.ndindex(W.shape):
        wanted = penalty.prox(W, float(everywhere[place]))[place]
        assert found[place] == pytest.approx(wanted, abs=1e-14)
    assert penalty.prox(W.astype(np.float32), step).dtype == np.float32


def test_steps_of_zero_change_nothing():
    W = np.random.default_rng(0).normal(size=(6, 4))
    for name, penalty in PENALTIES.items():
        if name != "tied columns":
            np.testing.assert_allclose(penalty.prox(W, 0.0), W, atol=1e-14)


def test_a_weight_for_each_column():
    W = np.random.default_rng(0).normal(size=(6, 4))
    weight = np.array([0.0, 0.5, 1, 2])
    penalty = EntryNorm(weight)
    columns = [EntryNorm(each) for each in weight]
    wanted = [one.value(w[:, None]) for one, w in zip(columns, W.T)]
    assert penalty.value(W) == pytest.approx(sum(wanted))
    for step in (0.3, np.random.default_rng(1).random((6, 4))):
        steps = np.broadcast_to(step, W.shape).T
        wanted = [one.prox(w, s) for one, w, s in zip(columns, W.T, steps)]
        np.testing.assert_allclose(penalty.prox(W, step), np.transpose(wanted))
    np.testing.assert_array_equal(penalty.prox(W, 0.3)[:, 0], W[:, 0])
