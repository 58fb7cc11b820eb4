"""The promises every estimator makes, for several tasks.

``CHECKS`` is a list of functions that take a fresh estimator and a :class:`Problem`.
``estimators()`` finds every estimator of the packages below by itself, so that a new
one meets all checks on its first day.
"""

import importlib
import importlib.util
import pickle
import tracemalloc
import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.inspection import permutation_importance
from sklearn.metrics import PrecisionRecallDisplay, RocCurveDisplay
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from mtlearn.blocks import RowBlocks
from mtlearn.exceptions import DegenerateTaskWarning
from mtlearn.structures import STRUCTURES, PenaltyStructure

PACKAGES = ("linear_model", "svm", "ensemble")

# One classifier and one regressor meet all checks with every structure. Losses and
# structures meet nowhere but in the solvers, whose own tests pair all of them: for the
# other estimators one structure per solver is enough.
WITH_EVERY_STRUCTURE = ("MultiTaskLinearSVC", "MultiTaskRidge")
ONE_PER_SOLVER = ("learned", "mean", "low_rank")

# Checks of scikit-learn and of this file that fail for a reason.
EXPECTED_FAILED_CHECKS = {
    "check_classifier_multioutput": (
        "wants one (n, n_tasks) array of scores and one classes_ for all tasks; tasks "
        "differ in their classes, so both are lists"
    ),
}


FAILED_BY_MINI_BATCHES = dict.fromkeys(
    (
        "check_sample_weight_equivalence_on_dense_data",
        "check_sample_weight_equivalence_on_sparse_data",
        "check_integer_weights",
    ),
    "a row twice is in two mini-batches, and counts twice in the mean over rows",
)


# scikit-learn's only: prepare() makes forests exact.
FAILED_BY_SAMPLING = dict.fromkeys(
    (
        "check_sample_weight_equivalence_on_dense_data",
        "check_sample_weight_equivalence_on_sparse_data",
    ),
    "a row twice is drawn twice, and other rows instead of others",
)


def expected_failed_checks(estimator):
    if is_stochastic(estimator):
        return {**EXPECTED_FAILED_CHECKS, **FAILED_BY_MINI_BATCHES}
    if is_forest(estimator):  # it asks them for no scores
        return FAILED_BY_SAMPLING
    return EXPECTED_FAILED_CHECKS


def estimator_classes():
    """Classes in the packages' ``__all__`` that fit, predict and have parameters.

    Those that wrap an estimator keep its promises by handing over to it.
    """
    found = []
    for package in PACKAGES:
        if importlib.util.find_spec(f"mtlearn.{package}") is None:
            continue
        module = importlib.import_module(f"mtlearn.{package}")
        for name in module.__all__:
            entry = getattr(module, name)
            if isinstance(entry, type) and hasattr(entry, "fit"):
                parameters = entry._get_param_names()
                if hasattr(entry, "predict") and parameters:
                    if "estimator" not in parameters:
                        found.append(entry)
    return found


def estimators():
    """An instance of every estimator, with several structures where it takes one."""
    found = []
    for cls in estimator_classes():
        if "structure" not in cls._get_param_names():
            found.append(cls())
            continue
        all_of_them = cls.__name__ in WITH_EVERY_STRUCTURE
        for name in STRUCTURES if all_of_them else ONE_PER_SOLVER:
            estimator = cls(structure=name)
            if not (has_kink(estimator) and has_penalty(estimator)):
                found.append(estimator)
    return found


def structure_of(estimator):
    """Name of its structure, None if it has none."""
    return getattr(estimator, "structure", None)


def name_of(estimator):
    structure, name = structure_of(estimator), type(estimator).__name__
    return f"{name}-{structure}" if structure else name


def has_kink(estimator):
    """Whether a loss has a kink, so that no penalty can serve it."""
    losses = estimator._losses() if hasattr(estimator, "_losses") else {}
    return not all(loss.differentiable for loss in losses.values())


def is_stochastic(estimator):
    """Whether it ends near an optimum at best: for mini-batches."""
    return "batch_size" in estimator.get_params()


def is_forest(estimator):
    return "n_estimators" in estimator.get_params()


