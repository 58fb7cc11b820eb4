"""The description in a model file, looked through before anything is made of it."""

import json

from ..exceptions import ModelFileError
from .others import LOADERS
from .trusted import trusted_names

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
    names, loaders = set(), set()
    _collect(schema, names, loaders)
    unknown = sorted((names - set(trusted_names())) | (loaders - set(LOADERS)))
    if unknown:
        raise ModelFileError(
            f"{subject} holds {', '.join(unknown)}, which model files may not: only "
            "classes of mtlearn and scikit-learn that are known beforehand"
        )


def _collect(node, names, loaders):
    """All that a description names, and how it is put together."""
    if isinstance(node, list):
        for child in node:
            _collect(child, names, loaders)
    elif isinstance(node, dict):
        for child in node.values():
            _collect(child, names, loaders)
        if "__loader__" in node and node["__loader__"] != "CachedNode":
            names.add(f"{node.get('__module__')}.{node.get('__class__')}")
            loaders.add(str(node["__loader__"]))


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
