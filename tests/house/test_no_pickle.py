"""No source unpickles: a bundle or a checkpoint from somebody else must not be able to run code.

Read from the sources: ``torch.load`` only with ``weights_only=True``, no loading with pickle and its
relatives, ``numpy.load`` never with ``allow_pickle``.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCES = Path(__file__).resolve().parents[2] / "src"
UNPICKLERS = {"pickle", "_pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}
LOADERS = {"load", "loads", "open", "Unpickler", "DbfilenameShelf"}


def violations(root: Path) -> list[str]:
    found = []
    for path in sorted(root.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found += [f"{path.relative_to(root).as_posix()}:{line}: {text}" for line, text in _in(tree)]
    return found


def _in(tree: ast.Module) -> Iterator[tuple[int, str]]:
    called = _meanings(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Name | ast.Attribute | ast.Call):
            continue
        name = _dotted(node.func if isinstance(node, ast.Call) else node, called)
        library, _, attribute = name.partition(".")
        if isinstance(node, ast.Call):
            if name == "torch.load" and not _is_constant(node, "weights_only", True):
                yield node.lineno, "torch.load unpickles -> give it weights_only=True, or use safetensors"
            if name == "numpy.load" and not _is_constant(
                node, "allow_pickle", False, missing=len(node.args) < 3
            ):
                yield node.lineno, "numpy.load unpickles with allow_pickle -> store plain arrays"
        elif (library in UNPICKLERS and attribute in LOADERS) or name == "pandas.read_pickle":
            yield node.lineno, f"{name} runs what it reads -> use JSON, safetensors or plain arrays"


def _meanings(tree: ast.Module) -> dict[str, str]:
    """What each imported name stands for: ``from torch import load as get`` makes get torch.load."""
    meanings = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                meanings[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom) and node.module:
            meanings |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return meanings


def _dotted(node: ast.expr, meanings: dict[str, str]) -> str:
    if isinstance(node, ast.Name):
        return meanings.get(node.id, "")
    if isinstance(node, ast.Attribute) and (before := _dotted(node.value, meanings)):
        return f"{before}.{node.attr}"
    return ""


def _is_constant(call: ast.Call, keyword: str, value: bool, missing: bool = False) -> bool:
    """Whether the argument is written out as ``value``; ``missing`` is the answer where it is not given."""
    for given in call.keywords:
        if given.arg == keyword:
            return isinstance(given.value, ast.Constant) and given.value.value is value
        if given.arg is None:  # **settings may hold anything
            return False
    return missing


def test_no_source_unpickles():
    found = violations(SOURCES)
    assert not found, "\n" + "\n".join(found)


def test_the_sources_are_read():
    assert len(list(SOURCES.rglob("*.py"))) > 10


@pytest.mark.parametrize(
    "source",
    [
        "import torch\ntorch.load('x')",
        "import torch as t\nt.load('x', weights_only=False)",
        "from torch import load as get\nget('x', map_location='cpu')",
        "import torch\ntorch.load('x', **{'weights_only': True})",
        "import torch\ntorch.load('x', weights_only=safe)",
        "import pickle\npickle.load(file)",
        "from pickle import loads\nloads(data)",
        "import pickle as p\nread = p.loads",
        "import marshal\nmarshal.loads(data)",
        "import shelve\nshelve.open('x')",
        "from pickle import Unpickler\nclass Mine(Unpickler): ...",
        "import numpy as np\nnp.load('x', allow_pickle=True)",
        "import numpy as np\nnp.load('x', None, True)",
        "from numpy import load\nload('x', **settings)",
    ],
)
def test_a_violation_is_found(tmp_path: Path, source):
    (tmp_path / "a.py").write_text(source)
    (found,) = violations(tmp_path)
    assert found.startswith("a.py:2: ")


@pytest.mark.parametrize(
    "source",
    [
        "import torch\ntorch.load('x', weights_only=True)",
        "import numpy as np\nnp.load('x')\nnp.load('y', mmap_mode='r', allow_pickle=False)",
        "import json\njson.load(file)\njson.loads('1')",
        "from safetensors.torch import load\nload(b'')",
        "def load(x): ...\nload('x')",
        "import pickle\npickle.dumps(1)",
    ],
)
def test_what_is_safe_is_not_complained_about(tmp_path: Path, source):
    (tmp_path / "a.py").write_text(source)
    assert violations(tmp_path) == []
