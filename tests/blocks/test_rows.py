"""A matrix in blocks does what the matrix does."""

import numpy as np
import pytest

from mtlearn.blocks import RowBlocks, map_rows, project
from mtlearn.image import HOG
from mtlearn.linear_model import (
    MultiTaskLogisticRegression,
    MultiTaskRidge,
    MultiTaskSGDClassifier,
)
from mtlearn.svm import MultiTaskLinearSVC

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
    model = MultiTaskRidge(structure="independent").fit(blocks, Y)
    # A look at all, the mean and the Gram matrix; gradients before, at zero and after
    # each step, and the products of a step and its scores.
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


def _twice(block):
    return np.hstack([block, block]).astype(np.float32)
