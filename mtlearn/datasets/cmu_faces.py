"""CMU faces: who, which way, in what mood, with or without sunglasses."""

import numpy as np
from sklearn.utils import Bunch

from ..image.reading import read_images
from .home import data_folder, require

__all__ = ["load_cmu_faces"]

NAME = "cmu_faces"
TASK_NAMES = ["name", "pose", "expression", "eyes"]
SOURCE = (
    "It is the set CMU Face Images of the UCI Machine Learning Repository; mtlearn "
    "expects the half-size pictures, "
    "faces/<user>/<user>_<pose>_<expression>_<eyes>_2.pgm."
)

DESCR = """CMU faces
=========
624 grey pictures of 20 people, 64 x 60 pixels, with four labels each: name (20 users),
pose (left, right, straight, up), expression (angry, happy, neutral, sad) and eyes
(open, sunglasses). No label is missing. Leave users out (`groups`) to judge pose,
expression and eyes. Expression is next to impossible at this size: a task to watch
for harm done to the others.

Source: T. Mitchell, Machine Learning, 1997, chapter 4.
"""


def load_cmu_faces(*, data_home=None, return_X_y=False):
    """Load the CMU face images from their PGM files.

    Parameters
    ----------
    data_home : str, os.PathLike or None
        Folder that holds ``cmu_faces/faces/``; None takes the environment variable
        MTLEARN_DATA.
    return_X_y : bool
        Return ``(images, target)`` instead of a Bunch.

    Returns
    -------
    bunch : Bunch
        ``images`` (624, 60, 64) uint8; ``target`` (624, 4) object, strings;
        ``task_names`` name, pose, expression, eyes; ``groups`` (624,) the user;
        ``filenames``, sorted; ``DESCR``.

    Raises
    ------
    FileNotFoundError
        The set is not there; the message says where to get it.
    ImageReadError
        Pictures are damaged.
    ValueError
        A file name does not follow the pattern.

    Notes
    -----
    Source: T. Mitchell, "Machine Learning", 1997, chapter 4.
    """
    folder = data_folder(NAME, data_home)
    faces = require(folder and folder / "faces", NAME, SOURCE)
    paths = sorted(faces.glob("*/*_2.pgm"))
    if not paths:
        require(faces / "<user>" / "*_2.pgm", NAME, SOURCE)
    images = read_images(paths, mode="L")
    target = np.array([_labels(path) for path in paths], dtype=object)
    if return_X_y:
        return images, target
    return Bunch(
        images=images,
        target=target,
        task_names=list(TASK_NAMES),
        groups=target[:, 0].astype(str),
        filenames=[str(path) for path in paths],
        DESCR=DESCR,
    )


def _labels(path):
    parts = path.stem.split("_")
    if len(parts) != len(TASK_NAMES) + 1:
        raise ValueError(
            f"{path}: the name should be <user>_<pose>_<expression>_<eyes>_2.pgm"
        )
    return parts[:-1]
