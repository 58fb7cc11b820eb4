"""Where data sets lie: one folder that holds a folder per set."""

import os
from pathlib import Path

__all__ = ["DATA_VARIABLE", "data_folder", "require"]

DATA_VARIABLE = "MTLEARN_DATA"


def data_folder(name, data_home=None, fallback=None):
    """The folder of one data set; it need not exist.

    Parameters
    ----------
    name : str
        Name of the set and of its folder.
    data_home : str, os.PathLike or None
        The folder that holds ``name``; None takes the environment variable
        MTLEARN_DATA, and without that what ``fallback()`` returns.

    Returns
    -------
    folder : Path or None
        None where nobody said where to look.
    """
    home = data_home or os.environ.get(DATA_VARIABLE)
    if not home and fallback is not None:
        home = fallback()
    return None if not home else Path(home).expanduser() / name


def require(path, name, source):
    """Return path if it exists, else say what is missing and where to get it.

    Parameters
    ----------
    path : Path or None
        File or folder of the set; None if there is no data home.
    name : str
        Name of the set.
    source : str
        Where the public copy is, in words.
    """
    if path is not None and path.exists():
        return path
    looked = f"not found: {path}" if path is not None else "no data folder is given"
    raise FileNotFoundError(
        f"{name}: {looked}. Pass data_home= or set {DATA_VARIABLE} to the folder that "
        f"holds the folder {name!r}. {source}"
    )
