"""Model files that execute nothing: what is saved, what is trusted, what is checked.

Reading order: :mod:`files <mtlearn.persistence.files>` writes and reads,
:mod:`trusted <mtlearn.persistence.trusted>` is the list of classes that a file may
name, and :mod:`state <mtlearn.persistence.state>` looks at what was loaded before
anything compiled sees it. :mod:`checkpoints <mtlearn.persistence.checkpoints>` trains
in pieces, and goes on from the last of them.
"""

from .checkpoints import train_in_blocks
from .files import dump, dumps, load, loads

__all__ = ["dump", "dumps", "load", "loads", "train_in_blocks"]
