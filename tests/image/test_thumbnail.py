"""Thumbnails against scikit-image's area averages."""

import numpy as np
import pytest
from skimage.transform import resize_local_mean

from mtlearn.image import Thumbnail, base
from tests.image.contract import IMAGE_TRANSFORMER_CHECKS


def pictures(*shape):
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize("colours", [(), (3,)], ids=["grey", "colour"])
@pytest.mark.parametrize("check", IMAGE_TRANSFORMER_CHECKS)
def test_contract(check, colours, monkeypatch):
    monkeypatch.setattr(base, "WORTH_THREADS", 0)
    check(Thumbnail(shape=(5, 4)), pictures(10, 17, 13, *colours))


@pytest.mark.parametrize("shape", [(12, 8), (1, 1), (7, 5), (17, 13), (17, 1)])
def test_equals_area_averages(shape):
    images = pictures(3, 17, 13, 3)
    features = Thumbnail(shape=shape).fit_transform(images)
    for image, feature in zip(images, features):
        expected = resize_local_mean(image / 255, shape, channel_axis=-1)
        np.testing.assert_allclose(feature, expected.ravel(), atol=1e-6)


def test_names_and_scale():
    thumbnail = Thumbnail(shape=(1, 2), scale=1).fit(pictures(1, 4, 4, 3))
    names = thumbnail.get_feature_names_out()
    assert names[0] == "thumbnail_r0_c0_ch0"
    assert names[-1] == "thumbnail_r0_c1_ch2"
    white = np.full((1, 4, 4, 3), 255, np.uint8)
    np.testing.assert_array_equal(thumbnail.transform(white), np.full((1, 6), 255))


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"shape": (5, 5)}, r"4 x 4 pixels.*\(5, 5\)"),
        ({"shape": 3}, "rows, columns"),
        ({"shape": (0, 2)}, "rows of shape"),
        ({"scale": np.nan}, "scale"),
    ],
)
def test_wrong_parameters(parameters, words):
    with pytest.raises(ValueError, match=words):
        Thumbnail(**parameters).fit(pictures(1, 4, 4))
