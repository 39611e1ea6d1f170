"""Translation memories: TMX files (1.1 to 1.4b), which every program for translators writes.

A memory may hold many languages. Which two are meant is said behind its name, as in `memory.tmx#fr-en`;
unless said, the source is what the memory calls its source, and the target the other language, if it is the
only other.
A unit that lacks one of the two is passed over. What stands for the markup of a document (`bpt`, `ept`, `ph`,
`it`, `ut`) is no text, what `hi` marks is. Read piece by piece: a memory may be larger than the machine's.
"""

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from crosslight.errors import CorpusError
from crosslight.text.opening import opened

LANG = "{http://www.w3.org/XML/1998/namespace}lang"
MARKUP = {"bpt", "ept", "ph", "it", "ut", "sub"}
MOST_ASKED = 1000  # units that are looked at to find out which languages there are


class Direction(NamedTuple):
    """Two languages as a memory writes them, or as somebody has asked for them."""

    src: str
    tgt: str


def is_tmx(name: Path | str) -> bool:
    """Whether a file is named as a memory, packed or not.

    >>> is_tmx("old/memory.tmx.gz"), is_tmx("memory.TMX#fr-en"), is_tmx("memory.tsv")
    (True, True, False)
    """
    suffixes = [suffix.lower() for suffix in file_of(name).suffixes if suffix not in (".gz", ".xz")]
    return suffixes[-1:] == [".tmx"]


def file_of(name: Path | str) -> Path:
    """The file alone, without the languages that may be named behind it.

    >>> str(file_of("memory.tmx#fr-en"))
    'memory.tmx'
    """
    return Path(str(name).partition("#")[0])


def read_tmx(name: Path | str) -> Iterator[tuple[str, str]]:
    """Source and target of every unit that has both; line breaks and tabs inside become blanks.

    Args:
        name: a file, and behind it, if need be, the languages: `memory.tmx#fr-en`.

    Raises:
        CorpusError: no such file, not TMX, or it is not clear which two languages are meant.
    """
    direction = direction_of(name)
    n_pairs, seen = 0, dict[str, None]()
    for unit in _units(file_of(name)):
        src, tgt = (_text_of(unit, language) for language in direction)
        seen.update(dict.fromkeys(unit))
        if src and tgt:
            n_pairs += 1
            yield src, tgt
    if seen and not n_pairs:
        raise CorpusError(
            f"{file_of(name)} has no unit in {direction.src} and {direction.tgt}; there are {_list(seen)}",
            f"name two of them: {file_of(name)}#{'-'.join([*seen, 'xx'][:2])}",
        )


def direction_of(name: Path | str) -> Direction:
    """Which two languages of a memory are meant.

    Raises:
        CorpusError: no such file, not TMX, or it is not clear.
    """
    file = file_of(name)
    wish = str(name).partition("#")[2]
    if wish:
        src, _, tgt = wish.partition("-")
        if not (src and tgt):
            raise CorpusError(f"{name}: {wish!r} is not two languages", f"write for example {file}#fr-en")
        return Direction(src, tgt)
    origin, languages = "", dict[str, None]()
    for n, unit in enumerate(_units(file)):
        origin = origin or unit.origin
        languages.update(dict.fromkeys(unit))
        if n == MOST_ASKED:
            break
    others = [language for language in languages if not _same(language, origin)]
    if len(others) == len(languages):  # "*all*", or a source that no unit has
        origin, others = next(iter(languages), ""), list(languages)[1:]
    if len(others) != 1:
        raise CorpusError(
            f"{file} does not say which two languages are meant: there are {_list(languages)}",
            f"name them behind the file: --pairs {file}#fr-en",
        )
    return Direction(origin, others[0])


class _Unit(dict[str, str]):
    """Language -> text; `origin` is what the memory calls its source language."""

    origin: str = ""


def _units(file: Path) -> Iterator[_Unit]:
    root, origin = "", ""
    with opened(file) as stream:
        try:
            parents: list[ET.Element] = []
            for event, element in ET.iterparse(stream, events=("start", "end")):
                if event == "start":
                    root = root or element.tag
                    if root != "tmx":
                        raise CorpusError(
                            f"{file} is XML, but no TMX: it begins with <{root}>", "export it as TMX 1.4"
                        )
                    parents.append(element)
                    continue
                parents.pop()
                if element.tag == "header":
                    origin = element.get("srclang", "")
                elif element.tag == "tu":
                    unit = _Unit()
                    unit.origin = element.get("srclang", origin)
                    for variant in element.iter("tuv"):
                        language = variant.get(LANG) or variant.get("lang", "")
                        segment = variant.find("seg")
                        if language and segment is not None:
                            unit.setdefault(language, " ".join(_plain(segment).split()))
                    yield unit
                    parents[-1].clear()  # so that memory does not grow with the file
        except ET.ParseError as error:
            raise CorpusError(
                f"{file} is damaged, or is no TMX: {error}", "export it again as TMX 1.4"
            ) from None


def _plain(element: ET.Element) -> str:
    inside = [element.text or ""]
    for child in element:
        inside += ["" if child.tag in MARKUP else _plain(child), child.tail or ""]
    return "".join(inside)


def _text_of(unit: _Unit, wanted: str) -> str:
    """As it is named, or else a variety: for `en` that is `en-US`, for `en-GB` also `en`."""
    for same in (lambda a, b: a.lower() == b.lower(), _same):
        for language, text in unit.items():
            if same(language, wanted):
                return text
    return ""


def _same(one: str, other: str) -> bool:
    """Whether two codes are the same language, whatever the country."""
    return one.lower().replace("_", "-").split("-")[0] == other.lower().replace("_", "-").split("-")[0]


def _list(languages: dict[str, None]) -> str:
    return ", ".join(languages) or "none"
