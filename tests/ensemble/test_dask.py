"""Forests on a real cluster of Dask: the same trees as on threads."""

import numpy as np
import pytest
from joblib import parallel_config

from mtlearn.ensemble import (
    MixedTaskExtraTrees,
    MultiTaskRandomForestClassifier,
    MultiTaskRandomForestRegressor,
)
from tests.contract import Problem

distributed = pytest.importorskip(
    "distributed", reason="the extra `dask` is not installed"
)
# Warnings of the cluster's own are none of ours.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def cluster():
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        with distributed.Client(cluster):
            yield cluster


@pytest.mark.parametrize(
    "cls",
    [
        MultiTaskRandomForestClassifier,
        MultiTaskRandomForestRegressor,
        MixedTaskExtraTrees,
    ],
)
def test_a_cluster_grows_the_same_forest(cluster, cls):
    problem = Problem(cls(), n=400)
    params = dict(n_estimators=20, random_state=0, oob_score=True)
    here = cls(**params).fit(problem.X, problem.Y)
    with parallel_config(backend="dask"):
        there = cls(**params).fit(problem.X, problem.Y)
        predicted = there.predict(problem.X)
    np.testing.assert_array_equal(here.predict(problem.X), predicted)
    np.testing.assert_array_equal(here.source_weights_, there.source_weights_)
    np.testing.assert_array_equal(here.oob_score_, there.oob_score_)
    np.testing.assert_array_equal(here.apply(problem.X), there.apply(problem.X))
