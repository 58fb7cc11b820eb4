import gzip
import hashlib
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from mtlearn.datasets import fashion_mnist, load_fashion_mnist

IMAGES = np.arange(3 * 28 * 28).astype(np.uint8).reshape(3, 28, 28)
LABELS = np.array([9, 0, 4], np.uint8)


def idx(values):
    sizes = np.array(values.shape, ">u4").tobytes()
    return bytes([0, 0, 8, values.ndim]) + sizes + values.tobytes()


def write(home, prefix="train", images=IMAGES, labels=LABELS):
    folder = home / "fashion_mnist"
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for kind, values in (("images-idx3", images), ("labels-idx1", labels)):
        paths.append(folder / f"{prefix}-{kind}-ubyte.gz")
        paths[-1].write_bytes(gzip.compress(idx(values)))
    return paths


@pytest.mark.parametrize(("subset", "prefix"), [("train", "train"), ("test", "t10k")])
def test_reads_the_original_format(tmp_path, subset, prefix):
    write(tmp_path, prefix)
    bunch = load_fashion_mnist(subset=subset, data_home=tmp_path)
    np.testing.assert_array_equal(bunch.images, IMAGES)
    assert bunch.images.dtype == np.uint8
    assert bunch.images.flags.writeable
    np.testing.assert_array_equal(bunch.target, LABELS)
    assert bunch.target_names[bunch.target[0]] == "Ankle boot"
    X, y = load_fashion_mnist(subset=subset, data_home=tmp_path, return_X_y=True)
    np.testing.assert_array_equal(X, IMAGES)
    np.testing.assert_array_equal(y, LABELS)


def test_environment_then_scikit_learns_folder(tmp_path, monkeypatch):
    write(tmp_path / "variable")
    write(tmp_path / "sklearn", images=IMAGES[:2], labels=LABELS[:2])
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path / "sklearn"))
    monkeypatch.setenv("MTLEARN_DATA", str(tmp_path / "variable"))
    assert len(load_fashion_mnist().images) == 3
    monkeypatch.delenv("MTLEARN_DATA")
    assert len(load_fashion_mnist().images) == 2


def test_absent_file_says_where_to_get_it(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"train-images.*MTLEARN_DATA.*Zalando.*download=True"
    ):
        load_fashion_mnist(data_home=tmp_path)
    assert not list(tmp_path.iterdir())


def damaged(content):
    header, body = content[:16], content[16:]
    whole = gzip.compress(content)
    return {
        "no gzip": content,
        "empty": b"",
        "gzip cut": whole[: len(whole) // 2],
        "pixels cut": gzip.compress(content[:-1]),
        "pixels too many": gzip.compress(content + b"0"),
        "header only": gzip.compress(header),
        "header cut": gzip.compress(content[:10]),
        "floats": gzip.compress(bytes([0, 0, 13, 3]) + header[4:] + body),
        "labels instead": gzip.compress(idx(LABELS)),
        "gzip bytes changed": whole[:12] + bytes([255] * 9) + whole[21:],
    }


@pytest.mark.parametrize("kind", list(damaged(idx(IMAGES))))
def test_damaged_or_foreign_file(tmp_path, kind):
    images_path, _ = write(tmp_path)
    images_path.write_bytes(damaged(idx(IMAGES))[kind])
    with pytest.raises(ValueError, match=r"train-images-idx3-ubyte\.gz"):
        load_fashion_mnist(data_home=tmp_path)


def test_counts_must_agree(tmp_path):
    write(tmp_path, labels=LABELS[:2])
    with pytest.raises(ValueError, match=r"holds 3 pictures.*2 labels"):
        load_fashion_mnist(data_home=tmp_path)


def test_unknown_subset(tmp_path):
    with pytest.raises(ValueError, match="subset"):
        load_fashion_mnist(subset="validation", data_home=tmp_path)


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A local copy of the project's site; returns the folder that it serves."""

    class Silent(SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    site = tmp_path / "site" / "fashion_mnist"
    checksums = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in write(tmp_path / "site")
    }
    monkeypatch.setattr(fashion_mnist, "SHA256", checksums)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=site)) as http:
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{http.server_port}/"
        monkeypatch.setattr(fashion_mnist, "BASE_URLS", [url])
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        yield site
        http.shutdown()
        thread.join()


def test_download_keeps_the_files(tmp_path, server):
    home = tmp_path / "home"
    bunch = load_fashion_mnist(data_home=home, download=True)
    np.testing.assert_array_equal(bunch.images, IMAGES)
    names = sorted(path.name for path in (home / "fashion_mnist").iterdir())
    assert names == sorted(path.name for path in server.iterdir())
    for path in server.iterdir():
        path.unlink()  # a second download would fail
    again = load_fashion_mnist(data_home=home, download=True)
    np.testing.assert_array_equal(again.target, LABELS)


def test_nothing_is_fetched_unasked(tmp_path, server):
    with pytest.raises(FileNotFoundError):
        load_fashion_mnist(data_home=tmp_path / "home")


@pytest.mark.parametrize("change", [b"more", None])
def test_wrong_checksum_leaves_nothing_behind(tmp_path, server, change):
    path = server / "train-images-idx3-ubyte.gz"
    content = path.read_bytes()
    path.write_bytes(content + change if change else content[:-5])
    with pytest.raises(ValueError, match=r"wrong SHA-256.*instead of"):
        load_fashion_mnist(data_home=tmp_path / "home", download=True)
    assert list((tmp_path / "home" / "fashion_mnist").iterdir()) == []


def test_next_address_is_tried(tmp_path, server, monkeypatch):
    absent = (tmp_path / "absent").as_uri()
    urls = [absent, *fashion_mnist.BASE_URLS]
    monkeypatch.setattr(fashion_mnist, "BASE_URLS", urls)
    bunch = load_fashion_mnist(data_home=tmp_path / "home", download=True)
    np.testing.assert_array_equal(bunch.images, IMAGES)


def test_no_answer(tmp_path, server):
    (server / "train-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(ConnectionError, match=r"train-labels.*404"):
        load_fashion_mnist(data_home=tmp_path / "home", download=True)
    left = [path.name for path in (tmp_path / "home" / "fashion_mnist").iterdir()]
    assert left == ["train-images-idx3-ubyte.gz"]


def test_real_set(data_home):
    home = data_home("fashion_mnist")
    for name, checksum in fashion_mnist.SHA256.items():
        content = (home / "fashion_mnist" / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == checksum
    train = load_fashion_mnist(data_home=home)
    test = load_fashion_mnist(subset="test", data_home=home)
    assert train.images.shape == (60000, 28, 28)
    assert test.images.shape == (10000, 28, 28)
    assert np.bincount(train.target).tolist() == [6000] * 10
    assert np.bincount(test.target).tolist() == [1000] * 10
