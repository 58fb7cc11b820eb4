"""MultiTaskLinearSVR: what it minimises, and what it says about bad parameters."""

import inspect

import numpy as np
import pytest
from scipy import sparse
from sklearn.svm import SVR, LinearSVR

from mtlearn.exceptions import DegenerateTaskWarning
from mtlearn.structures import STRUCTURES
from mtlearn.svm import MultiTaskLinearSVR
from tests.contract import tying

LOSSES = ["epsilon_insensitive", "squared_epsilon_insensitive"]
# A gap of 1e-7 of the objective leaves about 1e-3 in the coefficients.
EXACT = {"tol": 1e-7, "max_iter": 1000}


def number_tasks(n=80, d=5, T=3, hidden=0.2):
    """Tasks that vary around a common truth; NaN where hidden."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, d)) + 0.5
    W = rng.normal(size=(d, 1)) + 0.5 * rng.normal(size=(d, T))
    Y = X @ W + 3 + rng.standard_t(3, size=(n, T))
    Y[rng.random((n, T)) < hidden] = np.nan
    return X, Y


def fit(X, Y, **params):
    return MultiTaskLinearSVR(**{**EXACT, **params}).fit(X, Y)


def objective(model, X, y, C, weight=1.0):
    """Of one task, by hand; ``model`` may be a peer."""
    excess = np.maximum(0, np.abs(model.predict(X) - y) - model.epsilon)
    if "squared" in model.loss:
        excess = excess**2
    return C * np.sum(weight * excess) + np.sum(model.coef_**2) / 2


# One task is scikit-learn's SVR.


@pytest.mark.parametrize("epsilon", [0.0, 0.5])
@pytest.mark.parametrize("shape", [(80, 5), (30, 60)])
def test_one_task_is_svr(epsilon, shape):
    X, Y = number_tasks(*shape, hidden=0)
    y, weight = Y[:, 0], np.arange(len(X)) % 3 + 0.5
    peer = SVR(kernel="linear", C=0.3, epsilon=epsilon, tol=1e-8)
    peer.fit(X, y, sample_weight=weight)
    ours = MultiTaskLinearSVR(C=0.3, epsilon=epsilon, scale_targets=False, **EXACT)
    ours.fit(X, y, sample_weight=weight)
    peer.loss = ours.loss
    mine, theirs = (objective(m, X, y, 0.3, weight) for m in (ours, peer))
    assert mine == pytest.approx(theirs, rel=1e-6)
    np.testing.assert_allclose(ours.coef_, peer.coef_, atol=5e-3)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("epsilon", [0.0, 0.5])
def test_one_task_without_intercept_is_linear_svr(loss, epsilon):
    X, Y = number_tasks(hidden=0)
    y, C = Y[:, 0], 0.3
    params = {"C": C, "epsilon": epsilon, "loss": loss, "fit_intercept": False}
    dual = loss == "epsilon_insensitive" or "auto"
    peer = LinearSVR(dual=dual, tol=1e-8, max_iter=1_000_000, **params).fit(X, y)
    ours = fit(X, y, scale_targets=False, **params)
    mine, theirs = objective(ours, X, y, C), objective(peer, X, y, C)
    assert mine == pytest.approx(theirs, rel=1e-5)
    np.testing.assert_allclose(ours.coef_[0], peer.coef_, atol=5e-3)
    np.testing.assert_array_equal(ours.intercept_, 0)


@pytest.mark.parametrize("loss", LOSSES)
def test_default_tolerance_is_enough(loss):
    X, Y = number_tasks(hidden=0)
    y = Y[:, 0]
    models = [fit(X, y, loss=loss, scale_targets=False, tol=t) for t in (1e-4, 1e-9)]
    default, exact = (objective(model, X, y, 1.0) for model in models)
    assert default == pytest.approx(exact, rel=2e-4)


# Structures and sharing.


@pytest.mark.parametrize("loss", LOSSES)
def test_independent_tasks_are_each_fitted_alone(loss):
    X, Y = number_tasks()
    together = fit(X, Y, loss=loss, structure="independent")
    for t in range(3):
        alone = fit(X, Y[:, t], loss=loss, structure="independent")
        np.testing.assert_allclose(together.coef_[t], alone.coef_[0], atol=5e-3)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("structure", ["mean", "graph", "clustered", "learned"])
def test_sharing_0_is_independent(loss, structure):
    X, Y = number_tasks()
    model = fit(X, Y, loss=loss, sharing=0, **tying(structure))
    alone = fit(X, Y, loss=loss, structure="independent")
    np.testing.assert_allclose(model.coef_, alone.coef_, atol=5e-3)


@pytest.mark.parametrize("loss", LOSSES)
def test_mean_at_sharing_1_is_one_pooled_model_with_an_intercept_per_task(loss):
    X, Y = number_tasks()
    params = {"loss": loss, "epsilon": 0.3, "scale_targets": False}
    model = fit(X, Y, sharing=1, structure="mean", **params)
    row, task = np.nonzero(~np.isnan(Y))
    # Large constant features leave the tasks' intercepts all but unpenalised.
    stacked = np.hstack([X[row], 30 * np.eye(3)[task]])
    pooled = fit(stacked, Y[row, task], fit_intercept=False, **params)
    np.testing.assert_allclose(
        model.coef_, np.tile(pooled.coef_[:, :5], (3, 1)), atol=0.01
    )
    np.testing.assert_allclose(model.coef_task_, 0, atol=1e-9)


@pytest.mark.parametrize("loss", LOSSES)
def test_sharing_helps_a_task_of_few_rows(loss):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 20))
    Y = X @ rng.normal(size=(20, 1)) + rng.normal(size=(300, 3))
    hidden = Y[:150].copy()
    hidden[15:, 2] = np.nan
    error = {}
    for structure in ("independent", "mean", "learned"):
        model = fit(X[:150], hidden, loss=loss, structure=structure, tol=1e-4)
        error[structure] = np.mean((model.predict(X[150:]) - Y[150:])[:, 2] ** 2)
    assert error["mean"] < error["learned"] < error["independent"]


@pytest.mark.parametrize("structure", ["independent", "mean"])
@pytest.mark.parametrize("tol", [0.1, 1e-3])
def test_duality_gap_is_a_proven_bound(structure, tol):
    X, Y = number_tasks()
    params = {"structure": structure, "scale_targets": False, "epsilon": 0.2}
    loose, exact = fit(X, Y, tol=tol, **params), fit(X, Y, **params)
    inverse = np.linalg.inv(exact.column_covariance_)

    def total(model):
        excess = np.maximum(0, np.abs(model.predict(X) - Y) - 0.2)
        return np.nansum(excess) + np.sum(inverse * (model.coef_ @ model.coef_.T)) / 2

    assert (
        total(exact) - exact.duality_gap_
        <= total(loose)
        <= total(exact) + loose.duality_gap_
    )
    assert loose.duality_gap_ <= tol * total(loose)


# Targets, and their units.


@pytest.mark.parametrize("structure", ["learned", "mean", "independent"])
@pytest.mark.parametrize("loss", LOSSES)
def test_predictions_do_not_depend_on_units(structure, loss):
    X, Y = number_tasks()
    one = fit(X, Y, structure=structure, loss=loss, epsilon=0.1)
    two = fit(
        X, Y * [1, 1000, 1] + [0, 0, 50], structure=structure, loss=loss, epsilon=0.1
    )
    moved = one.predict(X) * [1, 1000, 1] + [0, 0, 50]
    np.testing.assert_allclose(
        two.predict(X) / [1, 1000, 1], moved / [1, 1000, 1], atol=5e-3
    )
    np.testing.assert_allclose(two.target_scale_, one.target_scale_ * [1, 1000, 1])


def test_scaled_targets_are_in_units_of_their_standard_deviation():
    X, Y = number_tasks()
    scale, mean = np.nanstd(Y, axis=0), np.nanmean(Y, axis=0)
    model = fit(X, Y, epsilon=0.1)
    np.testing.assert_allclose(model.target_scale_, scale)
    by_hand = fit(X, (Y - mean) / scale, epsilon=0.1, scale_targets=False)
    np.testing.assert_allclose(
        model.predict(X), by_hand.predict(X) * scale + mean, atol=5e-3
    )


@pytest.mark.parametrize("loss", LOSSES)
def test_missing_labels_are_dropped(loss):
    X, Y = number_tasks()
    weight = (~np.isnan(Y)).astype(float)
    filled = MultiTaskLinearSVR(loss=loss).fit(X, np.nan_to_num(Y, nan=9), weight)
    np.testing.assert_array_equal(
        MultiTaskLinearSVR(loss=loss).fit(X, Y).coef_, filled.coef_
    )


def test_a_task_without_labels_and_a_constant_one():
    X, Y = number_tasks()
    without = fit(X, Y[:, [2]], structure="independent").predict(X)
    Y[:, 0], Y[:, 1] = np.nan, 7.0
    with pytest.warns(DegenerateTaskWarning, match="'task0'"):
        model = fit(X, Y, structure="independent")
    assert np.isnan(model.predict(X)[:, 0]).all()
    np.testing.assert_allclose(model.predict(X)[:, 1], 7, atol=1e-6)
    np.testing.assert_allclose(model.predict(X)[:, 2:], without, atol=5e-3)


# Forms of X.


@pytest.mark.parametrize("loss", LOSSES)
def test_sparse_X_equals_dense(loss):
    X, Y = number_tasks()
    X[np.abs(X) < 0.7] = 0
    dense, thin = fit(X, Y, loss=loss), fit(sparse.csr_array(X), Y, loss=loss)
    np.testing.assert_allclose(dense.predict(X), thin.predict(X), atol=5e-3)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("shape", [(80, 5), (30, 100)])
def test_float32_stays_float32(loss, shape):
    X, Y = number_tasks(*shape)
    double = fit(X, Y, loss=loss, C=0.1)
    single = fit(X.astype(np.float32), Y, loss=loss, C=0.1, tol=1e-4)
    for name in ("coef_", "intercept_", "coef_task_"):
        assert getattr(single, name).dtype == np.float32
    assert single.predict(X.astype(np.float32)).dtype == np.float32
    assert single.converged_
    np.testing.assert_allclose(single.coef_, double.coef_, atol=0.05)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_more_features_than_samples(structure):
    X, Y = number_tasks(25, 70)
    model = MultiTaskLinearSVR(
        loss="squared_epsilon_insensitive", C=0.1, **tying(structure)
    ).fit(X, Y)
    assert model.converged_
    assert model.coef_.shape == (3, 70)
    assert model.score(X, Y) > 0.3


# Parameters.


def test_defaults():
    parameters = inspect.signature(MultiTaskLinearSVR).parameters
    defaults = {name: p.default for name, p in parameters.items()}
    assert defaults["C"] == 1.0
    assert defaults["loss"] == "epsilon_insensitive"
    assert defaults["epsilon"] == 0.0
    assert defaults["structure"] == "learned"
    assert defaults["sharing"] == 0.5
    assert defaults["scale_targets"] is True
    assert {p.kind for p in parameters.values()} == {inspect.Parameter.KEYWORD_ONLY}


@pytest.mark.parametrize(
    ("name", "value", "error", "message"),
    [
        ("C", 0, ValueError, "C == 0"),
        ("epsilon", -0.1, ValueError, r"epsilon == -0\.1"),
        ("epsilon", np.inf, ValueError, "epsilon == inf"),
        ("epsilon", "wide", TypeError, "epsilon must be"),
        ("loss", "hinge", ValueError, "loss='hinge' is unknown.*'epsilon_insensitive'"),
        ("sharing", 1.5, ValueError, r"sharing == 1\.5"),
        ("tol", -1, ValueError, "tol == -1"),
        ("max_iter", 0, ValueError, "max_iter == 0"),
        ("structure", "trace", ValueError, "structure='trace' is unknown"),
        ("task_weight", [1, -1, 1], ValueError, r"task_weight.*>= 0.*-1\.0"),
        ("label_groups", "all", ValueError, "label_groups='all' means nothing"),
        ("task_graph", np.eye(3), ValueError, "task_graph means nothing"),
    ],
)
def test_bad_parameters(name, value, error, message):
    X, Y = number_tasks()
    with pytest.raises(error, match=message):
        MultiTaskLinearSVR(**{name: value}).fit(X, Y)


@pytest.mark.parametrize(
    "structure",
    ["low_rank", "joint_sparse", "shared_plus_low_rank", "shared_plus_sparse"],
)
def test_penalties_need_the_square(structure):
    X, Y = number_tasks()
    with pytest.raises(ValueError, match=f"'{structure}' needs.*squared form"):
        MultiTaskLinearSVR(structure=structure).fit(X, Y)


def test_text_is_no_number():
    X, Y = number_tasks()
    with pytest.raises(ValueError, match="regressor needs numbers"):
        MultiTaskLinearSVR().fit(X, np.where(Y > 0, "high", "low"))
