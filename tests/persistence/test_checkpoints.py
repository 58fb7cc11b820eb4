"""A training that is killed goes on where it was."""

import os
import signal
import subprocess
import sys
import textwrap
import time
import zipfile

import numpy as np
import pytest
from sklearn.base import clone

pytest.importorskip("skops", reason="the extra `persist` is not installed")

from mtlearn.blocks import RowBlocks
from mtlearn.exceptions import ModelFileError
from mtlearn.linear_model import (
    MixedTaskSGD,
    MultiTaskRidge,
    MultiTaskSGDClassifier,
    MultiTaskSGDRegressor,
)
from mtlearn.persistence import load, train_in_blocks

rng = np.random.default_rng(0)
X = rng.normal(size=(400, 6))
Z = X @ rng.normal(size=(6, 3))
Y = (Z > 0).astype(int)
CLASSES = [[0, 1]] * 3
KINDS = ["classification", "classification", "regression"]


class KilledError(Exception):
    pass


class Faulty:
    """Labels whose reading fails at a certain time."""

    def __init__(self, labels, after):
        self.labels, self.left = labels, after + 1  # the first look is at a few rows

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, rows):
        self.left -= 1
        if self.left < 0:
            raise KilledError
        return self.labels[rows]


@pytest.mark.parametrize(
    ("model", "labels", "classes"),
    [
        (MultiTaskSGDClassifier(random_state=0), Y, CLASSES),
        (MultiTaskSGDClassifier(), Y[:, 0], [0, 1]),
        (MultiTaskSGDRegressor(optimizer="adam", random_state=0), Z, None),
        (MixedTaskSGD(task_types=KINDS, random_state=0),
         np.column_stack([Y[:, :2], Z[:, 2]]), [[0, 1], [0, 1], None]),
        (MultiTaskSGDClassifier(task_weight="uncertainty", random_state=0), Y, CLASSES),
    ],
)  # fmt: skip
def test_interrupted_and_resumed(model, labels, classes, tmp_path):
    blocks = RowBlocks(X, block_rows=60)
    given = dict(classes=classes, n_epochs=3, every=4)
    path = tmp_path / "run.mtl"
    with pytest.raises(KilledError):
        train_in_blocks(model, blocks, Faulty(labels, 10), checkpoint=path, **given)
    assert load(path).blocks_seen_ == 8
    seed = model.random_state
    if seed is not None:
        whole = train_in_blocks(model, blocks, labels, **given)
    resumed = train_in_blocks(model, blocks, labels, checkpoint=path, **given)
    assert resumed.blocks_seen_ == 21
    if seed is not None:
        np.testing.assert_array_equal(whole.coef_, resumed.coef_)
        np.testing.assert_array_equal(whole.intercept_, resumed.intercept_)
        np.testing.assert_array_equal(whole.loss_curve_, resumed.loss_curve_)
    assert not hasattr(model, "coef_")
    # It is finished: nothing is trained any more, or only further epochs are.
    again = train_in_blocks(model, blocks, Faulty(labels, 0), checkpoint=path, **given)
    np.testing.assert_array_equal(again.coef_, resumed.coef_)
    given["n_epochs"] = 4
    longer = train_in_blocks(model, blocks, labels, checkpoint=path, **given)
    assert longer.blocks_seen_ == 28


