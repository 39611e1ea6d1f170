"""A text as a list of sentences, from which the text can be put together again.

A translator learns from single sentences, people write paragraphs. The one law here: for every
string, ``"".join(segments(text)) == text``. So nothing can get lost, and the line breaks and spacing
of a document can be carried over to its translation. White space belongs to the sentence before it.

Where a sentence ends is guessed from its characters, for any language and without a model: at a
line break, and after a full stop (or what a script has in its place) if a blank and a plausible
beginning follow. In doubt the text stays together: a translator copes better with two sentences
than with half of one.
"""

import re
import unicodedata
from collections.abc import Iterator

from crosslight.errors import ConfigError
from crosslight.text.abbreviations import BEFORE_NAMES, BEFORE_NUMBERS, MONTHS, ORDINAL_ARTICLES

MAX_CHARACTERS = 600

# Full stops of scripts that write blanks between words, and of those that write none.
STOPS = ".!?…‽؟۔।॥።։"
WIDE_STOPS = "。！？｡"
CLOSERS = "\"'”“’‘»«›‹)]}"
WIDE_CLOSERS = "\"'”’)）」』】〉》"
OPENERS = "\"'“„”‚‘«»‹›([{（「『【〈《¿¡—–-"
ELLIPSES = ("...", "…")

# Something that may end a sentence with all that belongs to it, or a run of white space. Quotes: “
# closes in German („so.“) and opens in Chinese; French sets a blank before its closing », German opens
# with », so only a » before white space closes. The pattern consumes all that it looks at, so that
# the scan is linear in the text.
END = re.compile(
    rf"[{STOPS}](?:[{STOPS}{re.escape(CLOSERS)}]|[ \u00a0\u202f]»(?=\s|\Z))*\s*"
    rf"|[{WIDE_STOPS}][{WIDE_STOPS}{STOPS}{re.escape(WIDE_CLOSERS)}]*\s*"
    r"|\s+"
)
LINE_BREAK = re.compile("[\n\r\v\f\x85\u2028\u2029]")
MAY_END = re.compile(rf"[{STOPS}{WIDE_STOPS}\n\r\v\f\x85\u2028\u2029]")  # nothing else ends a sentence
BEGINNING = re.compile(rf"(?:[{re.escape(OPENERS)}][ \u00a0\u202f]?){{0,4}}(\w*)")
LAST_WORDS = re.compile(r"(?:(\S+)\s+)?[^\w\s]*?([\w.’'°-]+)\Z")
# How far before a full stop its word, and the word before that, are looked for.
LOOK_BACK = 40

# Where an overlong sentence may be cut: the higher the better.
PLACE = re.compile(r"([；：，、])\s*|(\S)\s+")
RANKS = {";": 3, ":": 3, "；": 3, "：": 3, ",": 2, "，": 2, "、": 2, "،": 2}

ZERO_WIDTH_JOINER = "\u200d"


def segments(text: str, max_characters: int = MAX_CHARACTERS) -> list[str]:
    """The sentences of a text, each with the white space after it; joined they are the text.

    No segment is empty or longer than ``max_characters``: a longer sentence is cut after ``;`` or
    ``:``, else after a comma, else at a blank, else anywhere but inside a combining sequence.

    >>> segments("Dr. Who paid 3.50 on the 2nd. Why?  Nobody knows…\\nThe end.")
    ['Dr. Who paid 3.50 on the 2nd. ', 'Why?  ', 'Nobody knows…\\n', 'The end.']
    >>> segments("Er kam am 3. Mai. « Qui est-ce ? » demanda M. Dupont. 「行こう。」 彼は言った。")
    ['Er kam am 3. Mai. ', '« Qui est-ce ? » demanda M. Dupont. ', '「行こう。」 ', '彼は言った。']

    Raises:
        ConfigError: ``max_characters`` is below 1.
    """
    if max_characters < 1:
        raise ConfigError(
            f"max_characters is {max_characters}, expected at least 1", f"{MAX_CHARACTERS} is usual"
        )
    found: list[str] = []
    start = 0
    for end in _sentence_ends(text):
        found += _cut(text[start:end], max_characters)
        start = end
    return found


