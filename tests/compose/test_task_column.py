"""Tasks that have their own rows, told apart by a column of X."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone, is_classifier
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, KFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from mtlearn.compose import (
    TaskColumnClassifier,
    TaskColumnRegressor,
    TaskRows,
    keep_task,
    stack_tasks,
)
from mtlearn.ensemble import (
    MultiTaskExtraTreesClassifier,
    MultiTaskRandomForestClassifier,
    MultiTaskRandomForestRegressor,
)
from mtlearn.image import HOG
from mtlearn.linear_model import (
    MixedTaskLinear,
    MultiTaskLinearCV,
    MultiTaskLogisticRegression,
    MultiTaskRidge,
    MultiTaskSGDClassifier,
    MultiTaskSGDRegressor,
)
from mtlearn.svm import (
    MultiTaskLinearSVC,
    MultiTaskLinearSVR,
    MultiTaskSVC,
    MultiTaskSVR,
)

CLASSIFIERS = [
    MultiTaskLogisticRegression(structure="mean"),
    MultiTaskLinearSVC(structure="learned"),
    MultiTaskSVC(structure="mean"),
    MultiTaskSVC(structure="mean", approximation="nystroem", random_state=0),
    MultiTaskSGDClassifier(structure="mean", random_state=0),
    MultiTaskRandomForestClassifier(n_estimators=20, random_state=0),
    MultiTaskExtraTreesClassifier(n_estimators=20, random_state=0),
]
REGRESSORS = [
    MultiTaskRidge(structure="mean"),
    MultiTaskLinearSVR(structure="mean"),
    MultiTaskSVR(structure="mean"),
    MultiTaskSGDRegressor(structure="mean", random_state=0),
    MultiTaskRandomForestRegressor(n_estimators=20, random_state=0),
]
FAMILIES = CLASSIFIERS + REGRESSORS


def name_of(estimator):
    return type(estimator).__name__


def wrapper_of(estimator):
    return TaskColumnClassifier if is_classifier(estimator) else TaskColumnRegressor


def with_column(estimator, **params):
    return wrapper_of(estimator)(clone(estimator), **params)


def places(estimator, n=240, n_tasks=4):
    """X whose first column is the task, and y."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 4))
    X[:, 0] = task = rng.integers(0, n_tasks, n) * 10
    slopes = np.array([2.0, -1.0, 0.0]) + 0.4 * rng.normal(size=(n_tasks, 3))
    score = np.sum(X[:, 1:] * slopes[task // 10], axis=1) + 0.3 * rng.normal(size=n)
    y = np.where(score > 0, "yes", "no") if is_classifier(estimator) else score
    return X, y


@pytest.mark.parametrize("estimator", FAMILIES, ids=name_of)
def test_the_same_as_one_column_of_labels_for_each_task(estimator):
    X, y = places(estimator)
    params = estimator.get_params()
    if "scale_targets" in params:  # one column is of one unit, many are not
        estimator = clone(estimator).set_params(scale_targets=False)
    model = wrapper_of(estimator)(estimator, task_column=0).fit(X, y)
    np.testing.assert_array_equal(model.tasks_, [0, 10, 20, 30])
    assert model.task_names_in_.tolist() == ["0", "10", "20", "30"]
    assert model.n_features_in_ == 4
    task = np.searchsorted(model.tasks_, X[:, 0])
    Y = np.full((len(y), 4), None if y.dtype.kind == "U" else np.nan)
    Y[np.arange(len(y)), task] = y
    apart = clone(estimator)
    if "label_groups" in params and params.get("structure") != "learned":
        apart.set_params(label_groups="all")
    expected = apart.fit(X[:, 1:], Y).predict(X[:, 1:])[np.arange(len(y)), task]
    if is_classifier(estimator):
        np.testing.assert_array_equal(model.predict(X), expected)
    elif "n_estimators" not in params:  # its units are always the tasks' own
        np.testing.assert_allclose(model.predict(X), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("estimator", FAMILIES, ids=name_of)
def test_it_learns_and_travels_through_a_search(estimator):
    X, y = places(estimator)
    model = with_column(estimator, task_column=0)
    scores = cross_validate(model, X, y, cv=KFold(3), error_score="raise")
    assert scores["test_score"].mean() > 0.75
    pipe = make_pipeline(keep_task(StandardScaler(), 0), model)
    name = f"{type(model).__name__.lower()}__estimator__task_weight"
    search = GridSearchCV(pipe, {name: [None, "balanced"]}, cv=KFold(2))
    assert search.fit(X, y).best_score_ > 0.7
    assert search.predict(X[:5]).shape == (5,)


@pytest.mark.parametrize("estimator", CLASSIFIERS, ids=name_of)
def test_answers_agree_with_each_other(estimator):
    X, y = places(estimator)
    model = with_column(estimator, task_column=0).fit(X, y)
    predicted = model.predict(X)
    for method in ("predict_proba", "decision_function"):
        if not hasattr(model, method):
            continue
        scores = getattr(model, method)(X)
        if method == "predict_proba":
            np.testing.assert_allclose(scores.sum(axis=1), 1)
            scores = scores[:, 1] - 0.5
        np.testing.assert_array_equal(
            model.classes_[(scores > 0).astype(int)], predicted
        )


@pytest.mark.parametrize("estimator", CLASSIFIERS, ids=name_of)
def test_other_alphabets_have_probability_zero(estimator):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 3))
    X[:, 0] = np.arange(120) % 3
    letters = np.array([["a", "b", "c"], ["α", "β", "γ"], ["b", "c", "d"]])
    y = letters[X[:, 0].astype(int), np.digitize(X[:, 1], [-0.5, 0.5])]
    model = with_column(estimator, task_column=0).fit(X, y)
    assert model.classes_.tolist() == list("abcdαβγ")
    assert set(model.predict(X[X[:, 0] == 1])) <= set("αβγ")
    greek = np.isin(model.classes_, list("αβγ"))
    latin_rows, greek_rows = X[X[:, 0] != 1], X[X[:, 0] == 1]
    if hasattr(model, "predict_proba"):
        assert (model.predict_proba(greek_rows)[:, ~greek] == 0).all()
        assert (model.predict_proba(latin_rows)[:, greek] == 0).all()
        np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1)
    if hasattr(model, "decision_function"):
        assert (model.decision_function(greek_rows)[:, ~greek] == -np.inf).all()


