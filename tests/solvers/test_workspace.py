"""What depends on X alone serves every other setting."""

import numpy as np
import pytest
from scipy import sparse

from mtlearn.losses import Squared, SquaredHinge
from mtlearn.solvers import GramPreconditioner, LinearObjective, Workspace, solve
from mtlearn.structures import JointSparse, Learned, LowRank, Mean
from mtlearn.tasks import TaskTargets
from tests.solvers.problems import signs

TOL = 1e-9


def targets_of(Y, kind="classification", task_weight=None):
    return TaskTargets.read(Y, kind, task_weight=task_weight, label_groups="all")


@pytest.mark.parametrize("shape", [(60, 4), (400, 4), (15, 30)])
@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
def test_reuse_gives_the_same_solutions(shape, form):
    X, Y = signs(*shape)
    X = form(X)
    workspace = Workspace(LinearObjective(X, targets_of(Y), SquaredHinge(), 1.0))
    settings = [
        (0.01, Mean(), 0.5, None),
        (3.0, Learned(), 0.5, None),
        (1.0, Mean(), 1.0, [1, 5, 0.2]),
        (0.1, LowRank(), 0.5, None),
        (0.1, JointSparse(), 0.5, None),
    ]
    for C, structure, sharing, task_weight in settings:
        targets = targets_of(Y, task_weight=task_weight)
        made = LinearObjective(X, targets, SquaredHinge(), C)
        args = made, structure, targets, sharing
        one, _ = solve(*args, tol=TOL, max_iter=100, workspace=workspace)
        two, _ = solve(*args, tol=TOL, max_iter=100)
        np.testing.assert_array_equal(one.W, two.W)
        np.testing.assert_array_equal(one.b, two.b)


def test_X_is_decomposed_once():
    X, Y = signs(60)
    calls = []

    def decompose(*args):
        calls.append(args)
        return GramPreconditioner(*args)

    targets = targets_of(Y)
    made = LinearObjective(X, targets, SquaredHinge(), 1.0)
    workspace = Workspace(made, decompose)
    for sharing in (0.2, 0.8):
        solve(made, Mean(), targets, sharing, tol=1e-4, max_iter=9, workspace=workspace)
    assert len(calls) == 1


def test_numbers_and_labels_of_the_same_rows():
    X, Y = signs(60, hidden=0)
    labels, numbers = targets_of(Y), targets_of(Y, "regression")
    workspace = Workspace(LinearObjective(X, labels, SquaredHinge(), 1.0))
    made = LinearObjective(X, numbers, Squared(), 1.0)
    args = made, Mean(), numbers, 0.5
    one, _ = solve(*args, tol=TOL, max_iter=100, workspace=workspace)
    two, _ = solve(*args, tol=TOL, max_iter=100)
    np.testing.assert_array_equal(one.W, two.W)


@pytest.mark.parametrize("shape", [(60, 4), (15, 30)])
@pytest.mark.parametrize("structure", [Mean(), Learned(), LowRank(), JointSparse()])
def test_a_start_near_the_solution_leads_to_it(shape, structure):
    X, Y = signs(*shape)
    targets = targets_of(Y)
    made = LinearObjective(X, targets, SquaredHinge(), 0.5)
    options = {"tol": 1e-7, "max_iter": 100}
    cold, _ = solve(made, structure, targets, 0.5, **options)
    start = cold.W.copy(), cold.b.copy()
    warm, _ = solve(made, structure, targets, 0.5, start=start, **options)
    assert warm.converged
    if isinstance(structure, Learned):  # which smooths anew, and stops a bit early
        assert warm.history[-1] <= cold.history[-1] * (1 + 1e-4)
    else:
        assert warm.n_iter <= 1
        np.testing.assert_allclose(warm.W, cold.W, atol=1e-5)
    np.testing.assert_array_equal(start[0], cold.W)
