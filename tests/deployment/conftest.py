"""Rows for tests of more than one file."""

import numpy as np
import pytest


@pytest.fixture(scope="package")
def data():
    """Return X (200, 6) and three tasks of two classes."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 6))
    Z = X @ rng.normal(size=(6, 3)) + 0.5 * rng.normal(size=(200, 3))
    return X, (Z > 0).astype(int)
