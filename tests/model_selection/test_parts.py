"""Random parts, three parts, and parts of whole groups."""

import warnings

import numpy as np
import pandas as pd
import pytest
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.model_selection import (
    GridSearchCV,
    GroupShuffleSplit,
    StratifiedGroupKFold,
    cross_validate,
)

from mtlearn.metrics import make_multitask_scorer
from mtlearn.model_selection import (
    MultiTaskStratifiedGroupKFold,
    MultiTaskStratifiedGroupShuffleSplit,
    MultiTaskStratifiedShuffleSplit,
    train_validation_test_split,
)
from mtlearn.model_selection.grouping import assign_groups
from tests.metrics.per_task import PerTaskClassifier


@pytest.fixture
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


def incomplete_labels(rng, n, n_tasks, n_classes=2, missing=0.2):
    Y = rng.integers(0, n_classes, (n, n_tasks)).astype(float)
    Y[rng.random(Y.shape) < missing] = np.nan
    return Y


def imbalance(Y, parts):
    """Chi-square distance of the parts' class counts from those of a perfect split."""
    Y, total, n = np.asarray(Y, dtype=float), 0.0, sum(map(len, parts))
    for y in Y.T:
        strata = [np.isnan(y), *(y == value for value in np.unique(y[~np.isnan(y)]))]
        for is_it in strata:
            expected = [is_it.sum() * len(part) / n for part in parts]
            found = [is_it[part].sum() for part in parts]
            total += sum((f - e) ** 2 / e for f, e in zip(found, expected) if e)
    return total


@settings(max_examples=50, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(30, 150),
    n_tasks=st.integers(1, 4),
    test=st.sampled_from([0.1, 0.25, 0.5, 3, 0.9]),
    train=st.sampled_from([None, 0.1, 2]),
)
@pytest.mark.usefixtures("quiet")
def test_random_parts_have_the_sizes_asked_for(seed, n, n_tasks, test, train):
    rng = np.random.default_rng(seed)
    Y = incomplete_labels(rng, n, n_tasks)
    cv = MultiTaskStratifiedShuffleSplit(
        3, test_size=test, train_size=train, random_state=seed
    )
    splits = list(cv.split(Y, Y))
    again = list(cv.split(Y, Y))
    n_test = test if isinstance(test, int) else test * n
    n_train = n - n_test if train is None else train if train == 2 else train * n
    assert len(splits) == cv.get_n_splits() == 3
    for (rows, held_out), (same, _) in zip(splits, again):
        assert abs(len(held_out) - n_test) < 1
        assert abs(len(rows) - n_train) < 1.01
        assert not set(rows) & set(held_out)
        assert np.array_equal(rows, np.unique(rows))
        assert np.array_equal(rows, same)


@pytest.mark.parametrize("share", [0.05, 0.2, 0.7])
def test_random_parts_have_their_share_of_every_label(share):
    rng = np.random.default_rng(0)
    Y = (rng.random((2000, 12)) < rng.uniform(0.05, 0.5, 12)).astype(float)
    Y[rng.random(Y.shape) < 0.2] = np.nan
    cv = MultiTaskStratifiedShuffleSplit(1, test_size=share, random_state=0)
    (train, test), plain = next(cv.split(Y, Y)), rng.permutation(2000)
    n_test = len(test)
    ours, theirs = imbalance(Y, [train, test]), []
    for _ in range(5):
        plain = rng.permutation(2000)
        theirs.append(imbalance(Y, [plain[n_test:], plain[:n_test]]))
    assert ours < 0.15 * np.median(theirs)


def test_both_parts_have_a_class_of_two_rows():
    Y = np.zeros((200, 3))
    Y[[3, 77], 1] = 1
    for train, test in MultiTaskStratifiedShuffleSplit(5, random_state=0).split(Y, Y):
        assert Y[train, 1].sum() == Y[test, 1].sum() == 1


def test_without_sizes_a_tenth_is_tested():
    Y = np.arange(40) % 2
    train, test = next(MultiTaskStratifiedShuffleSplit(random_state=0).split(Y, Y))
    assert (len(train), len(test)) == (36, 4)


def test_classes_that_a_part_lacks_are_named_with_the_part():
    Y = pd.DataFrame({"tie": [1] + [0] * 39, "belt": [0, 1] * 20})
    cv = MultiTaskStratifiedShuffleSplit(1, random_state=0)
    with pytest.warns(UserWarning, match=r"'tie' class 1 \(1 row\) is not in the"):
        list(cv.split(Y, Y))
    with pytest.warns(UserWarning, match=r"1 row\) is not in .* part, the .* part"):
        train_validation_test_split(Y, Y)


