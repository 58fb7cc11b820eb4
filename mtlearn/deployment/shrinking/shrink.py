"""The walk from a full model to one that is small enough."""

from dataclasses import dataclass
from numbers import Integral

import numpy as np

from ...ensemble.base import MultiTaskForest
from ...inspection.task_scoring import TaskScoring
from ...linear_model.predictor import LinearPredictor
from ...persistence.files import packed
from ...svm.machine import KernelMachine
from ...validation import check_number
from . import forest, kernel, linear
from .parts import Parts
from .report import ShrinkReport, StepReport
from .steps import Surroundings

FAMILIES = (
    (LinearPredictor, linear),
    (KernelMachine, kernel),
    (MultiTaskForest, forest),
)
# Rounding errors are no loss.
LITTLE = 1e-9
# Share of the bytes that may be left by a step that costs something.
WORTH = 0.95


def shrink(
    model, X, y, *, budget=None, max_loss=0.01, scoring=None, steps=None,
    training_set=None,
):  # fmt: skip
    """Make a fitted model small: fewer bytes in its file, and less to compute.

    Steps are taken from the least costly on. Some are exact: what only training needs
    is dropped, scalers go into coefficients, features that nobody asks for are not
    made, leaves that say the same are one. Others cost something, and the report says
    how much. The result is for prediction only.

    Parameters
    ----------
    model : estimator
        A fitted model of mtlearn, a Pipeline that ends in one, or a search over these,
        of which the best is taken. It is not changed.
    X : array-like
        Rows to score on, as ``model.predict`` takes them. Give rows that were held out:
        on training rows the losses look other than they are.
    y : array-like of shape (n_samples,) or (n_samples, n_tasks)
        Their labels, some of which may be missing.
    budget : int, default=None
        Bytes that the model file (:func:`mtlearn.persistence.dumps`) may have. Steps
        end as soon as it is met. None takes all steps as far as ``max_loss`` allows.
    max_loss : float, default=0.01
        By how much the score of any task may fall below that of the full model.
        ``numpy.inf`` sets no limit, and needs a budget or ``steps``.
    scoring : str or callable, default=None
        A metric of :data:`mtlearn.metrics.METRICS`. None is accuracy for labels and R2
        for numbers.
    steps : list of str or dict, default=None
        Names of the steps that may be taken, in any order. A dict gives settings, the
        share of features, trees or leaves that is left: ``{"trees": 0.25}``; None
        leaves the choice of it. None as a whole is all steps of the family. Those that
        have nothing to do, or lack a step before them, are not taken.
    training_set : tuple (X, y) or (X, y, sample_weight), default=None
        The rows of ``fit``. With them forests choose fewer trees by their answers for
        rows that they did not see.

    Returns
    -------
    small : estimator or Pipeline
    report : ShrinkReport

    Raises
    ------
    ValueError
        If the budget cannot be met; it names the smallest size that was reached. Also
        for unknown steps.
    TypeError
        If no estimator of mtlearn is at the end of ``model``.
    ModelFileError
        If the model cannot be saved, see :func:`mtlearn.persistence.dump`.

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.deployment.shrinking import shrink
    >>> from mtlearn.linear_model import MultiTaskLogisticRegression
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(300, 50))
    >>> Y = (X @ rng.normal(size=(50, 4)) > 0).astype(int)
    >>> model = MultiTaskLogisticRegression().fit(X[:200], Y[:200])
    >>> small, report = shrink(model, X[200:], Y[200:], steps=["training", "int8"])
    >>> report.bytes_after < report.bytes_before / 2
    True
    >>> bool(report.lost.max() <= 0.01)
    True
    >>> small.coef_
    CompactRows(4 x 50 of int8, read as float64)
    """
    _check_numbers(budget, max_loss, steps)
    if training_set is not None and len(training_set) not in (2, 3):
        raise ValueError(
            f"training_set has {len(training_set)} parts; it must be (X, y) or "
            "(X, y, sample_weight)"
        )
    full = Parts.of(model)
    family = next(module for kind, module in FAMILIES if isinstance(full.model, kind))
    trial = Trial(X, y, _scoring_of(scoring, full.model), family)
    around = Surroundings(X, trial.features, full, training_set)
    state = start = trial.measure(full)
    taken = []
    # What costs something must be worth it, unless it was asked for.
    worth = WORTH if budget is None and steps is None else 1.0
    for step, settings in _chosen(family.STEPS, steps):
        if budget is not None and state.n_bytes <= budget:
            break
        found = _furthest(
            step, settings, state, start, trial, around, budget, max_loss, worth
        )
        if found is not None:
            new, setting = found
            taken.append(
                StepReport(step.name, setting, state.n_bytes, new.n_bytes,
                           state.scores, new.scores)
            )  # fmt: skip
            state = new
    if budget is not None and state.n_bytes > budget:
        raise ValueError(
            f"budget={budget} bytes cannot be met: the smallest model that was reached "
            f"has {state.n_bytes}, with max_loss={max_loss} and the steps "
            f"{[report.label for report in taken]}. Raise budget or max_loss"
            + _hint(full.model, training_set)
        )
    report = ShrinkReport(
        list(map(str, full.model.task_names_in_)), trial.scoring.title, taken,
        start.n_bytes, state.n_bytes, start.scores, state.scores,
    )  # fmt: skip
    return trial.finished(state.parts), report


