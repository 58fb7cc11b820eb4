"""Labels as trees read them: row by row to grow, task by task to answer."""

from dataclasses import dataclass, field

import numpy as np

from ..validation import check_plain_arrays


@dataclass
class AnswerColumns:
    """Which columns the answers for each task are.

    Attributes
    ----------
    first : ndarray of intp (T + 1,)
        Columns of each task; of two classes only the second's.
    prior : ndarray of float64 (n_columns,)
        Shares of the classes, or 0 for numbers.
    group : ndarray of int32 (T,)
        Which group of tasks that ask the same question, -1 for none.
    group_first : ndarray of intp (n_groups + 1,)
        Columns of each group, which are those of each of its tasks with labels.
    n_classes : ndarray of int32 (T,)
        0 for numbers.
    """

    first: np.ndarray
    prior: np.ndarray
    group: np.ndarray
    group_first: np.ndarray
    n_classes: np.ndarray

    @classmethod
    def of(cls, targets, prior, n_classes):
        """From TaskTargets and its priors."""
        width = np.diff(targets.columns)
        group = np.full(targets.n_tasks, -1, dtype=np.int32)
        widths = [0]
        for members in map(np.array, targets.label_groups):
            members = members[width[members] > 0]  # those with labels
            if len(members) > 1:
                group[members] = len(widths) - 1
                widths.append(width[members[0]])
        return cls(
            first=np.asarray(targets.columns, dtype=np.intp),
            prior=prior,
            group=group,
            group_first=np.cumsum(widths).astype(np.intp),
            n_classes=n_classes,
        )

    def check_state(self):
        """Raise ValueError unless all arrays fit each other."""
        names = ("first", "prior", "group", "group_first", "n_classes")
        check_plain_arrays(self, names)
        T = self.n_tasks
        fits = (
            _rises(self.first, T + 1)
            and _rises(self.group_first, self.n_groups + 1)
            and self.prior.shape == (self.first[-1],)
            and np.isfinite(self.prior).all()
            and self.n_classes.shape == (T,)
            and (self.n_classes >= 0).all()
            and (self.group >= -1).all()
            and (self.group < self.n_groups).all()
        )
        tied = np.flatnonzero(self.group >= 0) if fits else []
        widths, of_groups = np.diff(self.first), np.diff(self.group_first)
        if not fits or any(widths[t] != of_groups[self.group[t]] for t in tied):
            raise ValueError("the columns of a forest's answers do not fit its tasks")

    @property
    def n_tasks(self):
        return len(self.group)

    @property
    def n_groups(self):
        return len(self.group_first) - 1


@dataclass
class LabelsByTask:
    """Task t has the labels ``start[t]:start[t + 1]``.

    Attributes
    ----------
    start : ndarray of intp (T + 1,)
    row : ndarray of int32
    value : ndarray of float64
        Codes of classes, or numbers in units of ``center`` and ``scale``.
    weight : ndarray of float64, or None
        None: all are 1.
    n_classes : ndarray of int32 (T,)
        0 for numbers.
    columns : AnswerColumns
    impurity : ndarray of float64 (T,)
        At the root, times the sum of weights; 0 where there is nothing to tell apart.
    """

    start: np.ndarray
    row: np.ndarray
    value: np.ndarray
    weight: np.ndarray
    n_classes: np.ndarray
    columns: AnswerColumns
    impurity: np.ndarray

    @classmethod
    def of(cls, targets, entropy=False):
        """From labels whose numbers are in their units.

        Parameters
        ----------
        targets : TaskTargets
        entropy : bool
            Whether impurity of classes is entropy, in nats, instead of Gini's.
        """
        T = targets.n_tasks
        n_classes = np.array(
            [0 if known is None else len(known) for known in targets.classes],
            dtype=np.int32,
        )
        impurity, prior = np.zeros(T), np.zeros(targets.n_columns)
        for t in range(T):
            _, value, weight = targets.pairs(t)
            columns = slice(*targets.columns[t : t + 2])
            total = weight.sum()
            if not total:
                continue
            if n_classes[t] == 0:
                mean = np.average(value, weights=weight)
                impurity[t] = np.sum(weight * (value - mean) ** 2)
                continue
            counts = np.bincount(value.astype(int), weight, minlength=n_classes[t])
            seen = counts[counts > 0]
            impurity[t] = total - np.sum(seen**2) / total
            if entropy:
                impurity[t] = -np.sum(seen * np.log(seen / total))
            width = columns.stop - columns.start
            prior[columns] = (counts / total)[-width:] if width else 0.0
        plain = bool((targets.weight == 1).all())
        return cls(
            start=np.asarray(targets.indptr, dtype=np.intp),
            row=np.ascontiguousarray(targets.row, dtype=np.int32),
            value=np.ascontiguousarray(targets.value, dtype=np.float64),
            weight=None if plain else np.ascontiguousarray(targets.weight),
            n_classes=n_classes,
            columns=AnswerColumns.of(targets, prior, n_classes),
            impurity=np.where(impurity > 1e-12 * _weights(targets), impurity, 0.0),
        )

    @property
    def n_tasks(self):
        return len(self.n_classes)

    def rows_of(self, t):
        """Rows that have a label of a task, ascending."""
        return self.row[self.start[t] : self.start[t + 1]]

    def by_row(self, n_rows):
        """The same labels in the order of rows, and of tasks within a row."""
        task = np.repeat(np.arange(self.n_tasks, dtype=np.int32), np.diff(self.start))
        order = np.argsort(self.row, kind="stable")
        start = np.zeros(n_rows + 1, dtype=np.intp)
        np.cumsum(np.bincount(self.row, minlength=n_rows), out=start[1:])
        return LabelsByRow(
            start=start,
            task=task[order],
            value=self.value[order],
            weight=None if self.weight is None else self.weight[order],
            n_classes=self.n_classes,
            order=order,
        )


@dataclass
class LabelsByRow:
    """Row i has the labels ``start[i]:start[i + 1]``.

    Attributes
    ----------
    start : ndarray of intp (n + 1,)
    task : ndarray of int32
    value : ndarray of float64
    weight : ndarray of float64, or None
    n_classes : ndarray of int32 (T,)
    order : ndarray of intp
        Where these labels are in the order of tasks.
    """

    start: np.ndarray
    task: np.ndarray
    value: np.ndarray
    weight: np.ndarray
    n_classes: np.ndarray
    order: np.ndarray
    _rows: dict = field(default_factory=dict, repr=False)

    def rows_of(self, tasks):
        """Rows that have a label of any of some tasks, ascending.

        Parameters
        ----------
        tasks : ndarray of bool (T,)

        Returns
        -------
        ndarray of int32
        """
        key = tasks.tobytes()
        if key not in self._rows:
            row = np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))
            self._rows[key] = np.unique(row[tasks[self.task]]).astype(np.int32)
        return self._rows[key]


def _rises(starts, length):
    """Whether starts of slices are (length,), from 0 up."""
    return (
        starts.shape == (length,)
        and starts.dtype.kind == "i"
        and starts[0] == 0
        and bool((starts[1:] >= starts[:-1]).all())
    )


def _weights(targets):
    """Sum of the weights of each task's labels, (T,), at least 1e-300."""
    task = np.repeat(np.arange(targets.n_tasks), np.diff(targets.indptr))
    total = np.bincount(task, targets.weight, minlength=targets.n_tasks)
    return np.maximum(total, 1e-300)
