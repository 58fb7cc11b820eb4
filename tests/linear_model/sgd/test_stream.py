"""partial_fit: batch after batch what fit does, and nothing if a batch is bad."""

import pickle
import warnings
from copy import deepcopy

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.utils.validation import check_is_fitted

from mtlearn.linear_model import (
    MixedTaskSGD,
    MultiTaskSGDClassifier,
    MultiTaskSGDRegressor,
)
from mtlearn.solvers.descent import Cosine

CLASSES = {"task0": [0, 1], "task1": [0, 1, 2]}
ALL = (MultiTaskSGDClassifier, MultiTaskSGDRegressor, MixedTaskSGD)
PLAIN = {"shuffle": False, "batch_size": 10, "random_state": 0, "tol": None}


def rows(n=80, d=4):
    """Features, and a task of two classes, one of three, and one of numbers."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, d)) + 0.5
    Z = X @ rng.normal(size=(d, 3)) + rng.normal(size=(n, 3))
    Y = np.column_stack([Z[:, 0] > 0, np.digitize(Z[:, 1], [-1, 1]), 3 * Z[:, 2] + 5])
    hidden = rng.random(Y.shape) < 0.2
    hidden[:, 0] &= ~hidden[:, 1:].any(axis=1)  # no row without labels
    Y[hidden] = np.nan
    Y[:3] = [[0, 0, 1.5], [1, 1, 2.5], [0, 2, 0.5]]
    return X, Y


def problem(cls):
    """An estimator's X, Y and what it must be told of Y."""
    X, Y = rows()
    if cls is MultiTaskSGDRegressor:
        return X, Y[:, [2, 0]] * [1, 4], {}
    if cls is MultiTaskSGDClassifier:
        return X, Y[:, :2], {"classes": CLASSES}
    return X, Y, {"classes": CLASSES}


def kwargs_of(cls):
    """Units that are known before the first batch."""
    scales = {MultiTaskSGDRegressor: [2, 2.5], MixedTaskSGD: [1, 1, 3]}
    return {"scale_targets": scales[cls]} if cls in scales else {}


def model_of(cls, **params):
    return cls(**{**PLAIN, **kwargs_of(cls), **params})


def stream(model, X, Y, said, size=20):
    for start in range(0, len(Y), size):
        batch = slice(start, start + size)
        model.partial_fit(X[batch], Y[batch], **said)
    return model


def outputs(model, X):
    found = [model.coef_, model.intercept_, np.asarray(model.predict(X), dtype=float)]
    if hasattr(model, "decision_function"):
        scores = model.decision_function(X)
        found += [part for part in scores if part is not None]
    return found


def assert_identical(one, two, X):
    for ours, theirs in zip(outputs(one, X), outputs(two, X)):
        np.testing.assert_array_equal(ours, theirs)


# Whole mini-batches are an epoch of fit.


@pytest.mark.parametrize("cls", ALL)
@pytest.mark.parametrize("optimizer", ["sgd", "adagrad", "adam"])
@pytest.mark.parametrize("structure", ["learned", "mean", "low_rank"])
@pytest.mark.parametrize("form", [np.array, csr_array])
def test_chunks_are_one_epoch(cls, optimizer, structure, form):
    X, Y, said = problem(cls)
    X = form(X)
    model = model_of(cls, optimizer=optimizer, structure=structure, max_iter=1)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*nothing says")
        # Eight steps of Adam do not yet reach the means.
        warnings.simplefilter("ignore", ConvergenceWarning)
        whole = clone(model).fit(X, Y)
    parts = stream(model, X, Y, said)
    assert_identical(whole, parts, X)
    assert np.abs(parts.coef_).max() > 0.01
    assert (whole.n_iter_, parts.n_iter_) == (1, 4)
    assert whole.t_ == parts.t_ == 8


