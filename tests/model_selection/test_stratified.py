import time
import warnings

import numpy as np
import pandas as pd
import pytest
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    StratifiedKFold,
    cross_validate,
)

from mtlearn.metrics import make_multitask_scorer
from mtlearn.model_selection import MultiTaskStratifiedKFold
from tests.metrics.per_task import PerTaskClassifier


def splits_of(Y, n_splits=5, **kwargs):
    X = np.zeros((len(Y), 1))
    return list(MultiTaskStratifiedKFold(n_splits, **kwargs).split(X, Y))


def counts(Y, splits):
    """Array (n_strata, n_folds): rows of each class, and of missing, per task."""
    rows = []
    for y in np.asarray(Y, dtype=float).T:
        of_task = [y == value for value in np.unique(y[~np.isnan(y)])]
        rows += [[is_it[test].sum() for _, test in splits] for is_it in of_task]
        rows.append([np.isnan(y[test]).sum() for _, test in splits])
    return np.array(rows)


def incomplete_labels(rng, n, n_tasks, shares=(0.05, 0.5), missing=0.3):
    Y = (rng.random((n, n_tasks)) < rng.uniform(*shares, n_tasks)).astype(float)
    Y[rng.random(Y.shape) < missing] = np.nan
    return Y


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(10, 120),
    n_tasks=st.integers(1, 5),
    n_classes=st.integers(1, 6),
    n_splits=st.integers(2, 7),
    missing=st.sampled_from([0, 0.2, 0.9, 1]),
    shuffle=st.booleans(),
)
def test_test_parts_are_a_balanced_partition(
    seed, n, n_tasks, n_classes, n_splits, missing, shuffle
):
    rng = np.random.default_rng(seed)
    Y = rng.integers(0, n_classes, (n, n_tasks)).astype(float)
    Y[rng.random(Y.shape) < missing] = np.nan
    options = {"shuffle": True, "random_state": seed} if shuffle else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        splits = splits_of(Y, n_splits, **options)
        again = splits_of(Y, n_splits, **options)
    sizes = [len(test) for _, test in splits]
    assert len(splits) == n_splits
    assert max(sizes) - min(sizes) <= 1
    every = np.concatenate([test for _, test in splits])
    assert np.array_equal(np.sort(every), np.arange(n))
    for (train, test), (train_again, test_again) in zip(splits, again):
        assert np.array_equal(np.sort([*train, *test]), np.arange(n))
        assert np.array_equal(test, np.sort(test))
        assert np.array_equal(test, test_again)
        assert np.array_equal(train, train_again)


@settings(max_examples=40, deadline=None)
@given(
    labels=st.lists(st.integers(0, 4), min_size=8, max_size=80),
    n_splits=st.integers(2, 6),
    shuffle=st.booleans(),
)
def test_one_task_has_the_class_shares_of_stratified_k_fold(labels, n_splits, shuffle):
    y = np.array(labels)
    options = {"shuffle": True, "random_state": 0} if shuffle else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        splits = splits_of(y, n_splits, **options)
        if np.bincount(y).max() >= n_splits:
            theirs = list(StratifiedKFold(n_splits).split(y[:, None], y))
            # The same up to the names of the folds: one row more or less per class.
            ours = np.sort(counts(y[:, None], splits), axis=1)
            assert np.array_equal(ours, np.sort(counts(y[:, None], theirs), axis=1))
    assert (np.ptp(counts(y[:, None], splits), axis=1) <= 1).all()


@pytest.mark.parametrize("seed", range(10))
def test_every_class_of_every_task_is_in_every_fold(seed):
    rng = np.random.default_rng(seed)
    Y = incomplete_labels(rng, 120, 12, shares=(0.05, 0.3))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        found = counts(Y, splits_of(Y))
    enough = found.sum(axis=1) >= 5
    assert enough.sum() >= 30
    assert (found[enough] > 0).all()


