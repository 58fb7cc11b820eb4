"""Twelve settings of C and sharing against one LinearSVC per task with a single C.

    python benchmarks/bench_path.py [--quick] [--structure mean]

16,000 pictures of two digits as 900 HOG features in float32, four label tasks, 26 score
columns in all. ``fit_path`` walks 3 values of C times 4 of sharing, decomposing X once
and starting every fit from its neighbour's result. The goal: all twelve in less than
half of the time that one setting of LinearSVC takes. Each fit of the path must not end
higher than a fit of its own by more than a ten thousandth of its objective.
"""

import argparse
import sys
from itertools import product

from bench_linear_svc import fit_peers
from common import clock_of, goal, headline, multi_digits, timed
from sklearn.base import clone
from threadpoolctl import threadpool_limits

from mtlearn.linear_model import fit_path
from mtlearn.svm import MultiTaskLinearSVC

CS = (0.1, 1.0, 10.0)
SHARINGS = (0.0, 0.3, 0.6, 0.9)
SLACK = 1e-4
STRUCTURES = {"mean": {"label_groups": [[0, 1]]}, "learned": {}}


def walk(model, X, Y, settings):
    return list(fit_path(model, X, Y, settings))


def greatest_excess(model, X, Y, path):
    """By what share the worst fit of the path ends above a fit of its own."""
    worst = -1.0
    for found in path:
        alone = clone(model).set_params(C=found.C, sharing=found.sharing).fit(X, Y)
        ratio = found.objective_path_[-1] / alone.objective_path_[-1]
        worst = max(worst, ratio - 1)
    return worst


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="3,000 rows")
    options = parser.parse_args()
    X, Y = multi_digits(3000 if options.quick else 16_000)
    settings = [{"C": C, "sharing": s} for s, C in product(SHARINGS, CS)]
    print(headline(X, Y, CS), flush=True)
    clock, reached = clock_of(1), []
    with threadpool_limits(1):
        theirs, _ = timed(1, clock, fit_peers, X, Y)
        for structure, parameters in STRUCTURES.items():
            model = MultiTaskLinearSVC(structure=structure, **parameters)
            mine, path = timed(1, clock, walk, model, X, Y, settings)
            excess = greatest_excess(model, X, Y, path)
            reached += [mine < theirs / 2, excess <= SLACK]
            print(
                f'structure="{structure}": {len(settings)} settings {mine:.1f} s, one '
                f"LinearSVC per task {theirs:.1f} s, {mine / theirs:.2f} of it (goal "
                f"under 0.5: {goal(reached[-2])}); ends above single fits by at most "
                f"{excess:+.1e} ({goal(reached[-1])})",
                flush=True,
            )
    return 0 if all(reached) else 1


if __name__ == "__main__":
    sys.exit(main())
