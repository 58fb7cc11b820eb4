"""Steps of scikit-learn, by skl2onnx."""

from copy import copy
from dataclasses import replace

import numpy as np
from sklearn.compose import ColumnTransformer

from .graph import Value
from .refusal import refuse

# What skl2onnx calls rows of a type.
TENSOR_TYPES = {
    "float32": "FloatTensorType",
    "float64": "DoubleTensorType",
    "int64": "Int64TensorType",
}
# The last one whose trees onnxruntime 1.19 runs in double.
ML_OPSET = 3


def convert_sklearn_step(g, step, value):
    """What a fitted transformer of scikit-learn makes of rows.

    Raises
    ------
    NotImplementedError
        Where skl2onnx has no converter, or none for this type of numbers.
    """
    if len(value.shape) != 1:
        refuse(step, "skl2onnx takes rows of features, and these are images")
    if value.dtype.name not in TENSOR_TYPES:
        value = Value(g.cast(value.name, np.float64), np.dtype(float), value.shape)
    converted = _convert(g, step, value)
    _check_runs(step, converted, value.dtype, g.opset)
    found = g.inline(converted, value.name)
    # Of selectors skl2onnx before 1.19 writes the width that they take.
    return found if len(found.shape) != 1 else replace(found, shape=(None,))


def _convert(g, step, value):
    try:
        from skl2onnx import convert_sklearn
        from skl2onnx.common import data_types
    except ImportError as error:
        raise ImportError(
            f"{type(step).__name__} needs skl2onnx: pip install 'scikit-mtlearn[onnx]'"
        ) from error
    kind = getattr(data_types, TENSOR_TYPES[value.dtype.name])
    width = value.shape[0] or step.n_features_in_
    try:
        return convert_sklearn(
            _with_numbered_columns(step),
            initial_types=[("X", kind([None, width]))],
            target_opset={"": g.opset, "ai.onnx.ml": ML_OPSET},
        )
    except (NotImplementedError, RuntimeError) as error:  # of skl2onnx, too
        reason = str(error).strip().splitlines()[0]
        return refuse(step, f"skl2onnx says, {reason}")


def _with_numbered_columns(step):
    """A ColumnTransformer of columns by number; X is one input without names."""
    names = list(getattr(step, "feature_names_in_", ()))
    if not (names and isinstance(step, ColumnTransformer)):
        return step

    def numbered(columns):
        if not isinstance(columns, list | np.ndarray):
            return columns
        return [names.index(c) if isinstance(c, str) else c for c in columns]

    step = copy(step)
    step.transformers_ = [
        (name, inner, numbered(columns)) for name, inner, columns in step.transformers_
    ]
    return step


def _check_runs(step, converted, dtype, opset):
    """Not all that skl2onnx writes for float64 can be run."""
    try:
        from onnxruntime import InferenceSession
    except ImportError:
        return
    try:
        InferenceSession(
            converted.SerializeToString(), providers=["CPUExecutionProvider"]
        )
    except Exception as error:
        raise NotImplementedError(
            f"{type(step).__name__} cannot be converted to ONNX for {dtype} and opset "
            f"{opset}: onnxruntime does not run what skl2onnx writes; give X as "
            "float32, or leave target_opset as it is"
        ) from error
