"""Descent ends where Newton's steps end: alpha = 1 / (C n)."""

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.linear_model import ElasticNet, Lasso, LogisticRegression

from mtlearn.linear_model import (
    MixedTaskSGD,
    MultiTaskLogisticRegression,
    MultiTaskRidge,
    MultiTaskSGDClassifier,
    MultiTaskSGDRegressor,
)
from mtlearn.svm import MultiTaskLinearSVC, MultiTaskLinearSVR
from tests.reference import linear

C = 0.2
EXACT = {"tol": 1e-10, "max_iter": 1000}
FULL = {"batch_size": 10_000, "tol": None, "average": False, "max_iter": 2000}
GRAPH = {"structure": "graph", "task_graph": [[0, 1, 0], [1, 0, 2], [0, 2, 0]]}
SAME = {"structure": "mean", "label_groups": "all"}
TIES = {
    "independent": {"structure": "independent"},
    "mean": SAME,
    "pooled": {**SAME, "sharing": 1},
    "graph": {**GRAPH, "label_groups": "all"},
}
PENALTIES = {
    "low_rank": {"structure": "low_rank"},
    "joint_sparse": {"structure": "joint_sparse"},
    "shared_plus_low_rank": {
        "structure": "shared_plus_low_rank",
        "label_groups": "all",
    },
}


def number_tasks(n=80, d=5, T=3):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, d)) * np.linspace(1, 3, d) + 1
    W = rng.normal(size=(d, 1)) + 0.5 * rng.normal(size=(d, T))
    return X, X @ W + 2 + rng.standard_t(3, size=(n, T))


def label_tasks(n=80, d=5, T=3):
    X, Y = number_tasks(n, d, T)
    return X, (Y > np.median(Y, axis=0)).astype(float)


def hide(Y):
    """A fifth of all labels, and all those of six rows."""
    Y = np.where(np.random.default_rng(1).random(Y.shape) < 0.2, np.nan, Y)
    Y[10:16] = np.nan
    return Y


def n_labelled(Y):
    return (~np.isnan(Y.reshape(len(Y), -1))).any(axis=1).sum()


def descent(cls, X, Y, weight=None, **params):
    alpha = 1 / (C * n_labelled(Y))
    return cls(alpha=alpha, **{**FULL, **params}).fit(X, Y, sample_weight=weight)


def newton(cls, X, Y, weight=None, **params):
    return cls(C=C, **{**EXACT, **params}).fit(X, Y, sample_weight=weight)


def assert_same(one, two, atol=1e-4):
    np.testing.assert_allclose(one.coef_, two.coef_, atol=atol)
    np.testing.assert_allclose(one.intercept_, two.intercept_, atol=atol)


# Label tasks.


@pytest.mark.parametrize("ties", [*TIES, *PENALTIES])
def test_logistic(ties):
    X, Y = label_tasks()
    params = {**TIES, **PENALTIES}[ties]
    found = descent(MultiTaskSGDClassifier, X, Y, **params)
    assert_same(found, newton(MultiTaskLogisticRegression, X, Y, **params))


@pytest.mark.parametrize("ties", TIES)
def test_squared_hinge(ties):
    X, Y = label_tasks()
    found = descent(MultiTaskSGDClassifier, X, Y, loss="squared_hinge", **TIES[ties])
    assert_same(found, newton(MultiTaskLinearSVC, X, Y, **TIES[ties]))


@pytest.mark.parametrize("ties", TIES)
def test_softmax(ties):
    X, Y = number_tasks()
    Y = np.digitize(Y, [-4.0, 4.0]).astype(float)
    found = descent(MultiTaskSGDClassifier, X, Y, **TIES[ties])
    assert found.coef_.shape == (9, 5)
    assert_same(found, newton(MultiTaskLogisticRegression, X, Y, **TIES[ties]))


# Number tasks.


@pytest.mark.parametrize("ties", [*TIES, "low_rank", "joint_sparse"])
@pytest.mark.parametrize("params", [{}, {"loss": "huber", "delta": 0.5}])
def test_squared_and_huber(ties, params):
    X, Y = number_tasks()
    params = {**params, **{**TIES, **PENALTIES}[ties]}
    if "label_groups" in params:
        params["label_groups"] = None
    found = descent(MultiTaskSGDRegressor, X, Y, **params)
    best = newton(MultiTaskRidge, X, Y, **params)
    assert_same(found, best)
    np.testing.assert_allclose(found.target_scale_, best.target_scale_)


