"""Segments: reversible for every string, sensible for three languages, linear in time."""

import re
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosslight.errors import ConfigError
from crosslight.text import segment as module
from crosslight.text.segment import MAX_CHARACTERS, segments

# A bar marks each place where a sentence ends; everything else must stay together.
ENGLISH = [
    "He left. |She stayed.",
    "He left! |Why? |Nobody knows.",
    "Mr. Smith and Mrs. Jones met Dr. Who. |They talked.",
    "J. R. R. Tolkien wrote it. |A. Einstein did not.",
    "It costs 3.50 dollars, e.g. The Hobbit does. |Version 2.0 costs more.",
    "He lives in the U.S. Army base. |At 5 p.m. |He sleeps.",
    "See Fig. 3 and No. 5 on p. 12. |He said no. |Nobody asked.",
    "Well... I think so... |Then he left.",
    "And so… on it went.",
    '"Why?" she asked. |"Go away." |He went.',
    "(He left.) |She “stayed.” |They ‘talked.’ |“So what?”",
    "It was 1990. |In 1991. |3 people came.",
    "1. Introduction. |Nothing here.",
    "Apples, pears, etc. are fruit.",
    "Mail me at a.b@c.org or see www.example.org. |Thanks.",
    "the end. no capital follows",
    "One.  |Two.\t|Three.",
    "Wait — what? |— Nothing.",
]
FRENCH = [
    "M. Dupont et Mme Martin, p. ex. Paris. |C'est tout.",
    "Mme. Martin, Mlle. Durand et Me. Petit sont là. |Le Dr. Blanc aussi.",
    "« Bonjour. » |Il partit.",
    "« Quoi ? » demanda-t-il. |« Rien ! » |Elle rit.",
    "« Viens\u00a0!\u00a0» |Il vint.",
    "Qui est-ce\u202f? |C'est moi\u00a0! |Ah bon…",
    "Vas-y. |Demain, c'est à 8 h. 30.",
    "L'art. 5 et le n° 7, cf. Annexe, env. 200 pages. |Fin.",
    "Il est né en 1990. |À Paris. |Élise aussi.",
]
GERMAN = [
    "Er kam am 3. Mai. |Sie kam am 12. Oktober 1990.",
    "Im 20. Jahrhundert, z. B. Berlin, d. h. Deutschland. |Ende.",
    "Das kostet 3,50 Euro, z.B. Äpfel. |Danach ging er.",
    "Dr. Müller und Prof. Dr. Schmidt kamen, vgl. Seite 3. |Gut.",
    "Er sagte: „Komm!“ |Dann ging er. |„Gut.“ |Aha.",
    "»Komm!« |Er kam. |»Wohin?« fragte sie.",
    "Nr. 5 lebt in der Hauptstr. 7. |Ca. 3 Mio. Menschen, bzw. Tiere.",
    "Der 2. Weltkrieg endete 1945. |Danach war Frieden.",
    "Äpfel sind gut. |Öl auch.",
]
OTHERS = [
    "今天很好。|我们走吧！|“走吧。”他说。|好。",
    "「はい。」|「いいえ。」と言った。|そう？|うん。",
    "هل أنت بخير؟ |نعم. |أنا بخير.",
    "यह अच्छा है। |वह गया।",
    "¿Qué? |¡Nada! |Sí.",
    "Он ушёл. |Она осталась.",
]
LINES = ["a\n|b", "a.\r\n|b", "a\n\n  |b\n", "\n\n a.\n |b", "a\u2028|b\x85|c", "a b\f|c"]


@pytest.mark.parametrize("marked", ENGLISH + FRENCH + GERMAN + OTHERS + LINES)
def test_sentences_end_where_a_reader_ends_them(marked: str) -> None:
    assert segments(marked.replace("|", "")) == marked.split("|")


