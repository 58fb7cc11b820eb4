"""The multi-task linear support vector regression."""

from ..base import MultiTaskRegressorMixin
from ..linear_model.base import MultiTaskLinearModel
from ..losses import EpsilonInsensitive, SquaredEpsilonInsensitive
from ..validation import check_choice, check_number

TUBES = {
    "epsilon_insensitive": EpsilonInsensitive,
    "squared_epsilon_insensitive": SquaredEpsilonInsensitive,
}


class MultiTaskLinearSVR(MultiTaskRegressorMixin, MultiTaskLinearModel):
    r"""Linear support vector regression for many tasks that share their parameters.

    Minimises over the coefficients W, one column :math:`w_t` per task,

    .. math::
        C \sum_{i,t} s_{it} \, \ell(x_i' w_t + b_t - y_{it})
        + \tfrac12 \operatorname{tr}(W M^{-1} W')

    over the observed targets, with :math:`\ell(r) = \max(0, |r| - \epsilon)` or its
    square, :math:`s_{it}` sample weight times task weight, and M the covariance of the
    tasks that ``structure`` and ``sharing`` stand for. Intercepts are neither shared
    nor penalised.

    Parameters
    ----------
    C : float, default=1.0
        Weight of the losses, which are summed, as in :class:`sklearn.svm.LinearSVR`.
    loss : {"epsilon_insensitive", "squared_epsilon_insensitive"}
        Default ``"epsilon_insensitive"``, which is solved to a proven ``duality_gap_``
        and takes longer.
    epsilon : float, default=0.0
        Smaller residuals cost nothing; in standard deviations of the task if
        ``scale_targets``, else in units of y.
    sharing : float in [0, 1], default=0.5
        From independent tasks (0) to the most that the structure can tie (1).
    structure : str or Structure, default="learned"
        What tasks share, an entry of :data:`mtlearn.structures.STRUCTURES`: "learned",
        "mean", "independent", "graph", "clustered", "low_rank", "joint_sparse",
        "shared_plus_low_rank", "shared_plus_sparse".
    label_groups : None, "all" or list of lists of task names, default=None
        For structures that tie tasks which ask the same question: which do. None ties
        all tasks.
    task_graph : array-like of shape (n_tasks, n_tasks), default=None
        For ``structure="graph"``: weights of edges, or a Laplacian.
    task_weight : None, "balanced", "null_loss", dict or array, default=None
        Multiplies the losses of a task. At sharing 0 it is the task's own C.
    scale_targets : bool, default=True
        Fit every task in units of its own standard deviation (``target_scale_``), so
        that neither C, weights nor sharing depend on units.
    fit_intercept : bool, default=True
    tol : float, default=1e-4
        Stop when the duality gap is this share of the objective; for the squared loss,
        when the gradient's norm has fallen to this share of that at zero.
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
        One row per task that has targets, in units of y.
    intercept_ : ndarray of shape (n_outputs,)
    columns_ : ndarray of shape (n_tasks + 1,)
        Task t owns the rows ``columns_[t]:columns_[t + 1]`` of ``coef_``.
    target_scale_ : ndarray of shape (n_tasks,)
    coef_shared_ : ndarray of shape (n_shared, n_features)
        What tied tasks have in common, in units of ``target_scale_``.
    coef_task_ : ndarray of shape (n_outputs, n_features)
        What they have not, in units of y.
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
        Objective after each step, for scaled targets.
    duality_gap_ : float
        With ``loss="epsilon_insensitive"``: the objective exceeds the least one by no
        more.

    References
    ----------
    Smola and Schoelkopf, "A tutorial on support vector regression", Statistics and
    Computing 14, 2004. Evgeniou and Pontil, "Regularized multi-task learning", KDD
    2004.

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.svm import MultiTaskLinearSVR
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(40, 5))
    >>> Y = X @ rng.normal(size=(5, 1)) + 0.1 * rng.normal(size=(40, 3))
    >>> Y[10:, 2] = np.nan  # the third task has ten rows
    >>> model = MultiTaskLinearSVR(structure="mean", sharing=0.9).fit(X, Y)
    >>> bool(model.score(X, Y) > 0.98)
    True
    """

    def __init__(
        self,
        *,
        C=1.0,
        loss="epsilon_insensitive",
        epsilon=0.0,
        sharing=0.5,
        structure="learned",
        label_groups=None,
        task_graph=None,
        task_weight=None,
        scale_targets=True,
        fit_intercept=True,
        tol=1e-4,
        max_iter=100,
        warm_start=False,
        memory=None,
        verbose=0,
    ):
        self.C = C
        self.loss = loss
        self.epsilon = epsilon
        self.sharing = sharing
        self.structure = structure
        self.label_groups = label_groups
        self.task_graph = task_graph
        self.task_weight = task_weight
        self.scale_targets = scale_targets
        self.fit_intercept = fit_intercept
        self.tol = tol
        self.max_iter = max_iter
        self.warm_start = warm_start
        self.memory = memory
        self.verbose = verbose

    def _losses(self):
        check_choice(self.loss, "loss", tuple(TUBES))
        check_number(self.epsilon, "epsilon", 0)
        return {"regression": TUBES[self.loss](self.epsilon)}
