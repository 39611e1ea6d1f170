"""Markdown: only prose changes."""

import pytest
from markdown_it import MarkdownIt

from crosslight.documents import translate_document

SOURCE = """---
title: Mon titre
---
# Le *petit* chat #

Un **chat `noir`** dort sur
le tapis avec [un lien](http://x.y/a_b "t") et [Exemple].\x20\x20
Suite _simple_ https://x.y/a_b_c et a@b.fr ***tous*** ~~deux~~ 2 \\* 3&nbsp;m <b>gras</b> <kbd>Ctrl</kbd>

> Une citation
> sur **deux
> lignes** ici.
> <div>
> bonjour <b>les
> amis</b> !
> </div>

- [ ] Faire `ceci`
- 1986\\. Une année
    - un [^1] et ![alt](img.png) après

[^1]: La note.

| Nom | Prix \\| total |
|-----|:---:|
| le **chat** | `a\\|b` coûte |

```py
# un commentaire
```

<div align="center">Bonjour <img src="x"> les <a href="u">amis</a></div>

{{ modèle }} et $x_1 = \\frac{a}{b}$ pour 5$ ou {% si %}

[Exemple]: http://exemple.org "Titre"

Titre {#ici}
=====
"""

# What the same document is in capitals, by hand: lines that go on are one line.
UPPER = """---
title: Mon titre
---
# LE *PETIT* CHAT #

UN **CHAT `noir`** DORT SUR LE TAPIS AVEC [UN LIEN](http://x.y/a_b "t") ET [EXEMPLE][Exemple].\x20\x20
SUITE _SIMPLE_ https://x.y/a_b_c ET a@b.fr ***TOUS*** ~~DEUX~~ 2 \\* 3&nbsp;M <b>GRAS</b> <kbd>Ctrl</kbd>

> UNE CITATION SUR **DEUX LIGNES** ICI.
> <div>
> BONJOUR <b>LES AMIS</b> !
> </div>

- [ ] FAIRE `ceci`
- 1986\\. UNE ANNÉE
    - UN [^1] ET ![alt](img.png) APRÈS

[^1]: LA NOTE.

| NOM | PRIX \\| TOTAL |
|-----|:---:|
| LE **CHAT** | `a\\|b` COÛTE |

```py
# un commentaire
```

<div align="center">BONJOUR <img src="x"> LES <a href="u">AMIS</a></div>

{{ modèle }} ET $x_1 = \\frac{a}{b}$ POUR 5$ OU {% si %}

[Exemple]: http://exemple.org "Titre"

TITRE {#ici}
=====
"""


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_only_prose_changes(line_end, translators, identity):
    source = SOURCE.replace("\n", line_end).encode()
    assert translate_document("a.md", source, identity) == source
    result = translate_document("a.md", source, translators["upper"]).decode()
    assert result == UPPER.replace("\n", line_end)


SAID = """# un|- un|1. un|1) un|> un|+ un|===|---|***|```|~~~ un|    un|<div>|[un](x)|![un](x)|[un]: http://x.y
&copy; &amp;|*un* _deux_ __x__|`un`|<http://x.y>|un\\|C#|snake_case|un #|$x_1$|a ~~b~~""".replace(
    "\n", "|"
).split("|")
PLACES = ["{}", "# {}", "- {}", "> {}", "| 0 |\n|---|\n| {} |", "{}\n===", "[{}](u)"]


@pytest.mark.parametrize("said_text", [*SAID, "un  \ndeux", "un\n\ndeux", "|un|\n|--|"])
@pytest.mark.parametrize("place", PLACES)
def test_no_translation_becomes_markup(said_text, place, said):
    """Read again, the text is what the translator said, and nothing else is there."""
    source = place.format("bonjour")
    out = translate_document("a.md", source.encode(), lambda texts: [said(said_text)] * len(texts))
    result = out.decode()
    reader = MarkdownIt("commonmark").enable(["table", "strikethrough"])

    def read(text):
        tokens = reader.parse(text)
        children = [child for token in tokens for child in token.children or ()]
        return [t.type for t in tokens], [c.type for c in children if c.type != "text"], children

    before, after = read(source), read(result)
    assert after[:2] == before[:2], result
    shown = "".join(child.content for child in after[2] if child.type == "text").removeprefix("0")
    assert shown == " ".join(said_text.split())


def test_emphasis_that_commonmark_cannot_see_gets_blanks(said):
    def translate(texts):
        return [said("中「文」字", [(0, 0), (1, 0), (2, 0)]) for _ in texts]

    result = translate_document("a.md", b"one **\xc2\xab two \xc2\xbb** three", translate).decode()
    (token,) = [t for t in MarkdownIt("commonmark").parse(result) if t.type == "inline"]
    assert [c.type for c in token.children].count("strong_open") == 1


HOSTILE = [
    "<kbd>",
    "un\\\n",
    "[Le chat] ",
    "[",
    "](x)",
    "[un](x) ",
    "*",
    "**un",
    "> ",
    "- ",
    "`",
    "<a ",
    "![",
    "|",
    "_un*",
    "&",
    "\\",
    "$",
    "{{",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_documents_end(piece, identity, translators):
    source = (piece * 1000 + "un\n").encode()
    assert translate_document("a.md", source, identity) == source
    translate_document("a.md", (piece * 100 + "un\n").encode(), translators["upper"])
