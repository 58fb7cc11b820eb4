"""One picture, now: how long a prediction of all tasks takes.

    python benchmarks/bench_latency.py [--calls 300]

A picture of 96 x 144 bytes through HOG and a machine for 10 tasks, one call after the
other, on one thread. scikit-learn's way to the same answers: scikit-image's ``hog`` and
an estimator per task (``MultiOutputClassifier``), or its multi-output forest. And our
pipeline as an ONNX model in onnxruntime, from pixels to labels. Medians and 99th
percentiles in milliseconds, sides in turns, as the function is called and under
``sklearn.config_context(assume_finite=True)``, which means nothing to onnxruntime.
"""

import argparse
import time

import numpy as np
import onnxruntime
from skimage.feature import hog
from sklearn import config_context
from sklearn.ensemble import RandomForestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import LinearSVC
from threadpoolctl import threadpool_limits

from mtlearn.deployment.onnx import to_onnx
from mtlearn.ensemble import MultiTaskRandomForestClassifier
from mtlearn.image import HOG
from mtlearn.svm import MultiTaskLinearSVC

N_TASKS, SIDES = 10, (144, 96)


def skimage_hog(images):
    return np.array([hog(image, cells_per_block=(2, 2)) for image in images])


def pictures(n=120):
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (n, *SIDES), dtype=np.uint8), rng.integers(
        0, 2, (n, N_TASKS)
    )


def pairs():
    """Name -> ours and the peer's, by what they do."""
    their_hog = FunctionTransformer(skimage_hog)
    return {
        "linear": (
            make_pipeline(HOG(), MultiTaskLinearSVC(structure="independent")),
            make_pipeline(their_hog, MultiOutputClassifier(LinearSVC())),
        ),
        "forest, 100 trees": (
            make_pipeline(HOG(), MultiTaskRandomForestClassifier(random_state=0)),
            make_pipeline(their_hog, RandomForestClassifier(random_state=0)),
        ),
    }


class InOnnxruntime:
    """Labels of all tasks by the ONNX form of a fitted pipeline, on one thread."""

    def __init__(self, model, images):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(
            to_onnx(model, images).SerializeToString(),
            options,
            providers=["CPUExecutionProvider"],
        )
        names = [output.name for output in self.session.get_outputs()]
        last = ("_probability", "_scores")
        self.labels = [name for name in names if not name.endswith(last)]

    def predict(self, images):
        return np.stack(self.session.run(self.labels, {"X": images}), axis=1)


def latencies(models, image, calls):
    """Milliseconds of each call, (n_models, calls); the models take turns."""
    seconds = np.empty((len(models), calls))
    for call in range(-5, calls):  # the first are not counted
        for i, model in enumerate(models):
            start = time.perf_counter()
            model.predict(image)
            if call >= 0:
                seconds[i, call] = time.perf_counter() - start
    return 1e3 * seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=300)
    options = parser.parse_args()
    X, Y = pictures()
    print(f"one picture of {SIDES}, {N_TASKS} tasks, milliseconds: median, 99 %")
    with threadpool_limits(1):
        for name, models in pairs().items():
            for model in models:
                model.fit(X, Y)
            models = (*models, InOnnxruntime(models[0], X[:1]))
            assert (models[2].predict(X) == models[0].predict(X)).all()
            for finite in (False, True):
                with config_context(assume_finite=finite):
                    found = latencies(models, X[:1], options.calls)
                usual = np.median(found, axis=1)
                slow = np.quantile(found, 0.99, axis=1)
                sides = zip(("ours", "scikit-learn", "onnxruntime"), usual, slow)
                print(
                    f"{name:18} assume_finite={finite!s:5} "
                    + "  ".join(f"{s} {u:6.2f} {w:6.2f}" for s, u, w in sides)
                    + f"  ratio {usual[1] / usual[0]:.1f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
