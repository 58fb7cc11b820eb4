import pickle

import numpy as np
import pandas as pd
import pytest
import sklearn
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.datasets import make_multilabel_classification
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    f1_score,
    get_scorer,
    get_scorer_names,
    log_loss,
    roc_auc_score,
)
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.multioutput import MultiOutputClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from mtlearn.metrics import METRICS, make_multitask_scorer, task_scorers
from mtlearn.model_selection import MultiTaskStratifiedKFold
from tests.metrics.per_task import PerTaskClassifier

MODELS = [
    DecisionTreeClassifier(max_depth=3, random_state=0),
    DummyClassifier(strategy="stratified", random_state=0),
    KNeighborsClassifier(),
    MultiOutputClassifier(LogisticRegression()),
    PerTaskClassifier(),
    RandomForestClassifier(10, random_state=0),
    make_pipeline(StandardScaler(), KNeighborsClassifier()),
]
FLAT = [
    RidgeClassifier(),
    MLPClassifier((4,), solver="lbfgs", max_iter=5000, tol=1e-2, random_state=0),
]


@pytest.fixture
def data():
    X, Y = make_multilabel_classification(120, n_classes=3, random_state=0)
    return X, Y


@pytest.fixture
def hidden(data):
    X, Y = data
    rng = np.random.default_rng(0)
    return X, np.where(rng.random(Y.shape) < 0.3, np.nan, Y)


@pytest.fixture
def routing():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


@pytest.mark.parametrize("name", ["accuracy", "f1", "roc_auc", "neg_log_loss"])
@pytest.mark.parametrize("model", MODELS, ids=lambda m: type(m).__name__)
def test_mean_over_tasks_of_the_scikit_learn_scorer(model, name, data):
    X, Y = data
    model = clone(model).fit(X, Y)
    each = []
    for t in range(3):
        predicted = model.predict(X)[:, t].astype(int)
        proba = model.predict_proba(X)[t][:, 1]
        each.append(
            {
                "accuracy": lambda y, p=predicted: accuracy_score(y, p),
                "f1": lambda y, p=predicted: f1_score(y, p),
                "roc_auc": lambda y, p=proba: roc_auc_score(y, p),
                "neg_log_loss": lambda y, p=proba: -log_loss(y, p),
            }[name](Y[:, t])
        )
    assert_allclose(make_multitask_scorer(name)(model, X, Y), np.mean(each))
    assert_allclose(make_multitask_scorer(name, task=1)(model, X, Y), each[1])


@pytest.mark.parametrize("model", FLAT, ids=lambda m: type(m).__name__)
def test_models_of_label_indicators(model, data):
    # Their classes_ lists columns, and their scores are one array (n, T).
    X, Y = data
    X = StandardScaler().fit_transform(X)
    model = clone(model).fit(X, Y)
    method = (
        "predict_proba" if isinstance(model, MLPClassifier) else "decision_function"
    )
    expected = roc_auc_score(Y, getattr(model, method)(X))
    assert_allclose(make_multitask_scorer("roc_auc")(model, X, Y), expected)


@pytest.mark.parametrize(
    "name", [n for n in get_scorer_names() if "samples" not in n and "top_k" not in n]
)
def test_one_dimensional_y(name, data):
    X, Y = data
    y = Y[:, 0] + 3 * ("deviance" in name)  # which needs positive numbers
    numbers = METRICS[name].kind == "numbers"
    model = (LinearRegression() if numbers else LogisticRegression()).fit(X, y)
    expected = get_scorer(name)(model, X, y)
    scorer = make_multitask_scorer(name)
    assert_allclose(scorer(model, X, y), expected)
    if METRICS[name].of_columns is None:
        assert_allclose(scorer(model, X, y[:, None]), expected)


@pytest.mark.parametrize(
    "model",
    [PerTaskClassifier(), make_pipeline(StandardScaler(), PerTaskClassifier())],
    ids=["bare", "pipeline"],
)
def test_grid_search_on_missing_labels(model, hidden):
    X, Y = hidden
    name = "C" if isinstance(model, PerTaskClassifier) else "pertaskclassifier__C"
    search = GridSearchCV(
        model,
        {name: [1e-6, 1.0]},
        scoring=make_multitask_scorer("average_precision"),
        cv=MultiTaskStratifiedKFold(3),
        error_score="raise",
    ).fit(X, Y)
    for i, C in enumerate([1e-6, 1.0]):
        for k, (train, test) in enumerate(MultiTaskStratifiedKFold(3).split(X, Y)):
            fitted = clone(model).set_params(**{name: C}).fit(X[train], Y[train])
            expected = []
            for t in range(3):
                rows = test[~np.isnan(Y[test, t])]
                scores = fitted.decision_function(X[rows])[t]
                expected.append(average_precision_score(Y[rows, t], scores))
            got = search.cv_results_[f"split{k}_test_score"][i]
            assert_allclose(got, np.mean(expected))
    assert_allclose(
        search.score(X, Y),
        make_multitask_scorer("average_precision")(search.best_estimator_, X, Y),
    )
    # The search itself can be scored: classes_ is found inside.
    assert make_multitask_scorer("roc_auc")(search, X, Y) > 0.5


