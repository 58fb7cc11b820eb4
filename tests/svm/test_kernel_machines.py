"""Kernel machines against scikit-learn's, and against the matrix of all pairs."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.kernel_approximation import Nystroem
from sklearn.metrics import pairwise
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.multiclass import OneVsRestClassifier
from sklearn.svm import SVC, SVR

from mtlearn.solvers import dual
from mtlearn.structures import Clustered
from mtlearn.svm import (
    KERNELS,
    MultiTaskLinearSVC,
    MultiTaskLinearSVR,
    MultiTaskSVC,
    MultiTaskSVR,
)
from mtlearn.svm.approximation import NystroemFeatures
from mtlearn.svm.kernels import find_gamma, fit_kernel

CLOSE = {"tol": 1e-6}


@pytest.fixture(scope="module")
def data():
    """X, three binary tasks of which the last is unbalanced, and numbers."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(240, 4))
    f = np.sin(2 * X[:, :1]) + X[:, 1:2] * X[:, 2:3]
    Z = f + 0.5 * rng.normal(size=(240, 3)) + [0, 0.3, -1.2]
    missing = rng.random(Z.shape) < 0.3
    return X, Z, missing


@pytest.mark.parametrize("t", range(3))
@pytest.mark.parametrize("params", [{}, {"class_weight": "balanced"}, {"C": 0.2}])
def test_one_task_is_svc(data, t, params):
    X, Z, _ = data
    y = Z[:, t] > 0
    ours = MultiTaskSVC(**CLOSE, **params).fit(X, y)
    theirs = SVC(**CLOSE, **params).fit(X, y)
    np.testing.assert_allclose(
        ours.decision_function(X), theirs.decision_function(X), atol=1e-4
    )
    assert abs(ours.n_support_ - theirs.n_support_).max() <= 2
    assert ours.n_support_.sum() == len(ours.support_)
    weight = np.random.default_rng(0).random(len(X))
    ours = MultiTaskSVC(gamma=0.2, **CLOSE).fit(X, y, sample_weight=weight)
    theirs = SVC(gamma=0.2, **CLOSE).fit(X, y, sample_weight=weight)
    np.testing.assert_allclose(
        ours.decision_function(X), theirs.decision_function(X), atol=1e-4
    )


@pytest.mark.parametrize("epsilon", [0.0, 0.1, 0.5])
def test_one_task_is_svr(data, epsilon):
    X, Z, _ = data
    ours = MultiTaskSVR(epsilon=epsilon, scale_targets=False, **CLOSE).fit(X, Z[:, 0])
    theirs = SVR(epsilon=epsilon, **CLOSE).fit(X, Z[:, 0])
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), atol=1e-4)
    assert abs(len(ours.support_) - len(theirs.support_)) <= 2
    assert ours.n_support_.tolist() == [len(ours.support_)]


def test_units_of_numbers_do_not_matter(data):
    X, Z, _ = data
    one = MultiTaskSVR(**CLOSE).fit(X, Z)
    two = MultiTaskSVR(**CLOSE).fit(X, Z * [1, 1000, 0.01] + [0, 5, -3])
    np.testing.assert_allclose(
        two.predict(X), one.predict(X) * [1, 1000, 0.01] + [0, 5, -3], rtol=1e-3
    )


def test_sharing_0_is_a_machine_for_each_task(data):
    X, Z, missing = data
    Y = np.where(missing, np.nan, Z > 0)
    shared = {"structure": "mean", "label_groups": "all"}
    model = MultiTaskSVC(sharing=0, gamma=0.3, **shared, **CLOSE).fit(X, Y)
    for t, scores in enumerate(model.decision_function(X)):
        seen = ~missing[:, t]
        alone = SVC(gamma=0.3, **CLOSE).fit(X[seen], Y[seen, t])
        np.testing.assert_allclose(scores, alone.decision_function(X), atol=1e-4)
        np.testing.assert_array_equal(
            np.isin(model.support_[t], np.flatnonzero(seen)), True
        )


