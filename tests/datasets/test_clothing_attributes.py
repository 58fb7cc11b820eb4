import numpy as np
import pytest
from PIL import Image

from mtlearn.datasets import load_clothing_attributes
from mtlearn.image.reading import ImageReadError


@pytest.fixture
def small_home(tmp_path):
    """Three pictures and two attributes in the layout of the real set."""
    folder = tmp_path / "clothing_attributes"
    (folder / "images").mkdir(parents=True)
    for i in (1, 2, 3):
        image = Image.new("RGB", (96, 144), (i * 40, 0, 0))
        image.save(folder / "images" / f"{i}.jpg", quality=95)
    (folder / "labels.csv").write_text(
        "image,split,group,scarf,category\n1.jpg,train,5,1,7\n"
        "2.jpg,test,6,,2\n3.jpg,train,5,2,\n"
    )
    return tmp_path


def test_layout(small_home):
    bunch = load_clothing_attributes(data_home=small_home)
    assert bunch.images.shape == (3, 144, 96, 3)
    assert bunch.target.dtype == float
    np.testing.assert_array_equal(bunch.target, [[1, 7], [np.nan, 2], [2, np.nan]])
    assert bunch.task_names == ["scarf", "category"]
    assert bunch.group.tolist() == [5, 6, 5]
    assert bunch.split.tolist() == ["train", "test", "train"]
    assert bunch.filenames[0].endswith("1.jpg")


def test_subset_keeps_rows_together(small_home, monkeypatch):
    monkeypatch.setenv("MTLEARN_DATA", str(small_home))
    bunch = load_clothing_attributes(subset="train")
    assert [path[-5:] for path in bunch.filenames] == ["1.jpg", "3.jpg"]
    np.testing.assert_array_equal(bunch.target, [[1, 7], [2, np.nan]])
    np.testing.assert_allclose(bunch.images[:, 0, 0, 0], [40, 120], atol=4)
    assert bunch.group.tolist() == [5, 5]
    images, target = load_clothing_attributes(subset="test", return_X_y=True)
    assert images.shape[0] == len(target) == 1


def test_absent_set_and_absent_picture(tmp_path, small_home):
    with pytest.raises(FileNotFoundError, match=r"labels.csv.*MTLEARN_DATA.*Chen"):
        load_clothing_attributes(data_home=tmp_path / "nowhere")
    (small_home / "clothing_attributes" / "images" / "2.jpg").unlink()
    with pytest.raises(ImageReadError, match=r"2\.jpg: no such file"):
        load_clothing_attributes(data_home=small_home)


def test_table_without_split_is_refused(small_home):
    table = small_home / "clothing_attributes" / "labels.csv"
    table.write_text("image,scarf\n1.jpg,1\n")
    with pytest.raises(ValueError, match="lacks the column"):
        load_clothing_attributes(data_home=small_home)


def test_unknown_subset(small_home):
    with pytest.raises(ValueError, match="subset"):
        load_clothing_attributes(data_home=small_home, subset="all")


def test_real_set(data_home):
    bunch = load_clothing_attributes(data_home=data_home("clothing_attributes"))
    assert bunch.images.shape == (1856, 144, 96, 3)
    assert bunch.target.shape == (1856, 26)
    assert np.isnan(bunch.target).mean() == pytest.approx(0.096, abs=0.0005)
    assert len(set(bunch.group)) == 1804
    assert (bunch.split == "test").sum() == 554
    category = bunch.target[:, bunch.task_names.index("category")]
    assert set(category[~np.isnan(category)]) == set(range(1, 8))
