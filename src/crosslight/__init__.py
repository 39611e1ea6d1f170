"""Train your own translator, run it fast on a plain CPU, and see inside it.

import crosslight
translator = crosslight.load("runs/mine")
translator.translate(["Bonjour !"])[0].text
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from crosslight.decode.translation import Translation
    from crosslight.decode.translator import Translator
    from crosslight.errors import CrosslightError
    from crosslight.interpret.attention import record_attention
    from crosslight.tasks.translate import load

__all__ = ["CrosslightError", "Translation", "Translator", "__version__", "load", "record_attention"]

_HOMES = {
    "CrosslightError": "crosslight.errors",
    "Translation": "crosslight.decode.translation",
    "Translator": "crosslight.decode.translator",
    "load": "crosslight.tasks.translate",
    "record_attention": "crosslight.interpret.attention",
}


def __getattr__(name: str) -> Any:
    """Public names are imported when they are first used: `import crosslight` costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'crosslight' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
