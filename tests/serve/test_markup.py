"""Markup that was sent to be translated: what is a tag stays, what is text is text."""

import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from crosslight.decode.translation import Translation
from crosslight.serve.corrections import Corrections
from crosslight.serve.markup import translate_html
from crosslight.serve.refusals import Refusal


def capitals(texts):
    return [Translation(text, text.upper(), -1.0, []) for text in texts]


class Reader(HTMLParser):
    """The tags of a document, and its text, as Python's own parser sees them."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.text = [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, attrs))

    def handle_endtag(self, tag):
        self.tags.append(tag)

    def handle_data(self, data):
        self.text += data


def test_sentences_are_translated_at_once_and_their_tags_stay():
    calls = []

    def translate(texts):
        calls.append(texts)
        return capitals(texts)

    pieces = ["<p>un <b>deux</b>.</p><p>trois</p>", "<i>trois</i> &amp; <br>", "<hr>"]
    first, *others = [t.text for t in translate_html(pieces, translate)]
    assert first == "<p>UN <b>DEUX</b>.</p><p>TROIS</p>"
    assert others == ["<i>TROIS</i> &amp; <br>", "<hr>"]
    assert len(calls) == 1


def test_other_translations_of_one_sentence_have_its_tags():
    def translate(texts):
        return [replace(t, alternatives=(replace(t, text=t.src.title()),)) for t in capitals(texts)]

    (found,) = translate_html(["<b>un</b>"], translate)
    assert [found.text, *(t.text for t in found.alternatives)] == ["<b>UN</b>", "<b>Un</b>"]


@pytest.mark.parametrize(
    "text", ["", "<", "a < b", "<a", "<a href='", "<!--", "<script>", "&", "&#0;", "<>", "</", "\x00"]
)
def test_broken_html_is_answered_and_opens_no_tag(text):
    (found,) = translate_html([text], capitals)
    assert len(Reader(found.text).tags) <= len(Reader(text).tags)


def test_a_translation_cannot_write_markup():
    (found,) = translate_html(
        ["<b>un</b>"], lambda texts: [Translation(t, "<script>1</script>", 0.0, []) for t in texts]
    )
    assert found.text == "<b>&lt;script&gt;1&lt;/script&gt;</b>"


def test_corrections_stop_at_their_limit(tmp_path):
    file = tmp_path / "a.tmx"
    corrections = Corrections(file, 1000)
    refused = 0
    for _ in range(20):
        try:
            corrections.add("fr", "en", "un", "one")
        except Refusal as full:
            refused += full.status == 403
    assert 0 < refused < 20
    assert file.stat().st_size <= 1000
    assert len(ET.parse(file).getroot().findall("./body/tu")) == 20 - refused
    with pytest.raises(Refusal, match="needs a source"):
        corrections.add("fr", "en", "\x00", "one")
