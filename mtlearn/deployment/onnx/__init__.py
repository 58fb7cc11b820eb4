"""Fitted pipelines as ONNX graphs, which run where there is no mtlearn, or no Python.

:func:`to_onnx` converts; onnxruntime, or any other runtime of ONNX, predicts. Needs the
extra ``onnx``.
"""

from .export import to_onnx

__all__ = ["to_onnx"]
