"""Penalties with exact zeros: optimality conditions, and scikit-learn's lassos."""

import numpy as np
import pytest
from sklearn.linear_model import Lasso, MultiTaskLasso

from mtlearn.losses import (
    Huber,
    Logistic,
    Squared,
    SquaredEpsilonInsensitive,
    SquaredHinge,
)
from mtlearn.solvers import LinearObjective, layouts, solve
from mtlearn.structures import (
    JointSparse,
    LowRank,
    Mean,
    SharedPlusLowRank,
    SharedPlusSparse,
)
from mtlearn.tasks import TaskTargets
from tests.solvers.problems import LAYOUTS, mixed_labels, numbers, signs

ATOL = 1e-5
LOSSES = {
    "squared_hinge": SquaredHinge(),
    "logistic": Logistic(),
    "squared": Squared(),
    "huber": Huber(0.5),
    "squared_tube": SquaredEpsilonInsensitive(0.2),
}


@pytest.fixture(params=LOSSES, ids=str)
def loss(request):
    return LOSSES[request.param]


def problem(loss, hidden=0.2):
    make = signs if loss.kind == "classification" else numbers
    X, Y = make(40, 6, hidden=hidden)
    return X, Y, TaskTargets.read(Y, loss.kind, label_groups="all")


def fit(data, loss, structure, sharing=0.5, C=0.3, tol=1e-8, **options):
    """State, and the slope of the losses in W and b at it."""
    X, _, targets = data
    made = LinearObjective(X, targets, loss, C, **options)
    state, covariance = solve(made, structure, targets, sharing, tol=tol, max_iter=100)
    assert state.converged
    assert covariance is None
    np.testing.assert_allclose(sum(state.parts), state.W, atol=1e-12)
    Z = made.forward(state.W, state.b)
    return state, made.backward(made.gradient(Z))


def assert_trace_norm_slope(W, G, weight=1.0):
    """-G is a slope of the norm: UV' where W has directions, at most 1 elsewhere."""
    U, s, Vt = np.linalg.svd(W, full_matrices=False)
    U, Vt = U[:, s > 1e-9], Vt[s > 1e-9]
    np.testing.assert_allclose(-G @ Vt.T, weight * U, atol=ATOL)
    np.testing.assert_allclose(-U.T @ G, weight * Vt, atol=ATOL)
    assert np.linalg.norm(G, 2) <= weight + ATOL


def assert_row_norm_slope(W, G, weight=1.0):
    norm = np.linalg.norm(W, axis=1)
    used = norm > 0
    np.testing.assert_allclose(-G[used], weight * W[used] / norm[used, None], atol=ATOL)
    assert (np.linalg.norm(G[~used], axis=1) <= weight + ATOL).all()


def assert_entry_norm_slope(W, G):
    np.testing.assert_allclose(-G[W != 0], np.sign(W[W != 0]), atol=ATOL)
    assert (np.abs(G[W == 0]) <= 1 + ATOL).all()


def test_low_rank(loss):
    state, (G, db) = fit(problem(loss), loss, LowRank())
    assert_trace_norm_slope(state.W, G)
    np.testing.assert_allclose(db, 0, atol=ATOL)
    assert LowRank().facts(state, None, None) == {
        "rank_": np.linalg.matrix_rank(state.W)
    }


def test_low_rank_has_few_directions():
    data = problem(Squared())
    ranks = [
        LowRank().facts(fit(data, Squared(), LowRank(), C=C)[0], None, None)["rank_"]
        for C in (1e-3, 0.02, 10.0)
    ]
    assert ranks == [0, 1, 3]


def test_joint_sparse(loss):
    state, (G, db) = fit(problem(loss), loss, JointSparse())
    assert_row_norm_slope(state.W, G)
    np.testing.assert_allclose(db, 0, atol=ATOL)


def test_joint_sparse_selects_features():
    state, _ = fit(problem(Squared()), Squared(), JointSparse(), C=0.1)
    selected = JointSparse().facts(state, None, None)["selected_features_"]
    assert 0 < selected.sum() < 6
    np.testing.assert_array_equal(state.W[~selected], 0)


@pytest.mark.parametrize("sharing", [0.3, 0.8])
def test_shared_plus_sparse(loss, sharing):
    """Each part has the slope of its own penalty: neither could do with less."""
    state, (G, db) = fit(problem(loss), loss, SharedPlusSparse(), sharing)
    entries, rows = state.parts
    r = (1 - sharing) * np.sqrt(3) + sharing
    assert_row_norm_slope(rows, G, r)
    assert_entry_norm_slope(entries, G)
    np.testing.assert_allclose(db, 0, atol=ATOL)


@pytest.mark.parametrize("sharing", [0.3, 0.8])
def test_shared_plus_low_rank(loss, sharing):
    data = problem(loss)
    state, (G, db) = fit(data, loss, SharedPlusLowRank(), sharing)
    low_rank, common = state.parts
    assert_trace_norm_slope(low_rank, G, 1 / (1 - sharing))
    np.testing.assert_allclose(common, np.repeat(common[:, :1], 3, axis=1))
    np.testing.assert_allclose(-G.sum(axis=1), common[:, 0] / sharing, atol=ATOL)
    np.testing.assert_allclose(db, 0, atol=ATOL)
    shared, member = SharedPlusLowRank().shared_part(state, None, data[2], sharing)
    np.testing.assert_allclose(shared, [common[:, 0]])
    np.testing.assert_array_equal(member, 0)