@pytest.mark.parametrize("params", [
    {"average": False}, {"average": 30}, {"clip_norm": 0.1}, {"fit_intercept": False},
    {"structure": "mean", "penalty": "elasticnet", "alpha": 0.01},
    {"structure": "low_rank", "n_components": 2}, {"structure": "joint_sparse"},
    {"learning_rate": "invscaling"}, {"learning_rate": Cosine(period=3)},
    {"task_weight": {"task1": 3}}, {"loss": "huber", "sharing": 0.9},
], ids=str)  # fmt: skip
def test_chunks_are_one_epoch_whatever_the_parameters(params):
    X, Y, said = problem(MultiTaskSGDRegressor)
    model = model_of(MultiTaskSGDRegressor, max_iter=1, **params)
    whole, parts = clone(model).fit(X, Y), stream(model, X, Y, said)
    assert_identical(whole, parts, X)
    plain = stream(model_of(MultiTaskSGDRegressor), X, Y, said)
    assert not np.allclose(parts.coef_, plain.coef_, rtol=1e-4)


@pytest.mark.parametrize("shuffle", [True, False])
def test_rows_without_labels_are_no_rows(shuffle):
    X, Y, said = problem(MixedTaskSGD)
    where = [0, 5, 17, 40, 41, 42, 79]
    X2, Y2 = np.insert(X, where, 9.0, axis=0), np.insert(Y, where, np.nan, axis=0)
    model = model_of(MixedTaskSGD, max_iter=3, shuffle=shuffle, fit_intercept=False)
    one, two = clone(model).fit(X, Y), clone(model).fit(X2, Y2)
    np.testing.assert_allclose(two.coef_, one.coef_, atol=1e-10)
    one, two = (clone(model).partial_fit(*rows, **said) for rows in ((X, Y), (X2, Y2)))
    np.testing.assert_allclose(two.coef_, one.coef_, atol=1e-10)


def test_sample_weights_come_in_chunks():
    X, Y, said = problem(MixedTaskSGD)
    weight = np.random.default_rng(1).uniform(0.2, 3, size=Y.shape)
    model = model_of(MixedTaskSGD, max_iter=1)
    whole = clone(model).fit(X, Y, weight)
    for start in range(0, 80, 40):
        batch = slice(start, start + 40)
        model.partial_fit(X[batch], Y[batch], sample_weight=weight[batch], **said)
    assert_identical(whole, model, X)
    assert not np.array_equal(clone(model).fit(X, Y).coef_, whole.coef_)


def test_broken_mini_batches_are_other_steps():
    X, Y, said = problem(MultiTaskSGDClassifier)
    whole = model_of(MultiTaskSGDClassifier, max_iter=1).fit(X, Y)
    parts = stream(model_of(MultiTaskSGDClassifier), X, Y, said, size=16)
    assert parts.t_ == 10
    assert not np.array_equal(whole.coef_, parts.coef_)


@pytest.mark.parametrize("cls", ALL)
def test_the_seed_decides(cls):
    X, Y, said = problem(cls)
    params = {"shuffle": True, "structure": "low_rank", "n_components": 2}
    found = [
        stream(model_of(cls, **{**params, "random_state": seed}), X, Y, said)
        for seed in (0, 0, 1)
    ]
    assert_identical(found[0], found[1], X)
    assert not np.array_equal(found[0].coef_, found[2].coef_)


def test_1d_streams():
    X, Y = rows()
    y = Y[:, 0]
    flat = stream(model_of(MultiTaskSGDClassifier), X, y, {"classes": [0, 1]})
    said = {"classes": [[0, 1]]}
    column = stream(model_of(MultiTaskSGDClassifier), X, y[:, None], said)
    np.testing.assert_array_equal(flat.coef_, column.coef_)
    assert flat.classes_.tolist() == [0, 1]
    assert flat.predict(X).shape == flat.decision_function(X).shape == (80,)
    assert flat.loss_curve_.shape == (4,)
    assert column.loss_curve_.shape == (4, 1)


