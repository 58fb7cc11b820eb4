"""Image features by name."""

from sklearn.pipeline import FeatureUnion

from ..image import (
    GIST,
    HOG,
    LBP,
    BagOfVisualWords,
    ColourHistogram,
    ColourMoments,
    Haralick,
    KMeansPatches,
    Thumbnail,
)

# Cells of this many pixels for pictures up to this side, larger ones beyond.
CELL, SMALL = 8, 72
THUMBNAIL = 12, 8
PATCH = 6


def _hog(shape):
    cell = CELL if max(shape[:2]) <= SMALL else 2 * CELL
    cell = max(1, min(cell, min(shape[:2]) // 2))
    return HOG(pixels_per_cell=(cell, cell), cells_per_block=(2, 2))


def _thumbnail(shape):
    return Thumbnail(shape=tuple(min(*sides) for sides in zip(shape, THUMBNAIL)))


# From the shape of the pictures to a transformer.
FEATURES = {
    "hog": _hog,
    "thumbnail": _thumbnail,
    "color": lambda shape: ColourHistogram(grid=2),
    "moments": lambda shape: ColourMoments(grid=min(7, *shape[:2])),
    "lbp": lambda shape: LBP(radius=[1, 2], grid=2),
    "gist": lambda shape: GIST(),
    "texture": lambda shape: Haralick(grid=2),
    "words": lambda shape: BagOfVisualWords(n_words=100, random_state=0),
    "patches": lambda shape: KMeansPatches(n_centres=200, random_state=0),
}
# These learn from the pictures, and are worth keeping between settings.
LEARNED = ("words", "patches")
NEED_COLOUR = ("color", "moments")


def usual_features(shape):
    """Shapes; and in colour, where which colour is, as gradients do not tell."""
    return ["hog", "thumbnail"] if len(shape) == 3 else ["hog"]


def make_features(names, shape):
    """One transformer for all features, of pictures (height, width[, 3])."""
    names = names or usual_features(shape)
    grey = [name for name in names if name in NEED_COLOUR and len(shape) == 2]
    if grey:
        raise ValueError(f"the pictures are grey: no {' and no '.join(grey)}")
    parts = [(name, FEATURES[name](shape)) for name in names]
    return parts[0][1] if len(parts) == 1 else FeatureUnion(parts)
