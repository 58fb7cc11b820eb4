"""From files and arrays of any size to one batch."""

import io

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from mtlearn.image import (
    HOG,
    Crop,
    ImageReader,
    ImageReadError,
    Resize,
    Rotate,
    read_images,
)


def picture(mode="RGB", size=(30, 20), seed=0):
    rng = np.random.default_rng(seed)
    shape = (size[1], size[0], 3) if mode != "L" else size[::-1]
    image = Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8))
    return image.convert(mode)


def encoded(image, form="PNG", **options):
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def test_paths_bytes_and_arrays_are_one(tmp_path):
    image = picture()
    image.save(tmp_path / "a.png")
    sources = [str(tmp_path / "a.png"), tmp_path / "a.png", encoded(image)]
    sources.append(np.asarray(image))
    batch = ImageReader().fit_transform(sources)
    assert batch.dtype == np.uint8
    for one in batch:
        assert_array_equal(one, np.asarray(image))
    expected = read_images([tmp_path / "a.png"], size=(8, 8), mode="L")
    small = ImageReader((8, 8), mode="L", n_jobs=2).fit_transform(sources)
    for one in small:
        assert_array_equal(one, expected[0])
    as_array = ImageReader((8, 8), mode="L").fit_transform(batch)
    assert_array_equal(as_array, small)


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "CMYK", "1"])
def test_every_mode_becomes_bytes(mode):
    data = encoded(picture(mode), "TIFF")
    assert ImageReader().fit_transform([data]).shape == (1, 20, 30, 3)
    assert ImageReader(mode="L").fit_transform([data]).shape == (1, 20, 30)


def test_arrays_of_all_kinds():
    grey = np.asarray(picture("L"))
    deep = grey.astype(np.uint16) << 8
    read = ImageReader(mode="L").fit_transform([grey, grey[..., None], deep])
    assert_array_equal(read, [grey] * 3)
    mask = ImageReader(mode="L").fit_transform([grey > 100])
    assert_array_equal(np.unique(mask), [0, 255])
    see_through = np.zeros((4, 4, 4), np.uint8)
    assert (ImageReader().fit_transform([see_through]) == 255).all()


def test_exif_orientation():
    image = picture(size=(10, 6))
    exif = Image.Exif()
    exif[274] = 6
    data = encoded(image, "PNG", exif=exif)
    assert ImageReader().fit_transform([data]).shape == (1, 10, 6, 3)


def test_all_bad_pictures_are_named_in_one_error(tmp_path, monkeypatch):
    good = encoded(picture())
    sources = [
        good,
        good[:200],
        str(tmp_path / "no.png"),
        b"no picture",
        np.zeros((3, 3, 3)),
        np.zeros(5, np.uint8),
    ]
    reader = ImageReader((8, 8))
    with pytest.raises(ImageReadError) as caught:
        reader.fit_transform(sources)
    assert [failure.index for failure in caught.value.failures] == [1, 2, 3, 4, 5]
    text = str(caught.value)
    for words in ("no.png: no such file", "10 bytes", "float64 pixels", "shape (5,)"):
        assert words in text
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(ImageReadError, match="more than 100 pixels"):
        reader.fit_transform([good])


def test_bad_pictures_are_marked_and_reported():
    good = encoded(picture())
    reader = ImageReader((8, 8), on_error="mark")
    with pytest.warns(
        UserWarning, match=r"1 image could not be read(.|\n)*marked grey"
    ):
        batch = reader.fit_transform([good, b"broken", good])
    assert (batch[1] == 128).all()
    assert_array_equal(batch[0], batch[2])
    assert [failure.index for failure in reader.failures_] == [1]
    with pytest.raises(ImageReadError):
        reader.transform([b"broken"])
    reader.transform([good])
    assert reader.failures_ == []


def test_a_pipeline_from_files_to_features():
    data = [encoded(picture(seed=i)) for i in range(4)]
    pipeline = make_pipeline(ImageReader((32, 32)), HOG())
    assert pipeline.fit_transform(data).shape == (4, 324)
    assert clone(pipeline).fit(data).transform(data[:1]).shape == (1, 324)


def test_resizing_is_that_of_the_reader():
    image = np.asarray(picture())
    for resize in ("stretch", "crop"):
        got = Resize((12, 9), resize=resize).fit_transform(image[None])
        expected = ImageReader((12, 9), resize=resize).fit_transform([image])
        most = 0 if resize == "stretch" else 40  # half a pixel more is cut off
        assert np.abs(got.astype(int) - expected).max() <= most
    different = [image, image[:15, :10]]
    assert Resize((4, 6), n_jobs=2).fit_transform(different).shape == (2, 6, 4, 3)
    assert_array_equal(Resize((30, 20)).fit_transform(image[None])[0], image)


@pytest.mark.parametrize("dtype", [np.uint16, np.float32, np.float64])
def test_other_types_keep_theirs(dtype):
    image = np.asarray(picture("L")).astype(dtype)
    got = Resize((15, 10)).fit_transform(image[None])
    assert got.dtype == dtype
    as_bytes = Resize((15, 10)).fit_transform(image.astype(np.uint8)[None])
    # Bytes are cut off between rows and columns; others may overshoot.
    assert_allclose(got, as_bytes, atol=5)


def test_crops():
    images = np.arange(2 * 5 * 6).reshape(2, 5, 6)
    assert_array_equal(Crop((4, 3)).fit_transform(images), images[:, 1:4, 1:5])
    box = Crop(box=(1, 0, 3, 5)).fit_transform(list(images))
    assert_array_equal(box, images[:, 0:5, 1:3])
    mixed = [np.zeros((9, 9)), np.zeros((5, 7))]
    assert Crop((5, 5)).fit_transform(mixed).shape == (2, 5, 5)


def test_turns():
    image = np.zeros((1, 21, 21), np.uint8)
    image[0, 10, 18] = 255  # right of the centre
    y, x = np.indices((21, 21))
    turned = Rotate(45).fit_transform(image)[0].astype(float)
    place = (turned * y).sum() / turned.sum(), (turned * x).sum() / turned.sum()
    assert_allclose(place, (10 - 8 / np.sqrt(2), 10 + 8 / np.sqrt(2)), atol=0.3)
    for quarter in range(5):
        got = Rotate(90 * quarter).fit_transform(image)
        assert_array_equal(got[0], np.rot90(image[0], quarter))
    assert Rotate(30, fill=7).fit_transform(image)[0, 0, 0] == 7


@pytest.mark.parametrize(
    ("step", "match"),
    [
        (ImageReader(mode="XYZ"), "mode must be"),
        (ImageReader(size=(0, 3)), "size must be"),
        (ImageReader(resize="zoom"), "resize='zoom'"),
        (ImageReader(on_error="skip"), "on_error='skip'"),
        (Resize(None), "size=None"),
        (Crop(), "one of size=None and box=None"),
        (Crop(box=(3, 0, 3, 5)), "holds no pixel"),
        (Crop((90, 3)), "does not fit into images of 6 x 5"),
        (Rotate(np.nan), "angle"),
    ],
    ids=repr,
)
def test_bad_parameters_are_explained(step, match):
    with pytest.raises(ValueError, match=match):
        step.fit_transform(np.zeros((1, 5, 6), np.uint8))


def test_one_picture_is_not_a_list():
    with pytest.raises(TypeError, match="put one into a list"):
        ImageReader().fit_transform("a.png")
    with pytest.raises(ValueError, match="X is empty"):
        ImageReader().fit_transform([])
