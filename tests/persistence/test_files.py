"""Model files: what comes back, and what is refused."""

import importlib
import inspect
import io
import json
import os
import pickle
import subprocess
import sys
import zipfile
from functools import partial

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.impute import MissingIndicator
from sklearn.model_selection import GridSearchCV, KFold, RandomizedSearchCV
from sklearn.multioutput import MultiOutputClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KernelCenterer,
    LabelEncoder,
    OneHotEncoder,
    StandardScaler,
)
from sklearn.svm import SVC
from sklearn.utils import all_estimators

from mtlearn.compose import (
    AugmentedClassifier,
    TaskColumnClassifier,
    TaskColumnRegressor,
    TaskRows,
    keep_task,
)
from mtlearn.ensemble import (
    MultiTaskExtraTreesClassifier,
    MultiTaskRandomForestClassifier,
)
from mtlearn.exceptions import ModelFileError, ModelVersionWarning
from mtlearn.image import (
    GIST,
    HOG,
    LBP,
    VLAD,
    BagOfVisualWords,
    ColourHistogram,
    FelzenszwalbHOG,
    FisherVector,
    Haralick,
    KMeansPatches,
    Thumbnail,
)
from mtlearn.inspection import choose_sharing
from mtlearn.linear_model import (
    MultiTaskLinearCV,
    MultiTaskLogisticRegression,
    MultiTaskSGDClassifier,
)
from mtlearn.metrics import make_multitask_scorer, task_scorers
from mtlearn.model_selection import (
    MultiTaskCalibratedClassifierCV,
    MultiTaskStratifiedKFold,
    MultiTaskTunedThresholdClassifierCV,
    task_weight_distribution,
)
from mtlearn.persistence import dump, dumps, files, load, loads
from mtlearn.persistence.others import PUBLIC_OTHERS
from mtlearn.persistence.trusted import trusted_names
from mtlearn.svm import MultiTaskLinearSVC, MultiTaskSVC, MultiTaskSVR
from tests.contract import Problem, assert_same, estimators, name_of, prepare

sio = pytest.importorskip("skops.io")

RECORD = files.RECORD


@pytest.fixture
def model():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 4))
    Y = (X[:, :2] + 0.3 * rng.normal(size=(60, 2)) > 0).astype(float)
    Y[::3, 1] = np.nan
    return MultiTaskLinearSVC().fit(X, Y), X, Y


@pytest.mark.parametrize("estimator", estimators(), ids=name_of)
def test_every_estimator_comes_back_as_it_was(estimator, tmp_path):
    problem = Problem(estimator)
    fitted = prepare(estimator, n_estimators=4).fit(problem.X, problem.Y)
    dump(fitted, tmp_path / "model.mtl")
    back = load(tmp_path / "model.mtl")
    assert_same(fitted, back, problem.X)
    assert repr(back) == repr(fitted)
    assert_same(fitted, loads(dumps(back)), problem.X)


