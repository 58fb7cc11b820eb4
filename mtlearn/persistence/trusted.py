"""Which classes and functions a model file may name; an explicit list, never a prefix.

It is put together from mtlearn's own registries and ``__all__`` lists, so that a new
estimator or structure is in it on its first day, and from names of scikit-learn
(:mod:`others <mtlearn.persistence.others>`), NumPy, SciPy and Python.
"""

from functools import cache
from importlib import import_module

from sklearn.metrics import get_scorer, get_scorer_names

from .others import NUMPY_FUNCTIONS, PLAIN, PRIVATE, PUBLIC_OTHERS

# Packages whose ``__all__`` a user's pipeline may hold instances of.
PUBLIC = (
    "mtlearn.compose",
    "mtlearn.ensemble",
    "mtlearn.image",
    "mtlearn.inspection",
    "mtlearn.linear_model",
    "mtlearn.model_selection",
    "mtlearn.structures",
    "mtlearn.svm",
    "mtlearn.weighting",
)
# What fitted models are made of.
PARTS = {
    "mtlearn.compose.keep_task": ("KeepTask",),
    "mtlearn.compose.keep_columns": ("KeepColumns",),
    "mtlearn.ensemble.compact": ("CompactForest",),
    "mtlearn.ensemble.forest": ("Forest",),
    "mtlearn.inspection.choice": ("ChosenSharingCV",),
    "mtlearn.linear_model.compact": ("CompactRows",),
    "mtlearn.linear_model.sgd.units": ("Units",),
    "mtlearn.losses": ("Multinomials",),
    "mtlearn.metrics.scorer": ("MultiTaskScorer", "TaskScorers"),
    "mtlearn.solvers.descent.curvature": ("Curvature",),
    "mtlearn.solvers.descent.descent": ("Descent", "Settings"),
    "mtlearn.solvers.descent.epochs": ("History",),
    "mtlearn.solvers.descent.score_losses": ("ScoreLosses", "TaskColumns"),
    "mtlearn.model_selection.calibration": ("_GivenDecisions", "_GivenProbabilities"),
    "mtlearn.model_selection.search_space": ("TaskWeightDistribution",),
    "mtlearn.structures.covariance": (
        "DenseCovariance",
        "FeatureCovariance",
        "IdentityCovariance",
        "SparseCovariance",
        "TiedCovariance",
    ),
    "mtlearn.structures.learned": ("Revision",),
    "mtlearn.structures.parametrizations": (
        "Factorized",
        "Own",
        "Rooted",
        "SharedAndOwn",
        "SumOfParts",
        "_ByColumns",
    ),
    "mtlearn.structures.penalties": ("EntryNorm", "RowNorm", "TieMean", "TraceNorm"),
    "mtlearn.svm.approximation": ("NystroemFeatures",),
    "mtlearn.svm.kernels": ("FittedKernel", "NamedKernel"),
    "mtlearn.tasks": ("TaskTargets",),
    "mtlearn.task_view": ("SingleTaskClassifier", "SingleTaskRegressor"),
    "mtlearn.tree": ("AnswerColumns",),
    "mtlearn.tree.leaves": ("LeafTable",),
    "mtlearn.tree.tree": ("Tree",),
    "mtlearn.weighting.base": ("RunningMeans", "WeightingRun"),
    "mtlearn.weighting.dwa": ("_DWARun",),
    "mtlearn.weighting.gate": ("_GateRun",),
    "mtlearn.weighting.gradnorm": ("_GradNormRun",),
    "mtlearn.weighting.uncertainty": ("_UncertaintyRun",),
}
# Registries: name -> class.
REGISTRIES = (
    ("mtlearn.losses", "LOSSES"),
    ("mtlearn.structures", "STRUCTURES"),
    ("mtlearn.weighting", "WEIGHTINGS"),
    ("mtlearn.solvers.descent", "OPTIMIZERS"),
    ("mtlearn.solvers.descent.schedules", "SCHEDULES"),
)


def _full_name(entry):
    return f"{entry.__module__}.{entry.__qualname__}"


@cache
def trusted_classes():
    """Names of the classes that objects in a file may have."""
    return frozenset(
        {*PRIVATE, *(_full_name(entry) for entry in _found() if _is_class(entry))}
    )


@cache
def trusted_functions():
    """Names of the functions that objects in a file may hold."""
    named = (_full_name(entry) for entry in _found() if not _is_class(entry))
    return frozenset({*NUMPY_FUNCTIONS, *named})


@cache
def trusted_names():
    """All that a file may name, sorted."""
    return sorted({*PLAIN, *trusted_classes(), *trusted_functions()})


def _found():
    """The classes and functions of all lists."""
    for package in PUBLIC:
        module = import_module(package)
        yield from filter(_is_class, (getattr(module, n) for n in module.__all__))
    for package, names in PARTS.items():
        yield from (getattr(import_module(package), name) for name in names)
    for package, name in REGISTRIES:
        yield from getattr(import_module(package), name).values()
    for package, names in PUBLIC_OTHERS.items():
        module = import_module(package)
        # A version may lack one.
        yield from (getattr(module, name) for name in names if hasattr(module, name))
    yield from (get_scorer(name)._score_func for name in get_scorer_names())


def _is_class(entry):
    return isinstance(entry, type)
