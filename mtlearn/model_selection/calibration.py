"""Probabilities that mean what they say, for every task."""

import numpy as np
from sklearn import get_config
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV

from .out_of_fold import OutOfFoldClassifier, classes_of


class MultiTaskCalibratedClassifierCV(OutOfFoldClassifier):
    """Classifier of several tasks with calibrated probabilities.

    Each task has a calibrator of its own, that of scikit-learn, fitted to the scores of
    its labelled rows by models that have not seen them. The classifier itself is fitted
    to all rows.

    Parameters
    ----------
    estimator : classifier of several tasks, or a Pipeline that ends in one
    method : {"sigmoid", "isotonic", "temperature"}, default="sigmoid"
        See :class:`sklearn.calibration.CalibratedClassifierCV`; "temperature" needs
        scikit-learn 1.8. Isotonic regression overfits fewer than a thousand labels.
    response_method : {"auto", "decision_function", "predict_proba"}, default="auto"
        What is calibrated; "auto" takes decision values if there are any.
    cv : int, splitter or iterable, default=None
        See :func:`cross_val_predict`. A :class:`~sklearn.frozen.FrozenEstimator` is
        not fitted again; all rows should then be new to it.
    n_jobs : int, default=None
        Folds that run in parallel.

    Attributes
    ----------
    estimator_ : classifier
        Fitted to all rows.
    calibrators_ : list of T CalibratedClassifierCV or None
        From scores to probabilities; None for tasks of numbers, and of one class.
    classes_, task_names_in_ : those of ``estimator_``

    References
    ----------
    J. Platt (1999), "Probabilistic outputs for support vector machines".

    B. Zadrozny and C. Elkan (2002), "Transforming classifier scores into accurate
    multiclass probability estimates", KDD.

    Examples
    --------
    >>> from sklearn.datasets import make_multilabel_classification
    >>> from mtlearn.model_selection import MultiTaskCalibratedClassifierCV
    >>> from mtlearn.svm import MultiTaskLinearSVC
    >>> X, Y = make_multilabel_classification(n_classes=3, random_state=0)
    >>> svm = MultiTaskLinearSVC(C=0.01)  # has no probabilities
    >>> proba = MultiTaskCalibratedClassifierCV(svm).fit(X, Y).predict_proba(X)
    >>> [p.shape for p in proba]
    [(100, 2), (100, 2), (100, 2)]
    """

    _responses = ("decision_function", "predict_proba")

    def __init__(
        self,
        estimator,
        *,
        method="sigmoid",
        response_method="auto",
        cv=None,
        n_jobs=None,
    ):
        self.estimator = estimator
        self.method = method
        self.response_method = response_method
        self.cv = cv
        self.n_jobs = n_jobs

    def _learn(self, tasks):
        self._n_tasks = len(tasks)
        self.calibrators_ = [
            None if task is None else self._calibrate(task) for task in tasks
        ]

    def _calibrate(self, task):
        if len(np.unique(task.code)) < len(task.classes):
            return None  # no row of some class has a score
        given = _GIVEN[self._response](len(task.classes))
        if get_config()["enable_metadata_routing"]:
            given.set_fit_request(sample_weight=True)
        every = np.arange(len(task.code))
        calibrator = CalibratedClassifierCV(
            given, method=self.method, ensemble=False, cv=[(every, every)]
        )
        weight = {} if task.weight is None else {"sample_weight": task.weight}
        return calibrator.fit(task.scores, task.code, **weight)

    def predict_proba(self, X):
        """Calibrated probabilities of the classes.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or list of n_tasks of them
            A list if Y was 2-D. A task of one class has probability 1, a task without
            labels no columns, a task of numbers is None.
        """
        scores, classes = self._scores(X)
        proba = list(map(self._probability, self.calibrators_, scores, classes))
        return proba[0] if self._ndim == 1 else proba

    def _probability(self, calibrator, scores, classes):
        if classes is None:
            return None
        if calibrator is not None:
            return calibrator.predict_proba(scores)
        if len(classes) < 2:
            return np.ones((len(scores), len(classes)))
        if self._response == "predict_proba":
            return _GivenProbabilities(len(classes)).predict_proba(scores)
        return np.full((len(scores), len(classes)), 1 / len(classes))

    def predict(self, X):
        """The most probable class of every task.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_tasks)
        """
        proba = self.predict_proba(X)
        proba = [proba] if self._ndim == 1 else proba
        classes = classes_of(self._fitted(), self._n_tasks)
        tasks = [
            None if p is None or not p.shape[1] else known[p.argmax(axis=1)]
            for p, known in zip(proba, classes)
        ]
        return self._filled(tasks, X)


class _Given(ClassifierMixin, BaseEstimator):
    """A fitted classifier whose input are its scores; classes are their numbers."""

    def __init__(self, n_classes):
        self.n_classes = n_classes

    @property
    def classes_(self):
        return np.arange(self.n_classes)

    def __sklearn_is_fitted__(self):
        return True

    def fit(self, X, y, sample_weight=None):
        return self

    def predict(self, X):
        return np.where(X[:, 0] > 0, 1, 0) if X.shape[1] == 1 else X.argmax(axis=1)


class _GivenDecisions(_Given):
    def decision_function(self, X):
        return X[:, 0] if X.shape[1] == 1 else X


class _GivenProbabilities(_Given):
    def predict_proba(self, X):
        return np.column_stack([1 - X, X]) if X.shape[1] == 1 else X


_GIVEN = {"decision_function": _GivenDecisions, "predict_proba": _GivenProbabilities}