def test_many_classes_are_one_against_the_rest(data):
    X, Z, _ = data
    y = np.digitize(Z[:, 0], [-0.5, 0.5])
    ours = MultiTaskSVC(structure="independent", **CLOSE).fit(X, y)
    theirs = OneVsRestClassifier(SVC(**CLOSE)).fit(X, y)
    np.testing.assert_allclose(
        ours.decision_function(X), theirs.decision_function(X), atol=1e-4
    )


@pytest.mark.parametrize("sharing", [0.3, 0.9, 1.0])
def test_the_matrix_of_all_pairs(data, sharing):
    """With a kernel of 100 for each task, SVC's one intercept is one per task."""
    X, Z, missing = data
    Y = np.where(missing, np.nan, Z > 0)
    model = MultiTaskSVC(
        structure="mean", label_groups="all", sharing=sharing, gamma=0.3, C=3, **CLOSE
    ).fit(X, Y)
    row, task = np.nonzero(~missing)
    K = pairwise.rbf_kernel(X, gamma=0.3)[np.ix_(row, row)]
    M = model.column_covariance_[np.ix_(task, task)]
    full = K * M + 100 * (task[:, None] == task)
    oracle = SVC(kernel="precomputed", C=3, **CLOSE).fit(full, Y[row, task])
    ours = np.column_stack(model.decision_function(X))[row, task]
    np.testing.assert_allclose(ours, oracle.decision_function(full), atol=2e-3)
    beta = np.zeros(len(row))
    beta[oracle.support_] = oracle.dual_coef_[0]
    dual = abs(beta).sum() - beta @ full @ beta / 2
    assert model.objective_path_[-1] == pytest.approx(dual, rel=1e-3)
    assert 0 <= model.duality_gap_ < 1e-3


@pytest.mark.parametrize("structure", ["independent", "mean", "learned"])
def test_the_linear_kernel_is_the_linear_machine(data, structure):
    X, Z, missing = data
    # A linear kernel of few features in float32 is not known to more digits.
    CLOSE = {"tol": 1e-4}
    tied = {"label_groups": "all"} if structure == "mean" else {}
    Y = np.where(missing, np.nan, Z > 0)
    ours = MultiTaskSVC(kernel="linear", structure=structure, **tied, **CLOSE)
    linear = MultiTaskLinearSVC(loss="hinge", structure=structure, tol=1e-7, **tied)
    for one, two in zip(
        ours.fit(X, Y).decision_function(X), linear.fit(X, Y).decision_function(X)
    ):
        np.testing.assert_allclose(one, two, atol=2e-3)
    Y = np.where(missing, np.nan, Z)
    ours = MultiTaskSVR(kernel="linear", structure=structure, **CLOSE)
    linear = MultiTaskLinearSVR(structure=structure, epsilon=0.1, tol=1e-7)
    np.testing.assert_allclose(
        ours.fit(X, Y).predict(X), linear.fit(X, Y).predict(X), atol=2e-3
    )
    np.testing.assert_allclose(
        ours.task_similarity_, linear.task_similarity_, atol=2e-3
    )


