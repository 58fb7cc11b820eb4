"""From picture files to pixels, and from pixels to features."""

from .augment import ImageAugmenter
from .colour import ColourHistogram, ColourMoments
from .display import ContactSheet, HOGDisplay, PatchesDisplay
from .felzenszwalb import FelzenszwalbHOG
from .gist import GIST
from .haralick import Haralick
from .hog import HOG
from .lbp import LBP
from .patches import KMeansPatches
from .preparing import Crop, ImageReader, Resize, Rotate
from .reading import ImageReadError, read_image, read_images
from .sift import DenseSIFT
from .thumbnail import Thumbnail
from .visual_words import VLAD, BagOfVisualWords, FisherVector

__all__ = [
    "GIST",
    "HOG",
    "LBP",
    "VLAD",
    "BagOfVisualWords",
    "ColourHistogram",
    "ColourMoments",
    "ContactSheet",
    "Crop",
    "DenseSIFT",
    "FelzenszwalbHOG",
    "FisherVector",
    "HOGDisplay",
    "Haralick",
    "ImageAugmenter",
    "ImageReadError",
    "ImageReader",
    "KMeansPatches",
    "PatchesDisplay",
    "Resize",
    "Rotate",
    "Thumbnail",
    "read_image",
    "read_images",
]
