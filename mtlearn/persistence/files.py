"""Writing and reading of model files."""

import hashlib
import io
import json
import os
import sys
import tempfile
import warnings
import zipfile
from numbers import Integral
from pathlib import Path

import numpy as np
import sklearn

from .._version import __version__
from ..exceptions import ModelFileError, ModelVersionWarning
from ..validation import check_number, warn_user
from .numbering import number_parts
from .schema import refuse_untrusted
from .state import check_state
from .trusted import trusted_names

FORMAT = "mtlearn model 1"
RECORD = "mtlearn.json"
MAX_BYTES = 4 * 2**30


def dump(model, path):
    """Save a fitted model, or a pipeline or search that holds one, without pickle.

    The file is a zip of plain arrays and a description (skops), a checksum of each, and
    the versions of mtlearn, scikit-learn and NumPy. It is written beside ``path`` and
    put in its place in one step: a crash leaves the old file.

    Parameters
    ----------
    model : estimator
        Of mtlearn, or of scikit-learn with estimators of mtlearn inside.
    path : str or path-like

    Raises
    ------
    ModelFileError
        If the model holds what :func:`load` would refuse, such as a function of the
        user's own; nothing is written then.
    ImportError
        Without skops, with the way to get it.

    Examples
    --------
    >>> import os, tempfile
    >>> import numpy as np
    >>> from mtlearn.persistence import dump, load
    >>> from mtlearn.svm import MultiTaskLinearSVC
    >>> X, Y = np.eye(4), [[0, 1], [1, 0], [0, 0], [1, 1]]
    >>> path = os.path.join(tempfile.mkdtemp(), "model.mtl")
    >>> dump(MultiTaskLinearSVC().fit(X, Y), path)
    >>> load(path).predict(X).tolist()
    [[0, 1], [1, 0], [0, 0], [1, 1]]
    """
    content = dumps(model)
    write_in_one_step(path, lambda file: file.write(content))


def dumps(model):
    """The same as bytes."""
    data = packed(model)
    # What could not be loaded must not be written.
    loads(data, max_bytes=sys.maxsize, name=_name(model))
    return data


def packed(model):
    """The bytes of a file, which have not been tried yet."""
    sio = _skops()
    try:
        data = sio.dumps(model)
    except Exception as error:
        raise ModelFileError(f"{_name(model)} cannot be saved: {error}") from error
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    refuse_untrusted(members, f"{_name(model)} cannot be saved: it")
    members = number_parts(members)
    record = {
        "format": FORMAT,
        "versions": _versions(),
        "sha256": _digests(members),
    }
    members[RECORD] = json.dumps(record, indent=1).encode()
    return _zipped(members, zipfile.ZIP_DEFLATED)


def load(path, *, max_bytes=MAX_BYTES):
    """Load a model that :func:`dump` has saved; nothing in the file is executed.

    Only classes of an explicit list are made, the checksums must be right, and the
    model checks itself before anything compiled sees its arrays.

    Parameters
    ----------
    path : str or path-like
    max_bytes : int, default=4 GiB
        Most that the file may be when it is unpacked.

    Returns
    -------
    model

    Raises
    ------
    ModelFileError
        If the file is no model, is damaged, is larger than ``max_bytes``, names
        classes that are not trusted (all of them are listed), or if the arrays do not
        make a model.
    FileNotFoundError

    Warns
    -----
    ModelVersionWarning
        If the file was written by another version of mtlearn, scikit-learn or NumPy.
    """
    check_number(max_bytes, "max_bytes", 1, kind=Integral)
    with open(path, "rb") as file:
        content = file.read(max_bytes + 1)
    return loads(content, max_bytes=max_bytes, name=os.fspath(path))


