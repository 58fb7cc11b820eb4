import pytest

from mtlearn.datasets.home import data_folder, require


def test_parameter_comes_before_variable_before_fallback(tmp_path, monkeypatch):
    monkeypatch.setenv("MTLEARN_DATA", str(tmp_path / "variable"))
    assert data_folder("flags", "given").as_posix() == "given/flags"
    assert data_folder("flags") == tmp_path / "variable" / "flags"
    monkeypatch.delenv("MTLEARN_DATA")
    assert data_folder("flags", fallback=lambda: tmp_path) == tmp_path / "flags"
    assert data_folder("flags") is None


def test_home_sign_is_expanded():
    assert "~" not in str(data_folder("flags", "~"))


def test_require_passes_what_exists(tmp_path):
    assert require(tmp_path, "flags", "Ask.") == tmp_path


def test_require_says_what_is_missing_and_where_to_get_it(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"labels.csv.*MTLEARN_DATA.*Ask Ann"):
        require(tmp_path / "labels.csv", "flags", "Ask Ann.")
    with pytest.raises(FileNotFoundError, match=r"no data folder.*MTLEARN_DATA"):
        require(None, "flags", "Ask Ann.")
