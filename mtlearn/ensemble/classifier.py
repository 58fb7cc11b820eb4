"""Forests for tasks of labels."""

from ..base import MultiTaskClassifierMixin, ProbabilityMixin
from .base import MultiTaskForest
from .label_sets import LabelSetMixin
from .parameters import CRITERIA


class _ForestClassifier(
    LabelSetMixin, MultiTaskClassifierMixin, ProbabilityMixin, MultiTaskForest
):
    """What forests of both kinds take."""

    _criteria = CRITERIA

    def __init__(
        self,
        n_estimators=100,
        *,
        sharing="auto",
        criterion="gini",
        max_depth=None,
        min_samples_split=2,
        min_samples_leaf=1,
        max_features="sqrt",
        max_leaf_nodes=None,
        min_impurity_decrease=0.0,
        max_bins=255,
        bootstrap=False,
        max_samples=0.632,
        oob_score=False,
        task_weight=None,
        class_weight=None,
        threshold=None,
        never_empty=False,
        label_groups=None,
        ccp_alpha=0.0,
        warm_start=False,
        n_jobs=None,
        random_state=None,
        verbose=0,
    ):
        self.n_estimators = n_estimators
        self.sharing = sharing
        self.criterion = criterion
        self.max_depth = max_depth
        self.min_samples_split = min_samples_split
        self.min_samples_leaf = min_samples_leaf
        self.max_features = max_features
        self.max_leaf_nodes = max_leaf_nodes
        self.min_impurity_decrease = min_impurity_decrease
        self.max_bins = max_bins
        self.bootstrap = bootstrap
        self.max_samples = max_samples
        self.oob_score = oob_score
        self.task_weight = task_weight
        self.class_weight = class_weight
        self.threshold = threshold
        self.never_empty = never_empty
        self.label_groups = label_groups
        self.ccp_alpha = ccp_alpha
        self.warm_start = warm_start
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose


