"""Epochs: what is recorded, when tasks stop, and which coefficients are kept."""

from types import SimpleNamespace

import numpy as np
import pytest

from mtlearn.losses import Squared
from mtlearn.solvers.descent import (
    SGD,
    Adaptive,
    Constant,
    Cosine,
    Descent,
    HeldOut,
    History,
    Plan,
    RowLabels,
    ScoreLosses,
    Settings,
    descend,
    one_pass,
    record_epoch,
)
from mtlearn.solvers.descent.epochs import Progress
from mtlearn.solvers.objective import loss_of_tasks
from mtlearn.structures.parametrizations import Own, SharedAndOwn
from mtlearn.tasks import TaskTargets
from tests.solvers.problems import MIXED_LOSSES, mixed_labels, mixed_targets, numbers


def plan(T=3, batch_size=10, max_iter=50, shuffle=True, tol=1e-3, patience=2):
    return Plan(batch_size, max_iter, shuffle, tol, np.full(T, patience))


def start(X, targets, losses=None, form=None, schedule=None, seed=0):
    losses = Squared() if losses is None else losses
    settings = Settings(
        SGD(), Constant() if schedule is None else schedule, 0.5, 1e-3, False, 0, None,
        True,
    )  # fmt: skip
    score_losses = ScoreLosses(loss_of_tasks(losses, targets), targets)
    return Descent(
        Own() if form is None else form, score_losses, settings, X.shape[1], X.dtype,
        np.ones(targets.n_tasks), np.random.RandomState(seed),
    )  # fmt: skip


def problem(n=40, hidden=0.0):
    X, Y = numbers(n, hidden=hidden)
    targets = TaskTargets.read(Y, "regression", label_groups="all")
    return X, targets, RowLabels(targets, X.dtype)


class Recorder:
    """Stands in for a descent: what steps were asked for, and given losses."""

    weighting = None

    def __init__(self, losses=(), T=2, schedule=None, penalties=()):
        schedule = Constant() if schedule is None else schedule
        self.settings = SimpleNamespace(schedule=schedule)
        self.rng, self.n_steps, self.divisor = np.random.RandomState(0), 0, 1.0
        self.batches, self.losses, self.active = [], list(losses), np.ones(T, bool)
        self.divisors, self.penalties = [], list(penalties)

    def step(self, X, labels):
        self.batches.append(np.asarray(X)[:, 0])

    def epoch_losses(self):
        self.divisors.append(self.divisor)
        return np.array(self.losses.pop(0))

    def start_epoch(self):
        pass

    def relative(self, losses):
        return losses / 2

    def relative_penalty(self):
        return self.penalties.pop(0) if self.penalties else 0.0

    def halt(self, tasks):
        self.active = ~tasks


def rows_of(recorder):
    return np.concatenate(recorder.batches).astype(int)


def test_a_pass_sees_every_row_once():
    _, _, labels = problem(23)
    X = np.arange(23.0)[:, None]
    for shuffle in (False, True):
        recorder = Recorder()
        one_pass(recorder, X, labels, labels.rows, 5, shuffle)
        assert [len(batch) for batch in recorder.batches] == [5, 5, 5, 5, 3]
        np.testing.assert_array_equal(np.sort(rows_of(recorder)), np.arange(23))
        assert (rows_of(recorder) == np.arange(23)).all() != shuffle


def test_a_pass_sees_only_the_rows_it_is_given():
    _, _, labels = problem(23)
    X, rows = np.arange(23.0)[:, None], np.array([2, 3, 5, 7, 11, 13])
    for shuffle in (False, True):
        recorder = Recorder()
        one_pass(recorder, X, labels, rows, 4, shuffle)
        np.testing.assert_array_equal(np.sort(rows_of(recorder)), rows)


def test_rows_and_labels_go_together():
    X, Y = numbers(23, hidden=0.5)
    labels = RowLabels(TaskTargets.read(Y, "regression"), X.dtype)
    seen = []

    class Watch(Recorder):
        def step(self, X, labels):
            seen.append((X, labels.value, labels.weight))

    for shuffle in (False, True):
        one_pass(Watch(), X, labels, labels.rows, 4, shuffle)
    for rows, value, weight in seen:
        for x, v, w in zip(rows, value, weight):
            y = Y[np.flatnonzero((X == x).all(axis=1))[0]]
            np.testing.assert_array_equal(w, ~np.isnan(y))
            np.testing.assert_array_equal(v[w > 0], y[w > 0])


