"""A matrix in blocks does what the matrix does."""

import os
import subprocess
import sys
from unittest import mock

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mtlearn.blocks import RowBlocks, map_rows, project
from mtlearn.compose import TaskColumnRegressor
from mtlearn.ensemble import MultiTaskRandomForestClassifier
from mtlearn.exceptions import DegenerateTaskWarning
from mtlearn.image import HOG, VLAD, Crop, KMeansPatches, Resize, Rotate
from mtlearn.linear_model import (
    MultiTaskLinearCV,
    MultiTaskLogisticRegression,
    MultiTaskRidge,
    MultiTaskSGDClassifier,
)
from mtlearn.losses import Logistic
from mtlearn.solvers import LinearObjective
from mtlearn.svm import MultiTaskLinearSVC, MultiTaskSVC
from mtlearn.tasks import TaskTargets

dask = pytest.importorskip("dask", reason="the extra `dask` is not installed")
da = pytest.importorskip("dask.array", reason="the extra `dask` is not installed")

N, D = 103, 7
rng = np.random.default_rng(0)
X = rng.normal(size=(N, D))
W = rng.normal(size=(D, 3))
G = rng.normal(size=(N, 2))
Y = (X @ W > 0).astype(int)


def mapped(array, folder):
    np.save(folder / "X.npy", array)
    return np.load(folder / "X.npy", mmap_mode="r")


SOURCES = {
    "memory map": lambda array, folder: RowBlocks(mapped(array, folder), block_rows=20),
    "fortran": lambda array, _: RowBlocks(np.asfortranarray(array), block_rows=20),
    "one block": lambda array, _: RowBlocks(array),
    "pieces": lambda array, _: RowBlocks([array[:50], array[50:50], array[50:]]),
    "dask": lambda array, _: RowBlocks(da.from_array(array, chunks=(30, 4))),
    "dask with gaps": lambda array, _: RowBlocks(
        da.from_array(array, chunks=((50, 0, 53), (7,)))
    ),
}


@pytest.fixture(params=SOURCES)
def blocks(request, tmp_path):
    return SOURCES[request.param](X, tmp_path)


def test_products(blocks):
    assert blocks.shape == (N, D)
    np.testing.assert_allclose(blocks @ W, X @ W, atol=1e-12)
    np.testing.assert_allclose(blocks @ W[:, 0], X @ W[:, 0], atol=1e-12)
    np.testing.assert_allclose(G.T @ blocks, G.T @ X, atol=1e-12)
    np.testing.assert_allclose(G[:, 0] @ blocks, G[:, 0] @ X, atol=1e-12)
    scaled = blocks * W[:, 0]
    np.testing.assert_allclose(scaled @ W, (X * W[:, 0]) @ W, atol=1e-12)
    np.testing.assert_allclose(project(blocks, W, 2.0) @ W.T, (X @ W - 2.0) @ W.T)
    np.testing.assert_array_equal(X @ W - 2.0, project(X, W, 2.0))


def test_rows(blocks):
    some = rng.integers(0, N, 40)
    np.testing.assert_array_equal(blocks[some], X[some])
    np.testing.assert_array_equal(blocks[10:77:3], X[10:77:3])
    np.testing.assert_array_equal(blocks[:0], X[:0])


def test_shuffled_rows_come_block_by_block(blocks):
    rows = np.flatnonzero(rng.random(N) < 0.7)
    order = blocks.shuffled(rows, np.random.RandomState(0))
    np.testing.assert_array_equal(np.sort(order), rows)
    block = np.searchsorted([part.stop for part in blocks.slices], order, side="right")
    assert np.count_nonzero(np.diff(block)) == len(np.unique(block)) - 1
    if len(np.unique(block)) > 1:
        assert (np.diff(order) < 0).any()


@pytest.mark.parametrize("dtype", [np.float32, np.uint8, bool])
def test_types(dtype, tmp_path):
    array = (10 * X).astype(dtype)
    for make in SOURCES.values():
        made = make(array, tmp_path)
        assert made.dtype == (np.float32 if dtype == np.float32 else np.float64)
        assert (made @ W.astype(made.dtype)).dtype == made.dtype
        np.testing.assert_array_equal(made[:], array)


