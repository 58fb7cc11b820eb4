"""The three commands, each a list of stages."""

import csv
import sys

from ..image import ImageReadError, read_images
from . import data as data_module
from .console import Stages, UserError, note
from .experiment import (
    check_features,
    pipelines,
    score,
    tune_independent,
    tune_multi_task,
)
from .figure import draw_report
from .files import check_folder, load_model, save_model, write
from .table import as_csv, as_text


def run_demo(arguments):
    """Tune on composed digits, most labels of two tasks hidden."""
    print(
        "Two handwritten digits on a texture, six tasks at once. 97 % of the labels of "
        "left_parity and left_above_4 are hidden: can the other tasks help them?"
    )
    _run(arguments, lambda: data_module.demo_data())


def run_train(arguments):
    """Tune on the user's pictures."""
    _run(arguments, lambda: data_module.read_data(arguments))


def _run(arguments, read):
    out = check_folder(arguments.out)
    stages = Stages()
    with stages.stage("Reading pictures and labels"):
        data = read()
        stages.task_names = data.task_names
        features = getattr(arguments, "features", None)
        check_features(data.images, features)
        print(data_module.describe(data))
    with pipelines(data.images.shape[1:], features) as pipeline:
        options = data, arguments.metric, pipeline, arguments.jobs
        with stages.stage("Tuning one model for all tasks"):
            search = tune_multi_task(*options)
        best = search.best_params_.items()
        print("best:", ", ".join(f"{k.removeprefix('svm__')}={v}" for k, v in best))
        with stages.stage("Tuning one model per task, as many settings"):
            rival = tune_independent(*options)
    with stages.stage("Scoring both on the held-out pictures"):
        result = score(data, arguments.metric, search, rival)
        table = as_text(data, result)
    print(f"\n{table}\n")
    with stages.stage("Writing"):
        written = _write(out, data, result)
    print("wrote", ", ".join(str(path) for path in written))
    stages.finish()


def _write(out, data, result):
    figure = draw_report(data, result)
    written = [
        write(out / "scores.csv", lambda f: f.write(as_csv(data, result).encode())),
    ]
    try:
        model = result.search.best_estimator_
        written.append(save_model(out / "model.mtl", model, data))
    except ImportError as error:
        note(f"no model.mtl: {error}")
    if figure is None:
        note("no report.png: it needs matplotlib (pip install 'scikit-mtlearn[cli]')")
        return written
    save = {"format": "png", "dpi": 110, "facecolor": "white"}
    return [write(out / "report.png", lambda f: figure.savefig(f, **save)), *written]


def run_predict(arguments):
    """Print predictions as CSV, one line per picture."""
    model = load_model(arguments.model)
    try:
        images, kept, failures = read_images(
            arguments.images,
            model["size"],
            model["mode"],
            n_jobs=-1,
            on_error="skip",
        )
    except ImageReadError as error:
        images, kept, failures = None, [], error.failures
    problems = [f"{path}: {reason}" for _, path, reason in failures]
    if problems and (images is None or not arguments.skip_bad):
        raise UserError("\n".join(problems))
    for problem in problems:
        note(f"skipped: {problem}")
    predictions = model["pipeline"].predict(images)
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["file", *model["task_names"]])
    for i, row in zip(kept, predictions):
        writer.writerow([arguments.images[i], *row])
