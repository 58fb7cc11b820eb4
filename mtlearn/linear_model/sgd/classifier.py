"""Linear classifiers of many tasks that learn by mini-batches."""

from sklearn.utils.metaestimators import available_if

from ...base import DecisionFunctionMixin, MultiTaskClassifierMixin
from ...losses import Hinge, Logistic, ModifiedHuber, SquaredHinge
from ...validation import check_choice
from ..probability import LikelihoodMixin
from .base import MultiTaskSGDModel
from .gated import GatedMixin

LOSSES = {
    "logistic": Logistic(),
    "hinge": Hinge(),
    "squared_hinge": SquaredHinge(),
    "modified_huber": ModifiedHuber(),
}


def _has_probabilities(model):
    return hasattr(LOSSES.get(model.loss), "probability")


class MultiTaskSGDClassifier(
    GatedMixin,
    LikelihoodMixin,
    DecisionFunctionMixin,
    MultiTaskClassifierMixin,
    MultiTaskSGDModel,
):
    r"""Linear classifier of many tasks, fitted by mini-batches or from a stream.

    Minimises over the coefficients W, one column :math:`w_k` per score column,

    .. math::
        \frac1n \sum_{i,t} s_{it} \, \ell_t(y_{it}, x_i' W_t + b_t) + \alpha R(W)

    over the observed labels of n rows, with :math:`s_{it}` sample weight times task
    weight and R the penalty that ``structure`` and ``sharing`` stand for, as in
    :mod:`mtlearn.linear_model`: with ``structure="mean"``, the default penalty and
    coefficients :math:`w_t = w_{shared} + v_t`,

    .. math::
        R = \frac{1}{2 (1 - s)} \sum_t |v_t|^2 + \frac{1}{2 s} |w_{shared}|^2 .

    All columns of all tasks step together.

    Parameters
    ----------
    loss : str, default="logistic"
        "logistic" (softmax for more than two classes), "hinge", "squared_hinge" or
        "modified_huber", these one class against the rest. "logistic" and
        "modified_huber" give probabilities.
    alpha : float, default=1e-4
        Strength of the penalty. The losses are a mean over rows, so alpha is
        ``1 / (C n_samples)`` of the other linear models.
    penalty : {"l2", "l1", "elasticnet"} or None, default="l2"
        Of the shared and of the own parts alike, with ``structure="mean"`` and
        "independent"; the other structures are penalties themselves.
    l1_ratio : float in [0, 1], default=0.15
        Share of absolute values in "elasticnet".
    sharing : float in [0, 1], default=0.5
        From independent tasks (0) to the most that the structure can tie (1).
    structure : str or Structure, default="learned"
        What tasks share: "learned", "mean", "graph", "independent", "low_rank",
        "joint_sparse", "shared_plus_low_rank", "shared_plus_sparse", or an object such
        as ``Clustered(clusters=[0, 0, 1])``; see :data:`mtlearn.structures.STRUCTURES`.
    n_components : int, default=None
        With ``structure="low_rank"``: W is a product of two factors, the first of
        which is a linear representation (``components_``) that all tasks share. None
        is the trace norm, by proximal steps.
    label_groups : None, "all" or list of lists of task names, default=None
        For structures that tie tasks which ask the same question: which do. None ties
        columns that are pandas Categoricals with equal categories.
    task_graph : array-like of shape (n_tasks, n_tasks), default=None
        For ``structure="graph"``: weights of edges, or a Laplacian.
    task_weight : str, dict, array or TaskWeighting, default=None
        Fixed: None (all 1), "balanced", "null_loss", a dict by name or an array.
        Learned: "uncertainty", "dwa", "gradnorm", "gate", or an object of
        :mod:`mtlearn.weighting`; learned weights multiply losses divided by those of
        the best constants.
    class_weight : None, "balanced" or dict, default=None
        Multiplies the losses of a class. ``"balanced"``: by one over its share among
        the task's labels. A dict gives weights by label, or any of these forms by task
        name.
    fit_intercept : bool, default=True
    optimizer : {"sgd", "adagrad", "adam"} or object, default="sgd"
        "sgd" has Nesterov's momentum of 0.9; ``SGD(momentum=0)`` has none. Objects are
        in :mod:`mtlearn.solvers.descent`.
    learning_rate : {"constant", "invscaling", "cosine", "adaptive"} or object
        How steps shrink, default="constant".
    eta0 : float, default=None
        The first learning rate. For "sgd" 1 is one over the curvature, which is
        measured as rows come, for features of any size. None is 1 for "sgd", 0.1 for
        "adagrad" and 0.01 for "adam".
    average : bool or int, default=True
        Whether the coefficients are means over the steps, late ones counting more; an
        int is the number of rows to be seen before that begins.
    clip_norm : float, default=None
        Gradients of the loss are made no longer than this, task by task.
    batch_size : int, default=128
    max_iter : int, default=100
        Most epochs.
    tol : float, default=1e-3
        What counts as progress in an epoch: of the loss relative to that of the best
        constants, in the mean over tasks, plus the penalty; or of a validation score.
        None always makes all epochs.
    shuffle : bool, default=True
        Whether rows are shuffled before each epoch, and within each ``partial_fit``.
    early_stopping : bool, default=False
        Hold rows out, stratified by all tasks, and let each task stop by itself: once
        its score has not risen for some epochs, it no longer moves what is shared. It
        keeps the coefficients of its best epoch.
    validation_fraction : float in (0, 0.5], default=0.1
        Share of rows held out; rounded to one over a whole number.
    n_iter_no_change : int, array-like of shape (n_tasks,) or dict, default=3
        Epochs without progress before the fit, or a task, stops; by name in a dict,
        where tasks that it leaves out have 3. A fit makes at least 20 steps more.
    warm_start : bool, default=False
        Let ``fit`` go on from where the last fit ended.
    random_state : int, RandomState instance or None, default=None
        Of the order of rows, the rows held out, and the start of factors.
    verbose : int, default=0
        1 prints the relative loss after each epoch.

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
    components_ : ndarray of shape (n_components, n_features)
        With ``n_components``.
    classes_ : ndarray, or list of n_tasks ndarrays if Y was 2-D
    label_groups_ : list of lists of task names
        What was tied.
    loss_curve_ : ndarray of shape (n_epochs,) or (n_epochs, n_tasks)
        Mean loss of each task in each epoch; a call of ``partial_fit`` adds a row.
    task_weights_ : ndarray of shape (n_epochs,) or (n_epochs, n_tasks)
    validation_scores_ : ndarray of shape (n_epochs,) or (n_epochs, n_tasks)
        With ``early_stopping``.
    column_covariance_ : ndarray of shape (n_outputs, n_outputs)
        M, of structures that have one.
    task_similarity_ : ndarray of shape (n_tasks, n_tasks)
        Correlation of tasks in M; for several columns each, its size.
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
        Epochs.
    t_ : int
        Mini-batches.
    converged_ : bool
        Whether the fit ended because there was no more progress.

    References
    ----------
    Bottou, "Large-scale machine learning with stochastic gradient descent", COMPSTAT
    2010. Shamir and Zhang, "Stochastic gradient descent for non-smooth optimization:
    convergence results and optimal averaging schemes", ICML 2013. Zhang, Luo, Loy and
    Tang, "Facial landmark detection by deep multi-task learning", ECCV 2014, for tasks
    that stop by themselves.

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.linear_model import MultiTaskSGDClassifier
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(2000, 5))
    >>> Y = (X[:, [0, 0]] + X[:, [1, 2]] > 0).astype(float)
    >>> Y[::2, 1] = np.nan  # the second task misses half of its labels
    >>> model = MultiTaskSGDClassifier(random_state=0).fit(X, Y)
    >>> bool(model.score(X, Y) > 0.95)
    True

    As a stream:

    >>> model = MultiTaskSGDClassifier(random_state=0)
    >>> for rows in np.split(np.arange(2000), 10):
    ...     model = model.partial_fit(X[rows], Y[rows], classes=[[0, 1], [0, 1]])
    >>> model.loss_curve_.shape
    (10, 2)
    """

    def __init__(
        self,
        *,
        loss="logistic",
        alpha=1e-4,
        penalty="l2",
        l1_ratio=0.15,
        sharing=0.5,
        structure="learned",
        n_components=None,
        label_groups=None,
        task_graph=None,
        task_weight=None,
        class_weight=None,
        fit_intercept=True,
        optimizer="sgd",
        learning_rate="constant",
        eta0=None,
        average=True,
        clip_norm=None,
        batch_size=128,
        max_iter=100,
        tol=1e-3,
        shuffle=True,
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=3,
        warm_start=False,
        random_state=None,
        verbose=0,
    ):
        self.loss = loss
        self.alpha = alpha
        self.penalty = penalty
        self.l1_ratio = l1_ratio
        self.sharing = sharing
        self.structure = structure
        self.n_components = n_components
        self.label_groups = label_groups
        self.task_graph = task_graph
        self.task_weight = task_weight
        self.class_weight = class_weight
        self.fit_intercept = fit_intercept
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.eta0 = eta0
        self.average = average
        self.clip_norm = clip_norm
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.tol = tol
        self.shuffle = shuffle
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose

    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Learn from one more batch of rows: one pass over it, by mini-batches.

        Without shuffling, batches of a whole number of mini-batches give what one epoch
        of ``fit`` gives. An error leaves the model as it was.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            See ``fit``.
        classes : array-like, list of n_tasks of them, or dict by task name
            All labels that will ever come, in the first call; for pandas
            Categoricals their categories will do.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks)

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            For a label that was not announced, rows without any label, another number
            of features or tasks, what one batch cannot know ("balanced", "null_loss",
            ``early_stopping``), or losses that overflow.
        """
        return self._partial_fit(X, y, classes, sample_weight)

    def _losses(self):
        check_choice(self.loss, "loss", LOSSES)
        return {"classification": LOSSES[self.loss]}

    @available_if(_has_probabilities)
    def predict_proba(self, X):
        return super().predict_proba(X)

    @available_if(_has_probabilities)
    def predict_log_proba(self, X):
        return super().predict_log_proba(X)

    predict_proba.__doc__ = LikelihoodMixin.predict_proba.__doc__
    predict_log_proba.__doc__ = LikelihoodMixin.predict_log_proba.__doc__
