"""Training that goes on where it was killed."""

import os
from inspect import signature
from numbers import Integral

import numpy as np
from joblib import hash as content_hash
from sklearn.base import clone

from ..blocks import RowBlocks, is_dask
from ..tasks import has_labels
from ..validation import check_number
from .files import dump, load


def train_in_blocks(
    model,
    X,
    y,
    *,
    classes=None,
    sample_weight=None,
    n_epochs=1,
    checkpoint=None,
    every=100,
):
    """Train a model of gradient descent block by block; resume from a checkpoint.

    Each block is one call of ``partial_fit``, in the order in which blocks lie; rows
    are shuffled inside their block. Blocks without labels are passed over.

    With ``checkpoint``, the model is saved every ``every`` blocks and at the end, in
    one step each time, so a process that is killed at any moment leaves a whole file.
    The same call made again goes on from it and ends with the same model, bit for bit,
    as a call that was never killed.

    Parameters
    ----------
    model : MultiTaskSGDClassifier, MultiTaskSGDRegressor or MixedTaskSGD
        Its parameters; it is left as it is.
    X : RowBlocks, Dask array, or array (n_samples, n_features)
        An array, mapped from a file for instance, is cut into blocks of about 32 MB.
    y : array-like of shape (n_samples,) or (n_samples, n_tasks)
        May be mapped from a file, or a Dask array.
    classes : see ``partial_fit``
        All labels of each task; needed for classifiers.
    sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks)
    n_epochs : int, default=1
        Passes over all blocks.
    checkpoint : str or path-like, optional
        A model file (extra ``persist``).
    every : int, default=100
        Blocks from one checkpoint to the next.

    Returns
    -------
    model
        A fitted copy, with ``blocks_seen_``, the number of blocks so far.

    Raises
    ------
    TypeError
        If the model has no ``partial_fit``, or with ``checkpoint`` a generator for its
        ``random_state``, which training would change.
    ValueError
        If labels have another number of rows than X, no block has labels, or the
        checkpoint is of other parameters, of other blocks, rows or labels (the first
        few are compared), or of more epochs.
    ModelFileError
        If the checkpoint is no model file.

    Examples
    --------
    >>> import numpy as np
    >>> from mtlearn.blocks import RowBlocks
    >>> from mtlearn.linear_model import MultiTaskSGDRegressor
    >>> from mtlearn.persistence import train_in_blocks
    >>> X = np.random.default_rng(0).normal(size=(1000, 3))
    >>> blocks = RowBlocks(X, block_rows=100)
    >>> model = MultiTaskSGDRegressor(random_state=0)
    >>> train_in_blocks(model, blocks, X @ np.ones((3, 2)), n_epochs=2).blocks_seen_
    20
    """
    check_number(n_epochs, "n_epochs", 1, kind=Integral)
    check_number(every, "every", 1, kind=Integral)
    if not hasattr(model, "partial_fit"):
        raise TypeError(
            f"{type(model).__name__} has no partial_fit: train_in_blocks is for models "
            "of gradient descent, such as MultiTaskSGDClassifier"
        )
    X = X if isinstance(X, RowBlocks) or is_dask(X) else np.asanyarray(X)
    X = X if isinstance(X, RowBlocks) else RowBlocks(X)
    for name, rows in (("y", y), ("sample_weight", sample_weight)):
        if rows is not None and len(rows) != len(X):
            raise ValueError(f"X has {len(X)} rows, {name} has {len(rows)}")
    model = _start(model, _about(X, y, sample_weight), checkpoint)
    wants_classes = "classes" in signature(model.partial_fit).parameters
    given = {"classes": classes} if wants_classes else {}
    n_blocks = len(X.slices)
    if model.blocks_seen_ > n_epochs * n_blocks:
        raise ValueError(
            f"{checkpoint} has seen {model.blocks_seen_} blocks, more than the "
            f"{n_epochs * n_blocks} of n_epochs={n_epochs}: give another checkpoint"
        )
    for k in range(model.blocks_seen_, n_epochs * n_blocks):
        rows = X.slices[k % n_blocks]
        labels = _rows(y, rows)
        weight = None if sample_weight is None else _rows(sample_weight, rows)
        if has_labels(labels, weight):
            block = X.block(k % n_blocks)
            model.partial_fit(block, labels, sample_weight=weight, **given)
        model.blocks_seen_ = k + 1
        done = k + 1 == n_epochs * n_blocks
        if checkpoint is not None and (done or (k + 1) % every == 0):
            dump(model, checkpoint)
    if not hasattr(model, "coef_"):
        raise ValueError(
            "no label is observed in any block, or none of positive weight"
        )
    return model


def _start(model, about, checkpoint):
    """A copy that has seen nothing, or what the checkpoint holds."""
    if checkpoint is None or not os.path.exists(checkpoint):
        model = clone(model)
        model.blocks_seen_, model._about = 0, about
        if checkpoint is not None:
            seed = model.get_params().get("random_state")
            if not (seed is None or isinstance(seed, Integral)):
                raise TypeError(
                    f"random_state={seed!r} changes in training, so no checkpoint "
                    "could be told from another: give a whole number or None"
                )
            dump(model, checkpoint)  # if it cannot be written, better now
        return model
    saved = load(checkpoint)
    if type(saved) is not type(model) or _settings(saved) != _settings(model):
        raise ValueError(
            f"{checkpoint} holds {saved!r}, not {model!r}: give another checkpoint, or "
            "remove it"
        )
    if getattr(saved, "_about", None) != about:
        raise ValueError(
            f"{checkpoint} has seen other rows or labels, or X in other blocks: give "
            "the same X, y and sample_weight, or another checkpoint"
        )
    return saved


def _settings(model):
    return content_hash(model.get_params())


def _about(X, y, sample_weight):
    """What tells other data apart, without reading all of it."""
    few = slice(0, min(5, X.slices[0].stop))
    values = [X[few], _rows(y, few)]
    if sample_weight is not None:
        values.append(_rows(sample_weight, few))
    text = [str(np.asarray(value).tolist()) for value in values]
    stops = [int(rows.stop) for rows in X.slices]
    return content_hash([X.shape, X.dtype.name, stops, text])


def _rows(values, rows):
    """Of an array, a DataFrame, a list or a Dask array."""
    part = getattr(values, "iloc", values)[rows]
    return part.compute() if is_dask(part) else part
