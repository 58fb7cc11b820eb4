import numpy as np
import pytest
from PIL import Image

from mtlearn.datasets import load_cmu_faces


@pytest.fixture
def small_home(tmp_path):
    for i, stem in enumerate(["bob_up_sad_open_2", "ann_left_happy_sunglasses_2"]):
        folder = tmp_path / "cmu_faces" / "faces" / stem[:3]
        folder.mkdir(parents=True)
        Image.new("L", (64, 60), 100 + i).save(folder / f"{stem}.pgm")
    # Another size of the same take, which the loader leaves alone.
    Image.new("L", (32, 30)).save(folder / "ann_left_happy_sunglasses_4.pgm")
    return tmp_path


def test_labels_come_from_the_file_names(small_home):
    bunch = load_cmu_faces(data_home=small_home)
    assert bunch.images.shape == (2, 60, 64)
    assert bunch.images[:, 0, 0].tolist() == [101, 100]
    assert bunch.target.tolist() == [
        ["ann", "left", "happy", "sunglasses"],
        ["bob", "up", "sad", "open"],
    ]
    assert bunch.target.dtype == object
    assert bunch.task_names == ["name", "pose", "expression", "eyes"]
    assert bunch.groups.tolist() == ["ann", "bob"]
    X, Y = load_cmu_faces(data_home=small_home, return_X_y=True)
    np.testing.assert_array_equal(X, bunch.images)
    np.testing.assert_array_equal(Y, bunch.target)


def test_absent_set_and_empty_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"cmu_faces.*MTLEARN_DATA.*UCI"):
        load_cmu_faces(data_home=tmp_path)
    (tmp_path / "cmu_faces" / "faces").mkdir(parents=True)
    with pytest.raises(FileNotFoundError, match=r"_2\.pgm.*MTLEARN_DATA"):
        load_cmu_faces(data_home=tmp_path)


def test_foreign_file_name(small_home):
    folder = small_home / "cmu_faces" / "faces" / "bob"
    Image.new("L", (64, 60)).save(folder / "bob_2.pgm")
    with pytest.raises(ValueError, match=r"bob_2\.pgm: the name should be"):
        load_cmu_faces(data_home=small_home)


def test_real_set(data_home):
    bunch = load_cmu_faces(data_home=data_home("cmu_faces"))
    assert bunch.images.shape == (624, 60, 64)
    counts = [len(set(column)) for column in bunch.target.T]
    assert counts == [20, 4, 4, 2]
    assert bunch.images.std(axis=(1, 2)).min() > 10
