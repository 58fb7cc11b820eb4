"""Data sets with several tasks per picture, and readers for your own."""

from .clothing_attributes import load_clothing_attributes
from .cmu_faces import load_cmu_faces
from .fashion_mnist import load_fashion_mnist
from .image_table import read_image_folders, read_label_csv
from .multi_digits import make_multi_digits

__all__ = [
    "load_clothing_attributes",
    "load_cmu_faces",
    "load_fashion_mnist",
    "make_multi_digits",
    "read_image_folders",
    "read_label_csv",
]
