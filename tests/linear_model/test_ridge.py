"""MultiTaskRidge: what it minimises, in which units, and its ends of sharing."""

import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import minimize
from sklearn.linear_model import HuberRegressor, Lasso, MultiTaskLasso, Ridge

from mtlearn.exceptions import DegenerateTaskWarning
from mtlearn.linear_model import MultiTaskRidge, two_part
from mtlearn.structures import STRUCTURES, CovarianceStructure
from tests.contract import tying
from tests.reference import linear

EXACT = {"tol": 1e-10, "max_iter": 1000}
COVARIANCE = [
    name for name in STRUCTURES if issubclass(STRUCTURES[name], CovarianceStructure)
]
LOSSES = {"squared": linear.squared, "huber": linear.huber(0.5)}


def number_tasks(n=60, d=5, T=3, hidden=0.2):
    """Tasks that vary around a common truth; NaN where hidden."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, d)) + 0.5
    W = rng.normal(size=(d, 1)) + 0.5 * rng.normal(size=(d, T))
    Y = X @ W + 3 + rng.standard_t(3, size=(n, T))
    Y[rng.random((n, T)) < hidden] = np.nan
    return X, Y


def fit(X, Y, **params):
    return MultiTaskRidge(**{**EXACT, **params}).fit(X, Y)


def observed(Y):
    """Numbers and weights for the reference."""
    return np.nan_to_num(Y), (~np.isnan(Y)).astype(float)


# One task is scikit-learn's Ridge.


@pytest.mark.parametrize("structure", [s for s in COVARIANCE if s != "graph"])
@pytest.mark.parametrize("scale_targets", [True, False])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("shape", [(60, 5), (20, 50)])
def test_one_task_is_ridge(structure, scale_targets, fit_intercept, shape):
    X, Y = number_tasks(*shape, hidden=0)
    y, weight = Y[:, 0], np.arange(len(X)) % 3 + 0.5
    peer = Ridge(alpha=1 / 0.3, fit_intercept=fit_intercept).fit(X, y, weight)
    ours = MultiTaskRidge(
        C=0.3, structure=structure, scale_targets=scale_targets,
        fit_intercept=fit_intercept, **EXACT,
    ).fit(X, y, weight)  # fmt: skip
    np.testing.assert_allclose(ours.coef_[0], peer.coef_, atol=1e-7)
    np.testing.assert_allclose(ours.intercept_, peer.intercept_, atol=1e-7)


def test_independent_tasks_are_ridge_each():
    X, Y = number_tasks()
    model = fit(X, Y, structure="independent")
    for t, y in enumerate(Y.T):
        seen = ~np.isnan(y)
        peer = Ridge(alpha=1).fit(X[seen], y[seen])
        np.testing.assert_allclose(model.coef_[t], peer.coef_, atol=1e-7)
        np.testing.assert_allclose(model.intercept_[t], peer.intercept_, atol=1e-7)


def test_task_weight_at_sharing_0_is_an_alpha_of_its_own():
    X, Y = number_tasks(hidden=0)
    model = fit(X, Y, sharing=0, C=0.5, task_weight=[1, 0.1, 4])
    for t, C in enumerate([0.5, 0.05, 2]):
        peer = Ridge(alpha=1 / C).fit(X, Y[:, t])
        np.testing.assert_allclose(model.coef_[t], peer.coef_, atol=1e-7)


def test_null_loss_weights_are_one_over_the_variance():
    X, Y = number_tasks()
    model = MultiTaskRidge(scale_targets=False)
    variance = np.nanvar(Y * [1, 5, 2], axis=0)
    named = model.set_params(task_weight="null_loss").fit(X, Y * [1, 5, 2]).coef_
    weight = 1 / variance / np.mean(1 / variance)
    given = model.set_params(task_weight=weight).fit(X, Y * [1, 5, 2]).coef_
    np.testing.assert_allclose(named, given, atol=1e-8)


# Structures and sharing.


@pytest.mark.parametrize("structure", ["mean", "graph", "clustered", "learned"])
def test_sharing_0_is_independent(structure):
    X, Y = number_tasks()
    model = fit(X, Y, sharing=0, **tying(structure, range(3)))
    alone = fit(X, Y, structure="independent")
    np.testing.assert_allclose(model.coef_, alone.coef_, atol=1e-8)
    np.testing.assert_allclose(model.intercept_, alone.intercept_, atol=1e-8)


@pytest.mark.parametrize("structure", ["mean", "graph", "shared_plus_low_rank"])
def test_sharing_1_is_one_pooled_ridge_with_an_intercept_per_task(structure):
    X, Y = number_tasks()
    row, task = np.nonzero(~np.isnan(Y))
    # Centred by task, both X and y need no intercepts.
    own = np.eye(3)[task]
    within = own @ np.linalg.pinv(own)
    stacked, y = X[row], Y[row, task]
    pooled = Ridge(alpha=1 / 0.4, fit_intercept=False)
    pooled.fit(stacked - within @ stacked, y - within @ y)
    model = fit(
        X, Y, sharing=1, C=0.4, scale_targets=False, **tying(structure, range(3))
    )
    np.testing.assert_allclose(model.coef_, np.tile(pooled.coef_, (3, 1)), atol=1e-6)
    offset = np.linalg.pinv(own) @ (y - stacked @ pooled.coef_)
    np.testing.assert_allclose(model.intercept_, offset, atol=1e-6)


@pytest.mark.parametrize(("lambda_", "gamma"), [(2.0, 1.0), (0.5, 4.0), (30.0, 0.2)])
def test_mean_is_the_explicit_problem_of_two_parts(lambda_, gamma):
    X, Y = number_tasks()
    seen = ~np.isnan(Y)

    def explicit(flat):
        own, shared, b = flat[:15].reshape(5, 3), flat[15:20], flat[20:]
        residual = np.where(seen, X @ (own + shared[:, None]) + b - Y, 0)
        value = np.sum(residual**2) / 2 + lambda_ / 2 * np.sum(own**2)
        slope = X.T @ residual
        parts = slope + lambda_ * own, slope.sum(axis=1) + gamma * shared
        slope = np.concatenate([parts[0].ravel(), parts[1], residual.sum(axis=0)])
        return value + gamma / 2 * shared @ shared, slope

    options = {"ftol": 1e-15, "gtol": 1e-9, "maxiter": 5000}
    best = minimize(
        explicit, np.zeros(23), jac=True, method="L-BFGS-B", options=options
    )
    own, shared, b = best.x[:15].reshape(5, 3), best.x[15:20], best.x[20:]
    model = fit(X, Y, structure="mean", scale_targets=False, **two_part(lambda_, gamma))
    np.testing.assert_allclose(model.coef_.T, own + shared[:, None], atol=1e-5)
    np.testing.assert_allclose(model.coef_shared_, [shared], atol=1e-5)
    np.testing.assert_allclose(model.coef_task_.T, own, atol=1e-5)
    np.testing.assert_allclose(model.intercept_, b, atol=1e-5)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("structure", COVARIANCE)
def test_nothing_pulls_at_the_solution(loss, structure):
    """The gradient in U is 0, W = U M^(1/2), whichever M was found."""
    X, Y = number_tasks()
    params = {"loss": loss, "delta": 0.5, "C": 0.3, "scale_targets": False}
    model = fit(X, Y, **params, **tying(structure, range(3)))
    M = model.column_covariance_
    if structure == "learned":  # M^-1 = (1-s) I + s Omega^-1, s = 1/2
        M = np.linalg.inv(2 * np.linalg.inv(M) - np.eye(3))
    assert np.trace(M) == pytest.approx(3)
    root = linear.square_root(model.column_covariance_)
    dW, db = linear.data_term(
        X, *observed(Y), model.coef_.T, model.intercept_, 0.3, LOSSES[loss]
    )[1:]
    penalty = model.coef_.T @ np.linalg.pinv(root, hermitian=True)
    np.testing.assert_allclose(dW @ root + penalty, 0, atol=1e-6)
    np.testing.assert_allclose(db, 0, atol=1e-6)


@pytest.mark.parametrize("structure", COVARIANCE)
def test_C_means_the_same_at_every_structure(structure):
    """Of a single task they make the same model."""
    X, Y = number_tasks()
    model = fit(X, Y[:, 0], C=0.2, **tying(structure, None))
    alone = fit(X, Y[:, 0], C=0.2, structure="independent")
    np.testing.assert_allclose(model.coef_, alone.coef_, atol=1e-8)


# Units.


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("loss", LOSSES)
def test_predictions_do_not_depend_on_units(structure, loss):
    X, Y = number_tasks()
    params = {"loss": loss, "C": 0.2, **tying(structure, range(3))}
    factor, shift = np.array([1, 1000, 1]), np.array([0, 0, -70])
    one, two = fit(X, Y, **params), fit(X, Y * factor + shift, **params)
    back = (two.predict(X) - shift) / factor
    np.testing.assert_allclose(back, one.predict(X), atol=1e-6)
    np.testing.assert_allclose(two.coef_ / factor[:, None], one.coef_, atol=1e-6)


@pytest.mark.parametrize("structure", COVARIANCE)
def test_scaled_targets_are_in_units_of_their_standard_deviation(structure):
    X, Y = number_tasks()
    mean, scale = np.nanmean(Y, axis=0), np.nanstd(Y, axis=0)
    params = tying(structure, range(3))
    model = fit(X, Y, **params)
    np.testing.assert_allclose(model.target_scale_, scale)
    by_hand = fit(X, (Y - mean) / scale, scale_targets=False, **params)
    np.testing.assert_allclose(
        model.predict(X), by_hand.predict(X) * scale + mean, atol=1e-6
    )


def test_parts_add_up_in_the_units_of_the_targets():
    X, Y = number_tasks()
    model = fit(X, Y * [1, 1000, 1], structure="mean")
    shared = model.coef_shared_ * model.target_scale_[:, None]
    np.testing.assert_allclose(model.coef_task_ + shared, model.coef_)


def test_a_constant_task_and_one_without_labels():
    X, Y = number_tasks()
    alone = fit(X, Y[:, 2]).predict(X)
    Y[:, 0], Y[:, 1] = np.nan, 7.0
    with pytest.warns(DegenerateTaskWarning, match="'task0'"):
        model = fit(X, Y, sharing=0)
    predicted = model.predict(X)
    assert np.isnan(predicted[:, 0]).all()
    np.testing.assert_allclose(predicted[:, 1], 7)
    np.testing.assert_allclose(predicted[:, 2], alone, atol=1e-7)


# Huber's loss.


@pytest.mark.parametrize("delta", [0.3, 1.35])
def test_huber_is_that_of_a_general_optimiser(delta):
    X, Y = number_tasks()
    params = {"loss": "huber", "delta": delta, "scale_targets": False, "C": 0.5}
    model = fit(X, Y, structure="mean", sharing=0.7, **params)
    M = 0.3 * np.eye(3) + 0.7
    W, b = linear.fit(X, *observed(Y), 0.5, M, loss=linear.huber(delta))
    np.testing.assert_allclose(model.coef_.T, W, atol=1e-4)
    np.testing.assert_allclose(model.intercept_, b, atol=1e-4)


def test_huber_is_that_of_scikit_learn_at_its_scale():
    """HuberRegressor: sum of s + s huber_eps(r / s) with min over s, + alpha |w|^2."""
    X, Y = number_tasks(n=200, hidden=0)
    y = Y[:, 0]
    peer = HuberRegressor(epsilon=1.5, alpha=0.1, tol=1e-8, max_iter=5000).fit(X, y)
    # Its loss is 2 / s times ours with delta = eps s.
    ours = fit(
        X, y, loss="huber", delta=1.5 * peer.scale_, C=1 / (0.1 * peer.scale_),
        scale_targets=False,
    )  # fmt: skip
    np.testing.assert_allclose(ours.coef_[0], peer.coef_, atol=1e-4)
    np.testing.assert_allclose(ours.intercept_, peer.intercept_, atol=1e-4)


def test_a_wide_huber_is_the_squared_loss():
    X, Y = number_tasks()
    wide, squared = fit(X, Y, loss="huber", delta=1e3), fit(X, Y)
    np.testing.assert_allclose(wide.coef_, squared.coef_, atol=1e-6)


def test_outliers_pull_less():
    X, Y = number_tasks(hidden=0)
    clean = fit(X, Y, scale_targets=False).predict(X)
    spoilt = Y.copy()
    spoilt[::10] += 100
    errors = [
        np.abs(fit(X, spoilt, loss=loss, scale_targets=False).predict(X) - clean).mean()
        for loss in ("huber", "squared")
    ]
    assert errors[0] < errors[1] / 3


# Penalties with exact zeros.


@pytest.mark.parametrize("alpha", [0.05, 0.3, 1.0])
def test_joint_sparse_is_multi_task_lasso(alpha):
    X, Y = number_tasks(d=8, hidden=0)
    peer = MultiTaskLasso(alpha=alpha, tol=1e-12, max_iter=100_000).fit(X, Y)
    C = 1 / (len(X) * alpha)
    ours = fit(X, Y, structure="joint_sparse", C=C, scale_targets=False)
    np.testing.assert_allclose(ours.coef_, peer.coef_, atol=1e-6)
    np.testing.assert_allclose(ours.intercept_, peer.intercept_, atol=1e-6)
    selected = np.any(peer.coef_ != 0, axis=0)
    np.testing.assert_array_equal(ours.selected_features_, selected)
    np.testing.assert_array_equal(ours.coef_[:, ~selected], 0)


def test_shared_plus_sparse_at_sharing_0_is_one_lasso_per_task():
    X, Y = number_tasks(d=8)
    model = fit(
        X, Y, structure="shared_plus_sparse", sharing=0, C=0.05, scale_targets=False
    )
    for t, y in enumerate(Y.T):
        seen = ~np.isnan(y)
        peer = Lasso(alpha=1 / (0.05 * seen.sum()), tol=1e-12).fit(X[seen], y[seen])
        np.testing.assert_allclose(model.coef_[t], peer.coef_, atol=1e-6)
        np.testing.assert_array_equal(model.coef_[t] == 0, peer.coef_ == 0)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("C", [0.003, 0.01, 0.05])
def test_low_rank_is_exact_and_optimal(loss, C):
    """-gradient is U V' where W is, and has spectral norm <= 1 everywhere."""
    X, Y = number_tasks(d=8, T=6)
    params = {"loss": loss, "delta": 0.5, "C": C, "scale_targets": False}
    model = fit(X, Y, structure="low_rank", **params)
    U, s, Vt = np.linalg.svd(model.coef_.T, full_matrices=False)
    kept = s > 1e-10
    assert model.rank_ == kept.sum() < 6
    dW, db = linear.data_term(
        X, *observed(Y), model.coef_.T, model.intercept_, C, LOSSES[loss]
    )[1:]
    assert np.linalg.norm(dW, 2) <= 1 + 1e-6
    np.testing.assert_allclose(db, 0, atol=1e-6)
    U, Vt = U[:, kept], Vt[kept]
    np.testing.assert_allclose(U.T @ -dW, Vt, atol=1e-6)
    np.testing.assert_allclose(-dW @ Vt.T, U, atol=1e-6)


