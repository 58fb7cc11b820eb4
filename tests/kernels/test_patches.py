"""Triangle codes against their formula."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtlearn._kernels import add_triangles


def arrays(n_patches, n_centres, n_cells, seed=0):
    rng = np.random.default_rng(seed)
    patches = rng.normal(size=(n_patches, 5)).astype(np.float32)
    centres = rng.normal(size=(n_centres, 5)).astype(np.float32)
    return {
        "products": patches @ centres.T,
        "squares": (patches**2).sum(axis=1),
        "centre_squares": (centres**2).sum(axis=1),
        "cell_of": rng.integers(0, n_cells, n_patches),
        "codes": rng.random((n_cells, n_centres), dtype=np.float32),
    }, np.linalg.norm(patches[:, None] - centres, axis=2)


@settings(deadline=None)
@given(
    n_patches=st.integers(0, 40),
    n_centres=st.integers(1, 70),
    n_cells=st.integers(1, 5),
)
def test_the_formula(n_patches, n_centres, n_cells):
    given, distance = arrays(n_patches, n_centres, n_cells)
    nearer = np.maximum(distance.mean(axis=1, keepdims=True) - distance, 0)
    expected = given["codes"].copy()
    np.add.at(expected, given["cell_of"], nearer)
    add_triangles(**given)
    np.testing.assert_allclose(given["codes"], expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "wrong", "message"),
    [
        ("squares", np.zeros(3, dtype=np.float32), "a square and a cell"),
        ("cell_of", np.zeros(3, dtype=np.intp), "a square and a cell"),
        ("centre_squares", np.zeros(3, dtype=np.float32), "a square and a code"),
        ("codes", np.zeros((2, 3), dtype=np.float32), "a square and a code"),
        ("cell_of", np.full(4, 2), "must be rows of codes"),
        ("cell_of", np.full(4, -1), "must be rows of codes"),
    ],
)
def test_arrays_that_do_not_fit(name, wrong, message):
    given, _ = arrays(4, 6, 2)
    with pytest.raises(ValueError, match=message):
        add_triangles(**{**given, name: wrong})
