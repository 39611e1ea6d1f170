"""A paragraph of a Word document as tokens, and tokens as a paragraph again.

Word cuts a sentence into runs wherever formatting changes, and often where it does not. Runs that look alike
are one text here, the look that most of the paragraph has is its own, and every other look is an element
around its words; so are links. Pictures, footnote marks and fields are marks. Tabs and line breaks part
sentences.

A token's raw text is a key to the XML that it stands for: NUL, a number, NUL. No XML text can hold that.
"""

import copy
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from lxml import etree

from crosslight.documents.inline import DEEPEST, Break, Element, End, Mark, Node, Start, Text, Token
from crosslight.errors import DocumentError

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
SPACE = "{http://www.w3.org/XML/1998/namespace}space"
CONTAINERS = {W + n for n in ("hyperlink", "ins", "moveTo", "smartTag", "customXml", "sdt", "dir", "bdo")}
PROPERTIES = {W + n for n in ("smartTagPr", "customXmlPr", "sdtPr", "sdtEndPr")}
DROPPED = {W + "proofErr", W + "lastRenderedPageBreak"}  # of the old words and lines
SILENT = {W + n for n in ("del", "moveFrom", "bookmarkStart", "bookmarkEnd", "annotationRef")}
SILENT |= {W + f"{kind}Range{end}" for kind in ("comment", "moveFrom", "moveTo") for end in ("Start", "End")}
SILENT |= {W + "permStart", W + "permEnd", W + "commentReference"}
BREAKS = {W + "tab", W + "br", W + "cr", W + "ptab"}
CHARACTERS = {W + "noBreakHyphen": "\u2011", W + "softHyphen": "\u00ad"}
UNSEEN = {W + "lang", W + "noProof"}  # differences between runs that nobody sees
KEY = re.compile("\0([0-9]+)\0")
EDGES = re.compile(r"([ \t\n\r\f]*)(.*?)([ \t\n\r\f]*)", re.DOTALL)
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
LINK_FIELD = re.compile(r"\s*HYPERLINK\b", re.IGNORECASE)

Xml: TypeAlias = Any  # an element of lxml, which has no types


@dataclass(frozen=True)
class Piece:
    """A child of a paragraph or container, or one child of a run with the run that it is in."""

    run: Xml | None
    node: Xml


@dataclass(frozen=True)
class Opening:
    """What stands at the start of an element: a look, a container without its content, or a field's code."""

    is_look: bool = False
    look: Xml | None = None  # None is that of the document
    shell: Xml | None = None
    field: tuple[Piece, ...] = ()


@dataclass(frozen=True)
class Closing:
    """The end of an element, with the end of a field."""

    opening: Opening
    field: tuple[Piece, ...] = ()


