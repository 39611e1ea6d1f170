"""Corrections as people make them, kept in a TMX file (1.4), which every program for translators reads.

The file is whole after every correction: the new unit and the end of the file take the place of the old end.
"""

import os
import re
import threading
from datetime import UTC, datetime
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from crosslight import __version__
from crosslight.errors import CorpusError
from crosslight.serve.refusals import Refusal

END = b"</body>\n</tmx>\n"
ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # what XML 1.0 cannot hold


class Corrections:
    """A TMX file that grows.

    Args:
        file: made with the first correction; one that is there must be of this kind.
        most_bytes: it grows no larger.

    Raises:
        CorpusError: the file is there and is no such file.
    """

    def __init__(self, file: Path, most_bytes: int) -> None:
        self._file, self._most, self._lock = file, most_bytes, threading.Lock()
        if file.exists() and (file.is_dir() or not file.read_bytes().endswith(END)):
            raise CorpusError(
                f"{file} is not a file of corrections: it does not end with </body></tmx>",
                "give another name; the file is made when it is not there",
            )
        if not file.parent.is_dir():
            raise CorpusError(f"there is no directory {file.parent}", "make it, or give another place")

    def add(self, src_lang: str, tgt_lang: str, src: str, tgt: str) -> None:
        """Keep a correction.

        Raises:
            Refusal: 403, the file is as large as it may be; 400, one of the texts is empty.
        """
        src, tgt = (ILLEGAL.sub("", text).strip() for text in (src, tgt))
        if not (src and tgt):
            raise Refusal(400, "a correction needs a source and a translation")
        unit = (
            f'<tu creationdate="{datetime.now(UTC):%Y%m%dT%H%M%SZ}">\n'
            f"<tuv xml:lang={quoteattr(src_lang)}><seg>{escape(src)}</seg></tuv>\n"
            f"<tuv xml:lang={quoteattr(tgt_lang)}><seg>{escape(tgt)}</seg></tuv>\n</tu>\n"
        ).encode()
        with self._lock:
            if not self._file.exists():
                self._file.write_bytes(_beginning(src_lang) + END)
            with self._file.open("r+b") as file:
                end = file.seek(0, os.SEEK_END)
                if end + len(unit) > self._most:
                    raise Refusal(403, "the file of corrections is as large as it may be")
                file.seek(end - len(END))
                file.write(unit + END)
                file.flush()
                os.fsync(file.fileno())


def _beginning(src_lang: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<tmx version="1.4">\n'
        f'<header creationtool="crosslight" creationtoolversion="{__version__}" segtype="sentence" '
        f'o-tmf="crosslight" adminlang="en" srclang={quoteattr(src_lang)} datatype="plaintext"/>\n<body>\n'
    ).encode()
