"""Problems that the benchmarks of forests are run on: real data, scarce labels too.

Each problem is made anew for every seed: training rows, or which labels are hidden,
differ. Test rows and their labels are never hidden.
"""

import zipfile
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
from paper_landmine import FEW
from paper_landmine import load as load_landmine
from paper_landmine import split as split_landmine
from paper_school import load as load_school
from paper_school import one_column_per_task
from paper_survey import load as load_survey
from paper_usps import load as load_usps
from PIL import Image
from scipy.io import arff
from sklearn.metrics import roc_auc_score

from mtlearn.datasets import (
    load_clothing_attributes,
    load_cmu_faces,
    load_fashion_mnist,
    make_multi_digits,
)
from mtlearn.image import HOG, Thumbnail


@dataclass
class Problem:
    """Training and test rows; ``same`` if all tasks ask the same question."""

    X: np.ndarray
    Y: np.ndarray
    X_test: np.ndarray
    Y_test: np.ndarray
    metric: str
    kind: str = "classification"
    same: bool = False


def hide(Y, share, seed, tasks=None):
    """Y with labels of some tasks hidden, of every second one unless told."""
    tasks = range(0, Y.shape[1], 2) if tasks is None else tasks
    Y, rng = np.array(Y, dtype=float), np.random.default_rng(seed)
    for t in tasks:
        Y[rng.random(len(Y)) < share, t] = np.nan
    return Y


def score(problem, model):
    """Of every task, (T,); one number for the pooled explained variance."""
    Y = problem.Y_test
    if problem.metric == "explained variance":
        seen = ~np.isnan(Y)
        residual = (Y - model.predict(problem.X_test))[seen]
        return np.array(
            [1 - np.sum(residual**2) / np.sum((Y[seen] - Y[seen].mean()) ** 2)]
        )
    found = []
    for t, shares in enumerate(model.predict_proba(problem.X_test)):
        seen = ~np.isnan(Y[:, t])
        y, shares = Y[seen, t], shares[seen]
        classes = np.asarray(model.classes_[t], dtype=float)
        if problem.metric == "AUC" and len(np.unique(y)) == 2 and len(classes) == 2:
            found.append(roc_auc_score(y, shares[:, 1]))
        elif len(classes):
            found.append(np.mean(classes[shares.argmax(axis=1)] == y))
    return np.array(found)


# Several labels per row.


def multi_label(name, n_labels):
    def load(folder, seed):
        X, Y, X_test, Y_test = read_arff(folder, name, n_labels)
        return Problem(X, Y, X_test, Y_test, "AUC")

    return load


@cache
def read_arff(folder, name, n_labels):
    found = []
    for part in ("train", "test"):
        data, meta = arff.loadarff(Path(folder) / name / f"{name}-{part}.arff")
        columns = []
        for field, kind in zip(meta.names(), meta.types()):
            values = data[field]
            if kind == "nominal":
                values = np.searchsorted(sorted(meta[field][1]), values.astype(str))
            columns.append(values.astype(float))
        Z = np.column_stack(columns)
        found += [Z[:, :-n_labels], Z[:, -n_labels:]]
    return found


@cache
def clothing_features(folder):
    data = load_clothing_attributes(data_home=folder)
    X = np.hstack(
        [
            step.fit_transform(data.images).reshape(len(data.images), -1)
            for step in (HOG(pixels_per_cell=16), Thumbnail())
        ]
    )
    return X, np.asarray(data.target, dtype=float), np.asarray(data.split)


def clothing(folder, seed):
    X, Y, split = clothing_features(folder)
    train = split == "train"
    return Problem(X[train], Y[train], X[~train], Y[~train], "AUC")


@cache
def face_features(folder):
    data = load_cmu_faces(data_home=folder)
    names = list(data.task_names)
    X = HOG(pixels_per_cell=8).fit_transform(data.images)
    codes = [np.unique(column, return_inverse=True)[1] for column in data.target.T]
    Y = np.stack(codes, axis=1).astype(float)
    user = Y[:, names.index("name")]
    tasks = [t for t, name in enumerate(names) if name != "name"]
    return X, Y[:, tasks], user


def faces(folder, seed):
    X, Y, user = face_features(folder)
    train = np.isin(user, np.random.default_rng(seed).permutation(20)[:14])
    return Problem(X[train], Y[train], X[~train], Y[~train], "accuracy")


@cache
def digit_features():
    data = make_multi_digits(5000, random_state=0)
    names = ["left_digit", "right_digit", "texture", "rotation"]
    Y = data.target[:, [data.task_names.index(name) for name in names]]
    codes = [np.unique(column.astype(str), return_inverse=True)[1] for column in Y.T]
    X = HOG(cells_per_block=(2, 2)).fit_transform(data.images)
    return X, np.stack(codes, axis=1).astype(float)


def digits(folder, seed):
    X, Y = digit_features()
    order = np.random.default_rng(seed).permutation(len(X))
    train, test = order[:2000], order[2000:]
    return Problem(X[train], Y[train], X[test], Y[test], "accuracy")


