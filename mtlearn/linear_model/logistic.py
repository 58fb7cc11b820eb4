"""The multi-task logistic regression."""

from ..base import DecisionFunctionMixin, MultiTaskClassifierMixin
from ..losses import Logistic
from .base import MultiTaskLinearModel
from .probability import LikelihoodMixin


class MultiTaskLogisticRegression(
    LikelihoodMixin,
    DecisionFunctionMixin,
    MultiTaskClassifierMixin,
    MultiTaskLinearModel,
):
    r"""Logistic regression for many tasks that share their parameters.

    Minimises over the coefficients W, one column :math:`w_k` per score column,

    .. math::
        -C \sum_{i,t} s_{it} \log p_t(y_{it} | x_i)
        + \tfrac12 \operatorname{tr}(W M^{-1} W')

    over the observed labels, with :math:`s_{it}` sample weight times task weight, and M
    the covariance of the columns that ``structure`` and ``sharing`` stand for. A task
    with two classes owns one column and has the logistic model, a task with c > 2
    classes owns c columns and has the softmax model. Intercepts are neither shared nor
    penalised, so that one task is
    :class:`sklearn.linear_model.LogisticRegression`.

    Parameters
    ----------
    C : float, default=1.0
        Weight of the losses, which are summed, as in scikit-learn.
    sharing : float in [0, 1], default=0.5
        From independent tasks (0) to the most that the structure can tie (1).
    structure : str or Structure, default="learned"
        What tasks share, an entry of :data:`mtlearn.structures.STRUCTURES`: "learned",
        "mean", "independent", "graph", "clustered", "low_rank", "joint_sparse",
        "shared_plus_low_rank", "shared_plus_sparse".
    label_groups : None, "all" or list of lists of task names, default=None
        For structures that tie tasks which ask the same question: which do. None ties
        columns that are pandas Categoricals with equal categories.
    task_graph : array-like of shape (n_tasks, n_tasks), default=None
        For ``structure="graph"``: weights of edges, or a Laplacian.
    task_weight : None, "balanced", "null_loss", dict or array, default=None
        Multiplies the losses of a task. At sharing 0 it is the task's own C.
    class_weight : None, "balanced" or dict, default=None
        Multiplies the losses of a class. ``"balanced"``: by one over its share among
        the task's labels. A dict gives weights by label, or any of these forms by task
        name.
    fit_intercept : bool, default=True
    tol : float, default=1e-4
        Stop when the gradient's norm has fallen to this share of that at zero.
    max_iter : int, default=100
        Newton steps; of each round, for structures that are learned; hundreds of
        proximal steps, for those with exact zeros.
    warm_start : bool, default=False
        Start from the coefficients of the last fit, if their shape is the same.
    memory : None, str or joblib.Memory, default=None
        Where to keep decompositions of X for other fits, as in
        :class:`sklearn.pipeline.Pipeline`.
    verbose : int, default=0
        1 prints the objective after each step.

    Attributes
    ----------
    coef_ : ndarray of shape (n_outputs, n_features)
        One row per score column, task after task.
    intercept_ : ndarray of shape (n_outputs,)
    columns_ : ndarray of shape (n_tasks + 1,)
        Task t owns the rows ``columns_[t]:columns_[t + 1]`` of ``coef_``.
    coef_shared_ : ndarray of shape (n_shared, n_features)
        What tied columns have in common; ``coef_task_ = coef_ - coef_shared_``.
    coef_task_ : ndarray of shape (n_outputs, n_features)
    classes_ : ndarray, or list of n_tasks ndarrays if Y was 2-D
    label_groups_ : list of lists of task names
        What was tied.
    column_covariance_ : ndarray of shape (n_outputs, n_outputs)
        M, of structures that have one.
    task_similarity_ : ndarray of shape (n_tasks, n_tasks)
        Correlation of tasks in M; for several columns each, its size.
    task_labels_ : ndarray of int, shape (n_tasks,)
        With ``structure="clustered"``: the cluster of each task.
    rank_ : int
        With ``structure="low_rank"`` or ``"shared_plus_low_rank"``: of the low-rank
        part.
    selected_features_ : ndarray of bool, shape (n_features,)
        With ``structure="joint_sparse"`` or ``"shared_plus_sparse"``: whether any
        column uses a feature.
    n_tasks_ : int
    task_names_in_ : ndarray of str
    n_features_in_ : int
    n_iter_ : int
    converged_ : bool
    objective_path_ : ndarray of shape (n_iter_,)
        Objective after each step.

    References
    ----------
    Hastie, Tibshirani and Friedman, "The Elements of Statistical Learning", 2nd ed.,
    section 4.4, 2009. Evgeniou and Pontil, "Regularized multi-task learning", KDD 2004.

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.linear_model import MultiTaskLogisticRegression
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(200, 5))
    >>> Y = (X[:, [0, 0]] + X[:, [1, 2]] > 0).astype(float)
    >>> Y[::2, 1] = np.nan  # the second task misses half of its labels
    >>> model = MultiTaskLogisticRegression(sharing=0.3).fit(X, Y)
    >>> [p.shape for p in model.predict_proba(X)]
    [(200, 2), (200, 2)]
    >>> bool(model.score(X, Y) > 0.95)
    True
    """

    def __init__(
        self,
        *,
        C=1.0,
        sharing=0.5,
        structure="learned",
        label_groups=None,
        task_graph=None,
        task_weight=None,
        class_weight=None,
        fit_intercept=True,
        tol=1e-4,
        max_iter=100,
        warm_start=False,
        memory=None,
        verbose=0,
    ):
        self.C = C
        self.sharing = sharing
        self.structure = structure
        self.label_groups = label_groups
        self.task_graph = task_graph
        self.task_weight = task_weight
        self.class_weight = class_weight
        self.fit_intercept = fit_intercept
        self.tol = tol
        self.max_iter = max_iter
        self.warm_start = warm_start
        self.memory = memory
        self.verbose = verbose

    def _losses(self):
        return {"classification": Logistic()}
