"""A decision threshold for every label."""

import numpy as np

from ..metrics import never_empty, tune_threshold
from .out_of_fold import OutOfFoldClassifier


class MultiTaskTunedThresholdClassifierCV(OutOfFoldClassifier):
    """Classifier whose labels have thresholds of their own, tuned by cross-validation.

    For every task of two classes the threshold on the score of its second class is the
    one at which a metric is best for the rows that each fold's model has not seen.
    Other tasks are predicted as by the classifier itself.

    Parameters
    ----------
    estimator : classifier of several tasks, or a Pipeline that ends in one
    metric : str or callable, default="f1"
        See :func:`~mtlearn.metrics.tune_threshold`.
    never_empty : bool, default=False
        Give every row one label at least: where no score is above its threshold, the
        one that is nearest to it.
    response_method : {"auto", "predict_proba", "decision_function"}, default="auto"
        What is cut; "auto" takes probabilities if there are any.
    cv : int, splitter or iterable, default=None
        See :func:`cross_val_predict`. A :class:`~sklearn.frozen.FrozenEstimator` is
        not fitted again; all rows should then be new to it.
    n_jobs : int, default=None
        Folds that run in parallel.

    Attributes
    ----------
    estimator_ : classifier
        Fitted to all rows.
    thresholds_ : ndarray (n_tasks,)
        A row has the label where its score is greater. NaN for tasks that have no two
        classes.
    classes_, task_names_in_ : those of ``estimator_``

    References
    ----------
    Z. C. Lipton, C. Elkan and B. Narayanaswamy (2014), "Optimal thresholding of
    classifiers to maximize F1 measure", ECML PKDD.

    Examples
    --------
    >>> from sklearn.datasets import make_multilabel_classification
    >>> from mtlearn.linear_model import MultiTaskLogisticRegression
    >>> from mtlearn.metrics import multitask_score
    >>> from mtlearn.model_selection import MultiTaskTunedThresholdClassifierCV
    >>> X, Y = make_multilabel_classification(400, n_labels=1, random_state=0)
    >>> plain = MultiTaskLogisticRegression().fit(X[:200], Y[:200])
    >>> tuned = MultiTaskTunedThresholdClassifierCV(plain, metric="balanced_accuracy")
    >>> predicted = plain.predict(X[200:]), tuned.fit(X[:200], Y[:200]).predict(X[200:])
    >>> [round(multitask_score(Y[200:], p, "balanced_accuracy"), 2) for p in predicted]
    [0.82, 0.85]
    """

    _responses = ("predict_proba", "decision_function")

    def __init__(
        self,
        estimator,
        *,
        metric="f1",
        never_empty=False,
        response_method="auto",
        cv=None,
        n_jobs=None,
    ):
        self.estimator = estimator
        self.metric = metric
        self.never_empty = never_empty
        self.response_method = response_method
        self.cv = cv
        self.n_jobs = n_jobs

    def _learn(self, tasks):
        self._n_tasks = len(tasks)
        self.thresholds_ = np.full(len(tasks), np.nan)
        for t, task in enumerate(tasks):
            if task is not None and len(task.classes) == 2:
                best = tune_threshold(
                    task.code, task.scores[:, 0], self.metric, task.weight
                )
                usual = 0.5 if self._response == "predict_proba" else 0.0
                self.thresholds_[t] = usual if np.isnan(best) else best

    def predict(self, X):
        """Labels of every task, those of two classes by their thresholds.

        Parameters
        ----------
        X : (n_samples, ...)

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_tasks)
        """
        scores, classes = self._scores(X)
        cut = np.flatnonzero(~np.isnan(self.thresholds_))
        tasks = [None] * self._n_tasks
        if len(cut):
            margin = np.column_stack([scores[t][:, 0] for t in cut])
            margin = margin - self.thresholds_[cut]
            labels = never_empty(margin) if self.never_empty else margin > 0
            for t, has in zip(cut, labels.T):
                tasks[t] = classes[t][has.astype(int)]
        return self._filled(tasks, X)
