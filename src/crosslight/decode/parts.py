"""A text as parts, of which some are to be translated and the others stay as they are."""

import re
from collections.abc import Callable, Iterator

from crosslight.bundle import Facts
from crosslight.errors import ConfigError
from crosslight.text.segment import segments

LINES = re.compile(r"[^\n]*\n|[^\n]+")  # only \n ends a line; a \r before it is a blank like others
SINGLE = 1.25  # sentences per line up to which a corpus counts as one of single sentences


def parts_of(
    text: str, facts: Facts, encode: Callable[[str], list[int]], most_tokens: int
) -> list[tuple[str, bool]]:
    """The parts of a text, and whether each is to be translated; joined they are the text.

    A line becomes sentences if the model was trained on single sentences (it would say the first
    and leave out the others), or if the line is longer than what the model was trained on. Line
    breaks and the blanks around sentences are parts of their own.

    Args:
        facts: what the model was trained on.
        most_tokens: the longest source that the model has positions for; longer sentences are cut.
    """
    parts: list[tuple[str, bool]] = []
    for line in LINES.findall(text):
        whole = facts.sentences_per_line > SINGLE and len(encode(line)) <= facts.longest_src
        for segment in [line] if whole else _segments(line, encode, most_tokens):
            core = segment.strip()
            if not core:
                parts.append((segment, False))
                continue
            start = segment.index(core)
            pieces = (segment[:start], core, segment[start + len(core) :])
            parts += [(piece, piece is pieces[1]) for piece in pieces if piece]
    return parts


def require_one_segment(parts: list[tuple[str, bool]], what: str = "have a given beginning") -> str:
    """The one part of a text that is to be translated.

    Args:
        what: what only a text of one sentence can.

    Raises:
        ConfigError: there are others, or none.
    """
    to_translate = [part for part, is_text in parts if is_text]
    if len(to_translate) != 1:
        text = "".join(part for part, _ in parts)
        raise ConfigError(
            f"{text[:60]!r} has {len(to_translate)} sentences, but only a text of one can {what}",
            "translate its sentences one by one",
        )
    return to_translate[0]


def _segments(line: str, encode: Callable[[str], list[int]], most_tokens: int) -> Iterator[str]:
    for segment in segments(line):
        if len(encode(segment)) <= most_tokens:
            yield segment
        else:
            # No character is more than four tokens, and the blank in front is one.
            yield from segments(segment, max(1, (most_tokens - 1) // 4))
