"""Looking at what features and augmentation make of images."""

import numpy as np
from sklearn.base import clone

from ..drawing import final_axes, new_axes
from .hog import HOG

__all__ = ["ContactSheet", "HOGDisplay", "PatchesDisplay"]


def _show(ax, image, white=255):
    """An image, bytes or shares; grey without colours."""
    shown = np.clip(np.asarray(image, dtype=float) / white, 0, 1)
    ax.imshow(shown, cmap="gray" if shown.ndim == 2 else None, vmin=0, vmax=1)
    ax.set_axis_off()


class HOGDisplay:
    """An image with the edges that its gradient histograms hold.

    In every cell a stroke per orientation lies along the edge, across the gradient, as
    strong as its votes.

    Parameters
    ----------
    image : ndarray (height, width[, 3])
    cells : ndarray (rows, columns, orientations)
        Votes of each cell.
    white : float, default=255

    Attributes
    ----------
    ax_, figure_ : what :meth:`plot` has drawn on

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.image import HOGDisplay
    >>> image = np.zeros((32, 32), dtype=np.uint8)
    >>> image[16:] = 200
    >>> display = HOGDisplay.from_image(image)
    >>> display.cells.shape
    (4, 4, 9)
    """

    def __init__(self, image, cells, *, white=255):
        self.image = image
        self.cells = cells
        self.white = white

    @classmethod
    def from_image(cls, image, hog=None, *, white=255, ax=None, draw=True):
        """Draw one image.

        Parameters
        ----------
        image : ndarray (height, width[, 3])
        hog : HOG, default=None
            Its orientations and (first) cells; None is HOG as it is.
        white : float, default=255
            Value of the brightest pixels.
        ax : matplotlib Axes, optional
        draw : bool, default=True

        Returns
        -------
        HOGDisplay
        """
        hog = HOG() if hog is None else hog
        cell = hog._cells()[0]
        plain = clone(hog).set_params(
            cells_per_block=1, block_norm="L1", pixels_per_cell=cell
        )
        image = np.asarray(image)
        # Blocks of one cell, which as they are would all have the same norm.
        shares = plain.fit_transform(image[None])
        shape = plain._feature_shape(image.shape)
        cells = shares.reshape(shape[0], shape[1], -1) * _strength(image, shape, cell)
        display = cls(image, cells, white=white)
        return display.plot(ax) if draw else display

    def plot(self, ax=None):
        """Draw; returns self."""
        from matplotlib.collections import LineCollection

        ax = new_axes(ax)
        dimmed = 0.4 * np.clip(np.asarray(self.image, dtype=float) / self.white, 0, 1)
        _show(ax, dimmed, 1.0)
        rows, columns, n = self.cells.shape
        height, width = np.array(self.image.shape[:2]) / (rows, columns)
        angle = np.pi * (np.arange(n) + 0.5) / n
        # An edge is across its gradient.
        reach = 0.45 * min(height, width)
        dx, dy = -np.sin(angle) * reach, np.cos(angle) * reach
        # Roots, or only the strongest edge would be seen.
        strength = np.sqrt(self.cells / max(self.cells.max(), 1e-12))
        lines, alphas = [], []
        for r, c, o in np.argwhere(strength > 0.1):
            x, y = (c + 0.5) * width - 0.5, (r + 0.5) * height - 0.5
            lines.append([(x - dx[o], y - dy[o]), (x + dx[o], y + dy[o])])
            alphas.append(strength[r, c, o])
        strokes = LineCollection(lines, colors="#E69F00", linewidths=1.6)
        strokes.set_alpha(np.array(alphas) if alphas else None)
        ax.add_collection(strokes)
        return final_axes(self, ax)


def _strength(image, shape, cell):
    """How strong the gradients of each cell are, (rows, columns, 1)."""
    grey = image.astype(float)
    grey = grey.mean(axis=2) if grey.ndim == 3 else grey
    y, x = np.gradient(grey)
    strength = np.hypot(x, y)
    height, width = shape[0] * cell[0], shape[1] * cell[1]
    parts = strength[:height, :width].reshape(shape[0], cell[0], shape[1], cell[1])
    return parts.mean(axis=(1, 3))[..., None]


