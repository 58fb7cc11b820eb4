"""Fashion-MNIST from its four original files, downloaded on request."""

import gzip
import hashlib
import math
import os
import zlib
from http.client import HTTPException
from urllib.request import urlopen

import numpy as np
from sklearn.datasets import get_data_home
from sklearn.utils import Bunch

from .home import data_folder, require

__all__ = ["load_fashion_mnist"]

NAME = "fashion_mnist"
SOURCE = (
    "It is Zalando Research's Fashion-MNIST, in the project zalandoresearch/"
    "fashion-mnist on GitHub; download=True fetches it."
)
# Tried in this order. Plain http is all the project offers: hence the checksums.
BASE_URLS = ["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"]
TIMEOUT = 30  # seconds without an answer
SHA256 = {
    "train-images-idx3-ubyte.gz": (
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"
    ),
    "train-labels-idx1-ubyte.gz": (
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"
    ),
    "t10k-images-idx3-ubyte.gz": (
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"
    ),
    "t10k-labels-idx1-ubyte.gz": (
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"
    ),
}
PREFIXES = {"train": "train", "test": "t10k"}
TARGET_NAMES = [
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
]

DESCR = """Fashion-MNIST
=============
Grey pictures of clothes, 28 x 28 pixels, in ten classes: 60,000 for training, 10,000
for testing.

Source: H. Xiao, K. Rasul, R. Vollgraf, Fashion-MNIST: a Novel Image Dataset for
Benchmarking Machine Learning Algorithms, arXiv:1708.07747, 2017. MIT licence.
"""


def load_fashion_mnist(
    *, subset="train", data_home=None, download=False, return_X_y=False
):
    """Load Fashion-MNIST from its original files.

    Parameters
    ----------
    subset : {"train", "test"}
        60,000 or 10,000 pictures.
    data_home : str, os.PathLike or None
        Folder that holds ``fashion_mnist/`` with the four ``.gz`` files; None takes
        the environment variable MTLEARN_DATA, and without it scikit-learn's data
        folder (`sklearn.datasets.get_data_home`).
    download : bool
        Fetch files that are not there, about 30 MB for training, and keep them. The
        address is ``http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/``;
        SHA-256 checksums are verified before a file gets its name.
    return_X_y : bool
        Return ``(images, target)`` instead of a Bunch.

    Returns
    -------
    bunch : Bunch
        ``images`` (n, 28, 28) uint8; ``target`` (n,) int, 0..9; ``target_names``;
        ``DESCR``.

    Raises
    ------
    FileNotFoundError
        A file is not there and ``download`` is False.
    ConnectionError
        No address answered.
    ValueError
        A downloaded file has a wrong checksum, or a file is damaged or of another
        kind.

    Notes
    -----
    Source: H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST", arXiv:1708.07747, 2017.
    """
    if subset not in PREFIXES:
        raise ValueError(f"subset must be 'train' or 'test', got {subset!r}")
    folder = data_folder(NAME, data_home, fallback=get_data_home)
    prefix = PREFIXES[subset]
    images_path = folder / f"{prefix}-images-idx3-ubyte.gz"
    labels_path = folder / f"{prefix}-labels-idx1-ubyte.gz"
    for path in (images_path, labels_path):
        if download and not path.exists():
            _download(path)
        require(path, NAME, SOURCE)
    images, target = _read_idx(images_path, 3), _read_idx(labels_path, 1).astype(int)
    if len(images) != len(target):
        raise ValueError(
            f"{images_path} holds {len(images)} pictures, {labels_path} "
            f"{len(target)} labels"
        )
    if return_X_y:
        return images, target
    return Bunch(
        images=images, target=target, target_names=list(TARGET_NAMES), DESCR=DESCR
    )


def _read_idx(path, n_dims):
    """One file in LeCun's idx format: 00 00 08 n_dims, big-endian sizes, bytes."""
    try:
        with gzip.open(path) as file:
            content = file.read()
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f"{path} is damaged or no gzip file: {error}") from error
    n_header = 4 * (1 + n_dims)
    if len(content) < n_header or content[:4] != bytes([0, 0, 8, n_dims]):
        raise ValueError(f"{path} is no idx file of bytes with {n_dims} dimensions")
    shape = tuple(np.frombuffer(content, ">u4", n_dims, offset=4).tolist())
    n_bytes = len(content) - n_header
    if n_bytes != math.prod(shape):
        raise ValueError(
            f"{path} announces {shape} values but holds {n_bytes}: it is damaged"
        )
    # A copy, since an array over bytes is read-only.
    return np.frombuffer(content, np.uint8, offset=n_header).reshape(shape).copy()


def _download(path):
    """Fetch one file from the first address that answers; verify it, then name it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Beside the target, so that os.replace stays on one disk and cannot be halved.
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    failures = []
    for base_url in BASE_URLS:
        url = base_url.rstrip("/") + "/" + path.name
        try:
            found = _copy(url, partial)
            if found != SHA256[path.name]:
                raise ValueError(
                    f"{url} has a wrong SHA-256 checksum: {found} instead of "
                    f"{SHA256[path.name]}; nothing was kept"
                )
            os.replace(partial, path)
            return
        except (OSError, HTTPException) as error:
            failures.append(f"{url}: {error}")
        finally:
            partial.unlink(missing_ok=True)
    raise ConnectionError("could not download " + "; ".join(failures))


def _copy(url, path):
    """Write the content of url to path; return its SHA-256 in hexadecimal."""
    checksum = hashlib.sha256()
    with urlopen(url, timeout=TIMEOUT) as answer, open(path, "wb") as file:
        while block := answer.read(1 << 20):
            checksum.update(block)
            file.write(block)
    return checksum.hexdigest()
