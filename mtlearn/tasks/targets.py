"""What the tasks ask of a model, in plain arrays."""

from dataclasses import dataclass, replace

import numpy as np

from .groups import alphabets, read_label_groups
from .kinds import read_task_types
from .labels import LabelTable
from .weights import class_weights, read_sample_weight, resolve_task_weight


@dataclass
class OwnRows:
    """Labels of tasks that have their own rows.

    Attributes
    ----------
    task_ids : array-like (n_rows,)
    y : array-like (n_rows,)
    """

    task_ids: object
    y: object


@dataclass
class TaskTargets:
    """Observed (row, task) pairs, and the score columns that must explain them.

    Only observed pairs of positive weight are kept, sorted by task, so memory is
    O(observed labels) however many tasks there are. A task with two classes owns one
    score column, with c > 2 classes c columns, a regression task one, and a task
    without labels, or with one class and tied to nobody, none.

    Attributes
    ----------
    names : list of str, length T
    kinds : list of {"classification", "regression"}, length T
    ndim : {1, 2}
        Dimension of the Y that was given, hence of the predictions.
    n_rows : int
    indptr : ndarray (T + 1,)
        Task t owns the pairs ``indptr[t]:indptr[t + 1]``.
    row : ndarray of int32 (n_pairs,)
    value : ndarray (n_pairs,)
        Codes into ``classes[t]``, or numbers of a regression task.
    weight : ndarray of float64 (n_pairs,)
        sample_weight x task_weight.
    task_weight : ndarray (T,)
    classes : list of ndarray or None, length T
        Labels of each task; tasks of one label group have the union.
    label_groups : list of tuple of int
        Tasks that ask the same question.
    columns : ndarray of int (T + 1,)
        Task t owns the score columns ``columns[t]:columns[t + 1]``.
    column_task, column_label : ndarray of int (K,)
        The task, and the class code, that a score column speaks for.
    column_tie : ndarray of int (K,)
        Columns of one label group and one label have the same tie.
    constant : ndarray of int (T,)
        The code of the only class seen, else -1.
    one_unit : bool
        Whether the numbers of all regression tasks are of one unit.
    row_weight : ndarray (n_rows,) or None
        What the labels of each row weigh together, whatever their classes.
    """

    names: list
    kinds: list
    ndim: int
    n_rows: int
    indptr: np.ndarray
    row: np.ndarray
    value: np.ndarray
    weight: np.ndarray
    task_weight: np.ndarray
    classes: list
    label_groups: list
    columns: np.ndarray
    column_task: np.ndarray
    column_label: np.ndarray
    column_tie: np.ndarray
    constant: np.ndarray
    one_unit: bool = False
    row_weight: np.ndarray = None

    @property
    def n_tasks(self):
        return len(self.names)

    @property
    def n_columns(self):
        return int(self.columns[-1])

    def pairs(self, t):
        """Rows, values and weights of the observed labels of task ``t``."""
        part = slice(self.indptr[t], self.indptr[t + 1])
        return self.row[part], self.value[part], self.weight[part]

    def without_rows(self):
        """The same tasks and columns, without any label."""
        return replace(
            self,
            n_rows=0,
            indptr=np.zeros_like(self.indptr),
            row=self.row[:0],
            value=self.value[:0],
            weight=self.weight[:0],
        )

    def of_labelled_rows(self):
        """The same for the rows that have labels, and which these are.

        Returns
        -------
        rows : ndarray of intp, ascending
        targets : TaskTargets
        """
        seen = np.zeros(self.n_rows, dtype=bool)
        seen[self.row] = True
        rows = np.flatnonzero(seen)
        place = (np.cumsum(seen) - 1).astype(self.row.dtype)
        return rows, replace(
            self,
            n_rows=len(rows),
            row=place[self.row],
            row_weight=self.row_weight[rows],
        )

    def without_task_weight(self):
        """The same with sample weights only, whatever the tasks weigh."""
        task = np.repeat(np.arange(self.n_tasks), np.diff(self.indptr))
        return replace(self, weight=self.weight / self.task_weight[task])

    def group_of(self, t):
        """The tasks that ask the same question as task ``t``, itself included."""
        return next((group for group in self.label_groups if t in group), (t,))

    def label_shares(self, t):
        """Share of each class of ``classes[t]`` among the labels of t's group."""
        counts = np.zeros(len(self.classes[t]))
        for u in self.group_of(t):
            _, code, weight = self.pairs(u)
            counts += np.bincount(code.astype(int), weight, minlength=len(counts))
        return counts / counts.sum()

    def in_units(self, center, scale):
        """The same, with the numbers of regression tasks as ``(y - center) / scale``.

        Parameters
        ----------
        center, scale : ndarray (T,)
            Ignored where a task holds labels.
        """
        value = self.value.astype(np.float64)
        for t in np.flatnonzero([known is None for known in self.classes]):
            part = slice(self.indptr[t], self.indptr[t + 1])
            value[part] = (value[part] - center[t]) / scale[t]
        return replace(self, value=value)

    @classmethod
    def read(
        cls,
        Y,
        kind,
        *,
        sample_weight=None,
        task_weight=None,
        null_loss=None,
        label_groups=(),
        class_weight=None,
    ):
        """Read labels of any form.

        Parameters
        ----------
        Y : OwnRows, or see :class:`LabelTable`
        kind : {"classification", "regression"}, or see :func:`read_task_types`
            How to read every column.
        sample_weight : None or array-like, (n_rows,) or (n_rows, n_tasks)
        task_weight : see :func:`resolve_task_weight`
        null_loss : callable (kind, values, weights) -> float, optional
            Mean loss of the best constant on one task, for ``"null_loss"``.
        label_groups : see :func:`read_label_groups`
            ``()`` ties nothing.
        class_weight : see :func:`class_weights`
        """
        if isinstance(Y, OwnRows):
            return cls.from_column(
                Y.task_ids, Y.y, kind, sample_weight=sample_weight,
                task_weight=task_weight, null_loss=null_loss,
                label_groups=label_groups, class_weight=class_weight,
            )  # fmt: skip
        table = LabelTable(Y)
        sample_weight = read_sample_weight(sample_weight, table.n_rows, table.n_tasks)
        kinds = read_task_types(kind, table)
        parts = [
            observed_pairs(table, t, kind, sample_weight)
            for t, kind in enumerate(kinds)
        ]
        return cls._assemble(
            parts, table.names, kinds, table.ndim, table.n_rows, task_weight, null_loss,
            label_groups, class_weight,
        )  # fmt: skip

    @classmethod
    def from_column(
        cls,
        task_ids,
        y,
        kind,
        *,
        sample_weight=None,
        task_weight=None,
        null_loss=None,
        label_groups=None,
        class_weight=None,
    ):
        """Read tasks that have their own rows: one task id and one label per row.

        The tasks ask the same question, in one unit: they form one label group, or, if
        they hold labels, as many as there are :func:`alphabets`. No (n_rows, n_tasks)
        array is ever made.
        """
        table = LabelTable(y)
        sample_weight = read_sample_weight(sample_weight, table.n_rows, 1)
        row, value, weight, categories = observed_pairs(table, 0, kind, sample_weight)
        task_ids = read_task_ids(task_ids, table.n_rows)
        tasks, code = np.unique(task_ids, return_inverse=True)
        order = np.argsort(code[row], kind="stable")
        cuts = np.searchsorted(code[row][order], np.arange(1, len(tasks)))
        split = [np.split(part[order], cuts) for part in (row, value, weight)]
        parts = [(*part, categories) for part in zip(*split)]
        names = [task_name(task) for task in tasks]
        if callable(label_groups):
            label_groups = label_groups(names)
        if label_groups is None:
            label_groups = "all"
            if kind == "classification":
                label_groups = alphabets([part[1] for part in parts])
        targets = cls._assemble(
            parts, names, [kind] * len(tasks), 2, table.n_rows, task_weight, null_loss,
            label_groups, class_weight,
        )  # fmt: skip
        return replace(targets, one_unit=True)

    @classmethod
    def _assemble(
        cls, parts, names, kinds, ndim, n_rows, task_weight, null_loss, label_groups,
        class_weight,
    ):  # fmt: skip
        groups = read_label_groups(label_groups, names, kinds, [p[3] for p in parts])
        n_labels = np.array([weight.sum() for _, _, weight, _ in parts])
        if not n_labels.any():
            raise ValueError(
                "no label is observed in any task: every entry of Y is missing or has "
                "weight 0"
            )
        losses = None
        if isinstance(task_weight, str) and task_weight == "null_loss":
            losses = np.array(
                [
                    null_loss(kind, v, w) if len(v) else 0
                    for kind, (_, v, w, _) in zip(kinds, parts)
                ]
            )
        task_weight = resolve_task_weight(task_weight, names, n_labels, losses)
        parts = [
            (row, value, weight * factor, categories)
            if factor
            else (row[:0], value[:0], weight[:0], categories)
            for (row, value, weight, categories), factor in zip(parts, task_weight)
        ]
        classes = _read_classes(parts, kinds, groups)
        codes = [_encode(part[1], known) for part, known in zip(parts, classes)]
        factors = class_weights(
            class_weight, names, classes, codes, [part[2] for part in parts]
        )
        weight = [
            part[2] if factor is None else part[2] * factor[code]
            for part, factor, code in zip(parts, factors, codes)
        ]
        row = np.concatenate([part[0] for part in parts])
        unclassed = np.concatenate([part[2] for part in parts])
        return cls(
            names=names,
            kinds=kinds,
            ndim=ndim,
            n_rows=n_rows,
            indptr=np.cumsum([0, *map(len, codes)]),
            row=row,
            value=np.concatenate(codes),
            weight=np.concatenate(weight),
            task_weight=task_weight,
            classes=classes,
            label_groups=groups,
            row_weight=np.bincount(row, unclassed, minlength=n_rows),
            **score_columns(classes, codes, groups),
        )


