"""Linear models: a product and a sum, in double."""

import numpy as np
from scipy import sparse

from .answers import answers_of_scores, likelihood


def convert_linear(g, model, x):
    """Answers of a linear model for rows x, double (n, n_features)."""
    scores = linear_scores(g, model.coef_, model.intercept_, x)
    return answers_of_scores(g, model, scores, x, likelihood)


def linear_scores(g, coef, intercept, x):
    """Scores (n, K), from coefficients (K, d)."""
    coef = coef.toarray() if sparse.issparse(coef) else np.asarray(coef)
    product = g.op("MatMul", x, np.ascontiguousarray(coef.T, dtype=np.float64))
    return g.op("Add", product, np.asarray(intercept, dtype=np.float64))