class ContactSheet:
    """Images in rows beside their changed copies.

    Parameters
    ----------
    images : ndarray (n, height, width[, 3])
    copies : ndarray (n_copies, n, height, width[, 3])
    white : float, default=255

    Attributes
    ----------
    ax_, figure_ : what :meth:`plot` has drawn on

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.image import ContactSheet, ImageAugmenter
    >>> images = np.zeros((2, 16, 16), dtype=np.uint8)
    >>> sheet = ContactSheet.from_augmenter(ImageAugmenter(), images, n_copies=5)
    >>> sheet.copies.shape
    (5, 2, 16, 16)
    """

    def __init__(self, images, copies, *, white=255):
        self.images = np.asarray(images)
        self.copies = np.asarray(copies)
        self.white = white

    @classmethod
    def from_augmenter(
        cls, augmenter, images, *, n_copies=6, random_state=0, ax=None, draw=True
    ):
        """Draw copies of some images.

        Parameters
        ----------
        augmenter : ImageAugmenter
        images : array (n, height, width[, 3])
        n_copies : int, default=6
        random_state : int, RandomState or None, default=0
        ax : matplotlib Axes, optional
        draw : bool, default=True

        Returns
        -------
        ContactSheet
        """
        rng = np.random.RandomState(random_state)
        copies = [augmenter.copy(images, rng)[0] for _ in range(n_copies)]
        sheet = cls(images, copies, white=augmenter.white)
        return sheet.plot(ax) if draw else sheet

    def plot(self, ax=None):
        """Draw; returns self."""
        rows = [np.stack([im, *self.copies[:, i]]) for i, im in enumerate(self.images)]
        sheet = tile(np.stack(rows), self.white)
        height, width = sheet.shape[:2]
        ax = new_axes(ax, (8, 8 * height / width + 0.4))
        _show(ax, sheet, self.white)
        ax.set_title("original, and changed copies", fontsize=10)
        return final_axes(self, ax)


def tile(images, background):
    """Images (rows, columns, height, width[, 3]) on one sheet."""
    rows, columns, height, width = images.shape[:4]
    gap = max(1, min(height, width) // 16)
    shape = rows * (height + gap) + gap, columns * (width + gap) + gap
    sheet = np.full((*shape, *images.shape[4:]), background, dtype=images.dtype)
    for r in range(rows):
        for c in range(columns):
            top, left = gap + r * (height + gap), gap + c * (width + gap)
            sheet[top : top + height, left : left + width] = images[r, c]
    return sheet


class PatchesDisplay:
    """The centres that k-means found among patches, or words among descriptors.

    Parameters
    ----------
    patches : ndarray (n, size, size[, 3])

    Attributes
    ----------
    ax_, figure_ : what :meth:`plot` has drawn on

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.image import KMeansPatches, PatchesDisplay
    >>> images = np.random.default_rng(0).integers(0, 256, (20, 16, 16), dtype=np.uint8)
    >>> model = KMeansPatches(n_centres=9, random_state=0).fit(images)
    >>> PatchesDisplay.from_estimator(model).patches.shape
    (9, 6, 6)
    """

    def __init__(self, patches):
        self.patches = np.asarray(patches)

    @classmethod
    def from_estimator(cls, estimator, *, ax=None, draw=True):
        """Draw what a fitted transformer has learned.

        Parameters
        ----------
        estimator : fitted KMeansPatches, BagOfVisualWords or VLAD
            Words of SIFT are drawn as the strokes of their 4 x 4 cells.
        ax : matplotlib Axes, optional
        draw : bool, default=True

        Returns
        -------
        PatchesDisplay
        """
        if hasattr(estimator, "centres_"):
            size = estimator.patch
            centres = estimator.centres_
            patches = centres.reshape(len(centres), -1, size, size)
            patches = np.moveaxis(patches, 1, 3)
            patches = patches[..., 0] if patches.shape[3] == 1 else patches
        elif hasattr(estimator, "words_"):
            words = estimator.words_
            if estimator.pca_ is not None:
                words = estimator.pca_.inverse_transform(words)
            cells = words.reshape(len(words), 4, 4, -1)
            patches = np.array([_strokes(np.maximum(word, 0)) for word in cells])
        else:
            raise ValueError(
                f"{type(estimator).__name__} has neither centres_ nor words_ to draw"
            )
        display = cls(patches)
        return display.plot(ax) if draw else display

    def plot(self, ax=None):
        """Draw; returns self."""
        n = len(self.patches)
        columns = int(np.ceil(np.sqrt(n * 1.4)))
        rows = -(-n // columns)
        low = self.patches.reshape(n, -1).min(axis=1)
        high = self.patches.reshape(n, -1).max(axis=1)
        shape = (-1,) + (1,) * (self.patches.ndim - 1)
        spread = np.maximum(high - low, 1e-12).reshape(shape)
        shown = (self.patches - low.reshape(shape)) / spread
        blank = np.ones((rows * columns - n, *shown.shape[1:]))
        sheet = np.concatenate([shown, blank]).reshape(rows, columns, *shown.shape[1:])
        ax = new_axes(ax, (7, 7 * rows / columns + 0.3))
        _show(ax, tile(sheet, 1.0), 1.0)
        return final_axes(self, ax)


def _strokes(cells, size=9):
    """A picture of 4 x 4 cells of directions, each a stroke along its edge."""
    n = cells.shape[2]
    y, x = np.indices((size, size)) - size // 2
    picture = np.zeros((4 * size, 4 * size))
    for o in range(n):
        angle = 2 * np.pi * o / n
        # Distance to the line across the gradient, on its side of the centre.
        across = np.abs(x * np.cos(angle) + y * np.sin(angle))
        stroke = np.clip(1.2 - across, 0, 1) * (np.hypot(x, y) <= size / 2)
        for r in range(4):
            for c in range(4):
                part = picture[r * size : (r + 1) * size, c * size : (c + 1) * size]
                np.maximum(part, cells[r, c, o] * stroke, out=part)
    return picture