class MultiTaskRandomForestClassifier(_ForestClassifier):
    r"""Random forest that classifies many tasks.

    Every tree is grown for all tasks, or for one of them, and votes for all; what each
    kind of tree counts for a task is learned from its votes for rows it has not seen.

    Parameters
    ----------
    n_estimators : int, default=100
        Work of the forest, in trees of all tasks. Trees of one task stop when that task
        is pure and cost less, so there are more of them.
    sharing : float in [0, 1] or "auto", default="auto"
        Share of that work which is spent on trees of all tasks; the rest goes to trees
        of one task each. 0: separate forests, 1: one tree serves all. ``"auto"`` tries
        both and spends the second half where out-of-bag answers are better.
    criterion : {"gini", "entropy", "log_loss"}, default="gini"
        Impurity of labels; the last two are the same.
    max_depth : int, default=None
    min_samples_split : int or float, default=2
        Rows of a node that is split; a float is a share of the rows. Leaves are
        shrunk, so that 5 changes next to nothing, takes a fifth less time and half the
        memory.
    min_samples_leaf : int or float, default=1
        Rows on either side of a split, with labels of any task of the tree.
    max_features : {"sqrt", "log2"}, int, float or None, default="sqrt"
        Features that a split chooses from; a float is a share, None stands for all.
        Constant ones do not count.
    max_leaf_nodes : int, default=None
        Grows the best nodes first.
    min_impurity_decrease : float, default=0.0
        Least gain of a split, as a share of the impurity at the root, in the mean over
        tasks: it needs no units.
    max_bins : int, default=255
        Features are put into at most so many bins of about as many rows, once for all
        trees; 2 to 255. Missing values have a bin of their own.
    bootstrap : bool, default=False
        Whether rows are drawn with replacement.
    max_samples : int, float or None, default=0.632
        Rows drawn for each tree; a float is a share, None stands for as many as there
        are. Drawn without replacement, 63.2 % are what a bootstrap sees, too.
    oob_score : bool, default=False
        Whether to keep ``oob_score_`` and what belongs to it.
    task_weight : None, "balanced", "null_loss", dict or array, default=None
        What the gain of a task counts in trees of all tasks, whatever its number of
        labels or its units. A dict gives weights by task name, names left out count 1.
    class_weight : None, "balanced" or dict, default=None
        Multiplies the labels of a class. ``"balanced"``: by one over its share among
        the task's labels. A dict gives weights by label, or any of these forms by task
        name.
    threshold : str or None, default=None
        Which share of the second class of two is enough to predict it: one half, or
        what was best by this metric on out-of-bag answers, task by task. One of
        :data:`mtlearn.metrics.THRESHOLD_METRICS`, such as "f1".
    never_empty : bool, default=False
        For labels that rows have or have not, tasks of two classes: a row that would
        have none has the one that is nearest to its threshold.
    label_groups : None, "all" or list of lists of task names, default=None
        Tasks that ask the same question. Leaves with few labels of a task listen to the
        other tasks of its group. None groups columns that are pandas Categoricals with
        equal categories.
    ccp_alpha : float, default=0.0
        Trees are pruned until each split pays for its leaf with so much gain, as a
        share of the impurity at the root.
    warm_start : bool, default=False
        Add trees to those of the last fit, up to a greater ``n_estimators``.
    n_jobs : int, default=None
        Threads, or workers of a joblib backend; results are the same for any number.
    random_state : int, RandomState instance or None, default=None
    verbose : int, default=0
        1 prints each tree.

    Attributes
    ----------
    classes_ : ndarray, or list of n_tasks ndarrays if Y was 2-D
    thresholds_ : ndarray of shape (n_tasks,)
        Of tasks of two classes, else NaN.
    source_weights_ : ndarray of shape (n_tasks, 3)
        What the votes of trees of all tasks, of the task's own trees and of those of
        other tasks count for each task; rows sum to 1.
    tree_tasks_ : ndarray of int, shape (n_trees,)
        The task that each tree was grown for, -1 for all of them.
    feature_importances_ : ndarray of shape (n_features,)
        Mean over tasks of the following.
    feature_importances_per_task_ : ndarray of shape (n_tasks, n_features)
        Share of each feature in the fall of a task's impurity; rows sum to 1, or are 0
        for a task without splits.
    task_affinity_ : ndarray of shape (n_tasks, n_tasks)
        How much tasks gain from the same splits: cosines of their gains over the best
        splits of trees of all tasks. NaN if there are no such trees.
    oob_score_ : ndarray of shape (n_tasks,), or float if y was 1-D
        With ``oob_score=True``: accuracy of each task on rows that trees did not see,
        with weights of sources that did not see them, either.
    oob_prediction_ : ndarray of shape (n_samples, n_tasks)
        What was predicted there; missing where there was no label or no vote.
    oob_decision_function_ : ndarray of shape (n_samples, n_classes), or list of them
        Shares of the classes there.
    label_groups_ : list of lists of task names
        What was grouped.
    n_tasks_ : int
    task_names_in_ : ndarray of str
    n_features_in_ : int

    Notes
    -----
    A split has the gain

    .. math:: \sum_t \frac{w_t}{N_t I_t}
        \left(N_t^P I_t^P - N_t^L I_t^L - N_t^R I_t^R\right),

    over tasks with weights w, with N observed labels of impurity I at the root and in
    the parent P, left and right L, R: missing labels take no part, and neither scale
    nor number of a task's labels matters. A leaf is shrunk towards its parent, by 1 and
    by 10 rows; what either counts, and each of the three sources of votes, is fitted to
    out-of-bag answers by least squares.

    References
    ----------
    Breiman, "Random forests", Machine Learning 45, 2001.

    Breiman, "Stacked regressions", Machine Learning 24, 1996.

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.ensemble import MultiTaskRandomForestClassifier
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(300, 5))
    >>> Y = np.column_stack([X[:, 0] > 0, X[:, 0] + X[:, 1] > 0]).astype(float)
    >>> Y[30:, 1] = np.nan  # the second task has thirty labels
    >>> forest = MultiTaskRandomForestClassifier(random_state=0).fit(X[:200], Y[:200])
    >>> forest.predict(X[200:]).shape
    (100, 2)
    >>> bool(forest.source_weights_[1, 1] < 1)  # it listens to other trees, too
    True
    """


class MultiTaskExtraTreesClassifier(_ForestClassifier):
    r"""Extremely randomized trees that classify many tasks.

    Thresholds of splits are drawn at random between the least and the greatest value of
    a feature in the node, and the best feature is taken: less greedy splits, and more
    of them.

    Parameters, attributes and methods are those of
    :class:`MultiTaskRandomForestClassifier`.

    References
    ----------
    Geurts, Ernst and Wehenkel, "Extremely randomized trees", Machine Learning 63, 2006.

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.ensemble import MultiTaskExtraTreesClassifier
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(300, 5))
    >>> Y = np.column_stack([X[:, 0] > 0, X[:, 0] + X[:, 1] > 0]).astype(float)
    >>> Y[30:, 1] = np.nan  # the second task has thirty labels
    >>> forest = MultiTaskExtraTreesClassifier(random_state=0).fit(X[:200], Y[:200])
    >>> forest.predict(X[200:]).shape
    (100, 2)
    >>> bool(forest.source_weights_[1, 1] < 1)  # it listens to other trees, too
    True
    """

    _random_cuts = True