@pytest.mark.parametrize("ties", TIES)
def test_squared_epsilon_insensitive(ties):
    X, Y = number_tasks()
    params = {"loss": "squared_epsilon_insensitive", "epsilon": 0.3, **TIES[ties]}
    params.pop("label_groups", None)
    found = descent(MultiTaskSGDRegressor, X, Y, **params)
    assert_same(found, newton(MultiTaskLinearSVR, X, Y, **params))


def test_without_units_and_intercepts():
    X, Y = number_tasks()
    params = {"structure": "mean", "scale_targets": False, "fit_intercept": False}
    found = descent(MultiTaskSGDRegressor, X, Y, **params)
    assert_same(found, newton(MultiTaskRidge, X, Y, **params))
    assert not found.intercept_.any()


def test_mixed_tasks_that_share_nothing_are_those_of_either_kind():
    X, Y = number_tasks()
    Y[:, 1:] = Y[:, 1:] > 2
    params = {"structure": "independent"}
    found = descent(MixedTaskSGD, X, Y, **params)
    assert found.task_types_ == ["regression", "classification", "classification"]
    numbers = newton(MultiTaskRidge, X, Y[:, :1], **params)
    labels = newton(MultiTaskLogisticRegression, X, Y[:, 1:], **params)
    coef = np.vstack([numbers.coef_, labels.coef_])
    np.testing.assert_allclose(found.coef_, coef, atol=1e-4)


# What each label counts.


@pytest.mark.parametrize("ties", [*TIES, *PENALTIES])
def test_missing_labels(ties):
    X, Y = label_tasks()
    Y, params = hide(Y), {**TIES, **PENALTIES}[ties]
    found = descent(MultiTaskSGDClassifier, X, Y, **params)
    assert_same(found, newton(MultiTaskLogisticRegression, X, Y, **params))


@pytest.mark.parametrize(
    "task_weight", [[1, 0.2, 3], {"task1": 0.2}, "balanced", "null_loss"]
)
def test_task_weights(task_weight):
    X, Y = label_tasks()
    Y[:, 1], Y[::2, 2] = X[:, 0] > 2, np.nan
    params = {"task_weight": task_weight, **SAME}
    found = descent(MultiTaskSGDClassifier, X, hide(Y), **params)
    assert_same(found, newton(MultiTaskLogisticRegression, X, hide(Y), **params))
    plain = descent(MultiTaskSGDClassifier, X, hide(Y), **SAME)
    assert not np.allclose(plain.coef_, found.coef_, atol=1e-3)


@pytest.mark.parametrize("shape", [(80,), (80, 3)])
def test_sample_weights(shape):
    X, Y = label_tasks()
    weight = np.random.default_rng(2).uniform(0.2, 3, size=shape)
    found = descent(MultiTaskSGDClassifier, X, hide(Y), weight, **SAME)
    best = newton(MultiTaskLogisticRegression, X, hide(Y), weight, **SAME)
    assert_same(found, best)


@pytest.mark.parametrize("class_weight", ["balanced", {1: 4}])
def test_class_weights(class_weight):
    X, Y = label_tasks()
    params = {"class_weight": class_weight, **SAME}
    found = descent(MultiTaskSGDClassifier, X, hide(Y), **params)
    assert_same(found, newton(MultiTaskLogisticRegression, X, hide(Y), **params))


# Losses with a kink.


def objective(model, X, Y, loss, M):
    """Mean loss and penalty of coefficients in units of their own."""
    W, inverse = model.coef_.T, np.linalg.inv(M)
    value = np.sum(loss(Y, X @ W + model.intercept_)) * C
    return value + np.einsum("dt,tu,du->", W, inverse, W) / 2


def hinge(Y, Z):
    return np.maximum(0, 1 - Y * Z)


def tube(Y, Z):
    return np.maximum(0, np.abs(Y - Z) - 0.3)


KINKED = {"learning_rate": "cosine", "max_iter": 1000, "batch_size": 20}


@pytest.mark.parametrize("ties", ["independent", "mean"])
def test_hinge_is_close(ties):
    X, Y = label_tasks()
    found = descent(
        MultiTaskSGDClassifier, X, Y, loss="hinge", random_state=0,
        **{**TIES[ties], **KINKED},
    )  # fmt: skip
    best = newton(MultiTaskLinearSVC, X, Y, loss="hinge", tol=1e-5, **TIES[ties])
    M = best.column_covariance_
    ours, least = (objective(m, X, 2 * Y - 1, hinge, M) for m in (found, best))
    assert least * (1 - 1e-4) <= ours < 1.01 * least


