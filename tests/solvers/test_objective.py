"""Where X meets W: both layouts against loops, and each method against the others."""

import numpy as np
import pytest
from scipy import sparse

from mtlearn.losses import SquaredHinge
from mtlearn.solvers import LinearObjective, layouts
from mtlearn.tasks import TaskTargets
from tests.reference import linear

LAYOUTS = {"aligned": -1.0, "by task": 2.0}


@pytest.fixture(params=LAYOUTS, ids=str)
def layout(request, monkeypatch):
    monkeypatch.setattr(layouts, "DENSE_SHARE", LAYOUTS[request.param])
    return request.param


def problem(hidden=0.3, n=40, d=5):
    """X, labels of 2, 3 and 2 classes, weights of pairs."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, d)) + 1
    Y = np.floor(rng.random((n, 3)) * [2, 3, 2])
    Y[rng.random((n, 3)) < hidden] = np.nan
    return X, Y, rng.random((n, 3)) + 0.1


def make(X, Y, weight=None, C=0.7, fit_intercept=True, task_weight=None):
    targets = TaskTargets.read(
        Y, "classification", sample_weight=weight, task_weight=task_weight
    )
    return LinearObjective(X, targets, SquaredHinge(), C, fit_intercept=fit_intercept)


def point(made):
    rng = np.random.default_rng(1)
    W = rng.normal(size=made.shape).astype(made.dtype)
    return W, rng.normal(size=made.n_columns).astype(made.dtype)


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_value_and_slopes_against_loops(layout, fit_intercept):
    X, Y, weight = problem()
    made = make(X, Y, weight, fit_intercept=fit_intercept)
    W, b = point(made)
    signs, seen = linear.all_columns(Y)
    pairs = seen * weight[:, [0, 1, 1, 1, 2]]
    intercept = made.intercept(W, b)
    value, dW, db = linear.data_term(X, signs, pairs, W, intercept, 0.7)
    Z = made.forward(W, b)
    assert made.value(Z) == pytest.approx(value)
    gW, gb = made.backward(made.gradient(Z))
    if not fit_intercept:
        np.testing.assert_array_equal(gb, 0)
        np.testing.assert_array_equal(intercept, b)
        np.testing.assert_allclose(gW, dW, atol=1e-10)
    else:
        np.testing.assert_allclose(gb, db, atol=1e-10)
        # The intercept moves with W, as the features are centred.
        np.testing.assert_allclose(gW, dW - np.outer(made.mean, db), atol=1e-10)


@pytest.mark.parametrize("as_sparse", [False, True])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_backward_is_the_transpose_of_forward(layout, as_sparse, fit_intercept):
    X, Y, weight = problem()
    X = sparse.csr_array(X) if as_sparse else X
    made = make(X, Y, weight, fit_intercept=fit_intercept)
    W, b = point(made)
    b *= fit_intercept
    Z = made.forward(W, b)
    G = np.random.default_rng(2).normal(size=Z.shape) * (made.layout.weight > 0)
    dW, db = made.backward(G)
    assert np.vdot(Z, G) == pytest.approx(np.vdot(W, dW) + b @ db)


def test_curvature_is_the_slope_of_the_gradient(layout):
    X, Y, weight = problem()
    made = make(X, Y, weight)
    Z = made.forward(*point(made))
    step = 1e-6
    slope = (made.gradient(Z + step) - made.gradient(Z - step)) / (2 * step)
    np.testing.assert_allclose(made.curvature(Z).diagonal, slope, atol=1e-6)


def test_column_sums(layout):
    X, Y, weight = problem()
    made = make(X, Y, weight, C=1.0)
    _, seen = linear.all_columns(Y)
    wanted = (seen * weight[:, [0, 1, 1, 1, 2]]).sum(axis=0)
    np.testing.assert_allclose(made.column_sums(made.losses.scale), wanted)


def test_layouts_agree(monkeypatch):
    X, Y, weight = problem(hidden=0.8)
    results = []
    for share in LAYOUTS.values():
        monkeypatch.setattr(layouts, "DENSE_SHARE", share)
        made = make(X, Y, weight)
        Z = made.forward(*point(made))
        results.append([made.value(Z), *made.backward(made.gradient(Z))])
    for one, two in zip(*results):
        np.testing.assert_allclose(one, two, rtol=1e-12)


def test_the_layout_follows_the_share_of_observed_pairs():
    X, Y, _ = problem(hidden=0.0)
    assert make(X, Y).forward(*point(make(X, Y))).shape == (40, 5)
    Y = np.full((40, 20), np.nan)
    Y[np.arange(40), np.arange(40) % 20] = np.arange(40) // 20
    assert make(X, Y).forward(*point(make(X, Y))).shape == (40,)


def test_float32_is_kept(layout):
    X, Y, weight = problem()
    made = make(X.astype(np.float32), Y, weight)
    Z = made.forward(*point(made))
    arrays = [
        Z,
        made.gradient(Z),
        made.curvature(Z).diagonal,
        made.column_sums(Z),
        made.mean,
    ]
    assert {a.dtype for a in [*arrays, *made.backward(Z)]} == {np.dtype(np.float32)}


def test_task_weight_multiplies_the_loss_but_moves_neither_mean_nor_rows(layout):
    X, Y, weight = problem()
    plain, heavy = make(X, Y, weight), make(X, Y, weight, task_weight=[1, 1, 5])
    np.testing.assert_allclose(plain.mean, heavy.mean)
    np.testing.assert_allclose(plain.row_weight, heavy.row_weight)
    sums = heavy.column_sums(heavy.losses.scale) / plain.column_sums(plain.losses.scale)
    np.testing.assert_allclose(sums, [1, 1, 1, 1, 5])
    np.testing.assert_allclose(plain.row_weight, np.nansum(weight * ~np.isnan(Y), 1))


def test_one_class_task_says_nothing_about_the_features(layout):
    X, Y, weight = problem()
    Y[:, 2] = np.where(np.isnan(Y[:, 2]), np.nan, 1.0)
    targets = TaskTargets.read(
        Y, "classification", sample_weight=weight, label_groups=[[0, 2]]
    )
    made = LinearObjective(X, targets, SquaredHinge(), 1.0)
    assert made.n_columns == 5
    G, _ = made.backward(made.gradient(made.forward(*point(made))))
    np.testing.assert_array_equal(G[:, 4], 0)
    assert (np.abs(G[:, :4]) > 0).all()
