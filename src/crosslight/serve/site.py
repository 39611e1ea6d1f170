"""The views of the inside as one file to share, which a browser opens from disk.

A page on disk can load no ES modules and fetch no data, so everything is inside (docs/decisions/0058): the
page's modules as one classic script, its stylesheets, its dictionaries, and the views of a few sentences. A
content policy allows this script and these styles by their hashes, and no request at all.
"""

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crosslight.errors import ConfigError

if TYPE_CHECKING:
    from crosslight.bundle import Bundle

STATIC, PAGE = Path(__file__).with_name("static"), Path(__file__).with_name("site_page")
STYLES = (STATIC / "theme.css", STATIC / "inside.css", PAGE / "site.css")
LANGUAGES = {"en": "English", "sv": "Svenska", "nb": "Norsk bokmål", "zh": "中文"}
IMPORT = re.compile(r'^import \{ ([\w, ]+) \} from "\./([\w./-]+)";$', re.MULTILINE)
EXPORT = re.compile(r"^export ((?:async )?function|const) (\w+)", re.MULTILINE)


def write_site(bundle: "Bundle", texts: Sequence[str], out: Path) -> Path:
    """Write the page of a bundle; returns where: `out` if that is an .html file, else in the folder `out`.

    Args:
        texts: sentences to be shown; examples where there are none.

    Raises:
        ConfigError: a text cannot be looked into, or the page cannot be written.
    """
    from crosslight.tasks.files import write_text
    from crosslight.tasks.showcase import showcase

    page = out if out.suffix == ".html" else out / "index.html"
    text = site_page(showcase(bundle, texts))
    try:
        page.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"{page.parent} cannot be made: {error.strerror}", "choose another place: -o"
        ) from None
    write_text(page, text)
    return page


def site_page(content: dict[str, Any]) -> str:
    """The page that shows the content of `tasks.showcase.showcase`."""
    texts = {
        code: json.loads((STATIC / "i18n" / f"inside.{code}.json").read_text("utf-8")) for code in LANGUAGES
    }
    script = classic_script(PAGE / "site.js")
    style = "\n".join(file.read_text("utf-8") for file in STYLES)
    parts = {
        "script": script,
        "script_hash": _hash(script),
        "style": style,
        "style_hash": _hash(style),
        "data": _json_block({"texts": texts, "languages": LANGUAGES, **content}),
    }
    # One pass, so that a sentence which contains "{{script}}" stays a sentence.
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], (PAGE / "index.html").read_text("utf-8"))


def classic_script(entry: Path) -> str:
    """A module and all that it imports as one script without modules: a function each, those needed first.

    This works for modules that import names only (`import { a, b } from "./c.js";` on a line of its own, from
    beside the file or from the page's folder), and export functions and constants where they are made.
    """
    done: dict[Path, str] = {}

    def add(file: Path) -> str:
        if file in done:
            return done[file].partition(" = ")[0].removeprefix("const ")
        source = file.read_text("utf-8")
        found = {match[0]: add(_module(file, match[2])) for match in IMPORT.finditer(source)}
        for line, module in found.items():
            names = IMPORT.match(line)
            assert names
            source = source.replace(line, f"const {{ {names[1]} }} = {module};")
        exported = ", ".join(match[2] for match in EXPORT.finditer(source))
        body = EXPORT.sub(r"\1 \2", source)
        name = "module_" + re.sub(r"\W", "_", file.stem)
        done[file] = f"const {name} = (() => {{\n{body}\nreturn {{ {exported} }};\n}})();"
        return name

    add(entry)
    return "\n".join(['"use strict";', *done.values()])


def _module(importer: Path, name: str) -> Path:
    beside = (importer.parent / name).resolve()
    return beside if beside.is_file() else (STATIC / name).resolve()


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _json_block(content: dict[str, Any]) -> str:
    """JSON that is safe inside `<script>`: without `<`, and without line ends that only JavaScript has."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
