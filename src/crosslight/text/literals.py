"""What a translation must carry over as it is: numbers, addresses, placeholders, tags.

A model writes such things piece by piece like any other word, and may drop a digit. Comparing source and
translation finds that without knowing either language: every literal of the source must be in the
translation, as often. All are compared as they are written but numbers, which are compared by what they
say: 1,234.5 and 1 234,5 and १२३४.५ are the same, and 1.234 may be either of two.

    e-mail      name@example.org                    url     https://example.org/a?b=c  www.example.org
    placeholder {name}  {0}  {{name}}  ${name}      format  %s  %(name)d  %1$s
    tag         <b>  </b>  <br/>  &nbsp;            number  7  -3.50  1 234,5; 10:30 and 31.1.2026 are several
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal as OneOf
from typing import get_args

Kind = OneOf["tag", "url", "e-mail", "placeholder", "format", "number"]
KINDS: tuple[Kind, ...] = get_args(Kind)

BLANKS = " \u00a0\u2009\u202f'’"  # these group digits, and do nothing else
GROUP, DECIMAL = "٬", "٫"  # Arabic script has a sign for each
SEPARATOR = re.compile(rf"[{BLANKS}.,{GROUP}{DECIMAL}]")

# In this order: what lies inside an address or a tag belongs to it.
PATTERNS: dict[Kind, str] = {
    "tag": r"</?[A-Za-z][\w:-]*(?:\s+[\w:-]+(?:=(?:\"[^\"<>]*\"|'[^'<>]*'|[^\s\"'<>]+))?)*\s*/?>"
    r"|&(?:\#\d+|\#x[0-9a-fA-F]+|[A-Za-z]\w{1,30});",
    "url": r"(?:[A-Za-z][A-Za-z0-9+.-]{1,20}://|(?<![\w.])www\.)[^\s<>\"«»“”{}|\\^`。，、！？；：）】」』]+",
    "e-mail": r"[A-Za-z0-9][\w.+-]{0,63}@[A-Za-z0-9][A-Za-z0-9-]*(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,24}",
    "placeholder": r"\{\{[^{}\n]{0,80}\}\}|\$?\{[^{}\s]{0,80}\}",
    "format": r"%(?:\(\w+\)|\d+\$)?[-+0\#]*\d*(?:\.\d+)?[sdifgexXuc@](?![\w%])",
    "number": rf"(?:(?<![^\s(\[])[-−])?\d+(?:[{BLANKS}]\d{{3}}(?!\d)|[.,{GROUP}{DECIMAL}]\d+)*",
}
LITERAL = re.compile("|".join(f"(?P<k{i}>{PATTERNS[kind]})" for i, kind in enumerate(KINDS)))
TRAILING = ".,;:!?…'’)]"  # after an address they are the sentence's


@dataclass(frozen=True, slots=True)
class Literal:
    """A piece of a text that is to survive, as it is written there."""

    kind: Kind
    text: str

    @property
    def readings(self) -> frozenset[str]:
        """What it may say; a translation has it where one of them agrees.

        >>> sorted(Literal("number", "1.234").readings), sorted(Literal("number", "1 234,50").readings)
        (['1.234', '1234'], ['1234.50'])
        """
        return _values(self.text) if self.kind == "number" else frozenset([self.text])


Read = tuple[Literal, frozenset[str]]  # a literal and its readings
SAME: tuple[Callable[[Read, Read], bool], ...] = (  # the strictest first
    lambda a, b: a[0] == b[0],
    lambda a, b: a[0].kind == b[0].kind and a[1] == b[1],
    lambda a, b: a[0].kind == b[0].kind and not a[1].isdisjoint(b[1]),
)


def literals(text: str) -> list[Literal]:
    """The literals of a text, from left to right.

    >>> [(found.kind, found.text) for found in literals("Write {n} letters to a@b.org, 1 234,5 at most.")]
    [('placeholder', '{n}'), ('e-mail', 'a@b.org'), ('number', '1 234,5')]
    """
    found: list[Literal] = []
    for match in LITERAL.finditer(text):
        kind = KINDS[int(str(match.lastgroup)[1:])]
        if kind == "number" and not _values(match[0]):  # a date, a version, or neighbors
            found += [Literal(kind, field) for field in SEPARATOR.split(match[0])]
        else:
            found.append(Literal(kind, _address(match[0]) if kind == "url" else match[0]))
    return found


def missing(src: str, tgt: str) -> list[Literal]:
    """The literals of the source that the translation does not have as often, in the source's order.

    >>> missing("It costs 1,234.50 for {name}.", "Das kostet 1.234,50 für {Name}.")
    [Literal(kind='placeholder', text='{name}')]
    """
    return unmatched(literals(src), literals(tgt))


def unmatched(wanted: Sequence[Literal], given: Sequence[Literal]) -> list[Literal]:
    """Those wanted that are not among those given, each as often as it is wanted more.

    What is written alike is matched first: an ambiguous number must not take the place of a clear one.
    """
    rest, left = [(w, w.readings) for w in wanted], [(g, g.readings) for g in given]
    for is_same in SAME:
        lost = []
        for one in rest:
            match = next((i for i, other in enumerate(left) if is_same(one, other)), None)
            if match is None:
                lost.append(one)
            else:
                del left[match]
        rest = lost
    return [literal for literal, _ in rest]


def _values(number: str) -> frozenset[str]:
    """What one number may be, in ASCII with a full stop before decimals; nothing if it is several."""
    sign = "-" if number[0] in "-−" else ""
    groups = [
        "".join(str(unicodedata.decimal(c)) for c in g if c.isdecimal()) for g in SEPARATOR.split(number)
    ]
    marks = SEPARATOR.findall(number)
    whole, decimals = "".join(groups), "".join(groups[:-1]) + "." + groups[-1]
    if not marks:
        return frozenset([sign + whole])
    values = set()
    if marks[-1] != DECIMAL and len(set(marks)) == 1 and _is_grouped(groups):
        values.add(sign + whole)
    has_decimals = marks[-1] not in (*BLANKS, GROUP, *marks[:-1]) and len(set(marks[:-1])) <= 1
    if has_decimals and (len(marks) == 1 or _is_grouped(groups[:-1])):
        values.add(sign + decimals)
    return frozenset(values)


def _is_grouped(groups: Sequence[str]) -> bool:
    """Thousands apart, or as in India the last three digits and then two each: 12,34,567."""
    first, *middle, last = groups
    sizes = {len(group) for group in middle}
    return (
        len(last) == 3
        and 1 <= len(first) <= 3
        and (sizes <= {3} or sizes <= {2})
        and not first.startswith("0")
    )


def _address(url: str) -> str:
    """An address without the punctuation of the sentence around it."""
    written = url.rstrip(TRAILING)
    has_open = written.count("(") > written.count(")")
    return written + ")" if has_open and url[len(written) :].startswith(")") else written
