"""Every example in a docstring, the README or a chapter runs.

In the chapters that is every block marked ``python``; those marked ``py`` need files of
the reader's own.
"""

import doctest
import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import mtlearn

ROOT = Path(__file__).resolve().parents[1]
MODULES = [
    module.name
    for module in pkgutil.walk_packages(mtlearn.__path__, "mtlearn.")
    if not module.name.endswith("__main__")
]
CHAPTERS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("name", MODULES)
def test_docstrings(name):
    result = doctest.testmod(importlib.import_module(name))
    assert result.failed == 0


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.name)
def test_chapters(path, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    text, names = path.read_text(encoding="utf-8"), {}
    for block in re.findall(
        r"```python\n(.*?)```\n(?:```\n(.*?)```)?", text, re.DOTALL
    ):
        code, shown = block
        if ">>>" in code:
            example = doctest.DocTestParser().get_doctest(
                code, names, path.name, None, 0
            )
            assert doctest.DocTestRunner().run(example, clear_globs=False).failed == 0
            names.update(example.globs)
            continue
        capsys.readouterr()
        exec(compile(code, path.name, "exec"), names)
        printed = capsys.readouterr().out
        # What the page says it prints, it prints.
        assert not shown or printed.split() == shown.split()


def test_links_lead_somewhere():
    for path in CHAPTERS:
        for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name}: {target}"
