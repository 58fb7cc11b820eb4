"""What the models of gradient descent do beside finding an optimum."""

import warnings

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mtlearn.linear_model import (
    MixedTaskSGD,
    MultiTaskSGDClassifier,
    MultiTaskSGDRegressor,
)
from mtlearn.solvers.descent import SGD, Adam, Cosine, InverseScaling
from mtlearn.structures import Clustered

ALL = (MultiTaskSGDClassifier, MultiTaskSGDRegressor, MixedTaskSGD)


def problem(cls, n=300, d=8):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, d))
    Z = X @ rng.normal(size=(d, 2)) + rng.normal(size=(n, 2))
    if cls is MultiTaskSGDRegressor:
        return X, Z
    labels = np.column_stack([Z[:, 0] > 0, np.digitize(Z[:, 1], [-1, 1])]).astype(float)
    if cls is MultiTaskSGDClassifier:
        return X, labels
    return X, np.column_stack([labels, Z[:, 1]])


# Scores and probabilities.


@pytest.mark.parametrize("loss", ["logistic", "modified_huber"])
def test_probabilities(loss):
    X, Y = problem(MultiTaskSGDClassifier)
    model = MultiTaskSGDClassifier(loss=loss, alpha=0.01, random_state=0).fit(X, Y)
    found = model.predict_proba(X)
    assert [each.shape for each in found] == [(300, 2), (300, 3)]
    for t, each in enumerate(found):
        np.testing.assert_allclose(each.sum(axis=1), 1)
        assert each.min() >= 0
        best = model.classes_[t][each.argmax(axis=1)]
        # Modified Huber has rows of several certain classes.
        assert np.mean(best == model.predict(X)[:, t]) > 0.95
        assert np.mean(best == Y[:, t]) > 0.75


@pytest.mark.parametrize("loss", ["hinge", "squared_hinge"])
def test_margins_have_no_probabilities(loss):
    X, Y = problem(MultiTaskSGDClassifier)
    model = MultiTaskSGDClassifier(loss=loss, random_state=0).fit(X, Y)
    assert not hasattr(model, "predict_proba")
    assert not hasattr(model, "predict_log_proba")
    with pytest.raises(AttributeError, match="predict_proba"):
        model.predict_proba(X)
    assert [z.shape for z in model.decision_function(X)] == [(300,), (300, 3)]


# Shapes and records.


@pytest.mark.parametrize("cls", ALL)
def test_records(cls):
    X, Y = problem(cls)
    Y[:, 1] = np.where(np.arange(300) < 150, Y[:, 1], np.nan)
    model = cls(max_iter=4, tol=None, random_state=0).fit(X, Y)
    T = Y.shape[1]
    assert model.loss_curve_.shape == model.task_weights_.shape == (4, T)
    assert np.isfinite(model.loss_curve_).all()
    np.testing.assert_array_equal(model.task_weights_, 1)
    assert (model.n_iter_, model.t_) == (4, 4 * 3)


@pytest.mark.parametrize("cls", ALL)
def test_a_task_without_any_label(cls):
    X, Y = problem(cls)
    Y[:, 1] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        model = cls(max_iter=3, tol=None, random_state=0).fit(X, Y)
    assert np.isnan(model.loss_curve_[:, 1]).all()
    assert np.isfinite(model.loss_curve_[:, 0]).all()
    assert np.isfinite(model.coef_).all()


def test_fixed_weights_are_recorded():
    X, Y = problem(MultiTaskSGDClassifier)
    kwargs = {"max_iter": 2, "tol": None}
    model = MultiTaskSGDClassifier(task_weight={"task1": 3}, **kwargs).fit(X, Y)
    np.testing.assert_allclose(model.task_weights_, [[1, 3]] * 2)


