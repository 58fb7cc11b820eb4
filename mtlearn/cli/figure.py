"""The result as one picture."""

import numpy as np

# Okabe and Ito's colours, which colour-blind people tell apart.
ALONE, SAME, TOGETHER, WRONG = "#999999", "#444444", "#0072B2", "#D55E00"
NO_CHANGE = 0.005  # differences below this are neither better nor worse
MAX_NAMES = 40
N_PICTURES, N_SHOWN_TASKS = 8, 6


def draw_report(data, result):
    """Scores per task, sharing, task similarity, and pictures with predictions.

    Returns
    -------
    matplotlib Figure, or None without matplotlib
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return None
    n_tasks = len(data.task_names)
    tall = max(4.2, 0.26 * n_tasks + 1.2)
    figure = Figure(figsize=(14, tall + 3.4), layout="constrained")
    upper, lower = figure.subfigures(2, 1, height_ratios=[tall, 3.4])
    upper.suptitle(
        f"{n_tasks} tasks, {len(data.images)} training pictures, "
        f"{len(data.test_images)} held out"
    )
    scores, similarity, sharing = upper.subplots(1, 3, width_ratios=[1.2, 1.1, 0.8])
    draw_scores(scores, data, result)
    draw_similarity(similarity, data, result)
    draw_sharing(sharing, result)
    draw_pictures(lower, data, result)
    return figure


def draw_scores(axes, data, result):
    """A line per task from the independent model's score to the multi-task one's."""
    scores = result.scores[result.metric]
    alone, together = scores["independent"], scores["multi-task"]
    place = np.arange(len(alone))[::-1]
    gain = np.nan_to_num(together - alone)
    colours = np.select([gain > NO_CHANGE, gain < -NO_CHANGE], [TOGETHER, WRONG], SAME)
    axes.hlines(place, alone, together, colors=colours, linewidth=2)
    axes.scatter(alone, place, s=28, color=ALONE, label="one model per task", zorder=3)
    axes.scatter(together, place, s=36, c=colours, zorder=3)
    for colour, meaning in ((TOGETHER, "better"), (SAME, "the same"), (WRONG, "worse")):
        axes.scatter([], [], color=colour, label=f"multi-task, {meaning}")
    axes.set_yticks(place, _short(data.task_names))
    axes.set_xlabel(f"{result.metric.replace('_', ' ')} on held-out pictures")
    axes.grid(axis="x", alpha=0.3)
    axes.margins(y=0.6 / len(alone))
    axes.set_title("Do the tasks help each other?")
    axes.figure.legend(fontsize=9, loc="outside lower left", ncols=4)


def draw_similarity(axes, data, result):
    """How alike the model holds the tasks to be."""
    model = result.search.best_estimator_[-1]
    similarity = model.task_similarity_
    image = axes.imshow(similarity, vmin=-1, vmax=1, cmap="PuOr")
    names = _short(data.task_names)
    if len(names) <= MAX_NAMES:
        size = 9 if len(names) <= 15 else 7
        axes.set_xticks(range(len(names)), names, rotation=90, fontsize=size)
        axes.set_yticks(range(len(names)), names, fontsize=size)
    axes.figure.colorbar(image, ax=axes, shrink=0.7)
    axes.set_title(f"Task similarity (sharing={model.sharing})")


def draw_sharing(axes, result):
    """Cross-validated score of the best setting at each sharing."""
    results = result.search.cv_results_
    sharing = np.array(results["param_svm__sharing"], dtype=float)
    values = np.unique(sharing)
    scores = np.nan_to_num(results["mean_test_score"], nan=-np.inf)
    best = [
        np.flatnonzero(sharing == s)[np.argmax(scores[sharing == s])] for s in values
    ]
    mean, spread = results["mean_test_score"][best], results["std_test_score"][best]
    axes.errorbar(values, mean, spread, color=TOGETHER, marker="o", capsize=4)
    axes.set_xticks(values)
    axes.set_xlabel("sharing (0 = independent tasks)")
    axes.set_ylabel(f"cross-validated {result.metric.replace('_', ' ')}")
    axes.grid(alpha=0.3)
    axes.set_title("Best setting at each sharing")


def draw_pictures(figure, data, result):
    """Some held-out pictures with what the model says; wrong answers stand out."""
    chosen = np.linspace(0, len(data.test_images) - 1, N_PICTURES).astype(int)
    chosen = np.unique(chosen)
    images, truth = data.test_images[chosen], data.test_labels[chosen]
    predicted = result.search.best_estimator_.predict(images)
    shown = _most_telling(result)
    figure.suptitle(
        "Held-out pictures; true labels in brackets where wrong", fontsize=10
    )
    panels = figure.subplots(2, len(chosen), height_ratios=[1, 0.5], squeeze=False)
    for axes, image in zip(panels[0], images):
        axes.imshow(image, cmap="gray" if image.ndim == 2 else None)
        axes.set_axis_off()
    for axes, true, guess in zip(panels[1], truth, predicted):
        axes.set_axis_off()
        for line, t in enumerate(shown):
            wrong = true[t] is not None and true[t] != guess[t]
            text = f"{_cut(data.task_names[t], 16)}: {_cut(guess[t])}"
            text += f" (not {_cut(true[t])})" if wrong else ""
            colour = WRONG if wrong else "black"
            axes.text(
                0, 1 - line / N_SHOWN_TASKS, text, color=colour, fontsize=7.5, va="top"
            )


def _most_telling(result):
    """Tasks for which the sharing changed most, in their own order."""
    scores = result.scores[result.metric]
    change = np.nan_to_num(np.abs(scores["multi-task"] - scores["independent"]))
    return np.sort(np.argsort(-change, kind="stable")[:N_SHOWN_TASKS])


def _short(names):
    return [_cut(name, 24) for name in names]


def _cut(value, length=12):
    text = str(value)
    return text if len(text) <= length else text[: length - 3] + "..."