def _check_numbers(budget, max_loss, steps):
    if isinstance(budget, bool):
        raise TypeError(f"budget={budget} must be a number of bytes")
    if budget is not None:
        check_number(budget, "budget", 1, kind=Integral)
    if max_loss != np.inf:
        check_number(max_loss, "max_loss", 0)
    if budget is None and steps is None and max_loss == np.inf:
        raise ValueError(
            "max_loss=inf takes every step to its end: give a budget, or steps"
        )


def _scoring_of(scoring, model):
    classes = getattr(model, "classes_", None)
    classes = [classes] if model._ndim == 1 else classes
    kinds = [
        "regression" if classes is None or classes[t] is None else "classification"
        for t in range(model.n_tasks_)
    ]
    return TaskScoring(scoring, list(model.task_names_in_), kinds)


def _chosen(known, steps):
    """Steps that may be taken, in their order, with their settings."""
    if steps is None:
        return [(step, step.settings) for step in known]
    names = [step.name for step in known]
    unknown = [name for name in steps if name not in names]
    if unknown or isinstance(steps, str):
        raise ValueError(
            f"steps={steps!r} must be a list of some of {names}, or a dict of settings"
        )
    given = steps if isinstance(steps, dict) else {}
    dials = {step.name for step in known if step.settings != (None,)}
    for name, share in given.items():
        if share is not None and name not in dials:
            raise ValueError(
                f"steps[{name!r}]={share!r}: this step has no dial, give None; those "
                f"that have one are {sorted(dials)}"
            )
        if share is not None:
            check_number(share, f"steps[{name!r}]", 0, 1, open_low=True)
    return [
        (
            step,
            step.settings if given.get(step.name) is None else (given[step.name],),
        )
        for step in known
        if step.name in steps
    ]


def _furthest(
    step, settings, state, start, trial, around, budget, max_loss, worth
):  # fmt: skip
    """The gentlest setting that meets the budget, else the strongest allowed.

    Returns
    -------
    (Measured, setting), or None if the step saves nothing or costs too much
    """
    best = None
    for setting in settings:
        parts = step.apply(state.parts, setting, around)
        if parts is None:
            continue
        n_bytes = trial.size(parts)
        before = (best[0] if best else state).n_bytes
        if (
            n_bytes >= (1.0 if step.is_exact else worth) * before
            and not step.saves_work
        ):
            continue
        new = Measured(parts, n_bytes, trial.scores(parts))
        lost = start.scores - new.scores
        if (lost > max_loss + LITTLE).any():
            break
        best = new, setting
        if budget is not None and n_bytes <= budget:
            break
    return best


def _hint(model, training_set):
    if isinstance(model, MultiTaskForest) and training_set is None:
        return ", or give training_set, so that fewer trees can be chosen."
    return "."


@dataclass(frozen=True)
class Measured:
    """Parts, the bytes of their file, and the score of each task."""

    parts: Parts
    n_bytes: int
    scores: np.ndarray


class Trial:
    """Measures parts on the rows given; features are computed once for equal steps."""

    def __init__(self, X, y, scoring, family):
        self.X, self.y, self.scoring, self.family = X, y, scoring, family
        self._steps, self._features = None, None

    def measure(self, parts):
        return Measured(parts, self.size(parts), self.scores(parts))

    def finished(self, parts):
        """The estimator, without what only further steps need."""
        return self.family.finish(parts).assembled()

    def size(self, parts):
        return len(packed(self.finished(parts)))

    def scores(self, parts):
        """Of each task, (n_tasks,)."""
        return self.scoring(parts.model, self.features(parts), self.y)

    def features(self, parts):
        same = self._steps is not None and len(self._steps) == len(parts.steps)
        if not (same and all(a[1] is b[1] for a, b in zip(self._steps, parts.steps))):
            self._features = parts.transform(self.X)
            self._steps = parts.steps
        return self._features