def has_penalty(estimator):
    structure = STRUCTURES.get(structure_of(estimator), object)
    return issubclass(structure, PenaltyStructure)


def has_sharing(estimator):
    structure = STRUCTURES.get(structure_of(estimator))
    return hasattr(estimator, "sharing") and (
        structure is None or structure.has_sharing
    )


def kinds_of(estimator):
    """Of the three tasks of a :class:`Problem`."""
    if is_regressor(estimator):
        return ("regression",) * 3
    return "classification", "classification", _kind_of_the_third(estimator)


def _kind_of_the_third(estimator):
    return "classification" if is_classifier(estimator) else "regression"


class Problem:
    """Three tasks with missing labels; the first two ask the same question.

    Labels are whole numbers (2, 2 and 3 classes), as floats, so that NaN fits in. For
    regressors all tasks are numbers, for mixed estimators the third one is.
    """

    names = ("a", "b", "c")

    def __init__(self, estimator, n=90, d=4):
        rng = np.random.default_rng(7)
        self.X = rng.normal(size=(n, d))
        W = rng.normal(size=(d, 3))
        W[:, 1] = W[:, 0] + 0.3 * W[:, 1]
        Z = self.X @ W + 0.5 * rng.normal(size=(n, 3))
        self.labels = np.floor(np.clip(Z, -1, 0.9)) + 1
        self.labels[:, 2] += Z[:, 2] > 1
        self.kinds = kinds_of(estimator)
        self.full = np.where(np.array(self.kinds) == "regression", Z, self.labels)
        self.missing = rng.random((n, 3)) < 0.25
        self.Y = np.where(self.missing, np.nan, self.full)

    def frame(self):
        index = [f"row{i}" for i in range(len(self.X))]
        X = pd.DataFrame(self.X, index=index, columns=list("wxyz")[: self.X.shape[1]])
        return X, pd.DataFrame(self.Y, index=index, columns=list(self.names))


def prepare(estimator, tied=(0, 1), tasks=range(3), **params):
    """A clone that is reproducible, exact, and ties two of the tasks where it can.

    Parameters
    ----------
    tied : sequence of entries of ``tasks``, or None for a single task
    tasks : sequence
        Numbers or names of all tasks.
    """
    model = clone(estimator)
    known = model.get_params()
    if "random_state" in known:
        model.set_params(random_state=0)
    if is_forest(model):  # no draws: trees on all rows, with the best of all features
        model.set_params(n_estimators=4, sharing=1, max_samples=None, max_features=None)
    if is_stochastic(model):
        model.set_params(alpha=0.01)  # about C = 1 of the others, for 90 rows
    elif "tol" in known:
        model.set_params(tol=1e-7 if has_kink(model) else 1e-9)
    if "structure" in known:
        model.set_params(**tying(known["structure"], tied, tasks))
    return model.set_params(**{k: v for k, v in params.items() if k in known})


def tying(structure, tied=(0, 1), tasks=range(3)):
    """The structure's name and how it is told which tasks to tie, a dict."""
    params = {"structure": structure}
    if structure == "graph":
        params["task_graph"] = complete_graph(tied, tasks)
    elif STRUCTURES[structure].uses_label_groups:
        params["label_groups"] = [list(tied)] if tied else None
    return params


def complete_graph(tied, tasks):
    """Edges among the tied tasks; without any, the graph of a single task."""
    if tied is None:
        return np.zeros((1, 1))
    member = np.isin(list(tasks), list(tied))
    return np.outer(member, member) * (1.0 - np.eye(len(member)))


def accuracy(estimator):
    """By how much scores of the same problem may differ.

    The gradient of a smooth objective is 0 to nine digits. Where a loss has a kink, it
    is the duality gap g that is small, and coefficients may be off by sqrt(2 g).
    Penalties that are not strictly convex let rounding errors through.
    """
    if has_kink(estimator):
        return 3e-3
    return 1e-5 if has_penalty(estimator) else 1e-6


def outputs(model, X):
    """Scores, or else predictions, of every task: a list of arrays."""
    predicted = list(model.predict(X).T)
    for method in ("decision_function", "predict_proba"):
        if hasattr(model, method):
            scores = getattr(model, method)(X)
            return [p if s is None else s for s, p in zip(scores, predicted)]
    return predicted


