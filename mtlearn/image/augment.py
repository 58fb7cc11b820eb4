"""Changed copies of images, and what the change does to their labels."""

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real

import numpy as np
from joblib import Parallel, delayed
from scipy.ndimage import affine_transform
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state

from ..validation import check_number
from .batch import ImageBatch

__all__ = ["ImageAugmenter"]

CHANGES = ("flip", "shift", "scale", "rotate", "brightness")


@dataclass(frozen=True)
class Draw:
    """What is done to each image of a batch; every array is (n,).

    Attributes
    ----------
    flip : ndarray of bool
    down, across : ndarray
        Shifts in pixels.
    scale : ndarray
        Factors; above 1 the image is enlarged.
    angle : ndarray
        Degrees, counter-clockwise.
    brightness : ndarray
        Factors.
    """

    flip: np.ndarray
    down: np.ndarray
    across: np.ndarray
    scale: np.ndarray
    angle: np.ndarray
    brightness: np.ndarray

    def changed(self, name):
        """Which images a change has touched, bool (n,)."""
        return {
            "flip": self.flip,
            "shift": (self.down != 0) | (self.across != 0),
            "scale": self.scale != 1,
            "rotate": self.angle != 0,
            "brightness": self.brightness != 1,
        }[name]


class ImageAugmenter(BaseEstimator):
    """Shifts, scales, brightens, and on request rotates and flips images at random.

    Each change is drawn anew for every image. Pixels from outside are those at the
    border.

    Parameters
    ----------
    shift : float in [0, 1), default=0.08
        Largest shift either way, in shares of the height and width.
    scale : float in [0, 1), default=0.1
        Sizes are between ``1 - scale`` and ``1 + scale``; above 1 the image is cropped.
    rotate : float in [0, 180], default=0
        Largest angle either way, in degrees.
    flip : bool, default=False
        Whether left and right change places, in one copy of two. What lies in the hand
        or on the wrist then changes sides: see ``label_map``.
    brightness : float in [0, 1), default=0.2
        Factors are between ``1 - brightness`` and ``1 + brightness``.
    white : float, default=255
        Value of the brightest pixels, which brightness does not pass.
    label_map : dict, default=None
        ``{change: {task: {label: label in the changed image}}}``, such as
        ``{"flip": {"pose": {"left": "right", "right": "left"}}}``. Changes are "flip",
        "shift", "scale", "rotate" and "brightness"; tasks are names or numbers.
    skip : dict, default=None
        ``{change: [tasks]}``: tasks whose label is missing in the changed image, as the
        change makes it unknown.

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.image import ImageAugmenter
    >>> images = np.arange(32, dtype=np.uint8).reshape(1, 4, 8)
    >>> augmenter = ImageAugmenter(shift=0, scale=0, brightness=0, flip=True)
    >>> copies, draw = augmenter.copy(images, random_state=1)
    >>> bool(draw.flip[0]), copies[0, 0].tolist()
    (True, [7, 6, 5, 4, 3, 2, 1, 0])
    """

    def __init__(
        self,
        *,
        shift=0.08,
        scale=0.1,
        rotate=0.0,
        flip=False,
        brightness=0.2,
        white=255,
        label_map=None,
        skip=None,
    ):
        self.shift = shift
        self.scale = scale
        self.rotate = rotate
        self.flip = flip
        self.brightness = brightness
        self.white = white
        self.label_map = label_map
        self.skip = skip

    def check(self):
        """Raise an error that names the parameter, its value and what it may be."""
        for name, most in (("shift", 1), ("scale", 1), ("brightness", 1)):
            check_number(getattr(self, name), name, 0, most, kind=Real)
        check_number(self.rotate, "rotate", 0, 180, kind=Real)
        check_number(self.white, "white", 0, kind=Real, open_low=True)
        if not isinstance(self.flip, bool | np.bool_):
            raise TypeError(f"flip={self.flip!r} must be True or False")
        for name in ("label_map", "skip"):
            value = getattr(self, name) or {}
            if not isinstance(value, Mapping) or not set(value) <= set(CHANGES):
                raise ValueError(
                    f"{name}={value!r} must be a dict from changes to tasks; the "
                    f"changes are {list(CHANGES)}"
                )

    def copy(self, X, random_state=None, n_jobs=None, without=()):
        """A changed copy of every image.

        Parameters
        ----------
        X : array of shape (n, height, width) or (n, height, width, 3), or list
        random_state : int, RandomState or None, default=None
        n_jobs : int, default=None
            Threads; the copies do not depend on it.
        without : sequence of str
            Changes that are left out.

        Returns
        -------
        images : array of the shape and type of X
        draw : Draw
            What was done.
        """
        self.check()
        images = ImageBatch(X)
        draw = self._draw(len(images), images.shape, check_random_state(random_state))
        draw = _left_out(draw, without)
        copies = np.empty((len(images), *(images.shape or ())), dtype=images.dtype)

        def fill(i):
            copies[i] = self._change(np.asarray(images.images[i]), draw, i)

        Parallel(n_jobs=n_jobs, require="sharedmem")(
            delayed(fill)(i) for i in range(len(images))
        )
        return copies, draw

    def _draw(self, n, shape, rng):
        height, width = (shape or (0, 0))[:2]
        between = rng.uniform
        return Draw(
            flip=(rng.random_sample(n) < 0.5) & bool(self.flip),
            down=between(-self.shift, self.shift, n) * height,
            across=between(-self.shift, self.shift, n) * width,
            scale=between(1 - self.scale, 1 + self.scale, n),
            angle=between(-self.rotate, self.rotate, n),
            brightness=between(1 - self.brightness, 1 + self.brightness, n),
        )

    def _change(self, image, draw, i):
        if any(draw.changed(name)[i] for name in ("shift", "scale", "rotate")):
            changed = _warp(image, draw, i)
        else:
            changed = image.astype(float)
        if draw.flip[i]:
            changed = changed[:, ::-1]
        if draw.brightness[i] != 1:
            changed = np.minimum(changed * draw.brightness[i], self.white)
        return changed if image.dtype.kind == "f" else np.rint(changed)

    def change_labels(self, columns, names, draw):
        """Labels of the copies.

        Parameters
        ----------
        columns : list of LabelColumn
            Of the tasks, changed in place.
        names : list of str
        draw : Draw
        """
        for change, tasks in (self.label_map or {}).items():
            for task, labels in tasks.items():
                column = columns[_task_number(task, names)]
                _rename(column, labels, draw.changed(change))
        for change, tasks in (self.skip or {}).items():
            for task in tasks:
                column = columns[_task_number(task, names)]
                column.observed = column.observed & ~draw.changed(change)


