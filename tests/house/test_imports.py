"""The arrows between the rooms, read from the sources: nothing is imported to check what is imported.

    8 cli · 7 serve · 6 tasks · 5 train decode interpret export evaluate · 4 bundle
    3 models data · 2 nn text corpora documents · 1 config facts · 0 errors durable allocator

A violation is printed as ``file:line: what is wrong (rule) -> what to do``.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

PACKAGE = "crosslight"
SOURCES = Path(__file__).resolve().parents[2] / "src" / PACKAGE
FLOORS = {
    **{"errors": 0, "durable": 0, "allocator": 0, "config": 1, "facts": 1},
    **{"nn": 2, "text": 2, "corpora": 2, "documents": 2},
    **{"models": 3, "data": 3, "bundle": 4},
    **{"train": 5, "decode": 5, "interpret": 5, "report": 5, "export": 5, "evaluate": 5},
    **{"tasks": 6, "serve": 7, "cli": 8},
    **{"__init__": 9, "__main__": 9},
}
WITHOUT_TORCH = {
    *("errors", "allocator", "durable", "config", "facts", "text", "corpora", "documents", "cli"),
    *("evaluate", "report", "serve", "__init__", "__main__"),
}
TORCH = {"torch", "torchvision", "safetensors.torch"}
DOORS = {
    "sentencepiece": {"text/subword.py"},
    "safetensors": {
        "bundle.py",
        "train/checkpoints.py",
        "export/huggingface.py",
        "export/marian_checkpoint.py",
    },
    "sacrebleu": {"evaluate/"},
    "lxml": {"documents/"},
    "markdown_it": {"documents/"},
    "fastapi": {"serve/"},
    "starlette": {"serve/"},
    "uvicorn": {"serve/"},
    "prometheus_client": {"serve/metrics.py"},
    "ctranslate2": {"export/"},
    "onnxruntime": {"export/"},
    "transformers": {"export/"},
}
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "base"}


@dataclass(frozen=True)
class Use:
    """One imported thing. ``name`` is what is taken from ``module``, None if it is the module itself."""

    line: int
    module: str
    name: str | None
    at_load: bool
    typing_only: bool

    @property
    def ours(self) -> bool:
        return self.module.split(".")[0] == PACKAGE

    @property
    def room(self) -> str:
        return (self.module.split(".")[1:] or ["__init__"])[0]


@dataclass(frozen=True)
class File:
    """A source file: ``path`` from the package's folder on, and all that it imports."""

    path: str
    module: str
    uses: tuple[Use, ...]

    @property
    def room(self) -> str:
        return self.path.split("/")[0].removesuffix(".py")


def read(package: Path) -> dict[str, File]:
    """All files of a package, by module name."""
    modules = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        modules[".".join((PACKAGE, *(parts[:-1] if parts[-1] == "__init__" else parts)))] = path
    files = {}
    for module, path in modules.items():
        scope = module if path.stem == "__init__" else module.rpartition(".")[0]
        uses = tuple(_uses(ast.parse(path.read_text(encoding="utf-8")), scope, set(modules)))
        files[module] = File(path.relative_to(package).as_posix(), module, uses)
    return files


def _uses(
    node: ast.AST, scope: str, modules: set[str], at_load: bool = True, typing_only: bool = False
) -> Iterator[Use]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield Use(child.lineno, alias.name, None, at_load, typing_only)
        elif isinstance(child, ast.ImportFrom):
            above = scope.split(".")[: len(scope.split(".")) + 1 - child.level] if child.level else []
            module = ".".join([*above, *filter(None, [child.module])])
            for alias in child.names:
                inner = f"{module}.{alias.name}"
                whole = inner in modules or inner in TORCH
                yield Use(
                    child.lineno,
                    inner if whole else module,
                    None if whole else alias.name,
                    at_load,
                    typing_only,
                )
        elif isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
            yield from _uses(ast.Module(child.body, []), scope, modules, at_load, True)
            yield from _uses(ast.Module(child.orelse, []), scope, modules, at_load, typing_only)
        else:
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from _uses(child, scope, modules, at_load and not inside, typing_only)


def violations(package: Path) -> list[str]:
    """What breaks a rule, one line each, in the order of the files."""
    files = read(package)
    found = []
    for file in files.values():
        problems = [*_names(file), *_arrows(file), *_doors(file), *_torch(file, files)]
        found += [f"{package.name}/{file.path}:{line}: {text}" for line, text in sorted(problems)]
    return found