def test_float32_stays():
    X, Y = problem(MixedTaskSGD)
    model = MixedTaskSGD(random_state=0).fit(X.astype(np.float32), Y)
    assert model.coef_.dtype == model.intercept_.dtype == np.float32
    wide = MixedTaskSGD(random_state=0).fit(X, Y)
    assert wide.coef_.dtype == np.float64
    np.testing.assert_allclose(model.coef_, wide.coef_, atol=1e-3)


def test_verbose_says_how_it_goes(capsys):
    X, Y = problem(MultiTaskSGDClassifier)
    MultiTaskSGDClassifier(max_iter=2, tol=None, verbose=1).fit(X, Y)
    said = capsys.readouterr()
    assert "2" in said.out + said.err


# Sparse coefficients.


@pytest.mark.parametrize("cls", ALL)
def test_sparse_coefficients_and_back(cls):
    X, Y = problem(cls)
    model = cls(penalty="l1", structure="independent", alpha=0.2, random_state=0).fit(
        X, Y
    )
    coef, found = model.coef_.copy(), model.predict(X)
    assert 0 < (coef == 0).mean() < 1
    assert model.sparsify() is model
    assert sparse.issparse(model.coef_)
    np.testing.assert_allclose(model.predict(X), found, rtol=1e-12)
    np.testing.assert_allclose(model.predict(sparse.csr_array(X)), found, rtol=1e-12)
    with pytest.raises(ValueError, match=r"sparsify.*fit anew"):
        model.partial_fit(X, Y)
    np.testing.assert_array_equal(model.densify().coef_, coef)
    np.testing.assert_array_equal(model.densify().coef_, coef)  # dense already
    np.testing.assert_array_equal(model.fit(X, Y).coef_, coef)
    with pytest.raises(NotFittedError):
        cls().sparsify()


# Parameters that change the steps.


def test_clipped_steps_are_short():
    X, Y = problem(MultiTaskSGDRegressor)
    Y[0] = 1e4  # one row that pulls
    kwargs = {"scale_targets": False, "max_iter": 3, "tol": None, "shuffle": False}
    kwargs |= {"average": False, "fit_intercept": False, "structure": "independent"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        free = MultiTaskSGDRegressor(**kwargs).fit(X, Y)
        clipped = MultiTaskSGDRegressor(**kwargs, clip_norm=1e-3).fit(X, Y)
    assert np.linalg.norm(clipped.coef_) < 0.001 * np.linalg.norm(free.coef_)


def test_averages_begin_when_they_are_told_to():
    X, Y = problem(MultiTaskSGDClassifier)
    kwargs = {"max_iter": 3, "tol": None, "random_state": 0}
    last, late, mean = (
        MultiTaskSGDClassifier(average=average, **kwargs).fit(X, Y)
        for average in (False, 10**6, True)
    )
    np.testing.assert_array_equal(late.coef_, last.coef_)
    assert not np.allclose(mean.coef_, last.coef_)
    always = MultiTaskSGDClassifier(average=1, **kwargs).fit(X, Y)
    np.testing.assert_allclose(always.coef_, mean.coef_)


@pytest.mark.parametrize("params", [
    {"optimizer": SGD(momentum=0.5)}, {"optimizer": Adam()}, {"optimizer": "adagrad"},
    {"learning_rate": InverseScaling(power=1)}, {"learning_rate": "cosine"},
    {"eta0": 0.5}, {"batch_size": 7}, {"shuffle": False}, {"random_state": 1},
], ids=str)  # fmt: skip
def test_every_parameter_of_the_steps_matters(params):
    X, Y = problem(MultiTaskSGDClassifier)
    plain = MultiTaskSGDClassifier(max_iter=3, tol=None, random_state=0).fit(X, Y)
    other = clone(plain).set_params(**params).fit(X, Y)
    assert not np.allclose(other.coef_, plain.coef_, rtol=1e-3)
    assert np.mean(other.predict(X) == plain.predict(X)) > 0.8


def test_components_are_shared_by_all_tasks():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 20))
    directions = rng.normal(size=(2, 20))
    Y = X @ directions.T @ rng.normal(size=(2, 6)) + 0.1 * rng.normal(size=(500, 6))
    model = MultiTaskSGDRegressor(
        structure="low_rank", n_components=2, alpha=1e-5, random_state=0, max_iter=300
    ).fit(X, Y)
    assert model.components_.shape == (2, 20)
    assert model.rank_ == np.linalg.matrix_rank(model.coef_, tol=1e-6) == 2
    both = np.linalg.svd(np.vstack([model.components_, directions]))[1]
    assert both[2] < 0.05 * both[0]  # the same plane
    alone = MultiTaskSGDRegressor(structure="independent", random_state=0).fit(X, Y)
    assert model.score(X, Y) > alone.score(X, Y) - 0.003
    assert not hasattr(model.set_params(n_components=None).fit(X, Y), "components_")


