"""Images in onnxruntime: features, and whole pipelines from pixels to labels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data as pictures
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import StandardScaler

from mtlearn import image
from mtlearn.compose import AugmentedClassifier, AugmentedRegressor
from mtlearn.deployment.onnx import steps, to_onnx
from mtlearn.ensemble import MultiTaskRandomForestClassifier
from mtlearn.image import (
    HOG,
    ColourHistogram,
    ColourMoments,
    Crop,
    FelzenszwalbHOG,
    Thumbnail,
)
from mtlearn.linear_model import MultiTaskLogisticRegression, MultiTaskRidge
from mtlearn.svm import MultiTaskLinearSVC, MultiTaskSVC
from tests.deployment.onnx_runtime import assert_agrees, run, session_of

TYPES = ["uint8", "bool", "int32", "float16", "float32", "float64"]
SIDES = (40, 33)


def photographs(n=3, sides=SIDES, dtype="uint8", colour=True, seed=0):
    """Parts of a photograph, in 0..255 or as floats in 0..1."""
    rng, whole = np.random.default_rng(seed), pictures.astronaut()
    parts = []
    for _ in range(n):
        top, left = (rng.integers(0, 512 - side) for side in sides)
        part = whole[top : top + sides[0], left : left + sides[1]]
        parts.append(part if colour else part[..., 1])
    X, dtype = np.array(parts), np.dtype(dtype)
    if dtype.kind == "b":
        return X > 100
    return (X / 255).astype(dtype) if dtype.kind == "f" else X.astype(dtype)


def white_of(dtype):
    return 255 if np.dtype(dtype).kind in "ui" else 1


def assert_same_features(step, X, atol=1e-5):
    expected = step.fit(X).transform(X)
    session = session_of(step, X[:1])
    found = run(session, X)["features"]
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=0, atol=atol)
    for some in (X[:1], X[:0]):
        again = run(session, some)["features"]
        np.testing.assert_allclose(again, found[: len(some)], rtol=0, atol=1e-6)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize(
    "step",
    [
        HOG(),
        HOG(block_norm="L1", orientations=4, pixels_per_cell=(5, 6)),
        HOG(block_norm="L1-sqrt", cells_per_block=(3, 2)),
        HOG(block_norm="L2", orientations=1),
        HOG(pixels_per_cell=[4, (8, 7)], transform_sqrt=True, orientations=12),
        FelzenszwalbHOG(),
        FelzenszwalbHOG(pixels_per_cell=5),
        Thumbnail(shape=(7, 4)),
        make_pipeline(Crop((20, 24)), HOG()),
        make_pipeline(Crop(box=(1, 2, 30, 31)), Thumbnail(shape=(3, 4))),
    ],
    ids=repr,
)
def test_features(step, colour, dtype):
    assert_same_features(step, photographs(dtype=dtype, colour=colour))


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("space", ["rgb", "hsv", "lab", "luv"])
def test_colours(space, dtype):
    X, white = photographs(dtype=dtype), white_of(dtype)
    for step in (
        ColourHistogram(space=space, white=white),
        ColourHistogram(
            space=space, bins=(5, 6, 7), joint=False, grid=(3, 2), white=white
        ),
        ColourMoments(space=space, white=white / 2),
    ):
        assert_same_features(step, X)


@pytest.mark.parametrize("space", ["rgb", "hsv", "lab", "luv"])
def test_colours_of_every_kind(space):
    """Greys, black and white, and colours of one, two and three channels."""
    ramp = np.array([0, 1, 10, 11, 128, 254, 255], dtype=np.uint8)
    X = np.stack(np.meshgrid(ramp, ramp, ramp), axis=-1).reshape(1, 49, 7, 3)
    for step in (ColourHistogram(space=space), ColourMoments(space=space)):
        assert_same_features(step, X)


@settings(deadline=None, max_examples=25)
@given(
    sides=st.tuples(st.integers(1, 20), st.integers(1, 20)),
    cell=st.tuples(st.integers(1, 7), st.integers(1, 7)),
    block=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    orientations=st.integers(1, 18),
    norm=st.sampled_from(["L1", "L1-sqrt", "L2", "L2-Hys"]),
    colour=st.booleans(),
    seed=st.integers(0, 99),
)
def test_hog_of_any_shape(sides, cell, block, orientations, norm, colour, seed):
    sides = [max(side, c * b) for side, c, b in zip(sides, cell, block)]
    rng = np.random.default_rng(seed)
    shape = (2, *sides, 3) if colour else (2, *sides)
    # Few levels: gradients lie on the bounds of bins, and channels tie.
    X = (rng.integers(0, 4, shape) * 60).astype(np.uint8)
    step = HOG(
        orientations=orientations, pixels_per_cell=cell, cells_per_block=block,
        block_norm=norm,
    )  # fmt: skip
    assert_same_features(step, X)
    assert_same_features(step, X.astype(np.float32))


@settings(deadline=None, max_examples=15)
@given(cell=st.integers(1, 6), colour=st.booleans(), seed=st.integers(0, 99))
def test_felzenszwalb_of_upright_and_level_gradients(cell, colour, seed):
    rng = np.random.default_rng(seed)
    shape = (2, 3 * cell + 2, 3 * cell, 3) if colour else (2, 3 * cell + 2, 3 * cell)
    X = (rng.integers(0, 3, shape) * 100).astype(np.uint8)
    assert_same_features(FelzenszwalbHOG(pixels_per_cell=cell), X)


@pytest.mark.parametrize("compressed", [False, True])
def test_channels_that_tie_up_to_rounding(compressed):
    """Multiples of 1/255 have many gradients of equal length; hypot settles them."""
    step = HOG(transform_sqrt=compressed)
    assert_same_features(step, photographs(100, (64, 48), "float64"))
    noise = np.random.default_rng(0).integers(0, 16, (50, 32, 32, 3)) / 15
    assert_same_features(step, noise)


def test_large_cells_go_by_double():
    X = photographs(n=1, sides=(140, 70), colour=False)
    assert_same_features(HOG(pixels_per_cell=70, cells_per_block=(2, 1)), X)


def labelled(n=24, dtype="uint8", colour=True):
    X = photographs(n, dtype=dtype, colour=colour)
    level = X.reshape(n, -1).mean(axis=1)
    three = np.argsort(np.argsort(level)) * 3 // n
    return X, np.column_stack([three, np.arange(n) % 2])


MODELS = {
    "linear": MultiTaskLinearSVC(),
    "logistic": MultiTaskLogisticRegression(),
    "kernel": MultiTaskSVC(),
    "forest": MultiTaskRandomForestClassifier(n_estimators=10, random_state=0),
}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_from_images_to_labels(name, dtype):
    X, Y = labelled(dtype=dtype)
    white = white_of(dtype)
    features = FeatureUnion(
        [
            ("hog", HOG()),
            ("colour", ColourHistogram(grid=(2, 2), white=white)),
            ("small", make_pipeline(Crop((20, 20)), Thumbnail(shape=(4, 4)))),
            ("nothing", "drop"),
        ],
        transformer_weights={"colour": 2.0},
    )
    model = make_pipeline(features, StandardScaler(), "passthrough", MODELS[name])
    assert_agrees(model.fit(X, Y), X, atol=1e-4 if name == "kernel" else 1e-5)


def test_augmented_models():
    X, Y = labelled()
    inside = make_pipeline(HOG(), MultiTaskLogisticRegression())
    model = AugmentedClassifier(inside, random_state=0).fit(X, Y)
    assert_agrees(model, X)
    model.set_params(predict_copies=2)
    with pytest.raises(NotImplementedError, match="predict_copies=2"):
        to_onnx(model, X)
    numbers = make_pipeline(HOG(), MultiTaskRidge())
    assert_agrees(AugmentedRegressor(numbers).fit(X, Y + 0.5), X)


def transformers():
    """Every step of mtlearn.image."""
    entries = [getattr(image, name) for name in image.__all__]
    return [e for e in entries if isinstance(e, type) and hasattr(e, "transform")]


SMALL = {
    "BagOfVisualWords": {"n_words": 4, "random_state": 0},
    "Crop": {"size": (20, 20)},
    "FisherVector": {"n_words": 2, "n_components": 4, "random_state": 0},
    "KMeansPatches": {"n_centres": 5, "n_samples": 500, "random_state": 0},
    "Resize": {"size": (20, 20)},
    "Rotate": {"angle": 10},
    "VLAD": {"n_words": 3, "random_state": 0},
}


@pytest.mark.parametrize("cls", transformers(), ids=lambda cls: cls.__name__)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_every_step_agrees_or_is_refused(cls):
    X = photographs(n=6)
    step = cls(**SMALL.get(cls.__name__, {})).fit(X)
    if cls in steps.IMAGE_STEPS:
        assert_same_features(step, X)
        return
    with pytest.raises(NotImplementedError, match=f"^{cls.__name__} cannot"):
        to_onnx(step, X)


def test_wrong_images():
    X, Y = labelled()
    model = make_pipeline(HOG(), MultiTaskLinearSVC()).fit(X, Y)
    with pytest.raises(ValueError, match=r"HOG was fitted on images of shape \(40"):
        to_onnx(model, X[:, 1:])
    with pytest.raises(NotImplementedError, match=r"StandardScaler cannot.*images"):
        to_onnx(make_pipeline(StandardScaler().fit([[0.0]]), model[-1]), X)
