"""Files that are made to do harm: each is refused, quickly, with what it is and what to do."""

import io
import struct
import zipfile

import docx
import pytest

from crosslight.documents import translate_document
from crosslight.documents.package import MOST_PARTS
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


def test_a_zip_bomb():
    refused(package(more={"word/media/a.bin": bytes(20 * 2**20)}), "unpacks to more than")
    refused(package(BODY % (" " * 20 * 2**20)), "unpacks to more than")


def test_a_zip_bomb_in_many_parts():
    refused(package(more={f"word/media/{i}": bytes(2**20) for i in range(40)}), "unpacks to more than")


def test_a_size_that_lies():
    """The headers say 10 bytes; the content is counted as it comes."""
    data = package(more={"word/media/a.bin": bytes(20 * 2**20)})
    size = struct.pack("<L", 20 * 2**20)
    assert data.count(size) >= 2
    refused(data.replace(size, struct.pack("<L", 10)), "unpacks to more than|not a whole")


def test_too_many_parts():
    refused(package(more={f"a/{i}": b"" for i in range(MOST_PARTS)}), "parts, expected at most")


ENTITIES = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 10))


@pytest.mark.parametrize(
    "doctype",
    [
        f'<!DOCTYPE w [<!ENTITY a0 "un">{ENTITIES}]>',
        '<!DOCTYPE w [<!ENTITY a9 SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE w [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x"> %p;<!ENTITY a9 "un">]>',
        '<!DOCTYPE w SYSTEM "http://127.0.0.1:9/x.dtd">',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities(doctype, encoding):
    text = f'<?xml version="1.0" encoding="{encoding}"?>{doctype}' + BODY % "&a9;"
    refused(package(text.encode(encoding)), "document type|is broken")
    refused(package(types=f"{doctype}{TYPES}"), "document type")


@pytest.mark.parametrize(
    "name", ["../evil", "/etc/passwd", "word/../../evil", "C:/evil", "word\\..\\evil", "WORD/document.xml"]
)
def test_names_that_lead_elsewhere_or_come_twice(name):
    refused(package(more={name: b"un"}), "has a part named")


def test_encrypted_files():
    refused(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "is encrypted, or an old .doc")
    data = bytearray(package())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(signature)
        while at >= 0:
            data[at + offset] |= 1
            at = data.find(signature, at + 1)
    refused(bytes(data), "is encrypted")


def test_broken_files():
    whole = package(BODY % "un mot " * 50)
    refused(b"", "not a whole .docx")
    refused(b"Bonjour", "not a whole .docx")
    refused(whole[: len(whole) // 2], "not a whole .docx")
    damaged = bytearray(whole)
    at = whole.find(b"word/document.xml") + 60
    damaged[at : at + 8] = b"\xff" * 8
    refused(bytes(damaged), "not a whole .docx|is broken")
    refused(package(BODY[:-5] % "un"), "is broken")
    refused(package("<w:document>"), "is broken")


def test_other_packages():
    refused(package(types=TYPES.replace("wordprocessingml", "spreadsheetml")), "no Word document")
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as out:
        out.writestr("a.txt", "un")
    refused(file.getvalue(), "no Word document")


def test_another_form_of_word_documents():
    strict = (BODY % "un").replace(W, "http://purl.oclc.org/ooxml/wordprocessingml/main")
    refused(package(strict), "another form of .docx")


def test_elements_in_elements_without_end():
    deep = "<w:smartTag>" * 200 + "<w:r><w:t>un</w:t></w:r>" + "</w:smartTag>" * 200
    refused(package((BODY % "").replace("<w:r><w:t></w:t></w:r>", deep)), "elements in each other|is broken")


def test_many_runs_take_no_longer_than_they_must(translators):
    look = '<w:rPr><w:sz w:val="{}"/></w:rPr><w:t xml:space="preserve">mot{} </w:t>'
    runs = "".join(f"<w:r>{look.format(i % 7, i)}</w:r>" for i in range(3000))
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