def test_a_model_of_blocks_is_that_of_the_matrix(blocks):
    for cls in (MultiTaskLogisticRegression, MultiTaskLinearSVC):
        here, there = cls(tol=1e-8).fit(X, Y), cls(tol=1e-8).fit(blocks, Y)
        np.testing.assert_allclose(here.coef_, there.coef_, atol=1e-6)
        np.testing.assert_array_equal(here.predict(X), there.predict(blocks))


def test_wide_blocks():
    """More features than a Gram matrix may have, and than rows."""
    wide = rng.normal(size=(40, 3001))
    here = MultiTaskRidge(tol=1e-9).fit(wide, Y[:40])
    there = MultiTaskRidge(tol=1e-9).fit(RowBlocks(wide, block_rows=15), Y[:40])
    np.testing.assert_allclose(here.coef_, there.coef_, atol=1e-6)


def test_a_block_is_read_once_for_a_hessian_product():
    reads = []

    def seen(block):
        reads.append(len(block))
        return block

    blocks = RowBlocks(X, block_rows=60).mapped(seen)
    targets = TaskTargets.read(Y, "classification")
    objective = LinearObjective(blocks, targets, Logistic(), 1.0)
    plain = LinearObjective(X, targets, Logistic(), 1.0)
    Z = rng.normal(size=(N, 3))
    curvature = objective.curvature(Z)
    reads.clear()
    found = objective.hessian_product(curvature, W, W[0])
    assert reads == [60, 43]
    assert found[0] is None
    for mine, other in zip(
        found[1:], plain.hessian_product(plain.curvature(Z), W, W[0])[1:]
    ):
        np.testing.assert_allclose(mine, other, atol=1e-10)
    # A look at all, the mean and the Gram matrix; gradients before, at zero and after
    # each step, and the products of a step and its scores.
    reads.clear()
    model = MultiTaskRidge(structure="independent").fit(blocks, Y)
    most = 3 + 3 + model.n_iter_ * (1 + 3)
    assert len(reads) <= 2 * most


def test_gradient_descent_on_blocks(blocks):
    params = dict(random_state=0, max_iter=20, tol=None, batch_size=16)
    here = MultiTaskSGDClassifier(**params, shuffle=False).fit(X, Y)
    there = MultiTaskSGDClassifier(**params, shuffle=False).fit(blocks, Y)
    np.testing.assert_allclose(here.coef_, there.coef_, atol=1e-12)
    shuffled = MultiTaskSGDClassifier(**params).fit(blocks, Y)
    assert shuffled.score(blocks, Y) > 0.9
    classes = [[0, 1]] * 3
    stream = MultiTaskSGDClassifier(**params, shuffle=False)
    again = MultiTaskSGDClassifier(**params, shuffle=False)
    for _ in range(2):
        stream.partial_fit(blocks, Y, classes=classes)
        again.partial_fit(X, Y, classes=classes)
    np.testing.assert_allclose(stream.coef_, again.coef_, atol=1e-12)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_is_refused(value):
    bad = X.copy()
    bad[77, 3] = value
    blocks = RowBlocks(bad, block_rows=20)
    with pytest.raises(ValueError, match="Input X contains"):
        MultiTaskRidge().fit(blocks, Y)
    model = MultiTaskRidge().fit(X, Y)
    with pytest.raises(ValueError, match="Input X contains"):
        model.predict(blocks)


def test_indices():
    blocks = RowBlocks([X[:10], X[10:40], X[40:]])
    mask = rng.random(N) < 0.2
    np.testing.assert_array_equal(blocks[mask], X[mask])
    np.testing.assert_array_equal(blocks[[-1, 5, -N]], X[[-1, 5, -N]])
    for wrong in ([N], [-N - 1], [0.5], mask[:5], (slice(None), 0), 0):
        with pytest.raises(IndexError):
            blocks[wrong]
    with pytest.raises(ValueError, match="does not fit 103 rows"):
        np.ones(104) @ blocks


def test_a_block_is_made_once_for_all_of_its_mini_batches():
    made = []

    def seen(block):
        made.append(len(block))
        return block

    blocks = RowBlocks(X, block_rows=20).mapped(seen)
    MultiTaskSGDClassifier(
        batch_size=3, shuffle=False, max_iter=4, tol=None, random_state=0
    ).fit(blocks, Y)
    assert len(made) == 6 * (1 + 4)  # a look at all, and four epochs


