"""Axes to draw on, where matplotlib is there."""


def new_axes(ax=None, size=(6.4, 4.4)):
    """The axes given, or those of a new figure.

    Raises
    ------
    ImportError
        Without matplotlib, with the way to get it.
    """
    if ax is not None:
        return ax
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            "pictures need matplotlib: pip install 'scikit-mtlearn[plot]'"
        ) from error
    return plt.subplots(figsize=size, layout="constrained")[1]


def final_axes(display, ax):
    """Keep what was drawn on, as scikit-learn's displays do."""
    display.ax_, display.figure_ = ax, ax.figure
    return display
