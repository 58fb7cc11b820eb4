"""What a run leaves on disk; a file is there whole or not at all."""

import tempfile
from pathlib import Path

from ..exceptions import ModelFileError
from ..persistence import dumps, load
from ..persistence.files import write_in_one_step
from ..validation import check_is_fitted
from .console import UserError, user_errors

FORMAT = "python -m mtlearn train 1"


def check_folder(path):
    """Refuse an output folder that cannot be written, before the work is done."""
    path = Path(path)
    existing = next(p for p in [path, *path.absolute().parents] if p.exists())
    if not existing.is_dir():
        raise UserError(f"--out {path}: {existing} is a file, not a folder")
    try:
        tempfile.TemporaryFile(dir=existing).close()
    except OSError as error:
        raise UserError(f"--out {path}: cannot write in {existing}: {error}") from error
    return path


def write(path, save):
    """Let ``save(file)`` write a new file, then put it in place in one step."""
    path = Path(path)
    with user_errors(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_in_one_step(path, save)
    return path


def save_model(path, pipeline, data):
    """Write a fitted pipeline with what it takes to read pictures for it.

    Raises ImportError without skops.
    """
    height, width = data.images.shape[1:3]
    model = {
        "format": FORMAT,
        "pipeline": pipeline,
        "size": (width, height),
        "mode": "RGB" if data.images.ndim == 4 else "L",
        "task_names": list(data.task_names),
    }
    content = dumps(model)
    return write(path, lambda file: file.write(content))


def load_model(path):
    """Read a file of :func:`save_model`; nothing in it is executed."""
    if not Path(path).is_file():
        raise UserError(f"no such model file: {path}")
    try:
        model = load(path)
    except (ModelFileError, ImportError) as error:
        raise UserError(str(error)) from error
    if not isinstance(model, dict) or model.get("format") != FORMAT:
        raise UserError(f"{path} is no model of 'python -m mtlearn train'")
    check_is_fitted(model["pipeline"])
    return model