def named_kernel(name, X, gamma=0.4):
    model = MultiTaskSVC(kernel=name, gamma=gamma, degree=2, coef0=0.7)
    return fit_kernel(model, X, np.ones(X.shape[0]))


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_kernels_by_their_formulas(name, dtype):
    rng = np.random.default_rng(0)
    A, B = rng.random((7, 5)).astype(dtype), rng.random((4, 5)).astype(dtype)
    product, apart = A @ B.T, A[:, None] - B
    sums = A[:, None] + B
    formulas = {
        "linear": product,
        "poly": (0.4 * product + 0.7) ** 2,
        "rbf": np.exp(-0.4 * np.sum(apart**2, axis=2)),
        "sigmoid": np.tanh(0.4 * product + 0.7),
        "laplacian": np.exp(-0.4 * np.sum(abs(apart), axis=2)),
        "chi2": np.exp(-0.4 * np.sum(apart**2 / sums, axis=2)),
        "intersection": np.minimum(A[:, None], B).sum(axis=2),
    }
    kernel = named_kernel(name, A)
    found = kernel(kernel.enter(A), kernel.enter(B))
    np.testing.assert_allclose(found, formulas[name], rtol=2e-6)
    if name != "chi2":
        kernel = named_kernel(name, sparse.csr_array(A))
        thin = kernel(*map(sparse.csr_array, (A, B)))
        np.testing.assert_allclose(thin, formulas[name], rtol=2e-6)


@pytest.mark.parametrize("name", KERNELS)
def test_every_kernel_learns(data, name):
    X, Z, missing = data
    X = np.exp(X)
    X /= X.sum(axis=1, keepdims=True)
    Y = np.where(missing, np.nan, Z > 0)
    C = 100 if name in ("linear", "poly", "sigmoid") else 10
    model = MultiTaskSVC(kernel=name, C=C).fit(X, Y)
    assert model.converged_
    ours = model.score(X, Y)
    assert ours > 0.55
    if name == "sigmoid":  # its matrix is indefinite here, and would be refused
        return
    again = MultiTaskSVC(kernel="precomputed", C=C)
    kernel = fit_kernel(model, X, (~missing).sum(axis=1))
    K = kernel(kernel.enter(X), kernel.enter(X))
    assert again.fit(K, Y).score(K, Y) == pytest.approx(ours, abs=0.01)


def test_kernels_from_a_matrix_and_from_a_function(data):
    X, Z, missing = data
    Y = np.where(missing, np.nan, Z > 0)
    Y[:10] = np.nan
    K = pairwise.rbf_kernel(X, gamma=0.3)
    model = MultiTaskSVC(gamma=0.3).fit(X, Y)
    expected = model.decision_function(X[:50])
    given = MultiTaskSVC(kernel="precomputed").fit(K, Y)
    function = MultiTaskSVC(kernel=lambda A, B: pairwise.rbf_kernel(A, B, gamma=0.3))
    function.fit(X, Y)
    for t in range(3):
        np.testing.assert_allclose(
            given.decision_function(K[:50])[t], expected[t], atol=2e-3
        )
        np.testing.assert_allclose(
            function.decision_function(X[:50])[t], expected[t], atol=2e-3
        )
    search = GridSearchCV(MultiTaskSVC(kernel="precomputed"), {"C": [0.1, 1]},
                          cv=KFold(3), error_score="raise")  # fmt: skip
    assert search.fit(K, Y).best_score_ > 0.7


def test_support(data):
    X, Z, missing = data
    Y = np.where(missing, np.nan, Z > 0)
    model = MultiTaskSVC(structure="mean", label_groups="all").fit(X, Y)
    union = np.unique(np.concatenate(model.support_))
    np.testing.assert_array_equal(model.support_rows_, union)
    assert model.support_vectors_.shape == (len(union), 4)
    assert model.dual_coef_.shape == (3, len(union))
    np.testing.assert_allclose(model.dual_coef_.sum(axis=1), 0, atol=1e-9)
    for t in range(3):
        used = model.support_rows_[model.dual_coef_[t] != 0]
        np.testing.assert_array_equal(used, model.support_[t])
        classes = Y[model.support_[t], t]
        np.testing.assert_array_equal(
            model.n_support_[t], [np.sum(classes == c) for c in (0, 1)]
        )


