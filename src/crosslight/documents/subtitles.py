"""SubRip (.srt): numbers and time codes stay, the lines of a cue are one text and become as many at most.

12                                 the number
00:01:02,500 --> 00:01:04,000      the time code, with positions behind it
<i>Je ne sais pas                  the text: one sentence over two lines,
où il est.</i>                     unless each line is the speech of another person (`- Oui.`)
"""

import re
from collections.abc import Iterator, Sequence

from crosslight.documents.inline import Break, Element, End, Mark, Node, Start, Text, Token
from crosslight.documents.translation import Sentence, pieces
from crosslight.errors import DocumentError

TIME = re.compile(r"[ \t]*\d+:\d\d:\d\d[,.]\d+[ \t]*-->[ \t]*\d+:\d\d:\d\d[,.]\d+[^\r\n]*")
LINE = re.compile(r"[^\n]*\n|[^\n]+")
TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)(?:[ \t.][^<>\r\n]*)?>|\{\\[^{}\r\n]*\}")
SPEECH = re.compile(r"(?:<[^<>]*>|\{\\[^{}]*\})*[ \t]*[-‐–—][ \t]*(?=\S)")
# What a player would read as a tag, and what would make a cue or a position of text.
ACTIVE = re.compile(r"<(?=[/!?A-Za-z]|\Z)|\{(?=\\|\Z)|-->")
HARMLESS = {"<": "< ", "{": "{ ", "-->": "->"}


def parsed(source: str) -> list[str | Sentence]:
    """What stays as it is, and the texts of the cues.

    Raises:
        DocumentError: there is no time code in it.
    """
    if source.strip("\ufeff \t\r\n") and not any(TIME.match(line) for line in LINE.findall(source)):
        raise DocumentError(
            "the subtitles have no line such as 00:00:01,000 --> 00:00:02,500",
            "check that the file is SubRip (.srt); other text is translated as .txt",
        )
    found: list[str | Sentence] = []
    for head, lines in _cues(source):
        if head:
            found.append(head)
        if len(lines) > 1 and all(SPEECH.match(line) for line in lines):
            for line in lines:
                found += pieces(_tokens(line), _write)
        elif lines:
            body = "".join(lines)
            found += pieces(_tokens(body), _write)
    return found


def _cues(source: str) -> Iterator[tuple[str, list[str]]]:
    """What stands before each cue's text, and the lines of the text."""
    head: list[str] = []
    text: list[str] = []
    is_text = False
    for line in LINE.findall(source):
        if TIME.match(line) and (not is_text or not text):
            head.append(line)
            is_text = True
        elif is_text and line.strip():
            text.append(line)
        elif is_text and not text:
            head.append(line)  # a cue of nothing, or a blank line before its text
            is_text = False
        else:
            if text:
                yield "".join(head), text
                head, text, is_text = [], [], False
            head.append(line)
    yield "".join(head), text


def _tokens(text: str) -> Iterator[Token]:
    start = SPEECH.match(text)
    at = 0
    if start and start[0].strip(" \t-‐–—") == "":
        yield Break(start[0])
        at = start.end()
    for match in TAG.finditer(text, at):
        if at < match.start():
            yield Text(text[at : match.start()], text[at : match.start()])
        if match[2] is None:
            yield Mark(match[0], holds=False)
        elif match[1]:
            yield End(match[0], match[2].lower())
        else:
            yield Start(match[0], match[2].lower())
        at = match.end()
    if at < len(text):
        yield Text(text[at:], text[at:])


def _write(source: Sequence[Node], translation: Sequence[Node]) -> str:
    """A translation in as many lines as the source has, of about the same length each."""
    raw = _text(source, raw=True)
    n_lines = raw.count("\n") + 1
    end = "\r\n" if "\r\n" in raw else "\n"
    words = " ".join(_text(translation, raw=False).split())
    breaks = line_breaks(words, n_lines)
    out, at = [], 0

    def walk(nodes: Sequence[Node]) -> None:
        nonlocal at
        for node in nodes:
            if isinstance(node, Element):
                out.append(node.start)
                walk(node.children)
                out.append(node.end)
            elif isinstance(node, Mark):
                out.append(node.raw)
            else:
                for part in re.split(r"(\s+)", node.text):
                    if part.isspace():
                        at_break = at in breaks
                        out.append(end if at_break else " ")
                        at += 1
                    elif part:
                        out.append(ACTIVE.sub(lambda match: HARMLESS[match[0]], part))
                        at += len(part)

    walk(translation)
    return "".join(out)


def _text(nodes: Sequence[Node], raw: bool) -> str:
    return "".join(
        _text(node.children, raw)
        if isinstance(node, Element)
        else ""
        if isinstance(node, Mark)
        else (node.raw if raw else node.text)
        for node in nodes
    )


def line_breaks(text: str, n_lines: int) -> set[int]:
    """The places of the blanks at which a text is broken into so many lines of about the same length.

    >>> sorted(line_breaks("I do not know where he is.", 2))
    [13]
    """
    blanks = [i for i, character in enumerate(text) if character == " "]
    found: set[int] = set()
    for i in range(1, n_lines):
        later = [blank for blank in blanks if blank > max(found, default=0)]
        if not later:
            break
        found.add(min(later, key=lambda blank: abs(blank - len(text) * i / n_lines)))
    return found
