"""Your own pictures and labels: from a CSV file, or from one folder per class.

Both readers return the same kind of Bunch and open no picture:
`mtlearn.image.read_images(table.files)` does that.
"""

import os
from pathlib import Path

import numpy as np
from sklearn.utils import Bunch

from .cell_labels import is_measurement, numbers_or_strings, tag_labels
from .csv_cells import read_cells

__all__ = ["read_image_folders", "read_label_csv"]

FILE_COLUMNS = ("image", "file", "filename", "path")
SPLIT_COLUMN, GROUP_COLUMN = "split", "group"
IMAGE_SUFFIXES = (
    ".bmp .gif .jpeg .jpg .pbm .pgm .png .pnm .ppm .tif .tiff .webp".split()
)


def read_label_csv(path, *, tasks=None, tags=(), missing=(), root=None):
    """Read a table of image files and labels, one row per picture.

    The first row names the columns. The file names stand in the first column called
    image, file, filename or path, else in the first column. The columns ``split``
    and ``group`` are no tasks unless ``tasks`` names them; every other column is.
    Comma, semicolon and tab are told apart by the first row. The encoding is UTF-8.

    Parameters
    ----------
    path : str or os.PathLike
    tasks : sequence of str or None
        Columns to read as tasks, in this order; None reads all.
    tags : sequence of str
        Columns whose cells hold any number of tags, such as ``red;striped``. Each tag
        found becomes a task ``"column:tag"`` with the labels "yes" and "no". An empty
        cell is missing for all of them; the word ``none`` says that no tag applies.
    missing : sequence of str
        Cells that mean a missing label, besides the empty cell.
    root : str, os.PathLike or None
        Folder to which the file names are relative; None means that of the table.

    Returns
    -------
    table : Bunch
        ``files`` list of n paths to open; ``ids`` list of n names as written;
        ``rows`` list of n line numbers in the file; ``target`` (n, n_tasks) object,
        None for missing; ``task_names``; ``numeric_columns``, the tasks that hold
        more than 20 distinct numbers or fractions, so measurements rather than
        labels; ``split`` and ``groups``, lists of n strings, or None without such a
        column.

        A column whose labels are all numbers becomes numbers, integers if all are
        whole; any other column stays strings.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        The table is empty, not UTF-8, has rows of unequal length, names a file
        twice, lacks a column asked for, or mixes numbers with a word like "nan".

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from mtlearn.datasets import read_label_csv
    >>> text = "image,kind,tags\\n1.jpg,shirt,red;plain\\n2.jpg,,none\\n3.jpg,hat,\\n"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "labels.csv")
    ...     _ = path.write_text(text)
    ...     table = read_label_csv(path, tags=["tags"])
    >>> table.task_names
    ['kind', 'tags:plain', 'tags:red']
    >>> table.target.tolist()
    [['shirt', 'yes', 'yes'], [None, 'no', 'no'], ['hat', None, None]]
    """
    path = Path(path)
    tasks, tags, missing = (_names(names) for names in (tasks, tags, missing))
    header, lines, cells = read_cells(path)
    file_column = _file_column(header)
    names = _task_columns(path, header, file_column, tasks, tags)
    columns = {name: [row[i] for row in cells] for i, name in enumerate(header)}
    ids = columns[header[file_column]]
    _check_ids(path, ids, lines)

    labels, numeric = {}, []
    for name in names:
        column = [None if cell in ("", *missing) else cell for cell in columns[name]]
        if name in tags:
            _add_new(path, labels, tag_labels(path, name, column))
        else:
            column = numbers_or_strings(path, name, column, lines)
            _add_new(path, labels, {name: column})
            if is_measurement(column):
                numeric.append(name)
    root = path.parent if root is None else Path(root)
    return _table(
        files=[str(root / name) for name in ids],
        ids=ids,
        rows=lines,
        labels=labels,
        numeric_columns=numeric,
        split=_reserved(columns, SPLIT_COLUMN),
        groups=_reserved(columns, GROUP_COLUMN),
    )