def assert_same(model, other, X, atol=0.0):
    """Two fitted models have the same shapes and say the same about every task."""
    if hasattr(model, "coef_"):
        assert model.coef_.shape == other.coef_.shape
    one, two = outputs(model, X), outputs(other, X)
    assert len(one) == len(two)
    for a, b in zip(one, two):
        np.testing.assert_allclose(a, b, rtol=0, atol=atol)
    assert_same_predictions(model.predict(X), other.predict(X), atol)


def assert_same_predictions(one, two, atol=0.0):
    """Labels are whole numbers or no numbers: for them no ``atol`` matters."""
    if one.dtype.kind in "iuf":
        np.testing.assert_allclose(one, two, rtol=0, atol=atol)
    else:
        np.testing.assert_array_equal(one, two)


# What scikit-learn's tools do with an estimator.


def check_pipeline_and_search(estimator, problem):
    model = prepare(estimator, n_estimators=20, max_samples=0.632)
    pipe = Pipeline([("scale", StandardScaler()), ("model", model)])
    grid = {"model__task_weight": [None, (2.0, 1.0, 0.5)]}
    if has_sharing(estimator):
        grid["model__sharing"] = [0.0, 0.6]
    search = GridSearchCV(pipe, grid, cv=KFold(2), error_score="raise")
    search.fit(problem.X, problem.Y)
    assert search.predict(problem.X).shape == (90, 3)
    scores = search.cv_results_["mean_test_score"]
    assert np.isfinite(scores).all()
    assert len(set(scores)) > 1
    assert search.best_score_ > (0.2 if is_regressor(estimator) else 0.7)


def check_clone_and_pickle(estimator, problem):
    model = prepare(estimator).fit(problem.X, problem.Y)
    assert not hasattr(clone(model), "n_features_in_")
    assert_same(model, clone(model).fit(problem.X, problem.Y), problem.X)
    assert_same(model, pickle.loads(pickle.dumps(model)), problem.X)


def check_parameters_stay(estimator, problem):
    model = prepare(estimator)
    before = {name: repr(value) for name, value in model.get_params().items()}
    model.fit(problem.X, problem.Y)
    after = {name: repr(value) for name, value in model.get_params().items()}
    assert before == after


def check_determinism(estimator, problem):
    model = prepare(estimator).fit(problem.X, problem.Y)
    assert_same(model, prepare(estimator).fit(problem.X, problem.Y), problem.X)
    first = outputs(model, problem.X)
    model.fit(problem.X, problem.Y)
    for a, b in zip(first, outputs(model, problem.X)):
        np.testing.assert_array_equal(a, b)


def check_inputs_are_left_alone(estimator, problem):
    X, Y = problem.X.copy(), problem.Y.copy()
    weight = np.random.default_rng(0).random(Y.shape)
    given = [X, Y, weight, np.array([1.0, 2.0, 0.5])]
    before = [array.copy() for array in given]
    for array in given:
        array.flags.writeable = False
    model = prepare(estimator, task_weight=given[3]).fit(X, Y, sample_weight=weight)
    model.predict(X)
    outputs(model, X)
    model.score(X, Y, sample_weight=weight)
    for array, copy in zip(given, before):
        np.testing.assert_array_equal(array, copy)


# Forms of X.


def check_rows_in_blocks(estimator, problem):
    """The same model from rows that are never together, or a refusal."""
    blocks = RowBlocks(problem.X, block_rows=32)
    model = prepare(estimator, shuffle=False)
    if not getattr(model, "_reads_blocks", False):
        with pytest.raises(TypeError, match="does not read RowBlocks"):
            model.fit(blocks, problem.Y)
        return
    here = clone(model).fit(problem.X, problem.Y)
    there = model.fit(blocks, problem.Y)
    assert_same(here, there, problem.X, accuracy(estimator))
    for a, b in zip(outputs(there, problem.X), outputs(there, blocks)):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-12)


# Forms of Y.


