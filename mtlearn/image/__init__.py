"""From picture files to pixels, and from pixels to features."""

from .augment import ImageAugmenter
from .colour import ColourHistogram, ColourMoments
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
    "Crop",
    "DenseSIFT",
    "FelzenszwalbHOG",
    "FisherVector",
    "Haralick",
    "ImageAugmenter",
    "ImageReadError",
    "ImageReader",
    "KMeansPatches",
    "Resize",
    "Rotate",
    "Thumbnail",
    "read_image",
    "read_images",
]
