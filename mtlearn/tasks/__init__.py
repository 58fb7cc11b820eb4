"""The user's labels as plain task arrays, read once, at the boundary.

Reading order: :mod:`labels <mtlearn.tasks.labels>` turns whatever the user brought
into one plain column per task, :mod:`weights <mtlearn.tasks.weights>` reads sample
and task weights, :mod:`groups <mtlearn.tasks.groups>` says which tasks ask the same
question, and :mod:`targets <mtlearn.tasks.targets>` puts it all together;
:mod:`stream <mtlearn.tasks.stream>` does so for labels that come in batches.
"""

from .groups import read_label_groups
from .labels import LabelTable, has_labels
from .stream import announce, check_announced, read_batch
from .targets import OwnRows, TaskTargets, read_task_ids, task_name
from .weights import read_sample_weight, resolve_task_weight

__all__ = [
    "LabelTable",
    "OwnRows",
    "TaskTargets",
    "announce",
    "check_announced",
    "has_labels",
    "read_batch",
    "read_label_groups",
    "read_sample_weight",
    "read_task_ids",
    "resolve_task_weight",
    "task_name",
]
