"""MultiTaskLogisticRegression: what it minimises, and its probabilities."""

import numpy as np
import pytest
from scipy import sparse
from scipy.special import expit, softmax
from sklearn.linear_model import LogisticRegression

from mtlearn.exceptions import DegenerateTaskWarning
from mtlearn.linear_model import MultiTaskLogisticRegression, two_part
from mtlearn.structures import STRUCTURES, CovarianceStructure
from tests.contract import tying
from tests.reference import linear

EXACT = {"tol": 1e-10, "max_iter": 1000}
PEER = {"tol": 1e-10, "max_iter": 10_000}
COVARIANCE = [
    name for name in STRUCTURES if issubclass(STRUCTURES[name], CovarianceStructure)
]


def label_tasks(n=80, d=4, n_classes=2, T=3, hidden=0.2):
    """Tasks that vary around a common truth; NaN where hidden."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, d)) + 0.5
    W = rng.normal(size=(d, 1)) + 0.5 * rng.normal(size=(d, T))
    Z = X @ W + rng.logistic(size=(n, T))
    Y = np.digitize(Z, np.linspace(0, 1.5, n_classes - 1)).astype(float)
    Y[rng.random((n, T)) < hidden] = np.nan
    return X, Y


def mixed_tasks():
    """Two classes, three classes, two classes."""
    X, Y = label_tasks()
    Y[:, 1] = label_tasks(n_classes=3)[1][:, 1]
    return X, Y


def fit(X, Y, **params):
    return MultiTaskLogisticRegression(**{**EXACT, **params}).fit(X, Y)


def signs(Y):
    """-1 and +1, and weights, for the reference."""
    return np.where(Y == 1, 1.0, -1.0), (~np.isnan(Y)).astype(float)


# One task is scikit-learn's LogisticRegression.


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("class_weight", [None, "balanced", {1: 3.0}])
@pytest.mark.parametrize("shape", [(80, 4), (30, 50)])
def test_one_task_is_logistic_regression(n_classes, fit_intercept, class_weight, shape):
    X, Y = label_tasks(*shape, n_classes=n_classes, hidden=0)
    y, weight = Y[:, 0], np.arange(len(X)) % 3 + 0.5
    options = {"fit_intercept": fit_intercept, "class_weight": class_weight, "C": 0.3}
    peer = LogisticRegression(**PEER, **options).fit(X, y, weight)
    ours = MultiTaskLogisticRegression(structure="independent", **EXACT, **options)
    ours.fit(X, y, weight)
    np.testing.assert_allclose(ours.coef_, peer.coef_, atol=1e-5)
    np.testing.assert_allclose(ours.intercept_, peer.intercept_, atol=1e-5)
    np.testing.assert_allclose(ours.predict_proba(X), peer.predict_proba(X), atol=1e-5)
    np.testing.assert_array_equal(ours.predict(X), peer.predict(X))


def test_independent_tasks_are_each_fitted_alone():
    X, Y = mixed_tasks()
    model = fit(X, Y, structure="independent")
    for t, y in enumerate(Y.T):
        seen = ~np.isnan(y)
        peer = LogisticRegression(**PEER).fit(X[seen], y[seen])
        own = slice(*model.columns_[t : t + 2])
        np.testing.assert_allclose(model.coef_[own], peer.coef_, atol=1e-5)
        np.testing.assert_allclose(model.intercept_[own], peer.intercept_, atol=1e-5)


def test_class_weight_by_task():
    X, Y = mixed_tasks()
    forms = {"task0": "balanced", "task1": {2.0: 5.0}}
    model = fit(X, Y, structure="independent", class_weight=forms)
    for t, form in enumerate(["balanced", {2.0: 5.0}, None]):
        seen = ~np.isnan(Y[:, t])
        peer = LogisticRegression(class_weight=form, **PEER).fit(X[seen], Y[seen, t])
        own = slice(*model.columns_[t : t + 2])
        np.testing.assert_allclose(model.coef_[own], peer.coef_, atol=1e-5)


def test_default_tolerance_is_enough():
    X, Y = label_tasks(hidden=0)
    default = MultiTaskLogisticRegression().fit(X, Y[:, 0])
    exact = fit(X, Y[:, 0])
    np.testing.assert_allclose(default.coef_, exact.coef_, atol=1e-3)


# Structures and sharing.


@pytest.mark.parametrize("structure", ["mean", "graph", "clustered", "learned"])
def test_sharing_0_is_independent(structure):
    X, Y = mixed_tasks()
    model = fit(X, Y, sharing=0, **tying(structure, (0, 2)))
    alone = fit(X, Y, structure="independent")
    np.testing.assert_allclose(model.coef_, alone.coef_, atol=1e-7)
    np.testing.assert_allclose(model.intercept_, alone.intercept_, atol=1e-7)


@pytest.mark.parametrize("structure", ["mean", "graph", "shared_plus_low_rank"])
def test_sharing_1_is_one_pooled_model_with_an_intercept_per_task(structure):
    X, Y = label_tasks()
    row, task = np.nonzero(~np.isnan(Y))
    # Large constant features leave the tasks' intercepts all but unpenalised.
    stacked = np.hstack([X[row], 100 * np.eye(3)[task]])
    peer = LogisticRegression(C=0.4, fit_intercept=False, **PEER)
    peer.fit(stacked, Y[row, task])
    model = fit(X, Y, sharing=1, C=0.4, **tying(structure, range(3)))
    wanted = np.tile(peer.coef_[:, :4], (3, 1))
    np.testing.assert_allclose(model.coef_, wanted, atol=1e-3)
    np.testing.assert_allclose(model.intercept_, 100 * peer.coef_[0, 4:], atol=1e-3)


@pytest.mark.parametrize("sharing", [0.3, 0.9])
def test_mean_is_that_of_a_general_optimiser(sharing):
    X, Y = label_tasks()
    model = fit(X, Y, sharing=sharing, C=0.5, **tying("mean", range(3)))
    M = (1 - sharing) * np.eye(3) + sharing
    W, b = linear.fit(X, *signs(Y), 0.5, M, loss=linear.logistic)
    np.testing.assert_allclose(model.coef_.T, W, atol=1e-5)
    np.testing.assert_allclose(model.intercept_, b, atol=1e-5)


def test_mean_of_several_classes_is_that_of_a_general_optimiser():
    X, Y = label_tasks(n_classes=3)
    model = fit(X, Y, sharing=0.6, C=0.5, **tying("mean", range(3)))
    hits = (Y[:, :, None] == np.arange(3)).reshape(len(X), 9).astype(float)
    weight = np.repeat(~np.isnan(Y), 3, axis=1).astype(float)
    M = model.column_covariance_
    np.testing.assert_allclose(
        M, np.kron(0.4 * np.eye(3) + 0.6, np.ones((3, 3))) * np.tile(np.eye(3), (3, 3))
    )
    W, _ = linear.fit(X, hits, weight, 0.5, M, loss=linear.softmax(3))
    np.testing.assert_allclose(model.coef_.T, W, atol=1e-4)


def test_two_parts():
    X, Y = label_tasks()
    model = fit(X, Y, **two_part(2.0, 0.5), **tying("mean", range(3)))
    slope = linear.data_term(
        X, *signs(Y), model.coef_.T, model.intercept_, 1.0, linear.logistic
    )[1]
    shared = model.coef_shared_[0]
    np.testing.assert_allclose(slope + 2.0 * model.coef_task_.T, 0, atol=1e-6)
    np.testing.assert_allclose(slope.sum(axis=1) + 0.5 * shared, 0, atol=1e-6)


@pytest.mark.parametrize("structure", COVARIANCE)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_nothing_pulls_at_the_solution(structure, n_classes):
    """The gradient in U is 0, W = U M^(1/2), whichever M was found."""
    X, Y = label_tasks(d=10, n_classes=n_classes)
    model = fit(X, Y, C=0.3, **tying(structure, range(3)))
    M = model.column_covariance_
    if structure == "learned":  # M^-1 = (1-s) I + s Omega^-1, s = 1/2
        M = np.linalg.inv(2 * np.linalg.inv(M) - np.eye(len(M)))
    assert np.trace(M) == pytest.approx(len(M))
    root = linear.square_root(model.column_covariance_)
    if n_classes == 2:
        loss, (labels, weight) = linear.logistic, signs(Y)
    else:
        loss = linear.softmax(3)
        labels = (Y[:, :, None] == np.arange(3)).reshape(len(X), 9).astype(float)
        weight = np.repeat(~np.isnan(Y), 3, axis=1).astype(float)
    dW, db = linear.data_term(
        X, labels, weight, model.coef_.T, model.intercept_, 0.3, loss
    )[1:]
    penalty = model.coef_.T @ np.linalg.pinv(root, hermitian=True)
    np.testing.assert_allclose(dW @ root + penalty, 0, atol=1e-6)
    np.testing.assert_allclose(db, 0, atol=1e-6)


@pytest.mark.parametrize("structure", COVARIANCE)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_C_means_the_same_at_every_structure(structure, n_classes):
    """Of a single task of two classes they make the same model."""
    X, Y = label_tasks(n_classes=n_classes)
    if n_classes > 2 and structure == "learned":
        pytest.skip("learns how the columns of the classes relate")
    model = fit(X, Y[:, 0], C=0.2, **tying(structure, None))
    alone = fit(X, Y[:, 0], C=0.2, structure="independent")
    np.testing.assert_allclose(model.coef_, alone.coef_, atol=1e-7)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_low_rank_is_exact_and_optimal(n_classes):
    X, Y = label_tasks(d=6, T=5, n_classes=n_classes)
    model = fit(X, Y, structure="low_rank", C=0.1)
    if n_classes == 2:
        loss, (labels, weight) = linear.logistic, signs(Y)
    else:
        loss = linear.softmax(3)
        labels = (Y[:, :, None] == np.arange(3)).reshape(len(X), 15).astype(float)
        weight = np.repeat(~np.isnan(Y), 3, axis=1).astype(float)
    dW = linear.data_term(
        X, labels, weight, model.coef_.T, model.intercept_, 0.1, loss
    )[1]
    U, s, Vt = np.linalg.svd(model.coef_.T, full_matrices=False)
    kept = s > 1e-10 * s[0]
    assert model.rank_ == kept.sum() < min(model.coef_.shape)
    assert np.linalg.norm(dW, 2) <= 1 + 1e-6
    np.testing.assert_allclose(U[:, kept].T @ -dW, Vt[kept], atol=1e-6)


# Probabilities.


@pytest.mark.parametrize("structure", ["learned", "low_rank"])
def test_probabilities_are_those_of_the_scores(structure):
    X, Y = mixed_tasks()
    model = fit(X, Y, structure=structure)
    scores, shares = model.decision_function(X), model.predict_proba(X)
    logs = model.predict_log_proba(X)
    for t, (z, p) in enumerate(zip(scores, shares)):
        np.testing.assert_allclose(p.sum(axis=1), 1)
        np.testing.assert_allclose(np.exp(logs[t]), p)
        if z.ndim == 1:
            np.testing.assert_allclose(np.log(p[:, 1] / p[:, 0]), z)
            np.testing.assert_allclose(p[:, 1], expit(z))
        else:
            np.testing.assert_allclose(p, softmax(z, axis=1))
        known = model.classes_[t]
        np.testing.assert_array_equal(known[p.argmax(axis=1)], model.predict(X)[:, t])
        np.testing.assert_array_equal(model.task(t).predict_proba(X), p)


def test_mean_probabilities_are_the_shares_of_the_classes():
    """The intercept is free, so on the fitted rows they agree."""
    X, Y = mixed_tasks()
    for p, y in zip(fit(X, Y).predict_proba(X), Y.T):
        seen = ~np.isnan(y)
        shares = [np.mean(y[seen] == k) for k in range(p.shape[1])]
        np.testing.assert_allclose(p[seen].mean(axis=0), shares, atol=1e-6)


def test_one_class_and_no_labels():
    X, Y = mixed_tasks()
    Y[:, 0], Y[:, 2] = np.where(Y[:, 0] == 1, 1.0, np.nan), np.nan
    with pytest.warns(DegenerateTaskWarning) as caught:
        model = fit(X, Y)
    assert len(caught) == 2
    one, several, none = model.predict_proba(X)
    np.testing.assert_array_equal(one, np.ones((80, 1)))
    assert several.shape == (80, 3)
    assert none.shape == (80, 0)
    np.testing.assert_array_equal(model.predict(X)[:, 0], 1)
    assert np.isnan(model.predict(X)[:, 2]).all()


@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_tied_task_of_one_class_ranks(n_classes):
    X, Y = label_tasks(n_classes=n_classes, hidden=0)
    Y[:, 1] = np.where(Y[:, 1] == 1, 1.0, np.nan)
    with pytest.warns(DegenerateTaskWarning, match="only one class.*'task1'"):
        model = fit(X, Y, sharing=0.8, **tying("mean"))
    shares = model.predict_proba(X)[1]
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    assert shares.shape == (80, n_classes)
    assert np.ptp(shares[:, 1]) > 0.1
    assert shares[:, 1].mean() > 0.5
    np.testing.assert_array_equal(model.predict(X)[:, 1], 1)


def test_one_class_in_1d():
    X, _ = label_tasks()
    model = fit(X, np.full(80, "only"))
    np.testing.assert_array_equal(model.predict(X), "only")
    np.testing.assert_array_equal(model.predict_proba(X), np.ones((80, 1)))


def test_intercepts_of_the_classes_have_sum_0():
    X, Y = mixed_tasks()
    model = fit(X, Y)
    assert model.intercept_[1:4].sum() == pytest.approx(0, abs=1e-12)


def test_scores_far_from_zero_do_not_overflow():
    X, Y = mixed_tasks()
    model = fit(X, Y)
    with np.errstate(over="raise", invalid="raise"):
        for p in model.predict_proba(1e4 * X):
            assert np.isfinite(p).all()
    assert all(
        np.isfinite(p).all() or (p <= 0).all() for p in model.predict_log_proba(X)
    )


# Forms of X, and wrong parameters.


@pytest.mark.parametrize("structure", STRUCTURES)
def test_sparse_and_float32(structure):
    X, Y = mixed_tasks()
    X[np.abs(X) < 0.7] = 0
    params = tying(structure, (0, 2))
    dense, thin = fit(X, Y, **params), fit(sparse.csr_array(X), Y, **params)
    np.testing.assert_allclose(dense.coef_, thin.coef_, atol=1e-6)
    single = fit(X.astype(np.float32), Y, **{**params, "tol": 1e-4})
    assert single.coef_.dtype == single.intercept_.dtype == np.float32
    assert {p.dtype for p in single.predict_proba(X.astype(np.float32))} == {
        np.dtype(np.float32)
    }
    np.testing.assert_allclose(single.coef_, dense.coef_, atol=0.02)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_more_features_than_samples(structure):
    X, Y = label_tasks(30, 70)
    model = MultiTaskLogisticRegression(**tying(structure)).fit(X, Y)
    assert model.converged_
    assert model.score(X, Y) > 0.7


@pytest.mark.parametrize(
    ("name", "value", "error", "message"),
    [
        ("C", 0, ValueError, "C == 0"),
        ("sharing", 2, ValueError, "sharing == 2"),
        ("structure", "trace", ValueError, "structure='trace' is unknown"),
        ("class_weight", "even", ValueError, "class_weight='even' is unknown"),
        ("task_weight", "even", ValueError, "task_weight='even' is unknown"),
        ("label_groups", "all", ValueError, "label_groups='all' means nothing"),
        ("task_graph", np.eye(3), ValueError, "task_graph means nothing"),
    ],
)
def test_bad_parameters(name, value, error, message):
    X, Y = label_tasks()
    with pytest.raises(error, match=message):
        MultiTaskLogisticRegression(**{name: value}).fit(X, Y)