SCRIPT = """
    import sys
    import numpy as np
    from mtlearn.linear_model import MultiTaskSGDClassifier
    from mtlearn.persistence import train_in_blocks
    from mtlearn.blocks import RowBlocks

    folder, slow = sys.argv[1], len(sys.argv) > 2
    X = np.load(folder + "/X.npy", mmap_mode="r")
    Y = np.load(folder + "/Y.npy", mmap_mode="r")

    class Slow:
        def __len__(self):
            return len(Y)
        def __getitem__(self, rows):
            import time
            time.sleep(0.05 if slow else 0)
            return Y[rows]

    model = MultiTaskSGDClassifier(random_state=0)
    model = train_in_blocks(
        model, RowBlocks(X, block_rows=20), Slow(), classes=[[0, 1]] * 3, n_epochs=4,
        checkpoint=folder + "/run.mtl", every=3,
    )
    np.save(folder + "/coef.npy", model.coef_)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_killed_and_resumed(tmp_path):
    np.save(tmp_path / "X.npy", X)
    np.save(tmp_path / "Y.npy", Y)
    script = tmp_path / "train.py"
    script.write_text(textwrap.dedent(SCRIPT))
    command = [sys.executable, str(script), str(tmp_path)]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([*command, "slow"], env=env) as process:
        path = tmp_path / "run.mtl"
        while process.poll() is None:
            if path.exists() and load(path).blocks_seen_:
                break
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert 0 < load(tmp_path / "run.mtl").blocks_seen_ < 80
    subprocess.run(command, check=True, env=env)
    whole = train_in_blocks(
        MultiTaskSGDClassifier(random_state=0), RowBlocks(X, block_rows=20), Y,
        classes=CLASSES, n_epochs=4,
    )  # fmt: skip
    np.testing.assert_array_equal(np.load(tmp_path / "coef.npy"), whole.coef_)


def test_forms_of_rows():
    da = pytest.importorskip("dask.array")
    pd = pytest.importorskip("pandas")
    model = MultiTaskSGDClassifier(random_state=0)
    blocks = RowBlocks(X, block_rows=60)
    weight = rng.random(len(X))
    given = dict(classes=CLASSES, sample_weight=weight)
    first = train_in_blocks(model, blocks, Y, **given)
    lazy = da.from_array(X, chunks=(60, 3))
    for rows, labels in (
        (lazy, da.from_array(Y, chunks=(70, 2))),
        (blocks, pd.DataFrame(Y, columns=["task0", "task1", "task2"])),
        (blocks, Y.tolist()),
    ):
        other = train_in_blocks(model, rows, labels, **given)
        np.testing.assert_array_equal(first.coef_, other.coef_)


def test_wrong_input(tmp_path):
    model, path = MultiTaskSGDClassifier(random_state=0), tmp_path / "run.mtl"
    given = dict(classes=CLASSES, checkpoint=path)
    with pytest.raises(TypeError, match="MultiTaskRidge has no partial_fit"):
        train_in_blocks(MultiTaskRidge(), X, Y)
    with pytest.raises(ValueError, match="X has 400 rows, y has 399"):
        train_in_blocks(model, X, Y[1:], **given)
    with pytest.raises(ValueError, match="n_epochs == 0"):
        train_in_blocks(model, X, Y, n_epochs=0, **given)
    assert not path.exists()
    train_in_blocks(model, X, Y, **given)
    with pytest.raises(ValueError, match="give another checkpoint"):
        train_in_blocks(MultiTaskSGDClassifier(alpha=1.0), X, Y, **given)
    with pytest.raises(ValueError, match="other blocks"):
        train_in_blocks(model, RowBlocks(X, block_rows=50), Y, **given)
    for other in ((X + 1, Y), (X, 1 - Y), (X.astype(np.float32), Y)):
        with pytest.raises(ValueError, match="other rows or labels"):
            train_in_blocks(model, *other, **given)
    with pytest.raises(ValueError, match="other rows or labels"):
        train_in_blocks(model, X, Y, sample_weight=np.ones(400), **given)
    train_in_blocks(model, X, Y, n_epochs=3, **given)
    with pytest.raises(ValueError, match="more than the 1 of n_epochs=1"):
        train_in_blocks(model, X, Y, **given)
    generator = MultiTaskSGDClassifier(random_state=np.random.RandomState(0))
    with pytest.raises(TypeError, match="changes in training"):
        train_in_blocks(generator, X, Y, checkpoint=tmp_path / "a", classes=CLASSES)
    # Before anything is trained.
    with pytest.raises(FileNotFoundError):
        train_in_blocks(model, X, Faulty(Y, 0), checkpoint=tmp_path / "no" / "a")
    path.write_bytes(b"no model")
    with pytest.raises(ModelFileError):
        train_in_blocks(model, X, Y, **given)


def test_blocks_without_labels():
    gaps, weight = Y.astype(float), np.ones(len(X))
    gaps[60:120], weight[120:180] = np.nan, 0
    pieces = [X[:60], X[60:60], *np.split(X[60:], [60, 120])]
    model = MultiTaskSGDClassifier(random_state=0)
    given = dict(classes=CLASSES, sample_weight=weight)
    whole = train_in_blocks(model, RowBlocks(pieces), gaps, **given)
    assert whole.blocks_seen_ == 4
    again = clone(model)
    for part in (slice(60), slice(180, 400)):
        again.partial_fit(X[part], Y[part], classes=CLASSES)
    np.testing.assert_array_equal(whole.coef_, again.coef_)
    with pytest.raises(ValueError, match="no label is observed in any block"):
        train_in_blocks(model, X, np.full(Y.shape, np.nan), classes=CLASSES)


def test_checkpoints_do_not_grow_with_the_parts_of_a_history(tmp_path):
    path, sizes = tmp_path / "run.mtl", []
    for n_epochs in (1, 10):
        train_in_blocks(
            MultiTaskSGDRegressor(random_state=0), RowBlocks(X, block_rows=10), Z,
            n_epochs=n_epochs, checkpoint=path, every=1000,
        )  # fmt: skip
        with zipfile.ZipFile(path) as archive:
            sizes.append(len(archive.namelist()))
    assert sizes[1] < sizes[0] + 20  # for 360 more blocks
