"""Histograms of oriented gradients, slow and obvious: the oracle of the kernel."""

import numpy as np

EPS = 1e-5


def hog(image, orientations, cell, block, norm):
    """Features of one image (h, w) or (h, w, 3), in float64."""
    y, x = gradient(np.asarray(image, dtype=float))
    cells = cell_histograms(y, x, orientations, cell)
    down = cells.shape[0] - block[0] + 1
    across = cells.shape[1] - block[1] + 1
    features = [
        normalised(cells[r : r + block[0], c : c + block[1]].ravel(), norm)
        for r in range(down)
        for c in range(across)
    ]
    return np.concatenate(features)


def gradient(image):
    """Centred differences (gy, gx), zero on the border; strongest channel first."""
    y, x = np.zeros_like(image), np.zeros_like(image)
    y[1:-1] = image[2:] - image[:-2]
    x[:, 1:-1] = image[:, 2:] - image[:, :-2]
    if image.ndim == 2:
        return y, x
    strongest = np.argmax(x**2 + y**2, axis=2)[..., np.newaxis]
    y, x = (np.take_along_axis(g, strongest, axis=2) for g in (y, x))
    return y[..., 0], x[..., 0]


def cell_histograms(y, x, orientations, cell):
    """Mean vote per cell and bin, (cells down, cells across, orientations)."""
    magnitude = np.hypot(x, y)
    angle = np.rad2deg(np.arctan2(y, x)) % 180
    histograms = np.zeros((len(y) // cell[0], y.shape[1] // cell[1], orientations))
    for r, c, o in np.ndindex(histograms.shape):
        here = np.s_[r * cell[0] : (r + 1) * cell[0], c * cell[1] : (c + 1) * cell[1]]
        low, high = 180 / orientations * o, 180 / orientations * (o + 1)
        votes = (angle[here] >= low) & (angle[here] < high)
        histograms[r, c, o] = magnitude[here][votes].sum() / (cell[0] * cell[1])
    return histograms


def normalised(v, norm):
    """One block divided by its norm."""
    if norm == "L1":
        return v / (v.sum() + EPS)
    if norm == "L1-sqrt":
        return np.sqrt(v / (v.sum() + EPS))
    v = v / np.sqrt((v**2).sum() + EPS**2)
    if norm == "L2":
        return v
    v = np.minimum(v, 0.2)
    return v / np.sqrt((v**2).sum() + EPS**2)