@settings(max_examples=50, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n_groups=st.integers(7, 60),
    largest=st.integers(1, 9),
    n_tasks=st.integers(1, 4),
    n_splits=st.integers(2, 7),
    shuffle=st.booleans(),
)
@pytest.mark.usefixtures("quiet")
def test_groups_stay_together(seed, n_groups, largest, n_tasks, n_splits, shuffle):
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(n_groups), rng.integers(1, largest + 1, n_groups))
    groups = rng.permutation(groups)
    Y = incomplete_labels(rng, len(groups), n_tasks, 3)
    options = {"shuffle": True, "random_state": seed} if shuffle else {}
    cv = MultiTaskStratifiedGroupKFold(n_splits, **options)
    splits = list(cv.split(Y, Y, groups))
    tests = [test for _, test in splits]
    assert np.array_equal(np.sort(np.concatenate(tests)), np.arange(len(groups)))
    assert min(map(len, tests)) > 0
    for train, test in splits:
        assert not set(groups[train]) & set(groups[test])
    again = list(cv.split(Y, Y, groups.astype(str)))
    if not shuffle:  # what groups are called makes no difference
        assert all(np.array_equal(a[1], b[1]) for a, b in zip(splits, again))


@pytest.mark.parametrize("seed", range(5))
def test_groups_are_no_worse_spread_than_by_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(60), rng.integers(1, 20, 60))
    y = (rng.random(60) < 0.3)[groups] ^ (rng.random(len(groups)) < 0.2)
    Y = y.astype(float)[:, None]
    ours = MultiTaskStratifiedGroupKFold(5).split(Y, Y, groups)
    theirs = StratifiedGroupKFold(5).split(Y, y, groups)
    parts = [[test for _, test in splits] for splits in (ours, theirs)]
    assert imbalance(Y, parts[0]) <= imbalance(Y, parts[1])


def test_small_problems_end_near_the_best_of_all_assignments():
    excess, plain = [], []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        group = np.repeat(np.arange(8), rng.integers(1, 6, 8))
        codes = rng.integers([0, 2], [2, 5], (len(group), 2))
        C = np.zeros((8, 6))
        for g, row in zip(group, codes):
            C[g, [*row, 5]] += 1
        C = C[:, C.any(axis=0)]

        def cost(part, C=C):
            half = C.sum(axis=0) / 2
            return 2 * ((C[np.array(part) == 0].sum(axis=0) - half) ** 2 / half).sum()

        every = [cost([(k >> g) & 1 for g in range(8)]) for k in range(1, 255)]
        sizes = np.bincount(codes.ravel(), minlength=5)
        found = cost(assign_groups(codes, sizes, group, [len(group) / 2] * 2))
        excess.append(found - min(every))
        plain.append(np.median(every) - min(every))
    assert np.mean(np.array(excess) < 1e-9) > 0.5
    assert np.mean(excess) < 0.1 * np.mean(plain)


def test_groups_in_random_parts():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(80), 5)
    Y = incomplete_labels(rng, 400, 4)
    cv = MultiTaskStratifiedGroupShuffleSplit(4, test_size=0.25, random_state=0)
    found = list(cv.split(Y, Y, groups))
    assert len({tuple(test) for _, test in found}) == 4
    for train, test in found:
        assert not set(groups[train]) & set(groups[test])
        assert abs(len(test) - 100) <= 5
    plain = GroupShuffleSplit(4, test_size=0.25, random_state=0)
    theirs = [imbalance(Y, parts) for parts in plain.split(Y, Y, groups)]
    assert max(imbalance(Y, parts) for parts in found) < min(theirs)


@pytest.mark.parametrize("stratify", [True, False])
@pytest.mark.parametrize("sizes", [(0.6, 0.2, 0.2), (30, 20, 10), (0.5, 0.25, 5)])
def test_three_parts(sizes, stratify):
    rng = np.random.default_rng(0)
    X, Y = np.arange(60), incomplete_labels(rng, 60, 2)
    parts = train_validation_test_split(
        X, Y, sizes=sizes, stratify=stratify, random_state=0
    )
    rows = [s if isinstance(s, int) else round(60 * s) for s in sizes]
    assert [len(part) for part in parts] == 2 * rows
    every = np.concatenate(parts[:3])
    assert len(np.unique(every)) == sum(rows)
    for k in range(3):
        np.testing.assert_array_equal(parts[3 + k], Y[parts[k]])
    again = train_validation_test_split(
        X, Y, sizes=sizes, stratify=stratify, random_state=0
    )
    assert np.array_equal(parts[0], again[0])


