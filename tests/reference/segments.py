"""Products of tasks with their own rows, slow and obvious: the oracle of the kernel."""

import numpy as np


def forward(X, row, row_start, column_start, W):
    """Scores of each task's rows and columns, flat, in float64."""
    Z = [
        np.dot(X[i].astype(float), W[k].astype(float))
        for rows, columns in tasks(row, row_start, column_start)
        for i in rows
        for k in columns
    ]
    return np.array(Z, dtype=float)


def backward(X, row, row_start, column_start, G):
    """Coefficients (K, d): the sum of each score times its row, in float64."""
    dW = np.zeros((column_start[-1], X.shape[1]))
    scores = iter(G.astype(float))
    for rows, columns in tasks(row, row_start, column_start):
        for i in rows:
            for k in columns:
                dW[k] += next(scores) * X[i]
    return dW


def tasks(row, row_start, column_start):
    """Rows and columns of each task."""
    for t in range(len(row_start) - 1):
        yield (
            row[row_start[t] : row_start[t + 1]],
            range(column_start[t], column_start[t + 1]),
        )
