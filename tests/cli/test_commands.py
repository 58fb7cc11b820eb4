"""The commands, run as a person would, on small pictures made here."""

import csv
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from mtlearn.cli import files, main
from mtlearn.cli.features import FEATURES, make_features

COLOURS = {"red": (200, 40, 40), "blue": (40, 40, 200)}


def draw(stripes, seed, size=24):
    """Stripes across or along, on a random grey; a little noise."""
    rng = np.random.default_rng(seed)
    wave = 60 * np.sign(np.sin(np.arange(size) * 0.9 + rng.uniform(0, 6)))
    picture = wave[:, None] if stripes == "across" else wave[None, :]
    noise = rng.normal(0, 8, (size, size, 1))
    picture = np.broadcast_to(picture, (size, size))[..., None] + noise
    return np.clip(picture + rng.uniform(90, 150), 0, 255).astype(np.uint8)


@pytest.fixture
def pictures(tmp_path):
    """A folder of 60 pictures and a table with three tasks, some labels missing."""
    rows = []
    for i in range(60):
        stripes = ("across", "along")[i % 2]
        image = np.repeat(draw(stripes, i), 3, axis=2)
        Image.fromarray(image).save(tmp_path / f"{i}.png")
        size = "" if i % 5 == 0 else ("s", "m", "l")[i % 3]
        rows.append([f"{i}.png", stripes, size, "?" if i % 7 == 0 else i % 2])
    write_table(tmp_path / "labels.csv", ["file", "stripes", "size", "odd"], rows)
    return tmp_path


def write_table(path, header, rows):
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def read_table(path):
    with open(path, newline="") as file:
        return list(csv.reader(file))


def train(folder, *options):
    return main(
        ["train", str(folder / "labels.csv"), "--missing", "?", "--jobs", "1",
         "--out", str(folder / "out"), *options]
    )  # fmt: skip


def test_train_then_predict(pictures, capsys):
    assert train(pictures) == 0
    printed = capsys.readouterr().out
    assert "mean over tasks" in printed
    assert "Tuning one model for all tasks:" in printed  # with its time
    scores = read_table(pictures / "out" / "scores.csv")
    assert [row[0] for row in scores] == ["task", "stripes", "size", "odd"]
    stripes = dict(zip(scores[0], scores[1]))
    assert float(stripes["average_precision multi-task"]) > 0.95
    with Image.open(pictures / "out" / "report.png") as report:
        assert report.width > 1000

    model, names = str(pictures / "out" / "model.mtl"), ["0.png", "1.png"]
    assert main(["predict", model, *(str(pictures / name) for name in names)]) == 0
    captured = capsys.readouterr()
    rows = list(csv.reader(captured.out.splitlines()))
    assert rows[0] == ["file", "stripes", "size", "odd"]
    assert [row[1] for row in rows[1:]] == ["across", "along"]
    assert captured.err == ""


def test_leaves_nothing_but_the_three_files(pictures):
    assert train(pictures, "--tasks", "stripes,odd") == 0
    names = sorted(path.name for path in (pictures / "out").iterdir())
    assert names == ["model.mtl", "report.png", "scores.csv"]


def test_tags_become_tasks(pictures):
    table = read_table(pictures / "labels.csv")
    tags = ["red;striped", "red", "none", ""]
    rows = [[row[0], tags[i % 4]] for i, row in enumerate(table[1:])]
    write_table(pictures / "labels.csv", ["file", "tags"], rows)
    assert train(pictures, "--tags", "tags") == 0
    scores = read_table(pictures / "out" / "scores.csv")
    assert [row[0] for row in scores[1:]] == ["tags:red", "tags:striped"]


def test_folder_per_class(tmp_path, capsys):
    for i in range(40):
        stripes = ("across", "along")[i % 2]
        (tmp_path / "set" / stripes).mkdir(parents=True, exist_ok=True)
        Image.fromarray(draw(stripes, i)[..., 0]).save(
            tmp_path / "set" / stripes / f"{i}.png"
        )
    out = tmp_path / "out"
    assert main(["train", str(tmp_path / "set"), "--out", str(out), "--jobs", "1"]) == 0
    assert read_table(out / "scores.csv")[1][0] == "label"


def test_split_and_group_columns_are_kept_to(pictures, capsys):
    table = read_table(pictures / "labels.csv")
    rows = [
        [*row, "test" if i < 24 else "train", f"g{i // 2}"]
        for i, row in enumerate(table[1:])
    ]
    write_table(pictures / "labels.csv", [*table[0], "split", "group"], rows)
    assert train(pictures) == 0
    assert "36 pictures of 24 x 24 to train on, 24 held out" in capsys.readouterr().out