def test_swaps_fill_what_dealing_leaves_empty():
    # 40 rare labels in 100 rows: without the swaps some folds lack a class.
    empty = {"with": 0, "plain": 0}
    for seed in range(8):
        rng = np.random.default_rng(seed)
        Y = incomplete_labels(rng, 100, 40, shares=(0.06, 0.06), missing=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            found = counts(Y, splits_of(Y))
        plain = counts(Y, list(KFold(5, shuffle=True, random_state=0).split(Y)))
        enough = found.sum(axis=1) >= 5
        empty["with"] += (found[enough] == 0).sum()
        empty["plain"] += (plain[enough] == 0).sum()
    assert empty["with"] == 0
    assert empty["plain"] > 50


def test_labels_and_missing_labels_are_spread_evenly():
    Y = incomplete_labels(np.random.default_rng(0), 2000, 6)
    found = counts(Y, splits_of(Y))
    plain = counts(Y, list(KFold(5, shuffle=True, random_state=0).split(Y)))
    assert np.ptp(found, axis=1).max() <= 2
    assert np.ptp(plain, axis=1).max() > 20


def test_rows_in_the_order_of_their_labels_make_no_difference():
    y = np.repeat([0, 1, 2], [50, 30, 20])
    assert np.array_equal(
        counts(y[:, None], splits_of(y))[:3], np.repeat([[10], [6], [4]], 5, axis=1)
    )


def test_numbers_are_spread_by_their_quantiles():
    rng = np.random.default_rng(0)
    Y = np.column_stack([rng.lognormal(size=203), rng.normal(size=203)])
    Y[:40, 0] = np.nan
    for _, test in splits_of(Y):
        for y in Y.T:
            below = (y[test] < np.nanmedian(y)).sum()
            assert abs(below - np.isfinite(y[test]).sum() / 2) < 3
        assert abs(np.isnan(Y[test, 0]).sum() - 8) <= 1


def test_mixed_column_types():
    rng = np.random.default_rng(0)
    Y = pd.DataFrame(
        {
            "text": rng.permutation(["a", "b", "c"] * 20),
            "number": rng.normal(size=60),
            "flag": pd.array([True, False, None] * 20, dtype="boolean"),
        }
    )
    for _, test in splits_of(Y):
        part = Y.iloc[test]
        assert part["text"].value_counts().tolist() == [4, 4, 4]
        assert abs(part["flag"].sum() - 4) <= 2
        assert abs(part["flag"].isna().sum() - 4) <= 1


def test_all_label_forms_give_the_same_folds():
    Y = incomplete_labels(np.random.default_rng(0), 60, 3, shares=(0.4, 0.5))
    gaps = np.isnan(Y)
    filled = np.where(gaps, 0, Y).astype(int)
    expected = splits_of(Y)
    objects = np.where(gaps, None, filled)
    for form in (objects, objects.tolist(), np.ma.masked_array(filled, gaps)):
        for (_, ours), (_, theirs) in zip(splits_of(form), expected):
            assert np.array_equal(ours, theirs)


def test_many_whole_numbers_are_classes_if_they_repeat():
    people = np.repeat(np.arange(40), 5)
    assert (counts(people[:, None], splits_of(people))[:-1] == 1).all()
    ages = np.random.default_rng(0).integers(0, 90, 200)
    for _, test in splits_of(ages):
        assert abs(np.median(ages[test]) - np.median(ages)) < 10


def test_rare_classes_are_named_in_one_warning():
    Y = pd.DataFrame({"colour": ["red"] * 17 + ["blue"] * 3, "size": [1.5, 2.5] * 10})
    match = r"task 'colour' class 'blue' \(3 rows\) is not in fold 3, fold 4\."
    with pytest.warns(UserWarning, match=match) as caught:
        splits_of(Y)
    assert len(caught) == 1
    many = np.eye(12)
    with pytest.warns(UserWarning, match="and 7 more classes"):
        splits_of(many, 2)


def test_numbers_are_never_warned_about():
    rng = np.random.default_rng(0)
    splits_of(np.column_stack([rng.normal(size=40), rng.integers(0, 1000, 40)]))


def test_shuffle_follows_its_seed():
    Y = incomplete_labels(np.random.default_rng(0), 60, 3, missing=0)

    def first(**kwargs):
        return splits_of(Y, 3, **kwargs)[0][1].tolist()

    assert first(shuffle=True, random_state=1) == first(shuffle=True, random_state=1)
    assert first(shuffle=True, random_state=1) != first(shuffle=True, random_state=2)
    assert first(shuffle=True, random_state=1) != first()


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: MultiTaskStratifiedKFold(1), "n_splits=1"),
        (lambda: MultiTaskStratifiedKFold(2.5), "n_splits=2.5"),
        (lambda: MultiTaskStratifiedKFold(random_state=0), "without shuffle"),
        (lambda: splits_of(np.zeros((3, 2))), "3 rows into n_splits=5"),
        (
            lambda: MultiTaskStratifiedKFold().split(np.zeros((9, 1))),
            "needs the labels",
        ),
        (
            lambda: MultiTaskStratifiedKFold().split(np.zeros((9, 1)), np.zeros(8)),
            "inconsistent numbers",
        ),
    ],
)
def test_bad_input_is_explained(make, match):
    with pytest.raises(ValueError, match=match):
        make()


def test_groups_are_ignored_with_a_warning():
    with pytest.warns(UserWarning, match="groups parameter is ignored"):
        MultiTaskStratifiedKFold(2).split(np.zeros((4, 1)), [0, 1, 0, 1], [0, 0, 1, 1])


def test_it_is_a_scikit_learn_splitter():
    cv = MultiTaskStratifiedKFold(3, shuffle=True, random_state=0)
    assert cv.get_n_splits() == 3
    expected = "MultiTaskStratifiedKFold(n_splits=3, random_state=0, shuffle=True)"
    assert repr(cv) == expected
    assert repr(clone(cv, safe=False)) == expected
    assert not hasattr(cv, "set_split_request")


@pytest.mark.parametrize("routed", [False, True])
def test_search_on_labels_with_gaps(routed):
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(60, 3)), incomplete_labels(rng, 60, 2, (0.4, 0.5))
    with sklearn.config_context(enable_metadata_routing=routed):
        search = GridSearchCV(
            PerTaskClassifier(),
            {"C": [0.1, 1]},
            cv=MultiTaskStratifiedKFold(3),
            scoring=make_multitask_scorer("accuracy"),
            error_score="raise",
        ).fit(X, Y)
    assert np.isfinite(search.best_score_)


def test_cross_validate_with_complete_labels():
    Y = np.random.default_rng(0).integers(0, 3, (60, 2))
    results = cross_validate(
        DummyClassifier(),
        Y,
        Y,
        cv=MultiTaskStratifiedKFold(4),
        scoring=make_multitask_scorer("accuracy"),
    )
    assert len(results["test_score"]) == 4


def test_a_column_of_single_values_does_not_stall():
    # 20,000 labels of one row each, next to one of two classes.
    Y = np.column_stack([np.arange(20000).astype(str), np.arange(20000) % 2])
    start = time.perf_counter()
    with pytest.warns(UserWarning, match="lack classes"):
        splits = splits_of(Y)
    assert time.perf_counter() - start < 20
    assert [(Y[test, 1] == "0").sum() for _, test in splits] == [2000] * 5
