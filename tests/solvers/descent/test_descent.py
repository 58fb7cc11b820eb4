"""Steps of descent: against plain NumPy, and what every setting does to them."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator

from mtlearn.losses import LOSSES, Squared
from mtlearn.solvers.descent import (
    OPTIMIZERS,
    SGD,
    Constant,
    Descent,
    InverseScaling,
    RowLabels,
    ScoreLosses,
    Settings,
)
from mtlearn.solvers.objective import loss_of_tasks
from mtlearn.structures import JointSparse, Learned, Mean, SharedPlusSparse
from mtlearn.structures.parametrizations import Factorized, Own
from mtlearn.tasks import TaskTargets
from tests.solvers.problems import MIXED_LOSSES, mixed_labels, mixed_targets, numbers

FORMS = {
    "own": lambda targets: Own(),
    "lasso": lambda targets: Own(1.0),
    "mean": lambda targets: Mean().parametrization(targets, 0.6),
    "learned": lambda targets: Learned().parametrization(targets, 0.6),
    "factorized": lambda targets: Factorized(2),
    "joint sparse": lambda targets: JointSparse().parametrization(targets, 0),
    "two parts": lambda targets: SharedPlusSparse().parametrization(targets, 0.5),
}


class AsIs(BaseEstimator):
    """Steps are gradients, of no scale but the learning rate."""

    scaled_by_curvature = False

    def start(self, block):
        return {}

    def direction(self, memory, gradient, granularity, share=1.0):
        return gradient, 1.0


def settings(optimizer=None, eta0=1.0, alpha=0.01, **options):
    optimizer = SGD(momentum=0) if optimizer is None else optimizer
    defaults = {
        "schedule": Constant(),
        "average": False,
        "average_from": 0,
        "clip_norm": None,
        "fit_intercept": True,
    }
    return Settings(optimizer, eta0=eta0, alpha=alpha, **(defaults | options))


def start(X, targets, losses, form=None, **options):
    """A descent, and the labels of all rows."""
    form = Own() if form is None else form
    score_losses = ScoreLosses(loss_of_tasks(losses, targets), targets)
    made = Descent(
        form, score_losses, settings(**options), X.shape[1], X.dtype,
        np.ones(targets.n_tasks), np.random.RandomState(0),
    )  # fmt: skip
    return made, RowLabels(targets, X.dtype)


def take(made, X, labels, n_steps, size=None):
    """Steps on mini-batches in the order of the rows."""
    n = X.shape[0]
    size = n if size is None else size
    starts = np.arange(n_steps) * size % n
    for first in starts:
        batch = slice(first, min(first + size, n))
        made.step(X[batch], labels.take(batch))
    return made.coefficients()


def regression(n=40, d=6, hidden=0.0, **options):
    X, Y = numbers(n, d, hidden=hidden)
    targets = TaskTargets.read(Y, "regression", label_groups="all", **options)
    return X, Y, targets


def mixed(n=40):
    X, Y = mixed_labels(n)
    return X, mixed_targets(Y)


def even_features(n=32, d=4):
    """Centred features of one and the same variance, not correlated."""
    X = np.random.default_rng(0).normal(size=(n, d))
    return np.linalg.qr(X - X.mean(axis=0))[0] * np.sqrt(n) * 0.7


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_full_batch_is_gradient_descent(fit_intercept):
    """Least squares of weighted tasks, of which every step is known."""
    X, rng, alpha, eta0 = even_features(), np.random.default_rng(1), 0.03, 0.8
    n, d = X.shape
    Y = X @ rng.normal(size=(d, 3)) + rng.normal(size=(n, 3)) + 1
    weight = rng.uniform(0.2, 3, size=(n, 3))
    targets = TaskTargets.read(Y, "regression", sample_weight=weight)
    center = np.full(d, 0.3 * fit_intercept)
    made, labels = start(
        X + center, targets, Squared(), eta0=eta0, alpha=alpha,
        fit_intercept=fit_intercept,
    )  # fmt: skip
    squares = np.sum(X**2, axis=1)
    largest, noise = 1.1 * 0.7**2, np.sum(squares**2) / squares.sum() / n
    # No row is so long that it would be asked to move less than its share.
    steady = largest - noise
    damping = largest / (steady + squares.max() / n)
    load, top = weight.mean(axis=0), np.maximum(weight.max(axis=0), 1)
    of_W = (load * steady + top * noise)[:, None]
    of_b = load + top / n
    W, b = np.zeros((3, d)), np.zeros(3)
    for n_steps in range(1, 6):
        found, intercept = take(made, X + center, labels, 1)
        G = weight * (X @ W.T + b - Y) / n
        W = W - eta0 * damping * (G.T @ X + alpha * W) / (of_W + alpha)
        b = b - eta0 * damping * G.sum(axis=0) / of_b * fit_intercept
        np.testing.assert_allclose(found, W, atol=1e-10)
        np.testing.assert_allclose(intercept, b - W @ center, atol=1e-10)
        assert made.n_steps == n_steps


@pytest.mark.parametrize("form", FORMS)
def test_objective_decreases(form):
    X, targets = mixed()
    made, labels = start(X, targets, MIXED_LOSSES, FORMS[form](targets), alpha=1e-4)
    losses = []
    for _ in range(30):
        made.start_epoch()
        take(made, X, labels, 1)
        losses.append(made.epoch_losses().sum())
    assert (np.diff(losses) <= 1e-5).all()
    assert losses[-1] < 0.95 * losses[0]


@pytest.mark.parametrize("size", [None, 8])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("form", FORMS)
def test_loss_decreases_by_any_optimizer(form, optimizer, size):
    X, targets = mixed()
    optimizer = OPTIMIZERS[optimizer]()
    made, labels = start(
        X, targets, MIXED_LOSSES, FORMS[form](targets), alpha=1e-4,
        optimizer=optimizer, eta0=optimizer.eta0,
    )  # fmt: skip
    losses = []
    for _ in range(12):
        made.start_epoch()
        take(made, X, labels, 5, size)
        losses.append(made.epoch_losses())
    assert losses[-1].sum() < 0.97 * losses[0].sum()


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_decreases(name):
    loss = LOSSES[name]()
    if loss.kind == "regression":
        X, _, targets = regression()
    else:
        X, Y = mixed_labels(40)
        targets = TaskTargets.read(Y[:, [1, 3]], "classification")
    made, labels = start(X, targets, loss, alpha=1e-3)
    made.start_epoch()
    take(made, X, labels, 1)
    first = made.epoch_losses().sum()
    made.start_epoch()
    take(made, X, labels, 40)
    assert made.epoch_losses().sum() < 0.9 * first


def test_losses_of_an_epoch_are_weighted_means():
    X, Y, _ = regression(hidden=0.3)
    Y[:, 1] = np.nan
    weight = np.random.default_rng(0).uniform(0.5, 2, size=Y.shape)
    targets = TaskTargets.read(Y, "regression", sample_weight=weight)
    made, labels = start(X, targets, Squared(), eta0=1e-12)
    take(made, X, labels, 5, size=8)
    seen = ~np.isnan(Y)
    for t in (0, 2):
        its = seen[:, t]
        wanted = np.average(Y[its, t] ** 2 / 2, weights=weight[its, t])
        assert made.epoch_losses()[t] == pytest.approx(wanted)
    assert np.isnan(made.epoch_losses()[1])
    made.start_epoch()
    assert np.isnan(made.epoch_losses()).all()


def one_step(**options):
    """Change of W and b by one step of all rows, seen from the centre."""
    X, targets = mixed()
    made, labels = start(X, targets, MIXED_LOSSES, optimizer=AsIs(), **options)
    W, b = take(made, X, labels, 1)
    return W, b + W @ made.center, targets.column_task


def test_clip_norm_acts_on_each_task():
    W, b, task = one_step()
    together = np.column_stack([W, b])
    norms = np.array([np.linalg.norm(together[task == t]) for t in range(4)])
    limit = np.sort(norms)[1:3].mean()
    clipped_W, clipped_b, _ = one_step(clip_norm=limit)
    found = np.column_stack([clipped_W, clipped_b])
    scale = np.minimum(limit / norms, 1)
    assert (scale < 1).sum() == 2
    np.testing.assert_allclose(found, together * scale[task][:, None])


def test_without_intercepts():
    X, targets = mixed()
    made, labels = start(X, targets, MIXED_LOSSES, fit_intercept=False)
    _, b = take(made, X, labels, 9, size=10)
    np.testing.assert_array_equal(b, 0)
    np.testing.assert_array_equal(made.center, 0)


def test_centre_is_the_mean_of_the_first_batch():
    X, _, targets = regression()
    made, labels = start(X, targets, Squared())
    take(made, X, labels, 3, size=10)
    np.testing.assert_allclose(made.center, X[:10].mean(axis=0))
    made, labels = start(X, targets, Squared())
    take(made, X, labels, 3, size=4)
    np.testing.assert_array_equal(made.center, 0)


@pytest.mark.parametrize("form", FORMS)
def test_moving_the_features_moves_only_intercepts(form):
    X, targets = mixed()
    found = []
    for move in (0, np.array([3.0, -2.0, 0.5, 1.0])):
        made, labels = start(X, targets, MIXED_LOSSES, FORMS[form](targets))
        found.append(take(made, X + move, labels, 20, size=10))
    np.testing.assert_allclose(found[1][0], found[0][0], atol=1e-8)
    wanted = found[0][1] - found[0][0] @ move
    np.testing.assert_allclose(found[1][1], wanted, atol=1e-8)


@pytest.mark.parametrize("scale", [1e-3, 1e3])
def test_scale_of_the_features_does_not_matter(scale):
    X, _, targets = regression()
    wanted = take(*arguments(X, targets), 9, size=10)[0]
    found = take(*arguments(X * scale, targets), 9, size=10)[0]
    np.testing.assert_allclose(found * scale, wanted, rtol=1e-8)


def arguments(X, targets):
    made, labels = start(X, targets, Squared(), alpha=0, fit_intercept=False)
    return made, X, labels


@pytest.mark.parametrize("average_from", [0, 25])
def test_average_of_the_iterates(average_from):
    """Iterates k weigh (k + 1) ... (k + 8), which rises by the power of 8."""
    X, _, targets = regression()
    made, labels = start(X, targets, Squared(), average=True, average_from=average_from)
    plain, _ = start(X, targets, Squared())
    iterates = []
    for first in [0, 10, 20, 30] * 3:
        batch = slice(first, first + 10)
        for each in (made, plain):
            each.step(X[batch], labels.take(batch))
        iterates.append((plain.blocks[0].copy(), plain.b.copy()))
        kept = iterates[max(0, -(-average_from // 10) - 1) :]
        if plain.n_rows < average_from:
            kept = iterates[-1:]
        weight = [np.prod(np.arange(k + 1, k + 9.0)) for k in range(len(kept))]
        for found, parts in zip((*made.average, made.average_b), zip(*kept)):
            wanted = np.average(parts, axis=0, weights=weight)
            np.testing.assert_allclose(found, wanted, atol=1e-12)
    np.testing.assert_allclose(made.blocks[0], plain.blocks[0])


def test_average_has_the_zeros_of_the_last_iterate():
    X, _, targets = regression()
    form = FORMS["joint sparse"](targets)
    made, labels = start(X, targets, Squared(), form, average=True, alpha=0.3)
    W, _ = take(made, X, labels, 60, size=10)
    used = made.blocks[0].any(axis=0)
    assert 0 < used.sum() < 6
    np.testing.assert_array_equal(W.any(axis=0), used)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_overflow_names_the_learning_rate(dtype):
    X, _, targets = regression()
    X = X.astype(dtype)
    made, labels = start(X, targets, Squared(), eta0=1e6)
    with pytest.raises(ValueError, match=r"eta0 \(now 1000000.0\)"):
        take(made, X, labels, 200)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("form", FORMS)
def test_float32_stays_float32(form, optimizer):
    X, targets = mixed()
    X = X.astype(np.float32)
    made, labels = start(
        X, targets, MIXED_LOSSES, FORMS[form](targets), average=True, clip_norm=1.0,
        optimizer=OPTIMIZERS[optimizer](), eta0=0.1, schedule=InverseScaling(),
    )  # fmt: skip
    W, b = take(made, X, labels, 70, size=10)
    parts = [W, b, *made.blocks, made.b, *made.average, made.average_b, made.center]
    assert {part.dtype for part in parts} == {np.dtype(np.float32)}
    assert np.isfinite(W).all()
    wide = made.parametrization.start(9, 4, np.float32, np.random.RandomState(0))
    assert {part.dtype for part in wide} == {np.dtype(np.float32)}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("make", [sparse.csr_matrix, sparse.csr_array])
def test_sparse_features(make, form):
    X, targets = mixed()
    X[np.random.default_rng(0).random(X.shape) < 0.5] = 0
    found = []
    for rows in (X, make(X)):
        made, labels = start(X, targets, MIXED_LOSSES, FORMS[form](targets))
        found.append(take(made, rows, labels, 20, size=10))
    for a, b in zip(*found):
        np.testing.assert_allclose(a, b, atol=1e-10)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("form", FORMS)
def test_layout_of_labels_does_not_matter(monkeypatch, form, optimizer):
    X, targets = mixed()
    found = []
    for share in (-1.0, 2.0):
        monkeypatch.setattr("mtlearn.solvers.descent.batches.DENSE_SHARE", share)
        made, labels = start(
            X, targets, MIXED_LOSSES, FORMS[form](targets), eta0=0.1,
            optimizer=OPTIMIZERS[optimizer](),
        )  # fmt: skip
        found.append(take(made, X, labels, 60, size=2))
    np.testing.assert_allclose(found[1][0], found[0][0], atol=1e-9)
    np.testing.assert_allclose(found[1][1], found[0][1], atol=1e-9)


def test_every_row_counts_the_same():
    """A short batch takes a step as much shorter."""
    X, _, targets = regression()
    halves = []
    for size in (40, 20):
        made, labels = start(X, targets, Squared(), optimizer=AsIs(), eta0=1e-6)
        made.curvature.n_rows = 40
        made.center = np.zeros(6)
        halves.append(take(made, X, labels, 40 // size, size)[0])
    np.testing.assert_allclose(halves[1], halves[0], rtol=1e-4)


def test_a_batch_without_labels_decays_only():
    X, Y, _ = regression()
    Y[30:] = np.nan
    targets = TaskTargets.read(Y, "regression")
    made, labels = start(X, targets, Squared(), optimizer=AsIs(), alpha=0.5, eta0=0.1)
    take(made, X, labels, 3, size=10)
    W, b = made.blocks[0].copy(), made.b.copy()
    made.step(X[30:], labels.take(slice(30, 40)))
    np.testing.assert_allclose(made.blocks[0], W * (1 - 0.1 * 0.5))
    np.testing.assert_array_equal(made.b, b)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("form", FORMS)
def test_a_halted_task_keeps_what_is_its_own_and_moves_nothing(form, momentum):
    X, Y = mixed_labels(40)
    other = Y.copy()
    other[:, 1] = 2 - other[:, 1]
    results = []
    for labels_of in (Y, other):
        targets = mixed_targets(Y)
        made, labels = start(
            X, targets, MIXED_LOSSES, FORMS[form](targets),
            optimizer=SGD(momentum=momentum), eta0=0.5,
        )  # fmt: skip
        take(made, X, labels, 10, size=10)
        made.halt(np.array([False, True, False, False]))
        kept = [block[1:4].copy() for block in made.blocks], made.b[1:4].copy()
        labels = RowLabels(mixed_targets(labels_of), X.dtype)
        take(made, X, labels, 10, size=10)
        for j, block in enumerate(made.blocks):
            if made.parametrization.per_column[j]:
                np.testing.assert_array_equal(block[1:4], kept[0][j])
        np.testing.assert_array_equal(made.b[1:4], kept[1])
        results.append([*made.blocks, made.b])
    for a, b in zip(*results):
        np.testing.assert_allclose(a, b, atol=1e-12)


@pytest.mark.parametrize("old", FORMS)
@pytest.mark.parametrize("new", ["own", "mean", "learned", "factorized"])
def test_another_parametrization_goes_on_from_the_same_coefficients(old, new):
    X, _, targets = regression()
    new = Factorized(3) if new == "factorized" else FORMS[new](targets)
    made, labels = start(
        X, targets, Squared(), FORMS[old](targets), average=True, alpha=1e-4
    )
    W, b = take(made, X, labels, 70, size=10)
    made.reparametrize(new)
    found = made.coefficients()
    np.testing.assert_allclose(found[0], W, atol=1e-6)
    np.testing.assert_allclose(found[1], b, atol=1e-6)
    before = made.epoch_losses().sum()
    made.start_epoch()
    take(made, X, labels, 70, size=10)
    assert made.epoch_losses().sum() < before


def test_other_losses_and_optimizers_are_adopted():
    X, _, targets = regression()
    made, labels = start(X, targets, Squared(), optimizer=SGD())
    take(made, X, labels, 4, size=10)
    twin, _ = start(X, targets, LOSSES["squared_epsilon_insensitive"]())
    before, W = made.metrics[0], made.blocks[0].copy()
    made.adopt(twin.score_losses, settings(SGD()))
    assert made.memories[0]["velocity"].any()
    take(made, X, labels, 1, size=10)
    # Twice the curvature, half the step.
    np.testing.assert_allclose(made.metrics[0], before / 2, rtol=0.1)
    assert (made.blocks[0] != W).any()
    made.adopt(twin.score_losses, settings(OPTIMIZERS["adam"]()))
    assert made.metrics is None
    assert set(made.memories[0]) == {"mean", "squares", "share", "n_steps"}
    take(made, X, labels, 1)


def test_an_adopted_penalty_shortens_steps_at_once():
    """Or the blocks are flung from side to side of zero."""
    X, _, targets = regression()
    made, labels = start(X, targets, Squared(), alpha=1e-4)
    before, _ = take(made, X, labels, 8, size=10)
    made.adopt(made.score_losses, settings(alpha=1e3))
    after, _ = take(made, X, labels, 8, size=10)
    assert abs(after).max() < abs(before).max()


def test_learned_covariances_leave_coefficients_where_they_are(monkeypatch):
    """Averaged or not, from the first look on."""
    monkeypatch.setattr("mtlearn.solvers.descent.descent.INTERVAL", 5)
    X, _, targets = regression()
    for average in (True, False):
        made, labels = start(
            X, targets, Squared(), FORMS["learned"](targets), average=average
        )
        renew, renewed = made.parametrization.renew, []

        def watched(blocks, average, made=made, renew=renew, renewed=renewed):
            before = made.parametrization.coefficients(blocks).copy()
            renewed.append(renew(blocks, average))
            after = made.parametrization.coefficients(blocks)
            np.testing.assert_allclose(after, before, atol=1e-8)

        made.parametrization.renew = watched
        take(made, X, labels, 16, size=10)
        assert renewed == [True] * 3
