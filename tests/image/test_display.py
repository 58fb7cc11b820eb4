"""Pictures of features and copies."""

import sys

import numpy as np
import pytest

from mtlearn.image import (
    GIST,
    HOG,
    VLAD,
    BagOfVisualWords,
    ContactSheet,
    HOGDisplay,
    ImageAugmenter,
    KMeansPatches,
    PatchesDisplay,
)

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("agg")


@pytest.fixture(autouse=True)
def close_figures():
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


def pictures(n=12, colour=False):
    shape = (n, 40, 32, 3) if colour else (n, 40, 32)
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def test_strokes_lie_along_the_edge():
    image = np.zeros((32, 32), dtype=np.uint8)
    image[18:] = 200
    display = HOGDisplay.from_image(image, HOG(orientations=8))
    row, _, orientation = np.unravel_index(display.cells.argmax(), display.cells.shape)
    assert row == 2
    (lines,) = display.ax_.collections
    x, y = np.diff(lines.get_segments()[0], axis=0)[0]
    assert abs(x) > 2 * abs(y)  # a level edge, in the bin around 90 degrees
    display.figure_.savefig("/dev/null", format="png")
    assert orientation in (3, 4)


@pytest.mark.parametrize("colour", [False, True])
def test_the_strongest_cell_is_that_of_the_strongest_edge(colour):
    image = np.full((48, 48), 100, dtype=np.uint8)
    image[:, 30:] = 110
    image[33:41, 5:12] = 255
    image = np.repeat(image[..., None], 3, axis=2) if colour else image
    cells = HOGDisplay.from_image(image, draw=False).cells.sum(axis=2)
    strongest = np.unravel_index(cells.argmax(), cells.shape)
    assert strongest[0] >= 4
    assert strongest[1] <= 1
    assert 0 < cells[0, 3] < cells.max() / 3


@pytest.mark.parametrize("colour", [False, True])
def test_a_contact_sheet(colour):
    images = pictures(3, colour)
    sheet = ContactSheet.from_augmenter(ImageAugmenter(), images, n_copies=4)
    assert sheet.copies.shape == (4, *images.shape)
    shown = sheet.ax_.images[0].get_array()
    assert shown.shape[0] > 3 * 40
    assert shown.shape[1] > 5 * 32
    np.testing.assert_allclose(shown[2:42, 2:34], images[0] / 255)


@pytest.mark.parametrize("colour", [False, True])
def test_centres_and_words(colour):
    images = pictures(colour=colour)
    patches = KMeansPatches(n_centres=7, n_samples=500, random_state=0).fit(images)
    display = PatchesDisplay.from_estimator(patches)
    assert display.patches.shape == ((7, 6, 6, 3) if colour else (7, 6, 6))
    options = {"n_words": 5, "n_samples": 300, "random_state": 0}
    for words in (BagOfVisualWords(**options), VLAD(n_components=9, **options)):
        display = PatchesDisplay.from_estimator(words.fit(images))
        assert display.patches.shape == (5, 36, 36)
        assert display.patches.max() > 0
    with pytest.raises(ValueError, match="GIST has neither centres_ nor words_"):
        PatchesDisplay.from_estimator(GIST())


def test_own_axes_and_absent_matplotlib(monkeypatch):
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots()
    display = HOGDisplay.from_image(pictures()[0], ax=ax)
    assert display.figure_ is figure
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"scikit-mtlearn\[plot\]"):
        ContactSheet(pictures(1), pictures(1)[None]).plot()