def spoil_truncate(folder):
    data = (folder / "3.png").read_bytes()
    (folder / "3.png").write_bytes(data[: len(data) // 2])
    return ["line 5", "3.png"]


def spoil_no_image(folder):
    (folder / "3.png").write_text("hello")
    return ["line 5", "3.png", "not an image"]


def spoil_absent(folder):
    (folder / "3.png").unlink()
    return ["line 5", "3.png", "no such file"]


def spoil_size(folder):
    Image.fromarray(np.zeros((10, 12, 3), np.uint8)).save(folder / "3.png")
    return ["3.png", "12 x 10", "--size"]


def spoil_one_class(folder):
    table = read_table(folder / "labels.csv")
    write_table(
        folder / "labels.csv", [*table[0], "same"], [[*r, 1] for r in table[1:]]
    )
    return ["'same'", "one class"]


def spoil_no_labels(folder):
    table = read_table(folder / "labels.csv")
    write_table(
        folder / "labels.csv", [*table[0], "none"], [[*r, ""] for r in table[1:]]
    )
    return ["'none'", "no labels"]


def spoil_numbers(folder):
    table = read_table(folder / "labels.csv")
    rows = [[*row, i / 3] for i, row in enumerate(table[1:])]
    write_table(folder / "labels.csv", [*table[0], "price"], rows)
    return ["'price'", "regression"]


def spoil_empty(folder):
    (folder / "labels.csv").write_text("")
    return ["labels.csv", "empty"]


def spoil_twice(folder):
    table = read_table(folder / "labels.csv")
    write_table(folder / "labels.csv", table[0], [*table[1:], table[1]])
    return ["0.png", "line 2", "line 62"]


def spoil_captions(folder):
    table = read_table(folder / "labels.csv")
    rows = [[*row, f"picture {i}"] for i, row in enumerate(table[1:])]
    write_table(folder / "labels.csv", [*table[0], "caption"], rows)
    return ["'caption'", "60 different labels"]


def spoil_groups(folder):
    table = read_table(folder / "labels.csv")
    write_table(
        folder / "labels.csv", [*table[0], "group"], [[*r, 1] for r in table[1:]]
    )
    return ["'group'", "1 different groups", "at least 4"]


def spoil_split(folder):
    table = read_table(folder / "labels.csv")
    rows = [[*r, "train" if i < 5 else "test"] for i, r in enumerate(table[1:])]
    write_table(folder / "labels.csv", [*table[0], "split"], rows)
    return ["5 pictures to train on", "too few"]


def spoil_few(folder):
    table = read_table(folder / "labels.csv")
    write_table(folder / "labels.csv", table[0], table[1:12])
    return ["11 pictures", "too few"]


SPOILERS = [value for name, value in list(globals().items()) if name[:6] == "spoil_"]


@pytest.mark.parametrize("spoil", SPOILERS)
def test_bad_input_is_named_and_nothing_is_written(pictures, capsys, spoil):
    expected = spoil(pictures)
    assert train(pictures) == 2
    error = capsys.readouterr().err
    for word in expected:
        assert word in error
    assert "Traceback" not in error
    assert not (pictures / "out").exists()


@pytest.mark.parametrize(
    "spoil", [spoil_truncate, spoil_absent, spoil_one_class, spoil_numbers]
)
def test_skip_bad_carries_on_and_lists(pictures, capsys, spoil):
    expected = spoil(pictures)
    assert train(pictures, "--skip-bad") == 0
    error = capsys.readouterr().err
    assert "skipped" in error
    assert all(word in error for word in expected)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--tasks", "colour"], ["colour", "stripes"]),
        (["--images", "nowhere"], ["nowhere", "no such file"]),
        (["--out", "labels.csv"], ["--out", "not a folder"]),
        (["--out", "/proc/nowhere"], ["--out", "cannot write"]),
    ],
)
def test_bad_options(pictures, capsys, monkeypatch, options, words):
    monkeypatch.chdir(pictures)
    assert train(pictures, *options) == 2
    error = capsys.readouterr().err
    assert all(word in error for word in words)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--size", "96"], "96x144"),
        (["--size", "x"], "96x144"),
        (["--size", "0x3"], "96x144"),
        (["--size", "axb"], "96x144"),
        (["--size", "100000x100000"], "2000"),
        (["--jobs", "0"], "--jobs"),
        (["--metric", "neg_log_loss"], "neg_log_loss"),
        (["--metric", "f1_micro"], "f1_micro"),
        (["--features", "hog,smell"], "hog, thumbnail, color"),
        (["--features", ","], "names no features"),
    ],
)
def test_options_out_of_range(pictures, capsys, options, word):
    with pytest.raises(SystemExit) as info:
        train(pictures, *options)
    assert info.value.code == 2
    assert word in capsys.readouterr().err


def test_options_may_stand_before_the_command(pictures):
    table = str(pictures / "labels.csv")
    out = str(pictures / "before")
    arguments = ["--out", out, "--jobs", "1", "train", table, "--missing", "?"]
    assert main(arguments) == 0
    assert (pictures / "before" / "scores.csv").exists()


def test_notes_name_the_tables_columns_once(pictures, capsys):
    table = read_table(pictures / "labels.csv")
    rows = [[*row, ("a", "b", "nan")[i % 3]] for i, row in enumerate(table[1:])]
    write_table(pictures / "labels.csv", [*table[0], "kind"], rows)
    assert train(pictures) == 0
    error = capsys.readouterr().err
    assert error.count("the text 'nan'") == 1
    assert "task 'kind'" in error


