"""Where the inline markup of Markdown stands: markdown-it-py's own parse, with the place of every token.

The library says what is emphasis, a link or code, but not where its characters are. Its rules are public and
can be replaced one by one (`ruler.at`); each is wrapped here so that the tokens it makes know their place.
What templates and other dialects of Markdown add is kept as it is by a rule of our own.
"""

import re
from collections.abc import Callable

from markdown_it import MarkdownIt
from markdown_it.rules_inline import (
    StateInline,
    autolink,
    backtick,
    emphasis,
    entity,
    escape,
    html_inline,
    image,
    link,
    strikethrough,
)
from markdown_it.token import Token

from crosslight.errors import DocumentError

Rule = Callable[[StateInline, bool], bool]

KEPT = re.compile(
    r"(?:https?://|ftp://|www\.)(?:[^\s<>\[\](){}\"'`*|\\~]|~(?!~))*[^\W_](?:[/=](?!\w))?"  # an address
    r"|[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"
    r"|\{\{[^\n{}]*\}\}|\{%[^\n{}]*%\}|\{[#.:][^\n{}]*\}"  # templates, and attributes such as {#here}
    r"|\[\^[^\]\s]{1,80}\]"  # a footnote
    r"|\$\$[^$]+\$\$|\$(?=[^\s$])[^$\n]*[\\^_={}][^$\n]*(?<=\S)\$(?!\d)"  # a formula; 5$ is money
)
KEPT_AT_START = re.compile(r"\[[ xX]\](?=\s)|\[\^[^\]\s]{1,80}\]:|\[![A-Za-z]+\]")
WORD = re.compile(r"[^\s!#$%&*+\-:<=>@\[\]^_`{}~\\]+| +")
BLANKS = re.compile(r"[ \t]*")


def reader() -> MarkdownIt:
    """A CommonMark parser with tables and strikethrough, whose inline tokens know their place.

    `token.meta["at"]` is (start, end) in the content of the inline token; together they cover it.
    """
    parser = plain_reader()
    rules: dict[str, Rule] = {
        "text": _text,
        "newline": _newline,
        "escape": escape,
        "backticks": backtick,
        "strikethrough": strikethrough.tokenize,
        "emphasis": emphasis.tokenize,
        "link": link,
        "image": image,
        "autolink": autolink,
        "html_inline": html_inline,
        "entity": entity,
    }
    for name, rule in rules.items():
        parser.inline.ruler.at(name, _recorded(rule))
    parser.inline.ruler.before("text", "kept", _recorded(_kept))
    parser.inline.ruler.push("character", _recorded(_character))
    parser.inline.ruler.enable(["kept", "character"])
    parser.inline.ruler2.disable("fragments_join")
    parser.core.ruler.disable("text_join")
    return parser


def plain_reader() -> MarkdownIt:
    """The same dialect, as the library has it."""
    return MarkdownIt("commonmark", {"maxNesting": 100}).enable(["table", "strikethrough"])


def placed(inline: Token) -> list[tuple[Token, int, int]]:
    """The tokens of an inline token in the order of the text, each with its place; two for `**` are one.

    Raises:
        DocumentError: it is nested deeper than the parser goes.
    """
    found: list[tuple[Token, int, int]] = []
    for token in inline.children or ():
        if token.meta.get("inner"):
            continue
        if "at" not in token.meta:
            raise DocumentError(
                f"brackets are nested too deep in {inline.content[:60]!r}",
                "write it in a simpler way",
            )
        start, end = token.meta["at"]
        if token.type == "strong_open":
            start -= 1
        elif token.type == "strong_close":
            end += 1
        elif token.type == "text" and not token.content:
            continue  # the other half of `**`
        found.append((token, start, end))
    return sorted(found, key=lambda each: each[1:])


def _recorded(rule: Rule) -> Rule:
    """A rule whose tokens get their place."""

    def run(state: StateInline, silent: bool) -> bool:
        start, n_before = state.pos, len(state.tokens)
        if not rule(state, silent):
            return False
        if silent:
            return True
        if state.pending:
            state.pushPending()
        made = state.tokens[n_before:]
        if made and made[0].markup == "autolink":
            made[0].meta["at"] = (start, state.pos)
            for token in made[1:]:
                token.meta["inner"] = True
        elif made and made[0].type == "link_open":
            inside = [token.meta["at"][1] for token in made[1:-1] if "at" in token.meta]
            made[0].meta["at"] = (start, start + 1)
            made[-1].meta["at"] = (max(inside, default=start + 1), state.pos)
        elif len(made) > 1:  # delimiters: one token for each, of one character or two
            at = start
            for token in made:
                token.meta["at"] = (at, at + len(token.content))
                at += len(token.content)
        elif made:
            made[0].meta["at"] = (start, state.pos)
        return True

    return run


def _text(state: StateInline, silent: bool) -> bool:
    """Word by word, so that an address is found where a word begins."""
    match = WORD.match(state.src, state.pos, state.posMax)
    if not match:
        return False
    if not silent:
        state.pending += match[0]
    state.pos = match.end()
    return True


def _newline(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] != "\n":
        return False
    if not silent:
        is_hard = state.src[: state.pos].endswith("  ")
        state.push("hardbreak" if is_hard else "softbreak", "br", 0)
    match = BLANKS.match(state.src, state.pos + 1, state.posMax)
    state.pos = match.end() if match else state.pos + 1
    return True


def _kept(state: StateInline, silent: bool) -> bool:
    if silent:
        return False  # the library looks for the end of a link: brackets inside are to be counted
    match = KEPT_AT_START.match(state.src) if state.pos == 0 else None
    match = match or KEPT.match(state.src, state.pos, state.posMax)
    if not match:
        return False
    state.push("kept", "", 0).content = match[0]
    state.pos = match.end()
    return True


def _character(state: StateInline, silent: bool) -> bool:
    """What no other rule takes is text."""
    if not silent:
        state.pending += state.src[state.pos]
    state.pos += 1
    return True
