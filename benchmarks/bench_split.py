"""Stratified folds against iterative-stratification, and against groups.

    python benchmarks/bench_split.py [--repeats 3] [--peer FOLDER]

100,000 rows of 100 binary labels, five folds. ``--peer`` is a checkout of
https://github.com/trent-b/iterative-stratification if it is not installed. Balance is
``sum_l sum_f (n_lf - n_l / 5)^2 / (n_l / 5)`` over labels l and folds f; 0 is perfect.
What the peer cannot do (missing labels, many classes, groups) is timed alone.
"""

import argparse
import statistics
import sys
import time
import warnings

import numpy as np
from common import goal

from mtlearn.model_selection import (
    MultiTaskStratifiedGroupKFold,
    MultiTaskStratifiedKFold,
    MultiTaskStratifiedShuffleSplit,
    train_validation_test_split,
)

N, T, K = 100_000, 100, 5


def make_labels(rng):
    """Labels of 0.5 to 50 %, tied to each other by ten hidden causes."""
    causes = rng.normal(size=(N, 10)) @ rng.normal(size=(10, T))
    noise = causes + 2 * rng.normal(size=(N, T))
    rates = np.geomspace(0.005, 0.5, T)
    limits = [np.quantile(column, 1 - r) for column, r in zip(noise.T, rates)]
    return (noise > limits).astype(np.int64)


def imbalance(Y, tests):
    counts = np.array([Y[test].sum(axis=0) for test in tests])
    expected = Y.sum(axis=0) / len(tests)
    return float(((counts - expected) ** 2 / expected).sum())


def peer_class(folder):
    if folder:
        sys.path.insert(0, folder)
    try:
        from iterstrat.ml_stratifiers import MultilabelStratifiedKFold
    except ImportError:
        return None
    return MultilabelStratifiedKFold


def measure(function, repeats):
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        result = function()
        seconds.append(time.perf_counter() - start)
    return seconds, result


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--peer")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    rng = np.random.default_rng(0)
    Y = make_labels(rng)
    X = np.zeros((N, 1))
    print(f"{N:,} rows, {T} binary labels of 0.5 to 50 %, {K} folds")

    def ours():
        cv = MultiTaskStratifiedKFold(K, shuffle=True, random_state=0)
        return [test for _, test in cv.split(X, Y)]

    peer = peer_class(options.peer)
    if peer is None:
        print("iterative-stratification is absent: see --peer")
        seconds, tests = measure(ours, options.repeats)
        print(
            f"ours {statistics.median(seconds):.2f} s, "
            f"balance {imbalance(Y, tests):.3f}"
        )
    else:

        def theirs():
            cv = peer(K, shuffle=True, random_state=0)
            return [test for _, test in cv.split(X, Y)]

        ratios = []
        for _ in range(options.repeats):
            (a,), found = measure(theirs, 1)
            (b,), tests = measure(ours, 1)
            ratios.append(a / b)
            print(
                f"  peer {a:6.2f} s, balance {imbalance(Y, found):7.3f}   "
                f"ours {b:6.2f} s, balance {imbalance(Y, tests):7.3f}   {a / b:.2f} x"
            )
        ratio = statistics.median(ratios)
        better = imbalance(Y, tests) <= imbalance(Y, found)
        print(
            f"median {ratio:.2f} times as fast; goal 1, balance no worse: "
            f"{goal(ratio >= 1 and better)}"
        )

    gaps = np.where(rng.random(Y.shape) < 0.3, np.nan, Y)
    classes = rng.integers(0, 10, (N, T))
    groups = rng.integers(0, N // 3, N)
    for name, function in {
        "30 % missing": lambda: list(MultiTaskStratifiedKFold(K).split(X, gaps)),
        "10 classes each": lambda: list(MultiTaskStratifiedKFold(K).split(X, classes)),
        "one random split": lambda: next(
            MultiTaskStratifiedShuffleSplit(1, random_state=0).split(X, Y)
        ),
        "three parts": lambda: train_validation_test_split(X, Y, random_state=0),
        "groups of three": lambda: list(
            MultiTaskStratifiedGroupKFold(K).split(X, Y, groups)
        ),
    }.items():
        seconds, _ = measure(function, options.repeats)
        print(f"{name:18} {statistics.median(seconds):6.2f} s")


if __name__ == "__main__":
    main()
