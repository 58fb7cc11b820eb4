"""Compiled kernels; everything else is declared in pyproject.toml and setup.cfg."""

import sys
from pathlib import Path

from Cython.Distutils import Extension
from setuptools import setup

KERNELS = Path("mtlearn/_kernels")
HEADERS = [str(path) for ending in ("*.pxd", "*.h") for path in KERNELS.glob(ending)]
# sqrtf blocks vectorisation unless errno is given up. Never -ffast-math: linking
# with it flips the whole process to flush-to-zero. Fused multiply-adds would round
# otherwise than scikit-image where an equality decides.
FLAGS = ["-O3", "-fno-math-errno", "-ffp-contract=off"]
FLAGS = ["/O2"] if sys.platform == "win32" else FLAGS

setup(
    ext_modules=[
        Extension(
            f"mtlearn._kernels.{path.stem}",
            [str(path)],
            depends=HEADERS,
            include_dirs=[str(KERNELS)],
            libraries=[] if sys.platform == "win32" else ["m"],
            extra_compile_args=FLAGS,
            cython_directives={
                "language_level": 3,
                "boundscheck": False,
                "wraparound": False,
                "initializedcheck": False,
                "cdivision": True,
            },
        )
        for path in sorted(KERNELS.glob("*.pyx"))
    ]
)
