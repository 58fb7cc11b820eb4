r"""Structures in the form that gradient descent needs: coefficients as a function.

Descent moves *blocks*, a list of arrays; a parametrization makes the coefficients
(K, d) of them, one row per score column, and takes gradients back by the chain rule.
In the blocks the quadratic part of a penalty is ``decay / 2 |block|^2``, so steps are
as well conditioned at sharing 1 as at 0, and nothing is ever divided by a covariance.
What is not smooth is a list of :mod:`penalties <mtlearn.structures.penalties>`, one per
block or None, for proximal steps.

Every parametrization has

``start(K, d, dtype, rng)``
    Blocks to begin with.
``coefficients(blocks)``
    W, (K, d).
``fill(blocks, W)``
    Change blocks so that they make W, or come near it where they cannot.
``pull_back(blocks, dW)``
    Gradients in the blocks, given the one in W.
``loads(blocks, load)``
    How curved the loss is in each block, given how curved it is in each column of
    scores, (K,); broadcasts with the block. No smaller than the curvature of all blocks
    together.
``noises(blocks, top, most)``
    The same for a single row, given how curved it can be in one column, (K,), and how
    many columns a row has labels for at most.
``decay``, ``penalties``
    See above.
``per_column``
    Whether the rows of a block belong to one column of scores each.
``shared_kernel(blocks)``
    (K, K): products of the derivatives of two columns in what they share; None where
    nothing is shared by itself.
``penalty(blocks)``
    What the blocks cost.
``parts(blocks)``
    W as a sum, (K, d) each.
``renew(blocks, average)``
    Learn what the structure learns, such that W stays; whether it did.
"""

import numpy as np

from .penalties import EntryNorm


class Parametrization:
    """What is common: a single block, nothing learned, and nothing shared by itself."""

    decay = 1.0
    penalties = (None,)
    per_column = (True,)

    def start(self, K, d, dtype, rng):
        return [np.zeros((K, d), dtype=dtype)]

    def fill(self, blocks, W):
        blocks[0][...] = W

    def shared_kernel(self, blocks):
        return None

    def parts(self, blocks):
        return [self.coefficients(blocks)]

    def noises(self, blocks, top, most):
        return self.loads(blocks, top)

    def penalty(self, blocks):
        cost = 0.0
        for block, penalty in zip(blocks, self.penalties):
            cost += self.decay / 2 * float(np.vdot(block, block))
            cost += 0.0 if penalty is None else float(penalty.value(block))
        return cost

    def renew(self, blocks, average):
        return False


class Own(Parametrization):
    r"""Every column on its own: ``(1-r)/2 |W|^2 + r |W|_1``.

    Parameters
    ----------
    l1_ratio : float in [0, 1]
        The r above.
    decay : float
        Of the square; None is 1 - r.
    """

    def __init__(self, l1_ratio=0.0, decay=None):
        self.decay = 1 - l1_ratio if decay is None else decay
        self.penalties = (_ByColumns(EntryNorm(l1_ratio)) if l1_ratio else None,)

    def coefficients(self, blocks):
        return blocks[0]

    def pull_back(self, blocks, dW):
        return [dW]

    def loads(self, blocks, load):
        return [load[:, None]]


