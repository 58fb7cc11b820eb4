"""Accuracy of image features without a neural network.

    python benchmarks/paper_images.py --data FOLDER [--only fashion clothing faces]

*fashion*: Fashion-MNIST, 60,000 for training, 10,000 for test; C is chosen on 10,000 of
the training pictures, then all are learned; with an RBF kernel C and gamma are chosen
on 20,000. *clothing*: mean balanced accuracy over 26 attributes for each feature set
and their union, on the given split, C by three folds of the training rows. *faces*:
pictures of people not seen before, pose, expression, eyes.
"""

import argparse
import os
import time
import warnings

import numpy as np
from paper_kernel import choose_rbf, test_rbf
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mtlearn.datasets import (
    load_clothing_attributes,
    load_cmu_faces,
    load_fashion_mnist,
)
from mtlearn.image import (
    GIST,
    HOG,
    LBP,
    BagOfVisualWords,
    ColourHistogram,
    ColourMoments,
    FisherVector,
    Haralick,
    KMeansPatches,
    Thumbnail,
)
from mtlearn.linear_model import MultiTaskLinearCV
from mtlearn.metrics import make_multitask_scorer, multitask_score
from mtlearn.model_selection import MultiTaskStratifiedGroupKFold
from mtlearn.svm import MultiTaskLinearSVC


class Soft(StandardScaler):
    """Divides by a deviation that no near-constant feature makes large."""

    def fit(self, X, y=None, sample_weight=None):
        super().fit(X, y)
        self.scale_ = self.scale_ + 0.1 * self.scale_.mean()
        return self


BLOCKS = {
    "HOG 4": lambda: HOG(pixels_per_cell=4, n_jobs=2),
    "HOG 7": lambda: HOG(pixels_per_cell=7, n_jobs=2),
    "patches": lambda: KMeansPatches(
        n_centres=600, grid=3, n_samples=200_000, random_state=0, n_jobs=2
    ),
}
# Blocks side by side, and what C is chosen from.
FASHION = {
    ("HOG 4",): (1e-4, 1e-3, 1e-2),
    ("HOG 4", "HOG 7"): (1e-4, 1e-3, 1e-2),
    ("patches",): (1e-4, 3e-4, 1e-3),
    ("patches", "HOG 4", "HOG 7"): (1e-4, 3e-4, 1e-3),
}


def fashion(folder):
    train = load_fashion_mnist(data_home=folder, subset="train")
    test = load_fashion_mnist(data_home=folder, subset="test")
    y, y_test = (np.ravel(part.target) for part in (train, test))
    inner = np.random.default_rng(0).permutation(len(y))
    fit, validate = np.sort(inner[10_000:]), np.sort(inner[:10_000])
    made, seconds = {}, {}
    for name, make in BLOCKS.items():
        start = time.perf_counter()
        features = make_pipeline(make(), Soft())
        X = features.fit_transform(train.images)
        made[name] = X, features.transform(test.images)
        seconds[name] = time.perf_counter() - start
    print("\nFashion-MNIST: features, number, C, validation, test, seconds")
    for names, Cs in FASHION.items():
        X, X_test = (np.hstack(part) for part in zip(*(made[name] for name in names)))
        rows = X, y, X_test, y_test, fit, validate
        report(" + ".join(names), rows, Cs, sum(seconds[name] for name in names))
    # HOG alone with an RBF kernel: paper_kernel.py.
    names = ("patches", "HOG 4", "HOG 7")
    X, X_test = (np.hstack(part) for part in zip(*(made[name] for name in names)))
    made.clear()
    print(f"{' + '.join(names)}, RBF, {X.shape[1]} features")
    setting = choose_rbf(X, y)
    test_rbf("exact", X, y, X_test, y_test, *setting, cache_size=8000)


def report(name, rows, Cs, seconds):
    """Choose C on the validation rows, learn all, test once."""
    X, y, X_test, y_test, fit, validate = rows
    start = time.perf_counter()

    def model(C):
        return MultiTaskLinearSVC(C=C, structure="independent", tol=1e-3)

    scores = [
        np.mean(model(C).fit(X[fit], y[fit]).predict(X[validate]) == y[validate])
        for C in Cs
    ]
    best = Cs[int(np.argmax(scores))]
    found = np.mean(model(best).fit(X, y).predict(X_test) == y_test)
    learned = time.perf_counter() - start
    print(
        f"{name:24} {X.shape[1]:6} {best:8g} {max(scores):.4f} {found:.4f}  "
        f"{seconds:.0f} + {learned:.0f}",
        flush=True,
    )