def check_frames(estimator, problem):
    X, Y = problem.frame()
    model = prepare(estimator, "ab", "abc").fit(X, Y)
    assert model.task_names_in_.tolist() == ["a", "b", "c"]
    assert model.n_tasks_ == 3
    predicted = model.predict_frame(X)
    assert predicted.columns.tolist() == ["a", "b", "c"]
    assert predicted.index.tolist() == X.index.tolist()
    np.testing.assert_array_equal(predicted.to_numpy(), model.predict(X))
    arrays = prepare(estimator).fit(problem.X, problem.Y)
    assert_same_predictions(model.predict(X), arrays.predict(problem.X), 1e-5)
    assert arrays.task_names_in_.tolist() == ["task0", "task1", "task2"]


def _missing_forms(problem):
    """Name -> (Y, sample_weight): ways to say the same labels are missing."""
    filled = np.where(problem.missing, problem.full[0], problem.full)
    none = problem.full.astype(object)
    none[problem.missing] = None
    na = none.copy()
    na[problem.missing] = pd.NA
    nullable = pd.DataFrame(problem.Y).astype("Float64")
    weight = (~problem.missing).astype(float)
    return {
        "masked": (np.ma.array(filled, mask=problem.missing), None),
        "masked list": (list(np.ma.array(filled, mask=problem.missing)), None),
        "None": (none, None),
        "pd.NA": (na, None),
        "nested list": (none.tolist(), None),
        "nullable frame": (nullable, None),
        "weight 0": (problem.full, weight),
    }


def check_missing_markers(estimator, problem):
    model = prepare(estimator).fit(problem.X, problem.Y)
    for name, (Y, weight) in _missing_forms(problem).items():
        tasks = ("012"[:2], "012") if name == "nullable frame" else ((0, 1), range(3))
        other = prepare(estimator, *tasks).fit(problem.X, Y, sample_weight=weight)
        assert_same(model, other, problem.X)


def check_missing_is_dropped(estimator, problem):
    """A label under a mask must not be seen, not even as a class of its own."""
    hidden = np.ma.array(problem.full, mask=problem.missing)
    hidden.data[problem.missing] = 77.0
    other = prepare(estimator).fit(problem.X, hidden)
    assert_same(prepare(estimator).fit(problem.X, problem.Y), other, problem.X)


def check_rows_without_labels_do_not_matter(estimator, problem):
    far = np.vstack([problem.X, 50 + problem.X[:5]])
    Y = np.vstack([problem.Y, np.full((5, 3), np.nan)])
    model = prepare(estimator).fit(problem.X, problem.Y)
    other = prepare(estimator).fit(far, Y)
    assert_same(model, other, problem.X, atol=accuracy(estimator))


def check_task_order(estimator, problem):
    X, Y = problem.frame()
    model = prepare(estimator, "ab", "abc").fit(X, Y)
    order = ["c", "b", "a"]
    other = prepare(estimator, "ab", order).fit(X, Y[order])
    atol = accuracy(estimator)
    at = [Y.columns.get_loc(name) for name in order]
    for t, scores in zip(at, outputs(other, X)):
        np.testing.assert_allclose(outputs(model, X)[t], scores, rtol=0, atol=atol)
    if hasattr(model, "coef_"):
        rows = [np.arange(*model.columns_[t : t + 2]) for t in at]
        moved = model.coef_[np.concatenate(rows)]
        np.testing.assert_allclose(moved, other.coef_, rtol=0, atol=atol)


def check_label_types(estimator, problem):
    """Labels of any type: the same model, and predictions of that type."""
    if is_regressor(estimator):
        return
    Y = problem.full[:, :2]
    model = prepare(estimator, tasks=range(2)).fit(problem.X, Y)
    codes = model.predict(problem.X).astype(int)
    for labels in (["no", "yes"], [False, True], [3, 8], [1.0, 2.0]):
        labels = np.array(labels)
        other = prepare(estimator, tasks=range(2))
        other.fit(problem.X, labels[Y.astype(int)])
        predicted = other.predict(problem.X)
        assert predicted.dtype == labels.dtype
        np.testing.assert_array_equal(predicted, labels[codes])
        for known in other.classes_:
            np.testing.assert_array_equal(known, labels)


