"""What the benchmarks of linear models share: data, clocks and words."""

import os
import statistics
import time

import numpy as np
import sklearn

from mtlearn.datasets import make_multi_digits
from mtlearn.image import HOG
from mtlearn.solvers.reuse import forget

TASKS = ["left_digit", "right_digit", "texture", "rotation"]


def multi_digits(n):
    """Features (n, 901) with a constant one, and labels (n, 4).

    Pictures of two digits as 900 HOG features in float32; 26 classes in all.
    """
    bunch = make_multi_digits(n)
    X = HOG(cells_per_block=(2, 2)).fit_transform(bunch.images)
    X = np.column_stack([X, np.ones(n, dtype=X.dtype)])
    return X, bunch.target[:, [bunch.task_names.index(name) for name in TASKS]]


def plain(y):
    """Labels of one task as scikit-learn takes them: no object array of numbers."""
    return np.array(list(y))


def of_peers(models):
    """Coefficients, intercepts and classes of each task."""
    return [(model.coef_, model.intercept_, model.classes_) for model in models]


def of_ours(model):
    """The same of one multi-task model."""
    cuts = model.columns_
    return [
        (
            model.coef_[cuts[t] : cuts[t + 1]],
            model.intercept_[cuts[t] : cuts[t + 1]],
            classes,
        )
        for t, classes in enumerate(model.classes_)
    ]


def timed(repeats, clock, function, *arguments):
    """Median seconds of a call, and its last result; no call knows of another."""
    seconds = []
    for _ in range(repeats):
        forget()
        start = clock()
        result = function(*arguments)
        seconds.append(clock() - start)
    return statistics.median(seconds), result


def clock_of(threads):
    """CPU seconds on one thread, which others disturb little; else seconds."""
    return time.process_time if threads == 1 else time.perf_counter


def goal(reached):
    return "reached" if reached else "NOT REACHED"


def headline(X, Y, C):
    return (
        f"{X.shape[0]} x {X.shape[1]} {X.dtype}, {Y.shape[1]} tasks, C = {C}; "
        f"{os.cpu_count()} cores, numpy {np.__version__}, scikit-learn "
        f"{sklearn.__version__}"
    )
