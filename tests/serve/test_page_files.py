"""The files of the page, without a browser: four languages say the same, and the CSP is kept to."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from crosslight.serve.pages import STATIC

LANGUAGES = ("en", "sv", "nb", "zh")
SCRIPTS = sorted(STATIC.rglob("*.js"))
ROOMS = sorted({file.name.removesuffix(".en.json") for file in STATIC.glob("i18n/*.en.json")} | {""})
SHELL = [file for file in SCRIPTS if not file.stem.startswith("inside") or file.stem == "inside-panel"]
SHELL = [file for file in SHELL if file.parent == STATIC]


def dictionary(room: str, language: str) -> dict[str, str]:
    name = f"{room}.{language}.json" if room else f"{language}.json"
    found = json.loads((STATIC / "i18n" / name).read_text(encoding="utf-8"), object_pairs_hook=list)
    assert len({key for key, _ in found}) == len(found), f"{name} says a key twice"
    return dict(found)


@pytest.mark.parametrize("language", LANGUAGES[1:])
@pytest.mark.parametrize("room", ROOMS)
def test_every_language_says_everything(room: str, language: str) -> None:
    english, other = dictionary(room, "en"), dictionary(room, language)
    assert list(other) == list(english), "the same keys in the same order"
    for key, text in other.items():
        assert text.strip()
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", english[key])), key


def test_what_the_page_says_is_in_the_dictionary_and_nothing_else_is() -> None:
    known = set(dictionary("", "en"))
    written = "".join(file.read_text(encoding="utf-8") for file in SHELL)
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    used = set(re.findall(r'data-i18n(?:-\w+)?="([^"]+)"', page))
    used |= {text for text in re.findall(r'"([a-z]+(?:[.-][a-z]+)*)"', written) if text in known}
    calls = set(re.findall(r'\bt\("([^"]+)"', written))
    families = set(re.findall(r"\bt\(`([^`$]+)\$\{", written))
    assert used | calls <= known
    assert all(any(key.startswith(family) for key in known) for family in families)
    unused = {key for key in known - used - calls if not any(key.startswith(family) for family in families)}
    assert not unused


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_the_page_has_no_script_or_style_in_it_and_loads_its_own_files_only() -> None:
    tags = Tags()
    tags.feed((STATIC / "index.html").read_text(encoding="utf-8"))
    for tag, attributes in tags.found:
        assert tag != "style"
        assert "style" not in attributes
        assert not any(name.startswith("on") for name in attributes)
        assert tag != "script" or attributes.get("src")
        for name in ("src", "href"):
            address = attributes.get(name) or ""
            if address.startswith("static/"):
                assert (STATIC / address.removeprefix("static/")).is_file()
            else:
                assert address in ("", "spec") or address.startswith("#")


@pytest.mark.parametrize("file", SCRIPTS, ids=lambda file: file.relative_to(STATIC).as_posix())
def test_scripts_write_text_as_text_and_import_each_other(file: Path) -> None:
    script = file.read_text(encoding="utf-8")
    forbidden = r"\b(?:innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|srcdoc)"
    assert not re.search(forbidden, script)
    assert not re.search(r"https?://(?!www\.w3\.org/)", script), "no other host"
    assert len(script.splitlines()) < 300
    for address in re.findall(r'"(\.{1,2}/[^"]+\.js)"', script):
        assert (file.parent / address).is_file() or address == "./inside.js"


def test_every_colour_of_a_stylesheet_is_one_of_the_theme() -> None:
    theme = (STATIC / "theme.css").read_text(encoding="utf-8")
    blocks = re.findall(r":root[^{]*\{([^}]*)\}", theme)
    light, dark, chosen = (dict(re.findall(r"--([\w-]+):\s*([^;]+);", block)) for block in blocks)
    assert dark == chosen, "dark by the system and dark by hand are the same"
    assert set(dark) <= set(light)
    for file in STATIC.rglob("*.css"):
        used = set(re.findall(r"var\(--([\w-]+)\)", file.read_text(encoding="utf-8")))
        own = set(re.findall(r"--([\w-]+):", file.read_text(encoding="utf-8")))
        set_by_script = {"share"}
        if not file.name.startswith("inside"):
            assert used <= set(light) | own | set_by_script, file.name