def test_structures_as_objects():
    X, Y = problem(MultiTaskSGDRegressor)
    Y = np.column_stack([Y, Y])
    model = MultiTaskSGDRegressor(
        structure=Clustered(clusters=[0, 1, 0, 1]), sharing=0.99, alpha=0.1,
        random_state=0,
    ).fit(X, Y)  # fmt: skip
    np.testing.assert_allclose(model.coef_[0], model.coef_[2], rtol=1e-6)
    assert not np.allclose(model.coef_[0], model.coef_[1])


def test_changed_sharing_goes_on_from_where_it_was():
    X, Y = problem(MultiTaskSGDRegressor)
    kwargs = {"structure": "mean", "alpha": 0.1, "random_state": 0, "max_iter": 300}
    kwargs |= {"batch_size": 300, "tol": 1e-7}
    model = MultiTaskSGDRegressor(sharing=0.2, warm_start=True, **kwargs).fit(X, Y)
    first = model.n_iter_
    model.set_params(sharing=0.3).fit(X, Y)
    fresh = MultiTaskSGDRegressor(sharing=0.3, **kwargs).fit(X, Y)
    np.testing.assert_allclose(model.coef_, fresh.coef_, atol=2e-3)
    assert model.n_iter_ < first


# In the company of scikit-learn.


def test_grid_search():
    X, Y = problem(MultiTaskSGDClassifier)
    grid = {
        "multitasksgdclassifier__optimizer__momentum": [0.0, 0.9],
        "multitasksgdclassifier__sharing": [0.2, 0.8],
        "multitasksgdclassifier__task_weight": [None, {"task0": 4}],
    }
    pipeline = make_pipeline(
        StandardScaler(), MultiTaskSGDClassifier(optimizer=SGD(), random_state=0)
    )
    search = GridSearchCV(pipeline, grid, cv=3, error_score="raise").fit(X, Y)
    losses = [search.cv_results_[f"split{k}_test_score"] for k in range(3)]
    assert len(np.unique(losses, axis=1).T) > 3
    assert search.best_score_ > 0.8
    assert search.best_estimator_[-1].optimizer.momentum in (0.0, 0.9)
    unchanged = pipeline[-1].optimizer.momentum
    assert unchanged == 0.9


def test_schedules_are_not_shared_between_clones():
    model = MultiTaskSGDClassifier(learning_rate=Cosine(period=5))
    other = clone(model).set_params(learning_rate__period=7)
    assert model.learning_rate.period == 5
    assert other.learning_rate.period == 7


