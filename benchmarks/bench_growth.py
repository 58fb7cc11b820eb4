"""How the time and memory of a linear fit grow with rows and with tasks.

    python benchmarks/bench_growth.py [--quick] [--figure docs/growth.png]

Three families of random problems in float32, on one thread: more rows (100 features, 10
tasks), more tasks on the same rows (10,000 rows, 100 features), and more tasks that
have 15 rows of 30 features each. Time is CPU seconds, median of three; memory is the
peak of what a fit allocates beside X and Y, as a multiple of ``n d + d^2 + labels``
numbers.
"""

import argparse
import time
import tracemalloc

import numpy as np
from common import timed
from threadpoolctl import threadpool_limits

from mtlearn.linear_model import MultiTaskLogisticRegression, MultiTaskRidge
from mtlearn.svm import MultiTaskLinearSVC
from mtlearn.tasks import TaskTargets

ROWS = (1_000, 4_000, 16_000, 64_000)
TASKS = (1, 4, 16, 64, 256)
OWN_ROWS = (100, 1_000, 10_000)
MODELS = {
    "squared hinge, independent": MultiTaskLinearSVC(structure="independent"),
    "squared hinge, mean": MultiTaskLinearSVC(structure="mean", sharing=0.5),
    "squared hinge, learned": MultiTaskLinearSVC(structure="learned"),
    "logistic, mean": MultiTaskLogisticRegression(structure="mean"),
    "ridge, mean": MultiTaskRidge(structure="mean"),
}


def same_rows(n, n_tasks, d=100):
    """X (n, d) and scores (n, T) around a common direction."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, d)).astype(np.float32)
    W = rng.normal(size=(d, 1)) + 0.5 * rng.normal(size=(d, n_tasks))
    return X, X @ W + 5 * rng.normal(size=(n, n_tasks))


def own_rows(n_tasks, per_task=15, d=30):
    """X (n, d), scores (n,) and the task of each row."""
    rng = np.random.default_rng(0)
    task = np.repeat(np.arange(n_tasks), per_task)
    X = rng.normal(size=(len(task), d)).astype(np.float32)
    W = rng.normal(size=d) + 0.5 * rng.normal(size=(n_tasks, d))
    return X, np.einsum("nd,nd->n", X, W[task]) + rng.normal(size=len(task)), task


def kind_of(model):
    return "regression" if isinstance(model, MultiTaskRidge) else "classification"


def targets_of(model, scores, task=None):
    """Scores, or their signs, as the model takes them."""
    y = scores if kind_of(model) == "regression" else (scores > 0).astype(int)
    if task is not None:
        return TaskTargets.from_column(task, y, kind_of(model))
    groups = "all" if model.structure == "mean" else ()
    return TaskTargets.read(y, kind_of(model), label_groups=groups)


def measure(model, X, targets):
    """CPU seconds, and peak memory in units of the problem's own numbers."""
    seconds, _ = timed(3, time.process_time, model._fit, X, targets)
    tracemalloc.start()
    try:
        model._fit(X, targets)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    n, d = X.shape
    return seconds, peak / (X.itemsize * (n * d + d * d + len(targets.row)))


def curves(quick):
    """(family, axis) -> model -> list of (size, seconds)."""
    cut = -1 if quick else None
    found = {}
    for family, axis, sizes, make in (
        ("rows, for 10 tasks", "rows", ROWS[:cut], lambda n: same_rows(n, 10)),
        (
            "tasks on the same 10,000 rows",
            "tasks",
            TASKS[:cut],
            lambda T: same_rows(10_000, T),
        ),
        ("tasks with 15 rows each", "tasks", OWN_ROWS[:cut], own_rows),
    ):
        print(family, flush=True)
        found[family, axis] = {name: [] for name in MODELS}
        for size in sizes:
            X, *labels = make(size)
            for name, model in MODELS.items():
                seconds, memory = measure(model, X, targets_of(model, *labels))
                found[family, axis][name].append((size, seconds))
                print(
                    f"  {size:6d} {axis}: {name:28s} {seconds:7.3f} s, memory "
                    f"{memory:5.1f} (n d + d^2 + labels)",
                    flush=True,
                )
    return found


def draw(found, path):
    import matplotlib.pyplot as plt

    figure, panels = plt.subplots(1, 3, figsize=(12, 4), sharey=True, layout="tight")
    for panel, ((family, axis), lines) in zip(panels, found.items()):
        for name, points in lines.items():
            panel.loglog(*zip(*points), marker="o", markersize=4, label=name)
        panel.set(title=f"More {family}", xlabel=axis)
        panel.grid(alpha=0.3)
    panels[0].set_ylabel("seconds, one thread")
    panels[0].legend(frameon=False, fontsize=8)
    figure.savefig(path, dpi=110)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="without the largest")
    parser.add_argument("--figure", help="where to draw the curves")
    options = parser.parse_args()
    with threadpool_limits(1):
        found = curves(options.quick)
    if options.figure:
        draw(found, options.figure)


if __name__ == "__main__":
    main()
