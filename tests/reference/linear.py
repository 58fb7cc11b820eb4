"""Linear multi-task models, slow and obvious: loops, dense matrices, a general solver.

Everything here is float64. ``Y`` (n, K) holds -1 and +1, or numbers, ``weight`` (n, K)
what each pair counts, 0 where a label is missing. W is (d, K), b is (K,). A ``loss`` is
a function of Y and Z = XW + b that returns losses and slopes, both (n, K).
"""

import numpy as np
from scipy.optimize import minimize


def one_column_per_class(y):
    """(n, K) of -1 and +1, and weights, as :class:`MultiTaskLinearSVC` sees one task.

    ``y`` is (n,) of numbers with NaN; two classes make one column.
    """
    labels = sorted({value for value in y if not np.isnan(value)})
    if len(labels) == 2:
        labels = labels[1:]
    signs = np.array([[1.0 if value == label else -1.0 for label in labels]
                      for value in y])  # fmt: skip
    return signs, np.repeat(~np.isnan(y)[:, None], len(labels), axis=1).astype(float)


def all_columns(Y):
    """The same for every task of Y (n, T), side by side."""
    parts = [one_column_per_class(y) for y in np.asarray(Y, dtype=float).T]
    return [np.hstack([part[i] for part in parts]) for i in range(2)]


def squared_hinge(Y, Z):
    """Loss of each score, and its derivative."""
    short = np.maximum(0, 1 - Y * Z)
    return short**2, -2 * Y * short


def modified_huber(Y, Z):
    margin = Y * Z
    loss = np.maximum(0, 1 - margin) ** 2
    slope = -2 * Y * np.maximum(0, 1 - margin)
    far = margin < -1
    return np.where(far, -4 * margin, loss), np.where(far, -4 * Y, slope)


def logistic(Y, Z):
    return np.log1p(np.exp(-Y * Z)), -Y / (1 + np.exp(Y * Z))


def squared(Y, Z):
    return (Z - Y) ** 2 / 2, Z - Y


def huber(delta):
    def loss(Y, Z):
        r = np.abs(Z - Y)
        far = r > delta
        slope = np.sign(Z - Y) * np.where(far, delta, r)
        return np.where(far, delta * (r - delta / 2), r**2 / 2), slope

    return loss


def squared_tube(epsilon):
    def loss(Y, Z):
        excess = np.maximum(0, np.abs(Z - Y) - epsilon)
        return excess**2, 2 * excess * np.sign(Z - Y)

    return loss


def softmax(n_classes):
    """Of tasks of so many classes each, side by side; Y is 1 at the class, else 0."""

    def loss(Y, Z):
        E = np.exp(Z).reshape(len(Z), -1, n_classes)
        P = (E / E.sum(axis=2, keepdims=True)).reshape(Z.shape)
        return -Y * np.log(P), P - Y

    return loss


def data_term(X, Y, weight, W, b, C, loss=squared_hinge):
    """C times the sum of losses, with its derivatives in W and b."""
    losses, slope = loss(Y, X @ W + b)
    G = C * weight * slope
    return C * np.sum(weight * losses), X.T @ G, G.sum(axis=0)


def objective(X, Y, weight, W, b, C, M, loss=squared_hinge):
    """``C sum loss + 1/2 tr(W M^-1 W')``; a singular M must span the rows of W."""
    penalty = np.trace(W @ np.linalg.pinv(M, hermitian=True) @ W.T) / 2
    return data_term(X, Y, weight, W, b, C, loss)[0] + penalty


def square_root(M):
    values, vectors = np.linalg.eigh(M)
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T


def fit(X, Y, weight, C, M, fit_intercept=True, loss=squared_hinge):
    """W and b that minimise :func:`objective`, by L-BFGS over U with W = U M^(1/2)."""
    d, K = X.shape[1], Y.shape[1]
    root = square_root(M)

    def value_and_slope(flat):
        U, b = flat[: d * K].reshape(d, K), flat[d * K :] * fit_intercept
        value, dW, db = data_term(X, Y, weight, U @ root, b, C, loss)
        slope = np.append((dW @ root + U).ravel(), db * fit_intercept)
        return value + np.sum(U**2) / 2, slope

    best = _minimise(value_and_slope, d * K + K)
    return best[: d * K].reshape(d, K) @ root, best[d * K :] * fit_intercept


def hinge_pieces(Y):
    """The hinge loss is the greatest of these ``slope * Z + offset``."""
    return [(0 * Y, 0 * Y), (-Y, 1 + 0 * Y)]


def tube_pieces(Y, epsilon):
    return [(0 * Y, 0 * Y), (1 + 0 * Y, -Y - epsilon), (-1 + 0 * Y, Y - epsilon)]


