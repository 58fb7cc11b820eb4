"""Models that leave the laptop: made small, or run where there is no Python.

:mod:`shrinking <mtlearn.deployment.shrinking>` gives up what a model can do without,
and says what that costs; :mod:`onnx <mtlearn.deployment.onnx>` writes whole pipelines,
from images to labels, for onnxruntime. Safe files are in :mod:`mtlearn.persistence`.
"""
