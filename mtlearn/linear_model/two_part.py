"""The lambda-gamma view of the shared-parameter model."""


def two_part(lambda_, gamma):
    r"""C and sharing for two separate regularisers, as a dict of parameters.

    :math:`\sum L + \lambda/2 \sum_t |v_t|^2 + \gamma/2 |w_s|^2` with
    :math:`w_t = w_s + v_t` has the solution of ``structure="mean"`` with
    :math:`s = \lambda / (\lambda + \gamma)` and :math:`C = 1/\lambda + 1/\gamma`.

    Parameters
    ----------
    lambda_ : float > 0
        Penalty on the tasks' own parts.
    gamma : float > 0
        Penalty on the shared part.

    Returns
    -------
    dict with "C" and "sharing"

    References
    ----------
    Evgeniou and Pontil, "Regularized multi-task learning", KDD 2004.

    Examples
    --------
    >>> from mtlearn.linear_model import two_part
    >>> two_part(lambda_=3.0, gamma=1.0)["sharing"]
    0.75
    """
    if not (lambda_ > 0 and gamma > 0):
        raise ValueError(f"lambda_={lambda_} and gamma={gamma} must both be > 0")
    return {"C": 1 / lambda_ + 1 / gamma, "sharing": lambda_ / (lambda_ + gamma)}


def two_part_inverse(C, sharing):
    """``lambda_`` and ``gamma`` that :func:`two_part` turns into C and sharing.

    Parameters
    ----------
    C : float > 0
    sharing : float strictly between 0 and 1

    Returns
    -------
    dict with "lambda_" and "gamma"

    Examples
    --------
    >>> from mtlearn.linear_model import two_part_inverse
    >>> two_part_inverse(C=1.0, sharing=0.5)
    {'lambda_': 2.0, 'gamma': 2.0}
    """
    if not (C > 0 and 0 < sharing < 1):
        raise ValueError(f"C={C} must be > 0 and sharing={sharing} between 0 and 1")
    return {"lambda_": 1 / (C * (1 - sharing)), "gamma": 1 / (C * sharing)}
