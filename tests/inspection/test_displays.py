"""Pictures hold what they should, and are readable with few tasks and with many."""

import sys

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mtlearn.ensemble import MultiTaskRandomForestClassifier
from mtlearn.inspection import (
    SharingCurveDisplay,
    SharingGainDisplay,
    TaskLearningCurveDisplay,
    TaskSimilarityDisplay,
    TaskWeightDisplay,
    compare_sharing,
)
from mtlearn.inspection.plotting import find_parameter
from mtlearn.linear_model import MultiTaskLinearCV, MultiTaskRidge
from mtlearn.metrics import make_multitask_scorer, task_scorers
from mtlearn.model_selection import MultiTaskStratifiedKFold, task_weight_grid
from mtlearn.svm import MultiTaskLinearSVC

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("agg")
pytest.importorskip("matplotlib.text")


@pytest.fixture(autouse=True)
def close_figures():
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


def problem(n_tasks):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(90, 5))
    Y = X @ rng.normal(size=(5, n_tasks)) + rng.normal(size=(90, n_tasks))
    names = [f"attribute number {t}" for t in range(n_tasks)]
    return X, pd.DataFrame(np.where(Y > 0, "yes", "no"), columns=names)


def box_of(text, renderer):
    """Of the letters, without an arrow to what they name."""
    return matplotlib.text.Text.get_window_extent(text, renderer)


def overlaps(texts, figure):
    """Pairs of texts that cover each other."""
    renderer = figure.canvas.get_renderer()
    boxes = [box_of(t, renderer) for t in texts if t.get_text()]
    return sum(
        a.x0 < b.x1 and b.x0 < a.x1 and a.y0 + 1 < b.y1 and b.y0 + 1 < a.y1
        for i, a in enumerate(boxes)
        for b in boxes[:i]
    )


def check_readable(display, tmp_path):
    """Nothing is cut off, and no two names are on top of each other."""
    figure, ax = display.figure_, display.ax_
    figure.savefig(tmp_path / "picture.png")
    names = [t for t in ax.texts if t.get_text()]
    assert overlaps(names, figure) == 0
    for axis in (ax.xaxis, ax.yaxis):
        labels = [t.label1 for t in axis.get_major_ticks()]
        assert overlaps([t for t in labels if t.get_visible()], figure) == 0
    width, height = figure.get_size_inches() * figure.dpi
    renderer = figure.canvas.get_renderer()
    for text in names:
        box = box_of(text, renderer)
        assert box.x0 > -1
        assert box.x1 < width + 1
        assert box.y0 > -1
        assert box.y1 < height + 1


@pytest.mark.parametrize("n_tasks", [3, 40])
def test_sharing_curves(n_tasks, tmp_path):
    X, Y = problem(n_tasks)
    search = GridSearchCV(
        make_pipeline(StandardScaler(), MultiTaskLinearSVC()),
        {
            "multitasklinearsvc__sharing": [0.9, 0, 0.5],
            "multitasklinearsvc__C": [1e-3, 1],
        },
        scoring=task_scorers("accuracy", task_names=list(Y.columns)),
        refit=False,
        cv=2,
    ).fit(X, Y)
    display = SharingCurveDisplay.from_cv_results(search, score_name="accuracy")
    check_readable(display, tmp_path)
    assert display.sharing.tolist() == [0, 0.5, 0.9]
    results = search.cv_results_
    table = np.array([results[f"mean_test_{name}"] for name in Y.columns])
    for i, sharing in enumerate(display.sharing):
        rows = [
            j
            for j, p in enumerate(results["params"])
            if p["multitasklinearsvc__sharing"] == sharing
        ]
        best = max(rows, key=lambda j: table[:, j].mean())
        assert_allclose(display.scores[:, i], table[:, best])
    assert display.ax_.get_ylabel() == "accuracy"


def test_a_curve_of_one_score():
    X, Y = problem(3)
    search = MultiTaskLinearCV(MultiTaskLinearSVC(), cv=2).fit(X, Y)
    display = SharingCurveDisplay.from_cv_results(search.cv_results_)
    assert display.task_names == ["score"]
    assert display.scores.shape == (1, 3)


@pytest.mark.parametrize("n_tasks", [2, 3, 40])
def test_task_weights(n_tasks, tmp_path):
    X, Y = problem(n_tasks)
    search = GridSearchCV(
        MultiTaskLinearSVC(),
        {"task_weight": task_weight_grid(list(Y.columns), 8), "C": [0.01, 1]},
        cv=2,
    ).fit(X, Y)
    display = TaskWeightDisplay.from_cv_results(search)
    check_readable(display, tmp_path)
    # Two rules have no weights of their own; equal weights and five steps remain.
    assert display.weights.shape == (6, n_tasks)
    assert_allclose(display.weights.mean(axis=1), 1, rtol=1e-5)
    results = search.cv_results_
    equal = [
        score
        for p, score in zip(results["params"], results["mean_test_score"])
        if p["task_weight"] is None
    ]
    assert display.scores[0] == max(equal)
    assert display.task_names == list(Y.columns)


