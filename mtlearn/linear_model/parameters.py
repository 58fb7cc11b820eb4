"""Parameters that all linear models have, and which of them go together."""

from numbers import Integral

from ..structures import STRUCTURES, Graph, Structure
from ..validation import check_choice, check_number

# Passing it where it means nothing cannot be told from leaving it out.
DEFAULT_SHARING = 0.5


def find_structure(model):
    """The structure that a model's parameter names, or is."""
    structure = model.structure
    if isinstance(structure, Structure):
        return structure
    check_choice(structure, "structure", STRUCTURES)
    if structure == "graph":
        return Graph(model.task_graph)
    return STRUCTURES[structure]()


def check_parameters(model):
    """Raise ValueError, naming parameter and value, unless all can be used together.

    Returns
    -------
    structure : Structure
    """
    check_number(model.C, "C", 0, open_low=True)
    check_number(model.sharing, "sharing", 0, 1)
    check_number(model.tol, "tol", 0, open_low=True)
    check_number(model.max_iter, "max_iter", 1, kind=Integral)
    structure = find_structure(model)
    name = f"structure={model.structure!r}"
    refuse_unused_ties(model, structure)
    if model.sharing != DEFAULT_SHARING and not structure.has_sharing:
        raise ValueError(
            f"sharing={model.sharing} means nothing to {name}, whose only strength is "
            "C; leave sharing out, or use structure='learned' or 'mean'."
        )
    _refuse_kinks(model, structure, name)
    return structure


def refuse_unused_ties(model, structure):
    """Raise ValueError if the model names ties that its structure does not look at."""
    name = f"structure={model.structure!r}"
    if model.label_groups is not None and not structure.uses_label_groups:
        raise ValueError(
            f"label_groups={model.label_groups!r} means nothing to {name}; use "
            "structure='mean' or leave label_groups out."
        )
    if model.task_graph is not None and model.structure != "graph":
        raise ValueError(
            f"task_graph means nothing to {name}; use structure='graph' or leave "
            "task_graph out."
        )


def _refuse_kinks(model, structure, name):
    """Proximal gradients are for smooth losses."""
    kinked = [loss for loss in model._losses().values() if not loss.differentiable]
    if kinked and hasattr(structure, "penalties"):
        raise ValueError(
            f"{name} needs a loss without kinks, which {type(kinked[0]).__name__} is "
            "not; use its squared form, or structure='learned' or 'mean'."
        )
