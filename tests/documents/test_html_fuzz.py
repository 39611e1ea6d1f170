"""2,000 generated pages: whatever a translator says, the tags are those of the source.

Two parsers that know nothing of ours read what goes in and what comes out: Python's html.parser says which
tags there are, byte for byte and in which order the blocks come, and lxml what is inside what.
"""

import random
from collections import Counter
from html.parser import HTMLParser

import lxml.html
import pytest

from crosslight.documents import translate_html

N_PAGES = 2000
WORDS = (
    "le chat noir dort sur un tapis rouge l'été déjà « oui » 12 3,5 A&B x<y (voir) fin. non ? 我喜欢猫 été"
).split()
INLINE = ("b", "i", "em", "strong", "a", "span", "u", "mark", "font", "q", "abbr", "x-note", "blink")
ATTRIBUTES = [
    ' href="a?b=1&amp;c=<2>"',
    " class='x y'",
    " data-n=1",
    " DISABLED",
    ' title="un &quot;mot&quot; > deux"',
    '  style="a:b"\n lang=fr',
    ' alt="",',
    " a='\"'",
]
BLOCKS = ["p", "div", "h1", "li", "td", "blockquote", "section", "dd"]
KEPT = {"code", "kbd", "script", "style", "svg", "textarea", "pre", "notranslate"}


class Page:
    """A page made at random; a broken one has tags that are not closed, closed twice or crossed."""

    def __init__(self, seed: int, is_broken: bool) -> None:
        self.random = random.Random(seed)
        self.is_broken = is_broken

    def text(self) -> str:
        one = self.random.choice
        words = [
            one(WORDS).replace("&", one(["&amp;", "&#38;"])).replace("<", "&lt;")
            for _ in range(self.random.randint(1, 4))
        ]
        return one(["", " ", "\n  "]) + one([" ", " ", "&nbsp;", "\n\t"]).join(words) + one(["", " ", " "])

    def attributes(self) -> str:
        return "".join(self.random.sample(ATTRIBUTES, self.random.choice([0, 0, 1, 2])))

    def mark(self) -> str:
        return self.random.choice(
            [
                "<br>",
                '<img src="a b.png" alt="x">',
                "<!-- un <b> mot -->",
                "<code>ls -l <b>x</b></code>",
                "<kbd>Ctrl</kbd>",
                "<wbr>",
                '<span translate="no">Le Monde <i>du</i> jour</span>',
                "<b class='a notranslate'>Le Nom</b>",
                "<sup>2</sup>",
                "<script>if (a < b) { '<p>' }</script>",
                "<svg><path d='M0'/><title>un</title></svg>",
                "<i></i>",
                '<input value="un mot">',
            ]
        )

    def inline(self, depth: int = 0, names: tuple[str, ...] = INLINE) -> str:
        parts = []
        for _ in range(self.random.randint(1, 4)):
            kind = self.random.random()
            if kind < 0.5 or depth > 3:
                parts.append(self.text())
            elif kind < 0.65:
                parts.append(self.mark())
            else:
                name = self.random.choice(names)
                start, end = f"<{name}{self.attributes()}>", f"</{self.random.choice([name, name.upper()])}>"
                # a link in a link is closed by browsers: no well-formed page has it
                inside = self.inline(depth + 1, tuple(n for n in names if n != name or name != "a"))
                if self.is_broken and self.random.random() < 0.3:
                    start, end = self.random.choice(
                        [("", end), (start, ""), (end, start), (start + "<u>", end)]
                    )
                parts.append(start + inside + end)
        return "".join(parts)

    def block(self, depth: int = 0) -> str:
        name = self.random.choice(BLOCKS)
        end = "" if self.is_broken and self.random.random() < 0.3 else f"</{name}>"
        inside = self.inline()
        if depth < 2 and self.random.random() < 0.3 and name in ("div", "section", "blockquote"):
            inside += self.block(depth + 1) + self.inline()
        return f"<{name}{self.attributes()}>{inside}{end}" + self.random.choice(["", "\n", "\n\n  "])

    def source(self) -> str:
        head = "<!DOCTYPE html>\n<html><head><title>Un titre</title><style>p > b {}</style></head>\n<body>\n"
        return head + "".join(self.block() for _ in range(self.random.randint(1, 4))) + "</body></html>\n"


class Seen(HTMLParser):
    """What html.parser finds: tags as written, and the text that is neither in code nor kept otherwise."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: Counter[str] = Counter()
        self.blocks: list[str] = []
        self.other: list[str] = []
        self.text = ""
        self.inside: list[tuple[str, bool]] = []
        self.mistakes = 0
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        written = self.get_starttag_text() or ""
        self.tags[written] += 1
        if tag in {*BLOCKS, "br", "html", "head", "body", "title", "x-note"}:
            self.blocks.append(written)
        if tag not in ("br", "img", "wbr", "input"):
            is_kept = tag in KEPT or "notranslate" in written or "translate=" in written or tag == "sup"
            self.inside.append((tag, is_kept))

    def handle_startendtag(self, tag, attrs):
        self.tags[self.get_starttag_text() or ""] += 1

    def handle_endtag(self, tag):
        self.tags[f"/{tag}"] += 1
        if tag in {*BLOCKS, "html", "head", "body", "title", "x-note"}:
            self.blocks.append(f"/{tag}")
        if self.inside and self.inside[-1][0] == tag:
            self.inside.pop()
        else:
            self.mistakes += 1

    def handle_data(self, data):
        if not any(is_kept for _, is_kept in self.inside):
            self.text += "".join(data.split())
        elif data.strip():
            self.other.append(data)

    def handle_comment(self, data):
        self.other.append(data)

    def handle_decl(self, decl):
        self.other.append(decl)


def paths(page: str) -> Counter[str]:
    """Every element with those that it is in, by lxml, tags and attributes.

    Without `wbr`, which lxml (an HTML 4 parser) does not know to be empty.
    """
    tree = lxml.html.document_fromstring(page)

    def named(element) -> str:
        return f"{element.tag} {sorted(element.attrib.items())}"

    return Counter(
        " > ".join(
            named(each) for each in [*reversed(list(element.iterancestors())), element] if each.tag != "wbr"
        )
        for element in tree.iter("*")
    )


def differences(page: str, result: str, is_broken: bool) -> list[str]:
    before, after = Seen(page), Seen(result)
    found = []
    if before.tags != after.tags:
        found.append(f"tags: lost {before.tags - after.tags}, added {after.tags - before.tags}")
    if before.blocks != after.blocks:
        found.append("blocks")
    if sorted(before.other) != sorted(after.other):
        found.append("comments, scripts or code")
    if before.mistakes != after.mistakes:
        found.append("balance")
    if not is_broken and paths(page) != paths(result):
        found.append(f"nesting: {paths(page) - paths(result)} became {paths(result) - paths(page)}")
    return found


@pytest.mark.parametrize("part", range(4))
def test_tags_and_attributes_are_those_of_the_source(part, translators, random_translator, identity):
    seeds = range(part, N_PAGES, 4)
    for seed in seeds:
        is_broken = seed % 3 == 0
        page = Page(seed, is_broken).source()
        assert translate_html(page, identity) == page, seed
        name = [*translators, "random"][seed % 4] if part == 3 else [*translators, "random"][(seed // 4) % 4]
        translate = translators.get(name) or random_translator(seed)
        result = translate_html(page, translate)
        assert not differences(page, result, is_broken), (seed, name, page, result)
        if name == "upper":
            assert Seen(result).text == Seen(page).text.upper(), (seed, page, result)
