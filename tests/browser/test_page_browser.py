"""The page in a real browser: it draws every layer and head, the address opens a map, nothing is an error.

Skipped where Chromium is not installed (`apt-get install chromium`).
"""

import importlib.util
import re
import shutil
import subprocess
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
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sample = Path(__file__).parents[1] / "interpret" / "sample.py"
    spec = importlib.util.spec_from_file_location("interpret_sample", sample)
    assert spec
    assert spec.loader
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    file = tmp_path_factory.mktemp("page") / "page.html"
    file.write_text(attention_page(module.sample_inspection()), encoding="utf-8")
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
