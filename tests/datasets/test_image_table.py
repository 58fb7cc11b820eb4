import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtlearn.datasets import cell_labels, read_image_folders, read_label_csv
from mtlearn.tasks import LabelTable


@pytest.fixture
def write(tmp_path):
    def write_table(text, encoding="utf-8"):
        path = tmp_path / "labels.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write_table


TABLE = "image,kind,split,size,group\na.jpg,hat,train,1,7\nb.jpg,,test,2.5,8\n"


def test_columns_become_tasks(write, tmp_path):
    table = read_label_csv(write(TABLE))
    assert table.task_names == ["kind", "size"]
    assert table.target.tolist() == [["hat", 1.0], [None, 2.5]]
    assert table.target.dtype == object
    assert table.ids == ["a.jpg", "b.jpg"]
    assert table.files == [str(tmp_path / "a.jpg"), str(tmp_path / "b.jpg")]
    assert table.rows == [2, 3]
    assert table.split == ["train", "test"]
    assert table.groups == ["7", "8"]
    assert table.numeric_columns == ["size"]


def test_root_is_where_the_files_lie(write, tmp_path):
    table = read_label_csv(write(TABLE), root=tmp_path / "images")
    assert table.files[0] == str(tmp_path / "images" / "a.jpg")


def test_split_and_groups_may_be_absent(write):
    table = read_label_csv(write("image,kind\na.jpg,hat\n"))
    assert table.split is None
    assert table.groups is None


def test_tasks_select_in_order_even_reserved_ones(write):
    table = read_label_csv(write(TABLE), tasks=["split", "kind"])
    assert table.task_names == ["split", "kind"]
    assert table.target.tolist() == [["train", "hat"], ["test", None]]
    assert read_label_csv(write(TABLE), tasks="size").task_names == ["size"]


@pytest.mark.parametrize("name", ["image", "File", "FILENAME", "path"])
def test_file_column_by_name(write, name):
    table = read_label_csv(write(f"kind,{name}\nhat,a.jpg\n"))
    assert table.ids == ["a.jpg"]
    assert table.task_names == ["kind"]


def test_file_column_is_the_first_without_a_name(write):
    assert read_label_csv(write("picture,kind\na.jpg,hat\n")).ids == ["a.jpg"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_dialects(write, delimiter, encoding, line_end):
    text = TABLE.replace(",", delimiter).replace("\n", line_end)
    table = read_label_csv(write(text.replace("hat", "Hüte"), encoding))
    assert table.target.tolist() == [["Hüte", 1.0], [None, 2.5]]


def test_line_numbers_count_blank_lines_and_quoted_breaks(write):
    text = '\nimage,kind\n\na.jpg,"two\nlines"\n,\nb.jpg,hat\n'
    table = read_label_csv(write(text))
    assert table.rows == [4, 7]
    assert table.target.ravel().tolist() == ["two\nlines", "hat"]


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["1", "2", ""], [1, 2, None]),
        (["1.0", "-2", "+3"], [1, -2, 3]),
        (["1", "2.5", " 1e3 "], [1.0, 2.5, 1000.0]),
        (["1", "x", "2.50"], ["1", "x", "2.50"]),
        (["1_0", "2_0", ""], ["1_0", "2_0", None]),
        (["9007199254740993", "9007199254740992"],) * 2,
        (["nan", "hat"], ["nan", "hat"]),
        (["nan", "inf"], ["nan", "inf"]),
        (["", ""], [None, None]),
    ],
)
def test_numbers_and_words(write, cells, values):
    rows = "".join(f"{i}.jpg,{cell}\n" for i, cell in enumerate(cells))
    column = read_label_csv(write("image,task\n" + rows)).target[:, 0].tolist()
    assert column == values
    assert [type(label) for label in column] == [type(value) for value in values]


@pytest.mark.parametrize("word", ["nan", "NA", "n/a", "inf", "?"])
def test_missing_marker_among_numbers_is_asked_about(write, word):
    path = write(f"image,size\na.jpg,1\nb.jpg,{word}\n")
    with pytest.raises(ValueError, match=r"line 3.*column 'size'.*missing="):
        read_label_csv(path)
    table = read_label_csv(path, missing=[word])
    assert table.target.ravel().tolist() == [1, None]


def test_missing_markers_hold_for_all_columns(write):
    table = read_label_csv(
        write("image,a,b,c\n1.jpg,-,x,red\n2.jpg,1,?,-\n"), missing=("-", "?"), tags="c"
    )
    assert table.target.tolist() == [[None, "x", "yes"], [1, None, None]]


@pytest.mark.parametrize(
    ("values", "numeric"),
    [(range(20), False), (range(21), True), ([0.5, 1.5], True), ("abc", False)],
)
def test_numeric_columns(write, values, numeric):
    rows = "".join(f"{i}.jpg,{value}\n" for i, value in enumerate(values))
    table = read_label_csv(write("image,size\n" + rows))
    assert table.numeric_columns == (["size"] if numeric else [])


def test_tags_become_binary_tasks(write):
    text = (
        'image;colours;kind\na.jpg;"red; blue";1\nb.jpg;none;2\n'
        'c.jpg;;3\nd.jpg;red;\ne.jpg;"none;";1\n'
    )
    table = read_label_csv(write(text), tags=("colours",))
    assert table.task_names == ["colours:blue", "colours:red", "kind"]
    assert table.target.tolist() == [
        ["yes", "yes", 1],
        ["no", "no", 2],
        [None, None, 3],
        ["no", "yes", None],
        ["no", "no", 1],
    ]


