"""Rows held out, tasks that stop by themselves, and what ends a fit."""

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import accuracy_score, r2_score

from mtlearn.linear_model import (
    MixedTaskSGD,
    MultiTaskSGDClassifier,
    MultiTaskSGDRegressor,
)
from mtlearn.solvers.descent import Adaptive

ALL = (MultiTaskSGDClassifier, MultiTaskSGDRegressor, MixedTaskSGD)


def problem(cls, n=400, d=6, noise=1.0):
    """Two tasks of labels, two of numbers, or one of each; the second is all noise."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, d))
    Z = X[:, :2] + noise * rng.normal(size=(n, 2))
    Z[:, 1] = rng.normal(size=n)
    if cls is MultiTaskSGDRegressor:
        return X, Z
    if cls is MultiTaskSGDClassifier:
        return X, (Z > 0).astype(float)
    return X, np.column_stack([Z[:, 0] > 0, Z[:, 1]])


def held_out_rows(model, X, Y, **kwargs):
    """Rows that did not matter: those whose absence from the losses changes nothing."""
    kept = model.set_params(tol=None, max_iter=3, **kwargs).fit(X, Y)
    held = []
    for i in range(len(X)):
        other = X.copy()
        other[i] += 5.0
        moved = model.__class__(**model.get_params()).fit(other, Y)
        if np.array_equal(moved.loss_curve_, kept.loss_curve_):
            held.append(i)
    return held


@pytest.mark.parametrize("cls", ALL)
def test_scores_are_those_of_the_rows_held_out(cls):
    """With a task's best epoch the last, its score is that of the model."""
    X, Y = problem(cls, n=80)
    kwargs = {"early_stopping": True, "structure": "independent", "random_state": 0}
    kwargs |= {"fit_intercept": False}
    if cls is not MultiTaskSGDClassifier:
        kwargs["scale_targets"] = False
    held = held_out_rows(cls(**kwargs), X, Y)
    assert len(held) == 8
    model = cls(**kwargs, tol=None, max_iter=1).fit(X, Y)
    found = model.predict(X[held])
    kinds = ["classification" if len(np.unique(y)) == 2 else "regression" for y in Y.T]
    expected = [
        accuracy_score(y, z) if kind == "classification" else r2_score(y, z)
        for y, z, kind in zip(Y[held].T, np.asarray(found, dtype=float).T, kinds)
    ]
    np.testing.assert_allclose(model.validation_scores_, [expected])


@pytest.mark.parametrize("cls", ALL)
def test_each_task_keeps_its_best_epoch(cls):
    """Epochs are the same whether or not more come: the best of each is in the end."""
    X, Y = problem(cls)
    kwargs = {"structure": "independent", "early_stopping": True, "tol": None}
    kwargs |= {"random_state": 0, "average": False, "n_iter_no_change": 100}
    long = cls(**kwargs, max_iter=12).fit(X, Y)
    scores = long.validation_scores_
    assert scores.shape == long.loss_curve_.shape == (12, 2)
    for t, best in enumerate(scores.argmax(axis=0)):
        short = cls(**kwargs, max_iter=int(best) + 1).fit(X, Y)
        rows = slice(*long.columns_[t : t + 2])
        np.testing.assert_array_equal(long.coef_[rows], short.coef_[rows])
        np.testing.assert_array_equal(long.intercept_[rows], short.intercept_[rows])


def test_a_task_that_stops_improving_stops_alone():
    X, Y = problem(MultiTaskSGDRegressor)
    model = MultiTaskSGDRegressor(
        structure="independent", early_stopping=True, random_state=0,
        n_iter_no_change=[12, 2], tol=1e-3, max_iter=60,
    ).fit(X, Y)  # fmt: skip
    scores = model.validation_scores_
    assert model.n_iter_ == len(scores) > 12
    # Its average still settles where it stopped; the first task goes on.
    moves = np.abs(np.diff(scores, axis=0))[-8:]
    assert moves[:, 1].max() < 1e-4
    assert moves[:, 0].min() > 1e-4
    assert model.converged_


