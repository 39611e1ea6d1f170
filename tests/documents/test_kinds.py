"""What can be translated, what is refused, and with which words; and plain text."""

import pytest

from crosslight.documents import CURES, ENDINGS, translate_document
from crosslight.errors import DocumentError


@pytest.mark.parametrize("name", ["a.PDF", "a.xyz", "a", "a.txt.gz", *(f"a{ending}" for ending in CURES)])
def test_other_kinds_are_refused_with_a_way_out(name, identity):
    with pytest.raises(DocumentError) as caught:
        translate_document(name, b"un", identity)
    assert name in caught.value.message
    assert ".docx" in caught.value.message
    assert caught.value.cure


def test_endings_are_read_without_their_case(translators):
    assert translate_document("A.HTM", b"<p>un</p>", translators["upper"]) == b"<p>UN</p>"
    assert not set(ENDINGS) & set(CURES)


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.srt", "a.html"])
@pytest.mark.parametrize("data", [b"\xff\xfeu", b"caf\xe9", b"un\0deux", b"\xed\xa0\x80"])
def test_what_is_no_text_is_refused(name, data, identity):
    with pytest.raises(DocumentError, match="is not text in UTF-"):
        translate_document(name, data, identity)


@pytest.mark.parametrize("label", ["utf-7", "rot13", "hex", "x-unknown", "idna", "zip"])
def test_a_page_in_no_encoding_is_refused(label, identity):
    with pytest.raises(DocumentError, match="no encoding known"):
        translate_document("a.html", f"<meta charset={label}>un".encode(), identity)


def test_plain_text_is_translated_by_line(translators, identity):
    source = "\ufeffUn chat.\r\n\n  Deux  \n12\n\ttrois".encode()
    assert translate_document("a.txt", source, identity) == source
    expected = "\ufeffUN CHAT.\r\n\n  DEUX  \n12\n\tTROIS".encode()
    assert translate_document("a.txt", source, translators["upper"]) == expected
    hostile = translate_document("a.txt", source, translators["hostile"])
    assert hostile.count(b"\n") == source.count(b"\n")


def test_a_translator_that_loses_a_text_is_an_error():
    with pytest.raises(ValueError, match="zip"):
        translate_document("a.txt", b"un\ndeux", lambda texts: [])
