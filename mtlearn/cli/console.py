"""What a person at a terminal sees while a command runs."""

import contextlib
import sys
import time
import warnings


class UserError(Exception):
    """Input that cannot be used; its text is one line that says what and where."""


@contextlib.contextmanager
def user_errors(*kinds):
    """Turn errors about what the user brought into a :class:`UserError`."""
    try:
        yield
    except kinds as error:
        raise UserError(str(error)) from error


class Stages:
    """Prints each stage of a run with the time that it took."""

    def __init__(self):
        self.begin = time.perf_counter()

    @contextlib.contextmanager
    def stage(self, title):
        print(f"{title} ...", flush=True)
        begin = time.perf_counter()
        with _warnings_as_notes():
            yield
        print(f"{title}: {time.perf_counter() - begin:.1f} s", flush=True)

    def finish(self):
        print(f"In all: {time.perf_counter() - self.begin:.1f} s")


@contextlib.contextmanager
def _warnings_as_notes():
    """Print each warning once, as a line, after the stage: no fold repeats it."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for text in dict.fromkeys(str(warning.message) for warning in caught):
        note(text)


def note(text):
    """A remark beside the results."""
    print(f"note: {text}", file=sys.stderr, flush=True)