def test_a_halted_task_does_not_move_what_is_shared():
    """From then on the other task has the shared part for itself."""
    X, Y = problem(MultiTaskSGDRegressor)
    kwargs = {"structure": "mean", "early_stopping": True, "max_iter": 40}
    kwargs |= {"random_state": 0, "sharing": 0.9, "tol": None, "batch_size": 360}
    alone = MultiTaskSGDRegressor(**kwargs, n_iter_no_change=[40, 1]).fit(X, Y)
    both = MultiTaskSGDRegressor(**kwargs, n_iter_no_change=40).fit(X, Y)
    halted = np.flatnonzero(np.diff(alone.validation_scores_[:, 1]) <= 0)[0] + 2
    assert halted < 20
    one, two = alone.validation_scores_[:, 0], both.validation_scores_[:, 0]
    np.testing.assert_array_equal(one[:halted], two[:halted])
    assert (one[halted:] != two[halted:]).all()


def test_tasks_of_a_dict_are_patient_by_name():
    X, Y = problem(MultiTaskSGDClassifier)
    kwargs = {"early_stopping": True, "random_state": 0, "max_iter": 50}
    by_name = MultiTaskSGDClassifier(**kwargs, n_iter_no_change={"task0": 9}).fit(X, Y)
    as_array = MultiTaskSGDClassifier(**kwargs, n_iter_no_change=[9, 3]).fit(X, Y)
    np.testing.assert_array_equal(by_name.coef_, as_array.coef_)
    other = MultiTaskSGDClassifier(**kwargs, n_iter_no_change=3).fit(X, Y)
    assert other.n_iter_ < by_name.n_iter_


def test_early_stopping_does_not_hurt():
    X, Y = problem(MultiTaskSGDClassifier, n=2000, noise=0.3)
    test_X, test_Y = X[1000:], Y[1000:]
    scores = [
        MultiTaskSGDClassifier(random_state=0, **kwargs)
        .fit(X[:1000], Y[:1000])
        .score(test_X[:, :], test_Y)
        for kwargs in ({}, {"early_stopping": True})
    ]
    assert scores[1] > scores[0] - 0.02


def test_rows_without_labels_are_not_held_out():
    X, Y = problem(MultiTaskSGDClassifier, n=60)
    X, Y = np.vstack([X, 1e3 + X]), np.vstack([Y, np.full_like(Y, np.nan)])
    model = MultiTaskSGDClassifier(early_stopping=True, random_state=0).fit(X, Y)
    assert np.isfinite(model.validation_scores_).all()


def test_a_task_without_validation_labels_goes_on():
    X, Y = problem(MultiTaskSGDClassifier)
    Y[1:, 1] = np.nan
    Y[:2, 1] = [0, 1]  # two labels: at most one is held out
    model = MultiTaskSGDClassifier(early_stopping=True, random_state=0).fit(X, Y)
    scores = model.validation_scores_
    assert np.isfinite(scores[:, 0]).all()
    assert model.predict(X).shape == Y.shape


def test_1d_and_held_out():
    X, Y = problem(MultiTaskSGDClassifier)
    model = MultiTaskSGDClassifier(early_stopping=True, random_state=0).fit(X, Y[:, 0])
    assert model.validation_scores_.shape == (model.n_iter_,)


def test_no_scores_without_rows_held_out():
    X, Y = problem(MultiTaskSGDClassifier)
    model = MultiTaskSGDClassifier(random_state=0).fit(X, Y)
    with pytest.raises(AttributeError, match="validation_scores_ needs early_stopping"):
        model.validation_scores_  # noqa: B018
    assert not hasattr(MultiTaskSGDClassifier(), "loss_curve_")


@pytest.mark.parametrize(("params", "match"), [
    ({"validation_fraction": 0}, "validation_fraction"),
    ({"validation_fraction": 0.6}, "validation_fraction"),
    ({"n_iter_no_change": 0}, "n_iter_no_change"),
    ({"n_iter_no_change": 1.5}, "n_iter_no_change"),
    ({"n_iter_no_change": [1, 2, 3]}, "one for each of the 2 tasks"),
    ({"n_iter_no_change": {"x": 3}}, r"unknown tasks \['x'\]; the tasks are"),
    ({"validation_fraction": 0.001}, "needs at least 2000 rows.*there are 400"),
])  # fmt: skip
def test_what_cannot_be(params, match):
    X, Y = problem(MultiTaskSGDClassifier)
    with pytest.raises((TypeError, ValueError), match=match):
        MultiTaskSGDClassifier(early_stopping=True, **params).fit(X, Y)


