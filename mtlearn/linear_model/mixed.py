"""Tasks of labels and tasks of numbers in one linear model."""

from sklearn.utils.metaestimators import available_if

from ..base import DecisionFunctionMixin, MixedTaskMixin
from ..losses import (
    EpsilonInsensitive,
    Hinge,
    Huber,
    Logistic,
    Loss,
    Squared,
    SquaredEpsilonInsensitive,
    SquaredHinge,
)
from ..validation import check_choice
from .base import MultiTaskLinearModel
from .probability import LikelihoodMixin

CLASSIFICATION = {
    "logistic": Logistic(),
    "squared_hinge": SquaredHinge(),
    "hinge": Hinge(),
}
REGRESSION = {
    "squared": Squared(),
    "huber": Huber(),
    "epsilon_insensitive": EpsilonInsensitive(0.1),
    "squared_epsilon_insensitive": SquaredEpsilonInsensitive(0.1),
}


def _has_probabilities(model):
    loss = model.classification_loss
    return loss == "logistic" or getattr(loss, "is_likelihood", False)


class MixedTaskLinear(
    MixedTaskMixin, LikelihoodMixin, DecisionFunctionMixin, MultiTaskLinearModel
):
    r"""Linear model of many tasks, some of labels and some of numbers.

    Minimises over the coefficients W, one column :math:`w_k` per score column,

    .. math::
        C \sum_{i,t} s_{it} \, \ell_t(y_{it}, x_i' W_t + b_t)
        + \tfrac12 \operatorname{tr}(W M^{-1} W')

    over the observed labels, where each task has the loss of its kind, :math:`s_{it}`
    is sample weight times task weight, and M the covariance of the columns that
    ``structure`` and ``sharing`` stand for. Intercepts are neither shared nor
    penalised.

    Parameters
    ----------
    C : float, default=1.0
        Weight of the losses, which are summed.
    classification_loss : {"logistic", "squared_hinge", "hinge"}, default="logistic"
        Of the tasks that hold labels; ``"logistic"`` is softmax for several classes and
        gives probabilities.
    regression_loss : str, default="squared"
        Of the tasks that hold numbers: "squared", "huber" (at 1.35),
        "epsilon_insensitive" or "squared_epsilon_insensitive" (both at 0.1), in units
        of the task's standard deviation; or any loss object.
    task_types : "auto", list or dict by task name, default="auto"
        ``"classification"`` or ``"regression"`` of each task. ``"auto"``: strings,
        bools, categories and whole numbers of at most 20 distinct values are labels,
        all else numbers. Folds of a search may differ in what ``"auto"`` sees: give the
        list there.
    sharing : float in [0, 1], default=0.5
        From independent tasks (0) to the most that the structure can tie (1).
    structure : str or Structure, default="learned"
        What tasks share, an entry of :data:`mtlearn.structures.STRUCTURES`: "learned",
        "mean", "independent", "graph", "clustered", "low_rank", "joint_sparse",
        "shared_plus_low_rank", "shared_plus_sparse".
    label_groups : None, "all" or list of lists of task names, default=None
        For structures that tie tasks which ask the same question: which do. None ties
        the tasks of numbers, and pandas Categoricals with equal categories.
    task_graph : array-like of shape (n_tasks, n_tasks), default=None
        For ``structure="graph"``: weights of edges, or a Laplacian.
    task_weight : None, "balanced", "null_loss", dict or array, default=None
        Multiplies the losses of a task. At sharing 0 it is the task's own C.
    class_weight : None, "balanced" or dict, default=None
        Multiplies the losses of a class. ``"balanced"``: by one over its share among
        the task's labels. A dict gives weights by label, or any of these forms by task
        name.
    scale_targets : bool, default=True
        Fit tasks of numbers in units of their own standard deviation.
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
        What tied columns have in common, in units of ``target_scale_``.
    coef_task_ : ndarray of shape (n_outputs, n_features)
    classes_ : ndarray or None, or list of n_tasks of them if Y was 2-D
        None for a task of numbers.
    task_types_ : list of {"classification", "regression"}
    target_scale_ : ndarray of shape (n_tasks,)
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
    duality_gap_ : float
        With a loss that has a kink: the objective exceeds the least one by no more.

    References
    ----------
    Yang, Kim and Xing, "Heterogeneous multitask learning with joint sparsity
    constraints", NIPS 2009, for losses that differ between tasks.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from mtlearn.linear_model import MixedTaskLinear
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(200, 5))
    >>> Y = pd.DataFrame({
    ...     "sleeve": np.where(X[:, 0] > 0, "long", "short"),
    ...     "price": 100 * X[:, 0] + rng.normal(size=200),
    ... })
    >>> Y.loc[::2, "price"] = np.nan
    >>> model = MixedTaskLinear().fit(X, Y)
    >>> model.task_types_
    ['classification', 'regression']
    >>> model.predict_frame(X[:2]).dtypes.to_dict()["price"]
    dtype('float64')
    """

    def __init__(
        self,
        *,
        C=1.0,
        classification_loss="logistic",
        regression_loss="squared",
        task_types="auto",
        sharing=0.5,
        structure="learned",
        label_groups=None,
        task_graph=None,
        task_weight=None,
        class_weight=None,
        scale_targets=True,
        fit_intercept=True,
        tol=1e-4,
        max_iter=100,
        warm_start=False,
        memory=None,
        verbose=0,
    ):
        self.C = C
        self.classification_loss = classification_loss
        self.regression_loss = regression_loss
        self.task_types = task_types
        self.sharing = sharing
        self.structure = structure
        self.label_groups = label_groups
        self.task_graph = task_graph
        self.task_weight = task_weight
        self.class_weight = class_weight
        self.scale_targets = scale_targets
        self.fit_intercept = fit_intercept
        self.tol = tol
        self.max_iter = max_iter
        self.warm_start = warm_start
        self.memory = memory
        self.verbose = verbose

    def _losses(self):
        return {
            "classification": find_loss(
                self.classification_loss, "classification", CLASSIFICATION
            ),
            "regression": find_loss(self.regression_loss, "regression", REGRESSION),
        }

    @available_if(_has_probabilities)
    def predict_proba(self, X):
        return super().predict_proba(X)

    @available_if(_has_probabilities)
    def predict_log_proba(self, X):
        return super().predict_log_proba(X)

    predict_proba.__doc__ = LikelihoodMixin.predict_proba.__doc__
    predict_log_proba.__doc__ = LikelihoodMixin.predict_log_proba.__doc__


def find_loss(loss, kind, known):
    if isinstance(loss, Loss):
        if loss.kind != kind:
            raise ValueError(f"{kind}_loss is {loss!r}, a loss for {loss.kind}")
        return loss
    check_choice(loss, f"{kind}_loss", known)
    return known[loss]
