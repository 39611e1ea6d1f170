"""The page in a real browser: it draws every layer and head, the address opens a map, nothing is an error.

Skipped where Chromium is not installed (`apt-get install chromium`).
"""

import importlib.util
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crosslight.interpret.page import attention_page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
OPTIONS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
    "--virtual-time-budget=5000",
    "--dump-dom",
]

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")


@pytest.fixture(scope="module")
def inspection() -> Any:
    sample = Path(__file__).parents[1] / "interpret" / "sample.py"
    spec = importlib.util.spec_from_file_location("interpret_sample", sample)
    assert spec
    assert spec.loader
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.sample_inspection()


@pytest.fixture(scope="module")
def page(inspection: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("page") / "page.html"
    file.write_text(attention_page(inspection), encoding="utf-8")
    return file


def dom_of(page: Path, address: str, profile: Path) -> tuple[str, str]:
    """The page as the browser has drawn it, and what its console said."""
    done = subprocess.run(
        [str(CHROMIUM), *OPTIONS, f"--user-data-dir={profile}", f"{page.as_uri()}#{address}"],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    console = "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)
    return done.stdout, console


@pytest.mark.slow
@pytest.mark.parametrize(
    ("address", "title"),
    [
        ("", "Cross · layer 4 · mean of heads"),
        ("encoder/0/2/words", "Encoder · layer 1 · head 3"),
        ("decoder/2/5/pieces", "Decoder · layer 3 · head 6"),
    ],
)
def test_the_address_opens_a_map(page: Path, tmp_path: Path, address: str, title: str) -> None:
    dom, console = dom_of(page, address, tmp_path)
    assert console == ""
    assert title in dom
    assert len(re.findall(r'class="thumb"', dom)) == 4 * (8 + 1), "every head of every layer, and their mean"
    assert "Übersetzer" in dom


@pytest.mark.slow
def test_a_model_without_self_attention_has_one_tab(inspection: Any, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(attention_page(replace(inspection, encoder=None, decoder=None)), encoding="utf-8")
    dom, console = dom_of(file, "encoder/0/2/words", tmp_path / "profile")
    assert console == ""
    assert re.findall(r'id="tab-(\w+)"', dom) == ["cross"]
    assert "Cross · layer 1 · head 3" in dom, "of a kind that there is not, the one that there is"
