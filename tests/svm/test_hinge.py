"""MultiTaskLinearSVC with the hinge loss: the objective of scikit-learn's SVC."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.svm import SVC

from mtlearn.linear_model import two_part
from mtlearn.svm import MultiTaskLinearSVC
from tests.contract import tying

# A gap of 1e-7 of the objective leaves about 1e-3 in the coefficients.
EXACT = {"loss": "hinge", "tol": 1e-7, "max_iter": 1000}


def binary_tasks(n=80, d=5, T=3, hidden=0.2):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, d)) + 0.5
    W = rng.normal(size=(d, 1)) + 0.5 * rng.normal(size=(d, T))
    Y = np.where(X @ W - 0.5 + rng.normal(size=(n, T)) > 0, 1.0, -1.0)
    Y[rng.random((n, T)) < hidden] = np.nan
    return X, Y


def fit(X, Y, **params):
    return MultiTaskLinearSVC(**{**EXACT, **params}).fit(X, Y)


def objective(model, X, Y, C, M):
    """Of 2-D binary labels, by hand."""
    Z, W = X @ model.coef_.T + model.intercept_, model.coef_.T
    loss = np.where(np.isnan(Y), 0, np.maximum(0, 1 - np.nan_to_num(Y) * Z))
    return C * loss.sum() + np.trace(W @ np.linalg.inv(M) @ W.T) / 2


@pytest.mark.parametrize("C", [0.01, 0.3, 10.0])
@pytest.mark.parametrize("shape", [(80, 5), (30, 60)])
def test_one_task_is_svc(C, shape):
    X, Y = binary_tasks(*shape, T=1, hidden=0)
    weight = np.arange(len(X)) % 3 + 0.5
    peer = SVC(kernel="linear", C=C, tol=1e-8).fit(X, Y[:, 0], sample_weight=weight)
    ours = MultiTaskLinearSVC(C=C, **EXACT).fit(X, Y[:, 0], sample_weight=weight)
    np.testing.assert_allclose(ours.coef_, peer.coef_, atol=2e-3)
    mine, theirs = (total(model, X, Y[:, 0], C * weight) for model in (ours, peer))
    assert theirs * (1 - 1e-4) < mine < theirs * (1 + 1e-6)


def total(model, X, y, weight):
    loss = np.maximum(0, 1 - y * model.decision_function(X))
    return weight @ loss + np.sum(model.coef_**2) / 2


def test_intercept_is_that_of_svc():
    X, Y = binary_tasks(T=1, hidden=0)
    peer = SVC(kernel="linear", tol=1e-5).fit(X, Y[:, 0])
    ours = fit(X, Y[:, 0])
    np.testing.assert_allclose(ours.intercept_, peer.intercept_, atol=2e-3)
    np.testing.assert_array_equal(ours.predict(X), peer.predict(X))


def test_independent_tasks_are_svc_each():
    X, Y = binary_tasks()
    model = fit(X, Y, structure="independent")
    for t, y in enumerate(Y.T):
        seen = ~np.isnan(y)
        peer = SVC(kernel="linear", tol=1e-5).fit(X[seen], y[seen])
        np.testing.assert_allclose(model.coef_[t], peer.coef_[0], atol=2e-3)


def test_several_classes_are_one_against_the_rest():
    X, _ = binary_tasks()
    y = np.digitize(X[:, 0] + 0.3 * X[:, 1], [0, 1])
    model = fit(X, y, structure="independent")
    for k in range(3):
        peer = SVC(kernel="linear", tol=1e-5).fit(X, y == k)
        np.testing.assert_allclose(model.coef_[k], peer.coef_[0], atol=2e-3)


@pytest.mark.parametrize(("lambda_", "gamma"), [(2.0, 1.0), (0.5, 4.0)])
def test_mean_is_svc_of_the_two_part_kernel(lambda_, gamma):
    """One SVC of K((x,t),(z,u)) = x'z (1/gamma + [t=u]/lambda)."""
    X, Y = binary_tasks()
    row, task = np.nonzero(~np.isnan(Y))
    # A constant feature for each task stands in for its free intercept.
    own = np.eye(3)[task]
    kernel = (X[row] @ X[row].T) * (1 / gamma + (own @ own.T) / lambda_)
    kernel += 100 * own @ own.T
    peer = SVC(kernel="precomputed", C=1.0, tol=1e-6).fit(kernel, Y[row, task])
    alpha = np.zeros(len(row))
    alpha[peer.support_] = peer.dual_coef_[0]
    shared = alpha @ X[row] / gamma
    W = shared + (own * alpha[:, None]).T @ X[row] / lambda_
    model = fit(X, Y, **tying("mean", range(3)), **two_part(lambda_, gamma))
    np.testing.assert_allclose(model.coef_, W, atol=3e-3)
    np.testing.assert_allclose(model.coef_shared_[0], shared, atol=3e-3)


