"""The dual solver against the dual written out in full."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtlearn._kernels import solve_dual_rows
from mtlearn.solvers import dual
from mtlearn.solvers.dual import column_root, solve_dual, violations
from mtlearn.solvers.dual_items import DualItems, hinge_items, tube_items
from mtlearn.solvers.kernel_rows import KernelRows
from mtlearn.structures import STRUCTURES
from mtlearn.tasks import TaskTargets
from tests.reference.dual import full_dual, solve_full_dual


def problem(kind, n=25, n_tasks=3, seed=0, share=0.7):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 2))
    K = np.exp(-np.sum((X[:, None] - X) ** 2, axis=2))
    Z = np.sin(2 * X[:, :1]) + 0.5 * rng.normal(size=(n, n_tasks))
    Y = (Z > 0).astype(float) if kind == "classification" else Z
    if kind == "classification":
        Y[:, -1] += Z[:, -1] > 0.8
    Y[rng.random(Y.shape) > share] = np.nan
    weight = rng.integers(1, 4, size=Y.shape)
    tied = [[0, 1]] if n_tasks > 1 else ()
    targets = TaskTargets.read(Y, kind, sample_weight=weight, label_groups=tied)
    if kind == "classification":
        return K, targets, hinge_items(targets, C=2.0)
    return K, targets, tube_items(targets, C=2.0, epsilon=0.1)


def rows_of(K, megabytes=1.0):
    return KernelRows(lambda rows: K[rows], len(K), megabytes)


@pytest.mark.parametrize("kind", ["classification", "regression"])
@pytest.mark.parametrize("structure", ["independent", "mean"])
@pytest.mark.parametrize("sharing", [0.0, 0.6, 1.0])
def test_the_least_value_of_the_full_dual(kind, structure, sharing):
    K, targets, items = problem(kind)
    state, covariance = solve_dual(
        items, rows_of(K), STRUCTURES[structure](), targets, sharing, tol=1e-6,
        max_iter=None,
    )  # fmt: skip
    M = covariance.toarray()
    assert state.converged
    assert state.gap < 1e-3
    found = full_dual(K, M, items, state.beta)
    best = solve_full_dual(K, M, items)
    assert found <= best + 1e-5 * abs(best)
    assert -found <= state.history[-1] <= -best + state.gap + 1e-6


def _state_is_consistent(K, items, state):
    B = np.zeros_like(state.B)
    np.add.at(B, (items.row, items.column), state.beta)
    np.testing.assert_allclose(state.B, B, atol=1e-12)
    np.testing.assert_allclose(state.R, np.float32(K) @ B, atol=1e-5)
    assert (state.beta >= items.low).all()
    assert (state.beta <= items.high).all()
    np.testing.assert_allclose(B.sum(axis=0), 0, atol=1e-9)


@settings(deadline=None, max_examples=25)
@given(
    seed=st.integers(0, 1000),
    n=st.integers(8, 60),
    n_tasks=st.integers(1, 5),
    kind=st.sampled_from(["classification", "regression"]),
    working=st.integers(16, 70),
)
def test_any_working_set_leads_to_the_same(seed, n, n_tasks, kind, working):
    K, targets, items = problem(kind, n, n_tasks, seed)
    structure = STRUCTURES["mean"]()
    values = []
    for most in (working, 4096):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(dual, "WORKING_ROWS", most)
            state, _ = solve_dual(
                items, rows_of(K), structure, targets, 0.5, tol=1e-4, max_iter=5000
            )
        assert state.converged
        _state_is_consistent(K, items, state)
        values.append(state.history[-1] if state.history else 0.0)
    assert values[0] == pytest.approx(values[1], abs=1e-2)


def test_a_small_memory_gives_the_same():
    K, targets, items = problem("classification", n=400, share=0.9)
    structure = STRUCTURES["mean"]()
    args = structure, targets, 0.5
    few, many = rows_of(K, 1e-6), rows_of(K, 10)
    assert few.n_slots == 256
    one, _ = solve_dual(items, few, *args, tol=1e-4, max_iter=None)
    two, _ = solve_dual(items, many, *args, tol=1e-4, max_iter=None)
    _state_is_consistent(K, items, one)
    assert one.history[-1] == pytest.approx(two.history[-1], rel=1e-4)


def test_each_row_is_computed_once_for_all_tasks():
    K, targets, items = problem("classification", n=200, n_tasks=8)
    asked = []

    def compute(rows):
        asked.extend(rows)
        return K[rows]

    kernel_rows = KernelRows(compute, len(K), 10)
    solve_dual(
        items, kernel_rows, STRUCTURES["learned"](), targets, 0.5, tol=1e-3,
        max_iter=None,
    )  # fmt: skip
    assert len(asked) == len(set(asked)) <= 200


def test_rows_that_were_used_last_are_kept():
    K = np.random.default_rng(0).normal(size=(600, 600)).astype(np.float32)
    asked = []

    def compute(rows):
        asked.extend(rows)
        return K[rows]

    rows = KernelRows(compute, 600, 1e-6)
    first, second = np.arange(200), np.arange(200, 256)
    np.testing.assert_array_equal(rows.block(first), K[:200, :200])
    np.testing.assert_array_equal(rows.block(second), K[200:256, 200:256])
    third = np.arange(100, 350)
    np.testing.assert_array_equal(rows.block(third), K[100:350, 100:350])
    assert asked == [*first, *second, *range(256, 350)]
    change = np.random.default_rng(1).normal(size=(250, 2))
    np.testing.assert_allclose(
        rows.transposed_times(third, change), K[third].T @ change, rtol=1e-6, atol=1e-4
    )


def test_the_learned_objective_falls():
    K, targets, items = problem("regression", n=60)
    structure = STRUCTURES["learned"]()
    ends = []

    class Watch:
        max_rounds = structure.max_rounds
        start = structure.start

        def revise(self, W, targets, sharing, previous):
            ends.append(state_of_rounds())
            return structure.revise(W, targets, sharing, previous)

    history = []

    def step(state):
        history[:] = state.history
        return False

    def state_of_rounds():
        return history[-1]

    state, covariance = solve_dual(
        items, rows_of(K), Watch(), targets, 0.7, tol=1e-5, max_iter=None, step=step
    )
    assert len(ends) > 2
    assert np.trace(covariance.toarray()) > 0
    gram = column_root(state, covariance)
    W = covariance.times(state.B)
    np.testing.assert_allclose(gram @ gram.T, W.T @ np.float32(K) @ W, atol=1e-4)
    # From the second round on; the first knows no smoothing.
    assert state.history[-1] <= ends[1] + 1e-3 * abs(ends[1])


def test_violations_of_columns():
    items = DualItems(
        np.array([0, 2, 2, 4]), np.arange(4, dtype=np.int32) % 2,
        np.array([1.0, -1.0, 1.0, -1.0]), np.array([0.0, -1, 0, -1]),
        np.array([1.0, 0, 1, 0]),
    )  # fmt: skip
    beta = np.array([0.0, 0, 1, -1])
    slope, gaps, up, low = violations(items, beta, np.zeros((2, 3)))
    np.testing.assert_array_equal(slope, items.target)
    np.testing.assert_array_equal(gaps, [2, -np.inf, -2])
    np.testing.assert_array_equal(up, [1, -np.inf, -np.inf, -1])
    np.testing.assert_array_equal(low, [np.inf, -1, 1, np.inf])


def test_the_kernel_refuses_arrays_that_do_not_fit():
    def call(**changed):
        given = {
            "kernel": np.eye(3, dtype=np.float32), "covariance": np.eye(2),
            "start": np.array([0, 2, 3]), "row": np.array([0, 1, 2], dtype=np.int32),
            "target": np.ones(3), "low": -np.ones(3), "high": np.ones(3),
            "beta": np.zeros(3), "scores": np.zeros((2, 3)),
            "change": np.zeros((2, 3)), "tol": 1e-3, "max_steps": 10,
        }  # fmt: skip
        return solve_dual_rows(**{**given, **changed})

    assert call() == 0
    assert call(target=np.array([1.0, -1.0, 0.0])) > 0
    for wrong in (
        {"kernel": np.ones((3, 2), dtype=np.float32)}, {"scores": np.zeros((3, 2))},
        {"change": np.zeros((2, 2))}, {"beta": np.zeros(2)},
        {"start": np.array([0, 2, 2])}, {"start": np.array([0, 3, 3, 3])},
        {"start": np.array([0, 4, 3])}, {"row": np.array([0, 1, 3], dtype=np.int32)},
        {"row": np.array([0, 1, -1], dtype=np.int32)},
    ):  # fmt: skip
        with pytest.raises(ValueError, match="must"):
            call(**wrong)
