"""Bytes to text and back, exactly: UTF-8, UTF-16 with its mark, and for HTML what it says itself."""

import codecs
import re

from crosslight.errors import DocumentError

MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
CHARSET = re.compile(rb"<(?:meta|\?xml)\b[^>]*?(?:charset|encoding)\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]+)", re.I)
HEAD = 4096  # bytes in which a page names its encoding; the standard looks at 1,024
# What browsers take these names for (WHATWG Encoding).
WEB_NAMES = {"iso-8859-1": "cp1252", "latin1": "cp1252", "ascii": "cp1252", "us-ascii": "cp1252"}
WEB_NAMES |= {"gb2312": "gbk", "utf-16": "utf-8", "utf-16le": "utf-8", "utf-16be": "utf-8"}
UNSAFE = {"utf-7", "punycode", "idna", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"}


def decoded(name: str, data: bytes, is_html: bool = False) -> tuple[str, str, bytes]:
    """The text of a file, its encoding, and the byte order mark that it began with.

    Raises:
        DocumentError: it is in no encoding that is known here, or not in the one that it names.
    """
    mark, encoding = next(((m, e) for m, e in MARKS if data.startswith(m)), (b"", "utf-8"))
    if is_html and not mark and (named := CHARSET.search(data[:HEAD])):
        label = named[1].decode("ascii").lower()
        encoding = _known(name, WEB_NAMES.get(label, label))
    body = data[len(mark) :]
    try:
        text = body.decode(encoding)
        is_whole = text.encode(encoding) == body
    except (UnicodeError, ValueError):
        is_whole = False
    if not is_whole or (encoding == "utf-8" and b"\0" in body):
        raise DocumentError(
            f"{name} is not text in {encoding.upper()}",
            f"save it as UTF-8, for example: iconv -f WINDOWS-1252 -t UTF-8 {name} > utf8-{name}",
        )
    return text, encoding, mark


def encoded(text: str, encoding: str, mark: bytes, is_html: bool = False) -> bytes:
    """The bytes of a text in the encoding it came in; in HTML a character that it lacks is a reference.

    Raises:
        DocumentError: the encoding lacks a character of the translation.
    """
    try:
        return mark + text.encode(encoding, "xmlcharrefreplace" if is_html else "strict")
    except UnicodeEncodeError:  # half a surrogate pair
        return mark + text.encode(encoding, "replace")


def _known(name: str, encoding: str) -> str:
    try:
        info = codecs.lookup(encoding)
    except LookupError:
        info = None
    if info is None or info.name in UNSAFE or not info._is_text_encoding:
        raise DocumentError(
            f"{name} says that it is in {encoding!r}, which is no encoding known here",
            "save it as UTF-8, and let it say so: <meta charset='utf-8'>",
        )
    return info.name
