import time

import numpy as np
import pytest
from skimage.feature import hog
from sklearn.datasets import load_digits
from sklearn.svm import LinearSVC

from mtlearn.datasets import make_multi_digits, multi_digits

TASKS = [
    "left_digit",
    "left_parity",
    "left_above_4",
    "right_digit",
    "texture",
    "rotation",
]


@pytest.fixture(scope="module")
def train():
    return make_multi_digits(600)


def test_shapes_types_and_names(train):
    assert train.images.shape == (600, 48, 48)
    assert train.images.dtype == np.uint8
    assert train.target.shape == (600, 6)
    assert train.target.dtype == object
    assert train.task_names == TASKS
    assert "load_digits" in train.DESCR
    types = [{type(label) for label in column} for column in train.target.T]
    assert types == [{int}, {int}, {int}, {int}, {str}, {int}]


def test_labels_are_what_the_names_say(train):
    left, parity, above, right, texture, rotation = train.target.T
    assert set(left) == set(right) == set(range(10))
    assert set(texture) == {"brick", "grass", "gravel"}
    assert set(rotation) == {-20, 0, 20}
    assert all(p == digit % 2 for p, digit in zip(parity, left))
    assert all(a == (digit > 4) for a, digit in zip(above, left))
    assert 0.05 < np.mean(left == right) < 0.2  # drawn independently


def test_same_seed_same_bytes_other_seed_others():
    first, again = make_multi_digits(50), make_multi_digits(50)
    np.testing.assert_array_equal(first.images, again.images)
    np.testing.assert_array_equal(first.target, again.target)
    other = make_multi_digits(50, random_state=1)
    assert (first.images != other.images).any(axis=(1, 2)).all()


def test_subsets_differ_in_their_draws_too(train):
    test = make_multi_digits(600, subset="test")
    assert np.mean(train.target[:, 0] == test.target[:, 0]) < 0.2


def test_return_X_y():
    images, target = make_multi_digits(20, return_X_y=True)
    bunch = make_multi_digits(20)
    np.testing.assert_array_equal(images, bunch.images)
    np.testing.assert_array_equal(target, bunch.target)


def test_train_and_test_share_no_digit_image():
    train = multi_digits._digit_indices("train")
    test = multi_digits._digit_indices("test")
    assert sorted([*train, *test]) == list(range(1797))
    labels = load_digits().target
    shares = np.bincount(labels[test]) / np.bincount(labels)
    np.testing.assert_allclose(shares, 0.3, atol=0.01)


@pytest.mark.parametrize("subset", ["train", "test"])
def test_only_the_subsets_own_digits_are_drawn(subset):
    rng = np.random.RandomState(0)
    draw = multi_digits._draw(3000, subset, rng)
    drawn = {*draw["left"], *draw["right"]}
    assert drawn <= set(multi_digits._digit_indices(subset))
    assert len(drawn) > 500


def test_train_and_test_share_no_area_of_a_texture(monkeypatch):
    """Every pixel of the photograph tells its column; so do the patches."""
    columns = np.broadcast_to(np.arange(512.0), (512, 512))
    monkeypatch.setattr(multi_digits.skimage_data, "brick", lambda: columns)
    reached = {}
    for subset in ("train", "test"):
        area = multi_digits._texture_area("brick", subset)
        ends = []
        for angle in multi_digits.ROTATIONS:
            turned, corners = multi_digits._turned_texture("brick", subset, angle, 48)
            patches = [turned[r : r + 48, c : c + 48] for r, c in corners[::50]]
            values = np.array(patches) + area.mean()
            # A mirrored margin would turn the slope of the columns round.
            for axis in (1, 2):
                slope = np.diff(values, axis=axis)
                np.testing.assert_allclose(slope, np.median(slope), atol=0.3)
            ends.append((values.min(), values.max()))
        reached[subset] = (np.min(ends), np.max(ends))
        # Nothing from beyond the area.
        assert reached[subset][0] >= area.min() - 1
        assert reached[subset][1] <= area.max() + 1
    assert reached["train"][1] + 20 < reached["test"][0]


@pytest.mark.parametrize("angle", multi_digits.ROTATIONS)
def test_digits_and_texture_turn_counter_clockwise_alike(monkeypatch, angle):
    """A bar of ink from left to right, and one in the texture, keep one direction."""
    bar = np.zeros((8, 8))
    bar[3:5] = 16
    bars = type("Digits", (), {"data": bar.reshape(1, 64)})
    monkeypatch.setattr(multi_digits, "load_digits", bars)
    glyph = multi_digits._glyphs(angle, 48)[0]
    stripe = np.zeros((512, 512))
    stripe[240:272] = 200
    monkeypatch.setattr(multi_digits.skimage_data, "brick", lambda: stripe)
    turned, _ = multi_digits._turned_texture("brick", "train", angle, 48)
    for picture in (glyph, turned - turned.min()):
        assert direction(picture) == pytest.approx(angle, abs=4)


