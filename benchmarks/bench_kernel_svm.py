"""MultiTaskSVC against SVC on the matrix of all pairs, and against one SVC per task.

    python benchmarks/bench_kernel_svm.py [--rows 1500] [--figure FILE]

HOG features of pictures of two digits, four yes-or-no tasks on each, tied by the mean
at sharing 0.5, RBF kernel. The peer solves the same problem as scikit-learn can:
``SVC(kernel="precomputed")`` on the matrix ``k(x, z) M[t, u] + 100 [t = u]`` of pairs,
whose second term stands for an intercept per task. Both stop at the same violation,
1e-3, and both dual gaps are printed. The second peer solves another, easier problem, a
machine for each task, which is ours at sharing 0. One thread, CPU seconds, which
include the kernel; peaks are of what the fit allocates.
"""

import argparse
import time
import tracemalloc
import warnings

import numpy as np
from common import goal, multi_digits, timed
from sklearn.datasets import load_breast_cancer
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits

from mtlearn.svm import MultiTaskSVC

SHARING, BIAS, TOL = 0.5, 100.0, 1e-3
GOAL = 5


def digits(n, n_tasks=4):
    """Features (n, 900), and whether the left or right digit is one of five."""
    X, labels = multi_digits(n)
    rng = np.random.default_rng(0)
    five = [rng.permutation(10)[:5] for _ in range(n_tasks)]
    sides = labels[:, :2].astype(int)
    Y = np.column_stack(
        [np.isin(sides[:, t % 2], five[t // 2]) for t in range(n_tasks)]
    )
    return X[:, :-1], Y.astype(float)


def gamma_of(X):
    return 1 / (X.shape[1] * X.var(dtype=np.float64))


def all_pairs(X, n_tasks):
    """The matrix (n T, n T) and which row and task its rows are."""
    M = (1 - SHARING) * np.eye(n_tasks) + SHARING
    K = rbf_kernel(X.astype(np.float64), gamma=gamma_of(X))
    return np.kron(M, K) + BIAS * np.kron(np.eye(n_tasks), np.ones_like(K))


def fit_all_pairs(X, Y, C):
    full = all_pairs(X, Y.shape[1])
    machine = SVC(kernel="precomputed", C=C, tol=TOL, cache_size=2000)
    return machine.fit(full, Y.T.ravel())


def fit_ours(X, Y, C, sharing=SHARING):
    return MultiTaskSVC(
        C=C, structure="mean", label_groups="all", sharing=sharing, tol=TOL
    ).fit(X, Y)


def fit_each(X, Y, C):
    return [SVC(C=C, tol=TOL, cache_size=2000).fit(X, y) for y in Y.T]


def gap_of_pairs(X, Y, C, machine):
    """Dual objective and gap of the peer, intercepts as they come."""
    full = all_pairs(X, Y.shape[1])
    sign = np.where(Y.T.ravel() > 0, 1, -1)
    beta = np.zeros(len(full))
    beta[machine.support_] = machine.dual_coef_[0]
    scores = full @ beta
    norm = beta @ scores
    losses = np.maximum(0, 1 - sign * (scores + machine.intercept_[0])).sum()
    dual = abs(beta).sum() - norm / 2
    return dual, norm / 2 + C * losses - dual


def peak_of(function, *arguments):
    """MB that a call allocates at most, as far as NumPy tells."""
    tracemalloc.start()
    try:
        function(*arguments)
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def compare(X, Y, C):
    seconds, peer = timed(1, time.process_time, fit_all_pairs, X, Y, C)
    ours, model = timed(3, time.process_time, fit_ours, X, Y, C)
    dual, gap = gap_of_pairs(X, Y, C, peer)
    mine = model.objective_path_[-1]
    print(f"C = {C:g}, {X.shape[0]} rows, {Y.shape[1]} tasks")
    print(
        f"  all pairs {seconds:7.2f} s, objective {dual + gap:.3f}, gap {gap:.3f}, "
        f"{peak_of(fit_all_pairs, X, Y, C):.0f} MB"
    )
    print(
        f"  ours      {ours:7.2f} s, objective {mine:.3f}, gap "
        f"{model.duality_gap_:.3f}, {peak_of(fit_ours, X, Y, C):.0f} MB, "
        f"{len(model.support_rows_)} support rows"
    )
    ratio = seconds / ours
    print(f"  ratio {ratio:.1f} (goal {GOAL}: {goal(ratio >= GOAL)})")
    each, _ = timed(1, time.process_time, fit_each, X, Y, C)
    alone, _ = timed(3, time.process_time, fit_ours, X, Y, C, 0.0)
    print(
        f"  one SVC per task {each:.2f} s, ours at sharing 0 {alone:.2f} s: "
        f"ratio {each / alone:.1f}; tied {each / ours:.1f}",
        flush=True,
    )


def unscaled():
    """Where the peer is the faster one: features of very unlike sizes."""
    X, y = load_breast_cancer(return_X_y=True)
    ours = MultiTaskSVC(kernel="linear", structure="independent", tol=TOL)
    peer, _ = timed(1, time.process_time, SVC(kernel="linear", tol=TOL).fit, X, y)
    mine, _ = timed(1, time.process_time, ours.fit, X, y)
    print(
        f"breast cancer, unscaled, linear kernel: SVC {peer:.2f} s, ours {mine:.2f} s: "
        f"ratio {peer / mine:.2f}"
    )


def growth(rows, path):
    """Seconds with rows and with tasks, drawn on double logarithmic axes."""
    import matplotlib.pyplot as plt

    figure, panels = plt.subplots(1, 2, figsize=(9, 3.6), sharey=True, layout="tight")
    more_rows = [(n, 4) for n in (rows // 4, rows // 2, rows, 2 * rows, 4 * rows)]
    more_tasks = [(rows, T) for T in (1, 2, 4, 8, 16)]
    for panel, sizes, axis in zip(panels, (more_rows, more_tasks), ("rows", "tasks")):
        points = {"all pairs": [], "ours": [], "one SVC per task": []}
        for n, n_tasks in sizes:
            X, Y = digits(n, n_tasks)
            at = n if axis == "rows" else n_tasks
            if n * n_tasks <= 4 * rows:
                used, _ = timed(1, time.process_time, fit_all_pairs, X, Y, 1.0)
                points["all pairs"].append((at, used))
            for name, fit in (("ours", fit_ours), ("one SVC per task", fit_each)):
                used, _ = timed(1, time.process_time, fit, X, Y, 1.0)
                points[name].append((at, used))
            last = {k: v[-1] for k, v in points.items() if v}
            found = [f"{k} {s:.2f} s" for k, (size, s) in last.items() if size == at]
            print(f"  {at} {axis}: {', '.join(found)}", flush=True)
        for name, line in points.items():
            panel.loglog(*zip(*line), marker="o", markersize=4, label=name)
        ticks = [n if axis == "rows" else n_tasks for n, n_tasks in sizes]
        panel.set(title=f"More {axis}", xlabel=axis)
        panel.set_xticks(ticks, [str(tick) for tick in ticks])
        panel.minorticks_off()
        panel.grid(alpha=0.3)
    panels[0].set_ylabel("seconds, one thread")
    panels[0].legend(frameon=False, fontsize=8)
    figure.savefig(path, dpi=110)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1500)
    parser.add_argument("--figure", help="draw growth with rows and tasks")
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # of one task, which is tied to nobody
    with threadpool_limits(1):
        X, Y = digits(options.rows)
        for C in (1.0, 10.0):
            compare(X, Y, C)
        unscaled()
        if options.figure:
            growth(options.rows, options.figure)


if __name__ == "__main__":
    main()