def test_forms_of_rows():
    X, y = places(CLASSIFIERS[0])
    names = np.array(["n", "e", "s", "w"])[(X[:, 0] // 10).astype(int)]
    expected = TaskColumnClassifier(task_column=0).fit(X, y).predict(X)
    frame = pd.DataFrame(X[:, 1:], columns=list("abc")).assign(place=names)
    by_name = TaskColumnClassifier(task_column="place").fit(frame, y)
    np.testing.assert_array_equal(by_name.predict(frame), expected)
    assert by_name.tasks_.tolist() == ["e", "n", "s", "w"]
    assert by_name.feature_names_in_.tolist() == ["a", "b", "c", "place"]
    last = TaskColumnClassifier(task_column=-1).fit(frame, y)
    np.testing.assert_array_equal(last.predict(frame), expected)
    rows = TaskRows(X[:, 1:], names)
    pairs = TaskColumnClassifier().fit(rows, y)
    np.testing.assert_array_equal(pairs.predict((X[:, 1:], names)), expected)
    assert pairs.n_features_in_ == 3
    thin = sparse.csr_array(X)
    model = TaskColumnClassifier(task_column=0).fit(thin, y)
    np.testing.assert_array_equal(model.predict(thin), expected)
    text = np.column_stack([names.astype(object), X[:, 1:]])
    model = TaskColumnClassifier(task_column=0).fit(text, y)
    np.testing.assert_array_equal(model.predict(text), expected)


def test_images_with_tasks_in_a_search():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 80, (60, 16, 16), dtype=np.uint8)
    bright = rng.integers(0, 2, 60)
    images[bright == 1, :, 8:] += 150
    rows = TaskRows(images, np.array(["a", "b", "c"])[np.arange(60) % 3])
    pipe = make_pipeline(keep_task(HOG()), TaskColumnClassifier(task_column=0))
    grid = {"taskcolumnclassifier__estimator": [None, MultiTaskLinearSVC()]}
    search = GridSearchCV(pipe, grid, cv=3, error_score="raise").fit(rows, bright)
    assert search.best_score_ > 0.9
    assert search.predict(rows).shape == (60,)
    names = search.best_estimator_[0].get_feature_names_out()
    assert names[0] == "task"
    assert len(names) == search.best_estimator_[1].n_features_in_


@pytest.mark.parametrize("estimator", FAMILIES, ids=name_of)
def test_unknown_tasks(estimator):
    X, y = places(estimator)
    strange = X[:6].copy()
    strange[:3, 0] = 99
    model = with_column(estimator, task_column=0).fit(X, y)
    with pytest.raises(ValueError, match=r"task .*99.* was not there in fit"):
        model.predict(strange)
    shared = with_column(estimator, task_column=0, unknown_task="shared").fit(X, y)
    answer = shared.predict(strange)
    np.testing.assert_array_equal(answer[3:], model.predict(X[3:6]))
    # The mean of what the tasks say of the same rows.
    copies = np.tile(X[:3], (4, 1))
    copies[:, 0] = np.repeat(model.tasks_, 3)
    if not is_classifier(estimator):
        each = model.predict(copies).reshape(4, 3)
        np.testing.assert_allclose(answer[:3], each.mean(axis=0), rtol=1e-5)
    elif hasattr(model, "decision_function"):
        each = model.decision_function(copies).reshape(4, 3)
        np.testing.assert_allclose(
            shared.decision_function(strange)[:3], each.mean(axis=0), rtol=1e-5
        )


def test_unknown_tasks_behind_keep_task():
    X, y = places(CLASSIFIERS[0])
    strange = X.copy()
    strange[:3, 0] = 99
    pipe = make_pipeline(
        keep_task(StandardScaler()), TaskColumnClassifier(task_column=0)
    )
    with pytest.raises(ValueError, match=r"99.* was not there in fit"):
        pipe.fit(X, y).predict(strange)
    pipe.set_params(
        keeptask__unknown_task="shared", taskcolumnclassifier__unknown_task="shared"
    )
    assert pipe.fit(X, y).predict(strange).shape == y.shape


@pytest.mark.parametrize(
    "estimator",
    [
        MultiTaskLogisticRegression(structure="mean", sharing=0.7, tol=1e-8),
        MultiTaskLinearSVC(structure="mean", sharing=0.7, tol=1e-8),
        MultiTaskRidge(structure="mean", sharing=0.7, tol=1e-8),
    ],
    ids=name_of,
)
def test_a_new_task_around_the_shared_part(estimator):
    """With very many other tasks, adding one is the same as fitting anew."""
    wrap = TaskColumnRegressor
    rng = np.random.default_rng(0)
    n_tasks, each = 60, 15
    X = rng.normal(size=(n_tasks * each, 4))
    X[:, 0] = task = np.repeat(np.arange(n_tasks), each)
    slopes = np.array([2.0, -1.0, 1.0]) + 0.3 * rng.normal(size=(n_tasks, 3))
    y = np.sum(X[:, 1:] * slopes[task], axis=1) + 0.3 * rng.normal(size=len(X))
    if not isinstance(estimator, MultiTaskRidge):
        wrap, y = TaskColumnClassifier, np.where(y > 0, "yes", "no")
    new = task == 31
    whole = wrap(clone(estimator), task_column=0).fit(X, y)
    added = wrap(clone(estimator), task_column=0).fit(X[~new], y[~new])
    others = added.predict(X[~new])
    added.add_task(X[new], y[new])
    np.testing.assert_array_equal(added.tasks_, whole.tasks_)
    np.testing.assert_array_equal(added.predict(X[~new]), others)
    inside = added.estimator_
    assert inside.coef_.shape == whole.estimator_.coef_.shape
    assert inside.task_names_in_.tolist() == whole.estimator_.task_names_in_.tolist()
    assert inside.label_groups_[0][-1] == "31"
    assert inside.column_covariance_.shape == (60, 60)
    at = inside.columns_[31]
    np.testing.assert_allclose(
        inside.coef_[at], whole.estimator_.coef_[at], rtol=0.15, atol=0.1
    )
    if isinstance(estimator, MultiTaskRidge):  # with what is shared taken off
        shared = inside.coef_[at] - inside.coef_task_[at]
        own = Ridge(alpha=1 / (1 - 0.7)).fit(X[new, 1:], y[new] - X[new, 1:] @ shared)
        np.testing.assert_allclose(inside.coef_task_[at], own.coef_, rtol=1e-6)
        np.testing.assert_allclose(inside.intercept_[at], own.intercept_, rtol=1e-6)


def test_a_new_task_at_sharing_1_has_an_intercept_of_its_own():
    X, y = places(REGRESSORS[0])
    model = TaskColumnRegressor(
        MultiTaskRidge(structure="mean", sharing=1.0), task_column=0
    )
    model.fit(X, y)
    new = X[:20].copy()
    new[:, 0] = 5
    shift = y[:20] + 7
    model.add_task(new, shift)
    inside = model.estimator_
    assert model.tasks_.tolist() == [0, 5, 10, 20, 30]
    np.testing.assert_allclose(inside.coef_task_[1], 0, atol=1e-4)
    np.testing.assert_allclose(inside.coef_[1], inside.coef_[0], atol=1e-4)
    assert abs(np.mean(model.predict(new) - shift)) < 1e-6


def test_add_task_refuses_what_it_cannot_do():
    X, y = places(CLASSIFIERS[0])
    new = X[:20].copy()
    new[:, 0] = 5
    model = TaskColumnClassifier(task_column=0).fit(X, y)
    with pytest.raises(ValueError, match="one new task"):
        model.add_task(X, y)
    with pytest.raises(ValueError, match="no task of this model has the label 'maybe'"):
        model.add_task(new, np.where(y[:20] == "yes", "maybe", "no"))
    assert model.tasks_.tolist() == [0, 10, 20, 30]  # nothing is half done
    assert model.estimator_.n_tasks_ == 4
    learned = TaskColumnClassifier(MultiTaskLinearSVC(), task_column=0).fit(X, y)
    with pytest.raises(ValueError, match="structure='learned' has no shared part"):
        learned.add_task(new, y[:20])
    forest = MultiTaskRandomForestClassifier(n_estimators=5)
    forest = TaskColumnClassifier(forest, task_column=0).fit(X, y)
    with pytest.raises(TypeError, match="no shared part"):
        forest.add_task(new, y[:20])


def test_errors_name_the_column():
    X, y = places(CLASSIFIERS[0])
    with pytest.raises(ValueError, match="task_column=7 is no column of X"):
        TaskColumnClassifier(task_column=7).fit(X, y)
    with pytest.raises(ValueError, match="task_column='place' is no number"):
        TaskColumnClassifier(task_column="place").fit(X, y)
    frame = pd.DataFrame(X, columns=list("abcd"))
    with pytest.raises(ValueError, match=r"no column of X; its columns are \['a'"):
        TaskColumnClassifier(task_column="place").fit(frame, y)
    with pytest.raises(ValueError, match="row 3 has no task id"):
        TaskColumnClassifier(task_column=0).fit(np.where(X == X[3], np.nan, X), y)
    with pytest.raises(ValueError, match="no column to hold the task; pass TaskRows"):
        keep_task(HOG()).fit(np.zeros((4, 16, 16)))
    with pytest.raises(TypeError, match="multi-task classifier of mtlearn"):
        TaskColumnClassifier(StandardScaler(), task_column=0).fit(X, y)
    with pytest.raises(ValueError, match="3 rows need as many task ids, not 2"):
        TaskRows(np.zeros((3, 2)), [0, 1])


def test_ids_of_new_tasks_have_the_type_of_the_others():
    X, y = places(CLASSIFIERS[0])
    new = np.column_stack([np.full(20, "new", dtype=object), X[:20, 1:]])
    model = TaskColumnClassifier(task_column=0).fit(X, y)
    with pytest.raises(ValueError, match="'new' of the new task is not of the type"):
        model.add_task(new, y[:20])
    pipe = make_pipeline(
        keep_task(StandardScaler(), unknown_task="shared"),
        TaskColumnClassifier(task_column=0, unknown_task="shared"),
    ).fit(X, y)
    new = X[:20].copy()
    new[:, 0] = 5
    with pytest.raises(ValueError, match="task -1 is what keep_task calls"):
        pipe[1].add_task(pipe[0].transform(new), y[:20])
    with pytest.raises(ValueError, match="X has 20 rows, Y has 19"):
        model.add_task(new, y[:19])
    with pytest.raises(ValueError, match="one new task"):
        model.add_task(new[:0], y[:0])
    np.testing.assert_array_equal(model.tasks_, [0, 10, 20, 30])


@pytest.mark.filterwarnings("ignore::mtlearn.exceptions.DegenerateTaskWarning")
def test_a_new_task_of_one_class():
    X, y = places(CLASSIFIERS[0])
    new = X[:20].copy()
    new[:, 0] = 5
    model = TaskColumnClassifier(task_column=0).fit(X, y)
    model.add_task(new, np.repeat("yes", 20))
    assert (model.predict(new) == "yes").all()
    assert model.predict_proba(new)[:, 1].mean() > 0.8
    anew = TaskColumnClassifier(task_column=0).fit(
        np.vstack([X, new]), np.append(y, np.repeat("yes", 20))
    )
    np.testing.assert_allclose(
        model.predict_proba(new), anew.predict_proba(new), atol=0.02
    )


def test_a_new_task_has_the_class_weights_of_the_model():
    X, y = places(CLASSIFIERS[0])
    new = X[:40].copy()
    new[:, 0] = 5
    shares = {}
    for weight in (None, {"yes": 20.0}, {"5": {"yes": 20.0}}, {"0": {"yes": 20.0}}):
        inside = MultiTaskLogisticRegression(
            structure="mean", sharing=0.0, class_weight=None if weight is None or
            "5" in weight else weight,
        )  # fmt: skip
        model = TaskColumnClassifier(inside, task_column=0).fit(X, y)
        model.estimator_.class_weight = weight
        model.add_task(new, y[:40])
        shares[str(weight)] = np.mean(model.predict(new) == "yes")
    plain, heavy, named, other = shares.values()
    assert heavy >= plain + 0.05
    assert named == heavy
    assert other == plain


def test_a_failed_refit_changes_nothing():
    X, y = places(CLASSIFIERS[0])
    model = TaskColumnClassifier(MultiTaskLogisticRegression(), task_column=0)
    before = model.fit(X, y).predict(X)
    model.estimator.C = -1
    rows = X[:, 0] > 0
    with pytest.raises(ValueError, match="C == -1"):
        model.fit(X[rows], y[rows])
    np.testing.assert_array_equal(model.predict(X), before)


@pytest.mark.filterwarnings("ignore::mtlearn.exceptions.DegenerateTaskWarning")
@pytest.mark.parametrize("estimator", CLASSIFIERS, ids=name_of)
def test_shared_answers_of_several_alphabets_agree(estimator):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3))
    X[:, 0] = np.arange(200) % 4
    letters = np.array(["abc", "xyz", "bcd", "qqq"])
    place = np.digitize(X[:, 1], [-0.5, 0.5])
    y = np.array([letters[int(t)][p] for t, p in zip(X[:, 0], place)])
    model = with_column(estimator, task_column=0, unknown_task="shared").fit(X, y)
    strange = X[:50].copy()
    strange[:, 0] = 9
    has_proba = hasattr(model, "predict_proba")
    scores = (model.predict_proba if has_proba else model.decision_function)(strange)
    np.testing.assert_array_equal(
        model.classes_[scores.argmax(axis=1)], model.predict(strange)
    )