def direction(picture):
    """Angle of the ink's main axis, counter-clockwise in degrees."""
    bright = picture > picture.max() / 2
    # The stripe leaves a tilted area; its middle part stays inside.
    rows, columns = np.nonzero(bright)
    near = np.hypot(rows - rows.mean(), columns - columns.mean()) < 120
    rows, columns = rows[near], columns[near]
    _, axes = np.linalg.eigh(np.cov(np.stack([columns, -rows])))
    x, y = axes[:, 1]
    return np.degrees(np.arctan(y / x))


@pytest.mark.parametrize("rotation", range(3))
def test_digits_stand_left_and_right(rotation):
    """The right digit is the higher one after a counter-clockwise turn."""
    draw = {"left": [0], "right": [1], "rotation": [rotation]}
    draw = {name: np.array(values) for name, values in draw.items()}
    glyphs = np.zeros((3, 1797, 33, 33), np.float32)
    glyphs[:, 0, 14:19, 14:19] = 1.0
    glyphs[:, 1, 14:19, 14:19] = 0.5
    ink = multi_digits._coverage(draw, glyphs, 48, np.random.RandomState(0))[0]
    left, right = (np.argwhere(ink == level).mean(axis=0) for level in (1.0, 0.5))
    angle = np.deg2rad(multi_digits.ROTATIONS[rotation])
    way = 2 * multi_digits.APART * 48 * np.array([-np.sin(angle), np.cos(angle)])
    np.testing.assert_allclose(right - left, way, atol=3)  # the random shifts
    np.testing.assert_allclose((left + right) / 2, 23.5, atol=2)
    assert (ink == 1.0).sum() == (ink == 0.5).sum() == 25


@pytest.mark.parametrize("share", [0.0, 0.25, 0.9, 1, 1.0])
def test_hidden_share_of_every_task(train, share):
    hidden = make_multi_digits(600, hidden=share)
    np.testing.assert_array_equal(hidden.images, train.images)
    is_hidden = hidden.target == None  # noqa: E711
    np.testing.assert_array_equal(is_hidden.sum(axis=0), round(600 * share))
    np.testing.assert_array_equal(hidden.target[~is_hidden], train.target[~is_hidden])


def test_hiding_one_task_leaves_the_others(train):
    every = make_multi_digits(600, hidden=0.5).target
    one = make_multi_digits(600, hidden={"right_digit": 0.5}).target
    np.testing.assert_array_equal(one[:, 3], every[:, 3])
    np.testing.assert_array_equal(np.delete(one, 3, 1), np.delete(train.target, 3, 1))


def test_tasks_hide_different_rows_and_more_hides_the_same_rows():
    half = make_multi_digits(600, hidden=0.5).target == None  # noqa: E711
    assert 0.15 < np.mean(half[:, 0] & half[:, 1]) < 0.35
    most = make_multi_digits(600, hidden=0.8).target == None  # noqa: E711
    assert most[half].all()


def test_random_state_may_be_a_generator():
    rng = np.random.RandomState(3)
    first = make_multi_digits(20, random_state=rng)
    second = make_multi_digits(20, random_state=rng)
    assert (first.images != second.images).any()
    again = make_multi_digits(20, random_state=np.random.RandomState(3))
    np.testing.assert_array_equal(first.images, again.images)


@pytest.mark.parametrize("size", [24, 33, 96])
@pytest.mark.parametrize("subset", ["train", "test"])
def test_other_sizes(size, subset):
    images = make_multi_digits(10, size=size, subset=subset).images
    assert images.shape == (10, size, size)
    assert images.std(axis=(1, 2)).min() > 5


def test_noise_is_in_grey_levels():
    clean = make_multi_digits(50, noise=0).images.astype(float)
    noisy = make_multi_digits(50, noise=10).images.astype(float)
    assert np.std(noisy[0] - clean[0]) == pytest.approx(10, rel=0.1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_samples": 0}, "n_samples"),
        ({"subset": "all"}, "subset"),
        ({"noise": -1}, "noise"),
        ({"noise": np.nan}, "noise"),
        ({"size": 20}, "size"),
        ({"size": 97}, "size"),
        ({"hidden": -0.1}, r"shares in \[0, 1\]"),
        ({"hidden": 1.1}, r"shares in \[0, 1\]"),
        ({"hidden": {"texture": np.nan}}, r"shares in \[0, 1\].*texture"),
        ({"hidden": {"colour": 0.5}}, "colour.*left_digit.*rotation"),
    ],
)
def test_wrong_parameters(options, message):
    with pytest.raises(ValueError, match=message):
        make_multi_digits(**options)


def test_difficulty_leaves_room(train):
    """Neither hopeless nor solved; the reference figures are in docs/datasets.md."""
    test = make_multi_digits(400, subset="test")
    X = [[hog(image) for image in bunch.images] for bunch in (train, test)]
    for task, low, high in [(0, 0.35, 0.95), (4, 0.5, 0.95), (5, 0.9, 1.0)]:
        y_train, y_test = (bunch.target[:, task].astype(str) for bunch in (train, test))
        score = LinearSVC(C=0.1).fit(X[0], y_train).score(X[1], y_test)
        assert low <= score <= high, train.task_names[task]


def test_16000_pictures_take_seconds():
    start = time.perf_counter()
    make_multi_digits(16_000)
    assert time.perf_counter() - start < 20  # about 2.5 on two idle cores