def test_many_batches_learn():
    X, Y, said = problem(MultiTaskSGDClassifier)
    model = stream(model_of(MultiTaskSGDClassifier), X, Y, said)
    for _ in range(10):
        stream(model, X, Y, {})
    fitted = MultiTaskSGDClassifier(random_state=0).fit(X, Y)
    assert model.score(X, Y) > fitted.score(X, Y) - 0.03


# A batch that is bad changes nothing.


def with_nan(X, Y):
    X = X.copy()
    X[3, 1] = np.nan
    return X, Y


def with_label(t, label):
    def spoil(X, Y):
        Y = Y.copy()
        Y[4, t] = label
        return X, Y

    return spoil


def without_labels(X, Y):
    return X, np.full_like(Y, np.nan)


BAD = {
    "a class": (with_label(1, 7), r"7.* of task 'task1' is not among.*announce"),
    "NaN in X": (with_nan, "contains NaN"),
    "no labels": (without_labels, "no label is observed"),
    "infinity in Y": (with_label(2, np.inf), "infinity"),
    "features": (lambda X, Y: (X[:, :3], Y), "3 features.*expecting 4"),
    "tasks": (lambda X, Y: (X, Y[:, :2]), r"shape \(n, 3\), as before.*2 columns"),
    "dimensions": (lambda X, Y: (X, Y[:, 0]), r"shape \(n, 3\), as before"),
    "rows": (lambda X, Y: (X[:-1], Y), "19.* rows.*20|samples"),
    "empty": (lambda X, Y: (X[:0], Y[:0]), "0 sample|no label"),
    "empty X": (lambda X, Y: (X[:0], Y), "0 sample"),
    "X of 1 dimension": (lambda X, Y: (X[:, 0], Y), "[Ee]xpected 2D array"),
}


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_bad_batches_change_nothing(bad, optimizer):
    spoil, match = BAD[bad]
    X, Y, said = problem(MixedTaskSGD)
    model = model_of(MixedTaskSGD, optimizer=optimizer, shuffle=True)
    model = stream(model, X[:40], Y[:40], said)
    twin = deepcopy(model)
    for _ in range(2):
        with pytest.raises(ValueError, match=match):
            model.partial_fit(*spoil(X[40:60], Y[40:60]))
    assert_identical(model, twin, X)
    assert model.n_iter_ == twin.n_iter_ == len(model.loss_curve_)
    for one in (model, twin):
        stream(one, X[40:], Y[40:], {})
    assert_identical(model, twin, X)
    np.testing.assert_array_equal(model.loss_curve_, twin.loss_curve_)


@pytest.mark.parametrize("how", ["eta0", "X"])
def test_overflow_changes_nothing(how):
    X, Y, said = problem(MultiTaskSGDRegressor)
    model = stream(model_of(MultiTaskSGDRegressor), X[:40], Y[:40], said)
    twin = deepcopy(model)
    if how == "eta0":
        model.set_params(eta0=1e30)
    before = []

    def go_on():
        for _ in range(20):
            before[:] = deepcopy([outputs(model, X), model.n_iter_])
            model.partial_fit(X * (1e200 if how == "X" else 1), Y)

    with pytest.raises(ValueError, match=r"losses overflow after .* lower eta0"):
        go_on()
    before, n_iter = before
    for one, two in zip(outputs(model, X), before):
        np.testing.assert_array_equal(one, two)
    assert model.n_iter_ == n_iter
    if n_iter == twin.n_iter_:
        model.set_params(eta0=None)
        for one in (model, twin):
            stream(one, X[40:], Y[40:], {})
        assert_identical(model, twin, X)


def test_other_classes_later_change_nothing():
    X, Y, said = problem(MultiTaskSGDClassifier)
    model = stream(model_of(MultiTaskSGDClassifier), X[:40], Y[:40], said)
    twin = deepcopy(model)
    with pytest.raises(ValueError, match=r"'task0' are \[0, 1, 2\].*were \[0, 1\]"):
        model.partial_fit(X[40:], Y[40:], classes=[[0, 1, 2], [0, 1, 2]])
    stream(model, X[40:], Y[40:], said)
    assert_identical(model, stream(twin, X[40:], Y[40:], {}), X)