@pytest.mark.parametrize("sharing", [0.2, 0.7])
def test_shared_plus_low_rank_is_optimal(sharing):
    X, Y = number_tasks(d=8, T=6)
    params = {"C": 0.2, "scale_targets": False, "sharing": sharing}
    model = fit(X, Y, structure="shared_plus_low_rank", **params)
    np.testing.assert_allclose(model.coef_task_ + model.coef_shared_, model.coef_)
    assert np.linalg.matrix_rank(model.coef_task_, tol=1e-8) == model.rank_
    dW = linear.data_term(
        X, *observed(Y), model.coef_.T, model.intercept_, 0.2, linear.squared
    )[1]
    shared = model.coef_shared_[0]
    np.testing.assert_allclose(dW.sum(axis=1) + shared / sharing, 0, atol=1e-6)
    assert np.linalg.norm(dW, 2) <= (1 + 1e-6) / (1 - sharing)
    value = np.sum(-dW * model.coef_task_.T)
    norm = np.linalg.svd(model.coef_task_, compute_uv=False).sum()
    assert value == pytest.approx(norm / (1 - sharing), abs=1e-5)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_no_strength_leaves_the_weighted_means(structure):
    X, Y = number_tasks()
    model = fit(X, Y, C=1e-9, **tying(structure, range(3)))
    np.testing.assert_allclose(model.coef_, 0, atol=1e-6)
    np.testing.assert_allclose(model.intercept_, np.nanmean(Y, axis=0), atol=1e-5)