def check_mixed_label_types(estimator, problem):
    if is_regressor(estimator):
        return
    codes = problem.labels.astype(int)
    Y = pd.DataFrame(
        {
            "a": np.array(["no", "yes"])[codes[:, 0]],
            "b": np.array(["no", "yes"])[codes[:, 1]],
            "c": codes[:, 2],
            "d": codes[:, 0] == 1,
            "e": pd.Categorical.from_codes(codes[:, 2], ["s", "m", "l"], ordered=True),
        }
    )
    model = prepare(estimator, "ab", "abcde").fit(problem.X, Y)
    predicted = model.predict(problem.X)
    assert predicted.dtype == object
    assert [type(value) for value in predicted[0]] == [str, str, int, bool, str]
    assert model.classes_[4].tolist() == ["s", "m", "l"]
    frame = model.predict_frame(problem.X)
    assert frame["c"].dtype.kind == "i"
    assert model.score(problem.X, Y) == np.mean(
        (frame == Y.astype(frame.dtypes)).mean()
    )


# Weights.


def check_integer_weights(estimator, problem):
    """Weight (2, 1, 1) is the row and, once more, its first label alone."""
    rng = np.random.default_rng(3)
    weight = rng.integers(1, 4, size=problem.Y.shape)
    X, Y = [problem.X], [problem.Y]
    for extra in (2, 3):
        X.append(problem.X)
        Y.append(np.where(weight >= extra, problem.Y, np.nan))
    weighted = prepare(estimator).fit(problem.X, problem.Y, sample_weight=weight)
    repeated = prepare(estimator).fit(np.vstack(X), np.vstack(Y))
    assert_same(weighted, repeated, problem.X, atol=accuracy(estimator))


def check_row_weights(estimator, problem):
    weight = np.arange(len(problem.X)) % 3 + 0.5
    one = prepare(estimator).fit(problem.X, problem.Y, sample_weight=weight)
    columns = np.repeat(weight[:, None], 3, axis=1)
    two = prepare(estimator).fit(problem.X, problem.Y, sample_weight=columns)
    assert_same(one, two, problem.X)


def check_task_weight(estimator, problem):
    X, Y = problem.frame()
    tasks = "ab", "abc"
    array = prepare(estimator, *tasks, task_weight=[1, 0.1, 1]).fit(X, Y)
    by_name = prepare(estimator, *tasks, task_weight={"b": 0.1}).fit(X, Y)
    assert_same(array, by_name, X)
    columns = np.tile([1.0, 0.1, 1.0], (len(X), 1))
    pairs = prepare(estimator, *tasks).fit(X, Y, sample_weight=columns)
    plain = prepare(estimator, *tasks).fit(X, Y)
    if not is_forest(estimator):  # whose gains are shares of each task's impurity
        assert_same(array, pairs, X, atol=accuracy(estimator))
    assert not np.allclose(outputs(plain, X)[1], outputs(array, X)[1])
    with pytest.raises(ValueError, match=r"unknown tasks \['z'\]; the tasks are .*'c'"):
        prepare(estimator, *tasks, task_weight={"z": 1}).fit(X, Y)


def check_named_task_weights(estimator, problem):
    """ "balanced" is one over the number of labels, scaled to mean 1."""
    inverse = 1 / (~problem.missing).sum(axis=0)
    given = prepare(estimator, task_weight=inverse / inverse.mean())
    named = prepare(estimator, task_weight="balanced").fit(problem.X, problem.Y)
    assert_same(
        given.fit(problem.X, problem.Y), named, problem.X, atol=accuracy(estimator)
    )
    prepare(estimator, task_weight="null_loss").fit(problem.X, problem.Y)


# Tasks that cannot be learned.


