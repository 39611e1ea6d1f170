"""The zip file around a Word document, opened with distrust.

Whoever uploads a document decides what is in it: so nothing is unpacked to disk, sizes are counted while
reading instead of believed, and no XML with a document type is read, since that is where entities come from.
"""

import io
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from crosslight.errors import DocumentError

MOST_BYTES = 256 * 2**20  # of all parts together, unpacked
MOST_RATIO = 200  # unpacked to packed, of the whole; text is seldom above 20
FREE_BYTES = 4 * 2**20  # that a small file may unpack to at any ratio
MOST_PARTS = 5000
CHUNK = 2**16
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # .doc, and encrypted .docx
AGAIN = "open it in a word processor and save it again as .docx"


@dataclass(frozen=True)
class Part:
    """A file of the package."""

    info: zipfile.ZipInfo
    data: bytes


def read_package(name: str, data: bytes) -> list[Part]:
    """The parts of a package, in their order.

    Raises:
        DocumentError: it is no zip file, broken, encrypted, too large, or has parts with strange names.
    """
    if data.startswith(OLE):
        raise DocumentError(
            f"{name} is encrypted, or an old .doc under the name of a .docx",
            "remove its password, or save it as .docx",
        )
    parts: list[Part] = []
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            infos = package.infolist()
            _require_names(name, infos)
            total = 0
            most = min(MOST_BYTES, max(FREE_BYTES, MOST_RATIO * len(data)))
            for info in infos:
                content = _content(name, package, info, most - total)
                total += len(content)
                parts.append(Part(info, content))
    # NotImplementedError: zipfile's word for a compression that it does not know.
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError) as error:
        raise DocumentError(f"{name} is not a whole .docx: {error}", AGAIN) from None
    return parts


def write_package(parts: list[Part], changed: Mapping[str, bytes]) -> bytes:
    """The package with some parts changed; the others have the bytes, names and times that they had."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        for part in parts:
            info = zipfile.ZipInfo(part.info.filename, part.info.date_time)
            info.compress_type = part.info.compress_type
            info.external_attr = part.info.external_attr
            info.create_system = part.info.create_system
            info.comment = part.info.comment
            package.writestr(info, changed.get(part.info.filename, part.data))
    return file.getvalue()


def xml_of(name: str, part: Part) -> etree._ElementTree:
    """The XML of a part.

    Raises:
        DocumentError: it is broken, or has a document type.
    """
    where = f"{name}, {part.info.filename}"
    if b"<!DOCTYPE" in part.data or b"<!ENTITY" in part.data:
        raise _with_doctype(where)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        strip_cdata=False,
    )
    try:
        tree = etree.parse(io.BytesIO(part.data), parser)
    except etree.XMLSyntaxError as error:
        raise DocumentError(f"{where} is broken: {error.msg}", AGAIN) from None
    if tree.docinfo.doctype or tree.docinfo.internalDTD is not None:  # in another encoding
        raise _with_doctype(where)
    return tree


def xml_bytes(tree: etree._ElementTree) -> bytes:
    """The bytes of a changed part, declared as it was."""
    info = tree.docinfo
    data: bytes = etree.tostring(
        tree, xml_declaration=True, encoding=info.encoding or "UTF-8", standalone=info.standalone
    )
    return data


def _with_doctype(where: str) -> DocumentError:
    return DocumentError(f"{where} has a document type, which no word processor writes", AGAIN)


def _require_names(name: str, infos: list[zipfile.ZipInfo]) -> None:
    if len(infos) > MOST_PARTS:
        raise DocumentError(f"{name} has {len(infos):,} parts, expected at most {MOST_PARTS:,}", AGAIN)
    seen: set[str] = set()
    for info in infos:
        path = info.orig_filename
        segments = path.split("/")
        if (
            path.startswith("/")
            or ".." in segments
            or any(character in path for character in "\\:\0")
            or path.lower() in seen
        ):
            raise DocumentError(f"{name} has a part named {path[:80]!r}", AGAIN)
        seen.add(path.lower())
        if info.flag_bits & 0x1:
            raise DocumentError(f"{name} is encrypted", "remove its password and save it again")


def _content(name: str, package: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> bytes:
    """What a part unpacks to, counted as it comes: the size in its header may be a lie."""
    chunks: list[bytes] = []
    n_bytes = 0
    with package.open(info) as file:
        while chunk := file.read(CHUNK):
            n_bytes += len(chunk)
            if n_bytes > most:
                raise DocumentError(
                    f"{name} unpacks to more than {MOST_RATIO} times its size or {MOST_BYTES >> 20} MB",
                    "divide it into smaller documents, or make its pictures smaller",
                )
            chunks.append(chunk)
    return b"".join(chunks)
