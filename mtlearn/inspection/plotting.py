"""What the pictures share: axes, colours, and names that do not cover each other."""

import numpy as np
from sklearn.isotonic import isotonic_regression

# Okabe and Ito's colours, which colour-blind people tell apart.
BLUE, RED, GREY, BLACK = "#0072B2", "#D55E00", "#999999", "#222222"
COLOURS = (BLUE, RED, "#009E73", "#CC79A7", "#E69F00", "#56B4E9", BLACK, "#7A6A00")
STYLES = ("-", "--", "-.", ":")
MARKERS = "osD^vP*X"
# So many lines can be told apart; of more, those with the largest change are named.
MOST_LINES = len(COLOURS)


def draw_lines(ax, x, values, names, importance):
    """One line per task; the most important in colour and named at its end.

    Parameters
    ----------
    x : array-like of shape (n_points,)
    values : ndarray of shape (n_tasks, n_points)
    importance : ndarray of shape (n_tasks,)
    """
    importance = np.where(np.isnan(importance), -np.inf, importance)
    shown = np.sort(np.argsort(-importance, kind="stable")[:MOST_LINES])
    for t in set(range(len(values))) - set(shown.tolist()):
        ax.plot(x, values[t], color=GREY, linewidth=0.8, alpha=0.6, zorder=1)
    for i, t in enumerate(shown):
        style = {"color": COLOURS[i], "marker": MARKERS[i], "markersize": 4}
        ax.plot(x, values[t], linestyle=STYLES[i % len(STYLES)], zorder=3, **style)
    ends = [_last(values[t]) for t in shown]
    _name_ends(ax, x[-1], ends, [names[t] for t in shown], COLOURS)
    if len(values) > len(shown):
        note = f"{len(values) - len(shown)} other tasks in grey"
        ax.text(0.02, 0.02, note, transform=ax.transAxes, color="#666666", fontsize=8)


def _last(values):
    known = values[~np.isnan(values)]
    return known[-1] if len(known) else np.nan


def _name_ends(ax, x, ends, names, colours, room=0.045):
    """Names right of the axes, as near to their lines as they can without overlap."""
    low, high = ax.get_ylim()
    places = [(end - low) / (high - low) for end in ends]
    order = [i for i in np.argsort(places) if not np.isnan(places[i])]
    if not order:
        return
    # Nearest heights that are ``room`` apart: less that room, they only must not fall.
    steps = room * np.arange(len(order))
    heights = isotonic_regression(np.array([places[i] for i in order]) - steps) + steps
    for height, i in zip(heights, order):
        ax.annotate(
            shorten(names[i]),
            xy=(1.0, places[i]),
            xytext=(1.04, height),
            xycoords="axes fraction",
            textcoords="axes fraction",
            color=colours[i],
            fontsize=9,
            va="center",
            arrowprops={"arrowstyle": "-", "color": colours[i], "linewidth": 0.6},
        )


def shorten(name, length=22):
    """A name that leaves room for the picture."""
    text = str(name)
    return text if len(text) <= length else text[: length - 1] + "…"


def find_parameter(params, ending):
    """The name of the only searched parameter that ends so.

    Parameters
    ----------
    params : list of dict
        ``cv_results_["params"]``.
    """
    names = sorted({k for p in params for k in p if k.split("__")[-1] == ending})
    if len(names) != 1:
        searched = sorted({k for p in params for k in p})
        raise ValueError(
            f"the search should have one parameter {ending!r}; it has {searched}; "
            "parameter=... picks another"
        )
    return names[0]


def read_results(search):
    """``cv_results_`` of a search, or such a dict."""
    results = getattr(search, "cv_results_", search)
    if not isinstance(results, dict) or "params" not in results:
        raise TypeError(
            f"a fitted search or its cv_results_ is needed, not {type(search).__name__}"
        )
    return results


def scores_of_results(results):
    """Mean scores: names, and (n_names, n_settings).

    With one metric its name is "score", with several, as of ``task_scorers``, theirs.
    """
    start = "mean_test_"
    found = [key for key in results if key.startswith(start)]
    names = [key[len(start) :] for key in found]
    return names, np.array([np.asarray(results[key], dtype=float) for key in found])
