"""Kernel machines: kernels between rows and support rows, in double."""

import numpy as np
from scipy import sparse

from ...svm.kernels import NamedKernel
from .answers import answers_of_scores, likelihood
from .linear import linear_scores
from .refusal import refuse


def convert_kernel_machine(g, model, x):
    """Answers of a kernel machine for rows x, double (n, n_features)."""
    kernel = model._kernel
    if not isinstance(kernel.function, NamedKernel):
        refuse(
            f"{type(model).__name__} with kernel={model.kernel!r}",
            "only kernels with a name can be written down; use one of "
            + ", ".join(map(repr, KERNELS)),
        )
    if model._features is None:
        rows, mixed = model.support_vectors_, np.asarray(model._mixed)
        if not rows.shape[0]:  # one that counts nothing
            rows, mixed = np.zeros((1, rows.shape[1])), np.zeros((1, mixed.shape[1]))
        near = _kernel(g, kernel, x, rows)
        scores = linear_scores(g, mixed.T, model.intercept_, near)
    else:
        features, machine = model._features, model._machine
        near = _kernel(g, kernel, x, features.landmarks)
        turned = g.op("MatMul", near, features.turn.astype(np.float64))
        scores = linear_scores(g, machine.coef_, machine.intercept_, turned)
    return answers_of_scores(g, model, scores, x, likelihood)


def _kernel(g, kernel, x, rows):
    """Between x and rows that have entered the kernel, (n, m)."""
    rows = rows.toarray() if sparse.issparse(rows) else np.asarray(rows)
    rows = rows.astype(np.float64)
    if kernel.offset is not None:
        x = g.op("Sub", x, kernel.offset.astype(np.float64))
    named = kernel.function
    return KERNELS[named.name](g, x, rows, **named.params)


def _linear(g, x, rows):
    return g.op("MatMul", x, np.ascontiguousarray(rows.T))


def _affine(g, x, rows, gamma, coef0):
    # Not a factor of the product, which onnxruntime would round to float.
    return g.op("Add", _linear(g, x, gamma * rows), np.float64(coef0))


def _poly(g, x, rows, gamma, degree, coef0):
    return g.op("Pow", _affine(g, x, rows, gamma, coef0), np.float64(degree))


def _sigmoid(g, x, rows, gamma, coef0):
    return g.op("Tanh", _affine(g, x, rows, gamma, coef0))


def _rbf(g, x, rows, gamma):
    square = g.sum(g.op("Mul", x, x), 1, keepdims=1)
    distance = g.op("Sub", square, _linear(g, x, 2 * rows))
    distance = g.op("Add", distance, (rows**2).sum(axis=1))
    return _decay(g, g.op("Max", distance, np.float64(0)), gamma)


def _decay(g, distance, gamma):
    return g.op("Exp", g.op("Mul", distance, np.float64(-gamma)))


# Kernels that are no products see one row of x at a time: all pairs of rows by all
# features at once may be too much memory.


def _sum_of(g, x, rows, term):
    """Sums over the features of a term of rows (m, d) and one row (d,), (n, m)."""
    known = g.constant(rows)
    return g.for_each_row(
        x, lambda inside, row: inside.sum(term(inside, known, row), 1), len(rows)
    )


def _laplacian(g, x, rows, gamma):
    def term(inside, rows, row):
        return inside.op("Abs", inside.op("Sub", rows, row))

    return _decay(g, _sum_of(g, x, rows, term), gamma)


def _chi2(g, x, rows, gamma):
    def term(inside, rows, row):
        difference, total = inside.op("Sub", rows, row), inside.op("Add", rows, row)
        none = inside.op("Equal", total, np.float64(0))
        total = inside.op("Where", none, np.float64(1), total)
        return inside.op("Div", inside.op("Mul", difference, difference), total)

    return _decay(g, _sum_of(g, x, rows, term), gamma)


def _intersection(g, x, rows):
    def term(inside, rows, row):
        return inside.op("Min", rows, row)

    return _sum_of(g, x, rows, term)


KERNELS = {
    "linear": _linear,
    "poly": _poly,
    "rbf": _rbf,
    "sigmoid": _sigmoid,
    "laplacian": _laplacian,
    "chi2": _chi2,
    "intersection": _intersection,
}
