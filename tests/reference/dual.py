"""The dual of a multi-task kernel machine, written out in full."""

import numpy as np
from scipy.optimize import LinearConstraint, minimize


def full_dual(K, M, items, beta):
    """Objective that is minimised, over the (n_items, n_items) matrix of all pairs."""
    Q = K[np.ix_(items.row, items.row)] * M[np.ix_(items.column, items.column)]
    return 0.5 * beta @ Q @ beta - items.target @ beta


def solve_full_dual(K, M, items):
    """Its least value, by a general optimiser."""
    Q = K[np.ix_(items.row, items.row)] * M[np.ix_(items.column, items.column)]
    n_columns = len(items.start) - 1
    sums = (items.column == np.arange(n_columns)[:, None]).astype(float)
    found = minimize(
        lambda beta: 0.5 * beta @ Q @ beta - items.target @ beta,
        np.zeros(len(Q)),
        jac=lambda beta: Q @ beta - items.target,
        method="SLSQP",
        bounds=list(zip(items.low, items.high)),
        constraints=LinearConstraint(sums, 0, 0),
        options={"maxiter": 1000, "ftol": 1e-12},
    )
    assert found.success, found.message
    return found.fun