@pytest.mark.parametrize("dtype", [bool, np.int8, np.int64, np.float16])
def test_functions_that_make_other_numbers(dtype):
    made = map_rows(lambda block: (3 * block).astype(dtype), RowBlocks(X))
    plain = (3 * X).astype(dtype).astype(float)
    for cls in (MultiTaskLogisticRegression, MultiTaskSGDClassifier):
        is_stream = cls is MultiTaskSGDClassifier
        params = {"random_state": 0, "shuffle": False} if is_stream else {}
        here, there = cls(**params).fit(plain, Y), cls(**params).fit(made, Y)
        np.testing.assert_allclose(here.coef_, there.coef_, atol=1e-8)


def test_frames_are_arrays_again():
    scaler = StandardScaler().set_output(transform="pandas").fit(X)
    scaled = map_rows(scaler.transform, RowBlocks(X, block_rows=30))
    np.testing.assert_allclose(scaled[[0, 50]], scaler.transform(X).to_numpy()[[0, 50]])
    MultiTaskRidge().fit(scaled, X @ W)
    with pytest.raises(ValueError, match="made 1 rows of 103"):
        RowBlocks(X).mapped(_first)[:]


def _first(block):
    return block[:1]


def test_what_reads_no_blocks_says_so():
    lazy = da.from_array(X, chunks=(30, D))
    for rows in (lazy, RowBlocks(X)):
        for model in (MultiTaskSVC(), MultiTaskRandomForestClassifier(2)):
            with pytest.raises(TypeError, match="linear models do"):
                model.fit(rows, Y)
            with pytest.raises(TypeError, match="linear models do"):
                model.fit(X, Y).predict(rows)
        with pytest.raises(TypeError, match="folds in memory"):
            MultiTaskLinearCV(MultiTaskRidge()).fit(rows, Y)
    search = GridSearchCV(MultiTaskRidge(), {"C": [1.0]}, cv=2)
    pipeline = make_pipeline(StandardScaler(), MultiTaskRidge())
    for model in (pipeline, TaskColumnRegressor(MultiTaskRidge(), task_column=0)):
        with pytest.raises(TypeError, match="not made one array"):
            model.fit(RowBlocks(X), Y[:, 0])
    assert search.fit(lazy, Y).predict(X).shape == Y.shape
    with pytest.raises(TypeError, match=r"of Dask: .*to_dask_array"):
        MultiTaskRidge().fit(dask.delayed(X), Y)


def test_sparse_coefficients():
    model = MultiTaskSGDClassifier(
        penalty="l1", alpha=0.01, structure="independent", random_state=0
    )
    model.fit(X, Y).sparsify()
    np.testing.assert_array_equal(model.predict(RowBlocks(X)), model.predict(X))


def test_a_task_of_one_class_does_not_load_its_rows():
    labels = Y.copy()
    labels[:, 1] = 1
    blocks = RowBlocks(X, block_rows=20)
    model = MultiTaskLogisticRegression(structure="mean", label_groups="all", tol=1e-8)
    with pytest.warns(DegenerateTaskWarning):
        here = clone(model).fit(X, labels)
    with pytest.warns(DegenerateTaskWarning), mock.patch.object(
        RowBlocks, "__getitem__", side_effect=AssertionError
    ):  # fmt: skip
        there = clone(model).fit(blocks, labels)
    np.testing.assert_allclose(here.intercept_, there.intercept_, atol=1e-4)


