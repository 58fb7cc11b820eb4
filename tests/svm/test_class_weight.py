"""class_weight, in all its forms."""

import numpy as np
import pytest
from sklearn.svm import SVC, LinearSVC

from mtlearn.svm import MultiTaskLinearSVC

EXACT = {"structure": "independent", "tol": 1e-9, "max_iter": 1000}


def unequal_tasks(T=2, n=90):
    """Labels "no" and "yes", of which few are "yes"."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 4))
    Z = X @ rng.normal(size=(4, T)) + rng.normal(size=(n, T))
    return X, np.where(Z > 1.5, "yes", "no")


@pytest.mark.parametrize("class_weight", ["balanced", {"yes": 3.0}, {"no": 0.2}])
def test_one_task_is_svc(class_weight):
    X, Y = unequal_tasks()
    params = {"class_weight": class_weight}
    hinge = {**EXACT, "loss": "hinge", "tol": 1e-7}
    peer = SVC(kernel="linear", tol=1e-8, **params).fit(X, Y[:, 0])
    ours = MultiTaskLinearSVC(**hinge, **params).fit(X, Y[:, 0])
    np.testing.assert_allclose(ours.coef_, peer.coef_, atol=2e-3)
    plain = MultiTaskLinearSVC(**hinge).fit(X, Y[:, 0])
    assert not np.allclose(ours.coef_, plain.coef_, atol=0.01)


@pytest.mark.parametrize("class_weight", ["balanced", {"yes": 3.0}])
def test_several_tasks_are_each_their_own(class_weight):
    X, Y = unequal_tasks()
    params = {"class_weight": class_weight, "fit_intercept": False}
    model = MultiTaskLinearSVC(**EXACT, **params).fit(X, Y)
    for t in range(2):
        peer = LinearSVC(dual=False, tol=1e-9, **params).fit(X, Y[:, t])
        np.testing.assert_allclose(model.coef_[t], peer.coef_[0], atol=1e-4)


def test_by_task_name():
    X, Y = unequal_tasks(T=3)
    forms = {"task0": "balanced", "task1": {"yes": 3.0}}
    model = MultiTaskLinearSVC(class_weight=forms, **EXACT).fit(X, Y)
    for t, form in enumerate(["balanced", {"yes": 3.0}, None]):
        alone = MultiTaskLinearSVC(class_weight=form, **EXACT).fit(X, Y[:, t])
        np.testing.assert_allclose(model.coef_[t], alone.coef_[0], atol=1e-6)


def test_balanced_counts_observed_labels_by_sample_weight():
    X, Y = unequal_tasks(T=1)
    labels = np.where(Y == "yes", 1.0, 0.0)
    labels[::7] = np.nan
    weight = np.arange(len(X)) % 3 + 0.5
    model = MultiTaskLinearSVC(class_weight="balanced", **EXACT)
    model.fit(X, labels, sample_weight=weight)
    share = np.array([weight @ (labels[:, 0] == k) for k in (0, 1)])
    factor = np.where(labels[:, 0] == 1, share.sum() / share[1], share.sum() / share[0])
    by_hand = MultiTaskLinearSVC(**EXACT).fit(
        X, labels, sample_weight=weight * factor / 2
    )
    np.testing.assert_allclose(model.coef_, by_hand.coef_, atol=1e-6)


def test_several_classes():
    X, _ = unequal_tasks()
    y = np.digitize(X[:, 0], [0, 1.2])
    ours = MultiTaskLinearSVC(class_weight={2: 4.0}, **EXACT).fit(X, y)
    weight = np.where(y == 2, 4.0, 1.0)
    by_hand = MultiTaskLinearSVC(**EXACT).fit(X, y, sample_weight=weight)
    np.testing.assert_allclose(ours.coef_, by_hand.coef_, atol=1e-6)


@pytest.mark.parametrize(
    ("class_weight", "message"),
    [
        ("even", "class_weight='even' is unknown"),
        ({"task0": "even"}, "class_weight='even' is unknown"),
        ({"task9": "balanced"}, r"unknown tasks \['task9'\]; the tasks are"),
        ({"maybe": 2.0}, "class_weight.*'maybe'.*'no', 'yes'"),
        ({"task1": {"maybe": 2.0}}, "class_weight.*'task1'.*'maybe'"),
        ({"yes": -1.0}, r"class_weight.*> 0.*-1\.0"),
        ({"yes": np.nan}, "class_weight.*finite"),
        (0.5, r"class_weight is 0\.5"),
    ],
)
def test_wrong_forms_are_named(class_weight, message):
    X, Y = unequal_tasks()
    with pytest.raises(ValueError, match=message):
        MultiTaskLinearSVC(class_weight=class_weight).fit(X, Y)