def test_three_parts_of_groups_and_of_all_kinds_of_containers():
    rng = np.random.default_rng(0)
    groups, Y = np.repeat(np.arange(30), 2), incomplete_labels(rng, 60, 2)
    masked = np.ma.masked_invalid(Y)
    frame = pd.DataFrame({"a": range(60)}, index=np.arange(100, 160))
    parts = train_validation_test_split(
        frame,
        masked,
        groups,
        list(range(60)),
        sparse.csr_array(np.arange(60.0)[:, None]),
        groups=groups,
        random_state=0,
    )
    frames, labels, names, listed, sparse_parts = (
        parts[i : i + 3] for i in range(0, 15, 3)
    )
    assert not set(names[0]) & set(names[1])
    assert not set(names[0]) & set(names[2])
    assert not set(names[1]) & set(names[2])
    for k in range(3):
        assert (frames[k].index - 100).tolist() == listed[k]
        assert sparse_parts[k].toarray()[:, 0].tolist() == listed[k]
        np.testing.assert_array_equal(
            np.ma.getmaskarray(labels[k]), np.isnan(Y[listed[k]])
        )


@pytest.mark.parametrize("routed", [False, True])
def test_groups_in_a_search(routed):
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(30), 2)
    X, Y = rng.normal(size=(60, 3)), incomplete_labels(rng, 60, 2)
    options = {"scoring": make_multitask_scorer("accuracy"), "error_score": "raise"}
    for cv in (
        MultiTaskStratifiedGroupKFold(3),
        MultiTaskStratifiedGroupShuffleSplit(2, test_size=0.3, random_state=0),
    ):
        with sklearn.config_context(enable_metadata_routing=routed):
            search = GridSearchCV(
                PerTaskClassifier(), {"C": [0.1, 1]}, cv=cv, **options
            )
            search.fit(X, Y, groups=groups)
            # What routing asks for without being told: groups, by both.
            given = {"params": {"groups": groups}} if routed else {"groups": groups}
            result = cross_validate(
                PerTaskClassifier(), X, Y, cv=cv, **given, **options
            )
        assert np.isfinite(search.best_score_)
        assert len(result["test_score"]) == cv.get_n_splits()


Y = np.arange(12) % 2
SHUFFLE, GROUPS = MultiTaskStratifiedShuffleSplit, MultiTaskStratifiedGroupKFold


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: SHUFFLE(0), "n_splits=0"),
        (lambda: next(SHUFFLE(test_size=1.5).split(Y, Y)), "test_size=1.5"),
        (lambda: next(SHUFFLE(test_size=True).split(Y, Y)), "test_size=True"),
        (lambda: next(SHUFFLE(test_size=12).split(Y, Y)), "every part needs a row"),
        (
            lambda: next(SHUFFLE(test_size=0.6, train_size=0.6).split(Y, Y)),
            "train_size=0.6 of 12 rows",
        ),
        (lambda: next(SHUFFLE(test_size=0.01).split(Y, Y)), "every part needs a row"),
        (lambda: next(SHUFFLE().split(Y)), "needs the labels"),
        (lambda: GROUPS().split(Y, Y), "needs groups"),
        (lambda: GROUPS().split(Y, Y, [0] * 12), "1 groups into 5 parts"),
        (lambda: GROUPS().split(Y, Y, [0, 1]), "groups has the shape"),
        (lambda: GROUPS(2).split(Y, Y, ["a", None] * 6), "groups must be names"),
        (lambda: GROUPS(2).split(Y, Y, [np.nan, 1.0] * 6), "groups has NaN"),
        (lambda: train_validation_test_split(Y, Y, sizes=(0.5, 0.5)), "three shares"),
        (lambda: train_validation_test_split(Y, Y[:5]), "inconsistent"),
        (lambda: train_validation_test_split(Y, Y, sizes=(10, 2, 2)), "12 rows"),
    ],
)
def test_bad_input_is_explained(make, match):
    with pytest.raises(ValueError, match=match):
        make()
