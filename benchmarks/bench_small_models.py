"""Small models: bytes, accuracy and the time of one picture, step by step.

    python benchmarks/bench_small_models.py --data FOLDER [--calls 200]

HOG, and a linear machine, one whose penalty makes features zero, or a forest.
*fashion_mnist* has one task of ten classes:
8,000 pictures to learn from, 2,000 to choose by, 5,000 to test on.
*clothing_attributes* has 26 tasks with missing labels, on its own split, 300 of the
training pictures to choose by. Every line is made from the full model by ``shrink``
with the steps named; "exact" stands for all steps that change no answer. Printed are
the bytes of the model file, the mean accuracy over the tasks of the test rows, how much
of it was lost, in the mean and by the worst task, and the median milliseconds of one
picture through the whole pipeline, on one thread.
"""

import argparse
import os
import time
import warnings

import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from mtlearn.datasets import load_clothing_attributes, load_fashion_mnist
from mtlearn.deployment.shrinking import shrink
from mtlearn.ensemble import MultiTaskRandomForestClassifier
from mtlearn.image import HOG
from mtlearn.metrics import multitask_score
from mtlearn.persistence import dumps
from mtlearn.svm import MultiTaskLinearSVC

LINEAR = dict.fromkeys(["training", "scaler", "features"])
FOREST = dict.fromkeys(["training", "levels", "twins", "features"])
HALF, BYTE = {"float16": None}, {"int8": None}
# What is printed, and the steps that lead there.
LINES = {
    "linear": {
        "exact": LINEAR,
        "float16": LINEAR | HALF,
        "int8": LINEAR | BYTE,
        "int8, half of the features": LINEAR | BYTE | {"weak features": 0.5},
        "int8, a quarter of the features": LINEAR | BYTE | {"weak features": 0.25},
    },
    "joint_sparse": {
        "exact, all features": dict.fromkeys(["training", "scaler"]),
        "exact": LINEAR,
        "int8": LINEAR | BYTE,
    },
    "forest": {
        "exact": FOREST,
        "float16": FOREST | HALF,
        "float16, half of the leaves": FOREST | HALF | {"leaves": 0.5},
        "float16, a quarter of the leaves": FOREST | HALF | {"leaves": 0.25},
        "float16, a quarter of the trees": FOREST | HALF | {"trees": 0.25},
        "float16, a quarter of both": FOREST | HALF | {"trees": 0.25, "leaves": 0.25},
    },
}


def fashion(folder):
    """Name -> (X, Y) of rows to fit, to choose by and to test on; features; and C."""
    train = load_fashion_mnist(data_home=folder, subset="train")
    test = load_fashion_mnist(data_home=folder, subset="test")
    y, y_test = np.ravel(train.target), np.ravel(test.target)
    fit, choose = slice(0, 8000), slice(8000, 10_000)
    rows = {
        "fit": (train.images[fit], y[fit]),
        "choose": (train.images[choose], y[choose]),
        "test": (test.images[:5000], y_test[:5000]),
    }
    return rows, lambda: HOG(pixels_per_cell=[4, 7]), 1e-3


def clothing(folder):
    data = load_clothing_attributes(data_home=folder)
    train, test = (np.flatnonzero(data.split == part) for part in ("train", "test"))
    parts = {"fit": train[300:], "choose": train[:300], "test": test}
    rows = {name: (data.images[i], data.target[i]) for name, i in parts.items()}
    return rows, lambda: HOG(pixels_per_cell=16), 1e-3


SETS = {"fashion_mnist": fashion, "clothing_attributes": clothing}


def pipelines(features, C):
    return {
        "linear": make_pipeline(
            features(), StandardScaler(), MultiTaskLinearSVC(C=C, tol=1e-3)
        ),
        "joint_sparse": make_pipeline(
            features(),
            StandardScaler(),
            MultiTaskLinearSVC(C=2 * C, structure="joint_sparse", tol=1e-2),
        ),
        "forest": make_pipeline(
            features(),
            MultiTaskRandomForestClassifier(
                100, min_samples_split=5, random_state=0, n_jobs=2
            ),
        ),
    }


def small_models(full, steps_of, rows):
    """Name -> model, the full one first."""
    models = {"full": full}
    for name, steps in steps_of.items():
        training = rows["fit"] if "trees" in steps else None
        models[name], _ = shrink(
            full, *rows["choose"], steps=steps, max_loss=np.inf, training_set=training
        )
    return models


def milliseconds(models, image, calls):
    """Median of one picture for each model; the models take turns."""
    seconds = np.empty((calls, len(models)))
    for call in range(-5, calls):  # the first are not counted
        for i, model in enumerate(models):
            start = time.perf_counter()
            model.predict(image)
            if call >= 0:
                seconds[call, i] = time.perf_counter() - start
    return 1e3 * np.median(seconds, axis=0)


def report(kind, models, rows, calls):
    X, Y = rows["test"]
    for model in models.values():
        if kind == "forest":
            model[-1].set_params(n_jobs=None)
    with threadpool_limits(1):
        times = milliseconds(list(models.values()), X[:1], calls)
    before = None
    for (name, model), each in zip(models.items(), times):
        scores = np.atleast_1d(multitask_score(Y, model.predict(X), average=None))
        before = scores if before is None else before
        lost = before - scores
        print(
            f"| {kind} | {name} | {len(dumps(model)):,} | {np.nanmean(scores):.4f} "
            f"| {np.nanmean(lost):.4f} | {np.nanmax(lost):.4f} | {each:.2f} |",
            flush=True,
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default=os.environ.get("MTLEARN_DATA"))
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--only", nargs="+", choices=SETS, default=list(SETS))
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    for name in options.only:
        rows, features, C = SETS[name](options.data)
        sizes = ", ".join(f"{len(X)} to {part}" for part, (X, _) in rows.items())
        print(f"\n{name}: {sizes}")
        print("| model | what is left | bytes | accuracy | lost | worst task | ms |")
        print("|---|---|---:|---:|---:|---:|---:|")
        for kind, pipeline in pipelines(features, C).items():
            full = pipeline.fit(*rows["fit"])
            report(kind, small_models(full, LINES[kind], rows), rows, options.calls)


if __name__ == "__main__":
    main()