def read_image_folders(path):
    """Read pictures that are sorted into one folder per class.

    Parameters
    ----------
    path : str or os.PathLike
        Folder that holds a folder per class. Pictures are found at any depth below
        it, by their suffix. Names that begin with a dot, and files that are no
        pictures, are left out.

    Returns
    -------
    table : Bunch
        As from `read_label_csv`, sorted by file name, with one task called "label",
        whose labels are the folders' names (strings); ``ids`` are the paths below
        ``path``, with forward slashes; ``rows`` is None.

    Raises
    ------
    FileNotFoundError
        There is no such folder.
    ValueError
        It holds no folders, or one of them holds no picture.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from mtlearn.datasets import read_image_folders
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for kind in ("cat", "dog"):
    ...         pathlib.Path(folder, kind).mkdir()
    ...         pathlib.Path(folder, kind, "1.png").touch()
    ...     table = read_image_folders(folder)
    >>> table.ids, table.target.ravel().tolist()
    (['cat/1.png', 'dog/1.png'], ['cat', 'dog'])
    """
    path = Path(path)
    if not path.is_dir():
        raise FileNotFoundError(f"no such folder: {path}")
    folders = sorted(
        entry
        for entry in path.iterdir()
        if entry.is_dir() and not entry.name.startswith(".")
    )
    if not folders:
        raise ValueError(
            f"{path} holds no folders; expected one per class, as in "
            f"{path / 'class' / 'picture.jpg'}"
        )
    files, labels = [], []
    for folder in folders:
        pictures = _pictures(folder)
        if not pictures:
            raise ValueError(f"{folder} holds no pictures")
        files += pictures
        labels += [folder.name] * len(pictures)
    return _table(
        files=[str(file) for file in files],
        ids=[file.relative_to(path).as_posix() for file in files],
        rows=None,
        labels={"label": labels},
        numeric_columns=[],
        split=None,
        groups=None,
    )


def _table(*, labels, files, **fields):
    target = np.empty((len(files), len(labels)), dtype=object)
    for task, column in enumerate(labels.values()):
        target[:, task] = column
    return Bunch(files=files, target=target, task_names=list(labels), **fields)


def _reserved(columns, word):
    """Cells of the column of that name, in capitals or not; None without one."""
    return next(
        (cells for name, cells in columns.items() if name.lower() == word), None
    )


def _names(names):
    if names is None:
        return None
    return (names,) if isinstance(names, str) else tuple(names)


def _pictures(folder):
    below = ((file, file.relative_to(folder).parts) for file in folder.rglob("*"))
    return sorted(
        file
        for file, parts in below
        if file.suffix.lower() in IMAGE_SUFFIXES
        and not any(part.startswith(".") for part in parts)
        and file.is_file()
    )


def _file_column(header):
    named = [i for i, name in enumerate(header) if name.lower() in FILE_COLUMNS]
    return named[0] if named else 0


def _task_columns(path, header, file_column, tasks, tags):
    """Columns to read, in order; those in tags count as asked for."""
    there = [name for i, name in enumerate(header) if i != file_column]
    absent = [name for name in [*(tasks or ()), *tags] if name not in there]
    if absent:
        raise ValueError(f"{path} has no columns {absent}; it has {there}")
    if tasks is None:
        reserved = {SPLIT_COLUMN, GROUP_COLUMN}
        names = [name for name in there if name.lower() not in reserved or name in tags]
    else:
        names = list(dict.fromkeys([*tasks, *tags]))
    if not names:
        raise ValueError(f"{path} has no column of labels besides {header}")
    return names


def _check_ids(path, ids, lines):
    seen = {}
    for name, line in zip(ids, lines):
        if not name:
            raise ValueError(f"{path}, line {line}: the file name is empty")
        file = os.path.normpath(name)  # 1.png and ./1.png are one picture
        if file in seen:
            raise ValueError(
                f"{path}: the file {name!r} stands on line {seen[file]} and on line "
                f"{line}"
            )
        seen[file] = line


def _add_new(path, labels, more):
    # Only a tag can meet a column: "colour:red" may be both.
    both = sorted(set(labels) & set(more))
    if both:
        raise ValueError(f"{path}: two tasks would be called {both[0]!r}")
    labels.update(more)
