"""Writing and reading of model files."""

import hashlib
import io
import json
import os
import tempfile
import warnings
import zipfile
from pathlib import Path

import numpy as np
import sklearn

from .._version import __version__
from ..exceptions import ModelFileError, ModelVersionWarning
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
    write_in_one_step(path, dumps(model))


def dumps(model):
    """The same as bytes."""
    sio = _skops()
    try:
        data = sio.dumps(model, compression=zipfile.ZIP_DEFLATED, compresslevel=1)
    except Exception as error:
        raise ModelFileError(f"{_name(model)} cannot be saved: {error}") from error
    _refuse_untrusted(sio, data, f"{_name(model)} cannot be saved: it")
    buffer = io.BytesIO(data)
    with zipfile.ZipFile(buffer, "a") as archive:
        record = {
            "format": FORMAT,
            "versions": _versions(),
            "sha256": _digests(archive),
        }
        archive.writestr(RECORD, json.dumps(record, indent=1))
    return buffer.getvalue()


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
    with open(path, "rb") as file:
        return loads(file.read(), max_bytes=max_bytes, name=os.fspath(path))


def loads(data, *, max_bytes=MAX_BYTES, name="the data"):
    """The same from bytes."""
    sio = _skops()
    record = _read_record(data, max_bytes, name)
    try:
        _refuse_untrusted(sio, data, f"{name} is refused: it")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of skops about its own protocol
            model = sio.loads(data, trusted=trusted_names())
        check_state(model)
    except ModelFileError:
        raise
    except Exception as error:
        raise ModelFileError(
            f"{name} is no model that can be used: {_describe(error)}"
        ) from error
    _compare_versions(record["versions"], name)
    return model


def write_in_one_step(path, data):
    """Bytes to a file that is there whole or not at all."""
    path = Path(path)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _read_record(data, max_bytes, name):
    """Versions, once sizes and checksums are known to be right."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_sizes(archive, max_bytes, name)
            if RECORD not in archive.namelist():
                raise ModelFileError(
                    f"{name} was not written by mtlearn.persistence.dump"
                )
            record = json.loads(archive.read(RECORD))
            if record["format"] != FORMAT:
                raise ModelFileError(
                    f"{name} has the format {record['format']!r}; this version of "
                    f"mtlearn reads {FORMAT!r}"
                )
            if _digests(archive) != record["sha256"]:
                raise ModelFileError(f"{name} is damaged: a checksum is wrong")
            dict(record["versions"])
    except ModelFileError:
        raise
    except Exception as error:
        raise ModelFileError(
            f"{name} is no model file, or is damaged: {_describe(error)}"
        ) from error
    return record


def _check_sizes(archive, max_bytes, name):
    members = archive.infolist()
    if len({member.filename for member in members}) < len(members):
        raise ModelFileError(f"{name} has two members of one name")
    total = sum(member.file_size for member in members)
    if total > max_bytes:
        raise ModelFileError(
            f"{name} unpacks to {total} bytes, more than max_bytes={max_bytes}"
        )


def _digests(archive):
    """Checksum of each member but the record."""
    return {
        name: hashlib.sha256(archive.read(name)).hexdigest()
        for name in sorted(archive.namelist())
        if name != RECORD
    }


def _refuse_untrusted(sio, data, subject):
    unknown = sorted(set(sio.get_untrusted_types(data=data)) - set(trusted_names()))
    if unknown:
        raise ModelFileError(
            f"{subject} holds {', '.join(unknown)}, which model files may not: only "
            "classes of mtlearn and scikit-learn that are known beforehand"
        )


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
        warnings.warn(
            f"{name} was written by {', '.join(other)}: its answers may differ; save "
            "it anew to keep them",
            ModelVersionWarning,
            stacklevel=4,
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
