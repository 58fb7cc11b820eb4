"""An ONNX graph that grows node by node."""

from dataclasses import dataclass
from itertools import count

import numpy as np

# Constants that are worth a look for their equals.
SMALL = 64


@dataclass(frozen=True)
class Value:
    """What a step takes or gives: rows of numbers, or images.

    Attributes
    ----------
    name : str
        In the graph.
    dtype : dtype
    shape : tuple of int
        Of a row, without the batch.
    """

    name: str
    dtype: np.dtype
    shape: tuple


class Graph:
    """Nodes and constants; the inside of a loop shares the constants of its outside.

    Parameters
    ----------
    opset : int
        Version of the operators.
    outside : Graph, optional
    """

    def __init__(self, opset, outside=None):
        self.opset = opset
        self.nodes = []
        self.constants = [] if outside is None else outside.constants
        self.domains = {} if outside is None else outside.domains
        self._known = {} if outside is None else outside._known
        self._numbers = count() if outside is None else outside._numbers

    def new_name(self, kind):
        """A name that nothing else has; outputs have no stroke in theirs."""
        return f"/{kind}_{next(self._numbers)}"

    def op(self, kind, *inputs, domain="", **attributes):
        """Add a node; inputs are names, or constants as NumPy has them.

        Returns
        -------
        str
            Name of its output.
        """
        from onnx import helper

        name = self.new_name(kind)
        inputs = [i if isinstance(i, str) else self.constant(i) for i in inputs]
        self.nodes.append(
            helper.make_node(
                kind, inputs, [name], name=name, domain=domain, **attributes
            )
        )
        return name

    def constant(self, array):
        from onnx import numpy_helper

        array = np.asarray(array)
        small = array.size <= SMALL and array.dtype != object
        key = (array.dtype.str, array.shape, array.tobytes()) if small else None
        if key not in self._known or key is None:
            name = self.new_name("constant")
            self.constants.append(numpy_helper.from_array(array, name))
            self._known[key] = name
        return self._known[key]

    def cast(self, x, dtype):
        return self.op("Cast", x, to=onnx_type(dtype))

    def reshape(self, x, *shape):
        """As many rows as before, each of a shape."""
        return self.op("Reshape", x, np.array([0, *shape]))

    def slice(self, x, start, stop, axis):
        return self.op(
            "Slice", x, np.array([start]), np.array([stop]), np.array([axis])
        )

    def column(self, x, number):
        """One column (n,) of a matrix."""
        return self.op("Gather", x, np.int64(number), axis=1)

    def sum(self, x, axis, keepdims=0):
        return self.op("ReduceSum", x, np.array([axis]), keepdims=keepdims)

    def n_rows(self, x):
        """Number of rows, (1,)."""
        return self.op("Shape", x, start=0, end=1)

    def repeat(self, value, x):
        """A scalar once for each row of x, (n,)."""
        return self.op("Expand", value, self.n_rows(x))

    def for_each_row(self, x, function, width):
        """A loop over the rows of x that collects vectors, (n, width) of double.

        Parameters
        ----------
        function : callable (Graph, name of a row) -> name of a vector
        """
        from onnx import TensorProto, helper

        inside = Graph(self.opset, self)
        number, going = self.new_name("number"), self.new_name("going")
        row = inside.op("Gather", x, number, axis=0)
        outputs = [inside.op("Identity", going), function(inside, row)]
        info = helper.make_tensor_value_info
        body = helper.make_graph(
            inside.nodes,
            "row",
            [
                info(number, TensorProto.INT64, []),
                info(going, TensorProto.BOOL, []),
            ],
            [
                info(outputs[0], TensorProto.BOOL, []),
                info(outputs[1], TensorProto.DOUBLE, [width]),
            ],
        )
        times = self.op("Squeeze", self.n_rows(x))
        return self.op("Loop", times, np.bool_(True), body=body)

    def inline(self, model, x):
        """Add the nodes of another model, of one input and one output.

        Returns
        -------
        Value
        """
        from onnx import compose, helper

        model = compose.add_prefix(model, self.new_name("step") + "_")
        graph = model.graph
        entry = helper.make_node("Identity", [x], [graph.input[0].name])
        self.nodes.extend([entry, *graph.node])
        self.constants.extend(graph.initializer)
        for opset in model.opset_import:
            self.domains.setdefault(opset.domain, opset.version)
        output = graph.output[0]
        kind = output.type.tensor_type
        sides = [side.dim_value or None for side in kind.shape.dim[1:]]
        dtype = helper.tensor_dtype_to_np_dtype(kind.elem_type)
        return Value(output.name, dtype, tuple(sides))


def onnx_type(dtype):
    """The number by which ONNX knows a dtype."""
    from onnx import TensorProto, helper

    dtype = np.dtype(dtype)
    if dtype.kind in "OU":
        return TensorProto.STRING
    return helper.np_dtype_to_tensor_dtype(dtype)