def check_task_without_labels(estimator, problem):
    Y = np.insert(problem.Y, 1, np.nan, axis=1)
    with pytest.warns(DegenerateTaskWarning, match="no label is observed.*'task1'"):
        model = prepare(estimator, (0, 2), range(4)).fit(problem.X, Y)
    predicted = model.predict(problem.X)
    assert predicted.shape == (90, 4)
    assert np.isnan(predicted[:, 1].astype(float)).all()
    without, atol = prepare(estimator).fit(problem.X, problem.Y), accuracy(estimator)
    assert_same_predictions(predicted[:, [0, 2, 3]], without.predict(problem.X), atol)
    kept = [out for t, out in enumerate(outputs(model, problem.X)) if t != 1]
    for one, two in zip(kept, outputs(without, problem.X)):
        np.testing.assert_allclose(one, two, rtol=0, atol=atol)


def check_text_task_without_labels(estimator, problem):
    if is_regressor(estimator):
        return
    text = np.array(["no", "yes"], dtype=object)[problem.full[:, :2].astype(int)]
    Y = np.insert(text, 2, None, axis=1)
    with pytest.warns(DegenerateTaskWarning, match="'task2'"):
        model = prepare(estimator).fit(problem.X, Y)
    predicted = model.predict(problem.X)
    assert set(predicted[:, :2].ravel()) == {"no", "yes"}
    assert all(value != value or value is None for value in predicted[:, 2])


def check_one_class_task(estimator, problem):
    if is_regressor(estimator):
        return
    Y = np.insert(problem.Y, 2, 5.0, axis=1)
    with pytest.warns(DegenerateTaskWarning, match="only one class.*'task2'"):
        model = prepare(estimator, tasks=range(4)).fit(problem.X, Y)
    predicted = model.predict(problem.X)
    assert (predicted[:, 2] == 5).all()
    assert model.classes_[2].tolist() == [5]
    without = prepare(estimator).fit(problem.X, problem.Y)
    others, atol = predicted[:, [0, 1, 3]], accuracy(estimator)
    assert_same_predictions(others, without.predict(problem.X), atol)
    assert np.isfinite(outputs(model, problem.X)[2]).all()
    assert np.isfinite(model.score(problem.X, Y))


def check_one_class_task_that_is_tied(estimator, problem):
    """It predicts its class, and ranks by the coefficients of those it is tied to."""
    if structure_of(estimator) not in ("mean", "graph") or is_regressor(estimator):
        return
    Y = problem.full[:, :2].copy()
    Y[:, 1] = np.where(Y[:, 1] == 1, 1.0, np.nan)
    with pytest.warns(DegenerateTaskWarning, match="only one class"):
        model = prepare(estimator, tasks=range(2)).fit(problem.X, Y)
    assert (model.predict(problem.X)[:, 1] == 1).all()
    first, second = outputs(model, problem.X)
    assert np.corrcoef(first, second)[0, 1] > 0.999
    assert np.ptp(second) > 0.1


def check_degenerate_1d_is_quiet(estimator, problem):
    with warnings.catch_warnings():
        warnings.simplefilter("error", DegenerateTaskWarning)
        model = prepare(estimator, tied=None).fit(problem.X, np.ones(len(problem.X)))
    np.testing.assert_array_equal(model.predict(problem.X), 1)


# One task.


def check_one_column_equals_1d(estimator, problem):
    for t in (0, 2):
        y = problem.full[:, t]
        flat = prepare(estimator, tied=None).fit(problem.X, y)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*nothing says.*")
            column = prepare(estimator, tied=None).fit(problem.X, y[:, None])
        assert flat.predict(problem.X).shape == (90,)
        assert column.predict(problem.X).shape == (90, 1)
        np.testing.assert_array_equal(
            flat.predict(problem.X), column.predict(problem.X)[:, 0]
        )
        for method in ("decision_function", "predict_proba"):
            if hasattr(flat, method) and problem.kinds[t] == "classification":
                (out,) = getattr(column, method)(problem.X)
                np.testing.assert_array_equal(getattr(flat, method)(problem.X), out)
        if hasattr(flat, "classes_"):
            np.testing.assert_array_equal(flat.classes_, column.classes_[0])
        assert flat.score(problem.X, y) == column.score(problem.X, y[:, None])


