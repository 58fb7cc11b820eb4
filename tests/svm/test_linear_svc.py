"""MultiTaskLinearSVC: what it minimises, and what it says about bad parameters."""

import inspect
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.datasets import make_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.svm import LinearSVC

from mtlearn.exceptions import DegenerateTaskWarning
from mtlearn.linear_model import two_part
from mtlearn.structures import STRUCTURES, CovarianceStructure
from mtlearn.structures.covariance import TiedCovariance
from mtlearn.svm import MultiTaskLinearSVC
from tests.contract import tying
from tests.reference import linear

EXACT = {"tol": 1e-10, "max_iter": 1000}
DIALS = ["mean", "graph", "clustered", "learned"]


def binary_tasks(n=80, d=5, T=4, hidden=0.3, seed=0):
    """Tasks that vary around a common truth; labels -1 and 1, NaN where hidden."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d)) + 0.5
    W = rng.normal(size=(d, 1)) + 0.5 * rng.normal(size=(d, T))
    Y = np.where(X @ W - 0.5 + rng.normal(size=(n, T)) > 0, 1.0, -1.0)
    Y[rng.random((n, T)) < hidden] = np.nan
    return X, Y


def mixed_tasks(n=90, d=6, seed=0):
    """A binary task, one of three classes, and a twin of the first."""
    X, Y = binary_tasks(n, d, 3, seed=seed)
    Y[:, 1] = np.digitize(X[:, 0] + 0.3 * X[:, 1], [0, 1])
    return X, Y


def fit(X, Y, **params):
    return MultiTaskLinearSVC(**{**EXACT, **params}).fit(X, Y)


def fitted_mean(X, Y, **params):
    return fit(X, Y, structure="mean", label_groups="all", **params)


# One task is scikit-learn's LinearSVC.


def single_task(n_classes, shape=(100, 6)):
    X, y = make_classification(
        *shape, n_informative=4, n_redundant=0, n_classes=n_classes, random_state=0
    )
    return X + 0.3, y


def linear_svc_objective(X, y, W, C, weight):
    signs, seen = linear.one_column_per_class(y.astype(float))
    return linear.objective(
        X, signs, seen * weight[:, None], W.T, 0.0, C, np.eye(len(W))
    )


@pytest.mark.parametrize("structure", ["learned", "mean", "independent"])
@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize("shape", [(100, 6), (40, 80)])
def test_binary_task_is_linear_svc(structure, constant, shape):
    X, y = single_task(2, shape)
    if constant:
        X = np.column_stack([X, np.ones(len(X))])
    weight = np.arange(len(X)) % 3 + 0.5
    peer = LinearSVC(C=0.3, dual=False, fit_intercept=False, tol=1e-9, max_iter=10_000)
    peer.fit(X, y, sample_weight=weight)
    ours = MultiTaskLinearSVC(C=0.3, structure=structure, fit_intercept=False, **EXACT)
    ours.fit(X, y, sample_weight=weight)
    theirs = linear_svc_objective(X, y, peer.coef_, 0.3, weight)
    mine = linear_svc_objective(X, y, ours.coef_, 0.3, weight)
    assert mine == pytest.approx(theirs, rel=1e-5)
    assert ours.objective_path_[-1] == pytest.approx(mine)
    np.testing.assert_array_equal(ours.intercept_, 0)
    np.testing.assert_allclose(ours.coef_, peer.coef_, atol=1e-3)
    np.testing.assert_array_equal(ours.predict(X), peer.predict(X))


@pytest.mark.parametrize("fit_intercept", [False, True])
def test_multiclass_task_is_linear_svc(fit_intercept):
    X, y = single_task(3)
    options = {"C": 0.3, "fit_intercept": fit_intercept}
    # So large a constant column leaves the peer's intercept all but unpenalised.
    peer = LinearSVC(
        dual=False, tol=1e-10, max_iter=100_000, intercept_scaling=300, **options
    )
    ours = fit(X, y, structure="independent", **options)
    peer.fit(X, y)
    np.testing.assert_allclose(ours.coef_, peer.coef_, atol=1e-3)
    np.testing.assert_allclose(ours.intercept_, peer.intercept_, atol=1e-3)


def test_default_tolerance_is_enough():
    X, y = single_task(2)
    default = MultiTaskLinearSVC().fit(X, y)
    assert default.objective_path_[-1] == pytest.approx(
        fit(X, y).objective_path_[-1], rel=1e-6
    )


# The structures, and the two ends of sharing.


def test_independent_tasks_are_each_fitted_alone():
    X, Y = mixed_tasks()
    together = fit(X, Y, structure="independent")
    for t in range(3):
        alone = fit(X, Y[:, t], structure="independent")
        rows = slice(*together.columns_[t : t + 2])
        np.testing.assert_allclose(together.coef_[rows], alone.coef_, atol=1e-6)
        np.testing.assert_allclose(
            together.intercept_[rows], alone.intercept_, atol=1e-6
        )


@pytest.mark.parametrize("structure", DIALS)
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_sharing_0_is_independent(structure, fit_intercept):
    X, Y = binary_tasks()
    options = {"fit_intercept": fit_intercept}
    model = fit(X, Y, sharing=0, **tying(structure, range(4), range(4)), **options)
    alone = fit(X, Y, structure="independent", **options)
    np.testing.assert_allclose(model.coef_, alone.coef_, atol=1e-8)
    np.testing.assert_allclose(model.intercept_, alone.intercept_, atol=1e-8)


@pytest.mark.parametrize(
    ("structure", "sharing", "same"),
    [
        ("shared_plus_low_rank", 0, "low_rank"),
        ("shared_plus_sparse", 1, "joint_sparse"),
    ],
)
def test_an_end_of_sharing_is_a_structure_without_a_dial(structure, sharing, same):
    X, Y = binary_tasks()
    model = fit(X, Y, sharing=sharing, **tying(structure))
    other = fit(X, Y, structure=same)
    np.testing.assert_allclose(model.coef_, other.coef_, atol=1e-7)
    np.testing.assert_allclose(model.intercept_, other.intercept_, atol=1e-7)


@pytest.mark.parametrize("structure", ["mean", "graph", "shared_plus_low_rank"])
def test_sharing_1_is_one_pooled_model_with_an_intercept_per_task(structure):
    X, Y = binary_tasks()
    w, b = linear.fit_pooled(X, *linear.all_columns(Y), 0.4)
    model = fit(X, Y, sharing=1, C=0.4, **tying(structure, range(4), range(4)))
    np.testing.assert_allclose(model.coef_, np.tile(w, (4, 1)), atol=1e-4)
    np.testing.assert_allclose(model.intercept_, b, atol=1e-4)


@pytest.mark.parametrize("structure", ["independent", "low_rank", "joint_sparse"])
@pytest.mark.parametrize("sharing", [0, 0.4, 1.0])
def test_sharing_means_nothing_to_some(structure, sharing):
    X, Y = binary_tasks()
    with pytest.raises(
        ValueError, match=f"sharing={sharing} means nothing to structure='{structure}'"
    ):
        fit(X, Y, structure=structure, sharing=sharing)


def test_task_weight_at_sharing_0_is_a_C_of_its_own():
    X, Y = binary_tasks()
    model = fit(X, Y, sharing=0, C=0.5, task_weight=[1, 0.1, 4, 1])
    for t, C in enumerate([0.5, 0.05, 2, 0.5]):
        np.testing.assert_allclose(
            model.coef_[t], fit(X, Y[:, t], C=C).coef_[0], atol=1e-6
        )


@pytest.mark.parametrize(("lambda_", "gamma"), [(2.0, 1.0), (0.5, 4.0), (30.0, 0.2)])
def test_mean_is_the_explicit_problem_of_two_parts(lambda_, gamma):
    X, Y = binary_tasks()
    model = fitted_mean(X, Y, **two_part(lambda_, gamma))
    W, b, shared = linear.fit_two_part(X, *linear.all_columns(Y), lambda_, gamma)
    np.testing.assert_allclose(model.coef_.T, W, atol=1e-4)
    np.testing.assert_allclose(model.intercept_, b, atol=1e-4)
    np.testing.assert_allclose(model.coef_shared_, [shared], atol=1e-4)
    np.testing.assert_allclose(model.coef_task_.T, W - shared[:, None], atol=1e-4)


def test_learned_objective_path_never_rises_after_the_first_solve():
    X, Y = mixed_tasks()
    before = fit(X, Y, structure="independent").n_iter_
    model = fit(X, Y, sharing=0.8)
    path = model.objective_path_[before:]
    assert len(path) >= 2
    assert np.diff(path).max() <= 1e-9 * path[0]
    assert len(model.objective_path_) == model.n_iter_


def test_learned_comes_close_to_the_best_of_its_objective():
    X, Y = mixed_tasks()
    model = fit(X, Y, sharing=0.7)
    signs, seen = linear.all_columns(Y)

    def value(W, b):
        return linear.learned_objective(X, signs, seen, W, b, 1.0, 0.7)

    best = value(*linear.fit_learned(X, signs, seen, 1.0, 0.7))
    assert value(model.coef_.T, model.intercept_) <= best * 1.005


def test_learning_the_structure_helps_a_task_with_few_labels():
    X, Y = binary_tasks(n=600, d=40, T=6, hidden=0.0)
    train, test = slice(0, 300), slice(300, 600)
    hidden = Y[train].copy()
    hidden[25:, 0] = np.nan
    accuracy = {}
    for structure in ("independent", "learned"):
        model = fit(X[train], hidden, structure=structure, C=0.1, tol=1e-4)
        accuracy[structure] = np.mean(model.predict(X[test])[:, 0] == Y[test, 0])
    assert accuracy["learned"] > accuracy["independent"] + 0.03


def test_C_means_the_same_at_every_sharing():
    """All tasks alike: tying them leaves a model of the size that C asks for."""
    X, y = single_task(2)
    Y = np.column_stack([y, y, y])
    size = [
        np.linalg.norm(fitted_mean(X, Y, sharing=s, C=0.01).coef_) for s in (0, 0.5, 1)
    ]
    assert size[0] < size[1] < size[2] < 3 * size[0]


# What is kept.


def test_shapes_and_dtypes_of_what_is_kept():
    X, Y = mixed_tasks()
    model = MultiTaskLinearSVC().fit(X, Y)
    assert model.coef_.shape == (5, 6)
    assert model.intercept_.shape == (5,)
    assert model.columns_.tolist() == [0, 1, 4, 5]
    assert model.column_covariance_.shape == (5, 5)
    assert model.task_similarity_.shape == (3, 3)
    assert model.coef_shared_.shape == (0, 6)
    assert model.label_groups_ == []
    assert (model.n_tasks_, model.n_features_in_) == (3, 6)
    assert model.converged_ is True or model.converged_ == np.True_
    scores = np.hstack([z.reshape(90, -1) for z in model.decision_function(X)])
    np.testing.assert_allclose(scores, X @ model.coef_.T + model.intercept_)


def test_similarity_of_tied_binary_tasks_is_the_sharing():
    X, Y = binary_tasks()
    model = fit(X, Y, structure="mean", label_groups=[[0, 2, 3]], sharing=0.37)
    wanted = np.where(np.eye(4, dtype=bool), 1, 0.37)
    wanted[1, [0, 2, 3]] = wanted[[0, 2, 3], 1] = 0
    np.testing.assert_allclose(model.task_similarity_, wanted)
    np.testing.assert_allclose(model.column_covariance_, wanted)


def test_similarity_of_tied_multiclass_tasks_is_the_sharing():
    X, Y = mixed_tasks()
    Y = np.column_stack([Y[:, 1], Y[::-1, 1]])
    model = fitted_mean(X, Y, sharing=0.6)
    np.testing.assert_allclose(model.task_similarity_, [[1, 0.6], [0.6, 1]])


def test_learned_similarity_is_signed():
    X, Y = binary_tasks(T=1, hidden=0)
    noise = np.where(np.random.default_rng(0).random(80) < 0.5, 1.0, -1.0)
    Y = np.column_stack([Y, Y, -Y, noise])
    similarity = MultiTaskLinearSVC(sharing=0.9).fit(X, Y).task_similarity_
    np.testing.assert_allclose(similarity, similarity.T)
    np.testing.assert_allclose(np.diag(similarity), 1)
    assert similarity[0, 1] > 0.5
    assert similarity[0, 2] < -0.5
    assert abs(similarity[0, 3]) < 0.4


def test_similarity_of_a_task_without_labels():
    X, Y = binary_tasks()
    Y[:, 1] = np.nan
    with pytest.warns(DegenerateTaskWarning):
        model = MultiTaskLinearSVC().fit(X, Y)
    assert np.isfinite(model.task_similarity_).all()
    np.testing.assert_array_equal(model.task_similarity_[1], [0, 1, 0, 0])


def test_one_class_task_without_intercept_has_none():
    X, Y = binary_tasks()
    Y[:, 1] = np.where(Y[:, 1] == 1, 1.0, np.nan)
    with pytest.warns(DegenerateTaskWarning):
        model = fitted_mean(X, Y, fit_intercept=False)
    np.testing.assert_array_equal(model.intercept_, 0)
    assert np.ptp(model.decision_function(X)[1]) > 0


# Forms of X.


@pytest.mark.parametrize(
    ("structure", "form"),
    [
        *((structure, sparse.csr_array) for structure in STRUCTURES),
        ("learned", sparse.csc_matrix),
        ("learned", sparse.coo_array),
    ],
)
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_sparse_X_equals_dense(structure, form, fit_intercept):
    X, Y = mixed_tasks()
    X[np.abs(X) < 0.7] = 0
    params = {**tying(structure, (0, 2)), "fit_intercept": fit_intercept}
    dense, thin = fit(X, Y, **params), fit(form(X), Y, **params)
    np.testing.assert_allclose(dense.coef_, thin.coef_, atol=1e-6)
    np.testing.assert_allclose(dense.intercept_, thin.intercept_, atol=1e-6)
    np.testing.assert_array_equal(dense.predict(X), thin.predict(form(X)))


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("shape", [(90, 6), (20, 60)])
@pytest.mark.parametrize("as_sparse", [False, True])
def test_float32_stays_float32(structure, shape, as_sparse):
    X, Y = mixed_tasks(*shape)
    params = {**tying(structure, (0, 2)), "C": 0.1, "tol": 1e-4}
    single = X.astype(np.float32)
    model = fit(sparse.csr_array(single) if as_sparse else single, Y, **params)
    for name in ("coef_", "intercept_", "coef_shared_", "coef_task_"):
        assert getattr(model, name).dtype == np.float32
    assert model.decision_function(single)[0].dtype == np.float32
    double = fit(X, Y, **params)
    np.testing.assert_allclose(model.coef_, double.coef_, atol=0.02)
    assert model.objective_path_[-1] == pytest.approx(
        double.objective_path_[-1], rel=1e-3
    )


def test_integer_and_fortran_features():
    X, Y = mixed_tasks()
    whole = (10 * X).astype(int)
    wanted = fit(whole.astype(float), Y).coef_
    np.testing.assert_array_equal(fit(whole, Y).coef_, wanted)
    turned = fit(np.asfortranarray(whole, dtype=float), Y).coef_
    np.testing.assert_allclose(turned, wanted, atol=1e-8)


def test_memory_is_that_of_X_and_of_the_scores():
    n, d, T = 2000, 100, 40
    X, Y = binary_tasks(n, d, T)
    model = MultiTaskLinearSVC(tol=1e-2)
    tracemalloc.start()
    try:
        model.fit(X, Y)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 * (3 * n * d + 3 * d * d + 20 * n * T)
    assert peak < 8 * n * d * T / 4


# Convergence.


def test_max_iter_too_small_is_said():
    X, Y = binary_tasks()
    with pytest.warns(ConvergenceWarning, match="max_iter=1 .*raise max_iter"):
        model = MultiTaskLinearSVC(max_iter=1, structure="independent").fit(X, Y)
    assert not model.converged_
    assert model.n_iter_ == 1


def test_tighter_tol_never_ends_higher():
    X, Y = binary_tasks()
    ends = [
        fit(X, Y, structure="independent", tol=tol).objective_path_[-1]
        for tol in (1e-1, 1e-3, 1e-9)
    ]
    assert ends[0] >= ends[1] >= ends[2]


# Parameters.


def test_defaults():
    parameters = inspect.signature(MultiTaskLinearSVC).parameters
    assert {name: p.default for name, p in parameters.items()} == {
        "C": 1.0,
        "loss": "squared_hinge",
        "sharing": 0.5,
        "structure": "learned",
        "label_groups": None,
        "task_graph": None,
        "task_weight": None,
        "class_weight": None,
        "fit_intercept": True,
        "tol": 1e-4,
        "max_iter": 100,
        "warm_start": False,
        "memory": None,
        "verbose": 0,
    }
    assert {p.kind for p in parameters.values()} == {inspect.Parameter.KEYWORD_ONLY}


@pytest.mark.parametrize(
    ("name", "value", "error", "message"),
    [
        ("C", 0, ValueError, "C == 0"),
        ("C", -1.0, ValueError, r"C == -1\.0"),
        ("C", "big", TypeError, "C must be"),
        ("C", np.nan, ValueError, "C"),
        ("C", np.inf, ValueError, "C"),
        ("sharing", 1.1, ValueError, r"sharing == 1\.1"),
        ("sharing", -0.1, ValueError, r"sharing == -0\.1"),
        ("sharing", np.nan, ValueError, "sharing"),
        ("sharing", None, TypeError, "sharing must be"),
        ("tol", 0, ValueError, "tol == 0"),
        ("max_iter", 0, ValueError, "max_iter == 0"),
        ("max_iter", 2.5, TypeError, "max_iter must be"),
        (
            "structure",
            "trace",
            ValueError,
            "structure='trace' is unknown.*'independent', 'mean', .*'learned'",
        ),
        ("loss", "log", ValueError, "loss='log' is unknown.*'squared_hinge', 'hinge'"),
        ("task_weight", "even", ValueError, "task_weight='even' is unknown"),
        ("class_weight", "even", ValueError, "class_weight='even' is unknown"),
        ("class_weight", 2.0, ValueError, r"class_weight is 2\.0"),
        ("class_weight", {-1: -2.0}, ValueError, r"class_weight.*> 0.*-2\.0"),
        ("class_weight", {9: 2.0}, ValueError, "class_weight.*label 9"),
        ("class_weight", {"task9": None}, ValueError, r"unknown tasks \['task9'\]"),
        ("memory", 3, ValueError, "memory.*3"),
        ("task_graph", np.eye(4), ValueError, "task_graph means nothing.*'learned'"),
    ],
)
def test_bad_parameters(name, value, error, message):
    X, Y = binary_tasks()
    with pytest.raises(error, match=message):
        MultiTaskLinearSVC(**{name: value}).fit(X, Y)


def test_a_structure_can_be_an_object():
    class Twins(CovarianceStructure):
        def start(self, targets, sharing):
            return TiedCovariance(np.array([0, 0, 1, 1]), sharing)

    X, Y = binary_tasks()
    model = fit(X, Y, structure=Twins(), sharing=0.4)
    assert model.task_similarity_[0, 1] == pytest.approx(0.4)
    assert model.task_similarity_[0, 2] == 0
    groups = fit(
        X, Y, structure="mean", sharing=0.4, label_groups=[["task0", 1], [2, "task3"]]
    )
    np.testing.assert_allclose(model.coef_, groups.coef_, atol=1e-8)


def sizes(Y, **categories):
    """Y as a frame of Categoricals."""
    codes = (Y > 0).astype(int)
    return pd.DataFrame(
        {
            name: pd.Categorical.from_codes(codes[:, t], list(known), ordered=True)
            for t, (name, known) in enumerate(categories.items())
        }
    )


def test_equal_categories_are_tied_by_themselves():
    X, Y = binary_tasks()
    frame = sizes(Y, left="sl", right="sl", colour="rg")
    model = fit(X, frame, structure="mean")
    assert model.label_groups_ == [["left", "right"]]
    assert [known.tolist() for known in model.classes_] == [["s", "l"]] * 2 + [
        ["r", "g"]
    ]
    named = fit(X, frame, structure="mean", label_groups=[["left", "right"]])
    np.testing.assert_array_equal(model.coef_, named.coef_)


def test_label_groups_all_and_by_name_and_by_number():
    X, Y = binary_tasks()
    models = [
        fit(X, Y, structure="mean", label_groups=groups)
        for groups in ("all", [[0, 1, 2, 3]], [["task3", "task0", 2, np.int64(1)]])
    ]
    assert models[0].label_groups_ == [["task0", "task1", "task2", "task3"]]
    for model in models[1:]:
        np.testing.assert_array_equal(model.coef_, models[0].coef_)


def test_a_group_has_the_union_of_its_labels():
    X, Y = mixed_tasks()
    model = fit(X, Y, structure="mean", label_groups=[[0, 1]], sharing=0.5)
    union = [-1.0, 0.0, 1.0, 2.0]
    assert [known.tolist() for known in model.classes_] == [union, union, [-1, 1]]
    assert model.columns_.tolist() == [0, 4, 8, 9]
    assert model.coef_shared_.shape == (4, 6)
    M = model.column_covariance_
    np.testing.assert_allclose(M[:4, 4:8], 0.5 * np.eye(4))
    np.testing.assert_array_equal(M[8, :8], 0)


def test_tied_categoricals_of_different_categories():
    X, Y = binary_tasks()
    frame = sizes(Y, left="sl", right="lm")
    for order in (["left", "right"], ["right", "left"]):
        model = fitted_mean(X, frame[order])
        assert [known.tolist() for known in model.classes_] == [["l", "m", "s"]] * 2
        assert model.score(X, frame[order]) > 0.7


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ("every", "label_groups='every' is unknown"),
        ([["task0", "task9"]], "unknown task 'task9'; tasks are"),
        ([[0, 4]], "unknown task 4"),
        ([[0, 1], [1, 2]], r"two groups: \['task1'\]"),
        ([[0, 0, 1]], r"two groups|twice"),
    ],
)
def test_bad_label_groups(groups, message):
    X, Y = binary_tasks()
    with pytest.raises(ValueError, match=message):
        fit(X, Y, structure="mean", label_groups=groups)


def test_text_is_not_tied_to_numbers():
    X, Y = binary_tasks(hidden=0)
    frame = pd.DataFrame({"a": np.where(Y[:, 0] > 0, "yes", "no"), "b": Y[:, 1]})
    with pytest.raises(ValueError, match="text labels to tasks with numbers"):
        fitted_mean(X, frame)


@pytest.mark.parametrize(
    "structure", [name for name in STRUCTURES if not STRUCTURES[name].uses_label_groups]
)
def test_label_groups_mean_nothing_to_other_structures(structure):
    X, Y = binary_tasks()
    with pytest.raises(ValueError, match="label_groups='all' means nothing"):
        fit(X, Y, structure=structure, label_groups="all")


@pytest.mark.parametrize("structure", ["mean", "clustered", "shared_plus_low_rank"])
def test_nothing_to_tie_is_said(structure):
    X, Y = binary_tasks()
    with pytest.warns(UserWarning, match=f"'{structure}'.*nothing says.*'all'"):
        model = fit(X, Y, structure=structure)
    assert model.label_groups_ == []


@pytest.mark.filterwarnings("ignore:.*nothing says")
@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (None, "needs task_graph"),
        (np.zeros((3, 3)), r"task_graph has shape \(3, 3\).* 4 tasks"),
        (np.zeros((4, 3)), r"task_graph has shape \(4, 3\), expected a square"),
        (np.triu(np.ones((4, 4))), r"not symmetric: entry \(0, 1\) is 1\.0"),
        (np.full((4, 4), np.nan), "task_graph contains NaN"),
        (-np.ones((4, 4)), r"indefinite: its least eigenvalue is -4"),
    ],
)
def test_bad_task_graph(graph, message):
    X, Y = binary_tasks()
    with pytest.raises(ValueError, match=message):
        fit(X, Y, structure="graph", task_graph=graph)


def test_verbose_prints_each_step(capsys):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 3))
    model = MultiTaskLinearSVC(verbose=1).fit(X, X[:, :2] > 0)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == model.n_iter_
    assert float(lines[-1].split()[-1]) == pytest.approx(model.objective_path_[-1])


@pytest.mark.parametrize(
    ("shape", "offset"), [((30, 200), 1000), ((300, 800), 10), ((400, 30), 1000)]
)
def test_float32_far_from_zero_ends_where_float64_does(shape, offset):
    rng = np.random.default_rng(0)
    X = (rng.normal(size=shape) + offset).astype(np.float32)
    y = rng.integers(0, 2, len(X))
    models = [MultiTaskLinearSVC().fit(X.astype(dtype), y) for dtype in "fd"]

    def objective(model):
        z = X.astype(float) @ model.coef_[0].astype(float) + float(model.intercept_[0])
        short = np.maximum(0, 1 - np.where(y == 1, z, -z))
        return np.sum(short**2) + np.sum(model.coef_.astype(float) ** 2) / 2

    assert all(model.converged_ for model in models)
    assert objective(models[0]) == pytest.approx(objective(models[1]), rel=1e-3)


def test_overflow_is_an_error_with_its_remedy():
    X = np.random.default_rng(0).normal(size=(20, 3))
    with (
        np.errstate(all="ignore"),
        pytest.raises(ValueError, match=r"overflows.*lower C"),
    ):
        MultiTaskLinearSVC(C=1e300).fit(X * 1e100, X[:, 0] > 0)


def test_score_refuses_tasks_in_another_order():
    pd = pytest.importorskip("pandas")
    X = np.random.default_rng(0).normal(size=(40, 3))
    Y = pd.DataFrame(X > 0, columns=["a", "b", "c"])
    model = MultiTaskLinearSVC().fit(X, Y)
    with pytest.raises(ValueError, match="another order"):
        model.score(X, Y[["c", "b", "a"]])


def test_columns_that_are_numbers_are_task_names():
    pd = pytest.importorskip("pandas")
    X = np.random.default_rng(0).normal(size=(40, 3))
    Y = pd.DataFrame(X > 0, columns=[2, 1, 0])
    model = MultiTaskLinearSVC(task_weight={2: 3.0}).fit(X, Y)
    assert list(model.task_names_in_) == ["2", "1", "0"]
    np.testing.assert_array_equal(model.task(0).predict(X), model.predict(X)[:, 2])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"structure": None}, "structure=None is unknown"),
        ({"structure": "mean", "label_groups": ["task0", "task1"]}, "list of lists"),
        ({"structure": "mean", "label_groups": [0, 1]}, "list of lists"),
    ],
)
def test_wrong_forms_show_the_right_one(parameters, message):
    X = np.random.default_rng(0).normal(size=(40, 3))
    with pytest.raises(ValueError, match=message):
        MultiTaskLinearSVC(**parameters).fit(X, X > 0)
