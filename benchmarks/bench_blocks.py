"""Rows in memory, in blocks on disk, and in blocks on a cluster: seconds and bytes.

    python benchmarks/bench_blocks.py [--rows 100000] [--repeats 3]

Logistic regression of four tasks, tied by ``learned``, on rows of 900 float32 features:
the same model from an array, from the same array mapped from a file as ``RowBlocks``,
and from Dask arrays, whose blocks lie on two worker processes of this machine. Prints
the seconds of each, how often X was read, by how much coefficients differ, what one
read costs without any work (Dask's own time), and what goes over the network. Then
HOG of pictures and trees of a forest, on threads and on the workers. Everything has one
BLAS thread a process. Last, what these figures come to for 10^9 rows.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

import dask.array as da
import distributed
import numpy as np
from dask import delayed
from joblib import parallel_config
from threadpoolctl import threadpool_limits

from mtlearn.blocks import RowBlocks
from mtlearn.blocks.cluster import Client
from mtlearn.datasets import make_multi_digits
from mtlearn.ensemble import MultiTaskRandomForestClassifier
from mtlearn.image import HOG
from mtlearn.linear_model import MultiTaskLogisticRegression

D, T = 900, 4
CHUNK = 8192


def make(folder, n):
    rng = np.random.default_rng(0)
    X = np.lib.format.open_memmap(folder / "X.npy", "w+", np.float32, (n, D))
    Z, W = np.empty((n, T)), rng.normal(size=(D, T)) / D**0.5
    for start in range(0, n, CHUNK):
        part = slice(start, start + CHUNK)
        X[part] = rng.standard_normal(X[part].shape, dtype=np.float32)
        Z[part] = X[part] @ W
    X.flush()
    Y = (Z + 0.3 * rng.normal(size=Z.shape) > 0).astype(float)
    Y[rng.random(Y.shape) < 0.2] = np.nan
    return Y


def read_rows(path, start):
    return np.array(np.load(path, mmap_mode="r")[start : start + CHUNK])


class Counted(RowBlocks):
    """Counts how often everything is read."""

    reads = 0

    def each(self, *args, **kwargs):
        self.reads += 1
        return super().each(*args, **kwargs)

    def total(self, *args, **kwargs):
        self.reads += 1
        return super().total(*args, **kwargs)


def linear(folder, Y, repeats):
    """Seconds per way of holding X, and the reads of a fit."""
    path = folder / "X.npy"
    X = np.load(path)
    n = len(X)
    mapped = np.load(path, mmap_mode="r")
    starts = range(0, n, CHUNK)
    parts = [
        da.from_delayed(delayed(read_rows)(path, s), (min(CHUNK, n - s), D), np.float32)
        for s in starts
    ]
    kept = da.concatenate(parts).persist()
    distributed.wait(kept)
    ways = {
        "array in memory": X,
        "blocks of a mapped file": Counted(mapped, block_rows=CHUNK),
        "Dask, kept on two workers": Counted(kept),
    }
    seconds, models = {way: [] for way in ways}, {}
    for _ in range(repeats):
        for way, rows in ways.items():
            start = time.perf_counter()
            models[way] = MultiTaskLogisticRegression().fit(rows, Y)
            seconds[way].append(time.perf_counter() - start)
    first = models["array in memory"]
    reads = ways["blocks of a mapped file"].reads // repeats
    print(f"\n{n:,} x {D} float32, {T} tasks, {reads} reads of X in a fit")
    for way, model in models.items():
        apart = np.abs(model.coef_ - first.coef_).max() / np.abs(first.coef_).max()
        ratio = statistics.median(
            a / b for a, b in zip(seconds[way], seconds["array in memory"])
        )
        print(
            f"  {way:26} {statistics.median(seconds[way]):6.2f} s, {ratio:.2f} times "
            f"the array, coefficients off by {apart:.0e}"
        )
    idle = RowBlocks(da.zeros((len(kept.chunks[0]), 1), chunks=(1, 1)).persist())
    one = []
    for _ in range(10):
        start = time.perf_counter()
        idle @ np.ones((1, 1))
        one.append(time.perf_counter() - start)
    print(
        f"  a read of {len(kept.chunks[0])} empty blocks on the workers: "
        f"{1000 * statistics.median(one):.0f} ms"
    )
    return n * reads / statistics.median(seconds["blocks of a mapped file"]), reads


def features():
    """Pictures per second: threads, and blocks on workers."""
    images = make_multi_digits(4000).images
    hog = HOG(n_jobs=2).fit(images)
    start = time.perf_counter()
    here = hog.transform(images)
    threads = time.perf_counter() - start
    blocks = da.from_array(images, chunks=(500, *images.shape[1:])).persist()
    distributed.wait(blocks)
    start = time.perf_counter()
    kept = HOG(n_jobs=1).fit(images).transform(blocks).persist()
    distributed.wait(kept)
    workers = time.perf_counter() - start
    same = np.array_equal(kept.compute(), here)
    print(
        f"\nHOG of {len(images)} pictures {images.shape[1:]}: two threads "
        f"{len(images) / threads:,.0f} a second, two workers "
        f"{len(images) / workers:,.0f}; equal to the last bit: {same}"
    )
    return len(images) / threads / 2


def forest():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20_000, 100)).astype(np.float32)
    Y = (X @ rng.normal(size=(100, 3)) > 0).astype(int)
    seconds, fitted = {}, []
    for way, backend in (("two threads", "threading"), ("two workers", "dask")):
        start = time.perf_counter()
        with parallel_config(backend=backend, n_jobs=2):
            model = MultiTaskRandomForestClassifier(100, sharing=1, random_state=0)
            fitted.append(model.fit(X, Y).apply(X[:1000]))
        seconds[way] = time.perf_counter() - start
    text = ", ".join(f"{way} {took:.1f} s" for way, took in seconds.items())
    print(
        f"\nforest of 100 shared trees, {X.shape[0]:,} x {X.shape[1]}: {text}; equal "
        f"trees: {np.array_equal(*fitted)}"
    )


def plan(rows_read, reads, pictures):
    """What 10^9 rows would take, if nothing but the number of cores changed."""
    n, bytes_of_scores = 1e9, 4 * T
    print("\n10^9 rows of 900 features, extrapolated")
    print(
        f"  X in float32: {n * D * 4 / 1e12:.1f} TB; scores: {4 * n * T / 1e9:.0f} GB"
    )
    print(f"  HOG, one core: {pictures:,.0f} pictures a second, so")
    for cores in (1, 16, 256):
        print(f"    {cores} cores: {n / pictures / cores / 3600:.2f} hours")
    print(f"  Newton, one core: {rows_read:,.0f} rows a second, {reads} reads on")
    for cores in (1, 16, 256):
        print(f"    {cores} cores: {n * reads / rows_read / cores / 3600:.2f} hours")
    print(
        f"    and {3 * n * bytes_of_scores / 1e9:.0f} GB over the network in each of "
        "its steps"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    with (
        threadpool_limits(1),
        tempfile.TemporaryDirectory() as folder,
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None
        ) as cluster,
        Client(cluster),
    ):
        Y = make(Path(folder), options.rows)
        rows_read, reads = linear(Path(folder), Y, options.repeats)
        pictures = features()
        forest()
        plan(rows_read, reads, pictures)


if __name__ == "__main__":
    sys.exit(main())
