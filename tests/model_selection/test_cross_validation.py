import numpy as np
import pandas as pd
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import make_multilabel_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.model_selection import (
    KFold,
    LeaveOneGroupOut,
    ShuffleSplit,
    StratifiedKFold,
)
from sklearn.model_selection import cross_val_predict as sklearn_cross_val_predict  # noqa: TID251
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from mtlearn.model_selection import MultiTaskStratifiedKFold, cross_val_predict
from tests.metrics.per_task import PerTaskClassifier

METHODS = ("predict", "predict_proba", "decision_function")


@pytest.fixture
def data():
    return make_multilabel_classification(90, n_classes=3, random_state=0)


@pytest.fixture
def hidden(data):
    X, Y = data
    rng = np.random.default_rng(0)
    return X, np.where(rng.random(Y.shape) < 0.3, np.nan, Y)


def assert_same(ours, theirs):
    assert isinstance(ours, list) == isinstance(theirs, list)
    if isinstance(ours, list):
        assert len(ours) == len(theirs)
        for a, b in zip(ours, theirs):
            assert_allclose(a, b)
    else:
        assert_allclose(ours, theirs)


@pytest.mark.parametrize(
    ("model", "method"),
    [
        (KNeighborsClassifier(), "predict"),
        (KNeighborsClassifier(), "predict_proba"),
        (RandomForestClassifier(5, random_state=0), "predict_log_proba"),
        (RidgeClassifier(), "decision_function"),
        (LinearRegression(), "predict"),
        (make_pipeline(StandardScaler(), KNeighborsClassifier()), "predict_proba"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")
def test_complete_labels_give_what_scikit_learn_gives(model, method, data):
    X, Y = data
    for labels in (Y, Y[:, 0]):
        for cv in (KFold(4), KFold(4, shuffle=True, random_state=0)):
            ours = cross_val_predict(model, X, labels, cv=cv, method=method)
            theirs = sklearn_cross_val_predict(model, X, labels, cv=cv, method=method)
            assert_same(ours, theirs)


@pytest.mark.parametrize("method", ["predict_proba", "decision_function"])
def test_missing_labels_are_no_class(method, hidden):
    X, Y = hidden
    cv = MultiTaskStratifiedKFold(3)
    model = PerTaskClassifier()
    ours = cross_val_predict(model, X, Y, cv=cv, method=method)
    assert len(ours) == 3
    for t in range(3):
        for train, test in cv.split(X, Y):
            expected = getattr(model.fit(X[train], Y[train]), method)(X[test])[t]
            assert_allclose(ours[t][test], expected)
    # scikit-learn's turns NaN into a third class, silently: the reason for ours.
    theirs = sklearn_cross_val_predict(model, X, Y, cv=cv, method="predict_proba")
    assert theirs[0].shape == (90, 3)


def test_a_mask_survives(hidden):
    X, Y = hidden
    masked = np.ma.masked_invalid(Y)
    expected = cross_val_predict(PerTaskClassifier(), X, Y, method="predict_proba")
    got = cross_val_predict(PerTaskClassifier(), X, masked, method="predict_proba")
    assert_same(got, expected)
    theirs = sklearn_cross_val_predict(
        PerTaskClassifier(),
        X,
        np.ma.masked_array(np.nan_to_num(Y), masked.mask),
        cv=MultiTaskStratifiedKFold(5),
        method="predict_proba",
    )
    assert not np.allclose(theirs[0], expected[0])


def test_default_folds_are_stratified_for_classifiers_only(hidden):
    X, Y = hidden
    default = cross_val_predict(PerTaskClassifier(), X, Y, method="decision_function")
    for cv in (5, MultiTaskStratifiedKFold(5)):
        same = cross_val_predict(
            PerTaskClassifier(), X, Y, cv=cv, method="decision_function"
        )
        assert_same(default, same)
    numbers = cross_val_predict(LinearRegression(), X, X[:, :2])
    assert_same(
        numbers, cross_val_predict(LinearRegression(), X, X[:, :2], cv=KFold(5))
    )


def degenerate(values):
    """Six rows in three blocks: each class list is what one block of rows holds."""
    X = np.arange(12.0).reshape(6, 2)
    Y = np.column_stack([values, [0, 1, 0, 1, 0, 1]]).astype(object)
    return (
        X,
        Y,
        [([2, 3, 4, 5], [0, 1]), ([0, 1, 4, 5], [2, 3]), ([0, 1, 2, 3], [4, 5])],
    )


def test_class_absent_from_a_fold_three_classes():
    X, Y, cv = degenerate(["a", "b", "a", "b", "c", "c"])
    proba = cross_val_predict(PerTaskClassifier(), X, Y, cv=cv, method="predict_proba")[
        0
    ]
    assert proba.shape == (6, 3)
    assert_allclose(proba.sum(axis=1), 1)
    assert_array_equal(proba[4:, 2], 0)
    assert (proba[:4, 2] > 0).all()
    values = cross_val_predict(
        PerTaskClassifier(), X, Y, cv=cv, method="decision_function"
    )[0]
    assert_array_equal(values[4:, 2], np.finfo(float).min)
    assert_allclose(values[4:, 0], -values[4:, 1])
    assert np.isfinite(values).all()


def test_one_class_and_no_class_in_a_fold():
    X, Y, cv = degenerate(["a", "a", None, None, "b", "b"])
    limits = np.finfo(np.float64)
    for block, known in ((slice(0, 2), "b"), (slice(4, 6), "a")):
        for method, expected in (
            ("predict", known),
            ("predict_proba", np.eye(2)[["a", "b"].index(known)]),
            ("decision_function", {"a": limits.min, "b": limits.max}[known]),
        ):
            got = cross_val_predict(PerTaskClassifier(), X, Y, cv=cv, method=method)
            got = got[:, 0] if method == "predict" else got[0]
            for row in got[block]:
                assert_array_equal(row, expected)
    Y[4:, 0] = None
    proba = cross_val_predict(PerTaskClassifier(), X, Y, cv=cv, method="predict_proba")
    assert_array_equal(proba[0], [[np.nan]] * 2 + [[1.0]] * 4)
    values = cross_val_predict(
        PerTaskClassifier(), X, Y, cv=cv, method="decision_function"
    )
    assert_array_equal(values[0], [np.nan] * 2 + [0.0] * 4)
    predicted = cross_val_predict(PerTaskClassifier(), X, Y, cv=cv)
    assert predicted[:, 0].tolist() == [None, None, "a", "a", "a", "a"]


def test_one_dimensional_y_with_an_absent_class():
    X, Y, cv = degenerate(["a", "b", "a", "b", "c", "c"])
    proba = cross_val_predict(
        LogisticRegression(), X, Y[:, 0].astype(str), cv=cv, method="predict_proba"
    )
    assert proba.shape == (6, 3)
    assert_array_equal(proba[4:, 2], 0)


def test_columns_that_cannot_be_aligned_are_refused():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2, 3, 4], [10, 10, 10, 10, 2])
    X = rng.normal(size=(42, 2))
    cv = [(np.arange(40), np.arange(40, 42)), (np.arange(2, 42), np.arange(40))]
    one_vs_one = SVC(decision_function_shape="ovo")
    with pytest.raises(ValueError, match="6 columns for 4 classes"):
        cross_val_predict(one_vs_one, X, y, cv=cv, method="decision_function")


def test_pairwise_input():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 3)), np.arange(30) % 2
    expected = cross_val_predict(SVC(kernel="linear"), X, y, cv=StratifiedKFold(3))
    got = cross_val_predict(
        SVC(kernel="precomputed"), X @ X.T, y, cv=StratifiedKFold(3)
    )
    assert_array_equal(got, expected)


