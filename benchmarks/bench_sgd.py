"""MultiTaskSGDClassifier against one SGDClassifier per task; and rows per second.

    python benchmarks/bench_sgd.py [--quick] [--repeats 1] [--figure FILE]

16,000 pictures of two digits as 900 HOG features in float32, four label tasks, 26 score
columns in all; both sides as they come, with the loss of the other, and stopped by
their own rules, ours once more with twice its ``tol``. It is ``independent``, so that
both fit the same model, and must not be less accurate on 4,000 test pictures, in the
mean over tasks. What both do with a stream is shown in rows per second, for
mini-batches of 32, 256 and 4,096 rows. ``--figure`` draws learning curves instead.
"""

import argparse
import statistics
import sys
import time

import matplotlib.pyplot as plt
import numpy as np
from common import TASKS, clock_of, goal, plain, timed
from joblib import Parallel, delayed
from sklearn.linear_model import SGDClassifier
from threadpoolctl import threadpool_limits

from mtlearn.datasets import make_multi_digits
from mtlearn.image import HOG
from mtlearn.linear_model import MultiTaskSGDClassifier

GOAL = 15
# Our loss, and the peer's name for it; of several classes, logistic is softmax here and
# one against the rest there.
LOSSES = {"logistic": "log_loss", "hinge": "hinge"}
TOLS = (1e-3, 2e-3)
BATCHES = (32, 256, 4096)


def pictures(n, subset):
    """Features (n, 900) and labels (n, 4)."""
    bunch = make_multi_digits(n, subset=subset)
    X = HOG(cells_per_block=(2, 2)).fit_transform(bunch.images)
    return X, bunch.target[:, [bunch.task_names.index(name) for name in TASKS]]


def fit_peer(X, y, loss):
    return SGDClassifier(loss=loss, random_state=0).fit(X, plain(y))


def fit_peers(X, Y, loss, n_jobs):
    return Parallel(n_jobs=n_jobs)(delayed(fit_peer)(X, y, loss) for y in Y.T)


def compare(train, test, loss, threads, repeats):
    """Peer and ours on as many threads, a line for each tol; is a goal not reached?"""
    clock = clock_of(threads)
    with threadpool_limits(1):
        peer = timed(repeats, clock, fit_peers, *train, LOSSES[loss], threads)
    ours = MultiTaskSGDClassifier(loss=loss, structure="independent", random_state=0)
    reached = []
    for tol in TOLS:
        with threadpool_limits(threads):
            mine = timed(5, clock, ours.set_params(tol=tol).fit, *train)
        reached.append(show(f"{loss}, tol={tol}", threads, peer, mine, *test))
    return reached


def show(name, threads, peer, mine, X, Y):
    """One line; whether both goals are reached."""
    (theirs, peers), (mine, model) = peer, mine
    theirs_right = [np.mean(peer.predict(X) == plain(y)) for peer, y in zip(peers, Y.T)]
    accuracy = np.array(theirs_right), (model.predict(X) == Y).mean(axis=0)
    ratio, gain = theirs / mine, accuracy[1].mean() - accuracy[0].mean()
    reached = ratio >= GOAL, gain >= 0
    print(
        f"{name}, {threads} thread{'s' * (threads > 1)}: SGDClassifier {theirs:.2f} s, "
        f"mtlearn {mine:.2f} s, ratio {ratio:.1f} (goal {GOAL}: {goal(reached[0])}); "
        f"accuracy {_list(accuracy[0])} and {_list(accuracy[1])}, mean {gain:+.4f} "
        f"({goal(reached[1])}); {model.n_iter_} epochs, the peer "
        f"{', '.join(str(peer.n_iter_) for peer in peers)}",
        flush=True,
    )
    return all(reached)


def _list(values):
    return " ".join(f"{value:.4f}" for value in values)


def show_stream(X, Y, size):
    """Rows per second of partial_fit, in calls of one mini-batch, on one thread."""
    classes = [np.unique(plain(y)) for y in Y.T]
    ours = MultiTaskSGDClassifier(batch_size=size, random_state=0)
    alone = MultiTaskSGDClassifier(
        structure="independent", batch_size=size, random_state=0
    )
    peers = [SGDClassifier(loss="log_loss", random_state=0) for _ in classes]
    parts = [slice(i, i + size) for i in range(0, len(X) - size + 1, size)]
    speed = {"independent": [], "learned": [], "SGDClassifier x 4": []}
    with threadpool_limits(1):
        for part in parts * max(1, 20 // len(parts)):
            for name, model in (("independent", alone), ("learned", ours)):
                start = time.process_time()
                model.partial_fit(X[part], Y[part], classes=classes)
                speed[name].append(time.process_time() - start)
            start = time.process_time()
            for peer, y, known in zip(peers, Y.T, classes):
                peer.partial_fit(X[part], plain(y[part]), classes=known)
            speed["SGDClassifier x 4"].append(time.process_time() - start)
    rows = {name: size / statistics.median(times) for name, times in speed.items()}
    line = ", ".join(f"{name} {each:,.0f}" for name, each in rows.items())
    print(f"partial_fit, {size} rows a call: {line} rows per second", flush=True)


def draw(path):
    """Loss and validation accuracy of six tasks by epoch, two with few labels."""
    few = {"left_parity": 0.9, "left_above_4": 0.9}
    data = make_multi_digits(4000, hidden=few)
    X = HOG(cells_per_block=2).fit_transform(data.images)
    model = MultiTaskSGDClassifier(early_stopping=True, alpha=1e-5, random_state=0)
    model.fit(X, data.target)
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    epochs = np.arange(1, model.n_iter_ + 1)
    for t, name in enumerate(data.task_names):
        left.semilogy(epochs, model.loss_curve_[:, t], label=name)
        scores = model.validation_scores_[:, t]
        (line,) = right.plot(epochs, scores)
        best = scores.argmax()
        right.plot(epochs[best], scores[best], "o", color=line.get_color())
    left.set(xlabel="epoch", ylabel="mean training loss", title="loss_curve_")
    right.set(
        xlabel="epoch",
        ylabel="accuracy on rows held out",
        title="validation_scores_; dots: what is kept",
    )
    figure.legend(loc="outside lower center", ncols=6, frameon=False)
    figure.savefig(path, dpi=110)
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="3,000 rows")
    parser.add_argument("--repeats", type=int, default=1, help="of the peer")
    parser.add_argument("--figure", help="draw learning curves to this file")
    options = parser.parse_args()
    if options.figure:
        return draw(options.figure)
    train = pictures(3000 if options.quick else 16_000, "train")
    test = pictures(4000, "test")
    reached = [
        line
        for loss in LOSSES
        for threads in (1, 2)
        for line in compare(train, test, loss, threads, options.repeats)
    ]
    for size in BATCHES[: 2 if options.quick else 3]:
        show_stream(*train, size)
    return 0 if all(reached) else 1


if __name__ == "__main__":
    sys.exit(main())
