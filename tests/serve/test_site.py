"""The page to share: modules become one script, and what a sentence says stays a sentence."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from crosslight.bundle import load_bundle
from crosslight.errors import ConfigError
from crosslight.serve.site import EXPORT, IMPORT, LANGUAGES, PAGE, STATIC, classic_script, site_page
from crosslight.tasks.showcase import EXAMPLES, showcase

MODULES = [STATIC / "inside.js", *sorted((STATIC / "inside").glob("*.js")), PAGE / "site.js"]


def test_modules_become_one_script(tmp_path: Path) -> None:
    """What the script says when it runs is what its modules would have said."""
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.js").write_text(
        "const hidden = 1;\nexport const a = hidden + 1;\nexport function twice(x) {\n  return 2 * x;\n}\n"
    )
    (tmp_path / "deep" / "b.js").write_text(
        'import { a } from "./a.js";\nconst hidden = 10;\nexport const b = a * hidden;\n'
    )
    (tmp_path / "main.js").write_text(
        'import { b } from "./deep/b.js";\nimport { a, twice } from "./deep/a.js";\n'
        "console.log(a, twice(b));\n"
    )
    script = classic_script(tmp_path / "main.js")
    assert not re.search(r"^(import|export)\b", script, re.MULTILINE)
    assert script.count("const hidden = 1;") == 1, "a module that two need is there once"
    if node := shutil.which("node"):
        done = subprocess.run([node, "-e", script], capture_output=True, text=True, check=True)
        assert done.stdout == "2 40\n"


@pytest.mark.parametrize("file", MODULES, ids=lambda file: file.name)
def test_modules_are_such_as_can_be_joined(file: Path) -> None:
    """Imports of names on one line, exports where things are made; and nothing that the policy forbids."""
    source = file.read_text("utf-8")
    assert source.count("\n") < 300
    assert len(re.findall(r"^import\b", source, re.MULTILINE)) == len(IMPORT.findall(source))
    assert len(re.findall(r"^export\b", source, re.MULTILINE)) == len(EXPORT.findall(source))
    for forbidden in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        'setAttribute("style"',
    ):
        assert forbidden not in source
    without = source.replace("http://www.w3.org/2000/svg", "").replace(
        "http://www.w3.org/1998/Math/MathML", ""
    )
    assert "http" not in without, "no other host"


def test_stems_of_modules_differ() -> None:
    stems = [re.sub(r"\W", "_", file.stem) for file in MODULES]
    assert len(set(stems)) == len(stems)


def dictionary(code: str) -> dict[str, str]:
    found: dict[str, str] = json.loads((STATIC / "i18n" / f"inside.{code}.json").read_text("utf-8"))
    return found


@pytest.mark.parametrize("code", [code for code in LANGUAGES if code != "en"])
def test_dictionaries_say_the_same(code: str) -> None:
    own, english = dictionary(code), dictionary("en")
    assert list(own) == list(english)
    for key, sentence in english.items():
        places = set(re.findall(r"\{\w+\}", sentence))
        assert set(re.findall(r"\{\w+\}", own[key])) == places, key
        assert own[key].strip(), key
    differing = sum(own[key] != english[key] for key in english)
    assert differing > 0.85 * len(english), "it is translated"


def test_every_key_in_the_modules_is_in_the_dictionary() -> None:
    keys = set(dictionary("en"))
    for file in MODULES:
        for key in re.findall(r'\bt\("(inside\.[\w.-]+)"', file.read_text("utf-8")):
            assert key in keys, (file.name, key)


def test_a_sentence_cannot_leave_its_block() -> None:
    evil = "</script><script>alert(1)</script> {{script}} \u2028"
    page = site_page({"positions": {}, "sentences": [{"sentence": {"source": evil}}]})
    assert page.count("<script") == 2
    assert page.count("</script>") == 2
    block = re.search(r'id="data">(.*?)</script>', page, re.DOTALL)
    assert block
    assert json.loads(block[1])["sentences"][0]["sentence"]["source"] == evil


def test_examples_come_from_the_language_where_there_is_no_validation_set(monkeypatch) -> None:
    bundle = load_bundle("fr-en")
    assert not bundle.validation
    for name in ("everything", "search"):
        monkeypatch.setattr(
            f"crosslight.tasks.showcase.{name}",
            lambda opened: {"search": {"beam": 1}, "positions": {}, "of": opened},
        )
    monkeypatch.setattr("crosslight.tasks.showcase.open_sentence", lambda bundle, text, **more: text)
    assert [one["of"] for one in showcase(bundle)["sentences"]] == list(EXAMPLES["fr"])
    assert [list(one["searches"]) for one in showcase(bundle, ["Oui."])["sentences"]] == [["1", "4"]]
    object.__setattr__(bundle.facts, "src_lang", "xx")
    with pytest.raises(ConfigError, match="no example sentence for the language 'xx'") as error:
        showcase(bundle)
    assert "--text" in error.value.cure


def test_the_command(command, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "site"
    done = command("report", "fr-en", "-o", out, "--text", "Il dort.")
    assert done.code == 0, done.err
    assert f"wrote {out / 'index.html'}" in done.err
    data = json.loads(
        re.search(r'id="data">(.*?)</script>', (out / "index.html").read_text("utf-8"), re.DOTALL)[1]
    )
    (shown,) = data["sentences"]
    assert shown["sentence"]["source"] == "Il dort."
    assert shown["sentence"]["translation"] == command("translate", "fr-en", stdin=b"Il dort.").out.strip()
    assert command("report", "fr-en", "-o", tmp_path / "one.html", "--text", "Il dort. Elle mange.").code == 2
    assert not (tmp_path / "one.html").exists()
