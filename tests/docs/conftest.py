"""The documents of the repository, as text."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ELSEWHERE = {"runs", "build", "dist", "data"}


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def documents() -> dict[str, str]:
    """All Markdown of the repository by its path, without what only tools read."""
    paths = [path.relative_to(ROOT) for path in ROOT.rglob("*.md")]
    ours = [p for p in paths if not any(part.startswith(".") or part in ELSEWHERE for part in p.parts)]
    texts = {p.as_posix(): (ROOT / p).read_text(encoding="utf-8") for p in sorted(ours)}
    return {path: re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL) for path, text in texts.items()}
