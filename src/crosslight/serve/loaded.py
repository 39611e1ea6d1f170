"""A loaded bundle as the engine of a batcher. Torch is loaded with the first one, not before."""

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crosslight.errors import ConfigError
from crosslight.serve.asked import Asked

if TYPE_CHECKING:
    from crosslight.decode.translation import Translation
    from crosslight.decode.translator import Translator
    from crosslight.tasks.alignments import AlignmentHead
    from crosslight.tasks.confidence import Confidence


class LoadedBundle:
    """A translator, and what is read from a bundle beside it when it is first asked for.

    Args:
        engine: as in `tasks.translate.load`.
        threads: batches that are searched at a time; 0: as many as this machine gains from.

    Raises:
        BundleError: there is none, or it is damaged.
        ConfigError: the engine is not installed, or does not know such a model.
    """

    def __init__(self, path: Path, engine: str = "auto", threads: int = 0) -> None:
        from crosslight.tasks.translate import load, load_for_files

        self.translator: Translator = load(path, threads, engine) if threads else load_for_files(path, engine)

    def translate(self, texts: Sequence[str], settings: Asked) -> "list[Translation]":
        """Every text translated, in order.

        Raises:
            ConfigError: confidence is asked for, and the bundle is not calibrated.
            TermError: terms contradict each other.
        """
        from crosslight.tasks.alignments import with_links
        from crosslight.tasks.confidence import with_confidence

        more: dict[str, Any] = {"terms": _glossary(settings)} if settings.terms or settings.literals else {}
        bundle = self.translator.bundle
        found = self.translator.translate(texts, n_best=settings.n_best, **more)
        if settings.confidence:
            (found,) = with_confidence(bundle, self._confidence, [found])
        if settings.links and self._head:
            (found,) = with_links(bundle, self._head, [found])
        return found

    @cached_property
    def _confidence(self) -> "Confidence":
        from crosslight.tasks.confidence import load_confidence

        return load_confidence(self.translator.bundle)

    @cached_property
    def _head(self) -> "AlignmentHead | None":
        """None where the bundle does not say, and cannot find out, which attention aligns words."""
        from crosslight.tasks.alignments import alignment_head

        try:
            return alignment_head(self.translator.bundle)
        except ConfigError:
            return None


def alternatives(text: str, prefix: str, n: int) -> "Callable[[LoadedBundle], list[Any]]":
    """What asks a loaded bundle for the most probable next words (`Translator.alternatives`)."""
    return lambda loaded: loaded.translator.alternatives(text, prefix, n)


def _glossary(settings: Asked) -> Any:
    from crosslight.decode.terms import PROTECTED, Glossary

    return Glossary(settings.terms, PROTECTED if settings.literals else ())