def _sentence_ends(text: str) -> Iterator[int]:
    """The positions after which a sentence begins, and the end of a text that is not empty."""
    start = 0
    first = MAY_END.search(text)
    # Blanks between words are most of what END finds: begin with the run that the first end may be in.
    for match in END.finditer(text, len(text[: first.start()].rstrip())) if first else ():
        if match.end() == len(text) or (match.start() == 0 and match[0].isspace()):
            continue
        stop = match[0].rstrip()
        blank = match[0][len(stop) :]
        if LINE_BREAK.search(blank) or (stop and _ends_sentence(text, start, match, stop, blank)):
            yield match.end()
            start = match.end()
    if text:
        yield len(text)


def _ends_sentence(text: str, start: int, match: re.Match[str], stop: str, blank: str) -> bool:
    following = text[match.end() : match.end() + LOOK_BACK]
    if not blank:
        # 「行こう。」と goes on after its quotation; only another quotation begins anew.
        is_wide = stop[0] in WIDE_STOPS
        return is_wide and (stop[-1] not in WIDE_CLOSERS or following[0] in OPENERS)
    beginning = BEGINNING.match(following)
    word = beginning[1] if beginning else ""
    if not word or word[0].islower() or word[0] == "_":
        return False
    if stop.startswith(ELLIPSES) and word == "I":
        return False
    return stop[:1] != "." or stop[:2] == ".." or not _is_abbreviation(text, start, match.start(), word)


def _is_abbreviation(text: str, start: int, stop_at: int, next_word: str) -> bool:
    """Whether the full stop at ``stop_at`` belongs to its word instead of ending the sentence."""
    before = text[max(start, stop_at - LOOK_BACK) : stop_at]
    match = LAST_WORDS.search(before)
    if not match:
        return False
    previous, word = match[1] or "", re.split("['’]", match[2])[-1]
    forms = {word, word[:1].lower() + word[1:]}
    if forms & BEFORE_NAMES or (word == "ex" and previous.endswith("p.")):
        return True
    if next_word[0].isdigit() and (forms & BEFORE_NUMBERS or word.endswith("str")):
        return True
    if len(word) == 1 and word.isalpha():
        return True
    if word.isdigit():
        is_list_number = stop_at - start == len(word)
        is_ordinal = len(word) <= 2 and (next_word in MONTHS or previous.lower() in ORDINAL_ARTICLES)
        return is_list_number or (is_ordinal and not next_word[0].isdigit())
    return False


def _cut(sentence: str, limit: int) -> Iterator[str]:
    start = 0
    while len(sentence) - start > limit:
        end = start + _cutting_place(sentence[start : start + limit + 1])
        yield sentence[start:end]
        start = end
    yield sentence[start:]


def _cutting_place(window: str) -> int:
    """Where to cut before the last character of ``window``, leaving neither part too short."""
    limit = len(window) - 1
    best = dict.fromkeys((3, 2, 1), 0)
    for match in PLACE.finditer(window):
        if match.end() <= limit:
            best[RANKS.get(match[1] or match[2], 1)] = match.end()
    for rank, place in best.items():
        # A quarter at least: that bounds the number of cuts, and a stub translates badly.
        if place * (2 if rank > 1 else 4) >= limit:
            return place
    place = limit
    while place > limit // 4 and _is_inside_character(window[place - 1], window[place]):
        place -= 1
    return place if place > limit // 4 else limit


def _is_inside_character(left: str, right: str) -> bool:
    """Whether two neighbors are drawn as one: combining marks, joined emoji, flags, CR LF.

    >>> _is_inside_character("e", "\\u0301"), _is_inside_character("e", "a")
    (True, False)
    """
    return (
        unicodedata.category(right).startswith("M")
        or ZERO_WIDTH_JOINER in (left, right)
        or "\U0001f3fb" <= right <= "\U0001f3ff"
        or ("\U0001f1e6" <= left <= "\U0001f1ff" and "\U0001f1e6" <= right <= "\U0001f1ff")
        or ("\ud800" <= left <= "\udbff" and "\udc00" <= right <= "\udfff")
        or left + right == "\r\n"
    )
