"""Augmentation: what is changed, what labels become, and that nothing leaks."""

from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, ClassifierMixin, clone, is_classifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from mtlearn.compose import AugmentedClassifier, AugmentedRegressor
from mtlearn.compose.labels import join_labels
from mtlearn.image import HOG, ImageAugmenter
from mtlearn.linear_model import MultiTaskRidge
from mtlearn.metrics import make_multitask_scorer
from mtlearn.model_selection import MultiTaskStratifiedGroupKFold
from mtlearn.svm import MultiTaskLinearSVC
from mtlearn.tasks import LabelTable

FLIP_ONLY = ImageAugmenter(shift=0, scale=0, brightness=0, flip=True)


def flat():
    return FunctionTransformer(lambda X: np.asarray(X).reshape(len(X), -1))


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 200, (30, 16, 20), dtype=np.uint8)


def test_flips_and_what_they_do_to_labels(images):
    Y = pd.DataFrame(
        {
            "pose": np.resize(["left", "right", "up"], 30),
            "hat": [0.0, 1.0, np.nan] * 10,
            "hand": np.arange(30) % 2,
        }
    )
    augmenter = clone(FLIP_ONLY).set_params(
        label_map={"flip": {"pose": {"left": "right", "right": "left"}}},
        skip={"flip": ["hand"]},
    )
    copies, draw = augmenter.copy(images, random_state=0)
    flipped = draw.flip
    assert 5 < flipped.sum() < 25
    assert_array_equal(copies[flipped], images[flipped][:, :, ::-1])
    assert_array_equal(copies[~flipped], images[~flipped])
    joined = join_labels(Y, [draw], augmenter)
    assert joined.shape == (60, 3)
    pd.testing.assert_frame_equal(
        joined[:30].reset_index(drop=True), Y, check_dtype=False
    )
    swap = {"left": "right", "right": "left", "up": "up"}
    expected = np.where(flipped, Y["pose"].map(swap), Y["pose"])
    assert joined["pose"][30:].tolist() == expected.tolist()
    assert_array_equal(joined["hand"][30:].isna(), flipped)
    assert_array_equal(joined["hat"][30:], Y["hat"])


@pytest.mark.parametrize(
    "form", ["array", "object", "masked", "frame", "series", "1-D"]
)
def test_labels_of_any_form(form, images):
    values = np.arange(60).reshape(30, 2) % 3
    Y = {
        "array": values,
        "object": values.astype(object),
        "masked": np.ma.masked_array(values, values == 2),
        "frame": pd.DataFrame(values, columns=["a", "b"]).astype("category"),
        "series": pd.Series(values[:, 0], name="a"),
        "1-D": values[:, 0],
    }[form]
    _, draw = FLIP_ONLY.copy(images, random_state=0)
    joined = join_labels(Y, [draw, draw], FLIP_ONLY)
    table, expected = LabelTable(joined), LabelTable(Y)
    assert (table.ndim, table.names) == (expected.ndim, expected.names)
    assert table.n_rows == 90
    for got, column in zip(table.columns(), expected.columns()):
        assert_array_equal(got.observed, np.tile(column.observed, 3))
        seen = got.observed
        assert_array_equal(got.values[seen], np.tile(column.values, 3)[seen])


def test_shifts_move_what_is_there():
    image = np.zeros((1, 21, 21))
    image[0, 10, 10] = 100
    for seed in range(5):
        augmenter = ImageAugmenter(shift=0.3, scale=0, brightness=0)
        (copy,), draw = augmenter.copy(image, random_state=seed)
        y, x = np.indices(copy.shape)
        centre = (copy * y).sum() / copy.sum(), (copy * x).sum() / copy.sum()
        assert_allclose(centre, (10 + draw.down[0], 10 + draw.across[0]), atol=1e-6)


def test_scales_and_angles_go_the_way_they_say():
    image = np.zeros((1, 41, 41))
    image[0, 20, 30] = 100  # right of the centre
    (copy,), draw = ImageAugmenter(shift=0, scale=0.5, brightness=0).copy(image, 3)
    y, x = np.indices(copy.shape)
    assert (copy * x).sum() / copy.sum() == pytest.approx(
        20 + 10 * draw.scale[0], abs=0.5
    )
    augmenter = ImageAugmenter(shift=0, scale=0, brightness=0, rotate=90)
    (copy,), draw = augmenter.copy(image, random_state=1)
    turn = np.deg2rad(draw.angle[0])
    centre = (copy * y).sum() / copy.sum(), (copy * x).sum() / copy.sum()
    # Counter-clockwise, rows pointing down.
    assert_allclose(centre, (20 - 10 * np.sin(turn), 20 + 10 * np.cos(turn)), atol=0.1)


