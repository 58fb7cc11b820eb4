"""Penalties: values by hand, proximal maps against a general optimiser."""

import numpy as np
import pytest
from scipy.optimize import minimize

from mtlearn.structures import JointSparse, LowRank, SharedPlusLowRank, SharedPlusSparse
from mtlearn.structures.penalties import EntryNorm, RowNorm, TieMean, TraceNorm
from tests.reference.columns import columns

PENALTIES = {
    "trace norm": TraceNorm(0.7),
    "row norm": RowNorm(0.7),
    "entry norm": EntryNorm(0.7),
}
TIE = np.array([3, 1, 3])


def random_coef(d=2, K=3, dtype=np.float64):
    return np.random.default_rng(0).normal(size=(d, K)).astype(dtype)


@pytest.mark.parametrize("name", PENALTIES)
@pytest.mark.parametrize("step", [0.1, 0.8, 2.0])
def test_prox_is_the_minimiser(name, step):
    penalty, W = PENALTIES[name], random_coef()

    def cost(flat):
        P = flat.reshape(W.shape)
        return penalty.value(P) + np.sum((P - W) ** 2) / (2 * step)

    found = penalty.prox(W, step)
    best = minimize(cost, W.ravel(), method="Powell", options={"xtol": 1e-8})
    assert cost(found.ravel()) <= best.fun + 1e-9
    # Exactly the minimiser of a strongly convex cost rises like this around itself.
    rng = np.random.default_rng(1)
    for scale in (1e-3, 0.1, 1.0):
        for _ in range(50):
            move = scale * rng.normal(size=W.size)
            rise = cost(found.ravel() + move) - cost(found.ravel())
            assert rise >= move @ move / (2 * step) - 1e-9


@pytest.mark.parametrize("variance", [0.4, 1.0, 0.0])
@pytest.mark.parametrize("step", [0.1, 2.0])
def test_prox_of_tied_columns(variance, step):
    penalty, W = TieMean(TIE, variance), random_coef()
    found = penalty.prox(W, step)
    np.testing.assert_array_equal(found[:, 0], found[:, 2])
    for tie in (1, 3):
        own = W[:, tie == TIE]
        if variance == 0:
            wanted = np.zeros(2)
        else:  # |w|^2 / (2 variance) + sum_k |w - w_k|^2 / (2 step) is least
            weight = 1 / variance + own.shape[1] / step
            wanted = own.sum(axis=1) / step / weight
        np.testing.assert_allclose(found[:, np.argmax(tie == TIE)], wanted)
    if variance > 0:
        w = found[:, [1, 0]]
        assert penalty.value(found) == pytest.approx(np.sum(w**2) / (2 * variance))
    else:
        assert penalty.value(found) == 0


@pytest.mark.parametrize("smoothing", [0.5, 1e-8])
def test_quadratic_majorisers(smoothing):
    """At or above the penalty everywhere; with little smoothing they touch it at W."""
    W, rng = random_coef(5, 3), np.random.default_rng(1)
    trace, row = PENALTIES["trace norm"], PENALTIES["row norm"]
    M, m = trace.covariance(W, smoothing), row.feature_root(W, smoothing) ** 2
    D = np.linalg.matrix_power(trace.feature_root(W, smoothing), 2)

    def by_columns(P):
        return (np.trace(P @ np.linalg.inv(M) @ P.T) + 0.7**2 * np.trace(M)) / 2

    def by_features(P):
        return (np.trace(P.T @ np.linalg.inv(D) @ P) + 0.7**2 * np.trace(D)) / 2

    def by_rows(P):
        return (np.sum(np.sum(P**2, axis=1) / m) + 0.7**2 * m.sum()) / 2

    for penalty, quadratic in [
        (trace, by_columns),
        (trace, by_features),
        (row, by_rows),
    ]:
        for P in [W, *rng.normal(size=(30, 5, 3))]:
            assert penalty.value(P) <= quadratic(P) + 1e-9
        if smoothing < 1e-6:
            assert penalty.value(W) == pytest.approx(quadratic(W))


def test_covariance_of_tied_columns():
    found = TieMean(TIE, 0.4).covariance(None, 0.1)
    np.testing.assert_array_equal(found, [[0.4, 0, 0.4], [0, 0.4, 0], [0.4, 0, 0.4]])


def test_values_by_hand():
    W = np.array([[3.0, 0], [0, -4]])
    assert TraceNorm().value(W) == pytest.approx(7)
    assert RowNorm(2.0).value(W) == pytest.approx(14)
    assert EntryNorm().value(np.array([[3.0, -4], [1, 0]])) == 8
    assert RowNorm().value(np.array([[3.0, -4], [1, 0]])) == 6
    assert TieMean([0, 0], 0.5).value(np.array([[3.0, 3], [1, 1]])) == pytest.approx(10)


def test_zeros_are_exact():
    W = random_coef(6, 4)
    singular = np.linalg.svd(W, compute_uv=False)
    shrunk = TraceNorm().prox(W, (singular[1] + singular[2]) / 2)
    assert np.linalg.matrix_rank(shrunk) == 2
    rows = np.linalg.norm(W, axis=1)
    shrunk = RowNorm().prox(W, np.median(rows))
    np.testing.assert_array_equal(shrunk.any(axis=1), rows > np.median(rows))
    shrunk = EntryNorm().prox(W, 0.5)
    np.testing.assert_array_equal(shrunk != 0, np.abs(W) > 0.5)
    for penalty in PENALTIES.values():
        np.testing.assert_array_equal(penalty.prox(W, 100.0), 0)
        np.testing.assert_array_equal(penalty.prox(0 * W, 0.1), 0)


@pytest.mark.parametrize("penalty", [*PENALTIES.values(), TieMean(TIE, 0.3)])
def test_float32_is_kept(penalty):
    W = random_coef(dtype=np.float32)
    assert penalty.prox(W, 0.1).dtype == np.float32
    assert penalty.prox(W, np.float32(0.1)).dtype == np.float32


@pytest.mark.parametrize("penalty", [*PENALTIES.values(), TieMean(TIE, 0.3)])
def test_rotation_invariant_where_it_says_so(penalty):
    W = random_coef(5)
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(5, 5)))[0]
    same = np.allclose(penalty.prox(turn @ W, 0.2), turn @ penalty.prox(W, 0.2))
    assert same == penalty.rotation_invariant


@pytest.mark.parametrize(
    ("structure", "sharing", "expected"),
    [
        (LowRank(), 0.5, [(TraceNorm, 1)]),
        (JointSparse(), 0.5, [(RowNorm, 1)]),
        (SharedPlusSparse(), 0.0, [(EntryNorm, 1)]),
        (SharedPlusSparse(), 0.5, [(EntryNorm, 1), (RowNorm, 1.5)]),
        (SharedPlusSparse(), 1.0, [(RowNorm, 1)]),
        (SharedPlusLowRank(), 0.0, [(TraceNorm, 1), (TieMean, 0)]),
        (SharedPlusLowRank(), 0.75, [(TraceNorm, 4), (TieMean, 0.75)]),
        (SharedPlusLowRank(), 1.0, [(TieMean, 1)]),
    ],
)
def test_penalties_of_structures(structure, sharing, expected):
    found = structure.penalties(columns([0, 0, 1, 1]), sharing)
    strength = {TieMean: "variance"}
    assert [
        (type(p), getattr(p, strength.get(type(p), "weight"))) for p in found
    ] == expected