def _names(file: File) -> Iterator[tuple[int, str]]:
    for part in file.path.removesuffix(".py").split("/"):
        if part in VAGUE:
            yield 1, f"{part!r} says nothing (no utils, helpers, common, misc, base) -> name it by its idea"
    if file.room not in FLOORS:
        yield 1, f"the room {file.room!r} has no floor (every room has one) -> give it one in FLOORS"


def _arrows(file: File) -> Iterator[tuple[int, str]]:
    floor = FLOORS.get(file.room, 9)
    for use in (use for use in file.uses if use.ours):
        what = f"{use.module}.{use.name}" if use.name else use.module
        other = FLOORS.get(use.room, 9)
        if (use.module, use.name) == (PACKAGE, "__version__"):
            continue
        if use.room == file.room:
            if use.module == f"{PACKAGE}.{file.room}" and "/" in file.path:
                yield (
                    use.line,
                    f"imports {what} (never the own room's __init__) -> import the module that defines it",
                )
            continue
        if other > floor:
            yield (
                use.line,
                (
                    f"{file.room} (floor {floor}) imports {what} (floor {other}; only lower floors) "
                    "-> move the code down, or hand the thing in as an argument"
                ),
            )
        elif other == floor:
            yield (
                use.line,
                (
                    f"{file.room} imports its sibling {what} (siblings never import each other) "
                    "-> let them meet in tasks/"
                ),
            )
        elif file.room == "nn" and use.room != "errors":
            yield use.line, f"nn imports {what} (of ours only errors) -> hand plain values to the brick"
        elif file.room == "models" and use.room == "config" and not file.path.startswith("models/build"):
            yield use.line, f"imports {what} (models read config only in build*.py) -> take plain values"
        private = [part for part in (*use.module.split("."), use.name or "") if _is_private(part)]
        if private:
            yield (
                use.line,
                f"imports {what} ({private[0]} is private to its room) -> make it public, or do without",
            )


def _is_private(name: str) -> bool:
    return name.startswith("_") and not (name.startswith("__") and name.endswith("__"))


def _doors(file: File) -> Iterator[tuple[int, str]]:
    for use in file.uses:
        library = use.module.split(".")[0]
        doors = DOORS.get(library, set())
        if doors and not any(
            file.path == door or (door[-1] == "/" and file.path.startswith(door)) for door in doors
        ):
            yield (
                use.line,
                (
                    f"imports {library} (its only door is {' and '.join(sorted(doors))}) "
                    "-> call what that file offers, or let it offer what is missing"
                ),
            )


def _torch(file: File, files: dict[str, File]) -> Iterator[tuple[int, str]]:
    """Module-level imports that load torch, directly or through other files of ours."""
    if file.room not in WITHOUT_TORCH:
        return
    for use in file.uses:
        way = _way_to_torch(use, files, ())
        if way:
            yield (
                use.line,
                (
                    f"{' -> '.join(way)} loads torch with the module ({file.room} starts without torch) "
                    "-> import it inside the function that needs it, or under TYPE_CHECKING"
                ),
            )


def _way_to_torch(use: Use, files: dict[str, File], seen: tuple[str, ...]) -> tuple[str, ...]:
    if not use.at_load or use.typing_only or use.module in seen:
        return ()
    if not use.ours:
        loads = any(use.module == name or use.module.startswith(f"{name}.") for name in TORCH)
        return (*seen, use.module) if loads else ()
    parts = use.module.split(".")
    # importing a.b.c runs a and a.b before it
    loaded = [files[name] for i in range(1, len(parts) + 1) if (name := ".".join(parts[:i])) in files]
    for file in (file for file in loaded if file.module not in seen):
        for inner in file.uses:
            if way := _way_to_torch(inner, files, (*seen, file.module)):
                return way
    return ()


def test_the_house_keeps_its_rules():
    found = violations(SOURCES)
    assert not found, "\n" + "\n".join(found)


def test_the_house_is_not_empty():
    """A checker that reads nothing finds nothing."""
    files = read(SOURCES)
    assert "crosslight.errors" in files
    assert any(use.module == "crosslight.errors" for file in files.values() for use in file.uses)


def check(tmp_path: Path, sources: dict[str, str]) -> list[str]:
    package = tmp_path / PACKAGE
    for path, text in {"__init__.py": "", **sources}.items():
        (package / path).parent.mkdir(parents=True, exist_ok=True)
        (package / path).write_text(text)
    return violations(package)


