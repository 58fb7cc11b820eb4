"""The pictures and labels of a run, checked and split."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.model_selection import GroupKFold

from ..datasets import make_multi_digits, read_image_folders, read_label_csv
from ..image import ImageReadError, read_images
from ..model_selection import MultiTaskStratifiedKFold
from ..tasks import LabelTable
from .console import UserError, note, user_errors

MIN_ROWS = 20
N_FOLDS = 3
MAX_CLASSES = 20
# Tasks with few labels, where sharing pays.
HIDDEN = {"left_parity": 0.97, "left_above_4": 0.97}


@dataclass
class Data:
    """Training and held-out rows of a run.

    Attributes
    ----------
    images, test_images : ndarray of uint8 (n, height, width) or (n, height, width, 3)
    labels, test_labels : ndarray of object (n, T)
        None where a label is missing.
    task_names : list of str
    groups : ndarray (n,) or None
        Rows of one group stay in one fold.
    """

    images: np.ndarray
    labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    task_names: list
    groups: np.ndarray | None = None

    def folds(self):
        """(train, test) indices of the training rows, the same for every model."""
        if self.groups is None:
            splitter = MultiTaskStratifiedKFold(N_FOLDS, shuffle=True, random_state=0)
        else:
            splitter = GroupKFold(N_FOLDS)
        return list(splitter.split(self.images, self.labels, self.groups))


def demo_data(n_train=2000, n_test=2000):
    """Two handwritten digits on a texture, six tasks, most labels of two hidden."""
    train = make_multi_digits(n_train, subset="train", hidden=HIDDEN)
    test = make_multi_digits(n_test, subset="test")
    names = train.task_names
    return Data(train.images, train.target, test.images, test.target, names)


def read_data(arguments):
    """Data of ``train``: read the table, check the tasks, read and split the rows."""
    with user_errors(ValueError, OSError):
        table = _read_table(arguments)
    labels, names = _usable_tasks(table, arguments.skip_bad)
    images, kept = _read_pictures(table, arguments.size, arguments.skip_bad)
    labels = labels[kept]
    groups = _codes(table.groups, kept)
    train, test = _hold_out(labels, _codes(table.split, kept), groups)
    _check_rows(train, test, groups)
    return Data(
        images[train],
        labels[train],
        images[test],
        labels[test],
        names,
        None if groups is None else groups[train],
    )


def _read_table(arguments):
    if Path(arguments.labels).is_dir():
        if arguments.tasks or arguments.tags:
            raise UserError("--tasks and --tags need a CSV, not a folder per class")
        if arguments.images:
            raise UserError("--images belongs to a CSV; a folder holds its pictures")
        return read_image_folders(arguments.labels)
    return read_label_csv(
        arguments.labels,
        tasks=arguments.tasks,
        tags=arguments.tags,
        missing=arguments.missing,
        root=arguments.images,
    )


def _usable_tasks(table, skip_bad):
    """Labels and names of the tasks that a classifier can learn."""
    bad = {name: f"column {name!r} holds numbers, more than 20 distinct ones or "
           "fractions: regression tasks are not supported yet; leave it out of --tasks"
           for name in table.numeric_columns}  # fmt: skip
    for t, name in enumerate(table.task_names):
        labels = [str(label) for label in table.target[:, t] if label is not None]
        n_labels, seen = len(labels), sorted(set(labels))
        if not seen:
            bad.setdefault(name, f"task {name!r} has no labels")
        elif len(seen) == 1:
            bad.setdefault(name, f"task {name!r} has one class only, {seen[0]!r}")
        elif len(seen) > max(MAX_CLASSES, n_labels / 2):
            text = f"task {name!r} has {len(seen)} different labels, hardly one twice"
            bad.setdefault(name, text)
    good = [t for t, name in enumerate(table.task_names) if name not in bad]
    _refuse_or_list(list(bad.values()), skip_bad and bool(good), hint=bool(good))
    return table.target[:, good], [table.task_names[t] for t in good]


def _read_pictures(table, size, skip_bad):
    """One batch of the pictures that can be read, and their rows."""
    try:
        with user_errors(MemoryError):
            images, kept, failures = read_images(
                table.files, size, n_jobs=-1, on_error="skip"
            )
            if np.array_equal(images[..., 0], images[..., 1]) and np.array_equal(
                images[..., 0], images[..., 2]
            ):
                images = images[..., 0]  # all grey
    except ImageReadError as error:
        images, kept, failures = None, [], error.failures
    except ValueError as error:
        text = str(error).replace("pass size=(width, height)", "pass --size WxH")
        raise UserError(text) from error
    _refuse_or_list(
        [f"{_where(table, i)}{path}: {reason}" for i, path, reason in failures],
        skip_bad and images is not None,
        hint=images is not None,
    )
    return images, kept


def _where(table, i):
    return "" if table.rows is None else f"line {table.rows[i]}: "


def _refuse_or_list(problems, skip_bad, *, hint, most=20):
    """Raise an error that lists the problems, or note each and carry on."""
    if not problems:
        return
    if not skip_bad:
        lines = problems[:most]
        if len(problems) > most:
            lines.append(f"and {len(problems) - most} more")
        if hint:
            lines.append("(--skip-bad carries on without)")
        raise UserError("\n".join(lines))
    for problem in problems:
        note(f"skipped: {problem}")


def _codes(values, kept):
    return None if values is None else np.asarray(values)[kept]


def _hold_out(labels, split, groups):
    """Rows to train and to test on: by the table's own split, else a quarter."""
    if split is not None and {"train", "test"} <= set(split):
        neither = int(np.sum(~np.isin(split, ["train", "test"])))
        if neither:
            note(f"left out: {neither} rows whose split is neither train nor test")
        return np.flatnonzero(split == "train"), np.flatnonzero(split == "test")
    if len(labels) < MIN_ROWS:
        raise UserError(
            f"{len(labels)} pictures are too few; at least {MIN_ROWS} are needed"
        )
    if groups is None:
        splitter = MultiTaskStratifiedKFold(4, shuffle=True, random_state=0)
    else:
        _check_groups(groups, 4)
        splitter = GroupKFold(4)
    return next(splitter.split(np.zeros(len(labels)), labels, groups))


def _check_rows(train, test, groups):
    if len(train) < MIN_ROWS or not len(test):
        raise UserError(
            f"{len(train)} pictures to train on and {len(test)} to test on are too "
            f"few; at least {MIN_ROWS} and 1 are needed"
        )
    if groups is not None:
        _check_groups(groups[train], N_FOLDS)


def _check_groups(groups, least):
    found = len(set(groups))
    if found < least:
        raise UserError(
            f"the column 'group' has {found} different groups among "
            f"{len(groups)} rows; at least {least} are needed to split them"
        )


def describe(data):
    """One line per fact about the rows."""
    height, width = data.images.shape[1:3]
    table = LabelTable(data.labels)
    observed = np.mean([column.observed.mean() for column in table.columns()])
    return (
        f"{len(data.images)} pictures of {width} x {height} to train on, "
        f"{len(data.test_images)} held out; {len(data.task_names)} tasks, "
        f"{observed:.0%} of the training labels known"
    )