def test_nystroem_of_all_rows_is_the_kernel(data):
    X, Z, missing = data
    Y = np.where(missing, np.nan, Z > 0)
    exact = MultiTaskSVC(C=3, **CLOSE).fit(X, Y)
    near = MultiTaskSVC(C=3, approximation="nystroem", tol=1e-6).fit(X, Y)
    for one, two in zip(exact.decision_function(X), near.decision_function(X)):
        np.testing.assert_allclose(one, two, atol=0.02)
    assert near.n_components_ <= 240
    Y = np.where(missing, np.nan, Z)
    exact, near = MultiTaskSVR(**CLOSE), MultiTaskSVR(approximation="nystroem")
    np.testing.assert_allclose(
        exact.fit(X, Y).predict(X), near.fit(X, Y).predict(X), atol=0.05
    )


def test_features_are_those_of_scikit_learn(data):
    X = data[0]
    kernel = named_kernel("rbf", X)
    ours = NystroemFeatures(kernel, 60, random_state=0).fit(X)
    Z = ours.transform(X)
    theirs = Nystroem(gamma=0.4, n_components=60)
    theirs.fit(ours.landmarks + kernel.offset)
    other = theirs.transform(X)
    np.testing.assert_allclose(Z @ Z.T, other @ other.T, atol=1e-5)


def test_clusters_that_are_given_or_found_on_features(data):
    X, Z, missing = data
    Y = np.where(missing, np.nan, Z > 0)
    given = MultiTaskSVC(structure=Clustered(clusters=[0, 0, 1]), label_groups="all")
    M = given.fit(X, Y).column_covariance_
    np.testing.assert_allclose(M, [[1, 0.5, 0], [0.5, 1, 0], [0, 0, 1]])
    found = MultiTaskSVR(
        structure="clustered", approximation="nystroem", n_components=15
    )
    assert found.fit(X, Z).task_labels_.shape == (3,)


def test_interrupted_runs_have_a_warning(data):
    X, Z, _ = data
    with pytest.warns(UserWarning, match="stopped after 1 working sets"):
        model = MultiTaskSVC(C=1e4, max_iter=1, structure="independent").fit(X, Z > 0)
    assert not model.converged_
    assert model.duality_gap_ > 0


BAD = {
    "degree": ({"kernel": "poly", "degree": -1}, "degree == -1"),
    "C": ({"C": 0}, "C == 0, must be > 0"),
    "kernel": (
        {"kernel": "gauss"},
        "kernel='gauss' is unknown; choose one",
    ),
    "gamma": ({"gamma": -1}, "gamma == -1"),
    "gamma name": ({"gamma": "large"}, "gamma='large' is unknown"),
    "structure": ({"structure": "low_rank"}, "a penalty on the coefficients"),
    "clusters": ({"structure": "clustered"}, "found on finitely many features"),
    "groups": ({"label_groups": "all"}, "label_groups='all' means nothing"),
    "approximation": ({"approximation": "fourier"}, "choose one of None, 'nystroem'"),
    "chi2": ({"kernel": "chi2"}, "kernel='chi2' is for histograms.*>= 0"),
    "landmarks": (
        {"kernel": "precomputed", "approximation": "nystroem"},
        "needs rows to draw landmarks from",
    ),
    "max_iter": ({"max_iter": 0}, "max_iter == 0"),
}


@pytest.mark.parametrize("name", BAD)
def test_parameters_that_cannot_be_used(data, name):
    X, Z, _ = data
    params, message = BAD[name]
    if params.get("kernel") == "precomputed":
        X = X @ X.T
    with pytest.raises(ValueError, match=message):
        MultiTaskSVC(**params).fit(X, Z > 0)