@pytest.mark.parametrize(
    ("path", "source", "line", "rule"),
    [
        ("text/a.py", "import os\nfrom crosslight.data.batch import Batch", 2, "only lower floors"),
        ("text/a.py", "def f():\n    import crosslight.tasks.x", 2, "only lower floors"),
        (
            "text/a.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import crosslight.cli.x",
            3,
            "lower",
        ),
        ("text/a.py", "from ..data import batch", 1, "only lower floors"),
        ("text/a.py", "from crosslight import Translator", 1, "only lower floors"),
        ("train/a.py", "from crosslight.decode import beam", 1, "siblings never import each other"),
        ("evaluate/a.py", "import crosslight.train.loop", 1, "siblings never import each other"),
        ("text/a.py", "import crosslight.corpora.web", 1, "siblings never import each other"),
        ("nn/a.py", "from crosslight.config.model import M", 1, "of ours only errors"),
        ("models/a.py", "from crosslight.config.model import M", 1, "only in build*.py"),
        ("nn/a.py", "from crosslight.nn import Attention", 1, "never the own room's __init__"),
        ("nn/a.py", "from . import Attention", 1, "never the own room's __init__"),
        ("text/a.py", "import torch", 1, "starts without torch"),
        (
            "cli/a.py",
            "try:\n    from torch import nn\nexcept ImportError:\n    nn = None",
            2,
            "starts without torch",
        ),
        ("cli/a.py", "import torch.nn.functional as F", 1, "starts without torch"),
        ("tasks/a.py", "import sentencepiece", 1, "only door is text/subword.py"),
        (
            "decode/a.py",
            "from safetensors.torch import load_file",
            1,
            "only door is bundle.py and export/huggingface.py",
        ),
        ("cli/a.py", "def f():\n    from sacrebleu import metrics", 2, "only door is evaluate/"),
        ("cli/a.py", "import uvicorn", 1, "only door is serve/"),
        ("data/a.py", "from crosslight.text.corpus import _opened", 1, "_opened is private"),
        ("data/a.py", "import crosslight.text._inner", 1, "_inner is private"),
        ("text/utils.py", "", 1, "says nothing"),
        ("data/common/a.py", "", 1, "says nothing"),
        ("cellar/a.py", "", 1, "has no floor"),
    ],
)
def test_a_violation_is_found(tmp_path: Path, path, source, line, rule):
    found = check(tmp_path, {path: source})
    assert len(found) == 1, found
    assert found[0].startswith(f"{PACKAGE}/{path}:{line}: ")
    assert rule in found[0]
    assert " -> " in found[0], "and says what to do"


@pytest.mark.parametrize(
    ("path", "source"),
    [
        (
            "nn/a.py",
            "import torch\nfrom crosslight.errors import ConfigError\nfrom crosslight.nn.b import _inside",
        ),
        ("nn/a.py", "from . import b\nfrom .b import Attention"),
        ("models/build.py", "from crosslight.config.model import M"),
        ("data/a.py", "import torch\nfrom crosslight.text.subword import Subword"),
        ("cli/a.py", "def run():\n    import torch\n    from crosslight.tasks import translate"),
        ("cli/a.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from torch import Tensor"),
        ("bundle.py", "from safetensors.torch import save_file\nfrom crosslight import __version__"),
        ("serve/app.py", "import uvicorn"),
        ("evaluate/a.py", "import sacrebleu\nfrom crosslight.text.corpus import read_lines"),
    ],
)
def test_what_is_allowed_is_not_complained_about(tmp_path: Path, path, source):
    assert check(tmp_path, {"nn/b.py": "", "nn/__init__.py": "", path: source}) == []


def test_torch_is_found_behind_other_files(tmp_path: Path):
    sources = {
        "cli/a.py": "from crosslight.tasks.b import run",
        "tasks/b.py": "import crosslight.tasks.c",
        "tasks/c.py": "from crosslight.tasks.b import run\nimport torch",  # a circle does not confuse it
    }
    (found,) = check(tmp_path, sources)
    assert "cli/a.py:1: crosslight.tasks.b -> crosslight.tasks.c -> torch loads torch" in found


def test_an_init_that_offers_what_its_room_has_is_no_circle(tmp_path: Path):
    sources = {
        "text/__init__.py": "from crosslight.text.b import f",
        "cli/a.py": "from crosslight.text import f",
    }
    assert check(tmp_path, {**sources, "text/b.py": "def f(): ..."}) == []
    assert len(check(tmp_path, {**sources, "text/b.py": "import torch\ndef f(): ..."})) == 3


def test_a_room_s_own_file_is_found_through_its_init(tmp_path: Path):
    found = check(
        tmp_path,
        {"text/__init__.py": "import torch", "cli/a.py": "import crosslight.text.b", "text/b.py": ""},
    )
    assert len(found) == 2
    assert "crosslight.text -> torch" in found[0]
