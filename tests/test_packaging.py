"""What we ship: the sdist, the wheel, the layers and the declared minima."""

import re
import shutil
import site
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
KERNELS = "mtlearn/_kernels"
UNREACHABLE = re.compile(
    "NewConnectionError|NameResolutionError|ConnectTimeoutError|ReadTimeoutError"
    "|ProxyError|MaxRetryError|SSLError|Connection refused"
)
# Run from elsewhere: every module, compiled or not, must come out of the wheel.
IMPORT_EVERYTHING = """
import importlib, pathlib, pkgutil, sys
import mtlearn._kernels
prefix = pathlib.Path(sys.prefix).resolve()
for module in pkgutil.walk_packages(mtlearn.__path__, "mtlearn."):
    if module.name != "mtlearn.__main__":
        file = importlib.import_module(module.name).__file__
        assert prefix in pathlib.Path(file).resolve().parents, file
"""


def run(*command, cwd):
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )


def copy_tree(target):
    """Copy what git would commit, or without git all but what is built."""
    if (ROOT / ".git").exists() and shutil.which("git"):
        listed = run("git", "ls-files", "-coz", "--exclude-standard", cwd=ROOT)
        if listed.returncode == 0:
            for name in listed.stdout.split("\0"):
                if (ROOT / name).is_file():
                    (target / name).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(ROOT / name, target / name)
            return
    built = [".*", "build", "dist", "*.egg-info", "*.so", "*.pyd", "__pycache__"]
    shutil.copytree(
        ROOT, target, ignore=shutil.ignore_patterns(*built), dirs_exist_ok=True
    )


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    pytest.importorskip("build")
    target = tmp_path_factory.mktemp("source")
    copy_tree(target)
    return target


@pytest.fixture(scope="module")
def distributions(source):
    """The sdist, and the wheel that `python -m build` makes from it."""
    built = run(sys.executable, "-m", "build", cwd=source)
    if built.returncode:
        no_tools = re.search(r"No matching distribution|pip\._vendor", built.stdout)
        if no_tools and UNREACHABLE.search(built.stdout):
            pytest.skip("the package index is unreachable")
        pytest.fail(built.stdout[-5000:])
    (sdist,) = (source / "dist").glob("*.tar.gz")
    (wheel,) = (source / "dist").glob("*.whl")
    return sdist, wheel


def sources(root, *endings):
    return {
        path.relative_to(root).as_posix()
        for ending in endings
        for path in (root / KERNELS).glob("*" + ending)
    }


def test_sdist_holds_what_the_build_needs(source, distributions):
    with tarfile.open(distributions[0]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    needed = sources(source, ".pyx", ".pxd", ".h")
    needed |= {"LICENSE", "README.md", "pyproject.toml", "setup.py", "setup.cfg"}
    assert needed <= names
    assert "tests/test_packaging.py" in names


def test_wheel_holds_kernels_and_nothing_foreign(source, distributions):
    with zipfile.ZipFile(distributions[1]) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
    kernels = sources(source, ".pyx")
    assert kernels
    compiled = {
        re.sub(r"\.[^/]*(so|pyd)$", ".pyx", name)
        for name in names
        if name.endswith((".so", ".pyd"))
    }
    assert compiled == kernels
    code = re.compile(r"mtlearn/.*\.(py|pyx|pxd|h|so|pyd)")
    metadata = re.compile(r"scikit_mtlearn-[^/]*\.dist-info/.*")
    foreign = [n for n in names if not (code.fullmatch(n) or metadata.fullmatch(n))]
    assert not foreign
    assert any(name.endswith("/licenses/LICENSE") for name in names)


def test_wheel_works_where_the_sources_are_not(distributions, tmp_path):
    """Only mtlearn is installed in the new environment. Its dependencies are this
    environment's, appended to the end of the path (.pth files in there are not read,
    so an editable mtlearn stays invisible): the script checks whence each module came.
    """
    clean = tmp_path / "clean"
    venv.create(clean, symlinks=sys.platform != "win32")
    paths = {"base": str(clean), "platbase": str(clean)}
    purelib = Path(sysconfig.get_path("purelib", "venv", vars=paths))
    python = Path(sysconfig.get_path("scripts", "venv", vars=paths)) / "python"
    installed = run(
        *(sys.executable, "-m", "pip", "--python", clean, "install"),
        *("--no-deps", "--no-index", distributions[1]),
        cwd=tmp_path,
    )
    assert installed.returncode == 0, installed.stdout
    parents = [*site.getsitepackages(), site.getusersitepackages()]
    borrowed = [path for path in parents if path in sys.path]
    (purelib / "dependencies.pth").write_text("\n".join(borrowed), encoding="utf-8")
    imported = run(python, "-I", "-c", IMPORT_EVERYTHING, cwd=tmp_path)
    assert imported.returncode == 0, imported.stdout


def test_layers():
    pytest.importorskip("importlinter")
    command = shutil.which("lint-imports", path=sysconfig.get_path("scripts"))
    checked = run(command, "--no-cache", cwd=ROOT)
    assert checked.returncode == 0, checked.stdout


def test_oldest_constraints_are_the_declared_minima():
    constraints = ROOT / ".github" / "oldest.txt"
    if not constraints.exists():
        pytest.skip("not part of the sdist")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    named = ("cli", "dask", "onnx", "persist", "test")
    declared = project["dependencies"] + [r for name in named for r in extras[name]]
    minima = {
        re.sub(r"\[.*\]", "", requirement).replace(">=", "==")
        for requirement in declared
        if not requirement.startswith("scikit-mtlearn[")
    }
    lines = constraints.read_text("utf-8").splitlines()
    assert {line for line in lines if "==" in line} == minima