# What ends a fit, with and without rows held out.


def test_the_loss_stands_still():
    X, Y = problem(MultiTaskSGDRegressor)
    model = MultiTaskSGDRegressor(random_state=0, batch_size=400).fit(X, Y)
    assert model.converged_
    assert model.n_iter_ < 100
    relative = (model.loss_curve_ / 0.5).mean(axis=1)  # of numbers in their units
    assert np.ptp(relative[-4:]) < 2e-3
    assert relative[0] > relative[-1] + 0.1


def test_patience_is_that_of_the_least_patient():
    X, Y = problem(MultiTaskSGDRegressor)
    kwargs = {"random_state": 0, "batch_size": 20}
    lengths = [
        MultiTaskSGDRegressor(**kwargs, n_iter_no_change=n).fit(X, Y).n_iter_
        for n in (1, 3, 8, [3, 8])
    ]
    assert lengths[0] < lengths[1] < lengths[2]
    assert lengths[3] == lengths[1]


def test_the_last_epoch_warns():
    X, Y = problem(MultiTaskSGDRegressor)
    with pytest.warns(ConvergenceWarning, match="still falling.*max_iter=2 epochs"):
        model = MultiTaskSGDRegressor(max_iter=2, random_state=0).fit(X, Y)
    assert not model.converged_
    MultiTaskSGDRegressor(max_iter=2, tol=None).fit(X, Y)
    MultiTaskSGDRegressor(max_iter=2, learning_rate="cosine").fit(X, Y)


def test_rates_fall_where_progress_ends():
    """Without averages, constant steps end in a cloud; adaptive ones at its middle."""
    X, Y = problem(MultiTaskSGDRegressor)
    best = MultiTaskSGDRegressor(random_state=0, tol=1e-6, max_iter=400)
    best = best.set_params(batch_size=400).fit(X, Y)
    kwargs = {"average": False, "batch_size": 4, "random_state": 0, "max_iter": 200}
    constant = MultiTaskSGDRegressor(**kwargs).fit(X, Y)
    adaptive = MultiTaskSGDRegressor(**kwargs, learning_rate="adaptive").fit(X, Y)
    far, near = (np.abs(m.coef_ - best.coef_).max() for m in (constant, adaptive))
    assert near < 0.03
    assert near < far / 2


def test_rates_fall_where_scores_stand_still():
    X, Y = problem(MultiTaskSGDRegressor)
    kwargs = {"early_stopping": True, "batch_size": 4, "random_state": 0}
    constant = MultiTaskSGDRegressor(**kwargs).fit(X, Y)
    adaptive = MultiTaskSGDRegressor(**kwargs, learning_rate="adaptive").fit(X, Y)
    assert adaptive.n_iter_ > constant.n_iter_
    best = [model.validation_scores_.max(axis=0) for model in (constant, adaptive)]
    assert (best[1] >= best[0]).all()


def test_how_often_rates_fall():
    X, Y = problem(MultiTaskSGDRegressor)
    kwargs = {"average": False, "batch_size": 4, "random_state": 0, "max_iter": 300}
    lengths = [
        MultiTaskSGDRegressor(**kwargs, learning_rate=Adaptive(n_times=n))
        .fit(X, Y)
        .n_iter_
        for n in (0, 1, 4)
    ]
    plain = MultiTaskSGDRegressor(**kwargs).fit(X, Y).n_iter_
    assert plain == lengths[0] < lengths[1] < lengths[2]


def test_divergence_is_told():
    X, Y = problem(MultiTaskSGDRegressor)
    with pytest.warns(ConvergenceWarning, match="times as high as.*lower eta0"):
        MultiTaskSGDRegressor(
            optimizer="adam", eta0=30.0, max_iter=5, average=False, random_state=0
        ).fit(X, Y)
