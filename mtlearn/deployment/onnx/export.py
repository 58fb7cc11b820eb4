"""From a fitted pipeline to an ONNX model."""

import json
import re

import numpy as np

from ..._version import __version__
from ...validation import check_is_fitted
from .graph import Graph, Value, onnx_type
from .models import convert_model
from .sklearn_steps import ML_OPSET
from .steps import convert_step

# Reductions take their axes as inputs from here on.
OPSET = 18


def to_onnx(model, X, *, target_opset=None):
    """Convert a fitted model to ONNX.

    Parameters
    ----------
    model : estimator of mtlearn, or a Pipeline or search that ends in one
        Fitted. A transformer, or a Pipeline of such, is converted to its features.
    X : array of shape (n, n_features), (n, height, width) or (n, height, width, 3)
        A few rows or images: only their type and shape are used. The ONNX model takes
        any number of rows of that type.
    target_opset : int, default=None
        Version of ONNX's operators, 18 or later. None is 18, which onnxruntime has run
        since 1.14.

    Returns
    -------
    onnx.ModelProto
        ``model.SerializeToString()`` are the bytes of a file. Its input is ``"X"``. Its
        outputs are for each task:

        * under the task's name its labels (n,), in the labels' own type, or its
          numbers, float64 (n,);
        * with ``predict_proba``: ``"<task>_probability"`` (n, n_classes), float64;
        * with ``decision_function`` alone: ``"<task>_scores"``, float64 (n,) for two
          classes, (n, n_classes) for more.

        In names all but letters, digits and ``_`` becomes ``_``, and a name that is
        taken gets a number, such as ``_2``. The metadata entry ``"mtlearn"`` is JSON, a
        list with ``task``, the names of its ``outputs``, and its ``classes`` in the
        order of the columns. A transformer has the output ``"features"``.

    Raises
    ------
    NotImplementedError
        For a class or a setting that cannot be converted; it names it.
    ValueError
        For an X of another shape than the model was fitted on.
    ImportError
        Without the packages onnx and skl2onnx.

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.deployment.onnx import to_onnx
    >>> from mtlearn.linear_model import MultiTaskLogisticRegression
    >>> X = np.random.default_rng(0).normal(size=(60, 4))
    >>> Y = (X[:, :2] > 0).astype(int)
    >>> converted = to_onnx(MultiTaskLogisticRegression().fit(X, Y), X[:1])
    >>> [output.name for output in converted.graph.output]
    ['task0', 'task0_probability', 'task1', 'task1_probability']
    """
    _check_installed()
    check_is_fitted(model)
    g = Graph(_check_opset(target_opset))
    value = _entry(X)
    entry, outputs = value, Outputs(g)
    if _is_transformer(model):
        found = convert_step(g, model, value)
        outputs.add("features", found.name, found.dtype, *found.shape)
    else:
        for answer in convert_model(g, model, value):
            outputs.add_answer(answer)
    return _assemble(g, entry, outputs)


def _check_installed():
    try:
        import onnx  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "to_onnx needs onnx and skl2onnx: pip install 'scikit-mtlearn[onnx]'"
        ) from error


def _check_opset(target_opset):
    from onnx.defs import onnx_opset_version

    opset = OPSET if target_opset is None else target_opset
    most = onnx_opset_version()
    if not isinstance(opset, int | np.integer) or not OPSET <= opset <= most:
        raise ValueError(
            f"target_opset={target_opset!r} must be a whole number from {OPSET} to "
            f"{most}, or None"
        )
    return int(opset)


def _entry(X):
    """The input, of the type and shape of some rows."""
    X = X if hasattr(X, "dtype") else np.asarray(X)
    shape, dtype = X.shape, np.dtype(X.dtype)
    if dtype.kind not in "biuf" or len(shape) not in (2, 3, 4):
        raise ValueError(
            "X must be numbers, rows (n, n_features) or images (n, height, width[, 3]);"
            f" got {dtype} of shape {shape}"
        )
    return Value("X", dtype, tuple(shape[1:]))


def _is_transformer(model):
    return hasattr(model, "transform") and not hasattr(model, "predict")


class Outputs:
    """Outputs with names of their own, and what they mean."""

    def __init__(self, g):
        self.g, self.infos, self.tasks, self._names = g, [], [], {"X"}

    def add_answer(self, answer):
        classes, codes = answer.classes, answer.predicted
        has_labels = classes is not None and len(classes) > 0
        stem = re.sub(r"\W", "_", answer.task, flags=re.ASCII)
        stem = stem if re.match(r"[A-Za-z_]", stem) else f"_{stem}"
        wanted = [stem]
        if answer.probability is not None:
            wanted.append(f"{stem}_probability")
        elif answer.score is not None:
            wanted.append(f"{stem}_scores")
        names = self._free_names(wanted)
        if has_labels:
            labels = self.g.op("Gather", classes, codes, axis=0)
            self._add(names[0], labels, classes.dtype)
        else:
            self._add(names[0], codes, np.float64)
        several = () if classes is None or len(classes) < 3 else (len(classes),)
        if answer.probability is not None:
            self._add(names[1], answer.probability(), np.float64, len(classes))
        elif answer.score is not None:
            self._add(names[1], answer.score(), np.float64, *several)
        self.tasks.append(
            {
                "task": answer.task,
                "outputs": names,
                "classes": None if classes is None else classes.tolist(),
            }
        )

    def add(self, name, value, dtype, *shape):
        self._add(self._free_names([name])[0], value, dtype, *shape)

    def _free_names(self, wanted):
        """The names, all with the same number behind if one of them is taken."""
        names, number = wanted, 1
        while self._names.intersection(names):
            number += 1
            names = [f"{wanted[0]}_{number}" + w[len(wanted[0]) :] for w in wanted]
        self._names.update(names)
        return names

    def _add(self, name, value, dtype, *shape):
        from onnx import helper

        self.g.nodes.append(helper.make_node("Identity", [value], [name]))
        self.infos.append(
            helper.make_tensor_value_info(name, onnx_type(dtype), ["n", *shape])
        )


def _assemble(g, entry, outputs):
    from onnx import helper

    X = helper.make_tensor_value_info("X", onnx_type(entry.dtype), ["n", *entry.shape])
    graph = helper.make_graph(g.nodes, "mtlearn", [X], outputs.infos, g.constants)
    versions = {**g.domains, "": g.opset}
    if "ai.onnx.ml" in versions:
        versions["ai.onnx.ml"] = ML_OPSET
    opsets = [helper.make_opsetid(*version) for version in versions.items()]
    model = helper.make_model(
        graph,
        opset_imports=opsets,
        ir_version=helper.find_min_ir_version_for(opsets, ignore_unknown=True),
        producer_name="mtlearn",
        producer_version=__version__,
    )
    if outputs.tasks:
        helper.set_model_props(model, {"mtlearn": json.dumps(outputs.tasks)})
    return model
