"""Everything on a real cluster of Dask: several processes, one of which may die."""

import gc
import os
import signal
import threading
import time
from functools import partial

import numpy as np
import pytest
from joblib import parallel_config
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mtlearn.blocks import RowBlocks, map_rows
from mtlearn.ensemble import (
    MixedTaskExtraTrees,
    MultiTaskRandomForestClassifier,
    MultiTaskRandomForestRegressor,
)
from mtlearn.image import HOG, LBP, ColourHistogram, KMeansPatches
from mtlearn.inspection import compare_sharing
from mtlearn.linear_model import (
    MultiTaskLogisticRegression,
    MultiTaskRidge,
    MultiTaskSGDClassifier,
)
from mtlearn.model_selection import MultiTaskStratifiedKFold
from mtlearn.persistence import train_in_blocks
from mtlearn.svm import MultiTaskLinearSVC
from tests.contract import Problem

distributed = pytest.importorskip(
    "distributed", reason="the extra `dask` is not installed"
)
da = pytest.importorskip("dask.array")
# Warnings of the cluster's own are none of ours.
pytestmark = pytest.mark.filterwarnings("ignore")
kills = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")

rng = np.random.default_rng(0)
X = rng.normal(size=(600, 8))
Y = (X @ rng.normal(size=(8, 3)) + 0.3 * rng.normal(size=(600, 3)) > 0).astype(float)
Y[rng.random(Y.shape) < 0.2] = np.nan
IMAGES = rng.integers(0, 256, (60, 32, 32, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def client():
    from mtlearn.blocks.cluster import Client

    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None,
        silence_logs="CRITICAL",
    ) as cluster, Client(cluster) as client:  # fmt: skip
        yield client


def on_cluster():
    return parallel_config(backend="dask")


def dies_once(marker, block):
    """The block; the first worker that is asked for it is killed."""
    if not os.path.exists(marker):
        with open(marker, "w") as file:
            file.write("killed")
        os.kill(os.getpid(), signal.SIGKILL)
    return block


class DyingRidge(MultiTaskRidge):
    """Kills its process where it is fitted first."""

    def __init__(self, marker=None, C=1.0):
        super().__init__(C=C)
        self.marker = marker

    def fit(self, X, y, sample_weight=None):
        dies_once(self.marker, X)
        return super().fit(X, y, sample_weight)


def kill_a_worker(client):
    """Kill one process, and wait until another has taken its place."""
    pid = next(iter(client.run(os.getpid).values()))
    os.kill(pid, signal.SIGKILL)


# Tasks, trees, folds and candidates on different workers.


@pytest.mark.parametrize(
    "cls",
    [
        MultiTaskRandomForestClassifier,
        MultiTaskRandomForestRegressor,
        MixedTaskExtraTrees,
    ],
)
def test_forests_are_the_same(client, cls):
    problem = Problem(cls(), n=400)
    params = dict(n_estimators=20, random_state=0, oob_score=True)
    here = cls(**params).fit(problem.X, problem.Y)
    with on_cluster():
        there = cls(**params).fit(problem.X, problem.Y)
        predicted = there.predict(problem.X)
    np.testing.assert_array_equal(here.predict(problem.X), predicted)
    np.testing.assert_array_equal(here.source_weights_, there.source_weights_)
    np.testing.assert_array_equal(here.oob_score_, there.oob_score_)
    np.testing.assert_array_equal(here.apply(problem.X), there.apply(problem.X))


@pytest.mark.parametrize(
    "features",
    [HOG(), ColourHistogram(), LBP(), KMeansPatches(n_centres=8, random_state=0)],
)
def test_features_are_the_same(client, features):
    here = features.fit(IMAGES).transform(IMAGES)
    with on_cluster():
        there = clone(features).set_params(n_jobs=2).fit(IMAGES).transform(IMAGES)
    np.testing.assert_array_equal(here, there)
    blocks = features.transform(da.from_array(IMAGES, chunks=(25, 32, 32, 3)))
    np.testing.assert_array_equal(here, blocks.compute())


def test_searches_are_the_same(client):
    model = make_pipeline(StandardScaler(), MultiTaskLogisticRegression())
    grid = {"multitasklogisticregression__sharing": [0.0, 0.5, 0.9]}
    search = GridSearchCV(model, grid, cv=MultiTaskStratifiedKFold(3), n_jobs=2)
    here = clone(search).fit(X, Y)
    with on_cluster():
        there = clone(search).fit(X, Y)
    for name in ("mean_test_score", "std_test_score"):
        np.testing.assert_allclose(here.cv_results_[name], there.cv_results_[name])
    assert here.best_params_ == there.best_params_


def test_comparisons_are_the_same(client):
    model = MultiTaskLinearSVC(label_groups="all", structure="mean")
    compare = partial(compare_sharing, model, X, Y, cv=3, Cs=[0.01, 1.0], n_jobs=2)
    here = compare()
    with on_cluster():
        there = compare()
    for version, scores in here.scores.items():
        np.testing.assert_array_equal(scores, there.scores[version])


# Blocks of rows on different workers.


def test_blocks_on_workers(client):
    labels = np.where(np.isnan(Y), np.nan, Y + (X[:, :3] > 1))
    model = MultiTaskLogisticRegression(structure="independent", C=0.1)
    here = clone(model).fit(RowBlocks(X, block_rows=200), labels)
    there = clone(model).fit(da.from_array(X, chunks=(200, 8)), labels)
    np.testing.assert_allclose(here.coef_, there.coef_, atol=1e-7)
    np.testing.assert_array_equal(here.predict(X), there.predict(X))


def test_gradient_descent_on_workers(client):
    model = MultiTaskSGDClassifier(random_state=0)
    given = dict(classes=[[0, 1]] * 3, n_epochs=2)
    here = train_in_blocks(model, RowBlocks(X, block_rows=70), Y, **given)
    there = train_in_blocks(model, da.from_array(X, chunks=(70, 8)), Y, **given)
    np.testing.assert_array_equal(here.coef_, there.coef_)


def test_images_to_model(client):
    pieces = da.from_array(IMAGES, chunks=(25, 32, 32, 3))
    model = make_pipeline(HOG(), MultiTaskLinearSVC())
    here = clone(model).fit(IMAGES, Y[:60])
    there = clone(model).fit(pieces, Y[:60])
    np.testing.assert_allclose(here[-1].coef_, there[-1].coef_, atol=1e-5)
    np.testing.assert_array_equal(here.predict(IMAGES), there.predict(pieces))


# Ray, which the extras do not bring.


def test_ray():
    ray = pytest.importorskip("ray", reason="Ray is not installed")
    from ray.util.joblib import register_ray

    grid = {"sharing": [0.0, 0.5]}
    folds = MultiTaskStratifiedKFold(2)
    search = GridSearchCV(MultiTaskLogisticRegression(), grid, cv=folds)
    forest = MultiTaskRandomForestClassifier(20, random_state=0)
    here = clone(search).fit(X, Y), clone(forest).fit(X, Y)
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        register_ray()
        with parallel_config(backend="ray", n_jobs=2):
            there = clone(search).fit(X, Y), clone(forest).fit(X, Y)
    finally:
        ray.shutdown()
    scores = [found.cv_results_["mean_test_score"] for found in (here[0], there[0])]
    np.testing.assert_allclose(*scores)
    np.testing.assert_array_equal(here[1].apply(X), there[1].apply(X))


# Workers that die.


@kills
def test_a_forest_survives_a_worker(client):
    problem = Problem(MultiTaskRandomForestClassifier(), n=3000, d=20)
    model = MultiTaskRandomForestClassifier(400, sharing=1, random_state=0)
    here = clone(model).fit(problem.X, problem.Y)
    running, killed = threading.Event(), []

    def kill():
        while not any(client.processing().values()):
            time.sleep(0.01)
        kill_a_worker(client)
        killed.append(running.is_set())

    killer = threading.Thread(target=kill)
    killer.start()
    running.set()
    with on_cluster():
        there = clone(model).fit(problem.X, problem.Y)
    running.clear()
    killer.join()
    assert killed == [True]
    np.testing.assert_array_equal(here.apply(problem.X), there.apply(problem.X))
    for a, b in zip(here.predict_proba(problem.X), there.predict_proba(problem.X)):
        np.testing.assert_array_equal(a, b)


@kills
def test_a_search_survives_a_worker(client, tmp_path):
    marker = str(tmp_path / "killed")
    grid = {"C": [0.01, 1.0]}
    search = GridSearchCV(DyingRidge(marker), grid, cv=3, n_jobs=2, error_score="raise")
    numbers = X @ np.ones((8, 3))
    with on_cluster():
        search.fit(X, numbers)
    assert os.path.exists(marker)
    here = GridSearchCV(MultiTaskRidge(), grid, cv=3).fit(X, numbers)
    np.testing.assert_allclose(
        here.cv_results_["mean_test_score"], search.cv_results_["mean_test_score"]
    )


@kills
def test_blocks_survive_a_worker(client, tmp_path):
    marker = str(tmp_path / "killed")
    rows = da.from_array(X, chunks=(70, 8))
    # Not when the one row is tried that tells how wide the result is.
    dying = rows.map_blocks(partial(dies_once, marker), meta=np.empty((0, 0)))
    there = MultiTaskLogisticRegression().fit(dying, Y)
    assert os.path.exists(marker)
    here = MultiTaskLogisticRegression().fit(RowBlocks(X, block_rows=70), Y)
    np.testing.assert_allclose(here.coef_, there.coef_, atol=1e-9)


@kills
def test_persisted_blocks_survive_a_worker(client):
    rows = map_rows(np.tanh, da.from_array(X, chunks=(70, 8))).persist()
    distributed.wait(rows)
    kill_a_worker(client)
    there = MultiTaskLogisticRegression().fit(rows, Y)
    here = MultiTaskLogisticRegression().fit(np.tanh(X), Y)
    np.testing.assert_allclose(here.coef_, there.coef_, atol=1e-9)


def test_nobody_else_holds_what_is_persisted(client):
    blocks = RowBlocks(da.from_array(X, chunks=(70, 8)).persist())
    gc.collect()
    time.sleep(0.2)
    np.testing.assert_allclose(blocks @ np.ones(8), X.sum(axis=1), atol=1e-9)
