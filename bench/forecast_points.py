"""Add a finished run to what `crosslight train --minutes` forecasts from.

    python -m bench.forecast_points RUN --name "Tatoeba, 30 minutes, 2026-11-21"

Only corpora of natural text belong there: the sample corpus is written by a grammar, and too easy.
"""

import argparse
import json
import tomllib
from dataclasses import asdict
from pathlib import Path

from crosslight.bundle import load_bundle
from crosslight.config.architecture import ModelConfig
from crosslight.config.load import preset_names, preset_text
from crosslight.tasks.forecast import Point, measured_runs
from crosslight.train.checkpoints import Checkpoints

FILE = Path(__file__).resolve().parents[1] / "src" / "crosslight" / "configs" / "forecast.json"


def point_of(run: Path, name: str) -> Point:
    """The figures of a run: its pairs, the target tokens of all its updates, its final validation chrF."""
    bundle = load_bundle(run)
    facts = bundle.facts
    chrf = next(value for key, value in facts.scores.items() if key.startswith("chrF (validation"))
    return Point(
        name=name,
        languages=f"{facts.src_lang or '?'}-{facts.tgt_lang or '?'}",
        preset=preset_of(bundle.config.model),
        n_pairs=facts.n_pairs,
        n_tokens=Checkpoints(run / "checkpoints", 1).ledger().n_tokens,
        chrf=float(chrf.split()[0]),
    )


def preset_of(model: ModelConfig) -> str:
    """The preset with this width and these layers, or "other"."""
    for name in preset_names():
        shape = tomllib.loads(preset_text(name))["model"]
        if shape["kind"] == model.kind and all(
            getattr(model, key) == shape[key] for key in ("d_model", "n_encoder_layers", "n_decoder_layers")
        ):
            return name
    return "other"


def main() -> None:
    """Write the point into the file, in the place of one with the same name."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--name", required=True)
    arguments = parser.parse_args()
    new = point_of(arguments.run, arguments.name)
    points = [*(point for point in measured_runs() if point.name != new.name), new]
    lines = ",\n".join(" " + json.dumps(asdict(point), ensure_ascii=False) for point in points)
    FILE.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    print(new)


if __name__ == "__main__":
    main()