@pytest.mark.parametrize("bad", [b for b in BAD if b not in (
    "features", "tasks", "dimensions")])  # fmt: skip
def test_a_first_call_that_fails_leaves_nothing(bad):
    spoil, match = BAD[bad]
    X, Y, said = problem(MixedTaskSGD)
    model = model_of(MixedTaskSGD)
    clean = set(vars(model))
    with pytest.raises(ValueError, match=match):
        model.partial_fit(*spoil(X[:20], Y[:20]), **said)
    assert set(vars(model)) == clean
    assert not hasattr(model, "n_features_in_")
    with pytest.raises(NotFittedError):
        check_is_fitted(model)
    with pytest.raises(NotFittedError):
        model.predict(X)
    # What comes next may be of another width.
    wide = np.hstack([X, X])
    fresh = stream(clone(model), wide, Y, said)
    assert_identical(stream(model, wide, Y, said), fresh, wide)


def test_a_first_call_that_overflows_leaves_nothing():
    X, Y, _ = problem(MultiTaskSGDRegressor)
    model = model_of(MultiTaskSGDRegressor, eta0=1e200)
    clean = set(vars(model))
    with pytest.raises(ValueError, match="overflow"):
        model.partial_fit(X, Y)
    assert set(vars(model)) == clean
    with pytest.raises(NotFittedError):
        check_is_fitted(model)


def test_a_first_call_without_classes():
    X, Y, _ = problem(MultiTaskSGDClassifier)
    model = model_of(MultiTaskSGDClassifier)
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        model.partial_fit(X, Y)
    with pytest.raises(NotFittedError):
        check_is_fitted(model)


# What one batch cannot know.

UNKNOWABLE = [
    ({"task_weight": "balanced"}, "task_weight='balanced' needs all.*or use fit"),
    ({"task_weight": "null_loss"}, "task_weight='null_loss' needs all.*or use fit"),
    ({"class_weight": "balanced"}, "class_weight='balanced' needs all.*or use fit"),
    (
        {"class_weight": {"task0": "balanced"}},
        "class_weight='balanced' needs all.*give numbers",
    ),
    ({"early_stopping": True}, "early_stopping=True.*score your own.*or use fit"),
    ({"learning_rate": "cosine"}, r"'cosine' falls.*Cosine\(period=...\)"),
    ({"learning_rate": Cosine()}, r"'cosine' falls.*Cosine\(period=...\)"),
]


@pytest.mark.parametrize(("params", "match"), UNKNOWABLE)
def test_what_needs_all_rows_is_refused(params, match):
    X, Y, said = problem(MixedTaskSGD)
    model = model_of(MixedTaskSGD, **params)
    with pytest.raises(ValueError, match=match):
        model.partial_fit(X, Y, **said)
    with pytest.raises(NotFittedError):
        check_is_fitted(model)
    model.fit(X, Y)
    before = outputs(model, X)
    with pytest.raises(ValueError, match=match):
        model.partial_fit(X, Y, **said)
    for one, two in zip(outputs(model, X), before):
        np.testing.assert_array_equal(one, two)


# fit and partial_fit, and fit again.


@pytest.mark.parametrize("cls", ALL)
def test_fit_then_partial_fit_is_one_more_epoch(cls):
    X, Y, _ = problem(cls)
    model = model_of(cls, max_iter=2).fit(X, Y)
    longer = model_of(cls, max_iter=3).fit(X, Y)
    assert_identical(model.partial_fit(X, Y), longer, X)
    np.testing.assert_array_equal(model.loss_curve_, longer.loss_curve_)
    assert model.n_iter_ == 3