def test_brightness_keeps_white_and_types(images):
    augmenter = ImageAugmenter(shift=0, scale=0, brightness=0.9)
    copies, draw = augmenter.copy(images, random_state=0)
    assert copies.dtype == np.uint8
    expected = np.minimum(images * draw.brightness[:, None, None], 255)
    assert np.abs(copies - expected).max() <= 0.5 + 1e-9
    bright = (
        clone(augmenter).set_params(white=1.0).copy(images / 255, random_state=0)[0]
    )
    assert bright.dtype == float
    assert bright.max() <= 1


def test_the_default_keeps_left_right_and_upright():
    augmenter = ImageAugmenter()
    assert not augmenter.flip
    assert augmenter.rotate == 0
    _, draw = augmenter.copy(np.zeros((20, 8, 8)), random_state=0)
    assert not draw.changed("flip").any()
    assert not draw.changed("rotate").any()
    assert draw.changed("shift").all()


def test_copies_depend_on_the_seed_only(images):
    augmenter = ImageAugmenter(flip=True, rotate=10)
    one = augmenter.copy(images, random_state=0, n_jobs=1)[0]
    assert_array_equal(augmenter.copy(images, random_state=0, n_jobs=2)[0], one)
    assert_array_equal(augmenter.copy(list(images), random_state=0)[0], one)
    assert (augmenter.copy(images, random_state=1)[0] != one).any()
    colour = np.repeat(images[..., None], 3, axis=3)
    assert_array_equal(augmenter.copy(colour, random_state=0)[0][..., 1], one)


class Spy(ClassifierMixin, BaseEstimator):
    """Remembers what it was given."""

    seen: ClassVar[list] = []

    def fit(self, X, y, sample_weight=None):
        self.classes_ = [np.array([0, 1])] * 2
        Spy.seen.append((np.asarray(X), y, sample_weight))
        return self

    def predict(self, X):
        return np.zeros((len(X), 2))


def test_copies_share_the_weight_of_their_row(images):
    Y = np.arange(60).reshape(30, 2) % 2
    weight = np.random.default_rng(0).uniform(0.5, 2, 30)
    Spy.seen.clear()
    AugmentedClassifier(Spy(), n_copies=2, random_state=0).fit(images, Y, weight)
    X, labels, weights = Spy.seen[0]
    assert X.shape == (90, 16, 20)
    assert_array_equal(X[:30], images)
    assert_array_equal(labels, np.tile(Y, (3, 1)))
    assert_allclose(weights.reshape(3, 30).sum(axis=0), weight)
    assert_allclose(weights[:30], weight / 3)
    AugmentedClassifier(Spy(), n_copies=1).fit(images, Y, np.ones((30, 2)))
    assert Spy.seen[1][2].shape == (60, 2)


def test_no_copies_is_the_estimator_itself(images):
    Y = np.random.default_rng(0).integers(0, 2, (30, 2))
    pipeline = make_pipeline(flat(), MultiTaskLinearSVC(C=1e-6))
    plain = clone(pipeline).fit(images, Y)
    model = AugmentedClassifier(pipeline, n_copies=0).fit(images, Y)
    for a, b in zip(model.decision_function(images), plain.decision_function(images)):
        assert_allclose(a, b, rtol=1e-5)
    assert is_classifier(model)
    assert not hasattr(model, "predict_proba")


def test_no_copy_of_a_test_image_is_learned(images):
    """Rows are told apart by their brightest pixel, which no change moves here."""
    marked = np.minimum(images, 100)
    marked[np.arange(30), 8, 10] = 101 + np.arange(30)
    Y = np.arange(60).reshape(30, 2) % 2
    augmenter = ImageAugmenter(shift=0, scale=0, brightness=0, flip=True)
    Spy.seen.clear()
    cross_validate(
        AugmentedClassifier(Spy(), augmenter, n_copies=2, random_state=0),
        marked,
        Y,
        cv=KFold(3),
        scoring=make_multitask_scorer("accuracy"),
        error_score="raise",
    )
    for k, (X, _, _) in enumerate(Spy.seen):
        rows = set(X.max(axis=(1, 2)) - 101)
        assert not rows & set(range(10 * k, 10 * k + 10))


