"""One task alone: scikit-learn's models of gradient descent are twins."""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.linear_model import SGDClassifier, SGDRegressor
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mtlearn.linear_model import MultiTaskSGDClassifier, MultiTaskSGDRegressor

LOSSES = {
    "logistic": "log_loss",
    "hinge": "hinge",
    "squared_hinge": "squared_hinge",
    "modified_huber": "modified_huber",
}


def cancer():
    X, y = load_breast_cancer(return_X_y=True)
    return StandardScaler().fit_transform(X), y


@pytest.mark.parametrize("loss", LOSSES)
def test_two_classes(loss):
    """The same objective, minimised by other steps: the same slope of the scores."""
    X, y = cancer()
    ours = MultiTaskSGDClassifier(
        loss=loss, alpha=0.01, tol=None, max_iter=300, learning_rate="cosine",
        average=False, random_state=0,
    ).fit(X, y)  # fmt: skip
    theirs = SGDClassifier(
        loss=LOSSES[loss], alpha=0.01, tol=None, max_iter=2000, eta0=0.01,
        learning_rate="invscaling", power_t=0.3, average=True, random_state=0,
    ).fit(X, y)  # fmt: skip
    a, b = ours.decision_function(X), theirs.decision_function(X)
    assert np.corrcoef(a, b)[0, 1] > 0.999
    np.testing.assert_allclose(a, b, atol=0.05 * np.ptp(b))
    assert np.mean(ours.predict(X) == theirs.predict(X)) > 0.985
    np.testing.assert_array_equal(ours.classes_, theirs.classes_)
    assert ours.decision_function(X).shape == theirs.decision_function(X).shape


@pytest.mark.parametrize(("loss", "name"), [
    ("squared", "squared_error"),
    ("huber", "huber"),
    ("epsilon_insensitive", "epsilon_insensitive"),
    ("squared_epsilon_insensitive", "squared_epsilon_insensitive"),
])  # fmt: skip
def test_numbers(loss, name):
    X, y = load_diabetes(return_X_y=True)
    X, y = StandardScaler().fit_transform(X), (y - y.mean()) / y.std()
    kwargs = {"delta": 0.5} if loss == "huber" else {"epsilon": 0.1}
    ours = MultiTaskSGDRegressor(
        loss=loss, alpha=0.05, tol=None, max_iter=400, learning_rate="cosine",
        average=False, scale_targets=False, random_state=0, **kwargs,
    ).fit(X, y)  # fmt: skip
    epsilon = kwargs.get("delta", 0.1)
    theirs = SGDRegressor(
        loss=name, alpha=0.05, epsilon=epsilon, tol=None, max_iter=3000, eta0=0.01,
        power_t=0.3, average=True, random_state=0,
    ).fit(X, y)  # fmt: skip
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), atol=0.05)


@pytest.mark.parametrize("loss", LOSSES)
def test_as_accurate_as_it_comes(loss):
    X, y = load_digits(return_X_y=True)
    y = y % 2
    scores = [
        cross_val_score(make_pipeline(StandardScaler(), model), X, y, cv=3).mean()
        for model in (
            MultiTaskSGDClassifier(loss=loss, random_state=0),
            SGDClassifier(loss=LOSSES[loss], max_iter=9000, random_state=0),
        )
    ]
    assert scores[0] > scores[1] - 0.005


def test_one_task_has_nothing_to_share():
    X, y = cancer()
    models = [
        MultiTaskSGDClassifier(structure=structure, random_state=0).fit(X, y)
        for structure in ("independent", "learned", "mean")
    ]
    for model in models[1:]:
        np.testing.assert_allclose(model.coef_, models[0].coef_, rtol=1e-6, atol=1e-8)


def test_text_labels_and_bools():
    X, y = cancer()
    text = np.where(y == 1, "benign", "malignant")
    plain = MultiTaskSGDClassifier(random_state=0).fit(X, y).predict(X) == 1
    named = MultiTaskSGDClassifier(random_state=0).fit(X, text).predict(X)
    truth = MultiTaskSGDClassifier(random_state=0).fit(X, y == 1).predict(X)
    assert np.mean((named == "benign") == plain) > 0.99
    np.testing.assert_array_equal(truth, plain)
