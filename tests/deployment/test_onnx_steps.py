"""Steps of scikit-learn before a model, and models made small, in onnxruntime."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.feature_selection import VarianceThreshold
from sklearn.impute import SimpleImputer
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    Normalizer,
    PolynomialFeatures,
    RobustScaler,
    StandardScaler,
)

from mtlearn.deployment.onnx import to_onnx
from mtlearn.deployment.shrinking import shrink
from mtlearn.ensemble import MultiTaskRandomForestClassifier
from mtlearn.image import HOG
from mtlearn.linear_model import MultiTaskLogisticRegression
from mtlearn.svm import MultiTaskSVC
from tests.deployment.onnx_runtime import assert_agrees


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 6)) * [1, 2, 3, 4, 5, 6] + 10
    Z = (X - 10) @ rng.normal(size=(6, 3)) + rng.normal(size=(200, 3))
    return X, (Z > 0).astype(int)


STEPS = [
    StandardScaler(),
    MinMaxScaler(),
    RobustScaler(),
    Normalizer(),
    PCA(3, whiten=True),
    TruncatedSVD(3),
    VarianceThreshold(2.0),
    FunctionTransformer(),
    make_pipeline(StandardScaler(), PCA(4)),
    FeatureUnion(
        [("pca", PCA(2)), ("scale", StandardScaler())], transformer_weights={"pca": 2.0}
    ),
    ColumnTransformer(
        [("a", StandardScaler(), [0, 2]), ("b", MinMaxScaler(), slice(3, 5))],
        remainder="passthrough",
    ),
]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: type(step).__name__)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_steps(data, step, dtype):
    X, Y = data
    X = X.astype(dtype)
    atol = 1e-5 if dtype == "float32" else 1e-10
    model = make_pipeline(step, MultiTaskLogisticRegression(C=0.1)).fit(X, Y)
    assert_agrees(model, X, atol)


def test_steps_for_float32_only(data):
    X, Y = data
    for step in (SimpleImputer(), PolynomialFeatures(2)):
        model = make_pipeline(step, StandardScaler(), MultiTaskLogisticRegression())
        with pytest.raises(NotImplementedError, match=r"^\w+ .*float64.*X as float32"):
            to_onnx(model.fit(X, Y), X)
        assert_agrees(model, X.astype(np.float32))


def test_columns_by_name(data):
    X, Y = data
    frame = pd.DataFrame(X, columns=list("abcdef"))
    chosen = ColumnTransformer(
        [("one", StandardScaler(), ["e", "a"]), ("two", MinMaxScaler(), ["c"])]
    )
    named = make_pipeline(chosen, MultiTaskLogisticRegression()).fit(frame, Y)
    chosen = ColumnTransformer(
        [("one", StandardScaler(), [4, 0]), ("two", MinMaxScaler(), [2])]
    )
    numbered = make_pipeline(chosen, MultiTaskLogisticRegression()).fit(X, Y)
    found = assert_agrees(numbered, X)
    assert to_onnx(named, frame).graph.node == to_onnx(numbered, X).graph.node
    assert named[0].transformers_[0][2] == ["e", "a"]  # it is not changed
    assert (found["task0"] == named.predict(frame)[:, 0]).all()


@pytest.mark.parametrize("step", [FunctionTransformer(np.abs)], ids=repr)
def test_steps_that_are_refused(data, step):
    X, Y = data
    model = make_pipeline(step, MultiTaskLogisticRegression()).fit(X, Y)
    with pytest.raises(NotImplementedError, match=r"^FunctionTransformer cannot"):
        to_onnx(model, X)


@pytest.mark.parametrize(
    "model",
    [
        make_pipeline(StandardScaler(), MultiTaskLogisticRegression()),
        make_pipeline(VarianceThreshold(2.0), MultiTaskLogisticRegression()),
        MultiTaskSVC(),
        MultiTaskSVC(approximation="nystroem", n_components=30),
        MultiTaskRandomForestClassifier(10, random_state=0),
    ],
    ids=lambda model: repr(model)[:40],
)
def test_models_made_small(data, model):
    X, Y = data
    small, report = shrink(model.fit(X, Y), X, Y, max_loss=0.05)
    assert report.bytes_after < report.bytes_before
    assert_agrees(small, X, atol=1e-6)


def test_images_of_which_few_features_are_needed():
    rng = np.random.default_rng(0)
    X = rng.integers(0, 256, (40, 32, 32), dtype=np.uint8)
    hog = HOG(pixels_per_cell=[4, 8]).fit(X)
    hog._keep_features(rng.random(hog.n_features_out_) < 0.1)
    model = MultiTaskLogisticRegression().fit(hog.transform(X), rng.integers(0, 2, 40))
    assert_agrees(make_pipeline(hog, model), X)


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint8, np.float32])
def test_weights_of_whole_numbers(data, dtype):
    """They are not rounded to whole numbers."""
    X = np.abs(9 * data[0]).astype(dtype)
    union = FeatureUnion([("rows", "passthrough")], transformer_weights={"rows": 0.5})
    model = make_pipeline(union, MultiTaskLogisticRegression()).fit(X, data[1])
    assert_agrees(model, X)