def read_task_ids(task_ids, n_rows):
    """The task of each row as a plain array; every row must have one."""
    ids = LabelTable(task_ids)
    if ids.n_rows != n_rows or ids.n_tasks > 1:
        raise ValueError(f"{n_rows} labels need as many task ids, not {ids.n_rows}")
    column = ids.column(0)
    if not column.observed.all():
        row = int(column.observed.argmin())
        raise ValueError(f"row {row} has no task id: to which task does it belong?")
    return column.values


def task_name(task):
    """Text of a task id; of whole numbers without a fraction."""
    whole = isinstance(task, float) and task == int(task)
    return str(int(task)) if whole else str(task)


def observed_pairs(table, t, kind, sample_weight):
    """Rows, values, weights and categories of one task's usable labels."""
    column = table.column(t)
    observed = column.observed
    if sample_weight is not None:
        weight = sample_weight[:, t if sample_weight.shape[1] > 1 else 0]
        observed = observed & (weight > 0)
    row = np.flatnonzero(observed).astype(np.int32)
    value = column.values[row]
    check = _check_labels if kind == "classification" else _check_numbers
    value = check(value, table.names[t])
    weight = np.ones(len(row)) if sample_weight is None else weight[row]
    return row, value, weight, column.categories


def _check_labels(value, name):
    if value.dtype.kind == "f":
        fraction = value != np.floor(value)
        if fraction.any():
            raise ValueError(
                f"Unknown label type: continuous. Task {name!r} has the label "
                f"{value[fraction][0]}; classifiers take strings, bools or whole "
                "numbers, regressors take any number."
            )
    return value


