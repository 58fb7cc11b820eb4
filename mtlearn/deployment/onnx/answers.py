"""From the scores of a model to labels, numbers and probabilities of each task."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from ...losses import Logistic, ModifiedHuber
from ...losses.logistic import Multinomial
from .refusal import refuse


@dataclass(frozen=True)
class Answer:
    """What is answered for one task; names in the graph.

    Attributes
    ----------
    task : str
    classes : ndarray or None
        None for a task of numbers.
    predicted : str
        Codes of classes, int64 (n,); numbers, double (n,), for a task without classes.
    probability, score : callable () -> str, or None
        Add the nodes for probabilities (n, n_classes), and for scores (n,) of two
        classes or fewer, else (n, n_classes); in double.
    """

    task: str
    classes: np.ndarray | None
    predicted: str
    probability: Callable | None = None
    score: Callable | None = None


def answers_of_scores(g, model, Z, rows, probability):
    """Answers of a model's tasks.

    Parameters
    ----------
    g : Graph
    model : MultiTaskEstimator
    Z : str
        Scores, double (n, n_columns).
    rows : str
        What has as many rows.
    probability : callable (g, model, t, scores of t) -> str

    Returns
    -------
    list of Answer
    """
    return [_answer(g, model, t, Z, rows, probability) for t in range(model.n_tasks_)]


def _answer(g, model, t, Z, rows, probability):
    name, classes = str(model.task_names_in_[t]), classes_of_task(model, t)
    start, stop = (int(c) for c in model.columns_[t : t + 2])
    width = stop - start
    if classes is None:
        values = g.column(Z, start) if width else g.repeat(np.float64("nan"), rows)
        return Answer(name, None, values)
    if len(classes) == 0:
        missing = g.repeat(np.float64("nan"), rows)
        return Answer(name, classes, missing, None, _method(model, lambda: missing))

    @cache
    def score():
        if width == 0:
            return g.repeat(np.float64(0), rows)
        return g.column(Z, start) if width == 1 else g.slice(Z, start, stop, 1)

    @cache
    def proba():
        if width == 0:
            ones = g.repeat(np.float64(1), rows)
            return g.reshape(ones, 1)
        return probability(g, model, t, g.slice(Z, start, stop, 1))

    has_proba = hasattr(model, "predict_proba")
    return Answer(
        name,
        classes,
        _code(g, model._constant[t], score, width, rows),
        proba if has_proba else None,
        _method(model, score),
    )


def _method(model, score):
    return score if hasattr(model, "decision_function") else None


def _code(g, constant, score, width, rows):
    if constant >= 0:
        return g.repeat(np.int64(constant), rows)
    if width == 1:
        return g.cast(g.op("Greater", score(), np.float64(0)), np.int64)
    return g.op("ArgMax", score(), axis=1, keepdims=0)


def classes_of_task(model, t):
    """Labels as ONNX has them, text as objects; None for a task of numbers."""
    classes = model._task_classes(t) if hasattr(model, "classes_") else None
    if classes is None or classes.dtype.kind in "biuf":
        return classes
    task = f"task {str(model.task_names_in_[t])!r} of {type(model).__name__}"
    if len(classes) == 0:
        refuse(task, "without labels it predicts None, which ONNX has not; drop it")
    if classes.dtype.kind != "U":
        refuse(task, f"its labels are {classes.dtype}; use text, numbers or bools")
    return classes.astype(object)


def likelihood(g, model, t, Z):
    """Probabilities by the loss of the model, as in ``LikelihoodMixin``."""
    width = int(np.diff(model.columns_)[t])
    loss = model._losses()["classification"].for_columns(width)
    if type(loss) is Logistic:
        both = g.op("Concat", g.op("Neg", Z), Z, axis=1)
        return g.op("Sigmoid", both)
    if type(loss) is Multinomial:
        return g.op("Softmax", Z, axis=1)
    if type(loss) is ModifiedHuber:
        return _modified_huber(g, Z, width)
    return refuse(
        loss, "its probabilities are unknown here; use 'logistic' or 'modified_huber'"
    )


def _modified_huber(g, Z, width):
    cut = g.op("Max", g.op("Min", Z, np.float64(1)), np.float64(-1))
    p = g.op("Div", g.op("Add", cut, np.float64(1)), np.float64(2))
    if width == 1:
        return two_classes(g, p)
    none = g.op("Equal", g.sum(p, 1, keepdims=1), np.float64(0))
    p = g.op("Where", none, np.float64(1), p)
    return g.op("Div", p, g.sum(p, 1, keepdims=1))


def two_classes(g, p):
    """Probabilities (n, 2), from those of the second class (n, 1)."""
    return g.op("Concat", g.op("Sub", np.float64(1), p), p, axis=1)


def codes_of_margins(g, margin, n_labels, never_empty):
    """Codes 0 and 1, int64 (n, n_labels), of scores less thresholds."""
    has = g.op("Greater", margin, np.float64(0))
    if never_empty:
        highest = g.op("ReduceMax", margin, np.array([1]), keepdims=1)
        empty = g.op("Not", g.op("Greater", highest, np.float64(0)))
        nearest = g.op("ArgMax", margin, axis=1, keepdims=1)
        chosen = g.op("And", empty, g.op("Equal", nearest, np.arange(n_labels)))
        has = g.op("Or", has, chosen)
    return g.cast(has, np.int64)