def test_fit_forgets_a_stream():
    X, Y, said = problem(MultiTaskSGDClassifier)
    model = stream(model_of(MultiTaskSGDClassifier, max_iter=2), X, Y, said)
    fresh = clone(model).fit(X[:, :3], Y)
    assert_identical(model.fit(X[:, :3], Y), fresh, X[:, :3])
    assert model.n_iter_ == 2


@pytest.mark.parametrize("cls", ALL)
@pytest.mark.parametrize("shuffle", [True, False])
def test_warm_starts_go_on(cls, shuffle):
    X, Y, _ = problem(cls)
    model = model_of(cls, max_iter=5, warm_start=True, shuffle=shuffle)
    model.fit(X, Y)
    first = outputs(model, X)
    model.fit(X, Y)
    assert not np.array_equal(outputs(model, X)[0], first[0])
    once = model_of(cls, max_iter=10, shuffle=shuffle).fit(X, Y)
    assert_identical(model, once, X)
    assert model.t_ == once.t_


def test_warm_starts_with_momentum_and_learned_parts_go_on():
    X, Y, _ = problem(MultiTaskSGDRegressor)
    for params in ({"optimizer": "adam"}, {"structure": "low_rank", "n_components": 2}):
        model = model_of(MultiTaskSGDRegressor, max_iter=5, warm_start=True, **params)
        model.fit(X, Y).fit(X, Y)
        once = model_of(MultiTaskSGDRegressor, max_iter=10, **params).fit(X, Y)
        assert_identical(model, once, X)


@pytest.mark.parametrize("change", [
    lambda X, Y: (X[:, :3], Y),
    lambda X, Y: (X, Y[:, :1]),
    lambda X, Y: (X, np.where(Y == 2, 1, Y)),
    lambda X, Y: (X, np.where(Y == 2, 5, Y)),
], ids=["features", "tasks", "fewer classes", "other classes"])  # fmt: skip
def test_warm_starts_of_another_shape_start_anew(change):
    X, Y, _ = problem(MultiTaskSGDClassifier)
    model = model_of(MultiTaskSGDClassifier, max_iter=3, warm_start=True).fit(X, Y)
    X, Y = change(X, Y)
    fresh = model_of(MultiTaskSGDClassifier, max_iter=3).fit(X, Y)
    assert_identical(model.fit(X, Y), fresh, X)


def test_a_cold_start_is_the_same_again():
    X, Y, _ = problem(MixedTaskSGD)
    model = model_of(MixedTaskSGD, max_iter=3, shuffle=True).fit(X, Y)
    before = outputs(model, X)
    for one, two in zip(outputs(model.fit(X, Y), X), before):
        np.testing.assert_array_equal(one, two)


# Units.


def test_units_are_those_of_the_first_batch():
    X, Y, _ = problem(MultiTaskSGDRegressor)
    model = MultiTaskSGDRegressor(**PLAIN)
    model.partial_fit(X[:20], Y[:20])
    first = np.nanstd(Y[:20], axis=0)
    np.testing.assert_allclose(model.target_scale_, first)
    model.partial_fit(X[20:], 100 * Y[20:])
    np.testing.assert_allclose(model.target_scale_, first)


def test_streams_do_not_depend_on_units():
    X, Y, _ = problem(MultiTaskSGDRegressor)
    factor, shift = np.array([1000, 0.01]), np.array([-70, 5])
    one = stream(MultiTaskSGDRegressor(**PLAIN), X, Y, {})
    two = stream(MultiTaskSGDRegressor(**PLAIN), X, Y * factor + shift, {})
    back = (two.predict(X) - shift) / factor
    np.testing.assert_allclose(back, one.predict(X), rtol=1e-8, atol=1e-8)


def test_units_of_a_task_that_comes_late_are_those_it_comes_with():
    X, Y, _ = problem(MultiTaskSGDRegressor)
    Y[:40, 1] = np.nan
    model = stream(MultiTaskSGDRegressor(**PLAIN), X[:40], Y[:40], {})
    stream(model, X[40:], Y[40:], {})
    scale = [np.nanstd(Y[:20, 0]), np.nanstd(Y[40:60, 1])]
    np.testing.assert_allclose(model.target_scale_, scale)


