"""Pairs of handwritten digits on photographed textures: six tasks per picture.

The story of a picture: two digits are drawn from scikit-learn's 1,797 handwritten
ones, enlarged and tilted by the picture's rotation, laid next to each other over a
patch of a texture photograph tilted the same way, and noise is added on top.

All tilting is done once: a glyph is a linear map of its 8 x 8 values, and each
texture is turned as a whole, so that a picture only costs a few array slices.
"""

import numpy as np
from scipy import ndimage
from skimage import data as skimage_data
from sklearn.datasets import load_digits
from sklearn.utils import Bunch, check_random_state

__all__ = ["make_multi_digits"]

TASK_NAMES = [
    "left_digit",
    "left_parity",
    "left_above_4",
    "right_digit",
    "texture",
    "rotation",
]
TEXTURES = ("brick", "grass", "gravel")
ROTATIONS = (-20, 0, 20)  # degrees, positive is counter-clockwise
SUBSETS = ("train", "test")
TEST_SHARE = 0.3  # of each digit's images
# Columns of the 512 x 512 photographs; the gap keeps smooth areas from straddling.
TEXTURE_COLUMNS = {"train": slice(0, 320), "test": slice(352, 512)}
SIZES = (24, 96)  # smallest, largest: a tilted patch must fit into the test columns
DIGIT = 0.5  # side of the 8 x 8 grid in pictures; ink fills about 5 x 7 of it
APART = 0.21  # distance of a digit's centre from the picture's, in pictures
SHIFT = 0.03  # largest random shift of a digit, in pictures
# Grey levels, drawn anew for each picture. The photographs are flattened, or grass
# and gravel would bury the digits.
BACKGROUND = (60.0, 110.0)
CONTRAST = (0.2, 0.4)  # of the photograph's own
OPACITY = (0.7, 1.0)  # of the ink
INK = 235.0
CHUNK = 1000  # pictures in work at a time, to bound the memory

DESCR = """Multi-digits
============
Grey pictures of two handwritten digits on a photographed texture, with six tasks:
left_digit (0..9), left_parity (1 = odd), left_above_4 (1 = above four), right_digit
(0..9), texture (brick, grass, gravel) and rotation (-20, 0, 20 degrees, positive is
counter-clockwise). The three tasks of the left digit are related; the others are
independent of them and of each other.

Sources: the digits are those of sklearn.datasets.load_digits (E. Alpaydin, C. Kaynak,
Optical Recognition of Handwritten Digits, UCI, 1998); the textures are the pictures
brick, grass and gravel of skimage.data (CC0Textures). The subsets "train" and "test"
share no digit image and no area of a texture.
"""


def make_multi_digits(
    n_samples=2000,
    *,
    subset="train",
    hidden=None,
    noise=4.0,
    size=48,
    random_state=0,
    return_X_y=False,
):
    """Draw pictures of two digits on a texture, labelled for six tasks.

    Parameters
    ----------
    n_samples : int
    subset : {"train", "test"}
        The two subsets share no digit image and no area of a texture.
    hidden : None, float or dict of {task name: float}
        Share of labels to hide at random, of every task or task by task. The
        pictures and all other labels stay as they are without it, and a larger
        share hides what a smaller one hides and more.
    noise : float
        Standard deviation of the pixel noise, in grey levels of 0 to 255.
    size : int
        Width and height of the pictures in pixels, 24 to 96.
    random_state : int, RandomState or None
    return_X_y : bool
        Return ``(images, target)`` instead of a Bunch.

    Returns
    -------
    bunch : Bunch
        ``images`` (n_samples, size, size) uint8; ``target`` (n_samples, 6) object,
        integers and strings with None for hidden labels; ``task_names``; ``DESCR``.

    Raises
    ------
    ValueError
        A parameter is out of range, or ``hidden`` names a task that does not exist.

    Examples
    --------
    >>> from mtlearn.datasets import make_multi_digits
    >>> bunch = make_multi_digits(100, hidden={"left_digit": 0.9})
    >>> bunch.images.shape, bunch.target.shape
    ((100, 48, 48), (100, 6))
    >>> bunch.task_names[:3]
    ['left_digit', 'left_parity', 'left_above_4']
    >>> sum(label is None for label in bunch.target[:, 0])
    90
    """
    _check_parameters(n_samples, subset, noise, size)
    shares = _hidden_shares(hidden)
    # One row of seeds per subset, so that equal random_state does not give the
    # test pictures the digits of the training pictures in the same order.
    seeds = check_random_state(random_state).randint(2**31 - 1, size=(2, 2))
    picture_seed, hidden_seed = seeds[SUBSETS.index(subset)]
    rng = np.random.RandomState(picture_seed)

    draw = _draw(n_samples, subset, rng)
    images = _render(draw, subset, noise, size, rng)
    target = _target(draw)
    _hide(target, shares, np.random.RandomState(hidden_seed))
    if return_X_y:
        return images, target
    return Bunch(images=images, target=target, task_names=list(TASK_NAMES), DESCR=DESCR)