def loads(data, *, max_bytes=MAX_BYTES, name="the data"):
    """The same from bytes."""
    check_number(max_bytes, "max_bytes", 1, kind=Integral)
    if not isinstance(data, bytes | bytearray | memoryview):
        raise TypeError(f"loads takes bytes, not {type(data).__name__}")
    sio = _skops()
    record, members = _unpacked(bytes(data), max_bytes, name)
    try:
        refuse_untrusted(members, f"{name} is refused: it")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of skops about its own protocol
            model = sio.loads(_zipped(members), trusted=trusted_names())
        check_state(model)
    except ModelFileError:
        raise
    except Exception as error:
        raise ModelFileError(
            f"{name} is no model that can be used: {_describe(error)}"
        ) from error
    _compare_versions(record["versions"], name)
    return model


def write_in_one_step(path, save):
    """Let ``save(file)`` write a file that is there whole or not at all.

    A link stays one, and an existing file keeps its permissions.
    """
    path = Path(os.path.realpath(path))
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {path.parent}")
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".mtlearn-")
    try:
        with os.fdopen(handle, "wb") as file:
            save(file)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, _mode(path))
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _mode(path):
    if path.exists():
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _unpacked(data, max_bytes, name):
    """The record, and the members, once all of them are known to be whole.

    What is checked is what is used: every member is read once.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = _read_members(archive, max_bytes, name)
        if RECORD not in members:
            raise ModelFileError(f"{name} was not written by mtlearn.persistence.dump")
        record = json.loads(members.pop(RECORD))
        if record["format"] != FORMAT:
            raise ModelFileError(
                f"{name} has the format {record['format']!r}; this version of "
                f"mtlearn reads {FORMAT!r}"
            )
        if _digests(members) != record["sha256"]:
            raise ModelFileError(f"{name} is damaged: a checksum is wrong")
        record["versions"] = dict(record["versions"])
    except ModelFileError:
        raise
    except Exception as error:
        raise ModelFileError(
            f"{name} is no model file, or is damaged: {_describe(error)}"
        ) from error
    return record, members


def _read_members(archive, max_bytes, name):
    infos = archive.infolist()
    if len({info.filename for info in infos}) < len(infos):
        raise ModelFileError(f"{name} has two members of one name")
    left, members = max_bytes, {}
    for info in infos:
        left -= _check_size(info, left, max_bytes, name)
        with archive.open(info) as file:
            content = file.read(info.file_size)  # more is not unpacked
        if zipfile.is_zipfile(io.BytesIO(content)):  # sparse matrices
            with zipfile.ZipFile(io.BytesIO(content)) as inner:
                for part in inner.infolist():
                    left -= _check_size(part, left, max_bytes, name)
        members[info.filename] = content
    return members


def _check_size(info, left, max_bytes, name):
    """Bytes that a member has unpacked."""
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ModelFileError(f"{name} is packed in a way that dump does not use")
    if info.file_size > left:
        raise ModelFileError(f"{name} unpacks to more than max_bytes={max_bytes}")
    return info.file_size


def _zipped(members, compression=zipfile.ZIP_STORED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)  # of no date
            archive.writestr(info, content, compression, compresslevel=1)
    return buffer.getvalue()


def _digests(members):
    """Checksum of each member but the record."""
    return {
        name: hashlib.sha256(content).hexdigest()
        for name, content in sorted(members.items())
        if name != RECORD
    }


def _versions():
    return {
        "mtlearn": __version__,
        "scikit-learn": sklearn.__version__,
        "numpy": np.__version__,
    }


def _compare_versions(written, name):
    here = _versions()
    other = [
        f"{package} {written.get(package)} (here {version})"
        for package, version in here.items()
        if written.get(package) != version
    ]
    if other:
        warn_user(
            f"{name} was written by {', '.join(other)}: its answers may differ; save "
            "it anew to keep them",
            ModelVersionWarning,
        )


def _describe(error):
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0][:200]}" if text else type(error).__name__


def _name(model):
    return type(model).__name__


def _skops():
    try:
        import skops.io
    except ImportError as error:
        raise ImportError(
            "model files need skops: pip install 'scikit-mtlearn[persist]'"
        ) from error
    return skops.io
