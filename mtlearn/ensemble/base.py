"""The common skin of forests: read, grow, stack, answer."""

import numpy as np
from sklearn.utils import check_random_state

from ..base import MultiTaskEstimator
from ..tasks.units import target_units
from ..tree import LabelsByTask, bin_features
from ..validation import (
    check_array_state,
    progress_steps,
    reports_progress,
    warn_user,
)
from .allocation import grow_forest, sources_of
from .compact import CompactForest
from .features import as_float32
from .forest import Forest
from .growing import SHARED, Nursery, Plot
from .inspection import ForestInspectionMixin
from .out_of_bag import OutOfBagMixin
from .parameters import check_parameters, growth_settings, is_entropy, sampling
from .stacking import Answers, stack


class MultiTaskForest(ForestInspectionMixin, OutOfBagMixin, MultiTaskEstimator):
    """Trees of many tasks; a subclass says of what kind these are."""

    _random_cuts = False

    @reports_progress
    def fit(self, X, y, sample_weight=None):
        """Grow a forest for all tasks.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Read as float32. NaN is a missing value; a sparse matrix is made dense.
        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            One column per task. ``NaN``, ``None``, ``pandas.NA`` and masked entries
            are missing labels.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Counts as so many labels. Weight 0 is the same as a missing label.

        Returns
        -------
        self : object
        """
        check_parameters(self)
        before = self._forest_to_continue()
        X, targets = self._read(X, y, sample_weight, self.label_groups)
        with progress_steps(self, X, y, None, "tree", self._describe_tree) as step:
            self._fit(X, targets, before, step)
        return self

    def _fit(self, X, targets, before=None, step=None):
        n_rows = targets.n_rows
        rows, targets = targets.without_task_weight().of_labelled_rows()
        X = as_float32(X)
        X = X if len(rows) == len(X) else X[rows]
        plot, rng = self._plot(X, targets)
        self._check_out_of_bag(plot)
        nursery = Nursery(plot, rng, self.n_jobs, step)
        n_before = 0 if before is None else self._adopt(nursery, *before)
        grow_forest(nursery, self.n_estimators, self.sharing, n_before)
        answers = Answers(nursery.votes, plot.labels, plot.by_row, sources_of(nursery))
        factor = plot.sampling.out_of_bag_share(plot.n_rows) ** -0.5
        self._forest = Forest(
            nursery.trees, plot.columns, stack(answers, factor),
            plot.own_trees_answer_all,
        )  # fmt: skip
        self._grown = {
            "n_estimators": self.n_estimators, "seeds": nursery.seeds,
            "n_rows": plot.n_rows, "n_features": X.shape[1],
        }  # fmt: skip
        self._learn_out_of_bag(answers, targets, rows, n_rows, factor, rng)

    def _plot(self, X, targets):
        """All that trees need, and the source of their seeds."""
        n, d = X.shape
        rng = check_random_state(self.random_state)
        self._center, self._scale = target_units(
            targets, scale_targets=True, fit_intercept=True
        )
        labels = LabelsByTask.of(
            targets.in_units(self._center, self._scale), is_entropy(self)
        )
        weight = np.where(labels.impurity > 0, targets.task_weight, 0.0)
        plot = Plot(
            bins=bin_features(X, self.max_bins, self.n_jobs, rng.randint(2**31 - 1)),
            labels=labels,
            by_row=labels.by_row(n),
            weight=weight / max(weight.sum(), 1e-300),
            settings=growth_settings(self, n, d),
            sampling=sampling(self, n),
            ccp_alpha=self.ccp_alpha,
            own_trees_answer_all=self.sharing != 0,
        )
        return plot, rng

    def _null_loss(self, kind, values, weight):
        """Impurity at the root: gains are shares of it in any case."""
        if kind == "regression":
            return np.average((values - np.average(values, weights=weight)) ** 2)
        _, code = np.unique(values, return_inverse=True)
        return 1 - np.sum((np.bincount(code, weight) / weight.sum()) ** 2)

    def _describe_tree(self, tree):
        if tree.own == SHARED:
            return f"of all tasks: {len(tree.nodes)} nodes"
        return f"of {self.task_names_in_[tree.own]}: {len(tree.nodes)} nodes"

    # More trees.

    def _forest_to_continue(self):
        """What the last fit has left, if this one is to add to it."""
        if not self.warm_start or not hasattr(self, "_grown"):
            return None
        n_before = self._grown["n_estimators"]
        if self.n_estimators < n_before:
            raise ValueError(
                f"n_estimators={self.n_estimators} must be at least the {n_before} of "
                "the last fit when warm_start=True"
            )
        if self.n_estimators == n_before:
            warn_user(
                "warm_start=True without more n_estimators than in the last fit grows "
                "no new trees",
            )
        return self._forest, self._grown

    def _adopt(self, nursery, forest, grown):
        """Take the trees of the last fit; returns its n_estimators."""
        plot = nursery.plot
        same = (
            plot.n_rows == grown["n_rows"]
            and plot.bins.by_row.shape[1] == grown["n_features"]
            and np.array_equal(plot.columns.first, forest.columns.first)
            and np.array_equal(plot.columns.group, forest.columns.group)
            and plot.own_trees_answer_all == forest.own_trees_answer_all
        )
        if not same:
            raise ValueError(
                "warm_start=True adds trees to those grown on the same X and y, but "
                "their shapes or classes are not those of the last fit, or sharing is "
                "not 0 any more, or now; use a clone"
            )
        nursery.adopt(forest.trees, grown["seeds"])
        return grown["n_estimators"]

    # Answers.

    def _answers(self, X):
        """Shares of classes, and numbers in the user's units, (n, n_columns)."""
        return self._in_user_units(self._forest.answer(as_float32(X), self.n_jobs))

    def _in_user_units(self, answers):
        """In place."""
        for t, (start, stop) in enumerate(zip(self.columns_, self.columns_[1:])):
            self._task_in_user_units(t, answers[:, start:stop])
        return answers

    def _task_in_user_units(self, t, its):
        if not self._is_label_task(t):
            its *= self._scale[t]
            its += self._center[t]
        return its

    def _scores(self, X):
        """Answers, but those of two classes are above 0 for the second."""
        answers = self._answers(X)
        for t, (start, stop) in enumerate(zip(self.columns_, self.columns_[1:])):
            self._task_as_scores(t, answers[:, start:stop])
        return answers

    def _task_as_scores(self, t, its):
        if self._is_label_task(t) and its.shape[1] == 1:
            its -= 0.5
        return its

    def _probability(self, t, Z):
        if not self._is_label_task(t):
            return None
        return self._shares(t, Z + 0.5 if Z.shape[1] == 1 else Z)

    def _shares(self, t, answers):
        """Of all classes of a task, (n, n_classes)."""
        if answers.shape[1] == 0:
            return np.ones((len(answers), len(self._task_classes(t))))
        if answers.shape[1] == 1:
            return np.column_stack([1 - answers, answers])
        return answers

    def _is_label_task(self, t):
        return hasattr(self, "classes_") and self._task_classes(t) is not None

    def _check_state(self):
        super()._check_state()
        if hasattr(self, "_forest"):
            if not hasattr(self, "columns_"):
                raise ValueError("a forest must say what its columns are")
            if type(self._forest) not in (Forest, CompactForest):
                raise ValueError("a forest has no trees")
            self._forest.check_state(self.n_features_in_)
            if self._forest.columns.n_tasks != self.n_tasks_:
                raise ValueError("a forest must answer all of its tasks")
            for unit in (self._center, self._scale):
                check_array_state(unit, "units of tasks", (self.n_tasks_,))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags
