"""Layouts of scores: each the same products, for the pairs that it keeps."""

import numpy as np
import pytest
from scipy import sparse

from mtlearn.solvers import layouts
from mtlearn.solvers.layouts import Aligned, OwnRows, OwnRowsSparse, make_layout
from mtlearn.solvers.objective import loss_of_tasks
from mtlearn.tasks import TaskTargets
from tests.solvers.problems import MIXED_LOSSES, mixed_labels, mixed_targets

KINDS = {
    "aligned": (Aligned, np.asarray),
    "aligned, sparse": (Aligned, sparse.csr_array),
    "own rows": (OwnRows, np.asarray),
    "own rows, Fortran order": (OwnRows, np.asfortranarray),
    "own rows, sparse": (OwnRowsSparse, sparse.csr_array),
}


@pytest.fixture(params=KINDS, ids=str)
def made(request):
    return make(request.param)


def make(name, dtype=np.float64):
    """X, the targets, and a layout of them; one task has no labels at all."""
    X, Y = mixed_labels()
    Y[:, 0] = np.nan
    X = X.astype(dtype)
    targets = mixed_targets(Y, sample_weight=np.arange(1.0, len(Y) + 1))
    kind, form = KINDS[name]
    losses = loss_of_tasks(MIXED_LOSSES, targets)
    return X, targets, kind(form(X), targets, losses)


def aligned(layout, targets, Z):
    """Scores as (n, K), NaN where no label is observed."""
    dense, at = np.full((targets.n_rows, targets.n_columns), np.nan), 0
    for t in range(targets.n_tasks):
        row, columns = targets.pairs(t)[0], np.arange(*targets.columns[t : t + 2])
        if Z.ndim == 2:
            dense[np.ix_(row, columns)] = Z[np.ix_(row, columns)]
        else:
            size = len(row) * len(columns)
            dense[np.ix_(row, columns)] = Z[at : at + size].reshape(
                len(row), len(columns)
            )
            at += size
    assert Z.ndim == 2 or at == len(Z)
    return dense


def point(targets, d=4, dtype=np.float64):
    rng = np.random.default_rng(1)
    return (
        rng.normal(size=(d, targets.n_columns)).astype(dtype),
        rng.normal(size=targets.n_columns).astype(dtype),
    )


def scores_like(layout):
    return np.random.default_rng(2).normal(size=layout.y.shape)


def test_forward(made):
    X, targets, layout = made
    W, b = point(targets)
    found = aligned(layout, targets, layout.forward(W, b))
    wanted = np.where(np.isnan(found), np.nan, X @ W + b)
    np.testing.assert_allclose(found, wanted)


def test_backward_is_the_transpose_of_forward(made):
    _, targets, layout = made
    W, b = point(targets)
    G = scores_like(layout)
    dW, db = layout.backward(G)
    forth = np.vdot(G, layout.forward(W, b))
    assert dW.shape == W.shape
    assert forth == pytest.approx(np.vdot(dW, W) + db @ b)


def test_column_sums(made):
    _, targets, layout = made
    G = scores_like(layout) * (layout.weight > 0)
    wanted = np.nansum(aligned(layout, targets, G), axis=0)
    np.testing.assert_allclose(layout.column_sums(G), wanted)


def test_spread(made):
    _, targets, layout = made
    values = np.arange(1.0, targets.n_columns + 1)
    spread = layout.spread(values) * np.ones_like(layout.y)
    found = aligned(layout, targets, spread)
    wanted = np.where(np.isnan(found), np.nan, values)
    np.testing.assert_array_equal(found, wanted)


def test_view_is_a_window_on_the_scores(made):
    _, targets, layout = made
    G = scores_like(layout)
    for t in range(1, targets.n_tasks):
        start, stop = targets.columns[t : t + 2]
        layout.view(G, start, stop)[:] = t
    found = aligned(layout, targets, G)
    wanted = np.where(np.isnan(found), np.nan, targets.column_task)
    np.testing.assert_array_equal(found, wanted)


def test_targets_and_weights(made):
    """-1 and 1, or 0 and 1 of a loss of several classes, or numbers."""
    _, targets, layout = made
    y, weight = (aligned(layout, targets, a) for a in (layout.y, layout.weight))
    for t in range(1, 4):
        row, value, own_weight = targets.pairs(t)
        columns = np.arange(*targets.columns[t : t + 2])
        wanted = value[:, None] if t == 2 else value[:, None] == np.arange(len(columns))
        np.testing.assert_array_equal(y[np.ix_(row, columns)], wanted)
        expected = np.repeat(own_weight[:, None], len(columns), axis=1)
        np.testing.assert_array_equal(weight[np.ix_(row, columns)], expected)
    if layout.y.ndim == 2:
        np.testing.assert_array_equal(layout.weight[np.isnan(weight)], 0)


@pytest.mark.parametrize("name", KINDS)
def test_float32_is_kept(name):
    _, targets, layout = make(name, np.float32)
    Z = layout.forward(*point(targets, dtype=np.float32))
    arrays = [Z, layout.y, layout.weight, *layout.backward(Z), layout.column_sums(Z)]
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}


def test_the_layout_follows_the_share_of_observed_pairs(monkeypatch):
    X, Y = mixed_labels()
    targets = mixed_targets(Y)
    losses = loss_of_tasks(MIXED_LOSSES, targets)
    assert type(make_layout(X, targets, losses)) is Aligned
    assert type(make_layout(sparse.csr_array(X), targets, losses)) is Aligned
    monkeypatch.setattr(layouts, "DENSE_SHARE", 0.9)
    assert type(make_layout(X, targets, losses)) is OwnRows
    assert type(make_layout(sparse.csr_array(X), targets, losses)) is OwnRowsSparse


def test_one_class_has_no_weight():
    loss = MIXED_LOSSES["classification"]
    Y = [[0, 1], [1, 1], [0, np.nan]]
    targets = TaskTargets.read(Y, "classification", label_groups="all")
    for kind in (Aligned, OwnRows):
        layout = kind(np.ones((3, 2)), targets, [loss, loss])
        weight = aligned(layout, targets, layout.weight)
        np.testing.assert_array_equal(weight, [[1, 0], [1, 0], [1, np.nan]])