def fit_pieces(X, pieces, weight, C, M):
    """W, b and the objective for a loss that is the greatest of linear pieces.

    A quadratic program: a variable per score that is above all pieces.
    """
    (n, d), K, root = X.shape, weight.shape[1], square_root(M)
    sizes = np.cumsum([d * K, K])

    def split(flat):
        U, b, above = np.split(flat, sizes)
        return U.reshape(d, K), b, above.reshape(n, K)

    def rise(flat):
        U, b, above = split(flat)
        Z = X @ U @ root + b
        return np.concatenate(
            [(above - slope * Z - offset).ravel() for slope, offset in pieces]
        )

    size = d * K + K + n * K
    start = np.append(np.zeros(d * K + K), 10 * np.ones(n * K))
    # Linear, so its derivative is what it does to unit vectors.
    at_zero = rise(np.zeros(size))
    derivative = np.array([rise(unit) - at_zero for unit in np.eye(size)]).T
    slope = np.append(np.zeros(d * K + K), C * weight.ravel())
    found = minimize(
        lambda flat: (
            slope @ flat + np.sum(flat[: d * K] ** 2) / 2,
            slope + np.append(flat[: d * K], np.zeros(size - d * K)),
        ),
        start,
        jac=True,
        method="SLSQP",
        constraints={"type": "ineq", "fun": rise, "jac": lambda flat: derivative},
        options={"maxiter": 500, "ftol": 1e-14},
    )
    U, b, _ = split(found.x)
    return U @ root, b, found.fun


def fit_two_part(X, Y, weight, lambda_, gamma):
    """``min sum loss + lambda/2 sum_t |v_t|^2 + gamma/2 |w_s|^2``, w_t = w_s + v_t.

    Returns
    -------
    W (d, K), b (K,), w_s (d,)
    """
    d, K = X.shape[1], Y.shape[1]

    def split(flat):
        own, shared, b = np.split(flat, [d * K, d * K + d])
        return own.reshape(d, K), shared, b

    def value_and_slope(flat):
        own, shared, b = split(flat)
        value, dW, db = data_term(X, Y, weight, own + shared[:, None], b, 1.0)
        value += lambda_ / 2 * np.sum(own**2) + gamma / 2 * np.sum(shared**2)
        d_own, d_shared = dW + lambda_ * own, dW.sum(axis=1) + gamma * shared
        return value, np.concatenate([d_own.ravel(), d_shared, db])

    own, shared, b = split(_minimise(value_and_slope, d * K + d + K))
    return own + shared[:, None], b, shared


def fit_pooled(X, Y, weight, C):
    """One w for all columns, an intercept for each: ``C sum loss + 1/2 |w|^2``."""
    d, K = X.shape[1], Y.shape[1]

    def value_and_slope(flat):
        w, b = flat[:d], flat[d:]
        value, dW, db = data_term(X, Y, weight, np.repeat(w[:, None], K, 1), b, C)
        return value + w @ w / 2, np.append(dW.sum(axis=1) + w, db)

    best = _minimise(value_and_slope, d + K)
    return best[:d], best[d:]


def learned_objective(X, Y, weight, W, b, C, sharing, smoothing=0.0):
    """The objective of structure "learned", its covariance minimised out.

    ``C sum loss + (1-s)/2 |W|^2 + s/(2K) (tr R)^2``, R = (W'W + smoothing^2 I)^(1/2).
    """
    values = np.linalg.eigvalsh(W.T @ W)
    trace = np.sum(np.sqrt(np.maximum(values, 0) + smoothing**2))
    penalty = (1 - sharing) * np.sum(W**2) + sharing * trace**2 / W.shape[1]
    return data_term(X, Y, weight, W, b, C)[0] + penalty / 2


def fit_learned(X, Y, weight, C, sharing, smoothing=1e-4):
    """W and b that minimise :func:`learned_objective`."""
    d, K = X.shape[1], Y.shape[1]

    def value_and_slope(flat):
        W, b = flat[: d * K].reshape(d, K), flat[d * K :]
        values, vectors = np.linalg.eigh(W.T @ W)
        roots = np.sqrt(np.maximum(values, 0) + smoothing**2)
        dW, db = data_term(X, Y, weight, W, b, C)[1:]
        inverse = (vectors / roots) @ vectors.T
        dW = dW + (1 - sharing) * W + sharing * roots.sum() / K * W @ inverse
        value = learned_objective(X, Y, weight, W, b, C, sharing, smoothing)
        return value, np.append(dW.ravel(), db)

    # At W = 0 the smoothed trace norm has slope 0 in every direction but is all kink.
    start = np.append(0.1 * np.random.default_rng(0).normal(size=d * K), np.zeros(K))
    best = _minimise(value_and_slope, d * K + K, start)
    return best[: d * K].reshape(d, K), best[d * K :]


def _minimise(value_and_slope, size, start=None):
    start = np.zeros(size) if start is None else start
    options = {"maxiter": 20_000, "maxfun": 40_000, "ftol": 1e-15, "gtol": 1e-9}
    options["maxcor"] = 50
    found = minimize(
        value_and_slope, start, jac=True, method="L-BFGS-B", options=options
    )
    return found.x