CLOTHES = {
    "HOG": lambda: HOG(pixels_per_cell=16),
    "LBP": lambda: LBP(radius=[1, 2], grid=(3, 2)),
    "Haralick": lambda: Haralick(grid=(3, 2)),
    "ColourHistogram": lambda: ColourHistogram(grid=(3, 2)),
    "ColourMoments": lambda: ColourMoments(),
    "Thumbnail": lambda: Thumbnail(),
    "GIST": lambda: GIST(),
    "words": lambda: BagOfVisualWords(n_words=200, random_state=0, n_jobs=2),
    "Fisher": lambda: FisherVector(
        n_words=16, n_components=32, random_state=0, n_jobs=2
    ),
    "patches": lambda: KMeansPatches(
        n_centres=200, step=2, grid=(3, 2), random_state=0, n_jobs=2
    ),
}


def clothing(folder):
    data = load_clothing_attributes(data_home=folder)
    train = data.split == "train"
    print("\nclothing_attributes: features, number, balanced accuracy, average")
    print("precision, seconds of features and of six settings in three folds")
    made, each = {}, {}
    for name, make in CLOTHES.items():
        start = time.perf_counter()
        features = make_pipeline(make(), Soft()).fit(data.images[train])
        made[name] = features.transform(data.images)
        seconds = time.perf_counter() - start
        each[name] = score_clothes(name, made[name], data, seconds)
    union = np.hstack([X / np.sqrt(X.shape[1]) for X in made.values()])
    each["all of them"] = score_clothes("all of them", 30 * union, data, 0)
    print("\nbalanced accuracy of each attribute:", ", ".join(each))
    for t, task in enumerate(data.task_names):
        line = " ".join(f"{balanced[t]:.3f}" for balanced in each.values())
        print(f"{task:24} {line}")


def score_clothes(name, X, data, seconds):
    """Print the means over attributes; balanced accuracy of each, (26,)."""
    train, test = data.split == "train", data.split == "test"
    start = time.perf_counter()
    folds = MultiTaskStratifiedGroupKFold(3)
    search = MultiTaskLinearCV(
        MultiTaskLinearSVC(class_weight="balanced", tol=1e-3),
        Cs=(1e-4, 1e-3, 1e-2),
        sharings=(0.5, 0.9),
        cv=list(folds.split(X[train], data.target[train], data.group[train])),
        scoring=make_multitask_scorer("average_precision"),
    ).fit(X[train], data.target[train])
    truth = data.target[test]
    balanced = multitask_score(
        truth, search.predict(X[test]), "balanced_accuracy", average=None
    )
    precision = multitask_score(
        truth,
        search.decision_function(X[test]),
        "average_precision",
        classes=search.classes_,
    )
    print(
        f"{name:16} {X.shape[1]:6} {np.nanmean(balanced):.4f} {precision:.4f}  "
        f"{seconds:.0f} + {time.perf_counter() - start:.0f}",
        flush=True,
    )
    return balanced


def faces(folder):
    data = load_cmu_faces(data_home=folder)
    names = ["pose", "expression", "eyes"]
    columns = [list(data.task_names).index(name) for name in names]
    Y = data.target[:, columns]
    print("\ncmu_faces, people not seen before: accuracy of", ", ".join(names))
    for name, make in {
        "HOG": lambda: HOG(pixels_per_cell=8),
        "LBP": lambda: LBP(grid=4),
        "patches": lambda: KMeansPatches(n_centres=200, grid=4, random_state=0),
    }.items():
        start, each = time.perf_counter(), {}
        X = make_pipeline(make(), Soft()).fit_transform(data.images)
        seconds = time.perf_counter() - start
        for label, sharing in (("independent", 0.0), ("shared", 0.5)):
            scores = []
            for fit, held in GroupKFold(5).split(X, Y, data.groups):
                inner = GroupKFold(3).split(X[fit], Y[fit], data.groups[fit])
                model = MultiTaskLinearCV(
                    MultiTaskLinearSVC(tol=1e-3),
                    Cs=(1e-4, 1e-3, 1e-2, 1e-1, 1),
                    sharings=(sharing,),
                    cv=list(inner),
                ).fit(X[fit], Y[fit])
                scores.append(
                    multitask_score(Y[held], model.predict(X[held]), average=None)
                )
            each[label] = np.array(scores)
        text = "; ".join(f"{k} {v.mean(axis=0).round(3)}" for k, v in each.items())
        gain = each["shared"] - each["independent"]
        error = gain.std(axis=0, ddof=1) / len(gain) ** 0.5
        text += f"; gain {gain.mean(axis=0).round(3)} +- {error.round(3)}"
        print(f"{name:10} {text}; features {seconds:.0f} s", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=os.environ.get("MTLEARN_DATA"))
    parts = {"fashion": fashion, "clothing": clothing, "faces": faces}
    parser.add_argument("--only", nargs="+", choices=parts, default=list(parts))
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    for name in options.only:
        parts[name](options.data)


if __name__ == "__main__":
    main()
