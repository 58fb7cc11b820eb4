"""Multi-task support vector regression with kernels."""

from ..base import MultiTaskRegressorMixin
from ..losses import EpsilonInsensitive
from ..solvers.dual_items import tube_items
from ..validation import check_number
from .linear_svr import MultiTaskLinearSVR
from .machine import KernelMachine


class MultiTaskSVR(MultiTaskRegressorMixin, KernelMachine):
    r"""Support vector regression with kernels, for tasks that share their parameters.

    Minimises over functions :math:`f_t`, one per task,

    .. math::
        C \sum_{i,t} s_{it} \max(0, |f_t(x_i) + b_t - y_{it}| - \epsilon)
        + \tfrac12 \sum_{t,u} (M^{-1})_{tu} \langle f_t, f_u \rangle

    over the observed targets, in the space of the kernel, see :class:`MultiTaskSVC`.

    Parameters
    ----------
    C : float, default=1.0
        Weight of the losses, which are summed, as in :class:`sklearn.svm.SVR`.
    epsilon : float, default=0.1
        Smaller residuals cost nothing; in standard deviations of the task if
        ``scale_targets``, else in units of y.
    kernel, gamma, degree, coef0 : see :class:`MultiTaskSVC`
    sharing : float in [0, 1], default=0.5
        From independent tasks (0) to the most that the structure can tie (1).
    structure, task_graph : see :class:`MultiTaskSVC`
    label_groups : None, "all" or list of lists of task names, default=None
        For structures that tie tasks which ask the same question: which do. None ties
        all tasks.
    task_weight : None, "balanced", "null_loss", dict or array, default=None
        Multiplies the losses of a task.
    scale_targets : bool, default=True
        Fit every task in units of its own standard deviation, so that neither C,
        epsilon, weights nor sharing depend on units. False is SVR's way.
    approximation, n_components, cache_size : see :class:`MultiTaskSVC`
    tol, max_iter, random_state, verbose : see :class:`MultiTaskSVC`

    Attributes
    ----------
    support_ : ndarray, or list of n_tasks ndarrays if Y was 2-D
        Rows of the training set with a coefficient in the task's column.
    n_support_ : ndarray of shape (1,), or list of them
        How many.
    support_rows_, support_vectors_, dual_coef_, intercept_ : see \
:class:`MultiTaskSVC`
        The two last in units of y.
    columns_, column_covariance_, task_similarity_, label_groups_, duality_gap_, \
n_iter_, converged_, objective_path_, n_tasks_, task_names_in_, n_features_in_ : see \
:class:`MultiTaskSVC`

    References
    ----------
    Smola and Schoelkopf, "A tutorial on support vector regression", Statistics and
    Computing 14, 2004. Evgeniou, Micchelli and Pontil, JMLR 6, 2005.

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.svm import MultiTaskSVR
    >>> rng = np.random.default_rng(0)
    >>> X = rng.uniform(-2, 2, size=(80, 1))
    >>> Y = np.sin(2 * X) + [0.0, 1.0] + 0.1 * rng.normal(size=(80, 2))
    >>> Y[10:, 1] = np.nan  # the second task has ten rows
    >>> model = MultiTaskSVR(structure="mean", sharing=0.9, C=10).fit(X, Y)
    >>> grid = np.linspace(-1.5, 1.5, 9)[:, None]
    >>> error = model.predict(grid)[:, 1] - (np.sin(2 * grid[:, 0]) + 1)
    >>> bool(abs(error).max() < 0.3)
    True
    """

    def __init__(
        self,
        *,
        C=1.0,
        epsilon=0.1,
        kernel="rbf",
        gamma="scale",
        degree=3,
        coef0=0.0,
        sharing=0.5,
        structure="learned",
        label_groups=None,
        task_graph=None,
        task_weight=None,
        scale_targets=True,
        approximation=None,
        n_components=1000,
        cache_size=200,
        tol=1e-3,
        max_iter=-1,
        random_state=None,
        verbose=0,
    ):
        self.C = C
        self.epsilon = epsilon
        self.kernel = kernel
        self.gamma = gamma
        self.degree = degree
        self.coef0 = coef0
        self.sharing = sharing
        self.structure = structure
        self.label_groups = label_groups
        self.task_graph = task_graph
        self.task_weight = task_weight
        self.scale_targets = scale_targets
        self.approximation = approximation
        self.n_components = n_components
        self.cache_size = cache_size
        self.tol = tol
        self.max_iter = max_iter
        self.random_state = random_state
        self.verbose = verbose

    def _losses(self):
        check_number(self.epsilon, "epsilon", 0)
        return {"regression": EpsilonInsensitive(self.epsilon)}

    def _items(self, targets):
        return tube_items(targets, self.C, self.epsilon)

    def _linear(self, **shared):
        return MultiTaskLinearSVR(
            epsilon=self.epsilon, scale_targets=self.scale_targets, **shared
        )
