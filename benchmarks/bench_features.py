"""Image features against scikit-image's single-image functions, and OpenCV's, per core.

    python benchmarks/bench_features.py [--images 60] [--repeats 3]

Bytes of 128 x 128 pixels, grey or colour as the feature wants them; whole feature
vectors with allocation, one thread. Nanoseconds of CPU time per pixel, medians; the
sides take turns. What scikit-image or OpenCV lack stands alone. Peak is what the
transform holds beside its input and output, in MB.
"""

import argparse
import statistics
import time
import tracemalloc
import warnings

import numpy as np
from skimage import color, feature
from threadpoolctl import threadpool_limits

from mtlearn.image import (
    GIST,
    HOG,
    LBP,
    VLAD,
    BagOfVisualWords,
    ColourHistogram,
    ColourMoments,
    DenseSIFT,
    FelzenszwalbHOG,
    FisherVector,
    Haralick,
    KMeansPatches,
    Thumbnail,
)

try:
    import cv2
except ImportError:
    cv2 = None

ANGLES = [0, np.pi / 4, np.pi / 2, 3 * np.pi / 4]
PROPERTIES = (
    "contrast", "dissimilarity", "homogeneity", "ASM", "energy", "correlation",
)  # fmt: skip
GOALS = {"HOG": 100, "LBP": 20}


def skimage_hog(image):
    return feature.hog(image, cells_per_block=(2, 2))


def skimage_lbp(points, radius):
    def lbp(image):
        codes = feature.local_binary_pattern(image, points, radius, "uniform")
        return np.bincount(codes.astype(int).ravel(), minlength=points + 2)

    return lbp


def skimage_haralick(image):
    P = feature.graycomatrix(image // 16, [1], ANGLES, 16, True, True)
    return [feature.graycoprops(P, name) for name in PROPERTIES]


def skimage_daisy(image):
    return feature.daisy(image, step=4, radius=8, rings=2, histograms=6)


def histogram_of(image):
    hsv = color.rgb2hsv(image).reshape(-1, 3)
    return np.histogramdd(hsv, (8, 4, 4), [(0, 1)] * 3)[0]


def moments_of(image):
    luv = color.rgb2luv(image)
    cells = [
        c for row in np.array_split(luv, 7) for c in np.array_split(row, 7, axis=1)
    ]
    return [(cell.mean(axis=(0, 1)), cell.var(axis=(0, 1))) for cell in cells]


def opencv_hog(image):
    hog = cv2.HOGDescriptor((128, 128), (16, 16), (8, 8), (8, 8), 9)
    return hog.compute(image)


def opencv_histogram(image):
    hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV)
    return cv2.calcHist([hsv], [0, 1, 2], None, [8, 4, 4], [0, 180, 0, 256, 0, 256])


def opencv_sift(image):
    places = [
        cv2.KeyPoint(float(x), float(y), 16.0)
        for y in range(8, 121, 4)
        for x in range(8, 121, 4)
    ]
    return cv2.SIFT_create().compute(image, places)[1]


MIXTURE = {"n_words": 16, "n_components": 32, "random_state": 0}
# Ours, in colour or not, and what others have: the same features, or (*) others.
FEATURES = {
    "HOG": (HOG(), False, {"scikit-image": skimage_hog, "OpenCV *": opencv_hog}),
    "HOG, cells 4 and 8": (HOG(pixels_per_cell=[4, 8]), False, {}),
    "FelzenszwalbHOG": (FelzenszwalbHOG(), False, {}),
    "LBP": (LBP(), False, {"scikit-image": skimage_lbp(8, 1)}),
    "LBP, 16 at 2": (
        LBP(radius=2, n_points=16),
        False,
        {"scikit-image": skimage_lbp(16, 2)},
    ),
    "ColourHistogram": (
        ColourHistogram(),
        True,
        {"scikit-image": histogram_of, "OpenCV *": opencv_histogram},
    ),
    "ColourMoments": (ColourMoments(), True, {"scikit-image": moments_of}),
    "Thumbnail": (Thumbnail(), True, {}),
    "GIST": (GIST(), False, {}),
    "Haralick": (Haralick(), False, {"scikit-image": skimage_haralick}),
    "DenseSIFT": (
        DenseSIFT(),
        False,
        {"scikit-image DAISY *": skimage_daisy, "OpenCV *": opencv_sift},
    ),
    "BagOfVisualWords": (BagOfVisualWords(random_state=0), False, {}),
    "VLAD": (VLAD(**MIXTURE), False, {}),
    "FisherVector": (
        FisherVector(**MIXTURE),
        False,
        {},
    ),
    "KMeansPatches": (KMeansPatches(n_centres=200, random_state=0), False, {}),
}


def nanoseconds(function, images):
    start = time.process_time()
    function(images)
    return 1e9 * (time.process_time() - start) / (len(images) * 128 * 128)


def one_by_one(function):
    return lambda images: [function(image) for image in images]


def peak(transformer, images):
    tracemalloc.start()
    features = transformer.transform(images)
    held = tracemalloc.get_traced_memory()[1] - features.nbytes
    tracemalloc.stop()
    return max(held, 0) / 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=60)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    if cv2 is None:
        print("OpenCV is absent: pip install 'opencv-python-headless<5'")
    else:
        cv2.setNumThreads(1)
    rng = np.random.default_rng(0)
    smooth = rng.normal(size=(options.images, 128, 128, 3)).cumsum(1).cumsum(2)
    low, high = smooth.min((1, 2), keepdims=True), smooth.max((1, 2), keepdims=True)
    colour = (255 * (smooth - low) / (high - low)).astype(np.uint8)
    grey = np.ascontiguousarray(colour[..., 0])
    print(f"{options.images} images of 128 x 128, one thread, ns per pixel")
    print(f"{'':20} {'ours':>8} {'peak MB':>8}   others")
    with threadpool_limits(1):
        for name, (transformer, in_colour, others) in FEATURES.items():
            images = colour if in_colour else grey
            transformer.fit(images)
            sides = {"ours": transformer.transform}
            sides |= {
                label: one_by_one(function)
                for label, function in others.items()
                if cv2 is not None or "OpenCV" not in label
            }
            times = {label: [] for label in sides}
            for _ in range(options.repeats):
                for label, function in sides.items():
                    part = images if label == "ours" else images[:8]
                    times[label].append(nanoseconds(function, part))
            median = {label: statistics.median(t) for label, t in times.items()}
            ours = median.pop("ours")
            held = peak(transformer, images)
            against = ", ".join(
                f"{label} {value:.1f} = {value / ours:.1f}x"
                for label, value in median.items()
            )
            ratio = median.get("scikit-image", 0) / ours
            if name in GOALS:
                reached = "reached" if ratio >= GOALS[name] else "NOT REACHED"
                against += f" (goal {GOALS[name]}x: {reached})"
            print(f"{name:20} {ours:8.1f} {held:8.1f}   {against}", flush=True)
    print("* other features, or other definitions of them")


if __name__ == "__main__":
    main()