def test_tasks_with_their_own_rows_gain_by_their_mean():
    """300 tasks of 12 rows each, one answer with a little of their own."""
    rng = np.random.default_rng(0)
    T, m, d = 300, 12, 10
    W = rng.normal(size=d) + 0.3 * rng.normal(size=(T, d))
    X, X_new = rng.normal(size=(2, T * m, d))
    task = np.repeat(np.arange(T), m)
    y = (X * W[task]).sum(1) + rng.normal(size=T * m)
    Y = np.full((T * m, T), np.nan)
    Y[np.arange(T * m), task] = y
    kwargs = {"scale_targets": False, "random_state": 0, "tol": 1e-4, "max_iter": 300}
    kwargs |= {"alpha": 2e-4, "fit_intercept": False}
    truth = (X_new * W[task]).sum(1)

    def error(model):
        Z = model.fit(X, Y).predict(X_new)
        return np.mean((Z[np.arange(T * m), task] - truth) ** 2)

    def error_of_ridge(alpha):
        ridge, found = Ridge(alpha, fit_intercept=False), np.empty(T * m)
        for t in range(T):
            found[task == t] = ridge.fit(X[task == t], y[task == t]).predict(
                X_new[task == t]
            )
        return np.mean((found - truth) ** 2)

    alone = error(MultiTaskSGDRegressor(structure="independent", **kwargs))
    shared = error(MultiTaskSGDRegressor(structure="mean", sharing=0.9, **kwargs))
    best_alone = min(map(error_of_ridge, (0.3, 1, 3, 10)))
    assert shared < 0.6 * min(alone, best_alone)


# What cannot be.


@pytest.mark.parametrize(("params", "match"), [
    ({"alpha": -1}, "alpha"),
    ({"sharing": 1.5}, "sharing"),
    ({"l1_ratio": 2}, "l1_ratio"),
    ({"eta0": 0}, "eta0"),
    ({"clip_norm": 0}, "clip_norm"),
    ({"tol": -1}, "tol"),
    ({"batch_size": 0}, "batch_size"),
    ({"max_iter": 0}, "max_iter"),
    ({"average": -1}, "average"),
    ({"optimizer": "adamw"}, "optimizer='adamw'.*'adam'"),
    ({"optimizer": Cosine()}, "is none of SGD, AdaGrad, Adam"),
    ({"optimizer": SGD(momentum=1)}, "momentum"),
    ({"learning_rate": "optimal"}, "learning_rate='optimal'.*'cosine'"),
    ({"learning_rate": InverseScaling(power=0)}, r"power in \(0, 1\]"),
    ({"structure": "trace"}, "structure='trace'.*'low_rank'"),
    ({"penalty": "l0"}, "penalty='l0'"),
    ({"penalty": "l1"}, "penalty='l1' means nothing to structure='learned'"),
    ({"penalty": None}, "penalty=None means nothing.*structure='independent'"),
    ({"structure": "low_rank", "sharing": 0.2}, "sharing=0.2 means nothing"),
    ({"structure": "low_rank", "n_components": 0}, "n_components"),
    ({"task_graph": np.eye(2)}, "task_graph means nothing.*structure='graph'"),
    ({"label_groups": "all"}, "label_groups='all' means nothing"),
    ({"task_weight": "harmonic"}, "task_weight='harmonic'.*'gate'"),
])  # fmt: skip
@pytest.mark.parametrize("cls", ALL)
def test_parameters_that_cannot_be(cls, params, match):
    X, Y = problem(cls)
    model = cls(**params)
    with pytest.raises((TypeError, ValueError), match=match):
        model.fit(X, Y)
    kinds = {"task0": [0, 1], "task1": [0, 1, 2]}
    said = {} if cls is MultiTaskSGDRegressor else {"classes": kinds}
    with pytest.raises((TypeError, ValueError), match=match):
        model.partial_fit(X, Y, **said)
    assert not hasattr(model, "coef_")


def test_losses_of_the_other_kind():
    X, Y = problem(MultiTaskSGDClassifier)
    with pytest.raises(ValueError, match=r"loss='squared'.*'logistic'"):
        MultiTaskSGDClassifier(loss="squared").fit(X, Y)
    with pytest.raises(ValueError, match=r"loss='logistic'.*'squared'"):
        MultiTaskSGDRegressor(loss="logistic").fit(X, Y)


def test_components_of_other_structures_are_told_of():
    X, Y = problem(MultiTaskSGDClassifier)
    with pytest.warns(UserWarning, match="n_components=2 means nothing to structure="):
        MultiTaskSGDClassifier(n_components=2).fit(X, Y)