def test_infimal_convolution_is_no_worse_than_either_penalty_alone():
    data, loss = problem(Squared()), Squared()
    rows, _ = fit(data, loss, JointSparse())
    entries, _ = fit(data, loss, SharedPlusSparse(), 0.0)
    r = 0.5 * np.sqrt(3) + 0.5
    both, _ = fit(data, loss, SharedPlusSparse(), 0.5)

    def cost(state, penalty):
        made = LinearObjective(data[0], data[2], loss, 0.3)
        return made.value(made.forward(state.W, state.b)) + penalty

    row_norm = np.linalg.norm(rows.W, axis=1).sum()
    assert both.history[-1] <= cost(rows, r * row_norm) + 1e-9
    assert both.history[-1] <= cost(entries, np.abs(entries.W).sum()) + 1e-9


def test_ends_of_shared_plus_low_rank(loss):
    data = problem(loss)
    start, _ = fit(data, loss, SharedPlusLowRank(), 0.0)
    np.testing.assert_allclose(start.W, fit(data, loss, LowRank())[0].W, atol=1e-5)
    end, _ = fit(data, loss, SharedPlusLowRank(), 1.0)
    X, _, targets = data
    made = LinearObjective(X, targets, loss, 0.3)
    pooled, _ = solve(made, Mean(), targets, 1.0, tol=1e-9, max_iter=100)
    np.testing.assert_allclose(end.W, pooled.W, atol=1e-5)
    assert SharedPlusLowRank().facts(end, None, targets) == {"rank_": 0}


def test_ends_of_shared_plus_sparse(loss):
    data = problem(loss)
    start, (G, _) = fit(data, loss, SharedPlusSparse(), 0.0)
    assert_entry_norm_slope(start.W, G)
    shared, _ = SharedPlusSparse().shared_part(start, None, data[2], 0.0)
    np.testing.assert_array_equal(shared, 0)
    end, _ = fit(data, loss, SharedPlusSparse(), 1.0)
    np.testing.assert_allclose(end.W, fit(data, loss, JointSparse())[0].W, atol=1e-5)
    shared, _ = SharedPlusSparse().shared_part(end, None, data[2], 1.0)
    np.testing.assert_array_equal(shared, end.W.T)


@pytest.mark.parametrize("alpha", [0.03, 0.3])
def test_joint_sparse_is_the_multi_task_lasso(alpha):
    data = problem(Squared(), hidden=0)
    state, _ = fit(data, Squared(), JointSparse(), C=1 / (40 * alpha))
    wanted = MultiTaskLasso(alpha=alpha, tol=1e-12, max_iter=100_000).fit(*data[:2])
    np.testing.assert_allclose(state.W.T, wanted.coef_, atol=1e-6)
    np.testing.assert_array_equal(state.W.any(axis=1), wanted.coef_.any(axis=0))


@pytest.mark.parametrize("alpha", [0.03, 0.3])
def test_shared_plus_sparse_at_0_is_a_lasso_per_task(alpha):
    data = problem(Squared(), hidden=0)
    state, _ = fit(data, Squared(), SharedPlusSparse(), 0.0, C=1 / (40 * alpha))
    for w, y in zip(state.W.T, data[1].T):
        wanted = Lasso(alpha=alpha, tol=1e-12, max_iter=100_000).fit(data[0], y).coef_
        np.testing.assert_allclose(w, wanted, atol=1e-6)
        np.testing.assert_array_equal(w != 0, wanted != 0)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("structure", [LowRank(), JointSparse()])
def test_softmax(monkeypatch, layout, structure):
    monkeypatch.setattr(layouts, "DENSE_SHARE", LAYOUTS[layout])
    X, Y = mixed_labels(40)
    data = X, Y, TaskTargets.read(Y[:, [1, 3]], "classification")
    state, (G, db) = fit(data, Logistic(), structure)
    check = {LowRank: assert_trace_norm_slope, JointSparse: assert_row_norm_slope}
    check[type(structure)](state.W, G)
    np.testing.assert_allclose(db, 0, atol=ATOL)


def test_without_intercepts(loss):
    state, (G, _) = fit(problem(loss), loss, JointSparse(), fit_intercept=False)
    assert_row_norm_slope(state.W, G)
    np.testing.assert_array_equal(state.b, 0)


@pytest.mark.parametrize("structure", [LowRank(), SharedPlusSparse()])
def test_more_features_than_rows_and_float32(structure):
    X, Y = numbers(20, 50)
    wide = X, Y, TaskTargets.read(Y, "regression")
    state, (G, _) = fit(wide, Squared(), structure)
    if isinstance(structure, LowRank):
        assert_trace_norm_slope(state.W, G)
    single = X.astype(np.float32), *wide[1:]
    coarse, _ = fit(single, Squared(), structure, tol=1e-4)
    assert coarse.W.dtype == np.float32
    np.testing.assert_allclose(coarse.W, state.W, atol=1e-2)


def test_a_start_near_the_solution_saves_steps():
    X, _, targets = problem(Squared())
    made = LinearObjective(X, targets, Squared(), 0.3)
    for structure in (LowRank(), JointSparse()):
        options = {"tol": 1e-6, "max_iter": 100}
        cold, _ = solve(made, structure, targets, 0.5, **options)
        warm, _ = solve(
            made, structure, targets, 0.5, start=(cold.W, cold.b), **options
        )
        assert warm.n_iter < cold.n_iter / 3
        np.testing.assert_allclose(warm.W, cold.W, atol=1e-4)


def test_a_true_step_stops_the_run():
    X, _, targets = problem(Squared())
    made = LinearObjective(X, targets, Squared(), 0.3)
    state, _ = solve(
        made, JointSparse(), targets, 0.5, tol=1e-9, max_iter=9,
        step=lambda state: state.n_iter == 2,
    )  # fmt: skip
    assert (state.n_iter, state.stopped, state.converged) == (2, True, False)