@pytest.mark.parametrize("structure", ["independent", "mean"])
def test_epsilon_insensitive_is_close(structure):
    X, Y = number_tasks()
    params = {
        "structure": structure, "loss": "epsilon_insensitive", "epsilon": 0.3,
        "scale_targets": False,
    }  # fmt: skip
    found = descent(MultiTaskSGDRegressor, X, Y, random_state=0, **params, **KINKED)
    best = newton(MultiTaskLinearSVR, X, Y, tol=1e-5, **params)
    M = best.column_covariance_
    ours, least = (objective(m, X, Y, tube, M) for m in (found, best))
    assert least * (1 - 1e-4) <= ours < 1.01 * least


# Factors.


def test_as_many_components_as_columns_are_the_trace_norm():
    X, Y = number_tasks(d=6)
    params = {"structure": "low_rank", "scale_targets": False}
    factors = descent(
        MultiTaskSGDRegressor, X, Y, n_components=3, random_state=0, max_iter=5000,
        **params,
    )  # fmt: skip
    best = newton(MultiTaskRidge, X, Y, **params)

    def value(model):
        residual = Y - X @ model.coef_.T - model.intercept_
        return C / 2 * np.sum(residual**2) + np.linalg.norm(model.coef_, "nuc")

    assert value(best) * (1 - 1e-6) <= value(factors) < value(best) * (1 + 1e-4)


# Absolute values, at one task.


@pytest.mark.parametrize("structure", ["independent", "mean"])
@pytest.mark.parametrize("alpha", [0.1, 0.5])
def test_l1_is_lasso(structure, alpha):
    X, Y = number_tasks(d=10)
    peer = Lasso(alpha=alpha, tol=1e-12, max_iter=100_000).fit(X, Y[:, 0])
    ours = MultiTaskSGDRegressor(
        alpha=alpha, penalty="l1", structure=structure, scale_targets=False, **FULL
    ).fit(X, Y[:, 0])
    np.testing.assert_allclose(ours.coef_[0], peer.coef_, atol=1e-5)
    np.testing.assert_allclose(ours.intercept_, peer.intercept_, atol=1e-4)
    np.testing.assert_array_equal(ours.coef_[0] == 0, peer.coef_ == 0)
    assert 0 < np.sum(peer.coef_ == 0) < 10


@pytest.mark.parametrize("l1_ratio", [0.15, 0.7])
def test_elasticnet_is_elasticnet(l1_ratio):
    X, Y = number_tasks(d=10)
    params = {"alpha": 0.5, "l1_ratio": l1_ratio}
    peer = ElasticNet(tol=1e-12, max_iter=100_000, **params).fit(X, Y[:, 0])
    ours = MultiTaskSGDRegressor(
        penalty="elasticnet", structure="independent", scale_targets=False,
        **params, **FULL,
    ).fit(X, Y[:, 0])  # fmt: skip
    np.testing.assert_allclose(ours.coef_[0], peer.coef_, atol=1e-5)
    np.testing.assert_array_equal(ours.coef_[0] == 0, peer.coef_ == 0)


def test_l1_of_labels_is_logistic_regression_with_l1():
    X, Y = label_tasks(d=10)
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    alpha = 0.05
    peer = LogisticRegression(
        C=1 / (alpha * len(Z)), l1_ratio=1.0, solver="saga", tol=1e-10,
        max_iter=100_000,
    ).fit(Z, Y[:, 0])  # fmt: skip
    ours = MultiTaskSGDClassifier(
        alpha=alpha, penalty="l1", structure="independent", **FULL
    ).fit(Z, Y[:, 0])
    np.testing.assert_allclose(ours.coef_, peer.coef_, atol=1e-4)
    np.testing.assert_array_equal(ours.coef_ == 0, peer.coef_ == 0)
    assert 0 < np.sum(peer.coef_ == 0) < 10


def lasso_of_two_parts(X, Y, alpha, sharing, n_steps=20_000):
    """Least squares with ``|own|_1 / (1-s) + |shared|_1 / s``, by plain prox steps."""
    n, T = Y.shape
    Xc, Yc = X - X.mean(axis=0), Y - Y.mean(axis=0)
    own, shared = np.zeros((X.shape[1], T)), np.zeros((X.shape[1], 1))
    rate = 1 / (np.linalg.norm(Xc, 2) ** 2 / n * (1 + T))
    for _ in range(n_steps):
        slope = Xc.T @ (Xc @ (own + shared) - Yc) / n
        own = soft(own - rate * slope, rate * alpha / (1 - sharing))
        step = rate * slope.sum(axis=1, keepdims=True)
        shared = soft(shared - step, rate * alpha / sharing)
    return own, shared