WORDS = ["a", "B", "word ", "Dr", "3", "e\u0301", "👨\u200d👩", "🇫🇷", "\ud800", "\udc00", "\0"]
SIGNS = [".", "...", "…", "!", "?", "。", "」", "“", "»", " »", '"', ";", ": ", ", ", "、"]
BLANKS = [" ", "  ", "\u00a0", "\n", "\r\n", "\u2028", "\x1c"]
pieces = st.sampled_from(WORDS + SIGNS + BLANKS)
texts = st.text() | st.lists(pieces, max_size=200).map("".join)


@given(texts, st.integers(1, 50) | st.just(MAX_CHARACTERS))
def test_joined_segments_are_the_text(text: str, limit: int) -> None:
    found = segments(text, limit)
    assert "".join(found) == text
    assert all(1 <= len(segment) <= limit for segment in found)


@given(texts)
def test_without_a_limit_every_sentence_has_text_and_begins_with_it(text: str) -> None:
    found = segments(text, 10**9)
    if not text.isspace():
        assert not any(segment.isspace() for segment in found)
    assert not any(segment[0].isspace() for segment in found[1:])


@given(texts)
def test_a_line_break_ends_a_sentence(text: str) -> None:
    for segment in segments(text.strip(), 10**9):
        assert "\n" not in segment.strip()


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("one two, three; four five", 20, ["one two, three; ", "four five"]),
        ("one two, three four five", 20, ["one two, three four ", "five"]),
        ("one two three, four five", 20, ["one two three, ", "four five"]),
        ("one two three four five", 15, ["one two three ", "four five"]),
        ("one; two three four five", 20, ["one; two three four ", "five"]),
        ("onetwothreefour", 10, ["onetwothre", "efour"]),
        ("我们走吧，好不好", 6, ["我们走吧，", "好不好"]),
        ("abcde\u0301fg", 5, ["abcd", "e\u0301fg"]),
        ("abc👨\u200d👩\u200d👧", 6, ["abc", "👨\u200d👩\u200d👧"]),
        ("abc👍🏽", 4, ["abc", "👍🏽"]),
        ("abc🇫🇷", 4, ["abc", "🇫🇷"]),
        ("abc\ud83d\udc08", 4, ["abc", "\ud83d\udc08"]),
        ("xyz\r\n", 4, ["xyz", "\r\n"]),
    ],
)
def test_where_overlong_sentences_are_cut(text: str, limit: int, expected: list[str]) -> None:
    assert segments(text, limit) == expected


@given(st.lists(st.sampled_from(["a", "e\u0301", "o\u0302\u0323", "क\u093f", "x "]), min_size=1).map("".join))
def test_no_segment_begins_with_a_combining_mark(text: str) -> None:
    for segment in segments(text, 8):
        assert not unicodedata.category(segment[0]).startswith("M")


@pytest.mark.parametrize(
    "unit",
    ["a", " ", ".", "a ", ". ", "\n", '."', ".a", "e\u0301", "\u0301", "A. » ", "x\u00a0»", "。", "(", "1. "],
)
def test_time_is_linear(unit: str) -> None:
    def seconds(n: int) -> float:
        text = unit * (n // len(unit))
        start = time.process_time()
        segments(text)
        return time.process_time() - start

    assert seconds(100_000) < 2  # quadratic scanning of 100,000 characters takes minutes


@pytest.mark.parametrize("limit", [0, -5])
def test_an_impossible_limit(limit: int) -> None:
    with pytest.raises(ConfigError, match=f"max_characters is {limit}, expected at least 1"):
        segments("text", limit)


def test_nothing_has_no_segments() -> None:
    assert segments("") == []
    assert segments(" \n ") == [" \n "]


@given(st.text(alphabet="aB1.!…。」« »\"' \n\r\u2028\x1f\u0964", max_size=30))
def test_looking_ahead_for_the_first_end_skips_none(text: str) -> None:
    """Against the scan from the very beginning, which any pattern that always matches makes of it."""
    with pytest.MonkeyPatch.context() as patch:
        expected = segments(text)
        patch.setattr(module, "MAY_END", re.compile(""))
        assert segments(text) == expected
