"""What the cells of a column mean: numbers, words or tags; None is a missing label."""

import math

__all__ = ["is_measurement", "numbers_or_strings", "tag_labels"]

TAG_SEPARATOR = ";"
NO_TAG = "none"
# As in mtlearn's estimators: more distinct whole numbers are no labels.
MAX_LABEL_VALUES = 20
# What other programs write for a missing number. Only these are refused among
# numbers: any other word makes the column one of words.
NOT_A_NUMBER = ("nan", "na", "n/a", "null", "none", "inf", "-inf", "?")


def tag_labels(path, name, cells):
    """One binary task per tag, sorted by tag: {task name: labels}."""
    sets = [None if cell is None else _split_tags(cell) for cell in cells]
    found = sorted(set().union(*(tags for tags in sets if tags)))
    if not found:
        raise ValueError(f"{path}: the column {name!r} holds no tags")
    return {
        f"{name}:{tag}": [
            None if tags is None else "yes" if tag in tags else "no" for tags in sets
        ]
        for tag in found
    }


def _split_tags(cell):
    tags = {tag.strip() for tag in cell.split(TAG_SEPARATOR)}
    return tags - {"", NO_TAG}


def numbers_or_strings(path, name, cells, lines):
    """Integers if all labels are whole numbers, floats if all are numbers."""
    labels = [None if cell is None else _number(cell) for cell in cells]
    words = [
        i for i, cell in enumerate(cells) if cell is not None and labels[i] is None
    ]
    if words:
        only_markers = all(cells[i].lower() in NOT_A_NUMBER for i in words)
        if only_markers and any(label is not None for label in labels):
            word = cells[words[0]]
            raise ValueError(
                f"{path}, line {lines[words[0]]}: {word!r} among the numbers of column "
                f"{name!r}; pass missing=({word!r},) if it means a missing label"
            )
        return cells
    if any(isinstance(label, float) for label in labels):
        return [None if label is None else float(label) for label in labels]
    return labels


def _number(cell):
    """The int or finite float that the cell holds, or None."""
    if "_" in cell:  # Python reads 1_000 as a number; tables do not
        return None
    try:
        number = float(cell)
    except ValueError:
        return None
    if not math.isfinite(number):
        return None
    # Digits that a float cannot hold are a name, such as a barcode.
    if number == int(number):
        return int(number) if abs(number) < 2**53 else None
    return number


def is_measurement(labels):
    """Whether a column holds fractions or more distinct numbers than labels have."""
    values = {label for label in labels if label is not None}
    if any(isinstance(value, str) for value in values):
        return False
    fractions = any(isinstance(value, float) for value in values)
    return fractions or len(values) > MAX_LABEL_VALUES
