"""Fixtures for tests of more than one package."""

import os
from pathlib import Path

import pytest


@pytest.fixture
def data_home():
    """Return a function: name of a data set -> data home that holds it, or skip."""
    home = Path(os.environ.get("MTLEARN_DATA", "no MTLEARN_DATA"))

    def find(name):
        if not (home / name).is_dir():
            pytest.skip(f"needs the data set {name} in the folder MTLEARN_DATA")
        return home

    return find
