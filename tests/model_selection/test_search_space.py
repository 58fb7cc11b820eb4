import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV

from mtlearn.model_selection import task_weight_distribution, task_weight_grid
from mtlearn.tasks import resolve_task_weight


@settings(deadline=None)
@given(n_tasks=st.integers(2, 40), n=st.integers(1, 13), named=st.booleans())
def test_n_different_settings_that_estimators_accept(n_tasks, n, named):
    names = [f"t{t}" for t in range(n_tasks)]
    grid = task_weight_grid(names if named else n_tasks, n)
    assert len(grid) == n
    assert grid[:3] == [None, "balanced", "null_loss"][:n]
    assert len({repr(setting) for setting in grid}) == n
    resolved = [
        resolve_task_weight(setting, names, np.ones(n_tasks)) for setting in grid[3:]
    ]
    scaled = [tuple((w / w.mean()).round(3)) for w in resolved]
    assert len(set(scaled)) == len(scaled)
    assert tuple(np.ones(n_tasks)) not in scaled


@pytest.mark.parametrize("n_tasks", [2, 3])
def test_few_tasks_get_ratios_around_equal_weights(n_tasks):
    weights = np.array(task_weight_grid(n_tasks, 15)[3:])
    np.testing.assert_allclose(weights.mean(axis=1), 1, atol=1e-4)
    steps = np.log(weights / weights.min(axis=1, keepdims=True)) / np.log(4)
    np.testing.assert_allclose(steps, steps.round(), atol=1e-3)
    spread = steps.max(axis=1).round()
    assert (np.diff(spread) >= 0).all()


def test_three_tasks_by_name():
    assert task_weight_grid(["a", "b", "c"], 5)[3:] == [
        {"a": 2.0, "b": 0.5, "c": 0.5},
        {"a": 0.5, "b": 2.0, "c": 0.5},
    ]


def test_many_tasks_are_raised_one_by_one():
    grid = task_weight_grid([f"t{t}" for t in range(26)], 3 + 26 + 2)
    assert grid[3:5] == [{"t0": 4.0}, {"t1": 4.0}]
    assert grid[-2:] == [{"t0": 16.0}, {"t1": 16.0}]
    assert task_weight_grid(4, 4)[-1] == (4.0, 1.0, 1.0, 1.0)


def test_rarest_labels_come_first():
    Y = pd.DataFrame(
        {
            "full": [0, 1, 0, 1],
            "skewed": [0, 0, 0, 1],
            "gappy": [0, None, None, 1],
            "gaps": [None, None, None, 1],
        }
    )
    grid = task_weight_grid(Y.columns, 7, Y=Y)
    assert [next(iter(s)) for s in grid[3:]] == ["gaps", "gappy", "skewed", "full"]
    assert task_weight_grid(2, 4, Y=Y[["full", "gaps"]])[-1] == (0.4, 1.6)
    other = task_weight_grid(["skewed", "gaps", "full", "gappy"], 5, Y=Y)
    assert other[3:] == [{"gaps": 4.0}, {"gappy": 4.0}]
    with pytest.raises(ValueError, match=r"Y has the tasks \['full', "):
        task_weight_grid(["a", "b", "c", "d"], 5, Y=Y)


def test_one_task_and_one_setting():
    assert task_weight_grid(1) == [None]
    assert task_weight_grid(["only"], 5) == [None]
    assert task_weight_grid(3, 1) == [None]


def test_the_supply_ends_before_weights_are_absurd():
    grid = task_weight_grid(2, 100)
    assert len(grid) == 3 + 12
    assert max(max(w) / min(w) for w in grid[3:]) < 5000


@pytest.mark.parametrize(
    ("tasks", "kwargs", "match"),
    [
        (3, {"n": 0}, "n=0"),
        (0, {}, "no task"),
        ("abc", {}, "list of str"),
        (["a", "a"], {}, "same name"),
        (3, {"Y": np.zeros((4, 2))}, "Y has 2 tasks, not 3"),
    ],
)
def test_bad_input_is_explained(tasks, kwargs, match):
    with pytest.raises(ValueError, match=match):
        task_weight_grid(tasks, **kwargs)