def test_features_by_name(pictures, capsys):
    assert train(pictures, "--tasks", "stripes", "--features", "hog,lbp,patches") == 0
    capsys.readouterr()
    path = pictures / "out" / "model.mtl"
    pipeline = files.load_model(path)["pipeline"]
    assert [name for name, _ in pipeline[0].transformer_list] == [
        "hog",
        "lbp",
        "patches",
    ]
    assert pipeline.memory is None
    assert main(["predict", str(path), str(pictures / "0.png")]) == 0
    assert capsys.readouterr().out.splitlines()[1].endswith("across")
    assert train(pictures, "--features", "hog,color") == 2
    assert "the pictures are grey: no color" in capsys.readouterr().err
    assert train(pictures, "--features", "patches", "--size", "4x4") == 2
    assert "smaller than patch=6" in capsys.readouterr().err


@pytest.mark.parametrize("name", FEATURES)
def test_every_feature_of_small_colour_pictures(name):
    images = np.random.default_rng(0).integers(0, 256, (12, 40, 33, 3), dtype=np.uint8)
    transformer = make_features([name], images.shape[1:])
    assert len(transformer.fit_transform(images)) == 12


def test_grey_pictures_are_read_as_grey(pictures, capsys):
    assert train(pictures, "--tasks", "stripes") == 0
    model = files.load_model(pictures / "out" / "model.mtl")
    assert model["mode"] == "L"
    assert model["size"] == (24, 24)


def test_predict_refuses_what_is_no_model(pictures, capsys):
    picture = str(pictures / "0.png")
    assert main(["predict", str(pictures / "no.mtl"), picture]) == 2
    assert "no such model file" in capsys.readouterr().err
    assert main(["predict", picture, picture]) == 2
    assert "no model file" in capsys.readouterr().err


def test_predict_bad_pictures(pictures, capsys):
    assert train(pictures, "--tasks", "stripes,odd") == 0
    model = str(pictures / "out" / "model.mtl")
    good, bad = str(pictures / "0.png"), str(pictures / "labels.csv")
    capsys.readouterr()
    assert main(["predict", model, good, bad]) == 2
    captured = capsys.readouterr()
    assert bad in captured.err
    assert captured.out == ""
    assert main(["predict", model, bad, good, "--skip-bad"]) == 0
    captured = capsys.readouterr()
    assert bad in captured.err
    assert captured.out.splitlines()[1].startswith(good)


def test_predict_brings_pictures_to_the_size_of_training(pictures, capsys):
    assert train(pictures, "--tasks", "stripes,odd") == 0
    with Image.open(pictures / "1.png") as image:
        image.resize((72, 96), Image.Resampling.NEAREST).save(pictures / "big.png")
    model = str(pictures / "out" / "model.mtl")
    capsys.readouterr()
    assert main(["predict", model, str(pictures / "big.png")]) == 0
    assert capsys.readouterr().out.count("\n") == 2


def test_a_crash_while_writing_leaves_the_old_file(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")

    def crash(file):
        file.write(b"half")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        files.write(path, crash)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def run(*arguments, cwd):
    return subprocess.run(
        [sys.executable, "-m", "mtlearn", *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_demo(tmp_path):
    printed = run(cwd=tmp_path)
    lines = printed.splitlines()
    parity = next(line.split() for line in lines if line.startswith("left_parity"))
    assert float(parity[5]) > 0.04  # gain in average precision
    assert (tmp_path / "mtlearn-report" / "report.png").exists()
    assert (tmp_path / "mtlearn-report" / "model.mtl").exists()


def test_clothing_attributes(tmp_path, data_home):
    folder = data_home("clothing_attributes") / "clothing_attributes"
    header, *rows = read_table(folder / "labels.csv")
    write_table(tmp_path / "third.csv", header, rows[::3])
    run(
        "train", "third.csv", "--images", folder / "images", "--out", "out",
        cwd=tmp_path,
    )  # fmt: skip
    scores = read_table(tmp_path / "out" / "scores.csv")
    assert len(scores) == 1 + 26


def test_cmu_faces(tmp_path, data_home):
    folder = data_home("cmu_faces") / "cmu_faces" / "faces"
    names = sorted(path.relative_to(folder) for path in folder.glob("*/*.pgm"))
    rows = [[name, *name.stem.split("_")[:4]] for name in names]
    header = ["file", "name", "pose", "expression", "eyes"]
    write_table(tmp_path / "labels.csv", header, rows)
    run("train", "labels.csv", "--images", folder, "--out", "out", cwd=tmp_path)
    scores = read_table(tmp_path / "out" / "scores.csv")
    by_task = {row[0]: dict(zip(scores[0], row)) for row in scores[1:]}
    assert float(by_task["name"]["balanced_accuracy multi-task"]) > 0.95
    assert float(by_task["pose"]["balanced_accuracy multi-task"]) > 0.9
