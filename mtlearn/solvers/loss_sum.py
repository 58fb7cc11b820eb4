"""The losses of all scores, weighted and summed, and their derivatives."""

from copy import copy

import numpy as np

from ..losses import MoreauEnvelope


class LossSum:
    """``C sum s loss(y, z)`` over all scores, each task with its own loss.

    Parameters
    ----------
    layout : see :mod:`mtlearn.solvers.layouts`
    losses : list of Loss
        Of each task.
    columns : ndarray of int (T + 1,)
        Task t owns the score columns ``columns[t]:columns[t + 1]``.
    C : float

    Attributes
    ----------
    scale : ndarray
        C times the weight of each score.
    parts : list of (loss, start, stop)
        The score columns of each loss.
    """

    def __init__(self, layout, losses, columns, C):
        self.layout, self.y = layout, layout.y
        self.scale = layout.weight * layout.weight.dtype.type(C)
        self.parts = _runs(losses, columns)

    @property
    def differentiable(self):
        return all(loss.differentiable for loss, _, _ in self.parts)

    @property
    def is_one(self):
        """Whether one pointwise loss is that of all scores."""
        return len(self.parts) == 1 and not self.parts[0][0].is_multiclass

    def views(self, *arrays):
        """Each loss, with its part of arrays that have the shape of scores."""
        if self.is_one:
            yield self.parts[0][0], *arrays
            return
        for loss, start, stop in self.parts:
            yield loss, *(self.layout.view(array, start, stop) for array in arrays)

    def value(self, Z):
        """The weighted sum of all losses."""
        return sum(
            float(np.vdot(scale, loss.value(y, z)))
            for loss, y, z, scale in self.views(self.y, Z, self.scale)
        )

    def values(self, Z):
        """The weighted loss of each score; of a softmax, at the column of its class."""
        return self._each("value", Z)

    def center(self, A):
        """Take the mean over the classes from each softmax task's columns of A (.., K).

        A softmax does not see it, so no solution has any.
        """
        for loss, start, stop in self.parts:
            if loss.is_multiclass:
                own = A[..., start:stop]
                own -= own.mean(axis=-1, keepdims=True)
        return A

    def gradient(self, Z):
        """Derivative in each score."""
        return self._each("gradient", Z)

    def curvature(self, Z):
        """Second derivative in the scores: a :class:`Curvature`."""
        return Curvature(self, Z)

    def _each(self, method, Z):
        out = np.empty_like(Z)
        for loss, y, z, part in self.views(self.y, Z, out):
            part[...] = getattr(loss, method)(y, z)
        out *= self.scale
        return out

    def smoothed(self, width, slope):
        """The same with every kink rounded, see :class:`MoreauEnvelope`.

        Parameters
        ----------
        width : float
        slope : ndarray
            In the shape of the scores.
        """
        smoothed = copy(self)
        smoothed.parts = [
            (loss, start, stop)
            if loss.differentiable
            else (
                MoreauEnvelope(loss, width, self.layout.view(slope, start, stop)),
                start,
                stop,
            )
            for loss, start, stop in self.parts
        ]
        return smoothed


class Curvature:
    """Second derivative of a :class:`LossSum`: a small matrix per row and task.

    Attributes
    ----------
    diagonal : ndarray
        In the shape of the scores; all there is, but for losses of several classes.
    parts : list, or None
        The same of each block of rows, where X has these.
    """

    parts = None

    def __init__(self, losses, Z):
        self._view, self._blocks = losses.layout.view, []
        self.diagonal = np.empty_like(Z)
        for loss, start, stop in losses.parts:
            y, z, scale, part = (
                array if losses.is_one else self._view(array, start, stop)
                for array in (losses.y, Z, losses.scale, self.diagonal)
            )
            if loss.is_multiclass:
                p = loss.probability(z)
                np.multiply(scale * p, 1 - p, out=part)
                self._blocks.append((loss, start, stop, scale, p))
            else:
                np.multiply(scale, loss.curvature(y, z), out=part)

    def of_rows(self, rows):
        """The same of some rows, of scores (n, K), on its own."""
        part = copy(self)
        part.diagonal, part._view, part.parts = self.diagonal[rows], _columns, None
        part._blocks = [
            (loss, start, stop, scale[rows], p[rows])
            for loss, start, stop, scale, p in self._blocks
        ]
        return part

    def times(self, V):
        """Product with V, in the shape of the scores."""
        out = self.diagonal * V
        for loss, start, stop, scale, p in self._blocks:
            product = loss.hessian(p, self._view(V, start, stop))
            np.multiply(scale, product, out=self._view(out, start, stop))
        return out


def _columns(Z, start, stop):
    return Z[:, start:stop]


def _runs(losses, columns):
    """Neighbouring tasks of one loss as one part; each softmax task is its own."""
    parts = []
    for loss, start, stop in zip(losses, columns[:-1], columns[1:]):
        if start == stop:
            continue
        if parts and parts[-1][0] is loss and not loss.is_multiclass:
            start = parts.pop()[1]
        parts.append((loss, int(start), int(stop)))
    return parts
