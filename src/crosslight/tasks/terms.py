"""Terms from a file, and what the translations of a file fail in."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from crosslight.decode.terms import PROTECTED, Glossary
from crosslight.decode.translation import Translation
from crosslight.errors import TermError
from crosslight.text.corpus import read_lines
from crosslight.text.entries import Entry, protected

MOST_LINES = 10  # that are named


def read_glossary(path: Path | str) -> Glossary:
    """The glossary in a file of lines: source term, a tab, target forms with | between them.

    A `!` before the forms forbids them. Empty lines, and lines that begin with #, say nothing.

    Raises:
        CorpusError: the file cannot be read.
        TermError: a line is not of this form, or two contradict each other.
    """
    entries = []
    for number, line in enumerate(read_lines(path), 1):
        if not line.strip() or line.startswith("#"):
            continue
        src, _, tgt = line.partition("\t")
        is_forbidden = tgt.startswith("!")
        forms = tuple(form.strip() for form in tgt.removeprefix("!").split("|"))
        if not src.strip() or not all(forms):
            raise TermError(
                f"{path}, line {number}: {line[:60]!r} is not a source term, a tab and target forms",
                "write for example: chat TAB cat|cats; or, to forbid: chat TAB !kitty",
            )
        entries.append(Entry(src.strip(), forms, is_forbidden))
    return Glossary(tuple(entries))


def wanted(file: Path | None, texts: Sequence[str] = (), literals: bool = False) -> Glossary | None:
    """The terms of a file, and what is to be carried over as it is; None if nothing is.

    Args:
        literals: whether addresses, placeholders, formats and tags are.

    Raises:
        CorpusError, TermError: as `read_glossary`; a text is empty.
    """
    if not (file or texts or literals):
        return None
    entries = read_glossary(file).entries if file else ()
    return Glossary((*entries, *map(protected, texts)), PROTECTED if literals else ())


def report_failures(
    translations: Iterable[Translation],
    say: Callable[[str], None],
    unit: str = "line",
    named: Callable[[int, Translation], str] = lambda number, _: str(number),
) -> Iterator[Translation]:
    """The translations, while what is wrong with them is told of at the end, with line numbers.

    Args:
        unit: what each of them is.
        named: (number, translation) -> how it is called.
    """
    unmet: list[str] = []
    lost: list[str] = []
    looped: list[str] = []
    for number, translation in enumerate(translations, 1):
        if translation.unmet:
            unmet.append(f"{named(number, translation)} ({', '.join(translation.unmet)})")
        if translation.lost:
            lost.append(
                f"{named(number, translation)} ({', '.join(literal.text for literal in translation.lost)})"
            )
        if translation.looped:
            looped.append(named(number, translation))
        yield translation
    for lines, said in (
        (unmet, "terms not met"),
        (lost, "numbers, addresses or placeholders lost"),
        (looped, "output runs in a circle"),
    ):
        if lines:
            more = f" and {len(lines) - MOST_LINES:,} more" if len(lines) > MOST_LINES else ""
            say(f"{said} in {len(lines):,} {unit}(s): {', '.join(lines[:MOST_LINES])}{more}")
