"""Files that are made to do harm: each is refused, quickly, with what it is and what to do."""

import io
import zipfile

import docx
import pytest

from crosslight.documents import translate_document
from crosslight.errors import DocumentError

KIND = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
TYPES = f"""<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Override PartName="/word/document.xml" ContentType="{KIND}"/></Types>"""
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
BODY = f'<w:document xmlns:w="{W}"><w:body><w:p><w:r><w:t>%s</w:t></w:r></w:p></w:body></w:document>'


def package(
    document: str | bytes = BODY % "un", more: dict[str, bytes] | None = None, types: str = TYPES
) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("[Content_Types].xml", types)
        out.writestr("word/document.xml", document)
        for name, content in (more or {}).items():
            out.writestr(name, content)
    return file.getvalue()


def refused(data: bytes, message: str) -> None:
    def translate(texts):
        raise AssertionError(f"translated {texts}")

    with pytest.raises(DocumentError, match=message) as caught:
        translate_document("a.docx", data, translate)
    assert caught.value.cure


def test_the_smallest_document_is_none_of_these(translators):
    result = translate_document("a.docx", package(), translators["upper"])
    assert b"UN" in zipfile.ZipFile(io.BytesIO(result)).read("word/document.xml")
    data = package((BODY % "").replace("<w:r><w:t></w:t></w:r>", runs))
    result = translate_document("a.docx", data, translators["upper"])
    assert zipfile.ZipFile(io.BytesIO(result)).read("word/document.xml").count(b"MOT") == 3000


def test_a_real_document_is_within_the_limits(identity):
    document = docx.Document()
    for _ in range(2000):
        document.add_paragraph("Toujours la même phrase, qui se comprime très bien.")
    file = io.BytesIO()
    document.save(file)
    assert translate_document("a.docx", file.getvalue(), identity) == file.getvalue()
