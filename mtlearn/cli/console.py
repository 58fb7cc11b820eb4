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
        self.task_names = []
        self._noted = set()

    @contextlib.contextmanager
    def stage(self, title):
        print(f"{title} ...", flush=True)
        begin = time.perf_counter()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield
        for warning in caught:
            self._note_once(str(warning.message))
        print(f"{title}: {time.perf_counter() - begin:.1f} s", flush=True)

    def finish(self):
        print(f"In all: {time.perf_counter() - self.begin:.1f} s")

    def _note_once(self, text):
        """A warning as one line, with the table's names for arrays' columns."""
        for t in reversed(range(len(self.task_names))):
            text = text.replace(f"task{t}", self.task_names[t])
        if text not in self._noted:
            self._noted.add(text)
            note(text)


def note(text):
    """A remark beside the results."""
    print(f"note: {text}", file=sys.stderr, flush=True)
