"""Training on an array ten times larger than the process may use.

    python benchmarks/bench_out_of_core.py [--limit 500] [--folder FOLDER]

Writes a float32 array of ten times ``limit`` megabytes to a file, maps it, and trains
on it in processes whose memory the system limits to ``limit`` (RLIMIT_DATA: all that a
process allocates, which a mapped file is not): by gradient descent, ``train_in_blocks``
once over it with checkpoints, and by Newton's method, ``fit`` of ``RowBlocks``. To see
that the limit holds, each process first tries to load a seventh of the array, and
fails. Two tasks of labels, one of numbers, a third of the labels missing. Linux only.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

D, ROWS = 900, 4096
KINDS = ["classification", "classification", "regression"]


def write(folder, megabytes):
    """Rows in pieces, so that writing them takes no memory either."""
    rng = np.random.default_rng(0)
    n = megabytes * 2**20 // (4 * D) // ROWS * ROWS
    X = np.lib.format.open_memmap(folder / "X.npy", "w+", np.float32, (n, D))
    Y = np.lib.format.open_memmap(folder / "Y.npy", "w+", np.float64, (n, 3))
    W = rng.normal(size=(D, 3)) / D**0.5
    for start in range(0, n, ROWS):
        part = slice(start, start + ROWS)
        X[part] = rng.standard_normal((ROWS, D), dtype=np.float32)
        Z = X[part] @ W + 0.3 * rng.normal(size=(ROWS, 3))
        Y[part] = np.where(np.arange(3) < 2, Z > 0, Z)
        Y[part][rng.random((ROWS, 3)) < 1 / 3] = np.nan
    X.flush()
    Y.flush()


def gradient_descent(X, Y, folder):
    """One pass over the rows, and a checkpoint after each quarter of them."""
    from mtlearn.linear_model import MixedTaskSGD
    from mtlearn.persistence import train_in_blocks

    model = MixedTaskSGD(task_types=KINDS, alpha=1e-6, shuffle=False)
    return train_in_blocks(
        model, X, Y, classes=[[0, 1], [0, 1], None], checkpoint=folder / "run.mtl",
        every=len(X.slices) // 4,
    )  # fmt: skip


def newton(X, Y, folder):
    """Several passes: the two tasks of labels to their optimum."""
    from mtlearn.linear_model import MultiTaskLogisticRegression

    return MultiTaskLogisticRegression(C=1.0).fit(X, Y[:, :2])


ENGINES = {"gradient descent": gradient_descent, "Newton": newton}


def train(folder, limit, engine):
    """In a process of its own: all rows but the last."""
    from mtlearn.blocks import RowBlocks

    resource.setrlimit(resource.RLIMIT_DATA, (limit * 2**20, limit * 2**20))
    X, Y = (np.load(folder / name, mmap_mode="r") for name in ("X.npy", "Y.npy"))
    try:
        np.array(X[: len(X) // 7])
        print("a seventh of the array fits into memory: the limit does not hold")
        return 1
    except MemoryError:
        print("a seventh of the array does not fit into memory", flush=True)
    blocks, start = RowBlocks(X[:-ROWS], block_rows=ROWS), time.perf_counter()
    model = ENGINES[engine](blocks, Y[:-ROWS], folder)
    seconds = time.perf_counter() - start
    score = model.score(X[-ROWS:], Y[-ROWS:, : model.n_tasks_])
    print(
        f"{engine}: {len(X):,} x {D} float32, {X.nbytes / 2**20:.0f} MB, "
        f"{X.nbytes / 2**20 / limit:.1f} times what the process may use, {limit} MB: "
        f"{seconds:.1f} s, {len(X) / seconds:,.0f} rows per second; mean score of the "
        f"tasks on the last {ROWS} rows {score:.3f}"
    )
    return 0 if score > 0.85 else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--limit", type=int, default=500, help="megabytes")
    parser.add_argument("--folder", type=Path, help="with room for ten times as many")
    parser.add_argument("--train", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--engine", choices=ENGINES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.train:
        return train(options.train, options.limit, options.engine)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        write(Path(folder), 10 * options.limit)
        command = [sys.executable, __file__, "--limit", str(options.limit)]
        return max(
            subprocess.run(
                [*command, "--train", folder, "--engine", engine], check=False
            ).returncode
            for engine in ENGINES
        )


if __name__ == "__main__":
    sys.exit(main())