def test_tags_come_along_with_selected_tasks(write):
    path = write("image,colours,kind,size\na.jpg,red,hat,1\n")
    table = read_label_csv(path, tasks=["kind"], tags=["colours"])
    assert table.task_names == ["kind", "colours:red"]
    table = read_label_csv(path, tasks=["colours", "size"], tags=["colours"])
    assert table.task_names == ["colours:red", "size"]


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("", {}, "is empty"),
        ("\n\n", {}, "is empty"),
        ("image,kind\n", {}, "no rows"),
        ("image\na.jpg\n", {}, "no column of labels"),
        ("image,split\na.jpg,train\n", {}, "no column of labels"),
        ("image,kind\na.jpg\n", {}, "line 2: 1 cells, but the header has 2"),
        ("image,kind\na.jpg,x\nb.jpg,x,y\n", {}, "line 3: 3 cells"),
        ("image,kind\na.jpg,x\n\na.jpg,y\n", {}, "'a.jpg' .* line 2 and on line 4"),
        ("image,kind\n,x\n", {}, "line 2: the file name is empty"),
        ("image,,kind\na.jpg,1,x\n", {}, "column 2 has no name"),
        ("image,kind,kind\na.jpg,1,x\n", {}, "two columns are named 'kind'"),
        (TABLE, {"tasks": ["kind", "colour"]}, r"\['colour'\].*'kind', .*'size'"),
        (TABLE, {"tags": ["colour"]}, r"\['colour'\].*'kind', .*'size'"),
        (TABLE, {"tasks": ["image"]}, r"no columns \['image'\]"),
        ("image,tag\na.jpg,none\n", {"tags": ["tag"]}, "holds no tags"),
        ('image,kind\na.jpg,"x\n', {}, "line 2"),
        (f"image,kind\na.jpg,{'x' * 200_000}\n", {}, "line 2: field larger"),
        ("i,c:red,c\na.jpg,1,red\n", {"tags": ["c"]}, "two tasks .* 'c:red'"),
    ],
)
def test_errors_in_the_table(write, text, options, message):
    with pytest.raises(ValueError, match=f"labels.csv.*{message}"):
        read_label_csv(write(text), **options)


def test_other_encodings_are_named(write):
    text = "image,kind\na.jpg,hat\nb.jpg,Hüte\n"
    with pytest.raises(ValueError, match="line 3: not UTF-8"):
        read_label_csv(write(text, "latin-1"))
    with pytest.raises(ValueError, match="line 1: not UTF-8"):
        read_label_csv(write(text, "utf-16"))


def test_absent_table(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no such file: .*no.csv"):
        read_label_csv(tmp_path / "no.csv")
    with pytest.raises(FileNotFoundError, match="no such file"):
        read_label_csv(tmp_path)


@given(st.lists(st.none() | st.integers(-(10**6), 10**6) | st.floats(-1e6, 1e6)))
def test_written_numbers_are_read_back(numbers):
    cells = [None if number is None else repr(number) for number in numbers]
    lines = list(range(2, 2 + len(cells)))
    labels = cell_labels.numbers_or_strings("t.csv", "size", cells, lines)
    assert labels == numbers
    kinds = {type(label) for label in labels if label is not None}
    assert len(kinds) <= 1


@given(st.binary(max_size=200))
def test_any_bytes_give_a_table_or_a_value_error(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("csv") / "labels.csv"
    path.write_bytes(b"image,kind,tags\n" + content)
    table, message = None, ""
    try:
        table = read_label_csv(path, tags=["tags"])
    except ValueError as error:
        message = str(error)
    if table is None:
        assert str(path) in message
    else:
        assert table.target.shape == (len(table.files), len(table.task_names))


@pytest.fixture
def folders(tmp_path):
    for name in ("dog/2.PNG", "dog/old/1.jpg", "cat/a.jpeg", "cat/b.webp"):
        path = tmp_path / "pets" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path / "pets"


def test_folders_are_classes(folders):
    for name in ("cat/notes.txt", "cat/.hidden.jpg", "dog/.trash/3.jpg", "loose.jpg"):
        (folders / name).parent.mkdir(exist_ok=True)
        (folders / name).touch()
    (folders / ".git").mkdir()
    (folders / "dog" / "odd.jpg").mkdir()
    table = read_image_folders(str(folders))
    assert table.ids == ["cat/a.jpeg", "cat/b.webp", "dog/2.PNG", "dog/old/1.jpg"]
    assert table.target.tolist() == [["cat"], ["cat"], ["dog"], ["dog"]]
    assert table.task_names == ["label"]
    assert table.files == [str(folders / name) for name in table.ids]
    assert table.numeric_columns == []
    assert table.rows is table.split is table.groups is None


def test_both_readers_return_the_same_fields(folders, write):
    assert set(read_image_folders(folders)) == set(read_label_csv(write(TABLE)))


def test_folder_errors(tmp_path, folders):
    with pytest.raises(FileNotFoundError, match="no such folder"):
        read_image_folders(tmp_path / "no")
    with pytest.raises(ValueError, match="holds no folders"):
        read_image_folders(folders / "cat")
    (folders / "eel").mkdir()
    with pytest.raises(ValueError, match="eel holds no pictures"):
        read_image_folders(folders)


def test_target_is_what_the_estimators_read(write):
    table = read_label_csv(write(TABLE))
    labels = LabelTable(table.target)
    assert labels.n_tasks == 2
    np.testing.assert_array_equal(labels.column(0).observed, [True, False])