def test_tasks_and_classes_missing_from_training(hidden):
    X, Y = hidden
    train, test = Y[:60].copy(), Y[60:]
    train[:, 0] = np.nan
    train[train[:, 1] == 1, 1] = np.nan
    model = PerTaskClassifier().fit(X[:60], train)
    for name, expected in (("accuracy", 0), ("roc_auc", 0.5), ("f1", 0)):
        assert make_multitask_scorer(name, task=0)(model, X[60:], test) == expected
    assert make_multitask_scorer("roc_auc", task=1)(model, X[60:], test) == 0.5
    assert make_multitask_scorer("f1", task=1)(model, X[60:], test) == 0
    for name, metric in METRICS.items():
        if metric.kind == "labels":
            assert np.isfinite(make_multitask_scorer(name)(model, X[60:], test))


def test_task_by_name(hidden):
    X, Y = hidden
    frame = pd.DataFrame(Y, columns=["a", "b", "c"])
    model = make_pipeline(StandardScaler(), PerTaskClassifier()).fit(X, frame)
    by_index = make_multitask_scorer("roc_auc", task=1)
    by_name = make_multitask_scorer("roc_auc", task="b")
    expected = by_index(model, X, frame)
    assert by_name(model, X, frame) == expected
    assert by_name(model, X, Y) == expected
    with pytest.raises(ValueError, match=r"task='x' is unknown.*\['a', 'b', 'c'\]"):
        make_multitask_scorer("roc_auc", task="x")(model, X, Y)


def test_response_method(data):
    X, y = data[0], data[1][:, 0]
    model = LogisticRegression().fit(X, y)

    def shape(y_true, scores):
        return scores.ndim

    proba = make_multitask_scorer(shape, response_method="predict_proba")
    values = make_multitask_scorer(shape, response_method="decision_function")
    assert (proba(model, X, y), values(model, X, y)) == (2, 1)
    assert make_multitask_scorer(shape)(model, X, y) == 1
    with pytest.raises(ValueError, match=r"'roc_auc' scores .* not 'predict'"):
        make_multitask_scorer("roc_auc", response_method="predict")
    with pytest.raises(AttributeError, match="LinearRegression has no predict_proba"):
        make_multitask_scorer("neg_log_loss")(LinearRegression().fit(X, y), X, y)


def test_decision_function_comes_before_predict_proba():
    class Both:
        classes_ = np.array([0, 1])

        def decision_function(self, X):
            return X

        def predict_proba(self, X):
            return np.column_stack([X, 1 - X])

    y, X = np.array([0, 1]), np.array([0.2, 0.8])
    assert make_multitask_scorer("roc_auc")(Both(), X, y) == 1
    by_proba = make_multitask_scorer("roc_auc", response_method="predict_proba")
    assert by_proba(Both(), X, y) == 0


def test_scorer_is_a_small_plain_object():
    scorer = make_multitask_scorer("f1", task="a")
    assert repr(scorer) == "make_multitask_scorer('f1', task='a')"
    again = pickle.loads(pickle.dumps(scorer))
    assert repr(again) == repr(clone(scorer, safe=False)) == repr(scorer)
    named = make_multitask_scorer(accuracy_score, response_method="predict")
    expected = "make_multitask_scorer(accuracy_score, response_method='predict')"
    assert repr(pickle.loads(pickle.dumps(named))) == expected
    with pytest.raises(ValueError, match="one number"):
        make_multitask_scorer("f1", average=None)
    with pytest.raises(ValueError, match="unknown"):
        make_multitask_scorer("f11")


def test_sample_weight_without_routing(hidden):
    X, Y = hidden
    weight = np.random.default_rng(0).integers(0, 2, len(X))
    scorer = make_multitask_scorer("roc_auc")
    model = PerTaskClassifier().fit(X, Y)
    expected = scorer(model, X[weight > 0], Y[weight > 0])
    assert_allclose(scorer(model, X, Y, sample_weight=weight), expected)


@pytest.mark.parametrize("kind", ["one", "dict", "tasks"])
def test_search_with_weights_without_routing(kind, hidden):
    X, Y = hidden
    scoring = {
        "one": make_multitask_scorer("roc_auc"),
        "dict": {"mean": make_multitask_scorer("roc_auc")},
        "tasks": task_scorers("roc_auc", n_tasks=3),
    }[kind]
    search = GridSearchCV(
        PerTaskClassifier(),
        {"C": [1.0]},
        scoring=scoring,
        cv=MultiTaskStratifiedKFold(3),
        refit=False,
        error_score="raise",
    )
    search.fit(X, Y, sample_weight=np.ones(len(X)))


