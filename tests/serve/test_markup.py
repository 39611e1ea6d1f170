"""Markup that was sent to be translated: what is a tag stays, what is text is text."""

import random
import xml.etree.ElementTree as ET
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


def test_generated_html_keeps_its_tags_and_its_text_is_translated():
    chance = random.Random(3)
    words = ["un", "deux &amp; trois", "&lt;b&gt;", "é", " ", "\n", "a &gt; b", "<!-- c -->", "&#x26;"]
    for _ in range(300):
        open_, text = [], ""
        for _ in range(chance.randint(1, 12)):
            kind = chance.random()
            if kind < 0.3:
                open_.append(chance.choice("abip"))
                text += f"<{open_[-1]} title=\"x > 'y' &amp;\" data-a='>'>"
            elif kind < 0.6 and open_:
                text += f"</{open_.pop()}>"
            else:
                text += chance.choice(words)
        (found,) = translate_html([text], capitals)
        before, after = Reader(text), Reader(found.text)
        assert after.tags == before.tags
        assert after.text == before.text.upper()


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
