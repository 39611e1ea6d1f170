"""What the documents point at is there: links, headings, files, and `file::symbol`; and the map is whole."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
SPAN = re.compile(r"`([^`\n]+)`")
FILE = re.compile(r"([\w./-]+\.(?:py|css|js|toml))(?:::([\w.]+))?")
NOT_OURS = re.compile("runs/|.*NAME")  # what a run writes, and what a reader is to name

# What the paper has, from its table of contents; the map must have a row for each.
SUBSECTIONS = {"3": 5, "3.2": 3, "5": 4, "6": 3}
SECTIONS = [
    *map(str, range(1, 8)),
    *(f"{section}.{i}" for section, n in SUBSECTIONS.items() for i in range(1, n + 1)),
    "Appendix",
]
FIGURES = [f"Figure {n}" for n in range(1, 6)]
TABLES = [f"Table {n}" for n in range(1, 5)]
EQUATIONS = ["(1)", "(2)", "(3)", "MultiHead(", "PE(pos, 2i)"]
ABSENT = ("not implemented", "not reproduced", "cited only", "the same")


def broken_links(root: Path, path: str, text: str) -> Iterator[str]:
    """Relative links of a document that lead nowhere."""
    prose = FENCE.sub("", text)
    for target in LINK.findall(prose):
        file, _, fragment = target.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        place = (root / path).parent / file if file else root / path
        if not place.exists():
            yield f"{path}: {target} does not exist"
        elif fragment and fragment not in anchors(place.read_text(encoding="utf-8")):
            yield f"{path}: {target} has no such heading"


def anchors(text: str) -> set[str]:
    """The fragments by which a page's headings are reached."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def missing_files(root: Path, path: str, text: str) -> Iterator[str]:
    """Spans such as `nn/masks.py` or `nn/masks.py::causal_mask` that name nothing."""
    for span in SPAN.findall(FENCE.sub("", text)):
        match = FILE.fullmatch(span)
        if not match or NOT_OURS.match(span) or ("/" not in span and "::" not in span):
            continue
        places = (root / "src" / "crosslight" / match[1], root / match[1], (root / path).parent / match[1])
        file = next((place for place in places if place.is_file()), None)
        if file is None:
            yield f"{path}: there is no file {match[1]}"
        elif match[2] and match[2] not in symbols(file.read_text(encoding="utf-8")):
            yield f"{path}: {match[1]} has no {match[2]}"


def symbols(source: str) -> set[str]:
    """The names that a module defines, those of classes with their members: `C`, `C.method`, `C.field`."""
    return set(_symbols(ast.parse(source).body, ""))


def _symbols(body: list[ast.stmt], prefix: str) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield prefix + node.name
            if isinstance(node, ast.ClassDef):
                yield from _symbols(node.body, f"{prefix}{node.name}.")
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (prefix + target.id for target in targets if isinstance(target, ast.Name))


def rows(text: str, heading: str) -> list[list[str]]:
    """The cells of the table under a heading, without its head."""
    section = text.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def test_every_link_leads_somewhere(root: Path, documents: dict[str, str]) -> None:
    found = [link for path, text in documents.items() for link in broken_links(root, path, text)]
    assert not found, "\n" + "\n".join(found)


def test_every_file_and_symbol_named_exists(root: Path, documents: dict[str, str]) -> None:
    found = [name for path, text in documents.items() for name in missing_files(root, path, text)]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("heading", "expected"), [("Sections", SECTIONS), ("Figures", FIGURES), ("Tables", TABLES)]
)
def test_the_map_is_whole(documents: dict[str, str], heading: str, expected: list[str]) -> None:
    table = rows(documents["docs/paper-map.md"], heading)
    for name in expected:
        found = [row for row in table if row[0] == name or row[0].startswith((f"{name} ", f"{name},"))]
        assert found, f"the map has no row for {name}"


def test_the_equations_are_on_the_map(documents: dict[str, str]) -> None:
    table = rows(documents["docs/paper-map.md"], "Equations")
    for equation in EQUATIONS:
        (row,) = [row for row in table if row[0].startswith(equation)]
        assert "::" in row[1]
        assert "tests/" in row[2]


@pytest.mark.parametrize("heading", ["Sections", "Figures", "Tables"])
def test_every_row_says_where_or_that_it_is_absent(documents: dict[str, str], heading: str) -> None:
    for row in rows(documents["docs/paper-map.md"], heading):
        assert "::" in row[-1] or ".toml" in row[-1] or any(word in row[-1] for word in ABSENT), row


def test_every_difference_has_four_cells(documents: dict[str, str]) -> None:
    differences = rows(documents["docs/paper-map.md"], "The paper, the authors' code, ours")
    assert len(differences) > 15
    assert {len(row) for row in differences} == {4}


def test_the_documents_are_read(documents: dict[str, str]) -> None:
    """A checker that reads nothing finds nothing."""
    assert {"README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "docs/paper-map.md"} <= set(documents)
    assert sum(len(LINK.findall(text)) for text in documents.values()) > 50


def test_architecture_stays_short(documents: dict[str, str]) -> None:
    assert len(documents["ARCHITECTURE.md"].splitlines()) < 150


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[x](nowhere.md)", "nowhere.md does not exist"),
        ("[x](there.md#nothing)", "no such heading"),
        ("[x](#nothing)", "no such heading"),
        ("`nn/nothing.py`", "no file nn/nothing.py"),
        ("`nn/a.py::nothing`", "nn/a.py has no nothing"),
        ("`nn/a.py::C.nothing`", "nn/a.py has no C.nothing"),
    ],
)
def test_what_is_not_there_is_found(tmp_path: Path, text: str, fault: str) -> None:
    found = check(tmp_path, text)
    assert len(found) == 1, found
    assert fault in found[0]


@pytest.mark.parametrize(
    "text",
    [
        "[x](there.md#a-heading-of-it) [y](https://example.org/x) [z](#this-one)\n## This one",
        "`nn/a.py::C.method` `nn/a.py::C.field` `nn/a.py::CONSTANT` `nn/a.py` `f(x)` `models/NAME.py`",
        "```\n[x](nowhere.md)\n```",
    ],
)
def test_what_is_there_is_not_complained_about(tmp_path: Path, text: str) -> None:
    assert check(tmp_path, text) == []


def check(tmp_path: Path, text: str) -> list[str]:
    package = tmp_path / "src" / "crosslight" / "nn"
    package.mkdir(parents=True)
    (package / "a.py").write_text("CONSTANT = 1\nclass C:\n    field: int\n    def method(self): ...\n")
    (tmp_path / "there.md").write_text("# A `heading` of it!\n")
    (tmp_path / "page.md").write_text(text)
    return [*broken_links(tmp_path, "page.md", text), *missing_files(tmp_path, "page.md", text)]
