"""From picture files to pixels, and from pixels to features."""

from .hog import HOG
from .reading import ImageReadError, read_image, read_images
from .thumbnail import Thumbnail

__all__ = ["HOG", "ImageReadError", "Thumbnail", "read_image", "read_images"]