def images(n=24):
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 100, (n, 24, 24, 3), dtype=np.uint8)
    y = np.arange(n) % 2
    pictures[y == 1, :, 12:] += 100
    return pictures, np.column_stack([y, np.arange(n) // 2 % 2]).astype(float)


FEATURES = {
    "HOG": HOG(), "LBP": LBP(), "FelzenszwalbHOG": FelzenszwalbHOG(), "GIST": GIST(),
    "Haralick": Haralick(), "colours": ColourHistogram(), "thumbnail": Thumbnail(),
    "patches": KMeansPatches(n_centres=5, n_samples=500, random_state=0),
    "words": BagOfVisualWords(n_words=4, random_state=0),
    "vlad": VLAD(n_words=3, random_state=0),
    "fisher": FisherVector(n_words=2, n_components=4, random_state=0),
    "union": FeatureUnion([("hog", HOG()), ("colour", ColourHistogram())]),
    "augmented": "augmented",
}  # fmt: skip


@pytest.mark.parametrize("name", FEATURES)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_pipelines_from_images(name):
    X, Y = images()
    if name == "augmented":
        inside = make_pipeline(HOG(), MultiTaskLinearSVC())
        pipe = AugmentedClassifier(inside, predict_copies=1, random_state=0)
    else:
        pipe = make_pipeline(FEATURES[name], StandardScaler(), MultiTaskLinearSVC())
    pipe.fit(X, Y)
    np.testing.assert_array_equal(
        np.stack(loads(dumps(pipe)).decision_function(X)),
        np.stack(pipe.decision_function(X)),
    )


def searches(X, Y):
    svm, folds = MultiTaskLinearSVC(), MultiTaskStratifiedKFold(2)
    auc = make_multitask_scorer("roc_auc")
    grid = {"C": [0.1, 1], "task_weight": [None, "balanced"]}
    forest = MultiTaskRandomForestClassifier(n_estimators=4, random_state=0)
    logistic = MultiTaskLogisticRegression()
    return {
        "search": GridSearchCV(svm, grid, cv=folds, scoring=auc).fit(X, Y),
        "many scores": GridSearchCV(
            svm, {"C": [0.1, 1]}, cv=KFold(2), refit="task0",
            scoring=task_scorers("accuracy", n_tasks=2),
        ).fit(X, Y),
        "path": MultiTaskLinearCV(svm, Cs=(0.1, 1), cv=folds).fit(X, Y),
        "thresholds": MultiTaskTunedThresholdClassifierCV(forest, cv=folds).fit(X, Y),
        "calibrated": MultiTaskCalibratedClassifierCV(logistic, cv=folds).fit(X, Y),
        "chosen": choose_sharing(svm, X, Y, cv=folds),
    }  # fmt: skip


def test_searches_and_what_wraps_models(model):
    _, X, Y = model
    for name, fitted in searches(X, Y).items():
        back = loads(dumps(fitted))
        np.testing.assert_array_equal(back.predict(X), fitted.predict(X), err_msg=name)


def test_models_with_a_task_column():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 4))
    X[:, 0] = rng.integers(0, 3, 80)
    y = np.where(X[:, 1] > 0, "yes", "no")
    pipe = make_pipeline(
        keep_task(StandardScaler()),
        TaskColumnClassifier(MultiTaskSVC(structure="mean"), task_column=0),
    ).fit(X, y)
    back = loads(dumps(pipe))
    np.testing.assert_array_equal(back.decision_function(X), pipe.decision_function(X))
    pictures, Y = images()
    rows = TaskRows(pictures, ["n", "s"] * 12)
    pipe = make_pipeline(keep_task(HOG()), TaskColumnClassifier(task_column=0))
    pipe.fit(rows, Y[:, 1])
    np.testing.assert_array_equal(loads(dumps(pipe)).predict(rows), pipe.predict(rows))


# A loaded model trains on.


def test_a_stream_goes_on_where_it_was(model):
    _, X, Y = model
    whole = MultiTaskSGDClassifier(random_state=0)
    for part in (slice(0, 30), slice(30, 60)):
        whole.partial_fit(X[part], Y[part], classes=[[0, 1], [0, 1]])
    first = MultiTaskSGDClassifier(random_state=0)
    first.partial_fit(X[:30], Y[:30], classes=[[0, 1], [0, 1]])
    resumed = loads(dumps(first)).partial_fit(X[30:], Y[30:])
    np.testing.assert_array_equal(resumed.coef_, whole.coef_)


def test_warm_starts_and_new_tasks(model):
    _, X, Y = model
    forest = MultiTaskRandomForestClassifier(
        n_estimators=3, random_state=0, warm_start=True
    ).fit(X, Y)
    back = loads(dumps(forest)).set_params(n_estimators=6).fit(X, Y)
    forest.set_params(n_estimators=6).fit(X, Y)
    np.testing.assert_array_equal(back.predict(X), forest.predict(X))
    rows = np.column_stack([np.arange(60) % 3, X])
    marks = TaskColumnRegressor(task_column=0).fit(rows[:40], X[:40, 0])
    new = rows[40:].copy()
    new[:, 0] = 7
    back = loads(dumps(marks)).add_task(new, X[40:, 0])
    marks.add_task(new, X[40:, 0])
    np.testing.assert_array_equal(back.predict(new), marks.predict(new))


# What is refused.


