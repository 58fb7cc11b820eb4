"""The multi-task linear support vector classifier."""

from ..base import DecisionFunctionMixin, MultiTaskClassifierMixin
from ..linear_model.base import MultiTaskLinearModel
from ..losses import Hinge, SquaredHinge
from ..validation import check_choice


class MultiTaskLinearSVC(
    DecisionFunctionMixin, MultiTaskClassifierMixin, MultiTaskLinearModel
):
    r"""Linear support vector machines for many tasks that share their parameters.

    Minimises over the coefficients W, one column :math:`w_k` per score column,

    .. math::
        C \sum_{i,k} s_{ik} \, \ell(y_{ik} (x_i' w_k + b_k))
        + \tfrac12 \operatorname{tr}(W M^{-1} W')

    over the observed labels, with :math:`\ell(m) = \max(0, 1 - m)^2`, or without the
    square, :math:`s_{ik}` is sample weight times
    task weight, and M is the covariance of the columns that ``structure`` and
    ``sharing`` stand for. A task with two classes owns one column, a task with c > 2
    classes c columns, each class against the rest. Intercepts are neither shared nor
    penalised.

    Parameters
    ----------
    C : float, default=1.0
        Weight of the losses, which are summed: it means what it means in
        :class:`sklearn.svm.LinearSVC`, at every structure and sharing.
    loss : {"squared_hinge", "hinge"}, default="squared_hinge"
        ``"hinge"`` is solved to a proven ``duality_gap_``, and takes longer.
    sharing : float in [0, 1], default=0.5
        From independent tasks (0) to the most that the structure can tie (1). An error
        where the structure has no such dial.
    structure : str or Structure, default="learned"
        What tasks share, an entry of :data:`mtlearn.structures.STRUCTURES`.
        ``"learned"``: directions that are found while fitting; makes no assumption
        about which tasks agree. ``"mean"``: tasks that ask the same question
        (``label_groups``) vary around a common mean, which is the model
        ``w_t = w_shared + v_t`` with a regulariser on each part, see
        :func:`mtlearn.linear_model.two_part`. ``"clustered"``: the same in groups of
        tasks that are found. ``"graph"``: neighbours in ``task_graph`` are alike.
        ``"low_rank"``, ``"joint_sparse"``, ``"shared_plus_low_rank"``,
        ``"shared_plus_sparse"``: penalties that make exact zeros, for the squared
        hinge. ``"independent"``: nothing.
    label_groups : None, "all" or list of lists of task names, default=None
        For structures that tie tasks which ask the same question: which do. None ties
        columns that are pandas Categoricals with equal categories.
    task_graph : array-like of shape (n_tasks, n_tasks), default=None
        For ``structure="graph"``: weights of edges, or a Laplacian.
    task_weight : None, "balanced", "null_loss", dict or array, default=None
        Multiplies the losses of a task. ``"balanced"``: one over its number of labels,
        ``"null_loss"``: one over the loss of its best constant, both scaled to mean 1.
        A dict gives weights by task name, names left out count 1. At sharing 0 a task's
        weight is its own C.
    class_weight : None, "balanced" or dict, default=None
        Multiplies the losses of a class. ``"balanced"``: by one over its share among
        the task's labels. A dict gives weights by label, or any of these forms by task
        name.
    fit_intercept : bool, default=True
    tol : float, default=1e-4
        Stop when the gradient's norm has fallen to this share of that at zero; with
        ``loss="hinge"``, when the duality gap is this share of the objective.
    max_iter : int, default=100
        Newton steps; of each round, for structures that are learned; hundreds of
        proximal steps, for those with exact zeros.
    warm_start : bool, default=False
        Start from the coefficients of the last fit, if their shape is the same.
    memory : None, str or joblib.Memory, default=None
        Where to keep decompositions of X for other fits, as in
        :class:`sklearn.pipeline.Pipeline`.
    verbose : int, default=0
        1 prints the objective after each Newton step. scikit-learn's callbacks
        (``set_callbacks(ProgressBar())``, from 1.9 on) show them as a bar.

    Attributes
    ----------
    coef_ : ndarray of shape (n_outputs, n_features)
        One row per score column, task after task.
    intercept_ : ndarray of shape (n_outputs,)
    columns_ : ndarray of shape (n_tasks + 1,)
        Task t owns the rows ``columns_[t]:columns_[t + 1]`` of ``coef_``.
    coef_shared_ : ndarray of shape (n_shared, n_features)
        One row per label group and label; ``coef_task_ = coef_ - coef_shared_``.
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
        Newton steps, all rounds together.
    converged_ : bool
    objective_path_ : ndarray of shape (n_iter_,)
        Objective after each step; it never rises, but for ``loss="hinge"``, whose kink
        is rounded less and less.
    duality_gap_ : float
        With ``loss="hinge"``: the objective exceeds the least one by no more.

    Raises
    ------
    ValueError
        For parameters out of range, labels of mixed type or infinite, unknown task
        names, or when no label is observed in any task.

    Warns
    -----
    DegenerateTaskWarning
        For a task without labels or with one class; the others are not affected.
    ConvergenceWarning

    References
    ----------
    Evgeniou and Pontil, "Regularized multi-task learning", KDD 2004 ("mean").
    Argyriou, Evgeniou and Pontil, "Convex multi-task feature learning", Machine
    Learning 73, 2008 ("learned").

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.svm import MultiTaskLinearSVC
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(200, 5))
    >>> Y = (X[:, [0, 0]] + X[:, [1, 2]] > 0).astype(float)
    >>> Y[::2, 1] = np.nan  # the second task misses half of its labels
    >>> model = MultiTaskLinearSVC(sharing=0.3).fit(X, Y)
    >>> model.predict(X[:2]).shape
    (2, 2)
    >>> bool(model.score(X, Y) > 0.95)
    True
    """

    def __init__(
        self,
        *,
        C=1.0,
        loss="squared_hinge",
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
        self.loss = loss
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
        check_choice(self.loss, "loss", ("squared_hinge", "hinge"))
        loss = Hinge() if self.loss == "hinge" else SquaredHinge()
        return {"classification": loss}