class Paragraph:
    """Reads a paragraph (`tokens`), and writes it anew (`replace`)."""

    def __init__(self, name: str, paragraph: Xml) -> None:
        self._name = name
        self._paragraph = paragraph
        self._kept: list[str | Opening | Closing | tuple[Piece, ...]] = []
        self._base = self._most_common_look()

    def tokens(self) -> list[Token]:
        """The content as sentences need it."""
        return list(self._of(self._paragraph, 0))

    def replace(self, content: Sequence[str | Sequence[Node]]) -> None:
        """Put new content in place: raw texts of tokens, and trees."""
        kept = [child for child in self._paragraph if child.tag == W + "pPr"]
        for child in list(self._paragraph):
            self._paragraph.remove(child)
        self._paragraph.extend(kept)
        writer = _Writer(self._paragraph, self._base)
        for part in content:
            if isinstance(part, str):
                self._write_raw(writer, part)
            else:
                self._write(writer, part)

    def _write(self, writer: "_Writer", nodes: Sequence[Node]) -> None:
        for node in nodes:
            if isinstance(node, Element):
                self._write_raw(writer, node.start)
                self._write(writer, node.children)
                self._write_raw(writer, node.end)
            elif isinstance(node, Text) and not node.raw:
                writer.text(node.text)
            else:
                self._write_raw(writer, node.raw)

    def _write_raw(self, writer: "_Writer", raw: str) -> None:
        for match in KEY.finditer(raw):
            kept = self._kept[int(match[1])]
            if isinstance(kept, str):
                writer.text(kept)
            elif isinstance(kept, Opening):
                writer.open(kept)
            elif isinstance(kept, Closing):
                writer.close(kept)
            else:
                writer.pieces(kept)

    def _key(self, kept: "str | Opening | Closing | tuple[Piece, ...]") -> str:
        self._kept.append(kept)
        return f"\0{len(self._kept) - 1}\0"

    def _most_common_look(self) -> Xml | None:
        lengths: Counter[bytes] = Counter()
        looks: dict[bytes, Xml | None] = {}
        for run in self._paragraph.iter(W + "r"):
            if next(run.iterancestors(W + "p"), None) is not self._paragraph:
                continue  # of a text box in it
            look = run.find(W + "rPr")
            lengths[_seen(look)] += sum(len(text.text or "") for text in run.findall(W + "t"))
            looks.setdefault(_seen(look), look)
        return looks[lengths.most_common(1)[0][0]] if lengths else None

    def _of(self, parent: Xml, depth: int) -> Iterator[Token]:
        if depth > DEEPEST // 3:
            raise DocumentError(
                f"{self._name} has a paragraph of {depth} elements in each other",
                "simplify its links and content controls",
            )
        yield from self._of_pieces(_pieces(parent), depth)

    def _of_pieces(self, pieces: Sequence[Piece], depth: int) -> Iterator[Token]:
        look: Xml | None = None  # the one that is open, if it is not the paragraph's own
        opening: Opening | None = None
        i = 0
        while i < len(pieces):
            piece = pieces[i]
            tag = piece.node.tag
            is_text = piece.run is not None and (tag == W + "t" or tag in CHARACTERS)
            wanted = piece.run.find(W + "rPr") if is_text and piece.run is not None else None
            is_own = not is_text or _seen(wanted) == _seen(self._base)
            if opening and (is_own or _seen(wanted) != _seen(look)):
                yield End(self._key(Closing(opening)), "look")
                opening = None
            if is_text:
                if not is_own and not opening:
                    look, opening = wanted, Opening(is_look=True, look=wanted)
                    yield Start(self._key(opening), "look")
                yield from self._texts(CHARACTERS.get(str(tag)) or piece.node.text or "")
                i += 1
            elif tag == W + "fldChar" and piece.node.get(W + "fldCharType") == "begin":
                n = _field_length(pieces[i:])
                yield from self._field(pieces[i : i + n], depth)
                i += n
            else:
                i += 1
                yield from self._other(piece, depth)
        if opening:
            yield End(self._key(Closing(opening)), "look")

    def _texts(self, text: str) -> Iterator[Token]:
        match = EDGES.fullmatch(text)
        for part in match.groups() if match else ():
            if part:
                yield Text(self._key(part), part)

    def _other(self, piece: Piece, depth: int) -> Iterator[Token]:
        tag = piece.node.tag
        if tag in DROPPED or tag == W + "pPr":
            return
        is_link = tag == W + "fldSimple" and LINK_FIELD.match(piece.node.get(W + "instr") or "")
        if piece.run is None and (tag in CONTAINERS or is_link):
            content = _content_of(piece.node)
            inside = list(self._of(content, depth + 1)) if content is not None else []
            opening = Opening(shell=piece.node)
            yield Start(self._key(opening), "container")
            yield from inside
            yield End(self._key(Closing(opening)), "container")
        elif piece.run is not None and tag in BREAKS and not depth:
            yield Break(self._key((piece,)))
        else:
            yield Mark(self._key((piece,)), holds=tag not in SILENT)

    def _field(self, pieces: Sequence[Piece], depth: int) -> Iterator[Token]:
        """A field from its begin to its end: a link's text is to be translated, a computed one is not."""
        kinds = [piece.node.get(W + "fldCharType") for piece in pieces]
        if "separate" in kinds and len(pieces) > 1:
            middle = kinds.index("separate") + 1
            code = "".join(p.node.text or "" for p in pieces[:middle] if p.node.tag == W + "instrText")
            if LINK_FIELD.match(code) and depth < DEEPEST // 3:
                opening = Opening(field=tuple(pieces[:middle]))
                yield Start(self._key(opening), "field")
                yield from self._of_pieces(pieces[middle:-1], depth + 1)
                yield End(self._key(Closing(opening, tuple(pieces[-1:]))), "field")
                return
        yield Mark(self._key(tuple(pieces)))


