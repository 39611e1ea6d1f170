"""Word documents (.docx): the paragraphs of text, tables, notes, headers and footers are translated.

Every other part of the package keeps its bytes, and so does a part of which no paragraph changed.
Comments, charts and the document's properties are not translated.
"""

from crosslight.documents.inline import written
from crosslight.documents.package import AGAIN, Part, read_package, write_package, xml_bytes, xml_of
from crosslight.documents.paragraph import Paragraph, W
from crosslight.documents.translation import (
    Progress,
    Sentence,
    Translate,
    pieces,
    project_all,
)
from crosslight.errors import DocumentError

TYPES = "[Content_Types].xml"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml."
MAIN = WORD + "document.main+xml"
TRANSLATED = {MAIN, *(WORD + f"{kind}+xml" for kind in ("header", "footer", "footnotes", "endnotes"))}


def translate_docx(name: str, data: bytes, translate: Translate, progress: Progress | None = None) -> bytes:
    """The translation of a Word document.

    Raises:
        DocumentError: it is broken, encrypted, too large, or no Word document.
    """
    parts = read_package(name, data)
    trees = {part.info.filename: xml_of(name, part) for part in _text_parts(name, parts)}
    for path, tree in trees.items():
        if not str(tree.getroot().tag).startswith(W):
            raise DocumentError(
                f"{name} is in another form of .docx (the root of {path} is {tree.getroot().tag})",
                "save it as an ordinary .docx, not as Strict Open XML",
            )
    paragraphs = [
        (path, Paragraph(name, element)) for path, tree in trees.items() for element in tree.iter(W + "p")
    ]
    contents = [pieces(paragraph.tokens(), lambda _, nodes: written(nodes)) for _, paragraph in paragraphs]
    sentences = [piece.nodes for content in contents for piece in content if isinstance(piece, Sentence)]
    found = iter(project_all(sentences, translate, progress))
    changed = set()
    for (path, paragraph), content in zip(paragraphs, contents, strict=True):
        results = [(piece, next(found) if isinstance(piece, Sentence) else None) for piece in content]
        if any(nodes is not None for _, nodes in results):
            changed.add(path)
            paragraph.replace(
                [
                    piece if isinstance(piece, str) else piece.nodes if nodes is None else nodes
                    for piece, nodes in results
                ]
            )
    return write_package(parts, {path: xml_bytes(trees[path]) for path in changed}) if changed else data


def _text_parts(name: str, parts: list[Part]) -> list[Part]:
    """The parts with text that is to be translated, as the list of content types says."""
    types = next((part for part in parts if part.info.filename == TYPES), None)
    found: dict[str, str] = {}
    if types is not None:
        for override in xml_of(name, types).iter("{*}Override"):
            path = (override.get("PartName") or "").removeprefix("/").lower()
            found[path] = override.get("ContentType") or ""
    if MAIN not in found.values():
        raise DocumentError(f"{name} is a zip file, but no Word document", AGAIN)
    return [part for part in parts if found.get(part.info.filename.lower()) in TRANSLATED]