def test_dask_in_a_fresh_process():
    """Its settings are those that it has elsewhere, too."""
    script = (
        "import dask.array as da, numpy as np, sys\n"
        "from mtlearn.linear_model import MultiTaskRidge\n"
        "X = np.eye(6)\n"
        "MultiTaskRidge().fit(da.from_array(X, chunks=(2, 6)), X[:, :2])\n"
        "import dask; assert dask.config.get('distributed.comm') is not None\n"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    pytest.importorskip("distributed")
    subprocess.run([sys.executable, "-c", script], check=True, env=env)


def test_wrong_input():
    with pytest.raises(TypeError, match="str"):
        RowBlocks("X.npy")
    with pytest.raises(TypeError, match="real numbers"):
        RowBlocks(X.astype(complex))
    with pytest.raises(ValueError, match=r"shape \(103,\)"):
        RowBlocks(X[:, 0])
    with pytest.raises(ValueError, match="empty"):
        RowBlocks([])
    with pytest.raises(ValueError, match=r"\[6, 7\] columns"):
        RowBlocks([X, X[:, 1:]])
    with pytest.raises(ValueError, match="block_rows=0"):
        RowBlocks(X, block_rows=0)
    for wrong in (2.5, "a", True):
        with pytest.raises(TypeError, match="block_rows"):
            RowBlocks(X, block_rows=wrong)
    for source in ([X], da.from_array(X, chunks=(30, 7))):
        with pytest.raises(ValueError, match="is for a single array"):
            RowBlocks(source, block_rows=10)
    with pytest.raises(TypeError, match="dense arrays of rows"):
        RowBlocks([sparse.csr_array(X)])
    unknown = da.from_array(X, chunks=(30, 7))
    with pytest.raises(ValueError, match="compute_chunk_sizes"):
        RowBlocks(unknown[unknown[:, 0] > 0])
    model = MultiTaskRidge().fit(X, Y)
    with pytest.raises(ValueError, match="has 6 features"):
        model.predict(RowBlocks(X[:, 1:]))
    with pytest.raises(ValueError, match="103 rows, Y has 5"):
        MultiTaskRidge().fit(RowBlocks(X), Y[:5])


# Rows made of rows.


def test_features_of_dask_images():
    images = rng.integers(0, 256, (50, 32, 24, 3), dtype=np.uint8)
    pieces = da.from_array(images, chunks=(20, 16, 24, 3))
    hog = HOG().fit(pieces)
    features = hog.transform(pieces)
    assert features.shape == (50, hog.n_features_out_)
    np.testing.assert_array_equal(features.compute(), hog.transform(images))
    np.testing.assert_array_equal(map_rows(hog.transform, pieces), features)
    batches = map_rows(hog.transform, pieces.to_delayed().ravel()[:0].tolist())
    assert batches == []
    parts = pieces.rechunk({1: -1}).to_delayed().ravel().tolist()
    lazy = [part.compute() for part in map_rows(hog.transform, parts)]
    np.testing.assert_array_equal(np.concatenate(lazy), features)
    labels = Y[:50]
    model = MultiTaskLinearSVC().fit(features, labels)
    again = MultiTaskLinearSVC().fit(hog.transform(images), labels)
    np.testing.assert_allclose(model.coef_, again.coef_, atol=1e-5)


def test_mapped_rows():
    blocks = RowBlocks(X, block_rows=20)
    wider = map_rows(_twice, blocks)
    assert wider.shape == (N, 2 * D)
    assert wider.dtype == np.float32
    np.testing.assert_array_equal(wider[:], _twice(X))
    model = MultiTaskRidge().fit(X, Y)
    lazy = map_rows(model.predict, da.from_array(X, chunks=(30, D)))
    np.testing.assert_array_equal(lazy.compute(), model.predict(X))
    single = MultiTaskRidge().fit(X, Y[:, 0])
    lazy = map_rows(single.predict, da.from_array(X, chunks=(30, D)))
    np.testing.assert_array_equal(lazy.compute(), single.predict(X))
    with pytest.raises(ValueError, match="1 dimensions"):
        map_rows(single.predict, blocks)
    with pytest.raises(TypeError, match="ndarray"):
        map_rows(model.predict, X)
    lazy = da.from_array(X, chunks=(30, D))
    labels = MultiTaskLogisticRegression().fit(X, Y)
    for wrong in (labels.predict_proba, sparse.csr_array, _twice_as_many):
        with pytest.raises(ValueError, match="map_rows needs"):
            map_rows(wrong, lazy)


def _twice_as_many(block):
    return np.vstack([block, block])


@pytest.mark.parametrize("step", [Resize((20, 16)), Crop((20, 16)), Rotate(90)])
def test_steps_of_dask_images(step):
    images = rng.integers(0, 256, (50, 32, 24, 3), dtype=np.uint8)
    pieces = da.from_array(images, chunks=(20, 32, 24, 3))
    lazy = step.fit(pieces).transform(pieces)
    assert type(lazy) is type(pieces)
    np.testing.assert_array_equal(lazy.compute(), step.transform(images))


def test_features_that_learn_want_pictures_in_memory():
    images = da.zeros((50, 32, 32), dtype=np.uint8, chunks=(20, 32, 32))
    for features in (KMeansPatches(n_centres=4), VLAD(n_words=2)):
        with pytest.raises(TypeError, match="learns from pictures in memory"):
            features.fit(images)


def _twice(block):
    return np.hstack([block, block]).astype(np.float32)