def test_frames_lists_and_no_labels(hidden):
    X, Y = hidden
    expected = cross_val_predict(PerTaskClassifier(), X, Y, method="predict_proba")

    class OnLists(PerTaskClassifier):
        def fit(self, X, Y):
            assert isinstance(X, list)
            return super().fit(np.array(X), Y)

    got = cross_val_predict(OnLists(), list(X), Y.tolist(), method="predict_proba")
    assert_same(got, expected)
    model = make_pipeline(StandardScaler(), PerTaskClassifier())
    frames = cross_val_predict(
        model, pd.DataFrame(X), pd.DataFrame(Y), method="predict_proba"
    )
    assert_same(frames, cross_val_predict(model, X, Y, method="predict_proba"))
    scaled = cross_val_predict(StandardScaler(), X, cv=3, method="transform")
    for train, test in KFold(3).split(X):
        assert_allclose(scaled[test], StandardScaler().fit(X[train]).transform(X[test]))


def test_weights_are_cut_to_the_fold(hidden):
    X, Y = hidden
    weight = np.random.default_rng(0).uniform(0.1, 3, len(X))
    cv = MultiTaskStratifiedKFold(3)
    got = cross_val_predict(
        PerTaskClassifier(),
        X,
        Y,
        cv=cv,
        params={"sample_weight": weight},
        method="predict_proba",
    )
    for train, test in cv.split(X, Y):
        model = PerTaskClassifier().fit(X[train], Y[train], weight[train])
        assert_allclose(got[1][test], model.predict_proba(X[test])[1])
    with sklearn.config_context(enable_metadata_routing=True):
        routed = cross_val_predict(
            PerTaskClassifier().set_fit_request(sample_weight=True),
            X,
            Y,
            cv=cv,
            params={"sample_weight": weight},
            method="predict_proba",
        )
    assert_same(routed, got)


def test_groups_with_and_without_routing(data):
    X, Y = data
    groups = np.arange(len(X)) % 3
    options = {"cv": LeaveOneGroupOut(), "method": "predict_proba"}
    got = cross_val_predict(KNeighborsClassifier(), X, Y, groups=groups, **options)
    with sklearn.config_context(enable_metadata_routing=True):
        routed = cross_val_predict(
            KNeighborsClassifier(), X, Y, params={"groups": groups}, **options
        )
        with pytest.raises(ValueError, match="params="):
            cross_val_predict(KNeighborsClassifier(), X, Y, groups=groups, **options)
    assert_same(routed, got)


def test_parallel_folds_give_the_same(data):
    X, Y = data
    options = {"method": "predict_proba", "cv": 3}
    one = cross_val_predict(KNeighborsClassifier(), X, Y, **options)
    two = cross_val_predict(KNeighborsClassifier(), X, Y, n_jobs=2, **options)
    assert_same(one, two)


def test_folds_that_are_no_partition_are_refused(data):
    with pytest.raises(ValueError, match="only works for partitions"):
        cross_val_predict(KNeighborsClassifier(), *data, cv=ShuffleSplit(3))