@pytest.mark.parametrize(
    "params",
    [
        {"kernel": "poly", "gamma": 1.0},
        {"kernel": "linear"},
        {"kernel": "poly", "gamma": 1.0, "approximation": "nystroem"},
    ],
)
def test_kernels_beyond_single_precision(data, params):
    X, Z, _ = data
    with pytest.raises(ValueError, match="not finite"):
        MultiTaskSVC(**params).fit(X * 1e120, Z[:, 0] > 0)
    with pytest.raises(ValueError, match="not finite in single precision"):
        MultiTaskSVC(kernel="precomputed").fit(X @ X.T * 1e40, Z[:, 0] > 0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shift", [0, 1e3, 1e6])
def test_gamma_of_features_far_from_zero(data, dtype, shift):
    X = (data[0] + shift).astype(dtype)
    expected = 1 / (X.shape[1] * X.astype(np.float64).var())
    ones = np.ones(len(X))
    assert find_gamma("scale", X, ones) == pytest.approx(expected, rel=1e-6)
    assert find_gamma("scale", sparse.csr_array(X), ones) == pytest.approx(
        expected, rel=1e-6
    )
    assert find_gamma("scale", np.full_like(X, 0.1), ones) == 1


def test_what_was_fitted_answers_whatever_the_parameters_say_now(data):
    X, Z, _ = data
    Y = Z > 0
    exact = MultiTaskSVC().fit(X, Y)
    before = exact.predict(X)
    exact.set_params(approximation="nystroem", n_components=50, random_state=0)
    np.testing.assert_array_equal(exact.predict(X), before)
    exact.fit(X, Y)
    assert not hasattr(exact, "support_vectors_")
    assert exact.n_components_ == 50
    before = exact.predict(X)
    exact.set_params(kernel="precomputed")
    np.testing.assert_array_equal(exact.predict(X), before)
    exact.set_params(approximation=None, kernel="rbf").fit(X, Y)
    assert not hasattr(exact, "n_components_")


def test_histograms_stay_histograms(data):
    X, Z, _ = data
    model = MultiTaskSVC(kernel="intersection").fit(abs(X), Z > 0)
    with pytest.raises(ValueError, match="for histograms"):
        model.predict(X)
    model = MultiTaskSVC(kernel="chi2").fit(abs(X), Z > 0)
    with pytest.raises(TypeError, match="needs a dense X"):
        model.predict(sparse.csr_array(abs(X)))


def test_features_of_very_unlike_sizes_end_with_a_warning(data, monkeypatch):
    X, Z, _ = data
    monkeypatch.setattr(dual, "MOST_STEPS", 10_000)
    monkeypatch.setattr(dual, "MOST_STEPS_PER_ITEM", 1)
    with pytest.warns(UserWarning, match="tol=0.001: scale the features"):
        MultiTaskSVC(kernel="linear", C=1e4).fit(X * [1, 1, 1, 1e4], Z[:, 0] > 0)


def test_matrices_that_are_no_kernels(data):
    X, Z, _ = data
    y, K = Z[:, 0] > 0, pairwise.rbf_kernel(X)
    model = MultiTaskSVC(kernel="precomputed")
    with pytest.raises(ValueError, match=r"needs the kernel matrix as X.*\(240, 4\)"):
        model.fit(X, y)
    lopsided = K.copy()
    lopsided[3, 200] += 0.5
    with pytest.raises(ValueError, match=r"not symmetric: entry \(3, 200\)"):
        model.fit(lopsided, y)
    with pytest.raises(ValueError, match="not positive semidefinite: on 240 rows"):
        model.fit(-K, y)
    with pytest.raises(ValueError, match="not positive semidefinite"):
        MultiTaskSVC(kernel=lambda A, B: -(A @ B.T)).fit(X, y)
    with pytest.raises(ValueError, match=r"gave float64 of shape \(240, 4\)"):
        MultiTaskSVC(kernel=lambda A, B: A).fit(X, y)
    with pytest.raises(ValueError, match="gave NaN or infinity"):
        MultiTaskSVC(kernel=lambda A, B: np.full((len(A), len(B)), np.nan)).fit(X, y)
    model.fit(K, y)
    with pytest.raises(ValueError, match=r"240 training rows.*\(240, 100\)"):
        model.predict(K[:, :100])