def test_record_of_an_epoch():
    history, recorder = History(), Recorder([[2.0, 4.0], [2.0, np.nan], [np.nan] * 2])
    for n in range(3):
        assert history.n_iter == n
        record_epoch(recorder, history)
    np.testing.assert_array_equal(history.losses[0], [2, 4])
    np.testing.assert_array_equal(history.weights, 1)
    assert history.history == [1.5, 1.0, 0.0]


def run(
    losses, tol=0.1, patience=2, schedule=None, max_iter=20, step=None, penalties=(),
    batch_size=1,
):  # fmt: skip
    """Epochs that have the given mean losses, of 20 steps each."""
    losses = [[2 * loss] * 2 for loss in losses]
    recorder = Recorder(losses, schedule=schedule, penalties=penalties)
    _, _, labels = problem(20)
    history = History()
    made = plan(2, batch_size, max_iter, False, tol, patience)
    descend(recorder, np.zeros((20, 1)), labels, made, history, step=step)
    return history, recorder


def test_stops_after_epochs_without_progress():
    history, _ = run([1, 0.8, 0.75, 0.72, 0.71, 0.7])
    assert (history.n_iter, history.converged, history.stopped) == (4, True, False)


def test_progress_starts_the_patience_anew():
    history, _ = run([1, 0.95, 0.8, 0.75, 0.6, 0.55, 0.54, 0.53])
    assert history.n_iter == 7
    history, _ = run([1, 1, 1, 1], patience=3)
    assert history.n_iter == 4


def test_few_steps_without_progress_mean_nothing():
    history, _ = run([1] * 20, batch_size=5)  # epochs of four steps
    assert history.n_iter == 6
    history, _ = run([1] * 20, batch_size=5, patience=8)
    assert history.n_iter == 9


def test_the_penalty_is_part_of_what_falls():
    history, _ = run([1] * 7, penalties=[0.8, 0.6, 0.4, 0.2, 0.2, 0.2, 0.2])
    assert history.history == pytest.approx([1.8, 1.6, 1.4, 1.2, 1.2, 1.2])
    history, _ = run([1, 0.8, 0.6, 0.4], penalties=[0.0, 0.2, 0.4, 0.6])
    assert history.n_iter == 3


def test_without_tol_every_epoch_is_made():
    history, _ = run([1] * 7, tol=None, max_iter=7)
    assert (history.n_iter, history.converged) == (7, False)


def test_not_converged_while_there_is_progress():
    history, _ = run([1, 0.8, 0.6], max_iter=3)
    assert (history.n_iter, history.converged) == (3, False)


def test_a_true_callback_stops():
    history, _ = run([1, 0.8, 0.6, 0.4], step=lambda history: history.n_iter == 2)
    assert (history.n_iter, history.converged, history.stopped) == (2, False, True)


def test_adaptive_divides_and_ends():
    schedule = Adaptive(divisor=3, n_times=2)
    history, recorder = run([1] * 20, schedule=schedule)
    # The first epoch is progress, then two without are too many, three times.
    assert recorder.divisors == [1, 1, 1, 3, 3, 9, 9]
    assert (history.n_iter, history.converged) == (7, True)


def test_number_of_steps_is_told():
    X, targets, labels = problem()
    made = start(X, targets, schedule=Cosine())
    descend(made, X, labels, plan(batch_size=12, max_iter=3, tol=None), History())
    assert made.n_all == made.n_steps == 12
    descend(made, X, labels, plan(batch_size=40, max_iter=5, tol=None), History())
    assert made.n_all == made.n_steps == 17


def test_same_seed_same_coefficients():
    X, targets, labels = problem()
    found = []
    for seed in (0, 0, 1):
        made = start(X, targets, seed=seed)
        descend(made, X, labels, plan(max_iter=3), History())
        found.append(made.coefficients()[0])
    np.testing.assert_array_equal(found[0], found[1])
    assert (found[0] != found[2]).any()