def _check_parameters(n_samples, subset, noise, size):
    if n_samples < 1:
        raise ValueError(f"n_samples must be at least 1, got {n_samples!r}")
    if subset not in SUBSETS:
        raise ValueError(f"subset must be 'train' or 'test', got {subset!r}")
    if not 0 <= noise < np.inf:
        raise ValueError(f"noise must be a number of at least 0, got {noise!r}")
    if not SIZES[0] <= size <= SIZES[1]:
        raise ValueError(f"size must lie in {SIZES[0]}..{SIZES[1]}, got {size!r}")


def _hidden_shares(hidden):
    """Share of hidden labels per task, in the order of the tasks."""
    if not isinstance(hidden, dict):
        hidden = dict.fromkeys(TASK_NAMES, 0.0 if hidden is None else hidden)
    unknown = [name for name in hidden if name not in TASK_NAMES]
    if unknown:
        raise ValueError(
            f"hidden names unknown tasks {unknown}; the tasks are {TASK_NAMES}"
        )
    for name, share in hidden.items():
        if not 0 <= share <= 1:
            raise ValueError(
                f"hidden must be shares in [0, 1], got {share!r} for {name!r}"
            )
    return [hidden.get(name, 0.0) for name in TASK_NAMES]


def _hide(target, shares, rng):
    for task, share in enumerate(shares):
        # Drawn for every task, so that hiding one changes nothing in the others.
        order = rng.permutation(len(target))
        target[order[: round(share * len(target))], task] = None


def _digit_indices(subset):
    """Indices into load_digits of one subset, stratified, the same for ever."""
    labels = load_digits().target
    rng = np.random.RandomState(0)
    parts = []
    for digit in range(10):
        members = rng.permutation(np.flatnonzero(labels == digit))
        n_test = round(TEST_SHARE * len(members))
        parts.append(members[:n_test] if subset == "test" else members[n_test:])
    return np.sort(np.concatenate(parts))


def _texture_area(name, subset):
    """The part of a texture's photograph that belongs to one subset, (512, w)."""
    return getattr(skimage_data, name)()[:, TEXTURE_COLUMNS[subset]]


def _draw(n_samples, subset, rng):
    """Everything discrete about the pictures, as arrays of length n_samples."""
    pool = _digit_indices(subset)
    return {
        "left": pool[rng.randint(len(pool), size=n_samples)],
        "right": pool[rng.randint(len(pool), size=n_samples)],
        "texture": rng.randint(len(TEXTURES), size=n_samples),
        "rotation": rng.randint(len(ROTATIONS), size=n_samples),
    }


def _target(draw):
    digits = load_digits().target
    left, right = digits[draw["left"]], digits[draw["right"]]
    columns = [
        left,
        left % 2,
        (left > 4).astype(int),
        right,
        np.array(TEXTURES, dtype=object)[draw["texture"]],
        np.array(ROTATIONS)[draw["rotation"]],
    ]
    target = np.empty((len(left), len(columns)), dtype=object)
    for task, column in enumerate(columns):
        target[:, task] = column.tolist()  # plain Python numbers and strings
    return target