def test_a_single_number_warns():
    X, Y, _ = problem(MultiTaskSGDRegressor)
    Y[:20, 1] = np.where(np.arange(20) == 4, 3, np.nan)
    model = MultiTaskSGDRegressor(**PLAIN)
    with pytest.warns(UserWarning, match=r"single number.*\['task1'\].*scale_targets="):
        model.partial_fit(X[:20], Y[:20])
    assert np.isfinite(model.coef_).all()
    with pytest.raises(UserWarning, match="single number"):  # as an error, likewise
        MultiTaskSGDRegressor(**PLAIN).partial_fit(X[:1], [[1.0, 2.0]])
    MultiTaskSGDRegressor(scale_targets=[1, 2]).partial_fit(X[:1], [[1.0, 2.0]])


def test_without_units_nothing_is_scaled():
    X, Y, _ = problem(MultiTaskSGDRegressor)
    model = stream(MultiTaskSGDRegressor(scale_targets=False), X, Y, {})
    np.testing.assert_array_equal(model.target_scale_, 1)


# In the middle of it.


@pytest.mark.parametrize("cls", ALL)
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_pickles_go_on(cls, optimizer):
    X, Y, said = problem(cls)
    params = {"optimizer": optimizer, "shuffle": True}
    model = stream(model_of(cls, **params), X[:40], Y[:40], said)
    copy = pickle.loads(pickle.dumps(model))
    for one in (model, copy):
        stream(one, X[40:], Y[40:], {})
    assert_identical(model, copy, X)


@pytest.mark.parametrize("cls", ALL)
@pytest.mark.parametrize("structure", ["learned", "independent"])
def test_a_task_may_come_late(cls, structure):
    X, Y, said = problem(cls)
    late = Y.copy()
    late[:40, 1] = np.nan
    model = stream(model_of(cls, structure=structure), X[:40], late[:40], said)
    curve = model.loss_curve_
    assert np.isnan(curve[:, 1]).all()
    assert np.isfinite(curve[:, 0]).all()
    assert np.isfinite(model.coef_).all()
    before = model.coef_.copy()
    stream(model, X[40:], late[40:], {})
    assert np.isfinite(model.loss_curve_[2:]).all()
    own = slice(*model.columns_[1:3])
    assert not np.allclose(model.coef_[own], before[own])
    if structure == "independent":
        np.testing.assert_array_equal(before[own], 0)


def test_a_model_in_the_middle_of_a_stream_predicts_all_announced_classes():
    X, Y, said = problem(MultiTaskSGDClassifier)
    Y = np.where(Y == 2, np.nan, Y)
    model = stream(model_of(MultiTaskSGDClassifier), X, Y, said)
    assert [known.tolist() for known in model.classes_] == [[0, 1], [0, 1, 2]]
    shares = model.predict_proba(X)[1]
    assert shares.shape == (80, 3)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    assert shares[:, 2].max() < 0.5


def test_parameters_may_change_in_the_middle():
    X, Y, said = problem(MultiTaskSGDClassifier)
    model = stream(model_of(MultiTaskSGDClassifier), X[:40], Y[:40], said)
    twin = deepcopy(model).set_params(eta0=1e-8)
    before = model.coef_.copy()
    for one in (model, twin):
        one.set_params(average=False).partial_fit(X[40:], Y[40:])
    assert np.abs(model.coef_ - before).max() > 1e-3
    assert np.abs(model.coef_ - twin.coef_).max() > 1e-3


def test_streams_never_warn_of_convergence():
    X, Y, said = problem(MultiTaskSGDClassifier)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        stream(model_of(MultiTaskSGDClassifier, tol=1e-9, max_iter=1), X, Y, said)
