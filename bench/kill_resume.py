"""Killed at random moments and resumed, a run ends with the same weights, bit for bit.

    python bench/kill_resume.py --trials 20

Trains a tiny model with dropout and BPE-dropout on a slice of the sample corpus, once without a stop.
Then, in each trial, the same run is killed (SIGKILL: nothing can be saved or tidied up) at a moment drawn
uniformly from its duration, resumed, and killed again with a probability of one half, up to three times.
The SHA-256 of the final weights is compared with that of the first run.
"""

import argparse
import hashlib
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "src" / "crosslight" / "sample" / "handwritten.train.tsv"
RESULT = ROOT / "bench" / "results" / "kill_resume.json"
N_PAIRS = 800
MAX_KILLS = 3
PROGRAM = [sys.executable, "-c", "from crosslight.cli.main import main; main()"]
SETTINGS = """
[subword]
vocab_size = 600
sampling = 0.1
[model]
d_model = 48
d_ff = 96
n_heads = 2
n_encoder_layers = 1
n_decoder_layers = 1
dropout = 0.1
norm = "pre"
[train]
max_tokens_per_batch = 512
checkpoint_seconds = 1.0
sample_size = 5
threads = 1
"""


class Trial(NamedTuple):
    """One run that was killed."""

    kills: list[str]  # when, and what was there
    sha256: str
    seconds: float  # of the session that ended it


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1, help="of the moments")
    parser.add_argument("--out", type=Path, default=RESULT)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder)
        lines = SAMPLE.read_text(encoding="utf-8").split("\n")[:N_PAIRS]
        (files / "slice.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        (files / "settings.toml").write_text(SETTINGS, encoding="utf-8")
        began = time.monotonic()
        start(files, files / "whole", options.steps).wait()
        seconds = whole_seconds = time.monotonic() - began
        whole = sha256(files / "whole")
        print(f"without a stop: {seconds:.1f} s, {options.steps} steps, weights {whole[:16]}", flush=True)
        trials = []
        for number in range(1, options.trials + 1):
            trials.append(killed(files, files / f"run-{number}", options.steps, seconds, chance))
            seconds = max(seconds, trials[-1].seconds)  # where other work slows the machine down
            verdict = "identical" if trials[-1].sha256 == whole else f"DIFFERENT {trials[-1].sha256[:16]}"
            print(f"{number:3}  {verdict}  killed {'; '.join(trials[-1].kills)}", flush=True)
    result = {
        "trials": len(trials),
        "identical": sum(trial.sha256 == whole for trial in trials),
        "kills": sum(len(trial.kills) for trial in trials),
        "steps": options.steps,
        "seconds_without_a_stop": round(whole_seconds, 1),
        "sha256": whole,
        "killed": [trial.kills for trial in trials],
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps({key: result[key] for key in ("trials", "identical", "kills")}))
    sys.exit(0 if result["identical"] == result["trials"] else 1)


def killed(files: Path, out: Path, steps: int, seconds: float, chance: random.Random) -> Trial:
    """A run that is killed at least once and then ends."""
    kills: list[str] = []
    while True:
        process, began = start(files, out, steps), time.monotonic()
        wants_kill = not kills or (len(kills) < MAX_KILLS and chance.random() < 0.5)
        moment = chance.uniform(0, seconds)
        try:
            process.wait(moment if wants_kill else None)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            kills.append(f"after {moment:.1f} s ({stage(out)})")
        if process.returncode > 0:
            raise SystemExit(f"the run in {out} failed:\n{(out.parent / 'stderr').read_text()}")
        if stage(out) == "bundle written":
            if kills:
                return Trial(kills, sha256(out), time.monotonic() - began)
            # The machine has become quicker: nothing has been shown.
            seconds = time.monotonic() - began
            out.rename(out.with_name(f"{out.name}-too-quick-{moment:.3f}"))


def start(files: Path, out: Path, steps: int) -> "subprocess.Popen[bytes]":
    """The command that a person would give: resume what is there, or begin."""
    fresh = ["--pairs", files / "slice.tsv", "--config", files / "settings.toml", "--steps", steps, "-o", out]
    arguments = ["--resume", out] if (out / "config.toml").is_file() else fresh
    with (files / "stderr").open("wb") as errors:
        return subprocess.Popen([*PROGRAM, "train", *map(str, arguments)], stderr=errors)


def stage(out: Path) -> str:
    """How far a run has come, by what it left."""
    if (out / "bundle" / "bundle.json").is_file():
        return "bundle written"
    if (out / "checkpoints" / "last.safetensors").is_file():
        return "training"
    if (out / "data" / "done.json").is_file():
        return "before the first checkpoint"
    return "preparing" if (out / "config.toml").is_file() else "starting"


def sha256(out: Path) -> str:
    return hashlib.sha256((out / "bundle" / "model.safetensors").read_bytes()).hexdigest()


if __name__ == "__main__":
    main()
