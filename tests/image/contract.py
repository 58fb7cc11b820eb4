"""What every image transformer promises, one check per promise.

A check takes an unfitted transformer and a batch of uint8 images, grey or colour, of at
least eight images that differ. Add a transformer to the suite in its own test file:

    @pytest.mark.parametrize("check", IMAGE_TRANSFORMER_CHECKS)
    def test_contract(check):
        check(MyTransformer(), images)
"""

import pickle
import tempfile
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline


def check_fit_returns_self_and_keeps_parameters(transformer, images):
    before = {name: repr(value) for name, value in transformer.get_params().items()}
    assert transformer.fit(images) is transformer
    after = {name: repr(value) for name, value in transformer.get_params().items()}
    assert after == before


def check_output_is_float32_and_finite(transformer, images):
    features = transformer.fit_transform(images)
    assert isinstance(features, np.ndarray)
    assert features.dtype == np.float32
    assert features.ndim == 2
    assert len(features) == len(images)
    assert np.isfinite(features).all()
    assert np.ptp(features, axis=0).any(), "different images, equal features"


def check_fit_transform_is_fit_then_transform(transformer, images):
    together = clone(transformer).fit_transform(images)
    np.testing.assert_array_equal(together, transformer.fit(images).transform(images))


def check_clone_and_pickle(transformer, images):
    features = transformer.fit(images).transform(images)
    copy = pickle.loads(pickle.dumps(transformer))
    np.testing.assert_array_equal(copy.transform(images), features)
    unfitted = clone(transformer)
    with pytest.raises(NotFittedError):
        unfitted.transform(images)
    np.testing.assert_array_equal(unfitted.fit_transform(images), features)


def check_not_fitted(transformer, images):
    with pytest.raises(NotFittedError):
        transformer.transform(images)
    with pytest.raises(NotFittedError):
        transformer.get_feature_names_out()


def check_feature_names(transformer, images):
    features = transformer.fit_transform(images)
    names = transformer.get_feature_names_out()
    assert names.shape == (features.shape[1],)
    assert all(isinstance(name, str) for name in names)
    assert len(set(names)) == len(names)


def check_set_output_pandas(transformer, images):
    pandas = pytest.importorskip("pandas")
    features = clone(transformer).fit_transform(images)
    frame = transformer.set_output(transform="pandas").fit_transform(images)
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame.columns) == list(transformer.get_feature_names_out())
    np.testing.assert_array_equal(frame.to_numpy(), features)


def check_n_jobs_changes_no_bit(transformer, images):
    features = clone(transformer).set_params(n_jobs=1).fit_transform(images)
    for n_jobs in (2, 3, -1):
        threaded = clone(transformer).set_params(n_jobs=n_jobs).fit_transform(images)
        np.testing.assert_array_equal(threaded, features)


def check_batch_changes_no_bit(transformer, images):
    features = transformer.fit(images).transform(images)
    alone = [transformer.transform(images[i : i + 1]) for i in range(len(images))]
    np.testing.assert_array_equal(np.concatenate(alone), features)
    half = len(images) // 2
    np.testing.assert_array_equal(transformer.transform(images[half:]), features[half:])


def check_memory_layouts(transformer, images):
    features = transformer.fit(images).transform(images)
    wide = np.repeat(images, 2, axis=2)
    read_only = images.copy()
    read_only.flags.writeable = False
    layouts = {
        "strided": wide[:, :, ::2],
        "Fortran": np.asfortranarray(images),
        "reversed": images[::-1].copy()[::-1],
        "read-only": read_only,
        "list": list(images),
        "tuple": tuple(images),
    }
    for name, layout in layouts.items():
        got = transformer.transform(layout)
        np.testing.assert_array_equal(got, features, err_msg=name)


def check_memmap(transformer, images):
    features = transformer.fit(images).transform(images)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "images.npy"
        np.save(path, images)
        mapped = np.load(path, mmap_mode="r")
        np.testing.assert_array_equal(transformer.transform(mapped), features)
        del mapped


def check_number_types(transformer, images):
    features = transformer.fit(images).transform(images)
    for dtype in (np.uint16, np.int16, np.int64, np.float32, np.float64, ">f8"):
        got = transformer.transform(images.astype(dtype))
        assert got.dtype == np.float32
        np.testing.assert_allclose(got, features, rtol=0, atol=1e-6, err_msg=str(dtype))


def check_input_is_not_modified(transformer, images):
    for dtype in (np.uint8, np.float32, np.float64):
        given = images.astype(dtype)
        kept = given.copy()
        transformer.fit(given).transform(given)
        np.testing.assert_array_equal(given, kept)


def check_other_size_at_transform(transformer, images):
    transformer.fit(images)
    larger = np.repeat(images, 2, axis=1)
    with pytest.raises(ValueError, match="shape") as caught:
        transformer.transform(larger)
    for array in (images, larger):
        assert str(array.shape[1:]) in str(caught.value)


def check_empty_batch(transformer, images):
    n_features = transformer.fit_transform(images).shape[1]
    empty = transformer.transform(images[:0])
    assert empty.shape == (0, n_features)
    assert empty.dtype == np.float32


def check_wrong_input(transformer, images):
    transformer.fit(images)
    cases = (images[0].ravel(), images.astype(str), images * 1j)
    for case in cases:
        with pytest.raises(ValueError, match=r"[Ii]mages"):
            transformer.transform(case)
    for bad in (np.nan, np.inf, -np.inf):
        spoiled = images.astype(float)
        spoiled[-1, 1, 2] = bad
        with pytest.raises(ValueError, match="NaN"):
            transformer.transform(spoiled)


def check_pipeline_and_grid_search(transformer, images):
    y = np.arange(len(images)) % 2
    pipe = Pipeline([("features", transformer), ("classify", LogisticRegression())])
    search = GridSearchCV(pipe, {"classify__C": [0.1, 1.0]}, cv=2, error_score="raise")
    search.fit(images, y)
    assert search.predict(images).shape == y.shape
    features = clone(transformer).fit_transform(images)
    alone = clone(search.best_estimator_["classify"]).fit(features, y)
    np.testing.assert_array_equal(search.predict(images), alone.predict(features))


IMAGE_TRANSFORMER_CHECKS = [
    check_fit_returns_self_and_keeps_parameters,
    check_output_is_float32_and_finite,
    check_fit_transform_is_fit_then_transform,
    check_clone_and_pickle,
    check_not_fitted,
    check_feature_names,
    check_set_output_pandas,
    check_n_jobs_changes_no_bit,
    check_batch_changes_no_bit,
    check_memory_layouts,
    check_memmap,
    check_number_types,
    check_input_is_not_modified,
    check_other_size_at_transform,
    check_empty_batch,
    check_wrong_input,
    check_pipeline_and_grid_search,
]
