"""A decision threshold for every label."""

import numpy as np
from sklearn.base import clone

from ..base import stack_columns
from ..metrics import multitask_score, never_empty, tune_threshold
from ..metrics.scorer import fitted_task_names
from .delegation import DelegatingEstimator
from .out_of_fold import choose_method, classes_of, out_of_fold_scores, per_task

METHODS = ("predict_proba", "decision_function")


class MultiTaskTunedThresholdClassifierCV(DelegatingEstimator):
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

    def fit(self, X, y, *, groups=None, **params):
        """Tune the thresholds by cross-validation, and fit to all rows.

        Parameters
        ----------
        X : (n_samples, ...)
            What the estimator takes.
        y : labels of any form, (n_samples,) or (n_samples, n_tasks)
            May have missing labels.
        groups : array-like (n_samples,), optional
            For ``cv``.
        **params
            Passed to ``fit`` of the estimator, such as ``sample_weight``, which also
            weighs the metric.

        Returns
        -------
        self : object
        """
        self._method = choose_method(self.estimator, self.response_method, METHODS)
        self.estimator_ = clone(self.estimator).fit(X, y, **params)
        found = out_of_fold_scores(
            self.estimator,
            X,
            y,
            self.estimator_,
            self._method,
            self.cv,
            groups,
            self.n_jobs,
            params,
        )
        self._ndim = 1 if np.ndim(y) < 2 else 2
        self.thresholds_ = np.full(len(found), np.nan)
        for t, task in enumerate(found):
            if task is not None and len(task.classes) == 2:
                best = tune_threshold(
                    task.code, task.scores[:, 0], self.metric, task.weight
                )
                usual = 0.5 if self._method == "predict_proba" else 0.0
                self.thresholds_[t] = usual if np.isnan(best) else best
        return self

    def predict(self, X):
        """Labels of every task, those of two classes by their thresholds.

        Parameters
        ----------
        X : (n_samples, ...)

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_tasks)
        """
        model = self._fitted()
        outputs = getattr(model, self._method)(X)
        n_tasks = len(self.thresholds_)
        classes = classes_of(model, n_tasks)
        n_rows = len(outputs[0]) if isinstance(outputs, list) else len(outputs)
        cut = np.flatnonzero(~np.isnan(self.thresholds_))
        if len(cut) < n_tasks:
            answers = np.asarray(model.predict(X)).reshape(n_rows, n_tasks)
            tasks = list(answers.T)
        else:
            tasks = [None] * n_tasks
        if len(cut):
            scores = per_task(outputs, classes, n_rows)
            margin = np.column_stack([scores[t][:, 0] for t in cut])
            margin = margin - self.thresholds_[cut]
            labels = never_empty(margin) if self.never_empty else margin > 0
            for t, has in zip(cut, labels.T):
                tasks[t] = classes[t][has.astype(int)]
        return tasks[0] if self._ndim == 1 else stack_columns(tasks)

    def score(self, X, y, sample_weight=None):
        """Plain mean over tasks of the accuracy."""
        names = fitted_task_names(self._fitted())
        return multitask_score(
            y, self.predict(X), sample_weight=sample_weight, task_names=names
        )