# Forms of X, and wrong parameters.


@pytest.mark.parametrize("structure", STRUCTURES)
def test_sparse_and_float32(structure):
    X, Y = number_tasks()
    X[np.abs(X) < 0.7] = 0
    params = {"C": 0.2, **tying(structure, range(3))}
    dense, thin = fit(X, Y, **params), fit(sparse.csr_array(X), Y, **params)
    np.testing.assert_allclose(dense.coef_, thin.coef_, atol=1e-6)
    single = fit(X.astype(np.float32), Y, **{**params, "tol": 1e-4})
    assert single.coef_.dtype == single.intercept_.dtype == np.float32
    np.testing.assert_allclose(single.coef_, dense.coef_, atol=0.02)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_more_features_than_samples(structure):
    X, Y = number_tasks(25, 70)
    model = MultiTaskRidge(**tying(structure)).fit(X, Y)
    assert model.converged_
    assert model.coef_.shape == (3, 70)
    assert model.score(X, Y) > 0.3


@pytest.mark.parametrize(
    ("name", "value", "error", "message"),
    [
        ("C", -1, ValueError, "C == -1"),
        ("loss", "absolute", ValueError, "loss='absolute' is unknown.*'squared'"),
        ("delta", 0, ValueError, "delta == 0"),
        ("delta", None, TypeError, "delta must be"),
        ("sharing", -0.1, ValueError, r"sharing == -0\.1"),
        ("structure", "trace", ValueError, "structure='trace' is unknown"),
        ("label_groups", "all", ValueError, "label_groups='all' means nothing"),
        ("task_graph", np.eye(3), ValueError, "task_graph means nothing"),
    ],
)
def test_bad_parameters(name, value, error, message):
    X, Y = number_tasks()
    with pytest.raises(error, match=message):
        MultiTaskRidge(**{name: value}).fit(X, Y)


@pytest.mark.parametrize("structure", ["independent", "low_rank", "joint_sparse"])
def test_sharing_means_nothing_to_some(structure):
    X, Y = number_tasks()
    with pytest.raises(ValueError, match=rf"sharing=0\.1 means nothing.*'{structure}'"):
        MultiTaskRidge(structure=structure, sharing=0.1).fit(X, Y)