def test_what_is_not_known_beforehand_is_not_saved(model, tmp_path):
    _, X, Y = model
    path = tmp_path / "model.mtl"
    path.write_bytes(b"what was there")
    own = make_pipeline(FunctionTransformer(os.path.basename), MultiTaskLinearSVC())
    with pytest.raises(ModelFileError, match=r"Pipeline cannot be saved: it holds"):
        dump(own, path)
    kernel = MultiTaskSVC(kernel=_linear_kernel).fit(X, Y)
    with pytest.raises(ModelFileError, match="_linear_kernel"):
        dump(kernel, path)
    for other in (RandomForestClassifier(2), KNeighborsClassifier(1), SVC()):
        several = make_pipeline(StandardScaler(), MultiOutputClassifier(other))
        several.fit(X, Y[:, [0, 0]])
        with pytest.raises(ModelFileError, match=type(other).__name__):
            dump(several, path)
    for other in (CountVectorizer(input="filename"), partial(_linear_kernel, X)):
        with pytest.raises(ModelFileError, match=r"CountVectorizer|partial"):
            dump(make_pipeline(other, MultiTaskLinearSVC()), path)
    assert path.read_bytes() == b"what was there"
    assert os.listdir(tmp_path) == ["model.mtl"]


def _linear_kernel(A, B):
    return A @ B.T


class _Bomb:
    def __reduce__(self):
        return os.system, ("touch executed",)