def test_a_search_inside_needs_folds_by_groups(images):
    Y = np.random.default_rng(0).integers(0, 2, (30, 2))
    pipeline = make_pipeline(flat(), Spy())
    inner = GridSearchCV(
        pipeline, {"spy": [Spy()]}, cv=MultiTaskStratifiedGroupKFold(2), refit=False,
        scoring=make_multitask_scorer("accuracy"),
    )  # fmt: skip
    Spy.seen.clear()
    AugmentedClassifier(inner, FLIP_ONLY, random_state=0).fit(images, Y)
    for X, _, _ in Spy.seen:
        rows = {tuple(sorted(row)) for row in X.reshape(len(X), -1)}
        assert len(X) == 2 * len(rows)  # every image with its copy
    with pytest.raises(ValueError, match="would test on copies"):
        AugmentedClassifier(inner.set_params(cv=2)).fit(images, Y)
    with_groups = clone(inner).set_params(cv=GroupKFold(3))
    AugmentedClassifier(with_groups, n_copies=0).fit(
        images, Y, groups=np.arange(30) // 2
    )


def test_a_search_outside(images):
    Y = np.random.default_rng(0).integers(0, 2, (30, 2)).astype(float)
    Y[:5, 0] = np.nan
    pipeline = make_pipeline(HOG(pixels_per_cell=4), MultiTaskLinearSVC(C=0.1))
    search = GridSearchCV(
        AugmentedClassifier(pipeline, random_state=0),
        {"n_copies": [0, 1], "estimator__multitasklinearsvc__sharing": [0, 0.5]},
        cv=KFold(2),
        scoring=make_multitask_scorer("accuracy"),
        error_score="raise",
    ).fit(images, Y)
    assert np.isfinite(search.best_score_)
    assert search.predict(images).shape == (30, 2)


@pytest.mark.parametrize("method", ["predict_proba", "decision_function"])
def test_the_mean_over_copies_answers(method, images):
    y = np.random.default_rng(0).integers(0, 2, 30)
    pipeline = make_pipeline(flat(), LogisticRegression(C=1e-4, max_iter=1000))
    model = AugmentedClassifier(
        pipeline, FLIP_ONLY, predict_copies=3, random_state=0
    ).fit(images, y)
    got = getattr(model, method)(images)
    assert_array_equal(got, getattr(model, method)(images))  # repeatable
    both = [
        getattr(model.estimator_, method)(part) for part in (images, images[:, :, ::-1])
    ]
    low, high = np.minimum(*both), np.maximum(*both)
    assert ((got >= low - 1e-9) & (got <= high + 1e-9)).all()
    assert (got != both[0]).any()
    positive = got[:, 1] > 0.5 if method == "predict_proba" else got > 0
    if method == "predict_proba":
        assert_array_equal(model.predict(images), positive.astype(int))
    # What changes labels is left out at prediction.
    mapped = clone(FLIP_ONLY).set_params(label_map={"flip": {0: {0: 1, 1: 0}}})
    model.set_params(augmenter=mapped).fit(images, y)
    assert_allclose(model.predict_proba(images), model.estimator_.predict_proba(images))


def test_numbers(images):
    Y = images.reshape(30, -1)[:, :2].astype(float)
    model = AugmentedRegressor(
        make_pipeline(flat(), MultiTaskRidge(C=1e-6)), predict_copies=2, random_state=0
    ).fit(images, Y)
    assert model.predict(images).shape == (30, 2)
    assert np.isfinite(model.score(images, Y))
    no_weights = make_pipeline(flat(), FunctionTransformer())
    with pytest.raises(ValueError, match="takes no sample_weight"):
        AugmentedRegressor(no_weights).fit(images, Y, np.ones(30))
    alone = AugmentedRegressor(make_pipeline(flat(), Ridge())).fit(images, Y[:, 0])
    assert alone.predict(images).shape == (30,)


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"shift": 2}, "shift == 2"),
        ({"rotate": -1}, "rotate == -1"),
        ({"white": 0}, "white == 0"),
        ({"skip": {"mirror": ["a"]}}, r"changes are \['flip'"),
        ({"label_map": ["flip"]}, "must be a dict"),
        ({"skip": {"flip": ["nobody"]}}, "no task 'nobody'"),
    ],
)
def test_bad_augmenters_are_explained(changes, match, images):
    augmenter = ImageAugmenter(**{"flip": True, **changes})
    with pytest.raises(ValueError, match=match):
        AugmentedClassifier(Spy(), augmenter).fit(images, np.zeros((30, 2)))
    with pytest.raises(TypeError, match="flip='yes'"):
        ImageAugmenter(flip="yes").copy(images)
