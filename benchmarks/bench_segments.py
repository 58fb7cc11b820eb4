"""The kernel for tasks with their own rows against a matrix product per task.

    python benchmarks/bench_segments.py

Both make the scores of all tasks, ``X[rows] @ W`` for the rows and columns of each, and
the transposed product, on the same arrays and one thread. Rows of a task are scattered
over X or follow each other; then the peer need not copy them. Medians of CPU seconds;
the results agree to rounding errors.
"""

import time

import numpy as np
from common import timed
from threadpoolctl import threadpool_limits

from mtlearn._kernels import segment_backward, segment_forward

CASES = (  # tasks, rows of each, features, columns of each
    (1000, 15, 30, 1),
    (1000, 15, 30, 4),
    (1000, 15, 200, 1),
    (30, 500, 900, 1),
    (30, 500, 900, 4),
)


def problem(n_tasks, per_task, d, width, scattered, dtype=np.float32):
    rng = np.random.default_rng(0)
    n = n_tasks * per_task
    row = rng.permutation(n) if scattered else np.arange(n)
    X, W = rng.normal(size=(n, d)), rng.normal(size=(n_tasks * width, d))
    return {
        "X": X.astype(dtype),
        "row": row.astype(np.int32),
        "row_start": np.arange(n_tasks + 1) * per_task,
        "column_start": np.arange(n_tasks + 1) * width,
        "W": W.astype(dtype),
    }


def by_kernel(X, row, row_start, column_start, W):
    Z, dW = np.empty(len(row) * (len(W) // (len(row_start) - 1)), X.dtype), 0 * W
    segment_forward(X, row, row_start, column_start, W, Z)
    segment_backward(X, row, row_start, column_start, Z, dW)
    return Z, dW


def task_by_task(X, row, row_start, column_start, W):
    scores, dW = [], np.empty_like(W)
    for t in range(len(row_start) - 1):
        rows = row[row_start[t] : row_start[t + 1]]
        if rows[-1] - rows[0] == len(rows) - 1:  # they follow each other: no copy
            rows = slice(rows[0], rows[-1] + 1)
        columns = slice(column_start[t], column_start[t + 1])
        Z = X[rows] @ W[columns].T
        dW[columns] = Z.T @ X[rows]
        scores.append(Z.ravel())
    return np.concatenate(scores), dW


def main():
    with threadpool_limits(1):
        for case in CASES:
            for scattered in (True, False):
                arrays = problem(*case, scattered)
                seconds, results = [], []
                for product in (task_by_task, by_kernel):
                    took, result = timed(
                        15, time.process_time, product, *arrays.values()
                    )
                    seconds.append(took)
                    results.append(result)
                for one, two in zip(*results):
                    np.testing.assert_allclose(one, two, rtol=1e-3, atol=1e-1)
                print(
                    "{} tasks x {} rows x {} features, {} columns each, ".format(*case)
                    + ("scattered" if scattered else "in order ")
                    + f": task by task {1e3 * seconds[0]:.2f} ms, kernel "
                    f"{1e3 * seconds[1]:.2f} ms, ratio {seconds[0] / seconds[1]:.1f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