def soft(A, threshold):
    return np.sign(A) * np.maximum(np.abs(A) - threshold, 0)


@pytest.mark.parametrize("sharing", [0.3, 0.7])
def test_l1_of_shared_and_own_parts(sharing):
    X, Y = number_tasks(d=8)
    own, shared = lasso_of_two_parts(X, Y, 0.3, sharing)
    ours = MultiTaskSGDRegressor(
        alpha=0.3, penalty="l1", structure="mean", sharing=sharing,
        scale_targets=False, **FULL,
    ).fit(X, Y)  # fmt: skip
    np.testing.assert_allclose(ours.coef_.T, own + shared, atol=1e-4)
    assert 0 < np.sum(ours.coef_ == 0) < 24


# Mini-batches.


@pytest.mark.parametrize(
    ("optimizer", "eta0"), [("sgd", None), ("adagrad", 1), ("adam", 0.05)]
)
def test_mini_batches_come_close(optimizer, eta0):
    X, Y = label_tasks(n=300)
    params = {"learning_rate": "cosine", "batch_size": 16, "max_iter": 60}
    found = descent(
        MultiTaskSGDClassifier, X, hide(Y), optimizer=optimizer, random_state=0,
        **SAME, **params, eta0=eta0,
    )  # fmt: skip
    best = newton(MultiTaskLogisticRegression, X, hide(Y), **SAME)
    error = np.linalg.norm(found.coef_ - best.coef_) / np.linalg.norm(best.coef_)
    assert error < 0.03


def test_averages_of_mini_batches_at_a_constant_rate_come_close():
    X, Y = number_tasks(n=300)
    params = {"batch_size": 16, "max_iter": 60, "average": True, "random_state": 0}
    found = descent(MultiTaskSGDRegressor, X, Y, structure="mean", **params)
    best = newton(MultiTaskRidge, X, Y, structure="mean")
    error = np.linalg.norm(found.coef_ - best.coef_) / np.linalg.norm(best.coef_)
    assert error < 0.03


def test_sparse_rows_are_dense_rows():
    X, Y = label_tasks()
    X[np.abs(X) < 1] = 0
    dense = descent(MultiTaskSGDClassifier, X, Y, **SAME)
    found = descent(MultiTaskSGDClassifier, csr_array(X), Y, **SAME)
    assert_same(found, dense, atol=1e-8)
    assert_same(found, newton(MultiTaskLogisticRegression, X, Y, **SAME))


def test_the_optimum_has_no_slope():
    """With a reference of its own, in case both engines err alike."""
    X, Y = label_tasks()
    model = descent(MultiTaskSGDClassifier, X, hide(Y), **SAME)
    signs, weight = linear.all_columns(hide(Y))
    M = 0.5 * np.eye(3) + 0.5
    W = model.coef_.T
    dW, db = linear.data_term(
        X, signs, weight, W, model.intercept_, C, linear.logistic
    )[1:]
    np.testing.assert_allclose(dW + W @ np.linalg.inv(M), 0, atol=1e-3)
    np.testing.assert_allclose(db, 0, atol=1e-3)


@pytest.mark.parametrize("cls", [MultiTaskSGDClassifier, MultiTaskSGDRegressor])
def test_l1_of_uneven_mini_batches(cls):
    """The last batch is short, and long rows shorten steps: the penalty keeps pace."""
    X, Y = label_tasks(n=300) if cls is MultiTaskSGDClassifier else number_tasks(n=300)
    X *= np.random.default_rng(0).uniform(0.5, 2, size=len(X))[:, None]
    centred = Y - Y.mean(axis=0)
    if cls is MultiTaskSGDRegressor:
        centred /= Y.std(axis=0)
    # Twice the least strength that leaves no coefficient.
    alpha = 2 * np.abs(centred.T @ (X - X.mean(axis=0)) / len(X)).max()
    model = cls(
        penalty="l1", alpha=alpha, structure="independent", tol=None, max_iter=20,
        random_state=0,
    ).fit(X, Y)  # fmt: skip
    np.testing.assert_array_equal(model.coef_, 0)