def _left_out(draw, without):
    """The draw with some changes undone."""
    parts = dict(vars(draw))
    neutral = {"flip": False, "down": 0.0, "across": 0.0, "scale": 1.0, "angle": 0.0}
    neutral["brightness"] = 1.0
    fields = {"shift": ("down", "across"), "rotate": ("angle",)}
    for change in without:
        for name in fields.get(change, (change,)):
            parts[name] = np.full_like(parts[name], neutral[name])
    return Draw(**parts)


def _warp(image, draw, i):
    """Shift, scale and rotate about the centre, by linear interpolation."""
    turn = np.deg2rad(draw.angle[i])
    cos, sin = np.cos(turn) / draw.scale[i], np.sin(turn) / draw.scale[i]
    matrix = np.array([[cos, sin], [-sin, cos]])
    centre = (np.array(image.shape[:2]) - 1) / 2
    offset = centre - matrix @ (centre + [draw.down[i], draw.across[i]])
    channels = image.astype(float).reshape(*image.shape[:2], -1)
    warped = [
        affine_transform(channel, matrix, offset, order=1, mode="nearest")
        for channel in np.moveaxis(channels, 2, 0)
    ]
    return np.stack(warped, axis=-1).reshape(image.shape)


def _task_number(task, names):
    if str(task) in names and isinstance(task, str):
        return names.index(task)
    if isinstance(task, int | np.integer) and 0 <= task < len(names):
        return int(task)
    raise ValueError(
        f"there is no task {task!r}, as the augmenter says; the tasks are {names}"
    )


def _rename(column, labels, rows):
    """Other labels in some rows of one task."""
    values = column.values.copy()
    if values.dtype.kind in "US":
        longest = max(len(str(v)) for v in [*labels.values(), ""])
        longest = max(longest, values.dtype.itemsize // 4)
        values = values.astype(f"U{longest}")
    for label, renamed in labels.items():
        values[(column.values == label) & rows & column.observed] = renamed
    column.values = values