@pytest.mark.usefixtures("routing")
def test_routing_brings_weights_to_scorer_and_model(hidden):
    X, Y = hidden
    weight = np.random.default_rng(0).integers(0, 2, len(X)).astype(float)
    folds = MultiTaskStratifiedKFold(3)

    def mean_score(ask):
        search = GridSearchCV(
            PerTaskClassifier().set_fit_request(sample_weight=True),
            {"C": [1.0]},
            scoring=make_multitask_scorer("accuracy").set_score_request(
                sample_weight=ask
            ),
            cv=folds,
            error_score="raise",
        )
        search.fit(X, Y, sample_weight=weight)
        return search.best_score_

    unweighted, weighted = [], []
    for train, test in folds.split(X, Y):
        model = PerTaskClassifier().fit(X[train], Y[train], weight[train])
        scorer = make_multitask_scorer("accuracy")
        unweighted.append(scorer(model, X[test], Y[test]))
        used = test[weight[test] > 0]
        weighted.append(scorer(model, X[used], Y[used]))
    assert_allclose(mean_score(True), np.mean(weighted))
    assert_allclose(mean_score(False), np.mean(unweighted))
    assert mean_score(True) != mean_score(False)


@pytest.mark.usefixtures("routing")
@pytest.mark.parametrize("refit", ["task1", False])
def test_routing_through_task_scorers(hidden, refit):
    X, Y = hidden
    search = GridSearchCV(
        PerTaskClassifier().set_fit_request(sample_weight=True),
        {"C": [1.0]},
        scoring=task_scorers("roc_auc", n_tasks=3).set_score_request(
            sample_weight=True
        ),
        cv=MultiTaskStratifiedKFold(3),
        refit=refit,
        error_score="raise",
    )
    search.fit(X, Y, sample_weight=np.ones(len(X)))
    assert "mean_test_task2" in search.cv_results_
    scorer = pickle.loads(pickle.dumps(search.scoring["task1"]))
    with pytest.raises(TypeError, match="not \\['groups'\\]"):
        scorer.set_score_request(groups=True)


def test_requests_need_routing():
    with pytest.raises(RuntimeError, match="enable_metadata_routing"):
        make_multitask_scorer("f1").set_score_request(sample_weight=True)


def test_one_column_per_task_in_the_results(hidden):
    X, Y = hidden
    frame = pd.DataFrame(Y, columns=["a", "b", "c"])
    scoring = task_scorers("roc_auc", task_names=frame.columns)
    cv = MultiTaskStratifiedKFold(3)
    search = GridSearchCV(
        PerTaskClassifier(), {"C": [1e-6, 1.0]}, scoring=scoring, cv=cv, refit="b"
    ).fit(X, frame)
    mean = GridSearchCV(
        PerTaskClassifier(),
        {"C": [1e-6, 1.0]},
        scoring=make_multitask_scorer("roc_auc"),
        cv=cv,
    ).fit(X, frame)
    columns = [search.cv_results_[f"mean_test_{name}"] for name in "abc"]
    assert_allclose(np.mean(columns, axis=0), mean.cv_results_["mean_test_score"])
    assert search.score(X, frame) == scoring["b"](search.best_estimator_, X, frame)
    results = cross_validate(PerTaskClassifier(), X, frame, scoring=scoring, cv=cv)
    assert_allclose(np.mean(results["test_c"]), columns[2][1])
    # A plain dict of the same scorers, and one more, gives the same.
    plain = {**scoring, "mean": make_multitask_scorer("roc_auc")}
    results = cross_validate(PerTaskClassifier(), X, frame, scoring=plain, cv=cv)
    assert_allclose(
        np.mean(results["test_mean"]), mean.cv_results_["mean_test_score"][1]
    )


def test_task_names_name_the_columns_of_a_plain_array(data):
    X, Y = data
    model = KNeighborsClassifier().fit(X, Y)
    by_name = task_scorers("roc_auc", task_names=["x", "y", "z"])(model, X, Y)
    by_number = task_scorers("roc_auc", n_tasks=3)(model, X, Y)
    assert list(by_name.values()) == list(by_number.values())
    with pytest.raises(ValueError, match=r"task='x' is unknown.*\['task0'"):
        task_scorers("roc_auc", task_names=["x", "y"])(model, X, Y)
    one = PerTaskClassifier().fit(X, Y[:, 0])
    assert list(task_scorers("f1", task_names=["x"])(one, X, Y[:, 0])) == ["x"]


def test_task_scorers_predict_once():
    class Counting:
        calls = 0

        def predict(self, X):
            self.calls += 1
            return np.zeros((len(X), 3))

    model = Counting()
    scorers = task_scorers("accuracy", n_tasks=3)
    scorers["mean"] = make_multitask_scorer("accuracy")
    scorers["n"] = lambda estimator, X, Y: len(X)
    scores = scorers(model, np.zeros((2, 1)), [[0, 0, 1], [0, 1, 1]])
    assert scores == {"task0": 1, "task1": 0.5, "task2": 0, "mean": 0.5, "n": 2}
    assert model.calls == 1


@pytest.mark.parametrize("kwargs", [{}, {"n_tasks": 2, "task_names": ["a", "b"]}])
def test_task_scorers_need_names_or_number(kwargs):
    with pytest.raises(ValueError, match="n_tasks or task_names"):
        task_scorers("f1", **kwargs)
