"""HOG: equal to scikit-image, to the slow twin, and a good scikit-learn transformer."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data
from skimage.feature import hog as skimage_hog

from mtlearn._kernels import (
    HOG_BLOCK_NORMS,
    HOG_INSTRUCTION_SETS,
    HOG_MAX_ORIENTATIONS,
    hog_features,
)
from mtlearn.image import HOG, base
from tests.image.contract import IMAGE_TRANSFORMER_CHECKS
from tests.reference.hog import hog as reference_hog

CELLS = st.tuples(st.integers(1, 19), st.integers(1, 19))
BLOCKS = st.tuples(st.integers(1, 3), st.integers(1, 3))


@pytest.fixture(autouse=True)
def _threads_for_small_batches(monkeypatch):
    monkeypatch.setattr(base, "WORTH_THREADS", 0)


def pictures(shape, dtype=np.uint8, seed=0):
    """Noise over a ramp: all directions, and some flat corners."""
    rng = np.random.default_rng(seed)
    if np.dtype(dtype).kind == "f":
        images = rng.normal(size=shape)
    else:
        images = rng.integers(0, 256, shape)
    images[:, :4, :4] = images[:, :1, :1]
    return images.astype(dtype)


def by_skimage(images, **parameters):
    channel_axis = -1 if images[0].ndim == 3 else None
    return np.array(
        [skimage_hog(im, channel_axis=channel_axis, **parameters) for im in images]
    )


def assert_close(got, expected):
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-6)


def by_kernel(images, cell, block, orientations, norm, instructions=None):
    if images.ndim == 3:
        images = images[..., np.newaxis]
    size = [images.shape[1 + i] // cell[i] - block[i] + 1 for i in (0, 1)]
    n_features = int(np.prod(size) * np.prod(block)) * orientations
    features = np.full((len(images), n_features), np.nan, dtype=np.float32)
    hog_features(
        np.ascontiguousarray(images),
        features,
        orientations=orientations,
        pixels_per_cell=cell,
        cells_per_block=block,
        block_norm=norm,
        instructions=instructions,
    )
    return features


@pytest.mark.parametrize("check", IMAGE_TRANSFORMER_CHECKS)
@pytest.mark.parametrize("shape", [(9, 32, 40), (8, 33, 27, 3)], ids=["grey", "colour"])
def test_contract(check, shape):
    check(HOG(pixels_per_cell=8, cells_per_block=2), pictures(shape))


@pytest.mark.parametrize("check", IMAGE_TRANSFORMER_CHECKS)
def test_contract_with_other_parameters(check):
    transformer = HOG(orientations=6, transform_sqrt=True, block_norm="L1-sqrt")
    check(transformer, pictures((8, 24, 30), seed=1))


@settings(deadline=None, max_examples=120)
@given(
    cell=CELLS,
    block=BLOCKS,
    extra=st.tuples(st.integers(0, 30), st.integers(0, 30)),
    orientations=st.integers(1, 20),
    norm=st.sampled_from(HOG_BLOCK_NORMS),
    dtype=st.sampled_from([np.uint8, np.float32, np.float64, np.int16, np.uint16]),
    colour=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_equals_skimage(cell, block, extra, orientations, norm, dtype, colour, seed):
    size = tuple(cell[i] * block[i] + extra[i] for i in (0, 1))
    images = pictures((2, *size) + (3,) * colour, dtype, seed)
    parameters = dict(
        orientations=orientations,
        pixels_per_cell=cell,
        cells_per_block=block,
        block_norm=norm,
    )
    features = HOG(**parameters).fit_transform(images)
    assert_close(features, by_skimage(images, **parameters))


@pytest.mark.parametrize("norm", HOG_BLOCK_NORMS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("colour", [False, True])
def test_equals_skimage_with_transform_sqrt(norm, dtype, colour):
    images = abs(pictures((3, 40, 45) + (3,) * colour, dtype))
    parameters = dict(block_norm=norm, transform_sqrt=True, cells_per_block=(2, 2))
    features = HOG(**parameters).fit_transform(images)
    assert_close(features, by_skimage(images, **parameters))


@pytest.mark.parametrize(
    "dtype", [np.bool_, np.int8, np.float16, np.int64, np.longdouble]
)
def test_equals_skimage_for_other_types(dtype):
    images = (pictures((3, 32, 32)) // 100).astype(dtype)
    features = HOG().fit_transform(images)
    assert_close(features, by_skimage(images, cells_per_block=(2, 2)))


@pytest.mark.parametrize("name", ["camera", "astronaut"])
@pytest.mark.parametrize("scale", [1, np.float32(255), 255.0])
def test_equals_skimage_on_pictures(name, scale):
    """In colour, many channels of float pictures tie up to a rounding error."""
    picture = getattr(data, name)()
    images = picture[np.newaxis] if scale == 1 else picture[np.newaxis] / scale
    features = HOG().fit_transform(images)
    assert_close(features, by_skimage(images, cells_per_block=(2, 2)))


@pytest.mark.parametrize("size", [64, 65, 1024])
def test_large_cells_lose_no_digits(size):
    """Not against scikit-image, which sums votes in float32: 4e-5 off at 128 x 128."""
    y, x = np.mgrid[:size, :size]
    noise = np.random.default_rng(0).integers(0, 256, (size, size))
    tents = 2 * abs((x + 2 * y) % 200 - 100)
    images = np.stack([(3 * y + x) % 251, tents, noise]).astype(np.uint8)
    for norm in HOG_BLOCK_NORMS:
        transformer = HOG(pixels_per_cell=size, cells_per_block=1, block_norm=norm)
        twin = [reference_hog(im, 9, (size, size), (1, 1), norm) for im in images]
        assert_close(transformer.fit_transform(images), np.array(twin))


@pytest.mark.parametrize(
    "orientations", [1, 2, 4, 7, 8, 9, 12, 36, HOG_MAX_ORIENTATIONS]
)
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(2, 30, 41), (2, 30, 41, 3)])
def test_kernel_equals_twin(orientations, dtype, shape):
    images = pictures(shape, dtype)
    for norm in HOG_BLOCK_NORMS:
        setting = (5, 7), (2, 3), orientations, norm
        features = by_kernel(images, *setting)
        cell, block = setting[:2]
        twin = [reference_hog(im, orientations, cell, block, norm) for im in images]
        assert_close(features, np.array(twin))


@pytest.mark.parametrize("orientations", [1, 2, 8, 9, 12, 17])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(3, 16, 16), (2, 21, 50), (2, 37, 23, 3)])
def test_instruction_sets_agree(orientations, dtype, shape):
    images = pictures(shape, dtype)
    for cell, norm in (((8, 8), "L2-Hys"), ((5, 3), "L1-sqrt"), ((11, 9), "L2")):
        setting = cell, (1, 2), orientations, norm
        if shape[2] < 2 * cell[1]:
            continue
        plain = by_kernel(images, *setting, instructions="plain")
        assert np.isfinite(plain).all()
        for instructions in HOG_INSTRUCTION_SETS:
            other = by_kernel(images, *setting, instructions=instructions)
            np.testing.assert_allclose(other, plain, rtol=1e-6, atol=0)


def one_gradient(y, x):
    """A 3 x 3 image whose centre has this gradient, and no other pixel of its row."""
    image = np.zeros((3, 3), dtype=np.int64)
    image[2, 1], image[0, 1] = max(y, 0), max(-y, 0)
    image[1, 2], image[1, 0] = max(x, 0), max(-x, 0)
    return image


def bins_in_the_middle(images, orientations):
    """The bins of the pixels at (1, 1): cells of one pixel."""
    features = by_kernel(images, (1, 1), (1, 1), orientations, "L1")
    return features.reshape(-1, 3, 3, orientations)[:, 1, 1].argmax(axis=1)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
@pytest.mark.parametrize(
    ("y", "x", "degrees"),
    [
        (0, 5, 0),
        (0, -5, 0),
        (7, 7, 45),
        (-7, -7, 45),
        (255, 255, 45),
        (9, 0, 90),
        (-9, 0, 90),
        (3, -3, 135),
        (-3, 3, 135),
    ],
)
def test_bin_bounds_belong_to_the_upper_bin(y, x, degrees, dtype):
    for orientations in (1, 2, 4, 8, 12, 16, 20, 28, 36, 44, 60, 64):
        expected = degrees * orientations // 180
        images = one_gradient(y, x)[np.newaxis].astype(dtype)
        assert bins_in_the_middle(images, orientations) == expected


def test_bin_bounds_are_exact():
    """By one part in 2^52: the rounding of a cotangent would move the bound."""
    close = np.zeros((3, 3))
    close[2, 1], close[1, 2] = 1, 1 + 2**-52
    for columns, expected in ((close, 0), (close.T, 1), (close[:, ::-1], 3)):
        assert bins_in_the_middle(columns[np.newaxis], 4) == expected
    assert bins_in_the_middle(close.T[np.newaxis, :, ::-1], 4) == 2


@pytest.mark.parametrize("orientations", range(1, HOG_MAX_ORIENTATIONS + 1))
def test_every_byte_gradient_meets_the_bin_of_arctan2(orientations):
    y, x = np.mgrid[-255:256, -255:256]
    some = np.random.default_rng(orientations).integers(0, y.size, 3000)
    y, x = y.ravel()[some], x.ravel()[some]
    images = np.stack([one_gradient(*pair) for pair in zip(y, x)]).astype(np.uint8)
    bins = bins_in_the_middle(images, orientations)
    angle = np.rad2deg(np.arctan2(y, x)) % 180
    bounds = 180 / orientations * np.arange(1, orientations)
    expected = (angle[:, np.newaxis] >= bounds).sum(axis=1)
    moved = (x != 0) | (y != 0)
    np.testing.assert_array_equal(bins[moved], expected[moved])


def test_flat_images_have_zero_features():
    for dtype in (np.uint8, np.float32, np.float64):
        for value in (0, 200):
            images = np.full((2, 16, 16), value, dtype=dtype)
            assert not HOG().fit_transform(images).any()


def test_first_strongest_channel_wins():
    rows, columns = np.mgrid[:16, :16].astype(np.uint8)
    flat = np.zeros_like(rows)
    for channels, winner in (
        ((rows, columns, flat), rows),
        ((flat, rows, columns), rows),
        ((columns, rows, flat), columns),
        ((columns, flat, 2 * rows), 2 * rows),
    ):
        colour = np.stack(channels, axis=-1)[np.newaxis]
        for dtype in (np.uint8, np.float32, np.float64):
            features = HOG(cells_per_block=1).fit_transform(colour.astype(dtype))
            inside = HOG(cells_per_block=1).fit_transform(winner[np.newaxis])
            # On the border the other channel may be the only one with a gradient.
            bins = features.reshape(-1, 9).argmax(axis=1)
            np.testing.assert_array_equal(bins, inside.reshape(-1, 9).argmax(axis=1))


def test_integers_stand_for_pairs():
    images = pictures((2, 40, 40))
    pairs = HOG(pixels_per_cell=(5, 5), cells_per_block=(3, 3)).fit_transform(images)
    single = HOG(pixels_per_cell=5, cells_per_block=np.int64(3)).fit_transform(images)
    np.testing.assert_array_equal(single, pairs)


def test_feature_names_follow_the_features():
    transformer = HOG(orientations=3, cells_per_block=(1, 2))
    names = transformer.fit(pictures((1, 16, 32))).get_feature_names_out().tolist()
    assert names[0] == "hog_r0_c0_y0_x0_o0"
    assert names[5] == "hog_r0_c0_y0_x1_o2"
    assert names[6] == "hog_r0_c1_y0_x0_o0"
    assert names[-1] == "hog_r1_c2_y0_x1_o2"
    assert transformer.n_features_out_ == len(names) == 36


def test_tags():
    tags = HOG().__sklearn_tags__()
    assert tags.input_tags.three_d_array
    assert not tags.input_tags.two_d_array


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"block_norm": "l2"}, "'L1', 'L1-sqrt', 'L2', 'L2-Hys'"),
        ({"orientations": 0}, "orientations == 0, must be >= 1"),
        ({"orientations": 65}, "orientations == 65, must be <= 64"),
        ({"pixels_per_cell": (8, 8, 8)}, "pixels_per_cell must be"),
        ({"pixels_per_cell": 0}, "pixels_per_cell == 0"),
        ({"cells_per_block": (2, -1)}, "cells_per_block == -1"),
        ({"pixels_per_cell": (16, 9)}, r"at least 32 x 18\."),
    ],
)
def test_wrong_parameters(parameters, message):
    with pytest.raises(ValueError, match=message):
        HOG(**parameters).fit(pictures((2, 31, 40)))
    with pytest.raises(TypeError):
        HOG(orientations=4.5).fit(pictures((2, 32, 32)))


@pytest.mark.parametrize("shape", [(32, 32), (2, 32, 32, 4), (2, 32, 32, 1), (1,) * 5])
def test_wrong_number_of_dimensions(shape):
    with pytest.raises(ValueError, match=r"\(n, height, width\) or .*, got \("):
        HOG().fit(np.zeros(shape))


def test_lists_of_unequal_images():
    images = [np.zeros((16, 16)), np.zeros((16, 17))]
    with pytest.raises(
        ValueError, match=r"image 0 has \(16, 16\), image 1 has \(16, 17"
    ):
        HOG().fit(images)
    with pytest.raises(ValueError, match="empty list"):
        HOG().fit([])
    assert HOG().fit(images[:1]).transform([]).shape == (0, 36)


def test_lists_of_mixed_types_are_read_as_the_common_type():
    images = pictures((4, 16, 16))
    mixed = [
        images[0],
        images[1].astype(np.float32),
        images[2].astype(float),
        images[3],
    ]
    features = HOG().fit_transform(images.astype(float))
    np.testing.assert_array_equal(HOG().fit_transform(mixed), features)


def test_negative_values_and_transform_sqrt():
    images = pictures((2, 16, 16), np.int16)
    images[1, 3, 3] = -1
    assert np.isfinite(HOG().fit_transform(images)).all()
    with pytest.raises(ValueError, match="without negative values"):
        HOG(transform_sqrt=True).fit_transform(images)


def test_chunks_and_threads_meet_every_image():
    """More images than one chunk holds, and a number that threads do not divide."""
    images = pictures((37, 64, 64), np.float64)
    features = HOG().fit_transform(images)
    expected = np.concatenate([HOG().fit_transform(im[np.newaxis]) for im in images])
    np.testing.assert_array_equal(features, expected)
    np.testing.assert_array_equal(HOG(n_jobs=3).fit_transform(images), expected)


def test_threads_are_used_for_large_batches_only(monkeypatch):
    images = pictures((6, 32, 32))
    calls = []
    monkeypatch.setattr(
        base, "Parallel", lambda **kwargs: calls.append(kwargs) or (lambda jobs: None)
    )
    monkeypatch.setattr(base, "WORTH_THREADS", 6 * 32 * 32)
    HOG(n_jobs=2).fit_transform(images[:5])
    assert not calls
    HOG(n_jobs=1).fit_transform(images)
    assert not calls
    HOG(n_jobs=2).fit_transform(images)
    assert calls == [{"n_jobs": 2, "require": "sharedmem"}]


@pytest.mark.parametrize(
    ("dtype", "sqrt"),
    [(np.uint8, False), (np.uint16, False), (np.uint8, True), (float, True)],
)
def test_conversion_needs_no_copy_of_the_batch(dtype, sqrt):
    tracemalloc = pytest.importorskip("tracemalloc")
    images = abs(pictures((2000, 32, 32), dtype))
    transformer = HOG(pixels_per_cell=16, transform_sqrt=sqrt).fit(images)
    tracemalloc.start()
    try:
        features = transformer.transform(images)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak - features.nbytes < 5e6  # a batch of doubles would be 16e6


def test_kernel_refuses_what_it_cannot_run():
    images = pictures((2, 16, 16))[..., np.newaxis]
    setting = dict(
        orientations=9, pixels_per_cell=(8, 8), cells_per_block=(2, 2), block_norm="L2"
    )
    for change, features in (
        ({}, np.empty((2, 35), dtype=np.float32)),
        ({}, np.empty((1, 36), dtype=np.float32)),
        ({"orientations": 65}, np.empty((2, 36), dtype=np.float32)),
        ({"pixels_per_cell": (0, 8)}, np.empty((2, 36), dtype=np.float32)),
        ({"cells_per_block": (3, 2)}, np.empty((2, 36), dtype=np.float32)),
        ({"instructions": "mmx"}, np.empty((2, 36), dtype=np.float32)),
    ):
        with pytest.raises(ValueError):
            hog_features(images, features, **{**setting, **change})