@pytest.mark.filterwarnings("ignore::mtlearn.exceptions.DegenerateTaskWarning")
@pytest.mark.parametrize("estimator", CLASSIFIERS, ids=name_of)
def test_a_task_of_one_class_agrees_with_itself(estimator):
    X, y = places(estimator)
    y[X[:, 0] == 10] = "yes"
    model = with_column(estimator, task_column=0).fit(X, y)
    rows = X[X[:, 0] == 10]
    assert (model.predict(rows) == "yes").all()
    if hasattr(model, "predict_proba"):
        assert (model.predict_proba(rows)[:, 1] > 0.5).mean() > 0.9
    if hasattr(model, "decision_function") and not model.estimator_.label_groups_:
        assert (model.decision_function(rows) > 0).all()


def test_scores_of_rows_without_labels():
    X, y = places(REGRESSORS[0])
    y = y.copy()
    y[::7] = np.nan
    scores = cross_validate(
        TaskColumnRegressor(task_column=0), X, y, cv=KFold(3), error_score="raise"
    )
    assert (scores["test_score"] > 0.8).all()
    X, y = places(CLASSIFIERS[0])
    y = y.astype(object)
    y[::7] = None
    model = TaskColumnClassifier(task_column=0).fit(X, y)
    kept = [label is not None for label in y]
    assert model.score(X, y) == np.mean(model.predict(X)[kept] == y[kept])


