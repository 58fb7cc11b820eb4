"""HOG against scikit-image (same features) and OpenCV (other features), in one run.

    python benchmarks/bench_hog.py [--quick]

Whole feature vectors with allocation, cells of 8 x 8, blocks of 2 x 2, 9 bins. The
sides take turns on the same images; figures are medians over the rounds, of CPU time
on one core, so that other programs disturb little, and of the clock on two cores.
OpenCV shares each vote between neighbouring cells and bins and weights the pixels of a
block: it does more work per pixel, and its features differ.
"""

import argparse
import statistics
import time

import numpy as np
from joblib import Parallel, delayed
from skimage.feature import hog as skimage_hog
from threadpoolctl import threadpool_limits

from mtlearn._kernels import HOG_INSTRUCTION_SETS, hog_features
from mtlearn.image import HOG

try:
    import cv2
except ImportError:
    cv2 = None

GOALS = {"scikit-image": (100, 120), "OpenCV": (6, 8)}
SETTING = dict(orientations=9, pixels_per_cell=(8, 8), cells_per_block=(2, 2))


def by_skimage(images):
    axis = -1 if images.ndim == 4 else None
    return np.array([skimage_hog(im, channel_axis=axis, **SETTING) for im in images])


def by_opencv(images):
    size = images.shape[2], images.shape[1]
    hog = cv2.HOGDescriptor(size, (16, 16), (8, 8), (8, 8), 9)
    return np.array([hog.compute(im) for im in images])


def by_mtlearn(images):
    return HOG(**SETTING).fit_transform(images)


def in_halves(function, prefer):
    """The same function on two cores by joblib, as a user of it would do."""

    def run(images):
        middle = len(images) // 2
        parts = Parallel(n_jobs=2, prefer=prefer)(
            delayed(function)(part) for part in (images[:middle], images[middle:])
        )
        return np.concatenate(parts)

    return run


def by_instruction_set(name):
    def run(images):
        side = images.shape[1] // 8 - 1
        features = np.empty((len(images), side * side * 36), dtype=np.float32)
        hog_features(
            images[..., np.newaxis],
            features,
            block_norm="L2-Hys",
            instructions=name,
            **SETTING,
        )
        return features

    return run


def median_times(functions, images, rounds, clock, repeats=5):
    """Nanoseconds per pixel; the sides take turns, short ones ``repeats`` times."""
    seconds = {name: [] for name in functions}
    for function in functions.values():
        function(images[: max(2, len(images) // 8)])  # warm up
    for _ in range(rounds):
        for name, function in functions.items():
            for _ in range(1 if name == "scikit-image" else repeats):
                start = clock()
                function(images)
                seconds[name].append(clock() - start)
    pixels = np.prod(images.shape[:3])
    return {name: statistics.median(s) / pixels * 1e9 for name, s in seconds.items()}


def batches(pixels):
    """Smoothed noise: gradients of all directions and sizes, as in pictures."""
    rng = np.random.default_rng(0)
    for name, shape, dtype in (
        ("64x64 grey uint8", (64, 64), np.uint8),
        ("128x128 grey uint8", (128, 128), np.uint8),
        ("128x128 colour uint8", (128, 128, 3), np.uint8),
        ("128x128 grey float32", (128, 128), np.float32),
    ):
        n = max(4, pixels // int(np.prod(shape[:2])))
        images = rng.integers(0, 256, (n, *shape)).astype(np.float32)
        images = (images + np.roll(images, 1, 1) + np.roll(images, 1, 2)) / 3
        yield name, (images / 256 if dtype == np.float32 else images.astype(dtype))


def functions_for(images, n_cores):
    """The sides of one comparison by name, ours last."""
    wrap = (lambda f, prefer: f) if n_cores == 1 else in_halves
    functions = {"scikit-image": wrap(by_skimage, "processes")}
    if cv2 is not None and images.dtype == np.uint8:
        functions["OpenCV"] = wrap(by_opencv, "threads")
    ours = HOG(**SETTING, n_jobs=n_cores)
    functions["mtlearn"] = ours.fit_transform
    return functions


def compare(pixels, rounds, n_cores):
    """Print one table; return the ratios by row."""
    print(f"\n{n_cores} core{'s' * (n_cores > 1)}, ns per pixel")
    print(f"{'':22}{'scikit-image':>13}{'OpenCV':>9}{'mtlearn':>9}{'ratios':>16}")
    ratios = {}
    for name, images in batches(pixels):
        difference = abs(by_mtlearn(images[:8]) - by_skimage(images[:8])).max()
        assert difference <= 1e-6, f"{name}: features differ by {difference}"
        clock = time.process_time if n_cores == 1 else time.perf_counter
        times = median_times(functions_for(images, n_cores), images, rounds, clock)
        ratios[name] = {side: times[side] / times["mtlearn"] for side in times}
        cells = [
            f"{times.get(side, np.nan):.2f}" for side in ("scikit-image", "OpenCV")
        ]
        shown = " ".join(f"{ratios[name][side]:.1f}x" for side in times)[
            : -len(" 1.0x")
        ]
        print(
            f"{name:22}{cells[0]:>13}{cells[1]:>9}{times['mtlearn']:>9.2f}{shown:>16}"
        )
    return ratios


def instruction_sets(pixels, rounds):
    print("\n1 core, ns per pixel by instruction set (vector: SSE2 or NEON)")
    functions = {name: by_instruction_set(name) for name in HOG_INSTRUCTION_SETS}
    for name, images in list(batches(pixels))[:2]:
        times = median_times(functions, images, rounds, time.process_time)
        print(f"{name:22}" + "".join(f"{k:>9} {v:.2f}" for k, v in times.items()))


def report_goals(ratios):
    print()
    headline = list(ratios)[:2]
    for side, (goal, stretch) in GOALS.items():
        got = [ratios[name].get(side) for name in headline]
        if None in got:
            print(f"{side}: not installed, goal of {goal}x not checked")
            continue
        word = "reached" if min(got) >= goal else "NOT reached"
        more = "reached" if min(got) >= stretch else "not reached"
        print(
            f"{side}: {min(got):.1f}x or more on grey uint8; "
            f"goal of {goal}x {word}, stretch of {stretch}x {more}"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a few seconds, rough")
    quick = parser.parse_args().quick
    pixels, rounds = (1 << 19, 3) if quick else (1 << 21, 7)
    print(
        f"Instruction sets here: {', '.join(HOG_INSTRUCTION_SETS)}; the last is used."
    )
    if cv2 is None:
        print("OpenCV is missing: pip install 'scikit-mtlearn[bench]'")
    else:
        cv2.setNumThreads(1)
        print("OpenCV interpolates between cells and bins: other features, more work.")
    with threadpool_limits(1):
        ratios = compare(pixels, rounds, n_cores=1)
        instruction_sets(pixels, rounds)
        compare(8 * pixels, 3, n_cores=2)
    print("\nFeatures equal scikit-image's to 1e-6 in every row.")
    report_goals(ratios)


if __name__ == "__main__":
    main()