@pytest.mark.parametrize("structure", ["independent", "mean"])
@pytest.mark.parametrize("tol", [0.3, 1e-2, 1e-5])
def test_duality_gap_is_a_proven_bound(structure, tol):
    X, Y = binary_tasks()
    params = tying(structure, range(3))
    loose, exact = fit(X, Y, tol=tol, **params), fit(X, Y, **params)
    M = exact.column_covariance_
    best, ours = (objective(m, X, Y, 1.0, M) for m in (exact, loose))
    assert loose.duality_gap_ <= tol * ours
    assert best - exact.duality_gap_ <= ours <= best + loose.duality_gap_
    assert exact.duality_gap_ < loose.duality_gap_


def test_no_gap_is_left_over_from_another_loss():
    X, Y = binary_tasks()
    model = fit(X, Y)
    assert model.duality_gap_ >= 0
    model.set_params(loss="squared_hinge").fit(X, Y)
    assert not hasattr(model, "duality_gap_")


@pytest.mark.parametrize("structure", ["mean", "graph", "clustered", "learned"])
def test_sharing_0_is_independent(structure):
    X, Y = binary_tasks()
    model = fit(X, Y, sharing=0, **tying(structure))
    alone = fit(X, Y, structure="independent")
    np.testing.assert_allclose(model.coef_, alone.coef_, atol=2e-3)


def test_learned_ends_below_independent_and_near_its_own_optimum():
    X, Y = binary_tasks()
    model = fit(X, Y, sharing=0.8, tol=1e-5)
    again = fit(X, Y, sharing=0.8)
    assert model.objective_path_[-1] == pytest.approx(
        again.objective_path_[-1], rel=1e-3
    )
    assert model.duality_gap_ <= 1e-5 * model.objective_path_[-1]


@pytest.mark.parametrize(
    "structure",
    ["low_rank", "joint_sparse", "shared_plus_low_rank", "shared_plus_sparse"],
)
def test_penalties_need_the_square(structure):
    X, Y = binary_tasks()
    with pytest.raises(ValueError, match=f"'{structure}' needs.*Hinge is not.*squared"):
        fit(X, Y, structure=structure)


def test_sparse_X_equals_dense():
    X, Y = binary_tasks()
    X[np.abs(X) < 0.7] = 0
    dense, thin = fit(X, Y), fit(sparse.csr_array(X), Y)
    np.testing.assert_allclose(dense.coef_, thin.coef_, atol=2e-3)


def test_float32():
    X, Y = binary_tasks()
    double = fit(X, Y, structure="independent")
    single = fit(X.astype(np.float32), Y, structure="independent", tol=1e-4)
    assert single.coef_.dtype == np.float32
    np.testing.assert_allclose(single.coef_, double.coef_, atol=0.05)


def test_default_tolerance_is_enough():
    X, Y = binary_tasks()
    default = MultiTaskLinearSVC(loss="hinge", structure="independent").fit(X, Y)
    assert default.converged_
    best = objective(fit(X, Y, structure="independent"), X, Y, 1.0, np.eye(3))
    assert objective(default, X, Y, 1.0, np.eye(3)) == pytest.approx(best, rel=1e-4)