def _zip(members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _members(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _sealed(members):
    """With checksums that are right, as an attacker would write them."""
    record = json.loads(members[RECORD])
    members = {name: data for name, data in members.items() if name != RECORD}
    record["sha256"] = files._digests(members)
    return _zip({**members, RECORD: json.dumps(record)})


def test_foreign_files(model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = dumps(model[0])
    members = _members(data)
    without = {name: part for name, part in members.items() if name != RECORD}
    record = json.loads(members[RECORD])
    cases = {
        "no model file, or is damaged": [
            b"", b"text", pickle.dumps(_Bomb()), data[:-30], data[: len(data) // 2],
            _zip({RECORD: "{"}), _zip({RECORD: "{}"}),
            _zip({RECORD: json.dumps({**record, "sha256": {}, "versions": 3})}),
        ],
        "was not written by mtlearn": [_zip(without), _zip({"a": b"b"})],
        "reads 'mtlearn model 1'": [
            _zip({**members, RECORD: json.dumps({**record, "format": "other"})})
        ],
        "damaged": [
            data[50:], data[:90] + b"x" + data[91:],
        ],
        "a checksum is wrong": [
            _zip({**members, "more": b"x"}), _zip({**members, "schema.json": b"{}"})
        ],
        "no model that can be used": [
            _sealed({**members, "schema.json": b"{}"}),
            _sealed({**members, "schema.json": b"[" * 100_000}),
            _sealed({RECORD: members[RECORD], "schema.json": members["schema.json"]}),
        ],
    }  # fmt: skip
    for message, all_data in cases.items():
        for broken in all_data:
            with pytest.raises(ModelFileError, match=message):
                loads(broken)
    assert os.listdir(tmp_path) == []
    with pytest.raises(FileNotFoundError):
        load("nowhere.mtl")


def test_a_zip_bomb(model):
    bomb = _sealed({**_members(dumps(model[0])), "zeros": bytes(30 * 2**20)})
    assert len(bomb) < 2**20
    with pytest.raises(ModelFileError, match="unpacks to more than max_bytes=1048576"):
        loads(bomb, max_bytes=2**20)


@pytest.mark.parametrize(
    ("module", "name"),
    [("os", "system"), ("builtins", "eval"), ("mtlearn.cli.files", "write"),
     ("sklearn.ensemble._forest", "no_such")],
)  # fmt: skip
def test_a_file_that_names_other_classes(model, module, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    members = _members(dumps(model[0]))
    schema = json.loads(members["schema.json"])
    schema["__module__"], schema["__class__"] = module, name
    members["schema.json"] = json.dumps(schema).encode()
    with pytest.raises(ModelFileError, match=f"{module}.{name}"):
        loads(_sealed(members))


def test_forged_files_that_say_one_thing_and_are_another(model):
    _, X, Y = model
    forest = MultiTaskRandomForestClassifier(n_estimators=2, random_state=0).fit(X, Y)

    def forged(change):
        other = pickle.loads(pickle.dumps(forest))
        change(other._forest.trees[0])
        data = sio.dumps(other)
        record = _members(dumps(forest))[RECORD]
        return _sealed({**_members(data), RECORD: record})

    def wrap_around(tree):
        start = tree.table.start
        n = start[-1]
        start[1:] = [2**63 - 1, -(2**63)] + [-1] * (len(start) - 4) + [n]

    def mask(tree):
        offset = tree.table.offset.copy()
        offset[1:] = 2**50
        hidden = np.arange(len(offset)) > 0
        tree.table.offset = np.ma.masked_array(offset, mask=hidden)

    def far(tree):
        tree.table.offset[:] = 2**63 - 1

    def deep(tree):
        tree.nodes["feature"][0] = 2**30

    def shadow(tree):
        tree.nodes["feature"][0] = 2**30
        tree.check_state = [1]

    def backwards(tree):
        tree.nodes["left"][0] = 0

    for change in (wrap_around, mask, far, deep, shadow, backwards):
        with pytest.raises(ModelFileError, match="no model that can be used"):
            loads(forged(change))
    assert loads(forged(lambda tree: None)).n_tasks_ == 2


def _tampered(other, like):
    """A file of something else, with the checksums that it should have."""
    return _sealed(
        {**_members(sio.dumps(other)), RECORD: _members(dumps(like))[RECORD]}
    )


def _rewritten(data, change):
    members = _members(data)
    schema = json.loads(members["schema.json"])
    change(schema["content"]["content"], members)
    return _sealed({**members, "schema.json": json.dumps(schema).encode()})


def test_what_scipy_numpy_and_scikit_learn_do_not_check(model):
    fitted, X, Y = model
    forest = MultiTaskRandomForestClassifier(2, random_state=0).fit(X, Y)
    other = pickle.loads(pickle.dumps(forest))
    del other.columns_
    other.n_features_in_ = np.ma.MaskedArray(4, mask=True)
    encoder = make_pipeline(
        OneHotEncoder(handle_unknown="ignore"), MultiTaskLinearSVC()
    )
    encoder.fit(np.round(X), Y)
    wide = pickle.loads(pickle.dumps(encoder))
    wide[0].categories_ = [np.arange(1000.0)] + wide[0].categories_[1:]
    dropped = pickle.loads(pickle.dumps(encoder))
    dropped[0].drop_idx_ = np.array([-1, None, None, None], dtype=object)
    seeded = pickle.loads(pickle.dumps(fitted))
    seeded.note = np.random.RandomState(0)
    state = seeded.note.get_state(legacy=False)
    state["state"]["pos"] = 10**9
    seeded.note.set_state(state)
    search = GridSearchCV(make_pipeline(fitted), {"memory": ["/tmp"]}, cv=2)
    for tampered, like in (
        (other, forest), (wide, encoder), (dropped, encoder), (seeded, fitted),
        (search, fitted),
    ):  # fmt: skip
        with pytest.raises(ModelFileError, match="no model that can be used"):
            loads(_tampered(tampered, like))


def test_each_way_of_making_makes_its_own_kind_only(model):
    fitted, _, _ = model
    data = dumps(fitted)
    array = {"__module__": "builtins", "__class__": "bytearray", "file": "a.npy"}

    def call(way, name="builtins.bytearray"):
        module, kind = name.rsplit(".", 1)
        node = {**array, "__loader__": way, "__module__": module, "__class__": kind}

        def change(content, members):
            content["C"] = {**node, "type": "numpy", "content": {}, "key_types": []}
            buffer = io.BytesIO()
            np.save(buffer, np.array(10**6))
            members["a.npy"] = buffer.getvalue()

        return _rewritten(data, change)

    for forged in (
        call("NdArrayNode"), call("RandomStateNode"), call("DictNode"),
        call("ObjectNode", "scipy.sparse._csr.csr_matrix"),
        call("ObjectNode", "numpy.ndarray"), call("TypeNode", "mtlearn.image.hog.HOG"),
        call("FunctionNode", "mtlearn.image.hog.HOG"),
        call("MethodNode", "mtlearn.image.hog.HOG"), call("NdArrayNode", "numpy.sqrt"),
    ):  # fmt: skip
        with pytest.raises(
            ModelFileError, match=r"holds .*, which model files may not"
        ):
            loads(forged)


def test_members_that_lie_about_their_size(model):
    members = _members(dumps(model[0]))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_BZIP2) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(ModelFileError, match="packed in a way that dump does not use"):
        loads(buffer.getvalue())
    thin = io.BytesIO()
    with zipfile.ZipFile(thin, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.npy", bytes(20 * 2**20))
    bomb = _sealed({**members, "thin.npz": thin.getvalue()})
    with pytest.raises(ModelFileError, match="unpacks to more than max_bytes"):
        loads(bomb, max_bytes=2**20)


def test_a_description_that_shares_without_end(model):
    members = _members(dumps(model[0]))
    schema = json.loads(members["schema.json"])
    node = {"__class__": "list", "__module__": "builtins", "__loader__": "ListNode"}
    child = {**node, "content": [], "__id__": 1000}
    for level in range(40):
        again = {"__id__": 1000 + level}
        child = {**node, "content": [child, again], "__id__": 1001 + level}
    schema["content"]["content"]["more"] = child
    members["schema.json"] = json.dumps(schema).encode()
    with pytest.raises(ModelFileError, match="describes more than"):
        loads(_sealed(members))


@pytest.mark.parametrize("versions", [[], "", [["mtlearn", "1"]], {}])
def test_odd_versions(model, versions):
    members = _members(dumps(model[0]))
    record = {**json.loads(members[RECORD]), "versions": versions}
    members[RECORD] = json.dumps(record)
    with pytest.warns(ModelVersionWarning, match="written by"):
        loads(_zip(members))


def test_wrong_arguments(model, tmp_path):
    data = dumps(model[0])
    with pytest.raises(TypeError, match="loads takes bytes, not str"):
        loads("text")
    for wrong in (None, "4GB", 2.5):
        with pytest.raises(TypeError, match="max_bytes"):
            loads(data, max_bytes=wrong)
    with pytest.raises(FileNotFoundError, match=r"no folder .*nowhere"):
        dump(model[0], tmp_path / "nowhere" / "model.mtl")
    with pytest.raises(IsADirectoryError, match="is a folder"):
        dump(model[0], tmp_path)


def test_permissions_and_links(model, tmp_path):
    path, link = tmp_path / "model.mtl", tmp_path / "link.mtl"
    dump(model[0], path)
    path.chmod(0o600)
    link.symlink_to(path)
    dump(model[0], link)
    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o600
    before = os.umask(0o077)
    try:
        dump(model[0], tmp_path / "new.mtl")
    finally:
        os.umask(before)
    assert (tmp_path / "new.mtl").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("seed", range(12))
def test_forests_come_back_to_the_last_bit(model, seed):
    _, X, Y = model
    forest = MultiTaskExtraTreesClassifier(n_estimators=3, random_state=seed).fit(X, Y)
    back = loads(dumps(loads(dumps(forest))))
    for one, two in zip(forest.predict_proba(X), back.predict_proba(X)):
        np.testing.assert_array_equal(one, two)


def test_nystroem_machines_and_views_of_tasks(model):
    _, X, Y = model
    near = MultiTaskSVC(approximation="nystroem", n_components=10, random_state=0)
    numbers = MultiTaskSVR(approximation="nystroem", n_components=10, random_state=0)
    for fitted in (near.fit(X, Y), numbers.fit(X, X[:, :2])):
        back = loads(dumps(fitted))
        np.testing.assert_array_equal(back.predict(X), fitted.predict(X))
    view = MultiTaskLogisticRegression().fit(X, Y).task(0)
    np.testing.assert_array_equal(loads(dumps(view)).predict(X), view.predict(X))
    search = RandomizedSearchCV(
        MultiTaskLinearSVC(),
        {"task_weight": task_weight_distribution(2)},
        n_iter=2,
        cv=list(KFold(2).split(X)),
        random_state=0,
    ).fit(X, Y)
    np.testing.assert_array_equal(loads(dumps(search)).predict(X), search.predict(X))


def test_other_versions(model):
    members = _members(dumps(model[0]))
    record = json.loads(members[RECORD])
    record["versions"]["scikit-learn"] = "0.1"
    members[RECORD] = json.dumps(record)
    with pytest.warns(ModelVersionWarning, match=r"scikit-learn 0\.1 \(here \d"):
        loads(_zip(members))


def test_a_crash_while_saving_leaves_the_old_file(model, tmp_path, monkeypatch):
    path = tmp_path / "model.mtl"
    dump(model[0], path)
    before = path.read_bytes()

    def crash(*args):
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", crash)
    with pytest.raises(OSError, match="no space"):
        dump(model[0], path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["model.mtl"]


FLIP = """
import io, json, sys, warnings, zipfile
import numpy as np
from mtlearn.exceptions import ModelFileError
from mtlearn.persistence import loads
from tests.persistence.test_files import _members, _sealed
warnings.simplefilter("ignore")
np.seterr(all="ignore")
path, X = sys.argv[1], np.load(sys.argv[2])
members = _members(open(path, "rb").read())
rng = np.random.default_rng(0)
outcomes = {"refused": 0, "used": 0}
for name, content in sorted(members.items()):
    if not name.endswith(".npy"):
        continue
    places = rng.integers(0, len(content), 6).tolist() + [len(content) - 1, 130]
    for place in [p for p in places if p < len(content)]:
        broken = bytearray(content)
        broken[place] ^= 1 << int(rng.integers(0, 8))
        try:
            model = loads(_sealed({**members, name: bytes(broken)}))
        except ModelFileError:
            outcomes["refused"] += 1
            continue
        model.predict(X)
        outcomes["used"] += 1
print(json.dumps(outcomes))
"""


@pytest.mark.parametrize(
    "estimator",
    [
        MultiTaskRandomForestClassifier(n_estimators=3, random_state=0, sharing=0.5),
        MultiTaskRandomForestClassifier(
            n_estimators=3, random_state=0, sharing=1, label_groups="all"
        ),
        MultiTaskLinearSVC(),
        MultiTaskSVC(),
    ],
    ids=name_of,
)
def test_flipped_bits_never_crash(model, estimator, tmp_path):
    """Behind right checksums, so that the model's own checks are what is tested."""
    _, X, Y = model
    dump(estimator.fit(X, Y), tmp_path / "model.mtl")
    np.save(tmp_path / "X.npy", X)
    done = subprocess.run(
        [sys.executable, "-c", FLIP, tmp_path / "model.mtl", tmp_path / "X.npy"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    outcomes = json.loads(done.stdout)
    assert outcomes["refused"] > 10


def test_the_list_of_what_is_trusted():
    names = trusted_names()
    assert len(names) == len(set(names))
    assert not [name for name in names if name.endswith(".")]
    assert "mtlearn.svm.svc.MultiTaskSVC" in names
    assert "sklearn.model_selection._split.KFold" in names
    assert not [name for name in names if "cli" in name or "sklearn.tree" in name]
    for module, entries in PUBLIC_OTHERS.items():
        for entry in entries:
            assert hasattr(importlib.import_module(module), entry)


def _steps_of_the_list():
    for module, entries in PUBLIC_OTHERS.items():
        for name in entries:
            entry = getattr(importlib.import_module(module), name)
            if isinstance(entry, type) and hasattr(entry, "transform"):
                wanted = inspect.signature(entry).parameters.values()
                if all(p.default is not p.empty for p in wanted):
                    yield entry()


@pytest.mark.filterwarnings("ignore::UserWarning")  # of few rows and features
@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("step", list(_steps_of_the_list()), ids=repr)
def test_all_steps_of_the_list_can_be_saved(model, step):
    _, X, _ = model
    if isinstance(step, LabelEncoder | KernelCenterer):
        pytest.skip("it takes no rows of features")
    X, step = np.abs(X), clone(step)
    if isinstance(step, MissingIndicator):
        X[:5, 0] = np.nan
    if "n_components" in step.get_params():
        step.set_params(n_components=2)
    step.fit(X, X[:, 0] > 0.5)
    loaded = loads(dumps(step))
    both = [
        found.toarray() if sparse.issparse(found) else found
        for found in (loaded.transform(X), step.transform(X))
    ]
    np.testing.assert_allclose(*both, rtol=0, atol=1e-12)


def test_what_skops_trusts_is_not_enough():
    """Most of scikit-learn's estimators are not on the list."""
    known = set(trusted_names())
    every = [cls for _, cls in all_estimators() if "sklearn" in cls.__module__]
    names = {f"{cls.__module__}.{cls.__qualname__}" for cls in every}
    assert 50 < len(names & known) < 100 < len(names)


def test_a_file_chooses_no_folder(model, tmp_path):
    _, X, Y = model
    memory = str(tmp_path / "cache")
    kept = make_pipeline(StandardScaler(), MultiTaskLinearSVC(memory=memory))
    kept.set_params(memory=memory).fit(X, Y)
    loaded = loads(dumps(kept))
    assert kept.memory == memory
    assert loaded.memory is None
    assert loaded[-1].memory is None
    np.testing.assert_array_equal(loaded.predict(X), kept.predict(X))