def test_kernel_matrices_with_tasks():
    X, y = places(CLASSIFIERS[0])
    rows = TaskRows(X[:, 1:] @ X[:, 1:].T, X[:, 0])
    inside = MultiTaskSVC(kernel="precomputed", structure="mean")
    model = TaskColumnClassifier(inside)
    scores = cross_validate(model, rows, y, cv=KFold(3), error_score="raise")
    assert scores["test_score"].mean() > 0.8


def test_rows_of_any_form():
    X, y = places(CLASSIFIERS[0])
    expected = TaskColumnClassifier(task_column=0).fit(X, y).predict(X)
    frame = pd.DataFrame(X[:, 1:], columns=list("abc"))
    for data in (frame, sparse.coo_array(X[:, 1:]), X[:, 1:].tolist()):
        rows = TaskRows(data, X[:, 0])
        model = TaskColumnClassifier().fit(rows, y)
        np.testing.assert_array_equal(model.predict(rows), expected)
        scores = cross_validate(model, rows, y, cv=KFold(2), error_score="raise")
        assert scores["test_score"].mean() > 0.7
    assert len(list(TaskRows(X, y))) == len(X)
    assert TaskRows(X, y)[X[:, 0] > 0].shape[1] == 4
    for form in (sparse.coo_array, sparse.bsr_array):
        model = TaskColumnClassifier(task_column=0).fit(form(X), y)
        np.testing.assert_array_equal(model.predict(form(X)), expected)
    with pytest.raises(ValueError, match="does not tell the tasks of its rows"):
        TaskColumnClassifier().fit(TaskRows(X[:, 1:], X[:, 0]), y).predict(X[:, 1:])
    with pytest.raises(ValueError, match="fit had one task without an id"):
        TaskColumnClassifier().fit(X, y).predict(TaskRows(X, X[:, 0]))


