"""Score columns without labels: all that a structure sees of the targets."""

from types import SimpleNamespace

import numpy as np


def columns(tie, task=None):
    """Columns with the given ties, each of its own task if no ``task`` is given."""
    tie = np.asarray(tie)
    task = np.arange(len(tie)) if task is None else np.asarray(task)
    return SimpleNamespace(
        column_tie=tie,
        column_task=task,
        n_columns=len(tie),
        n_tasks=int(task.max()) + 1,
    )