def _render(draw, subset, noise, size, rng):
    n_samples = len(draw["left"])
    backgrounds = [
        [_turned_texture(name, subset, angle, size) for angle in ROTATIONS]
        for name in TEXTURES
    ]
    glyphs = np.stack([_glyphs(angle, size) for angle in ROTATIONS])
    images = np.empty((n_samples, size, size), dtype=np.uint8)
    for start in range(0, n_samples, CHUNK):
        rows = slice(start, min(start + CHUNK, n_samples))
        part = {name: values[rows] for name, values in draw.items()}
        pictures = _backgrounds(part, backgrounds, size, rng)
        coverage = _coverage(part, glyphs, size, rng)
        coverage *= rng.uniform(*OPACITY, size=(len(pictures), 1, 1))
        pictures += coverage * (INK - pictures)
        if noise > 0:
            pictures += noise * rng.standard_normal(pictures.shape)
        images[rows] = np.rint(np.clip(pictures, 0, 255))
    return images


def _turned_texture(name, subset, angle, size):
    """A texture area turned by angle, and the corners of all patches inside it.

    Returns
    -------
    turned : (H, W) float
    corners : (m, 2) int
        Upper left corners of the patches of `size` pixels that lie in the area.
    """
    area = _texture_area(name, subset).astype(float)
    area -= area.mean()
    # Splines keep the grain of the photograph, else blur would tell the rotation.
    turned = ndimage.rotate(area, angle, order=3, mode="reflect")
    inside = ndimage.rotate(np.ones_like(area), angle, order=1) > 0.999
    last = size - 1
    # The area is convex: a patch lies inside if its corners do.
    fits = inside[:-last, :-last] & inside[last:, :-last]
    fits &= inside[:-last, last:] & inside[last:, last:]
    return turned, np.argwhere(fits)


def _backgrounds(draw, textures, size, rng):
    n_samples = len(draw["texture"])
    pictures = np.empty((n_samples, size, size))
    places = rng.uniform(size=n_samples)
    for i, (texture, rotation) in enumerate(zip(draw["texture"], draw["rotation"])):
        turned, corners = textures[texture][rotation]
        row, column = corners[int(places[i] * len(corners))]
        pictures[i] = turned[row : row + size, column : column + size]
    pictures *= rng.uniform(*CONTRAST, size=(n_samples, 1, 1))
    return pictures + rng.uniform(*BACKGROUND, size=(n_samples, 1, 1))


def _glyphs(angle, size):
    """All 1,797 digits enlarged and turned, (1797, side, side), ink in 0..1."""
    scale = DIGIT * size / 8  # pixels per cell of the 8 x 8 grid
    half = int(np.ceil(0.66 * DIGIT * size))  # the turned grid's half width
    side = 2 * half + 1
    sine, cosine = np.sin(np.deg2rad(angle)), np.cos(np.deg2rad(angle))
    matrix = np.array([[cosine, sine], [-sine, cosine]]) / scale
    offset = 3.5 - matrix @ np.array([half, half])
    # Enlarging is linear: what becomes of each of the 64 cells tells it all.
    cells = np.eye(64).reshape(64, 8, 8)
    spread = [
        ndimage.affine_transform(cell, matrix, offset, (side, side), order=1)
        for cell in cells
    ]
    ink = load_digits().data / 16 @ np.reshape(spread, (64, -1))
    return ink.reshape(-1, side, side).astype(np.float32)


def _coverage(draw, glyphs, size, rng):
    """How much of each pixel is ink, (n, size, size) in 0..1."""
    n_samples, side = len(draw["left"]), glyphs.shape[-1]
    largest = round(SHIFT * size)
    shifts = rng.randint(-largest, largest + 1, size=(n_samples, 2, 2))
    angles = np.deg2rad(ROTATIONS)[draw["rotation"]]
    # The way from the picture's centre to the right digit; rows point down.
    way = APART * size * np.stack([-np.sin(angles), np.cos(angles)], axis=1)
    ways = np.stack([-way, way], axis=1)
    # Glyphs may reach over the edge: draw on a margin of one glyph and cut it off.
    corners = np.rint(ways + shifts + (size + side) / 2).astype(int)
    canvas = np.zeros((n_samples, size + 2 * side, size + 2 * side), np.float32)
    for digit, name in enumerate(("left", "right")):
        chosen = glyphs[draw["rotation"], draw[name]]
        for i, (row, column) in enumerate(corners[:, digit]):
            place = canvas[i, row : row + side, column : column + side]
            np.maximum(place, chosen[i], out=place)
    return canvas[:, side:-side, side:-side].astype(float)
