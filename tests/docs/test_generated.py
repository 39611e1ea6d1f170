"""docs/cli.md and docs/config.md are what the program says of itself."""

import doctest
import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

from crosslight.config.architecture import MODEL_CONFIGS
from crosslight.config.load import preset_names, preset_text
from crosslight.config.run import RunConfig


@pytest.fixture(scope="module")
def generate(root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generate", root / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_pages_are_up_to_date(generate: ModuleType) -> None:
    for path, text in generate.pages().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name} is out of date: run `make docs`"


def test_torch_is_not_needed(root: Path) -> None:
    script = (
        "import runpy, sys\n"
        "runpy.run_path('docs/generate.py', run_name='docs')['pages']()\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=root, check=True)


def test_every_command_file_has_its_section(root: Path, documents: dict[str, str]) -> None:
    """A command's file defines a function of its name, with a `_` where the name is a word of Python."""
    paths = (root / "src" / "crosslight" / "cli").glob("*.py")
    stems = {p.stem.rstrip("_") for p in paths if f"\ndef {p.stem}(" in p.read_text("utf-8")}
    commands = {stem.replace("_", "-") for stem in stems} - {"main"}
    assert set(re.findall(r"^## crosslight ([\w-]+)$", documents["docs/cli.md"], re.MULTILINE)) == commands


def test_every_option_in_the_sources_is_on_the_page(root: Path, documents: dict[str, str]) -> None:
    """Read from the sources as text, so that the page is compared with something else than typer's view."""
    for path in (root / "src" / "crosslight" / "cli").glob("*.py"):
        if path.stem == "main":
            continue
        for declaration in re.findall(r"typer\.Option\(([^)]*)\)", path.read_text(encoding="utf-8")):
            names = re.findall(r'"(--?[a-z][a-z-]*)"', declaration)
            if "hidden=True" not in declaration:
                assert all(f"`{name}`" in documents["docs/cli.md"] for name in names), declaration


def test_every_setting_says_what_it_means() -> None:
    others = [field.annotation for name, field in RunConfig.model_fields.items() if name != "model"]
    for section in (*others, *MODEL_CONFIGS.values()):
        for key, field in section.model_fields.items():  # type: ignore[union-attr]
            assert field.description, key
            assert field.description[0].isupper(), key
            assert field.description.endswith("."), key


def test_the_presets_on_the_page_are_those_in_the_files(documents: dict[str, str]) -> None:
    table = documents["docs/config.md"].split("## Presets")[1]
    for column, name in enumerate(preset_names(), start=1):
        for section, settings in tomllib.loads(preset_text(name)).items():
            for key, value in settings.items():
                (row,) = re.findall(rf"^\| `{section}\.{key}` \|.*$", table, re.MULTILINE)
                cell = row.strip("| ").split(" | ")[column].strip("` ")
                assert tomllib.loads(f"value = {cell}")["value"] == value


def test_the_examples_in_the_generator(generate: ModuleType) -> None:
    assert doctest.testmod(generate).failed == 0
