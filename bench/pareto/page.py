"""The results as files: OUT.json, and what is made of it, OUT.md and OUT.svg.

python -m bench.pareto.page OUT.json     makes the two anew
"""

import json
import sys
from pathlib import Path
from typing import Any

from bench.pareto.plot import draw
from bench.pareto.table import markdown


def write(result: dict[str, Any], out: Path) -> None:
    """All three; no plot while there is nothing to draw."""
    out.parent.mkdir(parents=True, exist_ok=True)
    file = {ending: out.with_name(out.name + ending) for ending in (".json", ".md", ".svg")}
    file[".json"].write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    has_plot = draw(result, file[".svg"])
    file[".md"].write_text(markdown(result, file[".svg"].name if has_plot else ""), encoding="utf-8")


if __name__ == "__main__":
    for name in sys.argv[1:]:
        path = Path(name)
        write(json.loads(path.read_text(encoding="utf-8")), path.with_suffix(""))