class SharedAndOwn(Parametrization):
    r"""Tied columns are a shared vector plus their own, each with its penalty.

    :math:`w_k = w_{tie(k)} + v_k` costs :math:`R(v_k) / (1-s)` and
    :math:`R(w_{tie}) / s`, where :math:`R(w) = (1-r)/2 |w|^2 + r |w|_1`. With r = 0
    this is the structure ``mean``. A column that is tied to no other is ``v_k`` alone.

    Parameters
    ----------
    tie : ndarray of int (K,)
    sharing : float in [0, 1]
        The s above.
    l1_ratio : float in [0, 1]
        The r above.
    """

    per_column = (True, False)

    def __init__(self, tie, sharing, l1_ratio=0.0):
        _, where, sizes = np.unique(tie, return_inverse=True, return_counts=True)
        kept = np.flatnonzero(sizes > 1)
        row = np.full(len(sizes), -1)
        row[kept] = np.arange(len(kept))
        self.member, self.n_shared = row[where], len(kept)
        self.tied = self.member >= 0
        self._order = np.flatnonzero(self.tied)
        self._order = self._order[np.argsort(self.member[self._order], kind="stable")]
        self._starts = np.cumsum([0, *sizes[kept][:-1]])
        self.own = np.where(self.tied, np.sqrt(1 - sharing), 1.0)
        self.shared = np.sqrt(sharing)
        self.decay = 1 - l1_ratio
        self.penalties = (None, None)
        if l1_ratio:
            # At either end of the dial one block has no effect, and stays zero.
            own = l1_ratio / np.where(self.own > 0, self.own, 1)
            shared = l1_ratio / (self.shared or 1)
            self.penalties = (
                _ByColumns(EntryNorm(own)),
                _ByColumns(EntryNorm(shared)),
            )

    def start(self, K, d, dtype, rng):
        return [np.zeros((K, d), dtype), np.zeros((self.n_shared, d), dtype)]

    def coefficients(self, blocks):
        U, S = blocks
        W = U * self.own[:, None].astype(U.dtype)
        W[self.tied] += U.dtype.type(self.shared) * S[self.member[self.tied]]
        return W

    def pull_back(self, blocks, dW):
        own = dW * self.own[:, None].astype(dW.dtype)
        return [own, dW.dtype.type(self.shared) * self._tie_sums(dW)]

    def fill(self, blocks, W):
        U, S = blocks
        if self.n_shared and self.shared:
            # The least penalty of all sums that make W.
            count = self._tie_sums(np.ones(len(W)))[:, None]
            own = 1 - self.shared**2
            S[...] = self.shared * self._tie_sums(W) / (own + count * self.shared**2)
        W = W.copy()
        W[self.tied] -= self.shared * S[self.member[self.tied]]
        U[...] = W / np.where(self.own > 0, self.own, np.inf)[:, None]

    def _tie_sums(self, A):
        if not self.n_shared:
            return A[:0]
        return np.add.reduceat(A[self._order], self._starts, axis=0)

    def loads(self, blocks, load):
        # The two blocks of a tied column move together, so each takes half a step.
        own = load * self.own**2 * (1 + self.tied)
        return [own[:, None], 2 * self.shared**2 * self._tie_sums(load)[:, None]]

    def noises(self, blocks, top, most):
        own, shared = self.loads(blocks, top)
        return [own, np.minimum(shared, 2 * self.shared**2 * most * top.max(initial=0))]

    def shared_kernel(self, blocks):
        if not (self.n_shared and self.shared):
            return None
        same = (self.member[:, None] == self.member) & self.tied
        return self.shared**2 * same


class Rooted(Parametrization):
    r"""A prior covariance M of the columns: :math:`W = M^{1/2} U`, ``1/2 |U|^2``.

    Parameters
    ----------
    covariance : IdentityCovariance, or another with ``toarray``
    revise : callable (W, covariance) -> covariance or None, optional
        The next covariance, given coefficients, of structures that learn it.
    """

    def __init__(self, covariance, revise=None):
        self.revise = revise
        self._set(covariance)

    def _set(self, covariance):
        self.covariance = covariance
        M = covariance.toarray()
        self.is_identity = bool((M == np.eye(len(M))).all())
        values, vectors = np.linalg.eigh(M)
        self.root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T

    def coefficients(self, blocks):
        if self.is_identity:
            return blocks[0]
        return self.root.astype(blocks[0].dtype) @ blocks[0]

    def pull_back(self, blocks, dW):
        if self.is_identity:
            return [dW]
        return [self.root.astype(dW.dtype) @ dW]

    def fill(self, blocks, W):
        inverse = np.linalg.pinv(self.root, rcond=1e-6, hermitian=True)
        blocks[0][...] = inverse @ W

    def loads(self, blocks, load):
        if self.is_identity:
            return [load[:, None]]
        curvature = (self.root * load) @ self.root
        diagonal = np.maximum(np.diag(curvature), 1e-12 * load.max())
        scaled = curvature / np.sqrt(diagonal) / np.sqrt(diagonal)[:, None]
        return [(np.linalg.eigvalsh(scaled)[-1] * diagonal)[:, None]]

    def noises(self, blocks, top, most):
        (noise,) = self.loads(blocks, top)
        if self.is_identity:
            return [noise]
        widest = most * np.sum(self.root**2, axis=1).max() * top.max()
        # Each is a bound as a whole; the lesser of each entry would be none.
        return [noise if noise.max() <= widest else np.full_like(noise, widest)]

    def renew(self, blocks, average):
        if self.revise is None:
            return False
        W = [self.coefficients(each).copy() for each in (blocks, average)]
        covariance = self.revise(W[1], self.covariance)
        if covariance is None:
            return False
        self._set(covariance)
        for each, coefficients in zip((blocks, average), W):
            self.fill(each, coefficients)
        return True


