"""Did learning 26 attributes of clothes together help, and whom?

    python benchmarks/paper_clothing.py --data FOLDER [--figure FILE] [--quick]

A full search over C, sharing and task weights by GridSearchCV over an image pipeline,
on 1,856 photographs with 9.6 % of the labels missing and 57 pairs of copies. Copies
stay together in the ten random outer splits and in the folds of the search. The rival
is one model per task, which chooses its own C for each, from as many settings by the
same folds. Every class of a task counts the same, on both sides. The forest has one
setting.
"""

import argparse
import os
import time
import warnings

import numpy as np
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, Pipeline

from mtlearn.datasets import load_clothing_attributes
from mtlearn.ensemble import MultiTaskRandomForestClassifier
from mtlearn.image import HOG, Thumbnail
from mtlearn.inspection import SharingGainDisplay, choose_sharing, compare_sharing
from mtlearn.metrics import make_multitask_scorer
from mtlearn.model_selection import (
    MultiTaskStratifiedGroupKFold,
    MultiTaskStratifiedGroupShuffleSplit,
)
from mtlearn.svm import MultiTaskLinearSVC

GRID = {
    "svm__C": [0.003, 0.01, 0.03],
    "svm__sharing": [0, 0.5, 0.9],
    "svm__task_weight": [None, "balanced"],
}


def features():
    return FeatureUnion(
        [("hog", HOG(pixels_per_cell=16, cells_per_block=2)), ("colour", Thumbnail())]
    )


def search(quick):
    pipeline = Pipeline(
        [("features", features()), ("svm", MultiTaskLinearSVC(class_weight="balanced"))]
    )
    grid = {**GRID, "svm__C": GRID["svm__C"][:1]} if quick else GRID
    return GridSearchCV(
        pipeline,
        grid,
        scoring=make_multitask_scorer("average_precision"),
        cv=MultiTaskStratifiedGroupKFold(2 if quick else 3),
    )


def show(title, function, *arguments, **options):
    start = time.perf_counter()
    result = function(*arguments, **options)
    print(f"\n{title}, {time.perf_counter() - start:.0f} s", flush=True)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=os.environ.get("MTLEARN_DATA"))
    parser.add_argument("--figure", help="where to draw the gains")
    parser.add_argument("--quick", action="store_true", help="a third of the pictures")
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # of rare classes; the report names the gaps
    data = load_clothing_attributes(data_home=options.data)
    rows = np.arange(0, len(data.images), 3 if options.quick else 1)
    images, groups = data.images[rows], data.group[rows]
    Y = np.ma.masked_invalid(data.target[rows])
    named = name_columns(Y, data.task_names)
    print(f"{len(images)} pictures, {Y.shape[1]} tasks, {np.mean(Y.mask):.1%} missing")

    n_splits = 3 if options.quick else 10
    cv = MultiTaskStratifiedGroupShuffleSplit(n_splits, test_size=0.2, random_state=0)
    common = {"cv": cv, "groups": groups, "n_jobs": 2}
    report = show(
        "linear SVM: full search against one model per task, its own C each",
        compare_sharing,
        search(options.quick),
        images,
        named,
        params={"groups": groups},
        **common,
    )
    print(report)
    if options.figure:
        SharingGainDisplay.from_report(report).figure_.savefig(options.figure, dpi=100)

    X = features().fit_transform(images)
    forest = MultiTaskRandomForestClassifier(100, random_state=0)
    metric = {"metric": "average_precision"}
    print(show("forest, auto", compare_sharing, forest, X, named, **metric, **common))
    chosen = show(
        "linear SVM, C = .01, sharing .9: tasks that are hurt are learned alone",
        choose_sharing,
        MultiTaskLinearSVC(C=0.01, sharing=0.9, class_weight="balanced"),
        X,
        named,
        outer_cv=cv,
        **metric,
        **common,
    )
    print(f"alone: {', '.join(chosen.alone_) or 'none'}; what it is worth, outer loop:")
    print(chosen.outer_report_)


def name_columns(Y, names):
    """Labels with task names, as pandas has them; without it, tasks are numbered."""
    try:
        import pandas as pd
    except ImportError:
        return Y
    return pd.DataFrame(Y.filled(np.nan), columns=names)


if __name__ == "__main__":
    main()
