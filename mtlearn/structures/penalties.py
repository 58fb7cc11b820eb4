"""Penalties of one part of W, (d, K), by what a proximal solver needs of them.

``value(W)`` is the penalty, ``prox(W, step)`` the P that minimises
``penalty(P) + |P - W|^2 / (2 step)``. Some have a quadratic majoriser that touches them
near W, rounded by a ``smoothing``: ``1/2 tr(P M^-1 P')`` by a ``covariance`` M of the
columns, or ``1/2 tr(P' D^-1 P)`` by a ``feature_root`` of D, or of its diagonal.

For stochastic steps: ``step`` may be an array if it is constant wherever
``granularity`` does not say "entry" or "feature"; and ``confine(W, like)`` gives W, an
average of iterates, the exact zeros of the last one.

Sources: Parikh and Boyd, "Proximal algorithms", Foundations and Trends in Optimization
1, 2014.
"""

import numpy as np


class TraceNorm:
    """``weight`` times the sum of the singular values."""

    rotation_invariant = True
    granularity = "whole"

    def __init__(self, weight=1.0):
        self.weight = weight

    def value(self, W):
        values = np.linalg.eigvalsh(W.T @ W if W.shape[1] < W.shape[0] else W @ W.T)
        return self.weight * float(np.sqrt(np.maximum(values, 0)).sum())

    def prox(self, W, step):
        U, s, Vt = np.linalg.svd(W, full_matrices=False)
        kept = s > self.weight * step
        s = s[kept] - W.dtype.type(self.weight * step)
        return (U[:, kept] * s) @ Vt[kept]

    def confine(self, W, like):
        U, s, Vt = np.linalg.svd(like, full_matrices=False)
        kept = s > 0
        # After a prox, what is zero is zero up to rounding errors.
        kept &= s > len(s) * np.finfo(s.dtype).eps * s.max(initial=0)
        U, Vt = U[:, kept], Vt[kept]
        return U @ (U.T @ W @ Vt.T) @ Vt

    def covariance(self, W, smoothing):
        values, vectors = np.linalg.eigh(W.T.astype(np.float64) @ W)
        root = np.sqrt(np.maximum(values, 0) + smoothing**2)
        return (vectors * (root / self.weight)) @ vectors.T

    def feature_root(self, W, smoothing):
        values, vectors = np.linalg.eigh(W.astype(np.float64) @ W.T)
        root = np.sqrt(np.maximum(values, 0) + smoothing**2)
        return (vectors * np.sqrt(root / self.weight)) @ vectors.T


class RowNorm:
    """``weight`` times the sum of the Euclidean norms of the rows, one per feature."""

    rotation_invariant = False
    granularity = "feature"

    def __init__(self, weight=1.0):
        self.weight = weight

    def value(self, W):
        return self.weight * float(np.linalg.norm(W, axis=1).sum())

    def prox(self, W, step):
        norm = np.linalg.norm(W, axis=1, keepdims=True)
        kept = np.maximum(norm - np.asarray(self.weight * step, dtype=W.dtype), 0)
        return W * (kept / np.where(norm > 0, norm, 1))

    def confine(self, W, like):
        return W * like.any(axis=1, keepdims=True)

    def feature_root(self, W, smoothing):
        squared = np.sum(W * W, axis=1) + W.dtype.type(smoothing**2)
        return np.sqrt(np.sqrt(squared) / W.dtype.type(self.weight))


class EntryNorm:
    """``weight`` times the sum of absolute values; a weight for each column will do."""

    rotation_invariant = False
    granularity = "entry"

    def __init__(self, weight=1.0):
        self.weight = weight

    def value(self, W):
        return float(np.sum(self.weight * np.abs(W)))

    def prox(self, W, step):
        bound = np.asarray(self.weight * step, dtype=W.dtype)
        return W - np.clip(W, -bound, bound)

    def confine(self, W, like):
        return W * (like != 0)


class TieMean:
    """Tied columns are one vector w, with the penalty ``|w|^2 / (2 variance)`` each.

    At variance 0 the vector is zero.
    """

    rotation_invariant = True
    granularity = "feature"

    def __init__(self, tie, variance):
        _, self._tie, self._size = np.unique(
            tie, return_inverse=True, return_counts=True
        )
        self.variance = variance

    def _mean(self, W):
        mean = np.zeros((W.shape[0], len(self._size)), dtype=W.dtype)
        for k, tie in enumerate(self._tie):
            mean[:, tie] += W[:, k]
        return mean / self._size.astype(W.dtype)

    def value(self, W):
        if self.variance == 0:
            return 0.0
        return float(np.sum(self._mean(W) ** 2)) / (2 * self.variance)

    def prox(self, W, step):
        shrink = self._size * self.variance
        shrink = (shrink / (shrink + step)).astype(W.dtype)
        return (self._mean(W) * shrink)[:, self._tie]

    def confine(self, W, like):
        return W

    def covariance(self, W, smoothing):
        return self.variance * (self._tie[:, None] == self._tie)