def check_shapes_of_lists(estimator, problem):
    model = prepare(estimator).fit(problem.X, problem.Y)
    predicted = model.predict(problem.X)
    assert predicted.shape == (90, 3)
    n_classes = [
        n if kind == "classification" else None
        for n, kind in zip((2, 2, 3), problem.kinds)
    ]
    if hasattr(model, "classes_"):
        assert [known if known is None else len(known) for known in model.classes_] == (
            n_classes
        )
    for method in ("decision_function", "predict_proba"):
        scores = getattr(model, method)(problem.X) if hasattr(model, method) else []
        for t, (out, n) in enumerate(zip(scores, n_classes)):
            if n is None:
                assert out is None
                continue
            flat = n == 2 and method == "decision_function"
            assert out.shape == ((90,) if flat else (90, n))
            code = (out > 0).astype(int) if flat else out.argmax(axis=1)
            np.testing.assert_array_equal(model.classes_[t][code], predicted[:, t])
            if method == "predict_proba":
                np.testing.assert_allclose(out.sum(axis=1), 1)


def check_score(estimator, problem):
    """The plain mean over tasks, over the labels that are there."""
    model = prepare(estimator, task_weight=[5, 1, 1]).fit(problem.X, problem.Y)
    predicted = model.predict(problem.X)
    each = []
    for t, kind in enumerate(problem.kinds):
        seen = ~problem.missing[:, t]
        y, p = problem.Y[seen, t], predicted[seen, t]
        if kind == "regression":
            each.append(1 - np.sum((y - p) ** 2) / np.sum((y - y.mean()) ** 2))
        else:
            each.append(np.mean(y == p))
    assert model.score(problem.X, problem.Y) == pytest.approx(np.mean(each))


# One task of many, for tools that know only one.


def check_task_view(estimator, problem):
    model = prepare(estimator).fit(problem.X, problem.Y)
    predicted = model.predict(problem.X)
    for t, kind in enumerate(problem.kinds):
        view = model.task(f"task{t}")
        assert is_classifier(view) == (kind == "classification")
        assert is_regressor(view) == (kind == "regression")
        np.testing.assert_array_equal(view.predict(problem.X), predicted[:, t])
        np.testing.assert_array_equal(
            model.task(t).predict(problem.X), view.predict(problem.X)
        )
        if is_classifier(view):
            np.testing.assert_array_equal(view.classes_, model.classes_[t])
        importance = permutation_importance(
            view, problem.X, problem.full[:, t], n_repeats=2, random_state=0
        )
        assert importance.importances_mean.max() > 0
    with pytest.raises(ValueError, match=r"no task 'z'; the tasks are .*task2"):
        model.task("z")


def check_displays_and_calibration(estimator, problem):
    if is_regressor(estimator):
        return
    model = prepare(estimator).fit(problem.X, problem.Y)
    view, y = model.task("task1"), problem.full[:, 1]
    score = outputs(model, problem.X)[1]
    score = score if score.ndim == 1 else score[:, 1]
    curve = RocCurveDisplay.from_estimator(view, problem.X, y)
    assert np.all(curve.roc_auc > 0.8)
    PrecisionRecallDisplay.from_estimator(view, problem.X, y)
    plt.close("all")
    for t, n_classes in [(1, 2), (2, 3)]:
        if problem.kinds[t] == "regression":
            continue
        calibrated = CalibratedClassifierCV(FrozenEstimator(model.task(t)))
        calibrated.fit(problem.X, problem.full[:, t])
        shares = calibrated.predict_proba(problem.X)
        assert shares.shape == (90, n_classes)
    shares = CalibratedClassifierCV(FrozenEstimator(view)).fit(problem.X, y)
    shares = shares.predict_proba(problem.X)[:, 1]
    assert np.corrcoef(np.argsort(np.argsort(score)), shares)[0, 1] > 0.8


# Errors say what is wrong with which argument.


