"""The multi-task support vector classifier with kernels."""

from ..base import DecisionFunctionMixin, MultiTaskClassifierMixin
from ..losses import Hinge
from ..solvers.dual_items import hinge_items
from .linear_svc import MultiTaskLinearSVC
from .machine import KernelMachine


class MultiTaskSVC(DecisionFunctionMixin, MultiTaskClassifierMixin, KernelMachine):
    r"""Support vector machines with kernels, for tasks that share their parameters.

    Minimises over functions :math:`f_k`, one per score column,

    .. math::
        C \sum_{i,k} s_{ik} \max(0, 1 - y_{ik} (f_k(x_i) + b_k))
        + \tfrac12 \sum_{k,l} (M^{-1})_{kl} \langle f_k, f_l \rangle

    over the observed labels, in the space of the kernel k, which is one machine with
    the kernel :math:`k(x, z) M_{kl}` of pairs of a row and a column. :math:`s_{ik}` is
    sample weight times task weight, and M is the covariance of the columns that
    ``structure`` and ``sharing`` stand for. A task with two classes owns one column, a
    task with c > 2 classes c columns, each class against the rest. Every column has an
    intercept of its own, which is neither shared nor penalised.

    Parameters
    ----------
    C : float, default=1.0
        Weight of the losses, which are summed, as in :class:`sklearn.svm.SVC`.
    kernel : str or callable, default="rbf"
        "linear" :math:`x'z`; "poly" :math:`(\gamma x'z + c_0)^{degree}`; "rbf"
        :math:`\exp(-\gamma |x - z|^2)`; "sigmoid" :math:`\tanh(\gamma x'z + c_0)`,
        which is not positive for all parameters; "laplacian"
        :math:`\exp(-\gamma |x - z|_1)`; and for histograms "chi2"
        :math:`\exp(-\gamma \sum_j (x_j - z_j)^2 / (x_j + z_j))` and "intersection"
        :math:`\sum_j \min(x_j, z_j)`. "precomputed": X is the kernel matrix. A
        function takes rows (m, d) and (n, d) and returns (m, n).
    gamma : {"scale", "auto"} or float, default="scale"
        "scale" is one over n_features times the variance of X, over the rows that
        have labels, by what these weigh; "auto" is one over n_features.
    degree : int, default=3
        Of "poly".
    coef0 : float, default=0.0
        :math:`c_0` of "poly" and "sigmoid".
    sharing : float in [0, 1], default=0.5
        From independent tasks (0) to the most that the structure can tie (1).
    structure : str or Structure, default="learned"
        What tasks share: "learned" finds the covariance of the columns by turns with
        the machine; "mean" ties tasks that ask the same question (``label_groups``)
        around a common function; "graph" ties neighbours in ``task_graph``;
        "independent" nothing; ``Clustered(clusters=...)`` the tasks of each cluster.
    label_groups : None, "all" or list of lists of task names, default=None
        For structures that tie tasks which ask the same question: which do. None ties
        columns that are pandas Categoricals with equal categories.
    task_graph : array-like of shape (n_tasks, n_tasks), default=None
        For ``structure="graph"``: weights of edges, or a Laplacian.
    task_weight : None, "balanced", "null_loss", dict or array, default=None
        Multiplies the losses of a task. At sharing 0 it is the task's own C.
    class_weight : None, "balanced" or dict, default=None
        Multiplies the losses of a class: by one over its share among the task's
        labels, or by label, or any of these forms by task name.
    approximation : None or "nystroem", default=None
        None solves the dual exactly; time and memory grow with the square of the rows.
        "nystroem" makes ``n_components`` features of the kernel and trains the linear
        machine on them: linear in the rows.
    n_components : int, default=1000
        Landmarks of "nystroem".
    cache_size : float, default=200
        Megabytes of rows of the kernel matrix that are kept, once for all tasks.
    tol : float, default=1e-3
        Largest violation of the optimality conditions, as in SVC; with "nystroem" the
        duality gap, as a share of the objective.
    max_iter : int, default=-1
        Most working sets of rows for each covariance, -1 for no limit but that of ten
        million steps of pairs; with "nystroem" Newton steps, -1 for 100.
    random_state : int, RandomState or None, default=None
        Draws the landmarks.
    verbose : int, default=0
        1 prints the objective after each step.

    Attributes
    ----------
    support_ : ndarray, or list of n_tasks ndarrays if Y was 2-D
        Rows of the training set with a coefficient in any of the task's columns.
    n_support_ : ndarray of shape (n_classes,), or list of them
        How many of these have each class.
    support_rows_ : ndarray
        Rows that support any task, each once: what prediction costs.
    support_vectors_ : ndarray or CSR matrix (n_support_rows, n_features)
        These rows, less their mean for kernels of differences; None if precomputed.
    dual_coef_ : ndarray (n_outputs, n_support_rows)
        Label times dual coefficient, of each score column.
    intercept_ : ndarray (n_outputs,)
    columns_ : ndarray of shape (n_tasks + 1,)
        Task t owns the score columns ``columns_[t]:columns_[t + 1]``.
    classes_ : ndarray, or list of n_tasks ndarrays if Y was 2-D
    column_covariance_ : ndarray (n_outputs, n_outputs)
        M.
    task_similarity_ : ndarray (n_tasks, n_tasks)
        Correlation of tasks in M; for several columns each, its size.
    label_groups_ : list of lists of task names
    duality_gap_ : float
        The objective exceeds the least one, for the last M, by no more.
    n_iter_ : int
        Working sets.
    converged_ : bool
    objective_path_ : ndarray (n_iter_,)
        The dual objective after each, which rises for one M; the last for an M is the
        primal.
    n_tasks_, task_names_in_, n_features_in_

    Raises
    ------
    ValueError
        For parameters out of range; a kernel that is not symmetric or not positive
        (checked for functions and matrices, on 300 rows); labels that cannot be read.

    Notes
    -----
    With "nystroem" the landmarks are drawn from rows, so a row of weight 2 is not two
    rows; ``n_components_`` is the number of features that are left.

    Rows of the kernel matrix are computed once for all tasks, the matrix of all pairs
    never. They are kept in float32, as in LIBSVM.

    References
    ----------
    Evgeniou, Micchelli and Pontil, "Learning multiple tasks with kernel methods", JMLR
    6, 2005. Bonilla, Chai and Williams, "Multi-task Gaussian process prediction", NIPS
    2007 (a learned M with kernels).

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.svm import MultiTaskSVC
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(200, 2))
    >>> radius = np.hypot(*X.T)[:, None]
    >>> Y = (radius < [0.9, 1.3]).astype(float)  # no straight border will do
    >>> Y[::2, 1] = np.nan  # the second task misses half of its labels
    >>> model = MultiTaskSVC(C=10).fit(X, Y)
    >>> bool(model.score(X, Y) > 0.95)
    True
    >>> len(model.support_)
    2
    """

    def __init__(
        self,
        *,
        C=1.0,
        kernel="rbf",
        gamma="scale",
        degree=3,
        coef0=0.0,
        sharing=0.5,
        structure="learned",
        label_groups=None,
        task_graph=None,
        task_weight=None,
        class_weight=None,
        approximation=None,
        n_components=1000,
        cache_size=200,
        tol=1e-3,
        max_iter=-1,
        random_state=None,
        verbose=0,
    ):
        self.C = C
        self.kernel = kernel
        self.gamma = gamma
        self.degree = degree
        self.coef0 = coef0
        self.sharing = sharing
        self.structure = structure
        self.label_groups = label_groups
        self.task_graph = task_graph
        self.task_weight = task_weight
        self.class_weight = class_weight
        self.approximation = approximation
        self.n_components = n_components
        self.cache_size = cache_size
        self.tol = tol
        self.max_iter = max_iter
        self.random_state = random_state
        self.verbose = verbose

    def _losses(self):
        return {"classification": Hinge()}

    def _items(self, targets):
        return hinge_items(targets, self.C)

    def _linear(self, **shared):
        return MultiTaskLinearSVC(loss="hinge", **shared)