def _check_numbers(value, name):
    if value.dtype.kind not in "biuf":
        raise ValueError(
            f"task {name!r} has the label {str(value[0])!r}: a regressor needs numbers."
        )
    return value.astype(np.float64)


def _read_classes(parts, kinds, groups):
    """Observed labels of each task, in order; the union inside a label group."""

    def labels_of(tasks):
        return ordered_labels(
            [parts[t][1] for t in tasks], [parts[t][3] for t in tasks]
        )

    classes = [
        labels_of([t]) if kind == "classification" else None
        for t, kind in enumerate(kinds)
    ]
    for group in groups:
        if kinds[group[0]] == "classification":
            observed = [t for t in group if len(parts[t][1])]
            union = labels_of(observed)
            for t in observed:
                classes[t] = union
    return classes


def ordered_labels(labels, categories):
    """All labels of tasks that ask the same question.

    Sorted, but a Categorical keeps its own order: small < medium < large.

    Parameters
    ----------
    labels : list of ndarray
        Of each task.
    categories : list of ndarray or None
        Of each task.
    """
    seen = [np.unique(known) for known in labels]
    if len({values.dtype.kind in "US" for values in seen}) > 1:
        raise ValueError(
            "label_groups ties tasks with text labels to tasks with numbers"
        )
    union = np.unique(np.concatenate(seen)) if seen else np.zeros(0)
    orders = {None if order is None else tuple(order.tolist()) for order in categories}
    if len(orders) != 1 or None in orders:
        return union
    order = categories[0]
    return order[np.isin(order, union)] if np.isin(union, order).all() else union


def _encode(value, classes):
    if classes is None:
        return value
    order = np.argsort(classes, kind="stable")
    found = np.searchsorted(classes, value, sorter=order)
    return order[found].astype(np.int32) if len(value) else np.zeros(0, np.int32)


def score_columns(classes, codes, groups):
    """Which score columns each task owns, and which of them speak of the same label."""
    group_of = {t: g for g, group in enumerate(groups) for t in group}
    columns, task, label, constant, ties = [0], [], [], [], {}
    for t, (known, code) in enumerate(zip(classes, codes)):
        if known is None:
            own = [0] if len(code) else []
        else:
            own = {0: [], 1: [], 2: [1]}.get(len(known), range(len(known)))
        task.extend([t] * len(own))
        label.extend(own)
        columns.append(len(task))
        one_class = known is not None and len(code) and (code == code[0]).all()
        constant.append(int(code[0]) if one_class else -1)
    # Columns outside every group are tied to nobody: their key names their task.
    keys = [(group_of.get(t, -1 - t), c) for t, c in zip(task, label)]
    for key in keys:
        ties.setdefault(key, len(ties))
    return {
        "columns": np.array(columns),
        "column_task": np.array(task, dtype=int),
        "column_label": np.array(label, dtype=int),
        "column_tie": np.array([ties[key] for key in keys], dtype=int),
        "constant": np.array(constant),
    }
