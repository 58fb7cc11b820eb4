"""A small classifier of several tasks with missing labels, for tests of others."""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression

from mtlearn.tasks import LabelTable


class PerTaskClassifier(ClassifierMixin, BaseEstimator):
    """One logistic regression per task; degenerate tasks as everywhere in mtlearn."""

    def __init__(self, C=1.0):
        self.C = C

    def fit(self, X, Y, sample_weight=None):
        table = LabelTable(Y)
        self.one_task_ = table.ndim == 1
        if hasattr(Y, "columns"):
            self.task_names_in_ = np.array(table.names, dtype=object)
        self.models_, self.classes_ = [], []
        for column in table.columns():
            rows, weight = column.observed, None
            y = column.values[rows]
            if sample_weight is not None:
                weight = np.asarray(sample_weight)[rows]
            model = None
            if len(set(y)) > 1:
                model = LogisticRegression(C=self.C, solver="newton-cholesky")
                model.fit(X[rows], y, weight)
            self.models_.append(model)
            self.classes_.append(np.unique(y))
        if self.one_task_:
            self.classes_ = self.classes_[0]
        return self

    def _per_task(self, method, X):
        classes = [self.classes_] if self.one_task_ else self.classes_
        outputs = []
        for model, known in zip(self.models_, classes):
            if model:
                outputs.append(getattr(model, method)(X))
            elif method == "predict":
                missing = known[0] if len(known) else None
                outputs.append(np.full(len(X), missing, dtype=object))
            elif method == "predict_proba":
                outputs.append(np.ones((len(X), len(known))))
            else:
                outputs.append(np.full(len(X), 0.0 if len(known) else np.nan))
        return outputs

    def predict(self, X):
        outputs = [
            np.asarray(out, dtype=object) for out in self._per_task("predict", X)
        ]
        return outputs[0] if self.one_task_ else np.column_stack(outputs)

    def predict_proba(self, X):
        outputs = self._per_task("predict_proba", X)
        return outputs[0] if self.one_task_ else outputs

    def decision_function(self, X):
        outputs = self._per_task("decision_function", X)
        return outputs[0] if self.one_task_ else outputs