class _Writer:
    """Appends content to a paragraph; like runs that follow each other become one."""

    def __init__(self, paragraph: Xml, base: Xml | None) -> None:
        self._parents = [paragraph]
        self._looks = [base]
        self._run: Xml | None = None  # that more text can go into

    def text(self, text: str) -> None:
        text = NOT_XML.sub("", text)
        if not text:
            return
        if self._run is None:
            self._run = etree.SubElement(self._parents[-1], W + "r")
            if self._looks[-1] is not None:
                self._run.append(copy.deepcopy(self._looks[-1]))
            etree.SubElement(self._run, W + "t")
        shown = self._run[-1]
        shown.text = (shown.text or "") + text
        if shown.text != shown.text.strip() or "  " in shown.text:
            shown.set(SPACE, "preserve")

    def pieces(self, pieces: Sequence[Piece]) -> None:
        self._run = None
        for piece in pieces:
            piece.node.tail = None
            if piece.run is None:
                self._parents[-1].append(piece.node)
            else:
                run = etree.SubElement(self._parents[-1], W + "r", dict(piece.run.attrib))
                if (look := piece.run.find(W + "rPr")) is not None:
                    run.append(copy.deepcopy(look))
                run.append(piece.node)

    def open(self, opening: Opening) -> None:
        self._run = None
        self.pieces(opening.field)
        if opening.shell is not None:
            shell = opening.shell
            shell.tail = None
            content = _content_of(shell)
            assert content is not None
            for child in list(content):
                if child.tag not in PROPERTIES:
                    content.remove(child)
            self._parents[-1].append(shell)
            self._parents.append(content)
        if opening.is_look:
            self._looks.append(opening.look)

    def close(self, closing: Closing) -> None:
        self._run = None
        self.pieces(closing.field)
        if closing.opening.shell is not None:
            self._parents.pop()
        if closing.opening.is_look:
            self._looks.pop()


def _pieces(parent: Xml) -> list[Piece]:
    found = []
    for child in parent:
        if child.tag == W + "r":
            found += [Piece(child, each) for each in child if each.tag != W + "rPr"]
        elif child.tag not in PROPERTIES:
            found.append(Piece(None, child))
    return found


def _content_of(container: Xml) -> Xml | None:
    return container.find(W + "sdtContent") if container.tag == W + "sdt" else container


def _field_length(pieces: Sequence[Piece]) -> int:
    """How many pieces a field has that begins with the first; 1 if it ends in another paragraph."""
    depth = 0
    for n, piece in enumerate(pieces, start=1):
        kind = piece.node.get(W + "fldCharType") if piece.node.tag == W + "fldChar" else None
        depth += (kind == "begin") - (kind == "end")
        if depth == 0:
            return n
    return 1


def _seen(look: Xml | None) -> bytes:
    """What a reader sees of a look, to compare."""
    if look is None:
        return b""
    visible = copy.deepcopy(look)
    for child in list(visible):
        if child.tag in UNSEEN:
            visible.remove(child)
    return etree.tostring(visible, method="c14n") if len(visible) else b""
