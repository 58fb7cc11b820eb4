"""Clothing attributes: 26 labels per street photograph, many of them missing."""

import numpy as np
from sklearn.utils import Bunch

from ..image.reading import read_images
from .home import data_folder, require
from .image_table import read_label_csv

__all__ = ["load_clothing_attributes"]

NAME = "clothing_attributes"
SOURCE = (
    "It is the Clothing Attributes Dataset of Chen, Gallagher and Girod (ECCV 2012), "
    "published by Stanford's image, video and multimedia systems group; "
    "mtlearn expects images/*.jpg of 96 x 144 pixels and labels.csv."
)
SUBSETS = (None, "train", "test")

DESCR = """Clothing attributes
===================
1,856 photographs of people, 96 x 144 pixels, with 26 attributes each: 23 binary ones
(1 = no, 2 = yes; gender 1 = male, 2 = female; skin_exposure 1 = low, 2 = high),
sleevelength (1 none, 2 short, 3 long), neckline (1 V-shape, 2 round, 3 other) and
category (1 shirt, 2 sweater, 3 T-shirt, 4 outerwear, 5 suit, 6 tank top, 7 dress).
A label is missing where the six annotators did not agree, 9.6 % of them in all.
Pictures of one `group` are copies of each other: keep a group in one fold.

Source: H. Chen, A. Gallagher, B. Girod, Describing Clothing by Semantic Attributes,
ECCV 2012.
"""


def load_clothing_attributes(*, data_home=None, subset=None, return_X_y=False):
    """Load the clothing attributes data set from its files.

    Parameters
    ----------
    data_home : str, os.PathLike or None
        Folder that holds ``clothing_attributes/`` with ``images/`` and
        ``labels.csv``; None takes the environment variable MTLEARN_DATA.
    subset : {None, "train", "test"}
        Rows of one value of the column ``split``, or all rows.
    return_X_y : bool
        Return ``(images, target)`` instead of a Bunch.

    Returns
    -------
    bunch : Bunch
        ``images`` (n, 144, 96, 3) uint8; ``target`` (n, 26) float, the numbers of
        the original with NaN for missing labels; ``task_names``, in the order of the
        file; ``group`` (n,) int; ``split`` (n,) str; ``filenames``; ``DESCR``.

    Raises
    ------
    FileNotFoundError
        The set is not there; the message says where to get it.
    ImageReadError
        Pictures are absent or damaged.

    Notes
    -----
    Source: H. Chen, A. Gallagher, B. Girod, "Describing Clothing by Semantic
    Attributes", ECCV 2012.
    """
    if subset not in SUBSETS:
        raise ValueError(f"subset must be 'train', 'test' or None, got {subset!r}")
    folder = data_folder(NAME, data_home)
    labels = require(folder and folder / "labels.csv", NAME, SOURCE)
    pictures = require(folder / "images", NAME, SOURCE)
    table = read_label_csv(labels, root=pictures)
    if table.split is None or table.groups is None:
        raise ValueError(f"{labels} lacks the column 'split' or 'group'")
    rows = np.arange(len(table.files))
    if subset is not None:
        rows = np.flatnonzero(np.array(table.split) == subset)
    images = read_images([table.files[row] for row in rows])
    target = table.target[rows].astype(float)  # None becomes NaN
    if return_X_y:
        return images, target
    return Bunch(
        images=images,
        target=target,
        task_names=table.task_names,
        group=np.array([int(table.groups[row]) for row in rows]),
        split=np.array([table.split[row] for row in rows]),
        filenames=[table.files[row] for row in rows],
        DESCR=DESCR,
    )
