import pickle
import warnings

import numpy as np
import pytest
from PIL import Image

from mtlearn.image import reading
from mtlearn.image.reading import ImageReadError, read_image, read_images

RED, BLUE = (255, 0, 0), (0, 0, 255)


@pytest.fixture
def save(tmp_path):
    """Write an image (or an array) under a name; return the path."""

    def write(name, image, **options):
        if isinstance(image, np.ndarray):
            image = Image.fromarray(image)
        path = tmp_path / name
        image.save(path, **options)
        return path

    return write


def gradient(height=20, width=30):
    rows, columns = np.mgrid[:height, :width]
    return np.stack([rows * 8, columns * 8, rows + columns], axis=2).astype(np.uint8)


def test_png_comes_back_as_it_was(save):
    path = save("a.png", gradient())
    image = read_image(path)
    assert image.dtype == np.uint8
    np.testing.assert_array_equal(image, gradient())
    np.testing.assert_array_equal(read_image(str(path)), gradient())


def test_grey_mode_is_pillows_luma(save):
    path = save("a.png", gradient())
    expected = np.asarray(Image.fromarray(gradient()).convert("L"))
    np.testing.assert_array_equal(read_image(path, mode="L"), expected)


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGB", "RGBA", "CMYK"])
@pytest.mark.parametrize(("wanted", "shape"), [("RGB", (20, 30, 3)), ("L", (20, 30))])
def test_every_mode_ends_as_uint8(save, mode, wanted, shape):
    ending = "tif" if mode in ("CMYK", "LA") else "png"
    path = save(f"a.{ending}", Image.fromarray(gradient()).convert(mode))
    image = read_image(path, mode=wanted)
    assert image.shape == shape
    assert image.dtype == np.uint8
    assert image.max() > image.min()


@pytest.mark.parametrize("wanted", ["RGB", "L"])
def test_16_bit_grey_keeps_its_high_byte(save, wanted):
    deep = np.array([[0, 255, 256, 65535]], dtype=np.uint16)
    image = read_image(save("a.png", deep), mode=wanted)
    grey = image[..., 0] if wanted == "RGB" else image
    np.testing.assert_array_equal(grey, [[0, 0, 1, 255]])


def test_16_bit_transparent_level_becomes_white(save):
    deep = np.array([[0, 1000, 2000]], dtype=np.uint16)
    path = save("a.png", deep, transparency=1000)
    np.testing.assert_array_equal(read_image(path, mode="L"), [[0, 255, 7]])


@pytest.mark.parametrize(
    "pixels", [np.array([[0, 70000]], np.int32), np.array([[0, 0.5]], np.float32)]
)
def test_pixels_without_a_known_range_are_a_failure(save, pixels):
    with pytest.raises(ImageReadError, match="8-bit"):
        read_image(save("a.tif", pixels))


def test_transparency_is_laid_on_white(save):
    pixels = np.array([[[255, 0, 0, 255], [255, 0, 0, 0], [0, 0, 0, 128]]], np.uint8)
    image = read_image(save("a.png", pixels))
    np.testing.assert_array_equal(image[0, :2], [RED, (255, 255, 255)])
    assert abs(int(image[0, 2, 0]) - 127) <= 1


def test_transparent_palette_entry_becomes_white(save):
    image = Image.new("P", (2, 1))
    image.putpalette([*RED, *BLUE])
    image.putpixel((1, 0), 1)
    path = save("a.png", image, transparency=0)
    np.testing.assert_array_equal(read_image(path), [[(255, 255, 255), BLUE]])


def test_exif_orientation_is_applied(save):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    image = read_image(save("a.png", gradient(), exif=exif))
    np.testing.assert_array_equal(image, np.rot90(gradient(), -1))


def test_size_is_width_and_height(save):
    path = save("a.png", gradient())
    assert read_image(path, size=(12, 8)).shape == (8, 12, 3)
    assert read_image(path, size=(12, 8), mode="L").shape == (8, 12)


def test_crop_keeps_the_centre_and_stretch_keeps_all(save):
    pixels = np.zeros((10, 30, 3), np.uint8)
    pixels[:, :10], pixels[:, 20:] = RED, BLUE  # black between
    path = save("a.png", pixels)
    assert read_image(path, size=(10, 10), fit="crop").max() == 0
    stretched = read_image(path, size=(10, 10), fit="stretch")
    np.testing.assert_array_equal(stretched[0, 0], RED)
    np.testing.assert_array_equal(stretched[0, -1], BLUE)


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_batch_equals_single_images(save, n_jobs):
    pictures = [np.roll(gradient(), shift, axis=0) for shift in range(5)]
    paths = [save(f"{i}.png", picture) for i, picture in enumerate(pictures)]
    batch = read_images(paths, n_jobs=n_jobs)
    assert batch.flags["C_CONTIGUOUS"]
    np.testing.assert_array_equal(batch, np.stack(pictures))


def test_different_sizes_without_size_name_two_files(save):
    paths = [
        save("a.png", gradient(20, 30)),
        save("b.png", gradient(20, 30)),
        save("c.png", gradient(10, 15)),
    ]
    with pytest.raises(ValueError, match=r"pass size=") as caught:
        read_images(paths)
    assert "a.png is 30 x 20" in str(caught.value)
    assert "c.png is 15 x 10" in str(caught.value)
    assert read_images(paths, size=(6, 4)).shape == (3, 4, 6, 3)


