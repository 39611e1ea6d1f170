"""Documents through a translator: where the room that keeps forms meets the one that translates.

Which words belong together is read from the model only for texts with markup inside, a batch at a time.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crosslight.decode.translation import Translation
from crosslight.decode.translator import Translator
from crosslight.documents import CURES, ENDINGS, Translate, kind_of, translate_document
from crosslight.errors import ConfigError, DocumentError
from crosslight.tasks.alignments import AlignmentHead, alignment_head, with_links
from crosslight.tasks.terms import report_failures
from crosslight.tasks.translate import progress_bar
from crosslight.text.links import Link


@dataclass
class _Batch:
    """Translations of one call; their links are found together, once somebody asks for the first."""

    translator: Translator
    head: Callable[[], AlignmentHead | None]
    translations: list[Translation]
    links: list[frozenset[Link] | None] | None = None

    def links_of(self, i: int) -> frozenset[Link] | None:
        if self.links is None:
            head = self.head()
            if head is None:
                self.links = [None] * len(self.translations)
            else:
                (linked,) = with_links(self.translator.bundle, head, [self.translations])
                self.links = [translation.links for translation in linked]
        return self.links[i]


@dataclass(frozen=True)
class _Text:
    """One text of a batch, as a document asks for it."""

    batch: _Batch
    i: int

    @property
    def text(self) -> str:
        return self.batch.translations[self.i].text

    @property
    def links(self) -> frozenset[Link] | None:
        return self.batch.links_of(self.i)


def translate_with(
    translator: Translator, seen: Callable[[Translation], object] | None = None, **settings: Any
) -> Translate:
    """What `documents.translate_document` and `translate_html` are handed to translate with a bundle.

    Where a bundle does not say which attention aligns, markup goes by its place in the sentence.

    Args:
        seen: is given every translation, in order.
        settings: as in `Translator.translate`.
    """
    known: list[AlignmentHead | None] = []

    def head() -> AlignmentHead | None:
        if not known:
            try:
                known.append(alignment_head(translator.bundle))
            except ConfigError:  # none stored, and too few pairs to choose by
                known.append(None)
        return known[0]

    def translate(texts: list[str]) -> Sequence[_Text]:
        batch = _Batch(translator, head, translator.translate(texts, **settings))
        for translation in batch.translations if seen else ():
            seen(translation)  # type: ignore[misc]
        return [_Text(batch, i) for i in range(len(texts))]

    return translate


def translate_file(
    translator: Translator, path: Path, say: Callable[[str], None] = lambda _: None, **settings: Any
) -> bytes:
    """The translation of a document, of the same kind and form.

    Args:
        say: is told of what was lost in it, such as a number.

    Raises:
        DocumentError: it cannot be read, or is of no kind that can be translated.
    """
    kind_of(path.name)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DocumentError(
            f"{path} cannot be read: {error.strerror or error}", "check the name and the permissions"
        ) from error
    translations: list[Translation] = []
    with progress_bar(sys.stderr.isatty(), "texts") as bar:
        task = bar.add_task("translating", total=None)

        def progress(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        translate = translate_with(translator, translations.append, **settings)
        result = translate_document(path.name, data, translate, progress)
    for _ in report_failures(translations, say, "text", lambda _, t: repr(t.src[:40])):
        pass
    return result


def is_document(path: str) -> bool:
    """Whether a file is to be translated as a document; plain text, and what has no ending, is lines.

    Raises:
        DocumentError: it is of a kind that can be read neither way, such as .pdf.
    """
    ending = Path(path).suffix.lower()
    if ending in CURES:
        kind_of(path)
    return ending in ENDINGS and ending != ".txt"
