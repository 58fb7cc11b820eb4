"""The description in a model file, looked through before anything is made of it."""

import json

from ..exceptions import ModelFileError
from .others import LOADERS
from .trusted import trusted_classes, trusted_functions

MOST_PARTS = 10**7


def refuse_untrusted(members, subject):
    """Raise ModelFileError unless a description names trusted things only.

    Parameters
    ----------
    members : dict of bytes
        Of the file.
    subject : str
        How the message begins.
    """
    schema = json.loads(members["schema.json"])
    if _expanded(schema, {}) > MOST_PARTS:
        raise ModelFileError(f"{subject} describes more than {MOST_PARTS} parts")
    unknown = sorted({name for name, way in _named(schema) if not _may_be(name, way)})
    if unknown:
        raise ModelFileError(
            f"{subject} holds {', '.join(unknown)}, which model files may not: only "
            "classes of mtlearn and scikit-learn that are known beforehand"
        )


def _named(node):
    """All that a description names, and how it is made."""
    if isinstance(node, list):
        for child in node:
            yield from _named(child)
    elif isinstance(node, dict):
        for child in node.values():
            yield from _named(child)
        way = node.get("__loader__", "CachedNode")
        if way != "CachedNode":  # that was named before
            yield f"{node.get('__module__')}.{node.get('__class__')}", str(way)


def _may_be(name, way):
    if way == "ObjectNode":
        return name in trusted_classes()
    if way == "FunctionNode":
        return name in trusted_functions()
    return name in LOADERS.get(way, ())


def _expanded(node, known):
    """How many parts there are if shared ones count each time."""
    if isinstance(node, list):
        return sum(_expanded(child, known) for child in node)
    if not isinstance(node, dict):
        return 1
    total = 1 + sum(_expanded(child, known) for child in node.values())
    key = node.get("__id__")
    if isinstance(key, int):
        total = known[key] = max(total, known.get(key, 0))
    return total