@pytest.mark.parametrize("n_tasks", [3, 40])
def test_similarity(n_tasks, tmp_path):
    X, Y = problem(n_tasks)
    model = make_pipeline(StandardScaler(), MultiTaskLinearSVC()).fit(X, Y)
    display = TaskSimilarityDisplay.from_estimator(model)
    check_readable(display, tmp_path)
    assert sorted(display.order) == list(range(n_tasks))
    assert_allclose(display.similarity, model[-1].task_similarity_)
    forest = MultiTaskRandomForestClassifier(4, random_state=0).fit(X, Y)
    assert TaskSimilarityDisplay.from_estimator(forest).name == "task affinity"


def test_like_tasks_are_neighbours():
    S = np.eye(6)
    for a, b in ((0, 4), (1, 3), (2, 5)):
        S[a, b] = S[b, a] = 0.9
    order = TaskSimilarityDisplay(S, list("abcdef")).order
    place = np.argsort(order)
    for a, b in ((0, 4), (1, 3), (2, 5)):
        assert abs(place[a] - place[b]) == 1
    assert TaskSimilarityDisplay(np.eye(1), ["a"]).plot().order == [0]


@pytest.mark.parametrize("n_tasks", [3, 40])
def test_gains(n_tasks, tmp_path):
    X, Y = problem(n_tasks)
    report = compare_sharing(MultiTaskLinearSVC(C=0.01), X, Y, cv=3)
    display = SharingGainDisplay.from_report(report)
    check_readable(display, tmp_path)
    bars = [patch.get_width() for patch in display.ax_.patches[:n_tasks]]
    assert_allclose(bars, np.sort(report.difference))
    assert "helped" in display.ax_.get_title()


@pytest.mark.parametrize("n_tasks", [3, 40])
def test_learning_curves(n_tasks, tmp_path):
    X, Y = problem(n_tasks)
    cv = MultiTaskStratifiedKFold(3)
    display = TaskLearningCurveDisplay.from_estimator(
        MultiTaskLinearSVC(C=0.1), X, Y, cv=cv, train_sizes=[0.2, 1.0]
    )
    check_readable(display, tmp_path)
    assert display.n_rows.tolist() == [12, 60]
    scorers = task_scorers("accuracy", task_names=list(Y.columns))
    whole = [
        list(
            scorers(
                MultiTaskLinearSVC(C=0.1).fit(X[train], Y.iloc[train]),
                X[test],
                Y.iloc[test],
            ).values()
        )
        for train, test in cv.split(X, Y)
    ]
    assert_allclose(display.scores[:, 1], np.mean(whole, axis=0))
    assert display.scores[:, 1].mean() > display.scores[:, 0].mean()


def test_own_axes_are_used():
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots()
    S = np.eye(3)
    assert TaskSimilarityDisplay(S, "abc").plot(ax).figure_ is figure
    assert len(plt.get_fignums()) == 1


def test_bad_input_is_explained():
    X, Y = problem(3)
    search = MultiTaskLinearCV(MultiTaskLinearSVC(), sharings=[0], cv=2).fit(X, Y)
    with pytest.raises(TypeError, match="a fitted search"):
        SharingCurveDisplay.from_cv_results(MultiTaskLinearSVC())
    with pytest.raises(ValueError, match="one parameter 'depth'"):
        find_parameter(search.cv_results_["params"], "depth")
    with pytest.raises(ValueError, match=r"neither task_similarity_ nor"):
        TaskSimilarityDisplay.from_estimator(StandardScaler().fit(X))
    with pytest.raises(ValueError, match="should be square"):
        TaskSimilarityDisplay(np.zeros((2, 3)), "ab")
    with pytest.raises(ValueError, match=r"train_sizes holds 2\.0"):
        TaskLearningCurveDisplay.from_estimator(
            MultiTaskLinearSVC(), X, Y, train_sizes=[2.0]
        )
    numpy_grid = {"sharing": np.array([0, 1])}
    found = GridSearchCV(MultiTaskLinearSVC(), numpy_grid, cv=2).fit(X, Y)
    curve = SharingCurveDisplay.from_cv_results(found, draw=False)
    assert curve.sharing.tolist() == [0, 1]
    forest = MultiTaskRandomForestClassifier(3, random_state=0)
    found = GridSearchCV(forest, {"sharing": ["auto"]}, cv=2).fit(X, Y)
    with pytest.raises(ValueError, match="no setting has a number for sharing"):
        SharingCurveDisplay.from_cv_results(found)
    rules = {"task_weight": ["balanced", "null_loss"]}
    found = GridSearchCV(MultiTaskLinearSVC(), rules, cv=2).fit(X, Y)
    with pytest.raises(ValueError, match="no setting of task_weight has weights"):
        TaskWeightDisplay.from_cv_results(found)
    grid = {"task_weight": [None, "balanced"]}
    search = GridSearchCV(
        MultiTaskRidge(), grid, cv=2, refit=False, scoring=make_multitask_scorer("r2")
    )
    with pytest.raises(ValueError, match="pass task_names="):
        TaskWeightDisplay.from_cv_results(search.fit(X, X[:, :2]))


def test_without_matplotlib_the_way_to_get_it_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"scikit-mtlearn\[plot\]"):
        TaskSimilarityDisplay(np.eye(3), "abc").plot()