@pytest.fixture
def bad_files(tmp_path, save):
    """One good file among five that cannot be read; {index: reason}."""
    good = save("good.png", gradient())
    whole = save("whole.jpg", gradient(200, 300)).read_bytes()
    (tmp_path / "half.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.jpg").write_text("this is no image")
    (tmp_path / "empty.png").touch()
    (tmp_path / "folder.png").mkdir()
    names = ["absent.png", "half.jpg", "good.png", "text.jpg", "empty.png"]
    paths = [tmp_path / name for name in [*names, "folder.png"]]
    reasons = {
        0: "no such file",
        1: "truncated",
        3: "not an image",
        4: "not an image",
        5: "a folder",
    }
    return good, paths, reasons


def test_all_bad_files_are_collected(bad_files):
    _, paths, reasons = bad_files
    with pytest.raises(ImageReadError, match="5 images could not be read") as caught:
        read_images(paths, n_jobs=2)
    failures = caught.value.failures
    assert [failure.index for failure in failures] == list(reasons)
    for index, path, reason in failures:
        assert path == str(paths[index])
        assert reasons[index] in reason
        assert f"{path}: {reason}" in str(caught.value).split("\n")


def test_skip_reports_what_was_left_out(bad_files):
    good, paths, reasons = bad_files
    images, kept, failures = read_images([*paths, good], on_error="skip")
    np.testing.assert_array_equal(images, np.stack([gradient()] * 2))
    assert kept.tolist() == [2, 6]
    assert [failure.index for failure in failures] == list(reasons)


def test_skip_without_failures_keeps_all(save):
    result = read_images([save("a.png", gradient())], on_error="skip")
    assert result.kept.tolist() == [0]
    assert result.failures == []


def test_nothing_readable_raises_even_with_skip(tmp_path):
    with pytest.raises(ImageReadError, match="1 image could not be read"):
        read_images([tmp_path / "no.png"], on_error="skip")


def test_message_is_cut_after_20_files(tmp_path):
    paths = [tmp_path / f"{i}.png" for i in range(23)]
    with pytest.raises(ImageReadError) as caught:
        read_images(paths)
    lines = str(caught.value).split("\n")
    assert len(lines) == 22
    assert lines[-1] == "and 3 more"
    assert len(caught.value.failures) == 23


def test_error_survives_pickling(tmp_path):
    with pytest.raises(ImageReadError) as caught:
        read_image(tmp_path / "no.png")
    copy = pickle.loads(pickle.dumps(caught.value))
    assert copy.failures == caught.value.failures
    assert str(copy) == str(caught.value)


@pytest.mark.parametrize("limit", [400, 250])  # of 600 pixels: a warning, an error
@pytest.mark.parametrize("action", ["error", "ignore"])
def test_decompression_bomb_is_a_failure_whatever_the_filter(
    save, monkeypatch, limit, action
):
    path = save("a.png", gradient())
    monkeypatch.setattr(reading.Image, "MAX_IMAGE_PIXELS", limit)
    with warnings.catch_warnings():
        warnings.simplefilter(action)
        with pytest.raises(ImageReadError, match=f"more than {limit} pixels"):
            read_image(path)


def test_limit_on_pixels_can_be_lifted(save, monkeypatch):
    path = save("a.png", gradient())
    monkeypatch.setattr(reading.Image, "MAX_IMAGE_PIXELS", None)
    assert read_image(path).shape == (20, 30, 3)


@pytest.mark.parametrize("ending", ["png", "jpg", "gif", "bmp", "tif", "webp", "ppm"])
def test_damaged_bytes_give_pixels_or_our_error(save, tmp_path, ending):
    content = save(f"whole.{ending}", gradient()).read_bytes()
    rng = np.random.default_rng(0)
    outcomes = set()
    for trial in range(40):
        damaged = np.frombuffer(content, np.uint8).copy()
        places = rng.integers(len(damaged), size=4)
        damaged[places] = rng.integers(256, size=4)
        path = tmp_path / f"{trial}.{ending}"
        path.write_bytes(damaged[: rng.integers(1, len(damaged) + 1)].tobytes())
        try:
            outcomes.add(read_image(path, size=(8, 8)).shape)
        except ImageReadError:
            outcomes.add("failure")
    assert outcomes <= {(8, 8, 3), "failure"}
    assert "failure" in outcomes


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "HSV"}, "mode must be"),
        ({"fit": "pad"}, "fit must be"),
        ({"on_error": "ignore"}, "on_error must be"),
        ({"size": 48}, "size must be"),
        ({"size": (48, 0)}, "size must be"),
        ({"size": (48.0, 48)}, "size must be"),
        ({"size": (48, 48, 3)}, "size must be"),
    ],
)
def test_wrong_options(save, options, message):
    with pytest.raises(ValueError, match=message):
        read_images([save("a.png", gradient())], **options)


def test_wrong_paths(tmp_path):
    with pytest.raises(ValueError, match="paths is empty"):
        read_images([])
    with pytest.raises(TypeError, match="list of paths"):
        read_images(str(tmp_path / "a.png"))
    with pytest.raises(TypeError):
        read_image(0)  # a file descriptor to open()
