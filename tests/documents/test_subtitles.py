"""SubRip: cues, numbers and times stay."""

import re

import pytest

from crosslight.documents import translate_document
from crosslight.documents.subtitles import line_breaks
from crosslight.errors import DocumentError

SOURCE = """\ufeff1
00:00:01,000 --> 00:00:02,500 X1:10 Y1:20
{\\an8}<i>Je ne sais pas
où il est.</i>

2
00:00:03,000 --> 00:00:04,500
- Oui.
- <font color="#ff0000">Non</font> !

3
00:00:05,000 --> 00:00:06,000

4
00:00:07,000 --> 00:00:08,000
♪ 12 ♪


5
00:00:09.000 --> 00:00:10.000
Fin"""


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_file_in_capitals(line_end, translators, identity):
    source = SOURCE.replace("\n", line_end)
    assert translate_document("a.srt", source.encode(), identity) == source.encode()
    result = translate_document("a.srt", source.encode(), translators["upper"]).decode()
    tag = re.compile(r"<[^>]*>|\{[^}]*\}|\d+:\d\d.*")
    assert tag.findall(result) == tag.findall(source)
    assert tag.sub("", result) == tag.sub("", source).upper()


def test_a_cue_is_one_text_and_each_speech_another(said):
    asked = []

    def translate(texts):
        asked.extend(texts)
        return [said(f"{text} et encore {text}") for text in texts]

    result = translate_document("a.srt", SOURCE.encode(), translate).decode()
    assert asked == ["Je ne sais pas où il est.", "Oui.", "Non !", "Fin"]
    assert result.count("\n") == SOURCE.count("\n")


def test_hostile_text_adds_no_cue_and_no_tag(translators):
    result = translate_document("a.srt", SOURCE.encode(), translators["hostile"]).decode()
    assert result.count("-->") == SOURCE.count("-->")
    tag = re.compile(r"</?[A-Za-z!?][^>]*>|\{\\[^}]*\}")
    assert sorted(tag.findall(result)) == sorted(tag.findall(SOURCE))
    assert result.count("\n") == SOURCE.count("\n")


def test_lines_are_broken_where_they_are_most_alike():
    """Compared with every way to break in two."""
    text = "a few words of quite different lengths, for instance these"
    blanks = [i for i, c in enumerate(text) if c == " "]
    best = min(blanks, key=lambda i: abs(i - len(text) / 2))
    assert line_breaks(text, 2) == {best}
    assert line_breaks("one two three", 9) == {3, 7}
    assert line_breaks("one", 2) == set()


def test_text_that_is_no_subtitles_is_refused(identity):
    with pytest.raises(DocumentError, match="no line such as"):
        translate_document("a.srt", b"Bonjour !\n", identity)
