"""Pipelines made small: steps make only the features that the model asks for."""

import copy

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.feature_selection import SelectKBest
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    RobustScaler,
    StandardScaler,
)

from mtlearn.compose.keep_columns import KeepColumns
from mtlearn.deployment.shrinking import shrink
from mtlearn.deployment.shrinking.narrowing import narrow
from mtlearn.ensemble import MultiTaskRandomForestClassifier
from mtlearn.image import (
    GIST,
    HOG,
    LBP,
    ColourHistogram,
    ColourMoments,
    FelzenszwalbHOG,
    Haralick,
    KMeansPatches,
    Thumbnail,
)
from mtlearn.linear_model import MultiTaskLogisticRegression, MultiTaskSGDClassifier
from mtlearn.persistence import dumps, loads
from mtlearn.svm import MultiTaskLinearSVC

pytest.importorskip("skops.io")

SCALERS = {
    "standard": StandardScaler(), "no mean": StandardScaler(with_mean=False),
    "no std": StandardScaler(with_std=False), "min max": MinMaxScaler((-1, 2)),
    "max": MaxAbsScaler(), "robust": RobustScaler(),
    "robust, no centre": RobustScaler(with_centering=False),
    "robust, no scale": RobustScaler(with_scaling=False),
}  # fmt: skip
IMAGES = {
    "HOG": HOG(), "HOG of two sizes": HOG(pixels_per_cell=[4, 8]),
    "LBP": LBP(grid=2), "LBP of two radii": LBP(radius=[1, 2], n_points=[8, 6]),
    "LBP of one number": LBP(radius=[1, 2, 3]), "GIST": GIST(),
    "Felzenszwalb": FelzenszwalbHOG(), "Haralick": Haralick(),
    "histogram": ColourHistogram(), "moments": ColourMoments(),
    "thumbnail": Thumbnail(),
    "patches": KMeansPatches(n_centres=5, n_samples=500, random_state=0),
}  # fmt: skip


def pictures(n=60):
    rng = np.random.default_rng(0)
    X = rng.integers(0, 100, (n, 24, 24, 3), dtype=np.uint8)
    Y = rng.integers(0, 2, (n, 2))
    X[Y[:, 0] == 1, :12] += 100
    X[Y[:, 1] == 1, :, 12:, 0] += 50
    return X, Y


def table(n=150, d=12):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, d)) * np.arange(1, d + 1) + np.arange(d)
    Y = (X[:, :3] - X[:, :3].mean(axis=0) > 0).astype(int)
    return X, Y


def scores(model, X):
    return np.column_stack(model.decision_function(X))


def zero_for(model, features):
    """The fitted linear model with no use for some features."""
    model = copy.deepcopy(model)
    model.coef_[:, features] = 0
    return model