def test_estimators_that_do_not_fit_the_wrapper():
    X, y = places(CLASSIFIERS[0])
    for wrap, inside in (
        (TaskColumnClassifier, MultiTaskRidge()),
        (TaskColumnRegressor, MultiTaskLogisticRegression()),
        (TaskColumnClassifier, MixedTaskLinear()),
        (TaskColumnClassifier, MultiTaskLinearCV(MultiTaskLinearSVC())),
    ):
        with pytest.raises(TypeError, match="must be a multi-task"):
            wrap(inside, task_column=0).fit(X, y)


def test_tasks_are_called_by_their_ids():
    X, y = places(CLASSIFIERS[0])
    inside = MultiTaskLogisticRegression(structure="mean", task_weight={"10": 5.0})
    model = TaskColumnClassifier(inside, task_column=np.int64(0)).fit(X, y)
    assert model.estimator_.task("10").predict(X[:2, 1:]).shape == (2,)


def test_missing_labels_are_dropped():
    X, y = places(REGRESSORS[0])
    y = y.copy()
    y[::5] = np.nan
    kept = ~np.isnan(y)
    one = TaskColumnRegressor(task_column=0).fit(X, y)
    two = TaskColumnRegressor(task_column=0).fit(X[kept], y[kept])
    np.testing.assert_allclose(one.predict(X), two.predict(X), atol=1e-4)


