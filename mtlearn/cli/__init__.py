"""The command line: from pictures and labels to a tuned multi-task model.

Reading order: :mod:`data <mtlearn.cli.data>` reads pictures and labels,
:mod:`experiment <mtlearn.cli.experiment>` tunes a multi-task model and its independent
rival, :mod:`table <mtlearn.cli.table>` and :mod:`figure <mtlearn.cli.figure>` show
them side by side, :mod:`files <mtlearn.cli.files>` writes what is kept.
"""

import argparse
import os
import sys

from .._version import __version__
from ..metrics import METRICS
from .commands import run_demo, run_predict, run_train
from .console import UserError
from .features import FEATURES

__all__ = ["main"]


def main(argv=None):
    """Run a command.

    Returns
    -------
    int
        Exit status: 0, 2 for input that cannot be used, 130 when interrupted.
    """
    arguments = _parser().parse_args(argv)
    try:
        arguments.run(arguments)
    except UserError as error:
        print(f"mtlearn: error: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # Whoever read the output has seen enough; do not complain on the way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        print("mtlearn: interrupted; nothing was written", file=sys.stderr)
        return 130
    return 0


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m mtlearn",
        description="One model for several labels per picture. Without a command: a "
        "demonstration on handwritten digits that come with scikit-learn.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    _add_output(parser, out="mtlearn-report", metric="average_precision", jobs=-1)
    parser.set_defaults(run=run_demo)
    commands = parser.add_subparsers(title="commands", metavar="{train,predict}")
    _add_train(commands)
    _add_predict(commands)
    return parser


def _add_output(parser, **defaults):
    """Options of every run; ``defaults`` only once, or a command would undo them."""

    def default(name):
        return defaults.get(name, argparse.SUPPRESS)

    parser.add_argument(
        "--out",
        metavar="DIR",
        default=default("out"),
        help="folder for the report, the scores and the model "
        "(default: mtlearn-report)",
    )
    # The machines of the command line have scores, no probabilities.
    names = [
        name
        for name, metric in METRICS.items()
        if metric.kind == "labels"
        and metric.responses != ("predict_proba",)
        and getattr(metric.of_columns, "kind", "labels") == "labels"
    ]
    parser.add_argument(
        "--metric",
        choices=sorted(names),
        default=default("metric"),
        help="what the search maximises, averaged over tasks "
        "(default: average_precision)",
    )
    parser.add_argument(
        "--jobs",
        type=_jobs,
        metavar="N",
        default=default("jobs"),
        help="processes for the search (default: one per core)",
    )


def _add_train(commands):
    parser = commands.add_parser(
        "train",
        help="train on your own pictures",
        description="Tune a multi-task model on a table of pictures and labels, and "
        "compare it with one model per task on rows that neither has seen.",
    )
    parser.add_argument(
        "labels",
        metavar="LABELS",
        help="CSV with a column of file names and one column per task, empty cell = "
        "missing label; or a folder with one folder of pictures per class",
    )
    parser.add_argument(
        "--images", metavar="DIR", help="where the files are (default: beside the CSV)"
    )
    parser.add_argument(
        "--tasks", metavar="A,B,C", type=_names, help="columns to learn (default: all)"
    )
    parser.add_argument(
        "--tags",
        metavar="COLUMN",
        type=_names,
        default=(),
        help="columns with cells like 'red;striped': one yes/no task per tag",
    )
    parser.add_argument(
        "--missing",
        metavar="WORDS",
        type=_names,
        default=(),
        help="cells that mean a missing label, such as '?,NA'",
    )
    parser.add_argument(
        "--size",
        metavar="WxH",
        type=_size,
        help="crop and resize the pictures, such as 96x144",
    )
    parser.add_argument(
        "--features",
        metavar="A,B,C",
        type=_features,
        help=f"what pictures are turned into: {', '.join(FEATURES)} "
        "(default: hog, and in colour thumbnail)",
    )
    parser.add_argument(
        "--skip-bad",
        action="store_true",
        help="leave out pictures and tasks that cannot be used, and list them",
    )
    _add_output(parser)
    parser.set_defaults(run=run_train)


def _add_predict(commands):
    parser = commands.add_parser(
        "predict",
        help="label pictures with a trained model",
        description="Print the predictions for some pictures as CSV.",
    )
    parser.add_argument("model", metavar="MODEL", help="model.mtl of a training")
    parser.add_argument("images", metavar="IMAGE", nargs="+")
    parser.add_argument(
        "--skip-bad",
        action="store_true",
        help="leave out pictures that cannot be read, and list them",
    )
    parser.set_defaults(run=run_predict)


def _names(text):
    return [name.strip() for name in text.split(",") if name.strip()]


def _features(text):
    names = _names(text)
    unknown = [name for name in names if name not in FEATURES]
    if unknown or not names:
        raise argparse.ArgumentTypeError(
            f"{text!r} names no features; there are {', '.join(FEATURES)}"
        )
    return list(dict.fromkeys(names))


def _jobs(text):
    if not text.lstrip("-").isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of processes")
    return int(text)


def _size(text):
    width, _, height = text.lower().partition("x")
    sides = [int(side) for side in (width, height) if side.isdigit()]
    if len(sides) < 2 or not all(4 <= side <= 2000 for side in sides):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no size; write width x height in pixels, such as 96x144, "
            "from 4 to 2000 each"
        )
    return int(width), int(height)
