"""The result as text: a line per task, the two models beside each other."""

import csv
import io

import numpy as np

from .experiment import n_labels

MODELS = ("independent", "multi-task")


def rows(data, result):
    """One dict per task: name, labels, classes, and each score of both models."""
    counts, classes = n_labels(data)
    table = []
    for t, name in enumerate(data.task_names):
        row = {"task": name, "labels": counts[t], "classes": classes[t]}
        for metric, scores in result.scores.items():
            for model in MODELS:
                row[f"{metric} {model}"] = float(scores[model][t])
        table.append(row)
    return table


def as_csv(data, result):
    """The rows as the text of a CSV file."""
    table = rows(data, result)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(table[0]))
    writer.writeheader()
    writer.writerows(table)
    return text.getvalue()


def as_text(data, result):
    """The rows as an aligned table, with the mean over tasks below."""
    counts, classes = n_labels(data)
    width = max(len("mean over tasks"), *map(len, data.task_names))
    head = f"{'':{width}}  {'':>6}  {'':>7}"
    subhead = f"{'task':{width}}  {'labels':>6}  {'classes':>7}"
    for metric in result.scores:
        head += f"  {metric.replace('_', ' '):^30}"
        subhead += f"  {'independent':>11} {'multi-task':>10} {'gain':>7}"
    lines = [head.rstrip(), subhead, "-" * len(subhead)]
    for t, name in enumerate(data.task_names):
        line = f"{name:{width}}  {counts[t]:>6}  {classes[t]:>7}"
        lines.append(line + _scores(result, t))
    lines.append("-" * len(subhead))
    lines.append(f"{'mean over tasks':{width}}  {'':>6}  {'':>7}" + _scores(result))
    return "\n".join(lines)


def _scores(result, t=None):
    """Both scores and the gain, of one task or the mean of those that have one."""
    text = ""
    for scores in result.scores.values():
        alone, together = (
            np.nanmean(scores[model]) if t is None else scores[model][t]
            for model in MODELS
        )
        if np.isnan(alone):
            text += f"  {'-':>11} {'-':>10} {'':>7}"
        else:
            text += f"  {alone:>11.3f} {together:>10.3f} {together - alone:>+7.3f}"
    return text