def _bad_inputs(problem):
    """Match -> arguments of fit."""
    X, Y = problem.X, problem.full
    infinite, mixed = Y.copy(), Y.astype(object)
    infinite[3, 1] = np.inf
    mixed[4, 1] = "a"
    ragged = Y.tolist()
    ragged[5] = ragged[5][:2]
    negative = np.ones(Y.shape)
    negative[0, 0] = -1
    return {
        "Y contains infinity.*'task1'": (X, infinite),
        "'task1' mixes number and text.*'a'": (X, mixed),
        "Y is ragged: row 5 has 2 labels": (X, ragged),
        r"Y is sparse.*Y\.toarray\(\)": (X, _sparse(Y)),
        "no label is observed.*Y": (X, np.full(Y.shape, np.nan)),
        "sample weights must not all be zero": (X, Y, np.zeros(len(X))),
        "sample_weight holds a negative": (X, Y, negative),
        r"sample_weight.shape == \(89,\)": (X, Y, np.ones(len(X) - 1)),
        "sample_weight contains NaN": (X, Y, np.full(len(X), np.nan)),
        "samples: X has 90 rows, Y has 89": (X, Y[:-1]),
        "Y .*2-D array with one column per task": (X, Y[:, :, None]),
        "y is None": (X, None),
    }


def _sparse(Y):
    from scipy.sparse import csr_array

    return csr_array(Y)


def check_errors(estimator, problem):
    for message, arguments in _bad_inputs(problem).items():
        with pytest.raises(ValueError, match=message):
            prepare(estimator).fit(*arguments)
    if is_classifier(estimator):
        Y = problem.full.copy()
        Y[2, 1] = 0.5
        with pytest.raises(ValueError, match=r"continuous.*'task1'.*0\.5"):
            prepare(estimator).fit(problem.X, Y)
    for weight in ([1, 2], [1, -1, 1], [0, 0, 0], [1, np.nan, 1], "even"):
        with pytest.raises(ValueError, match="task_weight"):
            prepare(estimator, task_weight=weight).fit(problem.X, problem.Y)
    _, Y = problem.frame()
    with pytest.raises(ValueError, match=r"Y have the same name: \['a'\]"):
        prepare(estimator).fit(problem.X, Y[["a", "b", "a"]])


# Resources.


def check_memory_of_own_rows(estimator, problem):
    """Tasks with their own rows: nothing of size n_rows x d x n_tasks."""
    if is_regressor(estimator):
        return
    n, d, n_tasks = 600, 200, 60
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, d))
    Y = np.full((n, n_tasks), np.nan)
    Y[np.arange(n), np.arange(n) % n_tasks] = np.arange(n) >= n_tasks
    model = prepare(estimator, range(n_tasks), range(n_tasks), tol=1e-2, cache_size=0.5)
    tracemalloc.start()
    try:
        model.fit(X, Y)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 * n * d * n_tasks / 10
    assert model.n_tasks_ == n_tasks


class _Recorder:
    """Counts the steps of a fit, and stops it after ``most``."""

    max_propagation_depth = None  # into GridSearchCV's estimators, at any depth

    def __init__(self, most=np.inf):
        self.most, self.steps, self.running = most, [], 0

    def setup(self, estimator, context):
        self.running += 1

    def teardown(self, estimator, context):
        self.running -= 1

    def on_fit_task_begin(self, estimator, context):
        assert self.running == 1

    def on_fit_task_end(self, estimator, context):
        if context.max_subtasks == 0 and context.parent is not None:
            self.steps.append(context.task_name)
        return len(self.steps) >= self.most


def check_callbacks(estimator, problem):
    """Where scikit-learn has callbacks, they see every step, and may stop the fit."""
    model = prepare(estimator)
    if not hasattr(model, "set_callbacks"):
        return
    recorder = _Recorder()
    model.set_callbacks(recorder).fit(problem.X, problem.Y)
    assert len(set(recorder.steps)) == 1
    assert recorder.running == 0
    assert len(recorder.steps) > 2
    if hasattr(model, "n_iter_"):
        assert len(recorder.steps) == model.n_iter_
    recorder = _Recorder(most=2)
    model.set_callbacks(recorder).fit(problem.X, problem.Y)
    assert len(recorder.steps) == 2
    assert model.predict(problem.X).shape == (90, 3)
    recorder = _Recorder()
    search = GridSearchCV(prepare(estimator), {"task_weight": [None]}, cv=KFold(2))
    search.set_callbacks(recorder).fit(problem.X, problem.Y)
    assert len(recorder.steps) > 6


CHECKS = [value for name, value in list(globals().items()) if name.startswith("check_")]