@pytest.mark.parametrize("name", IMAGES)
def test_images_make_only_the_features_asked_for(name):
    X, _ = pictures(6)
    step = copy.deepcopy(IMAGES[name]).fit(X)
    features, names = step.transform(X), step.get_feature_names_out()
    d = features.shape[1]
    rng = np.random.default_rng(0)
    masks = [np.arange(d) == d - 1, np.arange(d) < d // 2, rng.random(d) < 0.3]
    for mask in (mask for mask in masks if mask.any()):
        small = copy.copy(step)
        small._keep_features(mask)
        np.testing.assert_array_equal(small.transform(X), features[:, mask])
        np.testing.assert_array_equal(small.get_feature_names_out(), names[mask])
        assert small.n_features_out_ == mask.sum()
        again = np.arange(mask.sum()) % 2 == 0
        small._keep_features(again)
        np.testing.assert_array_equal(small.transform(X), features[:, mask][:, again])
        np.testing.assert_array_equal(
            loads(dumps(small)).transform(X), small.transform(X)
        )
    np.testing.assert_array_equal(step.transform(X), features)
    np.testing.assert_array_equal(
        small.fit(X).transform(X).shape[1], small.n_features_out_
    )


def test_parts_of_features_that_nobody_needs_are_not_computed(monkeypatch):
    X, _ = pictures(4)
    step = HOG(pixels_per_cell=[4, 8]).fit(X)
    names = step.get_feature_names_out()
    step._keep_features(np.char.startswith(names.astype(str), "hog8x8"))
    assert step.pixels_per_cell == [8]
    called = []
    compute = HOG._compute
    monkeypatch.setattr(
        HOG, "_compute",
        lambda self, chunk, out, cell: called.append(cell)
        or compute(self, chunk, out, cell),
    )  # fmt: skip
    step.transform(X)
    assert set(called) == {(8, 8)}


@pytest.mark.parametrize("name", SCALERS)
def test_scalers_go_into_coefficients(name):
    X, Y = table()
    for data in (X, X.astype(np.float32), pd.DataFrame(X).add_prefix("x")):
        pipe = make_pipeline(SCALERS[name], MultiTaskLogisticRegression()).fit(data, Y)
        small, report = shrink(pipe, data, Y, steps=["training", "scaler"])
        atol = 1e-4 if getattr(data, "dtype", None) == np.float32 else 1e-8
        np.testing.assert_allclose(scores(small, data), scores(pipe, data), atol=atol)
        assert list(small.named_steps) == ["multitasklogisticregression"]
        assert report.bytes_after < report.bytes_before
        assert small.n_features_in_ == pipe.n_features_in_


def test_scalers_of_sparse_rows():
    X, Y = table()
    X = sparse.csr_array(np.where(abs(X) > 5, X, 0))
    for scaler in (MaxAbsScaler(), StandardScaler(with_mean=False)):
        pipe = make_pipeline(scaler, MultiTaskLinearSVC()).fit(X, Y)
        small, _ = shrink(pipe, X, Y, steps=["scaler"])
        np.testing.assert_allclose(scores(small, X), scores(pipe, X), atol=1e-8)


def test_scalers_that_clip_stay():
    X, Y = table()
    pipe = make_pipeline(MinMaxScaler(clip=True), MultiTaskLinearSVC()).fit(X, Y)
    small, _ = shrink(pipe, X, Y, steps=["training", "scaler"])
    assert len(small) == 2
    np.testing.assert_array_equal(small.predict(9 * X), pipe.predict(9 * X))


def union():
    return FeatureUnion(
        [("hog", HOG(pixels_per_cell=[4, 8])), ("colour", ColourHistogram()),
         ("lbp", LBP(radius=[1, 2]))],
        transformer_weights={"hog": 2.0, "colour": 1.5},
    )  # fmt: skip


@pytest.mark.parametrize("scaler", [StandardScaler(), "passthrough"])
def test_branches_that_nobody_needs_are_left_out(scaler):
    X, Y = pictures()
    pipe = Pipeline(
        [("features", union()), ("scale", scaler), ("model", MultiTaskLinearSVC())]
    ).fit(X, Y)
    names = pipe[0].get_feature_names_out().astype(str)
    # Of HOG some features of one size, of colours nothing, of LBP one radius.
    zero = np.char.startswith(names, "colour") | np.char.startswith(names, "hog__hog8")
    zero |= np.char.startswith(names, "lbp__lbp_radius1")
    zero[np.flatnonzero(~zero)[::3]] = True
    pipe.steps[-1] = ("model", zero_for(pipe[-1], zero))
    small, report = shrink(pipe, X, Y, steps=["training", "features"])
    np.testing.assert_allclose(scores(small, X), scores(pipe, X), atol=1e-6)
    assert [step.name for step in report.steps] == ["training", "features"]
    hog, lbp = (branch for _, branch in small[0].transformer_list)
    assert hog.pixels_per_cell == [4]
    assert lbp.radius == [2]
    assert small[-1].n_features_in_ == np.count_nonzero(~zero)
    assert small[:-1].transform(X).shape[1] == np.count_nonzero(~zero)
    back = loads(dumps(small))
    np.testing.assert_array_equal(scores(back, X), scores(small, X))
    assert len(pipe[0].transformer_list) == 3
    assert pipe[0].transformer_list[0][1].pixels_per_cell == [4, 8]


def test_sparse_models_of_images_come_out_small():
    X, Y = pictures()
    model = MultiTaskSGDClassifier(
        structure="joint_sparse", alpha=0.02, random_state=0, max_iter=30,
        learning_rate="cosine",
    )  # fmt: skip
    pipe = make_pipeline(union(), StandardScaler(), model).fit(X, Y)
    assert not pipe[-1].coef_.any(axis=0).all()
    small, report = shrink(pipe, X, Y, steps=["training", "scaler", "features"])
    assert [step.name for step in report.steps] == ["training", "scaler", "features"]
    np.testing.assert_allclose(scores(small, X), scores(pipe, X), atol=1e-5)
    assert small[-1].coef_.any(axis=0).all()


def test_weak_features_of_images():
    X, Y = pictures()
    pipe = make_pipeline(HOG(), StandardScaler(), MultiTaskLinearSVC()).fit(X, Y)
    small, report = shrink(pipe, X, Y, steps={"weak features": 0.25}, max_loss=1)
    assert small[-1].n_features_in_ == round(0.25 * pipe[-1].n_features_in_)
    assert report.steps[0].setting == 0.25


def test_selectors_hand_on_what_is_asked_of_them():
    X, Y = pictures()
    pipe = make_pipeline(
        HOG(), SelectKBest(k=40), StandardScaler(), MultiTaskLinearSVC()
    )
    pipe[1].score_func = _by_first_task
    pipe.fit(X, Y)
    zero = np.arange(40) % 2 == 0
    pipe.steps[-1] = (pipe.steps[-1][0], zero_for(pipe[-1], zero))
    expected = scores(pipe, X)
    steps, made = narrow(pipe.steps[:-1], ~zero, X[:2])
    assert np.array_equal(made, ~zero)
    assert steps[1] == ("selectkbest", "passthrough")
    assert steps[0][1].n_features_out_ == 20
    np.testing.assert_allclose(
        Pipeline(steps).transform(X), pipe[:-1].transform(X)[:, ~zero]
    )
    np.testing.assert_array_equal(scores(pipe, X), expected)


def _by_first_task(X, Y):
    centre = X - X.mean(axis=0)
    return abs(centre.T @ (Y[:, 0] - Y[:, 0].mean()))


def test_selectors_of_a_table_become_columns():
    X, Y = table()
    for data in (X, pd.DataFrame(X).add_prefix("x")):
        select = SelectKBest(_by_first_task, k=6)
        pipe = make_pipeline(select, StandardScaler(), MultiTaskLinearSVC())
        pipe.fit(data, np.asarray(Y))
        zero = np.arange(6) < 3
        pipe.steps[-1] = (pipe.steps[-1][0], zero_for(pipe[-1], zero))
        steps, made = narrow(pipe.steps[:-1], ~zero, data[:2])
        assert made.sum() == 3
        assert isinstance(steps[0][1], KeepColumns)
        small = Pipeline(steps)
        np.testing.assert_array_equal(
            small.transform(data), pipe[:-1].transform(data)[:, ~zero]
        )
        # Asked for less once more.
        again, made = narrow(steps, np.array([True, False, True]), data[:2])
        np.testing.assert_array_equal(
            Pipeline(again).transform(data), small.transform(data)[:, [0, 2]]
        )
        np.testing.assert_array_equal(
            small[0].get_feature_names_out(),
            pipe[0].get_feature_names_out()[~zero],
        )
        np.testing.assert_array_equal(
            loads(dumps(small)).transform(data), small.transform(data)
        )


def test_columns_that_are_not_there():
    with pytest.raises(ValueError, match=r"columns=\[3\] must be numbers of some of"):
        KeepColumns([3]).fit(np.eye(3))
    with pytest.raises(ValueError, match="columns"):
        KeepColumns([True]).fit(np.eye(3))
    assert KeepColumns([2]).fit(np.eye(3)).get_feature_names_out().tolist() == ["x2"]


def test_blocks_of_columns_that_nobody_needs_are_left_out():
    X, Y = table()
    blocks = ColumnTransformer(
        [("a", StandardScaler(), slice(0, 3)), ("b", PCA(2), slice(3, 12))]
    )
    pipe = make_pipeline(blocks, MultiTaskLinearSVC()).fit(X, Y)
    pipe.steps[-1] = (pipe.steps[-1][0], zero_for(pipe[-1], [3, 4]))
    small, _ = shrink(pipe, X, Y, steps=["features"])
    assert small[-1].n_features_in_ == 3
    np.testing.assert_array_equal(scores(small, X), scores(pipe, X))
    kinds = {name: block for name, block, _ in small[0].transformers_}
    assert kinds["b"] == "drop"


def test_steps_that_cannot_make_less_are_left_alone():
    X, Y = table()
    for first in (PCA(5), StandardScaler()):
        pipe = make_pipeline(first, MultiTaskLinearSVC()).fit(X, Y)
        pipe.steps[-1] = (pipe.steps[-1][0], zero_for(pipe[-1], [0, 1]))
        small, report = shrink(pipe, X, Y, steps=["features"])
        assert report.steps == []
        np.testing.assert_array_equal(scores(small, X), scores(pipe, X))


def test_pipelines_inside_pipelines():
    X, Y = pictures()
    inner = make_pipeline(StandardScaler(), MultiTaskLinearSVC())
    features = Pipeline([("hog", HOG()), ("scale", MaxAbsScaler())])
    pipe = Pipeline([("features", features), ("scale", RobustScaler()), ("end", inner)])
    pipe.fit(X, Y)
    d = pipe["end"][-1].n_features_in_
    small, report = shrink(
        pipe, X, Y, steps={"training": None, "scaler": None, "weak features": 0.5},
        max_loss=1,
    )  # fmt: skip
    assert small[-1].n_features_in_ == round(0.5 * d)
    assert small[0]["hog"].n_features_out_ == round(0.5 * d)
    assert report.bytes_after < report.bytes_before
    exact, _ = shrink(pipe, X, Y, steps=["training", "scaler", "features"])
    np.testing.assert_allclose(scores(exact, X), scores(pipe, X), atol=1e-6)


def test_small_pipelines_in_onnx():
    """What is kept of features is kept there, too."""
    runtime = pytest.importorskip("onnxruntime")
    pytest.importorskip("skl2onnx")
    from mtlearn.deployment.onnx import to_onnx

    X, Y = pictures()
    features = FeatureUnion(union().transformer_list[:2])
    pipe = make_pipeline(features, StandardScaler(), MultiTaskLinearSVC()).fit(X, Y)
    steps = {"training": None, "scaler": None, "int8": None, "weak features": 0.2}
    small, _ = shrink(pipe, X, Y, steps=steps, max_loss=1)
    session = runtime.InferenceSession(to_onnx(small, X[:2]).SerializeToString())
    found = session.run(None, {session.get_inputs()[0].name: X})
    np.testing.assert_array_equal(np.ravel(found[0]), small.predict(X)[:, 0])


def test_a_model_that_needs_nothing():
    X, Y = pictures()
    pipe = make_pipeline(HOG(), MultiTaskLinearSVC()).fit(X, Y)
    pipe.steps[-1] = (pipe.steps[-1][0], zero_for(pipe[-1], slice(None)))
    small, _ = shrink(pipe, X, Y, steps=["features"])
    assert small[-1].n_features_in_ == 1
    np.testing.assert_array_equal(scores(small, X), scores(pipe, X))


def test_features_that_no_tree_asks_for():
    X, Y = pictures()
    forest = MultiTaskRandomForestClassifier(5, max_depth=3, random_state=0)
    pipe = make_pipeline(union(), forest).fit(X, Y)
    small, report = shrink(pipe, X, Y, steps=["training", "features"])
    assert [step.name for step in report.steps] == ["training", "features"]
    asked = {f for tree in pipe[-1]._forest.trees for f in tree.nodes["feature"]} - {-1}
    assert small[-1].n_features_in_ == len(asked)
    for one, two in zip(pipe.predict_proba(X), small.predict_proba(X)):
        np.testing.assert_array_equal(one, two)
    back = loads(dumps(small))
    np.testing.assert_array_equal(back.predict(X), small.predict(X))
