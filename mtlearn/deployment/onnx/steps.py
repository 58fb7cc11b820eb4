"""Steps before the model: ours here, scikit-learn's by skl2onnx."""

import numpy as np
from sklearn.pipeline import FeatureUnion, Pipeline

from ...compose.keep_columns import KeepColumns
from ...image import (
    HOG,
    ColourHistogram,
    ColourMoments,
    Crop,
    FelzenszwalbHOG,
    Thumbnail,
)
from .colour import convert_histogram, convert_moments
from .felzenszwalb import convert_felzenszwalb
from .graph import Value
from .hog import convert_hog
from .images import convert_crop, convert_thumbnail
from .refusal import refuse
from .sklearn_steps import convert_sklearn_step

IMAGE_STEPS = {
    HOG: convert_hog,
    FelzenszwalbHOG: convert_felzenszwalb,
    ColourHistogram: convert_histogram,
    ColourMoments: convert_moments,
    Thumbnail: convert_thumbnail,
    Crop: convert_crop,
}


def convert_step(g, step, value):
    """What a fitted transformer makes of a value.

    Parameters
    ----------
    g : Graph
    step : transformer, Pipeline or FeatureUnion of such, or "passthrough"
    value : Value

    Returns
    -------
    Value

    Raises
    ------
    NotImplementedError
        For a class that neither mtlearn nor skl2onnx converts.
    """
    if step is None or isinstance(step, str):  # "passthrough"
        return value
    if isinstance(step, Pipeline):
        for _, inner in step.steps:
            value = convert_step(g, inner, value)
        return value
    if isinstance(step, FeatureUnion):
        return _convert_union(g, step, value)
    if type(step) in IMAGE_STEPS:
        return _convert_image_step(g, step, value)
    if isinstance(step, KeepColumns):
        return _columns(g, value, np.asarray(step.columns))
    if type(step).__module__.startswith("mtlearn."):
        return refuse(
            step,
            "of the steps of mtlearn these are known here: "
            + ", ".join(known.__name__ for known in IMAGE_STEPS)
            + "; apply it before, and convert the steps after it",
        )
    return convert_sklearn_step(g, step, value)


def _convert_image_step(g, step, value):
    learned = getattr(step, "image_shape_", value.shape)
    if len(value.shape) not in (2, 3) or learned != value.shape:
        raise ValueError(
            f"{type(step).__name__} was fitted on images of shape {learned}, X has "
            f"{value.shape}"
        )
    found = IMAGE_STEPS[type(step)](g, step, value)
    kept = getattr(step, "_kept", None)  # of a model made small
    return found if kept is None else _columns(g, found, np.flatnonzero(kept))


def _columns(g, value, numbers):
    name = g.op("Gather", value.name, numbers.astype(np.int64), axis=1)
    return Value(name, value.dtype, (len(numbers),))


def _convert_union(g, union, value):
    weights = union.transformer_weights or {}
    parts = []
    for name, step in union.transformer_list:
        if isinstance(step, str) and step == "drop":
            continue
        part = convert_step(g, step, value)
        if name in weights:
            if part.dtype.kind != "f":  # as NumPy does
                part = Value(g.cast(part.name, np.float64), np.dtype(float), part.shape)
            weight = np.asarray(weights[name], dtype=part.dtype)
            scaled = g.op("Mul", part.name, weight)
            part = Value(scaled, part.dtype, part.shape)
        parts.append(part)
    dtype = np.result_type(*(part.dtype for part in parts))
    names = [
        part.name if part.dtype == dtype else g.cast(part.name, dtype) for part in parts
    ]
    widths = [part.shape[0] for part in parts]
    width = None if None in widths else sum(widths)
    return Value(g.op("Concat", *names, axis=1), dtype, (width,))
