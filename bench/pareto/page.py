"""The results as files: OUT.json, and what is made of it, OUT.md and OUT.svg.

python -m bench.pareto.page OUT.json     makes the two anew
"""

import json
import sys
from pathlib import Path
from typing import Any

from bench.pareto.plot import draw
from bench.pareto.table import markdown


def write_figures(result: dict[str, Any], out: Path) -> None:
    """OUT.json alone."""
    out.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(result, indent=1, ensure_ascii=False) + "\n"
    out.with_name(out.name + ".json").write_text(text, encoding="utf-8")


def write(result: dict[str, Any], out: Path) -> None:
    """All three; no plot while there is nothing to draw."""
    write_figures(result, out)
    plot = out.with_name(out.name + ".svg")
    page = markdown(result, plot.name if draw(result, plot) else "")
    out.with_name(out.name + ".md").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    for name in sys.argv[1:]:
        path = Path(name)
        write(json.loads(path.read_text(encoding="utf-8")), path.with_suffix(""))
