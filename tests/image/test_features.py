"""Every image feature: the contract, and against scikit-image or a slow twin."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from skimage import color
from skimage.feature import (
    fisher_vector,
    graycomatrix,
    graycoprops,
    local_binary_pattern,
)
from sklearn.base import clone

from mtlearn.image import (
    GIST,
    HOG,
    LBP,
    VLAD,
    BagOfVisualWords,
    ColourHistogram,
    ColourMoments,
    DenseSIFT,
    FelzenszwalbHOG,
    FisherVector,
    Haralick,
    KMeansPatches,
    base,
)
from mtlearn.image.gist import even_contrast, gabor_bank, low_pass
from mtlearn.image.grid import cell_edges
from mtlearn.image.lbp import METHODS
from tests.image.contract import IMAGE_TRANSFORMER_CHECKS

WORDS = {"n_words": 6, "n_samples": 500, "random_state": 0}
FEATURES = {
    "LBP": LBP(grid=2),
    "LBP scales": LBP(radius=[1, 2.5], n_points=[8, 12], method="nri_uniform"),
    "histogram": ColourHistogram(grid=(2, 1)),
    "histogram lab": ColourHistogram(space="lab", joint=False, bins=5),
    "moments": ColourMoments(grid=3),
    "GIST": GIST(n_scales=2, n_orientations=4),
    "Haralick": Haralick(grid=2, distances=[1, 2]),
    "Felzenszwalb": FelzenszwalbHOG(pixels_per_cell=5),
    "HOG sizes": HOG(pixels_per_cell=[4, (6, 8)]),
    "SIFT": DenseSIFT(step=(4, 6)),
    "words": BagOfVisualWords(**WORDS),
    "VLAD": VLAD(n_components=10, pyramid=1, **WORDS),
    "Fisher": FisherVector(n_components=10, pyramid=[1, 2], **WORDS),
    "patches": KMeansPatches(n_centres=12, n_samples=800, random_state=0),
    "patches threshold": KMeansPatches(
        n_centres=12, encoding="threshold", step=2, n_samples=800, random_state=0
    ),
}
COLOURED = ("histogram", "histogram lab", "moments")


@pytest.fixture(autouse=True)
def _threads_for_small_batches(monkeypatch):
    monkeypatch.setattr(base, "WORTH_THREADS", 0)


def pictures(n=9, height=27, width=33, colour=True):
    """Smooth and noisy parts, no two alike."""
    rng = np.random.default_rng(0)
    shape = (n, height, width, 3) if colour else (n, height, width)
    images = rng.integers(0, 256, shape)
    ramp = np.linspace(0, 255, width)[:, None] if colour else np.linspace(0, 255, width)
    images[:, : height // 2] = ramp + rng.integers(0, 40, (n, 1, 1, *shape[3:]))
    return images.clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("name", FEATURES)
@pytest.mark.parametrize("check", IMAGE_TRANSFORMER_CHECKS, ids=lambda c: c.__name__)
def test_contract(check, name):
    check(clone(FEATURES[name]), pictures())


@pytest.mark.parametrize("name", sorted(set(FEATURES) - set(COLOURED)))
def test_grey_images(name):
    images = pictures(colour=False)
    transformer = clone(FEATURES[name])
    features = transformer.fit_transform(images)
    assert features.shape == (9, transformer.n_features_out_)
    # A grey image in three channels has (nearly) the same luminance.
    grey3 = np.repeat(images[..., None], 3, axis=3)
    if "LBP" not in name and "patches" not in name and "Haralick" not in name:
        close = clone(transformer).fit_transform(grey3)
        assert_allclose(close, features, atol=2e-2)


@pytest.mark.parametrize("name", COLOURED)
def test_colours_need_colour(name):
    with pytest.raises(ValueError, match="needs colour images"):
        clone(FEATURES[name]).fit(pictures(colour=False))


@pytest.mark.parametrize("radius_points", [(1, 8), (2, 8), (1.5, 6), (3, 12), (2, 16)])
@pytest.mark.parametrize("method", METHODS)
def test_patterns_are_those_of_scikit_image(method, radius_points):
    radius, P = radius_points
    if method == "default" and P > 8:
        pytest.skip("2^P kinds are too many")
    images = pictures(n=4, colour=False)
    images[0, :13] = 7  # in flat parts the rounding decides
    images[1] //= 64
    got = LBP(radius=radius, n_points=P, method=method, grid=(2, 3)).fit_transform(
        images
    )
    got = got.reshape(4, 2, 3, -1)
    rows, columns = cell_edges(27, 2), cell_edges(33, 3)
    for image, found in zip(images, got):
        codes = local_binary_pattern(image, P, radius, method)
        codes = codes.astype(int)
        if method == "ror":
            every = range(1 << P)
            turn = (1 << P) - 1
            least = [
                min(((k >> s) | (k << (P - s))) & turn for s in range(P)) for k in every
            ]
            codes = np.searchsorted(np.unique(least), codes)
        for r in range(2):
            for c in range(3):
                cell = codes[rows[r] : rows[r + 1], columns[c] : columns[c + 1]]
                share = np.bincount(cell.ravel(), minlength=got.shape[3]) / cell.size
                assert_allclose(found[r, c], share, atol=1e-7)


@pytest.mark.parametrize("mean", [False, True])
def test_cooccurrence_is_that_of_scikit_image(mean):
    images = pictures(n=4, colour=False)
    images[0] = 9
    transformer = Haralick(distances=[1, 3], n_levels=8, mean_over_angles=mean)
    got = transformer.fit_transform(images).reshape(4, 2, -1, 6)
    angles = [0, np.pi / 4, np.pi / 2, 3 * np.pi / 4]
    names = (
        "contrast", "dissimilarity", "homogeneity", "ASM", "energy", "correlation",
    )  # fmt: skip
    for image, found in zip(images, got):
        P = graycomatrix(image // 32, [1, 3], angles, 8, symmetric=True, normed=True)
        for k, name in enumerate(names):
            expected = graycoprops(P, name)
            if mean:
                expected = expected.mean(axis=1, keepdims=True)
            assert_allclose(found[:, :, k], expected, rtol=1e-5, atol=1e-6)
    some = Haralick(properties=["energy", "contrast"]).fit_transform(images)
    assert some.shape == (4, 8)


def test_colour_histograms_by_hand():
    images = pictures(n=3)
    convert = {"rgb": lambda x: x, "hsv": color.rgb2hsv}
    for space, function in convert.items():
        got = ColourHistogram(space=space, bins=(4, 3, 2), grid=(2, 3)).fit_transform(
            images
        )
        got = got.reshape(3, 2, 3, 24)
        rows, columns = cell_edges(27, 2), cell_edges(33, 3)
        for image, found in zip(images, got):
            values = function(image / 255)
            for r in range(2):
                for c in range(3):
                    cell = values[rows[r] : rows[r + 1], columns[c] : columns[c + 1]]
                    cell = cell.reshape(-1, 3)
                    counts, _ = np.histogramdd(cell, (4, 3, 2), [(0, 1)] * 3)
                    assert_allclose(found[r, c], counts.ravel() / len(cell), atol=1e-6)


def test_colour_moments_by_hand():
    images = pictures(n=3)
    got = ColourMoments(grid=(3, 2)).fit_transform(images).reshape(3, 3, 2, 6)
    rows, columns = cell_edges(27, 3), cell_edges(33, 2)
    for image, found in zip(images, got):
        luv = color.rgb2luv(image / 255)
        for r in range(3):
            for c in range(2):
                cell = luv[rows[r] : rows[r + 1], columns[c] : columns[c + 1]]
                expected = [*cell.mean(axis=(0, 1)), *cell.var(axis=(0, 1))]
                assert_allclose(found[r, c], expected, rtol=1e-4, atol=1e-4)


def test_brightness_of_white():
    images = pictures(n=9)
    for name in ("histogram", "moments", "GIST", "Haralick", "patches"):
        transformer = clone(FEATURES[name])
        of_bytes = transformer.fit_transform(images)
        of_shares = transformer.set_params(white=1).fit_transform(images / 255)
        assert_allclose(of_shares, of_bytes, atol=2e-3)


def test_gist_by_hand():
    images = pictures(n=2, colour=False)
    got = GIST(n_scales=2, n_orientations=3, grid=2).fit_transform(images)
    transformer = GIST(n_scales=2, n_orientations=3, grid=2)
    pad = transformer._padding((27, 33))
    rows, columns = cell_edges(27, 2), cell_edges(33, 2)
    for image, found in zip(images, got.reshape(2, 2, 2, 6)):
        padded = np.pad(image / 255, [(p, p) for p in pad], "symmetric")
        flat = even_contrast(padded[None], low_pass(padded.shape))[0]
        for k, transfer in enumerate(gabor_bank(padded.shape, 2, 3)):
            energy = np.abs(np.fft.ifft2(np.fft.fft2(flat) * transfer))
            energy = energy[pad[0] : pad[0] + 27, pad[1] : pad[1] + 33]
            for r in range(2):
                for c in range(2):
                    cell = energy[rows[r] : rows[r + 1], columns[c] : columns[c + 1]]
                    assert found[r, c, k] == pytest.approx(cell.mean(), rel=1e-4)


def test_gist_tells_directions():
    stripes = np.zeros((2, 64, 64))
    stripes[0] = 127 + 120 * np.sin(np.arange(64) * 0.3 * 2 * np.pi)
    stripes[1] = stripes[0].T
    got = GIST(n_scales=1, n_orientations=4, grid=1).fit_transform(stripes)
    assert got[0].argmax() == 0
    assert got[1].argmax() == 2


def test_descriptors_by_hand():
    images = pictures(n=2, colour=False)
    sift = DenseSIFT(cell=3, step=5, n_orientations=6)
    got = sift.fit(images).describe(images)
    dy, dx = np.gradient(images.astype(float), axis=(1, 2))
    strength, angle = np.hypot(dx, dy), np.arctan2(dy, dx) * 6 / (2 * np.pi)
    for n, r, c in ((0, 0, 0), (1, 2, 3), (1, 3, 1)):
        expected = np.zeros((4, 4, 6))
        for y, x in np.ndindex(27, 33):
            for i, j in np.ndindex(4, 4):
                ty = 1 - abs(y - (r * 5 + (i + 0.5) * 3 - 0.5)) / 3
                tx = 1 - abs(x - (c * 5 + (j + 0.5) * 3 - 0.5)) / 3
                if ty > 0 and tx > 0:
                    low = int(np.floor(angle[n, y, x]))
                    share = angle[n, y, x] - low
                    vote = ty * tx * strength[n, y, x]
                    expected[i, j, low % 6] += vote * (1 - share)
                    expected[i, j, (low + 1) % 6] += vote * share
        expected = expected.ravel() / np.linalg.norm(expected)
        expected = np.minimum(expected, 0.2)
        assert_allclose(got[n, r, c], expected / np.linalg.norm(expected), atol=1e-4)


def test_cells_of_several_sizes():
    images = pictures(n=3)
    both = HOG(pixels_per_cell=[4, (6, 8)]).fit(images)
    parts = [HOG(pixels_per_cell=cell).fit(images) for cell in (4, (6, 8))]
    expected = np.hstack([part.transform(images) for part in parts])
    assert_array_equal(both.transform(images), expected)
    names = both.get_feature_names_out()
    assert names[0] == "hog4x4_r0_c0_y0_x0_o0"
    assert names[-1].startswith("hog6x8_")
    of_shares = both.transform(images / 255)
    assert_allclose(of_shares, expected, atol=2e-2)


def test_part_based_histograms_by_hand():
    images = pictures(n=2, height=20, width=25).astype(float)
    got = FelzenszwalbHOG(pixels_per_cell=5).fit_transform(images)
    for image, found in zip(images, got.reshape(2, 2, 3, 31)):
        h = np.zeros((4, 5, 18))
        for y, x in np.ndindex(20, 25):
            dy, dx = np.zeros(3), np.zeros(3)
            if 0 < y < 19:
                dy = image[y + 1, x] - image[y - 1, x]
            if 0 < x < 24:
                dx = image[y, x + 1] - image[y, x - 1]
            c = (dx**2 + dy**2).argmax()
            k = int(np.rint(np.arctan2(dy[c], dx[c]) * 9 / np.pi)) % 18
            for r, q in np.ndindex(4, 5):
                ty = 1 - abs(y - (r * 5 + 2)) / 5
                tx = 1 - abs(x - (q * 5 + 2)) / 5
                if ty > 0 and tx > 0:
                    h[r, q, k] += ty * tx * np.hypot(dy[c], dx[c])
        u = h[..., :9] + h[..., 9:]
        energy = (u**2).sum(axis=2)
        for r, q in np.ndindex(2, 3):
            expected = np.zeros(31)
            for i, (down, across) in enumerate(np.ndindex(2, 2)):
                square = energy[r + down : r + down + 2, q + across : q + across + 2]
                norm = np.sqrt(square.sum()) + 1e-4
                cut = np.minimum(h[r + 1, q + 1] / norm, 0.2)
                expected[:18] += cut / 2
                expected[18:27] += np.minimum(u[r + 1, q + 1] / norm, 0.2) / 2
                expected[27 + i] = 0.2357 * cut.sum()
            assert_allclose(found[r, q], expected, atol=1e-4)


def test_visual_words_by_hand():
    images = pictures(n=6, colour=False)
    images[0] = 5  # flat: no descriptor
    bow = BagOfVisualWords(pyramid=1, **WORDS).fit(images)
    vlad = VLAD(pyramid=1, **WORDS).fit(images)
    got, sums = bow.transform(images), vlad.transform(images)
    assert not got[0].any()
    for i in range(1, 6):
        places = bow.descriptor_.describe(images[i : i + 1]).reshape(-1, 128)
        places = places[places.any(axis=1)]
        for words, check in ((bow.words_, "bow"), (vlad.words_, "vlad")):
            nearest = ((places[:, None] - words) ** 2).sum(axis=2).argmin(axis=1)
            if check == "bow":
                share = np.bincount(nearest, minlength=6) / len(places)
                assert_allclose(got[i], np.sqrt(share), atol=1e-6)
            else:
                v = [(places[nearest == k] - words[k]).sum(axis=0) for k in range(6)]
                v = np.array([x / max(np.linalg.norm(x), 1e-12) for x in v]).ravel()
                assert_allclose(sums[i], v / np.linalg.norm(v), atol=1e-5)


def test_fisher_vectors_are_those_of_scikit_image():
    images = pictures(n=6, colour=False)
    fisher = FisherVector(n_components=8, pyramid=1, **WORDS).fit(images)
    got = fisher.transform(images)
    for i in range(6):
        places = fisher.descriptor_.describe(images[i : i + 1]).reshape(-1, 128)
        reduced = fisher.pca_.transform(places[places.any(axis=1)])
        theirs = fisher_vector(reduced, fisher.mixture_, improved=True)
        # Theirs begins with the gradients of the weights, is of unit length, and has
        # those of the spreads with the other sign.
        expected = theirs[6:] / np.linalg.norm(theirs[6:])
        expected[48:] *= -1
        assert_allclose(got[i], expected, atol=1e-4)


@pytest.mark.parametrize("encoding", ["triangle", "threshold"])
def test_patches_by_hand(encoding):
    images = pictures(n=5, height=12, width=14)
    model = KMeansPatches(
        n_centres=7, patch=4, encoding=encoding, alpha=0.2, step=2, grid=(2, 3),
        n_samples=300, random_state=0,
    ).fit(images)  # fmt: skip
    got = model.transform(images).reshape(5, 2, 3, 7)
    rows, columns = cell_edges(5, 2), cell_edges(6, 3)
    for image, found in zip(images.astype(float), got):
        codes = np.zeros((5, 6, 7))
        for r, c in np.ndindex(5, 6):
            patch = image[2 * r : 2 * r + 4, 2 * c : 2 * c + 4]
            # Channel by channel, as a patch lies in a row.
            x = patch.transpose(2, 0, 1).ravel()
            x = (x - x.mean()) / np.sqrt(x.var() + 10)
            white = (x - model.mean_) @ model.whitening_
            if encoding == "triangle":
                z = np.linalg.norm(white - model.centres_, axis=1)
                codes[r, c] = np.maximum(0, z.mean() - z)
            else:
                norm = np.linalg.norm(model.centres_, axis=1)
                codes[r, c] = np.maximum(0, model.centres_ @ white / norm - 0.2)
        for r in range(2):
            for c in range(3):
                cell = codes[rows[r] : rows[r + 1], columns[c] : columns[c + 1]]
                assert_allclose(found[r, c], cell.mean(axis=(0, 1)), atol=1e-3)


def test_whitened_patches_have_unit_covariance():
    rng = np.random.default_rng(0)
    smooth = rng.normal(size=(40, 20, 20)).cumsum(axis=1).cumsum(axis=2)
    images = (smooth - smooth.min()) / np.ptp(smooth) * 255
    model = KMeansPatches(n_centres=20, patch=3, random_state=0).fit(images)
    assert_allclose(model.whitening_, model.whitening_.T, atol=1e-9)
    assert model.centres_.shape == (20, 9)
    again = KMeansPatches(n_centres=20, patch=3, random_state=0).fit(images)
    assert_array_equal(model.centres_, again.centres_)


@pytest.mark.parametrize(
    ("transformer", "match"),
    [
        (LBP(method="best"), "method='best'"),
        (LBP(n_points=17), "n_points == 17"),
        (LBP(radius=[1, 2], n_points=[8, 8, 8]), "one for each of"),
        (LBP(radius=0), "radius == 0"),
        (LBP(grid=40), "they need at least 40 x 40"),
        (ColourHistogram(space="cmyk"), "space='cmyk'"),
        (ColourHistogram(bins=(2, 2)), "one number or three"),
        (ColourMoments(white=0), "white == 0"),
        (GIST(n_scales=0), "n_scales == 0"),
        (Haralick(n_levels=1), "n_levels == 1"),
        (Haralick(distances=30), "distances=30 is more than"),
        (Haralick(properties=["colour"]), "properties='colour'"),
        (DenseSIFT(cell=20), "at least 80 x 80"),
        (FelzenszwalbHOG(pixels_per_cell=10), "at least 30 x 30"),
        (HOG(pixels_per_cell=[]), "holds no size"),
        (BagOfVisualWords(n_words=10_000), "n_words=10000 is more than"),
        (BagOfVisualWords(pyramid=9, n_words=3), "pyramid=9 has 9 x 9 cells"),
        (VLAD(n_components=500, n_words=3), "n_components == 500"),
        (KMeansPatches(patch=28), "smaller than patch=28"),
        (KMeansPatches(n_centres=10**6), "n_centres=1000000 is more than"),
        (KMeansPatches(encoding="hard"), "encoding='hard'"),
    ],
    ids=repr,
)
def test_bad_parameters_are_explained(transformer, match):
    with pytest.raises(ValueError, match=match):
        transformer.fit(pictures())