# Held-out rows.


def given(coef, intercept=None):
    """Stands in for a descent with these coefficients."""
    intercept = np.zeros(len(coef)) if intercept is None else intercept
    return SimpleNamespace(coefficients=lambda: (coef.copy(), intercept.copy()))


def test_scores_of_held_out_rows():
    X, Y = mixed_labels(60)
    weight = np.random.default_rng(1).uniform(0.5, 2, size=Y.shape)
    targets, rng = mixed_targets(Y, sample_weight=weight), np.random.default_rng(2)
    W, b = rng.normal(size=(9, 4)), rng.normal(size=9)
    rows = rng.permutation(60)[:25]
    held_out = HeldOut(X[rows], rows, targets)
    found, Z = held_out.look(given(W, b), 0.0), X @ W.T + b
    predicted = {0: Z[:, 0] > 0, 1: Z[:, 1:4].argmax(axis=1), 3: Z[:, 5:].argmax(1)}
    for t in range(4):
        its = np.array([i for i in rows if not np.isnan(Y[i, t])])
        y, w = Y[its, t], weight[its, t]
        if t == 2:
            total = np.average((y - np.average(y, weights=w)) ** 2, weights=w)
            wanted = 1 - np.average((y - Z[its, 4]) ** 2, weights=w) / total
        else:
            wanted = np.average(predicted[t][its] == y, weights=w)
        assert found[t] == pytest.approx(wanted)
    np.testing.assert_array_equal(held_out.other_rows(np.arange(60)).size, 35)
    assert not np.isin(held_out.other_rows(np.arange(60)), rows).any()


def exact(wrong):
    """Regression without noise: coefficients of the tasks, off by ``wrong``."""
    X = np.random.default_rng(0).normal(size=(20, 3))
    W = np.random.default_rng(1).normal(size=(2, 3))
    targets = TaskTargets.read(X @ W.T, "regression")
    pairs = np.array(wrong, dtype=float)
    offers = [given(W + pair[:, None], pair) for pair in pairs]
    return X, targets, W, offers


def test_best_coefficients_are_kept_per_task():
    wrong = [(3, 1), (1, 2), (2, 0.5), (4, 4)]
    X, targets, W, offers = exact(wrong)
    held_out = HeldOut(X, np.arange(20), targets)
    scores = [held_out.look(offer, 0.0) for offer in offers]
    np.testing.assert_allclose(held_out.coef, W + [[1], [0.5]])
    np.testing.assert_allclose(held_out.intercept, [1, 0.5])
    np.testing.assert_array_equal(held_out.best, np.max(scores, axis=0))
    np.testing.assert_array_equal(held_out.wait, [2, 1])


def test_less_than_tol_is_no_progress_but_kept():
    X, targets, W, offers = exact([(1, 1), (0.999, 0.1)])
    held_out = HeldOut(X, np.arange(20), targets)
    for offer in offers:
        held_out.look(offer, 0.05)
    np.testing.assert_array_equal(held_out.wait, [1, 0])
    np.testing.assert_allclose(held_out.coef, W + [[0.999], [0.1]])


def test_tasks_without_held_out_labels_keep_the_last_coefficients():
    X, targets, W, offers = exact([(1, 1), (2, 2), (3, 3)])
    Y = X @ W.T
    Y[:5, 1] = np.nan
    targets = TaskTargets.read(Y, "regression")
    held_out = HeldOut(X[:5], np.arange(5), targets)
    for offer in offers:
        assert np.isnan(held_out.look(offer, 0.0)[1])
    np.testing.assert_array_equal(held_out.scored, [True, False])
    np.testing.assert_allclose(held_out.coef, W + [[1], [3]])
    np.testing.assert_array_equal(held_out.wait, [2, 0])


def test_equal_numbers_have_no_score():
    Y = np.column_stack([np.ones(8), np.arange(8.0)])
    targets = TaskTargets.read(Y, "regression")
    held_out = HeldOut(np.zeros((8, 1)), np.arange(8), targets)
    scores = held_out.look(given(np.zeros((2, 1))), 0.0)
    np.testing.assert_array_equal(np.isnan(scores), [True, False])