class Weighted(ClassifierMixin, BaseEstimator):
    def __init__(self, task_weight=None):
        self.task_weight = task_weight

    def fit(self, X, Y):
        self.classes_ = np.array([0])
        return self

    def score(self, X, Y):
        # The heavier the last task, the better.
        weight = self.task_weight
        values = list(weight.values()) if isinstance(weight, dict) else weight
        return 0.0 if weight is None or isinstance(weight, str) else values[-1]


@pytest.mark.parametrize("tasks", [3, ["a", "b", "c"]])
def test_grid_search_holds_clones_and_prints_them(tasks):
    grid = task_weight_grid(tasks)
    X = np.zeros((6, 1))
    search = GridSearchCV(Weighted(), {"task_weight": grid}, cv=2).fit(X, X)
    assert search.cv_results_["param_task_weight"].tolist() == grid
    assert [p["task_weight"] for p in search.cv_results_["params"]] == grid
    best = search.best_params_["task_weight"]
    assert (best["c"] if isinstance(best, dict) else best[-1]) == 2.0
    assert "np." not in repr(search.best_params_)
    assert clone(search.best_estimator_).task_weight == best
    only_steps = GridSearchCV(Weighted(), {"task_weight": grid[3:]}, cv=2).fit(X, X)
    assert only_steps.best_params_["task_weight"] == best


@settings(deadline=None, max_examples=30)
@given(
    n_tasks=st.integers(1, 30),
    kind=st.sampled_from(["log_normal", "dirichlet"]),
    spread=st.floats(1.01, 50),
    seed=st.integers(0, 1000),
)
def test_random_weights_have_mean_one(n_tasks, kind, spread, seed):
    names = [f"t{t}" for t in range(n_tasks)]
    weights = task_weight_distribution(names, kind=kind, spread=spread)
    drawn = weights.rvs(random_state=seed)
    assert drawn == weights.rvs(random_state=seed)
    values = np.array(list(drawn.values()))
    assert list(drawn) == names
    assert values.mean() == pytest.approx(1, rel=1e-4)
    assert (values >= 0).all()
    resolve_task_weight(drawn, names, np.ones(n_tasks))


def test_random_weights_are_even_on_average_and_spread_as_told():
    weights = task_weight_distribution(3, spread=3.0)
    drawn = np.log(weights.rvs(4000, random_state=0))
    ratio = drawn[:, 0] - drawn[:, 1]
    assert abs(ratio.mean()) < 0.1
    assert ratio.std() == pytest.approx(np.log(3) * np.sqrt(2), rel=0.05)
    shares = np.array(task_weight_distribution(3, kind="dirichlet", spread=1).rvs(4000))
    assert_allclose = np.testing.assert_allclose
    assert_allclose(shares.mean(axis=0), 1, atol=0.05)
    # A flat Dirichlet: the first of three shares has variance 1 / 18, times 3 squared.
    assert_allclose(shares.var(axis=0), 0.5, atol=0.05)


def test_random_weights_in_a_search():
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(40, 2)), rng.integers(0, 2, (40, 3)).astype(float)
    weights = task_weight_distribution(["a", "b", "c"])
    search = RandomizedSearchCV(
        Weighted(), {"task_weight": weights}, n_iter=3, cv=2, random_state=0
    ).fit(X, Y)
    assert len({str(w) for w in search.cv_results_["param_task_weight"]}) == 3
    assert repr(weights) == (
        "task_weight_distribution(['a', 'b', 'c'], kind='log_normal', spread=2.0)"
    )


def test_a_trial_of_optuna_chooses_weights():
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    weights = task_weight_distribution(["a", "b"])
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(lambda trial: weights.suggest(trial)["a"], n_trials=4)
    assert set(study.best_params) == {"task_weight__a", "task_weight__b"}
    assert study.best_value < 1
    shares = task_weight_distribution(3, kind="dirichlet")
    study.optimize(lambda trial: shares.suggest(trial, "w")[0], n_trials=4)
    assert len({trial.value for trial in study.trials[4:]}) == 4


@pytest.mark.parametrize(
    "arguments",
    [{"kind": "uniform"}, {"spread": 1.0}, {"kind": "dirichlet", "spread": 0}],
)
def test_bad_distributions_are_explained(arguments):
    name = "spread" if "spread" in arguments else "kind"
    with pytest.raises(ValueError, match=f"{name}="):
        task_weight_distribution(3, **arguments)