@parametrize_with_checks([TaskColumnClassifier(), TaskColumnRegressor()])
def test_with_one_task_it_is_any_estimator(estimator, check):
    check(estimator)


def test_stack_tasks():
    rng = np.random.default_rng(0)
    parts = {"a": (rng.normal(size=(3, 2)), [1, 2, 3]), "b": (np.ones((2, 2)), [4, 5])}
    X, Y = stack_tasks(parts)
    assert X.shape == (5, 2)
    assert Y.columns.tolist() == ["a", "b"]
    assert Y.to_numpy().tolist()[3] == [pytest.approx(np.nan, nan_ok=True), 4]
    model = MultiTaskRidge(structure="mean", C=100).fit(X, Y)
    assert model.predict(X).shape == (5, 2)
    thin, _ = stack_tasks([(sparse.csr_array(X), y) for X, y in parts.values()])
    np.testing.assert_array_equal(thin.toarray(), X)
    _, texts = stack_tasks([([[1.0], [2.0]], ["x", None]), ([[3.0]], ["y"])])
    assert texts.tolist() == [["x", None], [None, None], [None, "y"]]
    with pytest.raises(ValueError, match="'task1' has 1 rows and 2 labels"):
        stack_tasks([([[1.0]], [0]), ([[1.0]], [0, 1])])
    with pytest.raises(ValueError, match=r"rows of 'task1' have shape \(2,\)"):
        stack_tasks([([[1.0]], [0]), ([[1.0, 2.0]], [0])])
    frames = [pd.DataFrame({"a": [1.0], b: [2.0]}) for b in "bc"]
    with pytest.raises(ValueError, match=r"'task1' have columns \['a', 'c'\]"):
        stack_tasks([(frame, [0]) for frame in frames])
    with pytest.raises(ValueError, match="'task0' has 2 columns of labels"):
        stack_tasks([([[1.0]], [[0, 1]])])
    with pytest.raises(ValueError, match="'task0' has a mask"):
        stack_tasks([(np.ma.array([[1.0]], mask=[[True]]), [0])])
    with pytest.raises(ValueError, match="a task or more"):
        stack_tasks([])