class Scripted:
    """Stands in for HeldOut: waits as they are told, epoch by epoch."""

    def __init__(self, waits, scored=(True, True)):
        self.waits, self.scored = list(waits), np.array(scored)
        self.wait = np.zeros(2, dtype=int)

    def look(self, descent, tol):
        self.wait[:] = self.waits.pop(0)
        return self.wait


def looks(waits, schedule=None, tol=0.0, scored=(True, True)):
    """What is done after each epoch, and who is active then."""
    recorder, watch = Recorder(schedule=schedule), None
    watch = Progress(plan(2, patience=2, tol=tol), Scripted(waits, scored), 20)
    done, active = [], []
    for _ in range(len(waits)):
        done.append(watch.look(recorder, History()))
        active.append(recorder.active.tolist())
    return done, active, recorder


def test_tasks_stop_one_by_one():
    done, active, _ = looks([(0, 1), (1, 2), (0, 0), (2, 3)])
    assert active == [[True, True], [True, False], [True, False], [False, False]]
    assert done == [False, False, False, True]


def test_tasks_without_scores_do_not_keep_the_others_waiting():
    assert looks([(1, 0), (2, 0)], scored=(True, False))[0] == [False, True]


def test_without_tol_tasks_stop_and_epochs_go_on():
    done, active, _ = looks([(2, 2), (3, 3)], tol=None)
    assert done == [False, False]
    assert active[-1] == [False, False]


def test_adaptive_waits_for_all_tasks_then_divides():
    waits = [(2, 0), (3, 2), (2, 2), (2, 1), (2, 2)]
    done, active, recorder = looks(waits, Adaptive(divisor=3, n_times=2))
    assert active == [[True, True]] * 4 + [[False, False]]
    assert done == [False] * 4 + [True]
    assert recorder.divisor == 9


def test_a_task_that_stopped_no_longer_moves_what_is_shared():
    """Whatever its labels, from when it stops."""
    X, Y = numbers(40)
    other, found = Y.copy(), []
    other[:, 0] = -5 * other[:, 0]
    for after in (Y, other):
        targets = TaskTargets.read(Y, "regression", label_groups="all")
        made = start(X, targets, form=SharedAndOwn(np.zeros(3, int), 0.8))
        labels = RowLabels(targets, X.dtype)
        held_out = HeldOut(X[:10], np.arange(10), targets)

        def swap(history, made=made, labels=labels, after=after):
            if history.n_iter == 1:
                made.halt(np.array([True, False, False]))
                labels.value[:, 0] = after[:, 0]

        descend(
            made, X, labels, plan(max_iter=4, patience=9), History(),
            held_out=held_out, step=swap,
        )  # fmt: skip
        assert made.active.all()
        found.append([*made.blocks, made.b])
    for a, b in zip(*found):
        np.testing.assert_allclose(a, b, atol=1e-12)


def test_held_out_rows_are_not_learned_from():
    X, targets, labels = problem()
    rows = np.arange(0, 40, 4)
    found = []
    for corrupt in (False, True):
        Z = X.copy()
        Z[rows] += 100 * corrupt
        made, history = start(X, targets), History()
        held_out = HeldOut(X[rows], rows, targets)
        descend(made, Z, labels, plan(max_iter=3), history, held_out=held_out)
        found.append(made.coefficients()[0])
        assert np.shape(history.scores) == (3, 3)
    np.testing.assert_array_equal(*found)


def test_early_stopping_ends_with_the_best():
    X, Y = mixed_labels(60)
    targets = mixed_targets(Y)
    labels, rows = RowLabels(targets, X.dtype), np.arange(0, 60, 3)
    made, history = start(X, targets, MIXED_LOSSES), History()
    held_out = HeldOut(X[rows], rows, targets)
    descend(
        made, X, labels, plan(4, max_iter=200, patience=3), history, held_out=held_out
    )
    assert history.converged
    assert history.n_iter == len(history.scores) < 200
    np.testing.assert_array_equal(held_out.best, np.max(history.scores, axis=0))
    again = HeldOut(X[rows], rows, targets)
    kept = given(held_out.coef, held_out.intercept)
    np.testing.assert_allclose(again.look(kept, 0.0), held_out.best)