@cache
def fashion_pixels(folder):
    parts = []
    for subset in ("train", "test"):
        data = load_fashion_mnist(data_home=folder, subset=subset)
        parts.append(
            (data.images.reshape(len(data.images), -1), data.target.astype(int))
        )
    return parts


def fashion(folder, seed):
    (X, y), (X_test, y_test) = fashion_pixels(folder)
    rows = np.random.default_rng(seed).permutation(len(X))[:3000]
    # The piece, and four coarse questions that need no fine look.
    kinds = [[5, 7, 9], [0, 2, 3, 4, 6], [2, 4, 6], [3, 1]]
    tasks = [lambda y: y, *(lambda y, k=k: np.isin(y, k) for k in kinds)]
    Y, Y_test = (
        np.stack([f(z) for f in tasks], axis=1) for z in (y[rows], y_test[:4000])
    )
    return Problem(
        X[rows], Y.astype(float), X_test[:4000], Y_test.astype(float), "accuracy"
    )


def usps(folder, seed):
    (X, y), _, (X_test, y_test) = load_usps(Path(folder) / "usps_digits_mtl")
    classes = np.arange(1, 11)
    Y, Y_test = ((z[:, None] == classes).astype(float) for z in (y, y_test))
    return Problem(X, Y, X_test, Y_test, "AUC")


# Tasks with their own rows.


def landmine(size, fields):
    def load(folder, seed):
        X, y = load_landmine(Path(folder) / "landmine")
        fields_ = range(len(X)) if fields is None else fields
        X, y = [X[t] for t in fields_], [y[t] for t in fields_]
        (X, Y), (X_test, Y_test) = split_landmine(X, y, seed, size)
        return Problem(X, Y, X_test, Y_test, "AUC", same=True)

    return load


def school(per_school):
    def load(folder, seed):
        X, y, task, splits = load_school(Path(folder) / "school")
        train, test = splits[seed % 10]
        if per_school:
            order = np.random.default_rng(seed).permutation(train)
            train = np.concatenate(
                [order[task[order] == t][:per_school] for t in range(139)]
            )
        Y = one_column_per_task(y, task)
        return Problem(
            X[train],
            Y[train],
            X[test],
            Y[test],
            "explained variance",
            "regression",
            True,
        )

    return load


def survey(folder, seed):
    X, Y = load_survey(Path(folder) / "computer_survey")
    order = np.random.default_rng(seed).permutation(len(X))
    return Problem(
        X[order[:16]], Y[order[:16]], X[order[16:]], Y[order[16:]],
        "explained variance", "regression", True,
    )  # fmt: skip


@cache
def omniglot_features(folder):
    """HOG, alphabet, character and drawer of every picture."""
    path = Path(folder) / "omniglot_small1" / "images_background_small1.zip"
    images, places = [], []
    with zipfile.ZipFile(path) as archive:
        for name in sorted(archive.namelist()):
            if name.endswith(".png"):
                _, alphabet, character, file = name.split("/")
                picture = Image.open(BytesIO(archive.read(name))).convert("L")
                images.append(
                    np.asarray(picture.resize((48, 48), Image.Resampling.BOX))
                )
                places.append((alphabet, character, int(file.split("_")[1][:2])))
    alphabet, character, drawer = map(np.array, zip(*places))
    X = HOG(pixels_per_cell=8).fit_transform(np.stack(images))
    return X, alphabet, character, drawer


def omniglot(n_drawers):
    def load(folder, seed):
        X, alphabet, character, drawer = omniglot_features(folder)
        names = np.unique(alphabet)
        Y = np.full((len(X), len(names)), np.nan)
        for t, name in enumerate(names):
            its = alphabet == name
            Y[its, t] = np.unique(character[its], return_inverse=True)[1]
        drawers = np.random.default_rng(seed).permutation(np.arange(1, 15))[:n_drawers]
        train, test = np.isin(drawer, drawers), drawer > 14
        return Problem(X[train], Y[train], X[test], Y[test], "accuracy")

    return load


def with_hidden(load, share, tasks=None):
    """The same problem with labels hidden."""

    def load_and_hide(folder, seed):
        problem = load(folder, seed)
        problem.Y = hide(problem.Y, share, seed, tasks)
        return problem

    return load_and_hide


PROBLEMS = {
    "digits": digits,
    "digits, 90 % hidden": with_hidden(digits, 0.9),
    "faces": faces,
    "faces, 80 % hidden": with_hidden(faces, 0.8),
    "fashion": fashion,
    "fashion, 95 % hidden": with_hidden(fashion, 0.95, [0]),
    "scene": multi_label("scene", 6),
    "scene, 90 % hidden": with_hidden(multi_label("scene", 6), 0.9),
    "emotions": multi_label("emotions", 6),
    "flags": multi_label("flags", 7),
    "clothing": clothing,
    "clothing, 90 % hidden": with_hidden(clothing, 0.9),
    "usps": usps,
    "omniglot": omniglot(14),
    "omniglot, 4 drawers": omniglot(4),
    "landmine": landmine(0.5, None),
    "landmine, 40 rows": landmine(40, FEW),
    "school": school(None),
    "school, 20 rows": school(20),
    "survey": survey,
}