class Factorized(Parametrization):
    r"""W = B A: all columns are combinations of a few directions of the features.

    ``(|A|^2 + |B|^2) / 2``, whose least value over all factors of one W is the trace
    norm of W (Srebro, Rennie and Jaakkola, NIPS 2004).

    Parameters
    ----------
    n_components : int
        Number of directions.
    """

    penalties = (None, None)
    per_column = (False, True)

    def __init__(self, n_components):
        self.n_components = n_components

    def start(self, K, d, dtype, rng):
        # At A = B = 0 no gradient would lead anywhere.
        A = rng.normal(scale=d**-0.5, size=(self.n_components, d))
        return [A.astype(dtype), np.zeros((K, self.n_components), dtype)]

    def coefficients(self, blocks):
        A, B = blocks
        return B @ A

    def fill(self, blocks, W):
        A, B = blocks
        U, s, Vt = np.linalg.svd(W, full_matrices=False)
        r = min(self.n_components, int(np.count_nonzero(s)))
        B[...], root = 0, np.sqrt(s[:r])
        B[:, :r], A[:r] = U[:, :r] * root, root[:, None] * Vt[:r]

    def pull_back(self, blocks, dW):
        A, B = blocks
        return [B.T @ dW, dW @ A.T]

    def loads(self, blocks, load):
        A, B = blocks
        widest = np.linalg.norm(A, 2) ** 2
        both = np.linalg.eigvalsh((B.T * load) @ B)[-1] + widest * load.max()
        return [2 * both, 2 * widest * load[:, None] + both / 10]

    def shared_kernel(self, blocks):
        return blocks[1] @ blocks[1].T


class SumOfParts(Parametrization):
    """W is a sum of parts, each with a penalty of exact zeros.

    Parameters
    ----------
    penalties : list, see :meth:`PenaltyStructure.penalties`
    """

    decay = 0.0

    def __init__(self, penalties):
        self.penalties = tuple(_ByColumns(penalty) for penalty in penalties)
        self.per_column = (True,) * len(self.penalties)

    def start(self, K, d, dtype, rng):
        return [np.zeros((K, d), dtype=dtype) for _ in self.penalties]

    def coefficients(self, blocks):
        return blocks[0] if len(blocks) == 1 else sum(blocks)

    def parts(self, blocks):
        return blocks

    def pull_back(self, blocks, dW):
        return [dW] * len(blocks)

    def loads(self, blocks, load):
        return [len(blocks) * load[:, None]] * len(blocks)


class _ByColumns:
    """A penalty of (d, K), for blocks (K, d)."""

    def __init__(self, penalty):
        self.penalty, self.granularity = penalty, penalty.granularity

    def value(self, block):
        return self.penalty.value(block.T)

    def prox(self, block, step):
        return np.ascontiguousarray(self.penalty.prox(block.T, np.transpose(step)).T)

    def confine(self, block, like):
        return np.ascontiguousarray(self.penalty.confine(block.T, like.T).T)
